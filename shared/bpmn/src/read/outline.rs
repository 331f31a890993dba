//! The outline of one process: its flow nodes and sequence flows with positions, properties and links between them.
//! Those of sub-processes stand in the same lists. Interprets no property.

use super::{Definitions, FlowIds, NodeKind, Properties, Reader, attribute, bpmn_children, is_bpmn, kind};
use roxmltree::Node;
use std::collections::BTreeMap;

/// A flow node as written.
pub(crate) struct FlowNode<'a, 'i> {
    pub node: Node<'a, 'i>,
    pub id: String,
    pub kind: NodeKind,
    /// Start of its tag.
    pub at: usize,
    pub properties: Properties,
    /// The sub-process around it.
    pub parent: Option<usize>,
    /// What stands directly in it, where it is a sub-process.
    pub inside: Vec<usize>,
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

    /// A user task for somebody outside.
    pub(crate) fn is_external(&self) -> bool {
        self.properties.plain("TaskProfile").is_some_and(|profile| profile.eq_ignore_ascii_case("external"))
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
    /// What stands directly in the process.
    pub top: Vec<usize>,
    /// What the file defines for all its processes.
    pub definitions: &'a Definitions<'a>,
    by_id: BTreeMap<String, usize>,
}

/// Levels of sub-processes at most. What walks outwards or inwards through them is bounded by this.
const LEVELS_MAX: usize = 20;

impl<'a, 'i> Outline<'a, 'i> {
    /// Reads the process with its sub-processes.
    pub(crate) fn read(node: Node<'a, 'i>, definitions: &'a Definitions<'a>, reader: &mut Reader<'_>) -> Self {
        let at = node.range().start;
        let id = attribute(node, "id").unwrap_or_default().to_owned();
        if id.is_empty() {
            reader.report.error("MISSING_ID", at, "", "the process has no id; add id=\"...\", by which it is started");
        }
        let name = name(node).unwrap_or_else(|| id.clone());
        let (nodes, edges) = (Vec::new(), Vec::new());
        let by_id = BTreeMap::new();
        let mut outline = Outline { id, name, at, nodes, flows: edges, top: Vec::new(), definitions, by_id };
        let mut flows = Vec::new();
        outline.level(node, None, 0, &mut flows, reader);
        outline.connect(flows, reader);
        outline.attach();
        outline
    }

    /// Reads what stands directly in a process or sub-process, and what stands in its sub-processes.
    fn level(
        &mut self,
        node: Node<'a, 'i>,
        parent: Option<usize>,
        depth: usize,
        flows: &mut Vec<Node<'a, 'i>>,
        reader: &mut Reader<'_>,
    ) {
        if depth > LEVELS_MAX {
            let id = attribute(node, "id").unwrap_or_default();
            let message = format!("sub-processes stand at most {LEVELS_MAX} deep in one another");
            reader.report.error("TOO_DEEP", node.range().start, id, message);
            return;
        }
        for child in bpmn_children(node) {
            reader.report.steps += 1;
            match child.tag_name().name() {
                "sequenceFlow" => flows.push(child),
                other if kind::is_inert(other, parent.is_some()) => {}
                _ => {
                    let index = self.flow_node(child, parent, reader);
                    if self.nodes[index].kind.is_scope() {
                        self.level(child, Some(index), depth + 1, flows, reader);
                    }
                }
            }
        }
    }

    /// What stands directly in a sub-process, or in the process itself, in document order.
    pub(crate) fn within(&self, parent: Option<usize>) -> impl Iterator<Item = (usize, &FlowNode<'a, 'i>)> {
        let inside = parent.map_or(&self.top, |parent| &self.nodes[parent].inside);
        inside.iter().map(|index| (*index, &self.nodes[*index]))
    }

    /// The sub-processes around a node, from the inside out.
    pub(crate) fn around(&self, node: &FlowNode<'_, '_>) -> impl Iterator<Item = usize> {
        std::iter::successors(node.parent, |parent| self.nodes[*parent].parent)
    }

    /// How messages call the scope around a node.
    pub(crate) fn place(&self, parent: Option<usize>) -> String {
        match parent {
            None => "the process".to_owned(),
            Some(parent) => format!("the subProcess \"{}\"", self.nodes[parent].id),
        }
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
        if self.definitions.ids.contains_key(reference) {
            format!(
                "\"{reference}\" is not a flow node of this process (it may be another kind of element, or stand \
                 in another process)"
            )
        } else {
            format!("there is no element with the id \"{reference}\"")
        }
    }

    fn flow_node(&mut self, node: Node<'a, 'i>, parent: Option<usize>, reader: &mut Reader<'_>) -> usize {
        let at = node.range().start;
        let id = attribute(node, "id").unwrap_or_default().to_owned();
        if id.is_empty() {
            let tag = node.tag_name().name();
            let message = format!("the {tag} has no id; flows, incidents and the API name elements by it");
            reader.report.error("MISSING_ID", at, "", message);
        }
        let kind = NodeKind::of(node, parent.map(|parent| self.nodes[parent].kind), &id, reader);
        kind::judge(node, kind, &id, reader);
        let properties = if kind == NodeKind::Unsupported {
            Properties::default()
        } else {
            Properties::read(node, kind, &id, reader)
        };
        let index = self.nodes.len();
        match parent {
            None => self.top.push(index),
            Some(parent) => self.nodes[parent].inside.push(index),
        }
        self.by_id.entry(id.clone()).or_insert(index);
        self.nodes.push(FlowNode {
            node,
            id,
            kind,
            at,
            properties,
            parent,
            inside: Vec::new(),
            outgoing: Vec::new(),
            incoming: 0,
            attached_to: None,
            boundaries: Vec::new(),
            default: None,
        });
        index
    }

    fn connect(&mut self, flows: Vec<Node<'a, 'i>>, reader: &mut Reader<'_>) {
        let mut generated = FlowIds::default();
        for node in flows {
            reader.report.steps += 1;
            let [source, target] =
                ["sourceRef", "targetRef"].map(|end| attribute(node, end).and_then(|id| self.index(id)));
            let id = attribute(node, "id").map(str::to_owned);
            let named = id.is_some();
            let id = id.unwrap_or_else(|| generated.of(node, |id| self.definitions.ids.contains_key(id)));
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
