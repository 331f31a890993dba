//! Writes the file again with nothing in it but what a viewer draws: names and structure of known elements, and the
//! diagram as it was read. Scripts, properties, templates, conditions, documentation and foreign markup stay behind, so
//! that whoever may see a process running is not shown how it is written.

use super::read::File;
use super::{Bounds, Edge, Shape};
use crate::dialect::BPMN;
use crate::read::{attribute, bpmn_children, is_bpmn};
use roxmltree::Node;
use std::collections::BTreeSet;
use std::fmt::Write;

/// Elements that are written with their children.
const STRUCTURE: &[&str] = &[
    "collaboration",
    "participant",
    "messageFlow",
    "process",
    "laneSet",
    "lane",
    "childLaneSet",
    "subProcess",
    "transaction",
    "adHocSubProcess",
    "callActivity",
    "task",
    "userTask",
    "scriptTask",
    "serviceTask",
    "sendTask",
    "receiveTask",
    "manualTask",
    "businessRuleTask",
    "startEvent",
    "endEvent",
    "boundaryEvent",
    "intermediateCatchEvent",
    "intermediateThrowEvent",
    "exclusiveGateway",
    "parallelGateway",
    "inclusiveGateway",
    "eventBasedGateway",
    "complexGateway",
    "sequenceFlow",
    "association",
    "textAnnotation",
    "dataObject",
    "dataObjectReference",
    "dataStoreReference",
    "group",
];
/// Elements of which only the presence is drawn.
const SIGNS: &[&str] = &[
    "timerEventDefinition",
    "messageEventDefinition",
    "errorEventDefinition",
    "terminateEventDefinition",
    "signalEventDefinition",
    "escalationEventDefinition",
    "conditionalEventDefinition",
    "compensateEventDefinition",
    "cancelEventDefinition",
    "linkEventDefinition",
    "standardLoopCharacteristics",
    "multiInstanceLoopCharacteristics",
];
/// Elements whose text is a reference or is drawn itself.
const TEXTS: &[&str] = &["incoming", "outgoing", "flowNodeRef", "text"];
/// Beside the id.
const ATTRIBUTES: &[&str] = &[
    "name",
    "sourceRef",
    "targetRef",
    "default",
    "attachedToRef",
    "cancelActivity",
    "processRef",
    "isInterrupting",
    "triggeredByEvent",
    "isForCompensation",
    "dataObjectRef",
    "isCollection",
    "parallelMultiple",
    "instantiate",
    "eventGatewayType",
    "associationDirection",
    "isSequential",
];

pub(super) fn write(file: &File<'_, '_>, process_id: Option<&str>, shapes: &[Shape], edges: &[Edge]) -> String {
    let mut writer = Writer { out: String::with_capacity(4_096), file };
    writer.out.push_str(concat!(
        "<bpmn:definitions xmlns:bpmn=\"http://www.omg.org/spec/BPMN/20100524/MODEL\" ",
        "xmlns:bpmndi=\"http://www.omg.org/spec/BPMN/20100524/DI\" ",
        "xmlns:dc=\"http://www.omg.org/spec/DD/20100524/DC\" xmlns:di=\"http://www.omg.org/spec/DD/20100524/DI\" ",
        "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" targetNamespace=\"urn:countersign:diagram\">"
    ));
    for node in bpmn_children(file.root) {
        if is_bpmn(node, "process") || is_bpmn(node, "collaboration") {
            writer.element(node);
        }
    }
    writer.diagram(process_id, shapes, edges);
    writer.out.push_str("</bpmn:definitions>");
    writer.out
}

struct Writer<'f, 'a, 'i> {
    out: String,
    file: &'f File<'a, 'i>,
}

