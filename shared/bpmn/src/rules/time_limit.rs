//! A task somebody must do should end by itself when nobody does it.

use crate::read::{FlowNode, NodeKind, Outline, Reader, boolean_attribute, bpmn_children, is_bpmn, is_limited};

pub(super) fn check(outline: &Outline<'_, '_>, reader: &mut Reader<'_>) {
    for node in outline.nodes.iter().filter(|node| node.kind == NodeKind::UserTask) {
        let expires = ["ExpiresAfter", "ExpiresAt"].iter().any(|name| node.properties.get(name).is_some());
        if !expires && !is_limited(node) && !has_timer(outline, node) && !is_ended_around(outline, node) {
            let message = if node.is_external() {
                "the task waits for ever: it has no expiry and no timer; add ExpiresAfter, for example P14D"
            } else {
                "the task waits for ever: it has no timer; add TimeoutMs or a boundary event with a timer"
            };
            reader.report.warning("NO_TIME_LIMIT", node.at, &node.id, message);
        }
    }
}

fn has_timer(outline: &Outline<'_, '_>, node: &FlowNode<'_, '_>) -> bool {
    node.boundaries.iter().any(|event| is_timer(&outline.nodes[*event]))
}

/// A sub-process around the task is taken away by a timer in time.
fn is_ended_around(outline: &Outline<'_, '_>, node: &FlowNode<'_, '_>) -> bool {
    outline.around(node).any(|around| {
        let events = outline.nodes[around].boundaries.iter().map(|event| &outline.nodes[*event]);
        events.into_iter().any(|event| is_timer(event) && boolean_attribute(event.node, "cancelActivity"))
    })
}

fn is_timer(event: &FlowNode<'_, '_>) -> bool {
    bpmn_children(event.node).any(|child| is_bpmn(child, "timerEventDefinition"))
}
