//! A message that is sent without a correlation key is for the sender's own instance only: there something must wait for
//! it.

use crate::read::{FlowNode, NodeKind, Outline, Reader, bpmn_children, is_bpmn, message_of};
use roxmltree::Node;
use std::collections::BTreeSet;

pub(super) fn check(outline: &Outline<'_, '_>, reader: &mut Reader<'_>) {
    let mut awaited = BTreeSet::new();
    for node in &outline.nodes {
        let message = awaits(node).and_then(|definition| message_of(node, definition, outline));
        awaited.extend(message.filter(|message| message.key.is_none()).map(|message| message.name));
    }
    for node in &outline.nodes {
        let Some(message) = sends(node).and_then(|definition| message_of(node, definition, outline)) else { continue };
        if message.key.is_none() && !awaited.contains(&message.name) {
            let text = format!(
                "the {} sends \"{}\" without a correlationKey, so only to its own instance, where nothing waits for it; \
                 name in correlationKey who is meant",
                node.bpmn_name(),
                message.name
            );
            reader.report.warning("MESSAGE_NOT_AWAITED", node.at, &node.id, text);
        }
    }
}

/// Where the message stands that a node waits for.
fn awaits<'a, 'i>(node: &FlowNode<'a, 'i>) -> Option<Node<'a, 'i>> {
    let catches =
        matches!(node.kind, NodeKind::EventStart | NodeKind::IntermediateCatchEvent | NodeKind::BoundaryEvent);
    if node.kind == NodeKind::ReceiveTask { Some(node.node) } else { catches.then(|| definition(node)).flatten() }
}

/// Where the message stands that a node sends.
fn sends<'a, 'i>(node: &FlowNode<'a, 'i>) -> Option<Node<'a, 'i>> {
    let throws = matches!(node.kind, NodeKind::EndEvent | NodeKind::IntermediateThrowEvent);
    throws.then(|| definition(node)).flatten()
}

fn definition<'a, 'i>(node: &FlowNode<'a, 'i>) -> Option<Node<'a, 'i>> {
    bpmn_children(node.node).find(|child| is_bpmn(*child, "messageEventDefinition"))
}
