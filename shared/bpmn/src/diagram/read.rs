//! Reads diagram interchange: which diagram shows a process, its shapes with valid bounds, its edges with at least two
//! points. What points to nothing or lies nowhere is passed over.

use super::{
    Activity, Bounds, Diagram, EDGES_MAX, Edge, Event, Gateway, Kind, Line, NAME_CHARS_MAX, NotDrawn, SHAPES_MAX,
    Shape, Trigger, WAYPOINTS_MAX,
};
use crate::dialect::BPMN;
use crate::read::{FlowIds, attribute, bpmn_children, is_bpmn};
use roxmltree::Node;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

const DI: &str = "http://www.omg.org/spec/BPMN/20100524/DI";
/// Further out nothing is drawn: a picture of that size helps nobody, and sums stay exact.
const FAR: f64 = 100_000.0;

/// A file with its elements by id.
pub(super) struct File<'a, 'i> {
    pub root: Node<'a, 'i>,
    by_id: BTreeMap<Cow<'a, str>, Node<'a, 'i>>,
    /// Of sequence flows without one in the file, those that the compiled process has.
    flow_ids: BTreeMap<Node<'a, 'i>, String>,
}

type Parts = (Vec<Shape>, Vec<Edge>);

impl<'a, 'i> File<'a, 'i> {
    pub fn of(root: Node<'a, 'i>) -> File<'a, 'i> {
        let mut by_id = BTreeMap::new();
        for node in root.descendants().filter(|node| node.is_element() && node.tag_name().namespace() == Some(BPMN)) {
            if let Some(id) = attribute(node, "id") {
                by_id.entry(Cow::Borrowed(id)).or_insert(node);
            }
        }
        let mut flow_ids = BTreeMap::new();
        for process in bpmn_children(root).filter(|node| is_bpmn(*node, "process")) {
            let mut ids = FlowIds::default();
            let flows = process.descendants().filter(|node| is_bpmn(*node, "sequenceFlow"));
            for flow in flows.filter(|flow| attribute(*flow, "id").is_none()) {
                flow_ids.insert(flow, ids.of(flow, |id| by_id.contains_key(id)));
            }
        }
        by_id.extend(flow_ids.iter().map(|(flow, id)| (Cow::Owned(id.clone()), *flow)));
        File { root, by_id, flow_ids }
    }

    /// The id by which an element is drawn and marked.
    pub fn id<'s>(&'s self, node: Node<'s, '_>) -> Option<&'s str> {
        attribute(node, "id").or_else(|| self.flow_ids.get(&node).map(String::as_str))
    }

    pub fn element(&self, id: &str) -> Option<Node<'a, 'i>> {
        self.by_id.get(id).copied()
    }

    /// The process asked for, or the first one with elements.
    pub fn process(&self, id: Option<&str>) -> Option<Node<'a, 'i>> {
        match id {
            Some(id) => self.element(id).filter(|node| is_bpmn(*node, "process")),
            None => bpmn_children(self.root).find(|node| is_bpmn(*node, "process") && node.has_children()),
        }
    }

    /// The shapes and edges of the diagram that shows the process; `None` where there is none.
    pub fn diagram(&self, process_id: Option<&str>) -> Result<Option<Parts>, NotDrawn> {
        let planes = self.root.children().filter(|node| is_di(*node, "BPMNDiagram"));
        let planes = planes.filter_map(|diagram| diagram.children().find(|node| is_di(*node, "BPMNPlane")));
        for plane in planes {
            let (shapes, edges) = self.parts(plane)?;
            let shows = shapes.iter().any(|shape| match process_id {
                Some(id) => self.element(&shape.id).and_then(owner) == Some(id),
                None => true,
            });
            if shows {
                return Ok(Some((shapes, edges)));
            }
        }
        Ok(None)
    }

    fn parts(&self, plane: Node<'a, 'i>) -> Result<Parts, NotDrawn> {
        let (mut shapes, mut edges) = (Vec::new(), Vec::new());
        // An element is drawn once: the viewer refuses a second shape, and a row leads to one place.
        let mut drawn = BTreeSet::new();
        for node in plane.children().filter(Node::is_element) {
            let Some(id) = attribute(node, "bpmnElement") else { continue };
            let Some(element) = self.element(id) else { continue };
            if is_di(node, "BPMNShape") {
                let Some(kind) = kind(element) else { continue };
                let Some(bounds) = bounds(node) else { continue };
                if drawn.insert(id) {
                    shapes.push(shape(node, element, id, kind, bounds));
                }
            } else if is_di(node, "BPMNEdge") {
                let Some(line) = line(element) else { continue };
                let points = points(node);
                if points.len() > 1 && drawn.insert(id) {
                    let label = label(node);
                    edges.push(Edge { id: id.to_owned(), name: name(element), line, points, label });
                }
            }
            if shapes.len() > SHAPES_MAX || edges.len() > EDGES_MAX {
                return Err(NotDrawn::TooLarge);
            }
        }
        // An edge that lost an end would make the viewer stop.
        let ends = |edge: &Edge| match (edge.line, self.element(&edge.id)) {
            (Line::Sequence, Some(flow)) => {
                ["sourceRef", "targetRef"].iter().all(|end| attribute(flow, end).is_some_and(|id| drawn.contains(id)))
            }
            (Line::Sequence | Line::Message | Line::Association, _) => true,
        };
        edges.retain(ends);
        self.expand(&mut shapes);
        // What stands in a sub-process is drawn over it, whatever the order of the file.
        shapes.sort_by_key(|shape| (depth(shape.kind), self.element(&shape.id).map_or(0, levels)));
        Ok((shapes, edges))
    }
}

