//! Flows arrive where something can arrive and leave from where something goes on (BPMN 2.0, 10.5: start, end and
//! boundary events).

use crate::read::{NodeKind, Outline, Reader};

pub(super) fn check(outline: &Outline<'_, '_>, reader: &mut Reader<'_>) {
    for flow in &outline.flows {
        if let Some(source) = flow.source.map(|source| &outline.nodes[source])
            && source.kind == NodeKind::EndEvent
        {
            let message = format!("no flow leaves an end event, but this one leaves \"{}\"", source.id);
            reader.report.error("FLOW_NOT_ALLOWED", flow.at, &flow.id, message);
        }
        if let Some(target) = flow.target.map(|target| &outline.nodes[target])
            && matches!(target.kind, NodeKind::StartEvent | NodeKind::BoundaryEvent)
        {
            let message =
                format!("no flow arrives at a {}, but this one leads to \"{}\"", target.bpmn_name(), target.id);
            reader.report.error("FLOW_NOT_ALLOWED", flow.at, &flow.id, message);
        }
    }
}
