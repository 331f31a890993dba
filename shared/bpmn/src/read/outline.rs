//! The outline of one process: its flow nodes and sequence flows with positions, properties and links between them.
//! Refuses by name what does not run; interprets no property.

use super::{Properties, Reader, attribute, bpmn_children, is_bpmn};
use roxmltree::Node;
use std::collections::BTreeMap;

/// The kinds of flow node that run, and one for all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NodeKind {
    StartEvent,
    EndEvent,
    Task,
    ManualTask,
    ExclusiveGateway,
    ParallelGateway,
    ScriptTask,
    UserTask,
    IntermediateCatchEvent,
    BoundaryEvent,
    Unsupported,
}

/// A flow node as written.
pub(crate) struct FlowNode<'a, 'i> {
    pub node: Node<'a, 'i>,
    pub id: String,
    pub kind: NodeKind,
    /// Start of its tag.
    pub at: usize,
    pub properties: Properties,
    /// Positions in [`Outline::flows`].
    pub outgoing: Vec<usize>,
    /// Number of flows that arrive.
    pub incoming: usize,
    /// The node a boundary event is attached to.
    pub attached_to: Option<usize>,
    /// The boundary events attached to it.
    pub boundaries: Vec<usize>,
    /// The flow of its `default` attribute, where it leaves this node.
    pub default: Option<usize>,
}

impl FlowNode<'_, '_> {
    /// The element's local name in BPMN.
    pub(crate) fn bpmn_name(&self) -> &str {
        self.node.tag_name().name()
    }
}

/// A sequence flow as written. Ends that do not resolve are `None`.
pub(crate) struct FlowEdge<'a, 'i> {
    pub node: Node<'a, 'i>,
    pub id: String,
    /// False where the id was generated.
    pub named: bool,
    pub name: Option<String>,
    pub at: usize,
    pub source: Option<usize>,
    pub target: Option<usize>,
    /// The `conditionExpression` element.
    pub condition: Option<Node<'a, 'i>>,
}

/// One process before its properties are interpreted.
pub(crate) struct Outline<'a, 'i> {
    pub id: String,
    pub name: String,
    pub at: usize,
    pub nodes: Vec<FlowNode<'a, 'i>>,
    pub flows: Vec<FlowEdge<'a, 'i>>,
    /// Every id of the file, to tell a reference to another process from one to nothing.
    pub ids: &'a BTreeMap<&'a str, usize>,
    by_id: BTreeMap<String, usize>,
}

/// Children of a process that are drawn or describe data: kept in the file, without effect.
const INERT: &[&str] = &[
    "documentation",
    "extensionElements",
    "laneSet",
    "textAnnotation",
    "association",
    "group",
    "dataObject",
    "dataObjectReference",
    "dataStoreReference",
    "ioSpecification",
    "ioBinding",
    "property",
    "auditing",
    "monitoring",
    "resourceRole",
    "performer",
    "humanPerformer",
    "potentialOwner",
    "correlationSubscription",
    "supportedInterfaceRef",
    "supports",
    "artifact",
];

/// Children of a flow node without effect.
const INERT_IN_NODE: &[&str] = &[
    "documentation",
    "extensionElements",
    "incoming",
    "outgoing",
    "ioSpecification",
    "property",
    "dataInput",
    "dataOutput",
    "inputSet",
    "outputSet",
    "dataInputAssociation",
    "dataOutputAssociation",
    "resourceRole",
    "performer",
    "humanPerformer",
    "potentialOwner",
    "rendering",
    "auditing",
    "monitoring",
    "categoryValueRef",
];

const RUNS: &str = "startEvent, endEvent (none or terminate), exclusiveGateway, parallelGateway, task, manualTask, \
                    scriptTask, userTask, and intermediateCatchEvent and boundaryEvent with a timer run today";

impl<'a, 'i> Outline<'a, 'i> {
    /// Reads the process's own level. What is inside a sub-process is not looked at: the sub-process is refused.
    pub(crate) fn read(node: Node<'a, 'i>, ids: &'a BTreeMap<&'a str, usize>, reader: &mut Reader<'_>) -> Self {
        let at = node.range().start;
        let id = attribute(node, "id").unwrap_or_default().to_owned();
        if id.is_empty() {
            reader.report.error("MISSING_ID", at, "", "the process has no id; add id=\"...\", by which it is started");
        }
        let name = name(node).unwrap_or_else(|| id.clone());
        let mut outline = Outline { id, name, at, nodes: Vec::new(), flows: Vec::new(), ids, by_id: BTreeMap::new() };
        let mut flows = Vec::new();
        for child in bpmn_children(node) {
            reader.report.steps += 1;
            match child.tag_name().name() {
                "sequenceFlow" => flows.push(child),
                other if INERT.contains(&other) => {}
                _ => outline.flow_node(child, reader),
            }
        }
        outline.connect(flows, reader);
        outline.attach();
        outline
    }

    /// The flow node with this id.
    pub(crate) fn index(&self, id: &str) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    /// The outgoing flows of a node, in document order.
    pub(crate) fn outgoing<'s>(&'s self, node: &'s FlowNode<'a, 'i>) -> impl Iterator<Item = &'s FlowEdge<'a, 'i>> {
        node.outgoing.iter().map(|index| &self.flows[*index])
    }

    /// Why a reference leads nowhere, in words.
    pub(crate) fn missing(&self, reference: &str) -> String {
        if self.ids.contains_key(reference) {
            format!(
                "\"{reference}\" is not a flow node of this process (it may be another kind of element, or stand \
                 inside a sub-process or another process)"
            )
        } else {
            format!("there is no element with the id \"{reference}\"")
        }
    }