impl<'a> File<'a, '_> {
    /// Many tools leave isExpanded out: a sub-process whose parts are drawn is an open one.
    fn expand(&self, shapes: &mut [Shape]) {
        let around = |shape: &Shape| {
            let element = self.element(&shape.id)?;
            element.parent_element().and_then(|parent| attribute(parent, "id"))
        };
        let open: BTreeSet<&'a str> = shapes.iter().filter_map(around).collect();
        for shape in shapes.iter_mut().filter(|shape| shape.kind == Kind::Activity(Activity::SubProcess)) {
            if shape.expanded.is_none() && open.contains(shape.id.as_str()) {
                shape.expanded = Some(true);
            }
        }
    }
}

impl Diagram {
    /// Whether the element is in the picture.
    pub fn shows(&self, element: &str) -> bool {
        self.shapes.iter().any(|shape| shape.id == element) || self.edges.iter().any(|edge| edge.id == element)
    }
}

fn is_di(node: Node<'_, '_>, name: &str) -> bool {
    node.is_element() && node.tag_name().name() == name && node.tag_name().namespace() == Some(DI)
}

/// The process around an element; of a participant, the process it carries out.
fn owner<'a>(element: Node<'a, '_>) -> Option<&'a str> {
    if is_bpmn(element, "participant") {
        return attribute(element, "processRef");
    }
    element.ancestors().find(|node| is_bpmn(*node, "process")).and_then(|process| attribute(process, "id"))
}

/// Sub-processes around an element.
fn levels(element: Node<'_, '_>) -> usize {
    element.ancestors().skip(1).filter(|around| kind(*around) == Some(Kind::Activity(Activity::SubProcess))).count()
}

/// Containers are drawn first.
pub(super) fn depth(kind: Kind) -> u8 {
    match kind {
        Kind::Pool => 0,
        Kind::Lane => 1,
        Kind::Activity(Activity::SubProcess) => 2,
        Kind::Group => 3,
        Kind::Activity(_) | Kind::Gateway(_) | Kind::Note | Kind::Data => 4,
        // Boundary events stand on the edge of their activity.
        Kind::Event(..) => 5,
    }
}

fn shape(node: Node<'_, '_>, element: Node<'_, '_>, id: &str, kind: Kind, bounds: Bounds) -> Shape {
    let flag = |name| match attribute(node, name) {
        Some("true" | "1") => Some(true),
        Some("false" | "0") => Some(false),
        Some(_) | None => None,
    };
    Shape {
        id: id.to_owned(),
        name: name(element),
        kind,
        bounds,
        label: label(node),
        horizontal: flag("isHorizontal"),
        expanded: flag("isExpanded"),
        marker: flag("isMarkerVisible"),
    }
}

