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
            let message = match target.kind {
                // Refused on its own account.
                NodeKind::Unsupported => continue,
                NodeKind::ReceiveTask if !target.boundaries.is_empty() || is_limited(target) || repeats(target) => {
                    format!(
                        "behind \"{}\" the receiveTask \"{}\" can have no boundary events, no time limit and no turns; put an \
                     intermediateCatchEvent there",
                        gateway.id, target.id
                    )
                }
                NodeKind::IntermediateCatchEvent | NodeKind::ReceiveTask if target.incoming == 1 => continue,
                NodeKind::IntermediateCatchEvent | NodeKind::ReceiveTask => format!(
                    "\"{}\" waits for what occurs first, but another flow leads to \"{}\" as well; give that flow an event \
                     of its own",
                    gateway.id, target.id
                ),
                NodeKind::StartEvent
                | NodeKind::EventStart
                | NodeKind::EndEvent
                | NodeKind::Task
                | NodeKind::ManualTask
                | NodeKind::SubProcess
                | NodeKind::EventSubProcess
                | NodeKind::ExclusiveGateway
                | NodeKind::ParallelGateway
                | NodeKind::InclusiveGateway
                | NodeKind::EventBasedGateway
                | NodeKind::CallActivity
                | NodeKind::ScriptTask
                | NodeKind::SystemTask
                | NodeKind::UserTask
                | NodeKind::IntermediateThrowEvent
                | NodeKind::BoundaryEvent => format!(
                    "\"{}\" waits for events, but \"{}\" is a {}; put an intermediateCatchEvent between them",
                    gateway.id,
                    target.id,
                    target.bpmn_name()
                ),
            };
            reader.report.error("EVENT_GATEWAY_TARGET", flow.at, &flow.id, message);
        }
    }
}

fn repeats(node: &FlowNode<'_, '_>) -> bool {
    bpmn_children(node.node).any(|child| is_bpmn(child, "multiInstanceLoopCharacteristics"))
}