    fn flow_node(&mut self, node: Node<'a, 'i>, reader: &mut Reader<'_>) {
        let at = node.range().start;
        let id = attribute(node, "id").unwrap_or_default().to_owned();
        let tag = node.tag_name().name();
        if id.is_empty() {
            let message = format!("the {tag} has no id; flows, incidents and the API name elements by it");
            reader.report.error("MISSING_ID", at, "", message);
        }
        let kind = match tag {
            "startEvent" => NodeKind::StartEvent,
            "endEvent" => NodeKind::EndEvent,
            "task" => NodeKind::Task,
            "manualTask" => NodeKind::ManualTask,
            "exclusiveGateway" => NodeKind::ExclusiveGateway,
            "parallelGateway" => NodeKind::ParallelGateway,
            "scriptTask" => NodeKind::ScriptTask,
            "userTask" => NodeKind::UserTask,
            "intermediateCatchEvent" => NodeKind::IntermediateCatchEvent,
            "boundaryEvent" => NodeKind::BoundaryEvent,
            _ => NodeKind::Unsupported,
        };
        if kind == NodeKind::Unsupported {
            reader.report.error("UNSUPPORTED_ELEMENT", at, &id, format!("{tag} is not supported; {RUNS}"));
        } else {
            children(node, kind, &id, reader);
        }
        let properties = match kind {
            NodeKind::Unsupported => Properties::default(),
            NodeKind::StartEvent
            | NodeKind::EndEvent
            | NodeKind::Task
            | NodeKind::ManualTask
            | NodeKind::ExclusiveGateway
            | NodeKind::ParallelGateway
            | NodeKind::ScriptTask
            | NodeKind::UserTask
            | NodeKind::IntermediateCatchEvent
            | NodeKind::BoundaryEvent => Properties::read(node, kind, &id, reader),
        };
        self.by_id.entry(id.clone()).or_insert(self.nodes.len());
        self.nodes.push(FlowNode {
            node,
            id,
            kind,
            at,
            properties,
            outgoing: Vec::new(),
            incoming: 0,
            attached_to: None,
            boundaries: Vec::new(),
            default: None,
        });
    }

    fn connect(&mut self, flows: Vec<Node<'a, 'i>>, reader: &mut Reader<'_>) {
        let mut generated: BTreeMap<String, usize> = BTreeMap::new();
        for node in flows {
            reader.report.steps += 1;
            let ends = ["sourceRef", "targetRef"].map(|end| attribute(node, end));
            let [source, target] = ends.map(|end| end.and_then(|id| self.index(id)));
            let id = attribute(node, "id").map(str::to_owned);
            let named = id.is_some();
            let id = id.unwrap_or_else(|| {
                let [source, target] = ends.map(Option::unwrap_or_default);
                self.generated_id(format!("{source}__{target}"), &mut generated)
            });
            let index = self.flows.len();
            if let Some(source) = source {
                let from = &mut self.nodes[source];
                from.outgoing.push(index);
                if named && attribute(from.node, "default") == Some(&id) {
                    from.default = Some(index);
                }
            }
            if let Some(target) = target {
                self.nodes[target].incoming += 1;
            }
            let condition = bpmn_children(node).find(|child| is_bpmn(*child, "conditionExpression"));
            let at = node.range().start;
            self.flows.push(FlowEdge { node, id, named, name: name(node), at, source, target, condition });
        }
    }

    fn generated_id(&self, base: String, counters: &mut BTreeMap<String, usize>) -> String {
        loop {
            let counter = counters.entry(base.clone()).or_insert(0);
            *counter += 1;
            let id = if *counter == 1 { base.clone() } else { format!("{base}_{counter}") };
            if !self.ids.contains_key(id.as_str()) {
                return id;
            }
        }
    }

    fn attach(&mut self) {
        for index in 0..self.nodes.len() {
            let node = &self.nodes[index];
            if node.kind != NodeKind::BoundaryEvent {
                continue;
            }
            let to = attribute(node.node, "attachedToRef").and_then(|id| self.index(id));
            self.nodes[index].attached_to = to;
            if let Some(to) = to {
                self.nodes[to].boundaries.push(index);
            }
        }
    }
}

/// The `name` attribute on one line; modelling tools put line breaks into names.
pub(crate) fn name(node: Node<'_, '_>) -> Option<String> {
    let words: Vec<&str> = attribute(node, "name")?.split_whitespace().collect();
    Some(words.join(" "))
}

/// Refuses what a supported element contains but would not do.
fn children(node: Node<'_, '_>, kind: NodeKind, id: &str, reader: &mut Reader<'_>) {
    let tag = node.tag_name().name();
    for child in bpmn_children(node) {
        reader.report.steps += 1;
        let name = child.tag_name().name();
        let runs = match kind {
            NodeKind::EndEvent => name == "terminateEventDefinition",
            NodeKind::IntermediateCatchEvent | NodeKind::BoundaryEvent => name == "timerEventDefinition",
            NodeKind::ScriptTask => name == "script",
            NodeKind::StartEvent
            | NodeKind::Task
            | NodeKind::ManualTask
            | NodeKind::ExclusiveGateway
            | NodeKind::ParallelGateway
            | NodeKind::UserTask
            | NodeKind::Unsupported => false,
        };
        if !runs && !INERT_IN_NODE.contains(&name) {
            let message = format!("{tag} with {name} is not supported; {RUNS}");
            reader.report.error("UNSUPPORTED_ELEMENT", child.range().start, id, message);
        }
    }
    if attribute(node, "isForCompensation") == Some("true") {
        let message = format!("compensation is not supported; remove isForCompensation from the {tag}");
        reader.report.error("UNSUPPORTED_ELEMENT", node.range().start, id, message);
    }
}
