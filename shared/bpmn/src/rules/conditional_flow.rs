//! Conditions stand on flows of exclusive and inclusive gateways and of activities. Elsewhere this engine would not look at
//! them, and a condition that is silently ignored is worse than none.

use crate::read::{NodeKind, Outline, Reader};

pub(super) fn check(outline: &Outline<'_, '_>, reader: &mut Reader<'_>) {
    for flow in &outline.flows {
        let (Some(condition), Some(source)) = (flow.condition, flow.source) else { continue };
        let source = &outline.nodes[source];
        // An unsupported element is refused on its own account.
        if source.kind.decides() || source.kind.is_activity() || source.kind == NodeKind::Unsupported {
            continue;
        }
        let message = if source.kind == NodeKind::EventBasedGateway {
            format!("the event that occurs first decides behind \"{}\"; remove the conditionExpression", source.id)
        } else {
            format!(
                "a conditionExpression on a flow that leaves a {} is not supported; put an exclusiveGateway behind \"{}\"",
                source.bpmn_name(),
                source.id
            )
        };
        reader.report.error("UNSUPPORTED_CONDITIONAL_FLOW", condition.range().start, &flow.id, message);
    }
}