/// The text that is drawn, on one line.
pub(super) fn name(element: Node<'_, '_>) -> String {
    let text = if is_bpmn(element, "textAnnotation") {
        bpmn_children(element).find(|child| is_bpmn(*child, "text")).and_then(|text| text.text()).unwrap_or_default()
    } else {
        attribute(element, "name").unwrap_or_default()
    };
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").chars().take(NAME_CHARS_MAX).collect()
}

/// How a BPMN element is drawn; `None` for what has no shape.
pub(super) fn kind(element: Node<'_, '_>) -> Option<Kind> {
    let activity = |activity| Some(Kind::Activity(activity));
    let event = |event| Some(Kind::Event(event, trigger(element)));
    match element.tag_name().name() {
        "task" | "manualTask" => activity(Activity::Plain),
        "userTask" => activity(Activity::User),
        "scriptTask" => activity(Activity::Script),
        "serviceTask" | "businessRuleTask" => activity(Activity::Service),
        "sendTask" | "receiveTask" => activity(Activity::Message),
        "subProcess" | "transaction" | "adHocSubProcess" => activity(Activity::SubProcess),
        "callActivity" => activity(Activity::Call),
        "startEvent" => event(Event::Start),
        "intermediateCatchEvent" | "intermediateThrowEvent" => event(Event::Between),
        "boundaryEvent" => match attribute(element, "cancelActivity") {
            Some("false" | "0") => event(Event::Beside),
            Some(_) | None => event(Event::Between),
        },
        "endEvent" => event(Event::End),
        "exclusiveGateway" => Some(Kind::Gateway(Gateway::Exclusive)),
        "parallelGateway" => Some(Kind::Gateway(Gateway::Parallel)),
        "inclusiveGateway" => Some(Kind::Gateway(Gateway::Inclusive)),
        "eventBasedGateway" => Some(Kind::Gateway(Gateway::EventBased)),
        "complexGateway" => Some(Kind::Gateway(Gateway::Complex)),
        "participant" => Some(Kind::Pool),
        "lane" => Some(Kind::Lane),
        "textAnnotation" => Some(Kind::Note),
        "dataObjectReference" | "dataStoreReference" | "dataInput" | "dataOutput" => Some(Kind::Data),
        "group" => Some(Kind::Group),
        _ => None,
    }
}

fn trigger(element: Node<'_, '_>) -> Trigger {
    let found = bpmn_children(element).find_map(|child| child.tag_name().name().strip_suffix("EventDefinition"));
    match found {
        None => Trigger::None,
        Some("timer") => Trigger::Timer,
        Some("message") => Trigger::Message,
        Some("error") => Trigger::Error,
        Some("terminate") => Trigger::Terminate,
        Some(_) => Trigger::Other,
    }
}

fn line(element: Node<'_, '_>) -> Option<Line> {
    match element.tag_name().name() {
        "sequenceFlow" => Some(Line::Sequence),
        "messageFlow" => Some(Line::Message),
        "association" | "dataInputAssociation" | "dataOutputAssociation" => Some(Line::Association),
        _ => None,
    }
}

fn label(node: Node<'_, '_>) -> Option<Bounds> {
    bounds(node.children().find(|child| is_di(*child, "BPMNLabel"))?)
}

fn bounds(node: Node<'_, '_>) -> Option<Bounds> {
    let bounds = node.children().find(|child| child.is_element() && child.tag_name().name() == "Bounds")?;
    let size = |name| number(bounds, name).filter(|size| *size > 0.0);
    Some(Bounds { x: number(bounds, "x")?, y: number(bounds, "y")?, width: size("width")?, height: size("height")? })
}

fn points(node: Node<'_, '_>) -> Vec<(f64, f64)> {
    let waypoints = node.children().filter(|child| child.is_element() && child.tag_name().name() == "waypoint");
    let mut points: Vec<(f64, f64)> =
        waypoints.filter_map(|point| Some((number(point, "x")?, number(point, "y")?))).collect();
    if let (true, Some(last)) = (points.len() > WAYPOINTS_MAX, points.last().copied()) {
        points.truncate(WAYPOINTS_MAX - 1);
        points.push(last);
    }
    points
}

fn number(node: Node<'_, '_>, name: &str) -> Option<f64> {
    let value: f64 = attribute(node, name)?.parse().ok()?;
    (value.is_finite() && value.abs() <= FAR).then_some(value)
}
