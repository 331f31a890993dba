//! The flows of a gateway that decides: there is one, and their conditions are what the designer can mean.

use crate::read::{FlowNode, NodeKind, Outline, Reader};

pub(super) fn check(outline: &Outline<'_, '_>, reader: &mut Reader<'_>) {
    for gateway in outline.nodes.iter().filter(|node| node.kind.decides()) {
        if gateway.outgoing.is_empty() {
            let message = "no flow leaves the gateway, so it can never decide; connect it or use an end event";
            reader.report.error("NO_OUTGOING_FLOW", gateway.at, &gateway.id, message);
        } else if gateway.properties.get("Condition").is_some() {
            scripted(gateway, outline, reader);
        } else {
            expressions(gateway, outline, reader);
        }
    }
}

fn scripted(gateway: &FlowNode<'_, '_>, outline: &Outline<'_, '_>, reader: &mut Reader<'_>) {
    for flow in outline.outgoing(gateway) {
        if let Some(condition) = flow.condition {
            let message =
                format!("the Condition of \"{}\" decides; this conditionExpression is not looked at", gateway.id);
            reader.report.warning("CONDITION_IGNORED", condition.range().start, &flow.id, message);
        }
    }
}

fn expressions(gateway: &FlowNode<'_, '_>, outline: &Outline<'_, '_>, reader: &mut Reader<'_>) {
    let last = gateway.outgoing.last().copied();
    // Beside others an inclusive gateway takes it too.
    let alone = gateway.kind == NodeKind::ExclusiveGateway;
    for index in &gateway.outgoing {
        let flow = &outline.flows[*index];
        if gateway.default == Some(*index) {
            if let Some(condition) = flow.condition {
                let message = "the default flow is taken when no other is; its conditionExpression is not looked at";
                reader.report.warning("CONDITION_IGNORED", condition.range().start, &flow.id, message);
            }
        } else if alone && flow.condition.is_none() && last != Some(*index) {
            let message = "a flow without condition always holds, so the flows behind it are never taken; give it a \
                           condition, or make it the default flow";
            reader.report.warning("FLOW_ALWAYS_TAKEN", flow.at, &flow.id, message);
        }
    }
}
