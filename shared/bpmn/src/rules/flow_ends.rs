//! Flows arrive where something can arrive, leave from where something goes on, and stay in their scope (BPMN 2.0, 7.6.1
//! and 10.5).

use crate::read::{FlowNode, NodeKind, Outline, Reader};

pub(super) fn check(outline: &Outline<'_, '_>, reader: &mut Reader<'_>) {
    for flow in &outline.flows {
        let [source, target] = [flow.source, flow.target].map(|end| end.map(|index| &outline.nodes[index]));
        if let Some(source) = source
            && let Some(what) = without_outgoing(source.kind)
        {
            let message = format!("no flow leaves {what}, but this one leaves \"{}\"", source.id);
            reader.report.error("FLOW_NOT_ALLOWED", flow.at, &flow.id, message);
        }
        if let Some(target) = target
            && let Some(what) = without_incoming(target)
        {
            let message = format!("no flow arrives at {what}, but this one leads to \"{}\"", target.id);
            reader.report.error("FLOW_NOT_ALLOWED", flow.at, &flow.id, message);
        }
        if let (Some(source), Some(target)) = (source, target)
            && source.parent != target.parent
        {
            let message = format!(
                "the flow leaves \"{}\" in {} and leads to \"{}\" in {}; a flow stays in its scope: connect the \
                 sub-process itself, or leave it through an event at its border",
                source.id,
                outline.place(source.parent),
                target.id,
                outline.place(target.parent)
            );
            reader.report.error("FLOW_ACROSS_SCOPES", flow.at, &flow.id, message);
        }
    }
}

fn without_outgoing(kind: NodeKind) -> Option<&'static str> {
    if kind == NodeKind::EndEvent {
        Some("an end event")
    } else if kind == NodeKind::EventSubProcess {
        Some("an event sub-process")
    } else {
        None
    }
}

fn without_incoming(node: &FlowNode<'_, '_>) -> Option<String> {
    if node.kind.is_start() || node.kind == NodeKind::BoundaryEvent {
        Some(format!("a {}", node.bpmn_name()))
    } else if node.kind == NodeKind::EventSubProcess {
        Some("an event sub-process, which begins when its event occurs".to_owned())
    } else {
        None
    }
}