impl Writer<'_, '_, '_> {
    /// Depth is bounded by the limits of the XML reader.
    fn element(&mut self, node: Node<'_, '_>) {
        let name = node.tag_name().name();
        if TEXTS.contains(&name) {
            let text = node.text().unwrap_or_default().trim();
            if name == "text" || self.file.element(text).is_some() {
                let _ = write!(self.out, "<bpmn:{name}>{}</bpmn:{name}>", escape(text));
            }
            return;
        }
        if name == "conditionExpression" {
            // The viewer draws a conditional flow by it.
            self.out.push_str("<bpmn:conditionExpression xsi:type=\"bpmn:tFormalExpression\"/>");
            return;
        }
        let sign = SIGNS.contains(&name);
        if !sign && !STRUCTURE.contains(&name) {
            return;
        }
        let _ = write!(self.out, "<bpmn:{name}");
        // The viewer draws what has an id.
        if let Some(id) = self.file.id(node) {
            let _ = write!(self.out, " id=\"{}\"", escape(id));
        }
        for known in ATTRIBUTES {
            if let Some(value) = attribute(node, known) {
                let _ = write!(self.out, " {known}=\"{}\"", escape(value));
            }
        }
        self.out.push('>');
        if !sign {
            for child in node.children() {
                if child.is_element() && child.tag_name().namespace() == Some(BPMN) {
                    self.element(child);
                }
            }
        }
        let _ = write!(self.out, "</bpmn:{name}>");
    }

    fn diagram(&mut self, process_id: Option<&str>, shapes: &[Shape], edges: &[Edge]) {
        let Some(plane) = self.plane(process_id, shapes) else { return };
        let _ = write!(
            self.out,
            "<bpmndi:BPMNDiagram id=\"diagram\"><bpmndi:BPMNPlane id=\"plane\" bpmnElement=\"{}\">",
            escape(&plane)
        );
        // Ids of the diagram's own parts must not meet those of elements.
        let taken: BTreeSet<&str> = shapes.iter().map(|shape| shape.id.as_str()).collect();
        let prefix = if taken.iter().any(|id| id.starts_with("di-")) { "di-of-diagram-" } else { "di-" };
        for (number, shape) in shapes.iter().enumerate() {
            let _ = write!(self.out, "<bpmndi:BPMNShape id=\"{prefix}{number}\" bpmnElement=\"{}\"", escape(&shape.id));
            let flags =
                [("isHorizontal", shape.horizontal), ("isExpanded", shape.expanded), ("isMarkerVisible", shape.marker)];
            for (name, value) in flags {
                if let Some(value) = value {
                    let _ = write!(self.out, " {name}=\"{value}\"");
                }
            }
            self.out.push('>');
            self.bounds(shape.bounds);
            self.label(shape.label);
            self.out.push_str("</bpmndi:BPMNShape>");
        }
        for (number, edge) in edges.iter().enumerate() {
            let _ = write!(self.out, "<bpmndi:BPMNEdge id=\"{prefix}e{number}\" bpmnElement=\"{}\">", escape(&edge.id));
            for (x, y) in &edge.points {
                let _ = write!(self.out, "<di:waypoint x=\"{x}\" y=\"{y}\"/>");
            }
            self.label(edge.label);
            self.out.push_str("</bpmndi:BPMNEdge>");
        }
        self.out.push_str("</bpmndi:BPMNPlane></bpmndi:BPMNDiagram>");
    }

    /// A diagram with pools stands on the collaboration, one without on the process.
    fn plane(&self, process_id: Option<&str>, shapes: &[Shape]) -> Option<String> {
        let around = |name: &str| {
            shapes.iter().find_map(|shape| {
                let around = self.file.element(&shape.id)?.ancestors().find(|node| is_bpmn(*node, name))?;
                attribute(around, "id").map(str::to_owned)
            })
        };
        around("collaboration").or_else(|| process_id.map(str::to_owned)).or_else(|| around("process"))
    }

    fn bounds(&mut self, bounds: Bounds) {
        let Bounds { x, y, width, height } = bounds;
        let _ = write!(self.out, "<dc:Bounds x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"/>");
    }

    fn label(&mut self, label: Option<Bounds>) {
        if let Some(bounds) = label {
            self.out.push_str("<bpmndi:BPMNLabel>");
            self.bounds(bounds);
            self.out.push_str("</bpmndi:BPMNLabel>");
        }
    }
}

/// For text and quoted attributes of XML and of HTML.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            // Line breaks in attributes would become spaces.
            '\n' | '\r' | '\t' => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}
