//! Behind an event-based gateway stand events that can occur, and no other path leads to them: which of them occurs first
//! decides (BPMN 2.0, 10.6.6).

use crate::read::{FlowNode, NodeKind, Outline, Reader, bpmn_children, is_bpmn, is_limited};

pub(super) fn check(outline: &Outline<'_, '_>, reader: &mut Reader<'_>) {
    for gateway in outline.nodes.iter().filter(|node| node.kind == NodeKind::EventBasedGateway) {
        if gateway.outgoing.is_empty() {
            let message = "no flow leaves the gateway, so there is no event to wait for; connect it to the events";
            reader.report.error("NO_OUTGOING_FLOW", gateway.at, &gateway.id, message);
        }
        for flow in outline.outgoing(gateway) {
            let Some(target) = flow.target.map(|target| &outline.nodes[target]) else { continue };
            if let Some(message) = misplaced(gateway, target) {
                reader.report.error("EVENT_GATEWAY_TARGET", flow.at, &flow.id, message);
            }
        }
    }
}

/// Why something cannot stand behind an event-based gateway. What is unsupported is refused on its own account.
fn misplaced(gateway: &FlowNode<'_, '_>, target: &FlowNode<'_, '_>) -> Option<String> {
    let (id, target_id) = (&gateway.id, &target.id);
    let receives = target.kind == NodeKind::ReceiveTask;
    if target.kind == NodeKind::Unsupported {
        None
    } else if !receives && target.kind != NodeKind::IntermediateCatchEvent {
        let tag = target.bpmn_name();
        Some(format!(
            "\"{id}\" waits for events, but \"{target_id}\" is a {tag}; put an intermediateCatchEvent between them"
        ))
    } else if receives && (!target.boundaries.is_empty() || is_limited(target) || repeats(target)) {
        Some(format!(
            "behind \"{id}\" the receiveTask \"{target_id}\" can have no boundary events, no time limit and no turns; put \
             an intermediateCatchEvent there"
        ))
    } else if target.incoming > 1 {
        Some(format!(
            "\"{id}\" waits for what occurs first, but another flow leads to \"{target_id}\" as well; give that flow an \
             event of its own"
        ))
    } else {
        None
    }
}

fn repeats(node: &FlowNode<'_, '_>) -> bool {
    bpmn_children(node.node).any(|child| is_bpmn(child, "multiInstanceLoopCharacteristics"))
}
