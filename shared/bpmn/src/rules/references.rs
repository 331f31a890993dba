//! Both ends of a flow exist, and the default flow of a gateway leaves that gateway.

use crate::read::{Outline, Reader, attribute};
use std::collections::BTreeSet;

pub(super) fn check(outline: &Outline<'_, '_>, reader: &mut Reader<'_>) {
    for flow in &outline.flows {
        for (name, end) in [("sourceRef", flow.source), ("targetRef", flow.target)] {
            if end.is_some() {
                continue;
            }
            let message = match attribute(flow.node, name) {
                None => format!("the flow has no {name}; name the element it belongs to"),
                Some(reference) => format!("{name}: {}", outline.missing(reference)),
            };
            reader.report.error("DANGLING_REFERENCE", flow.at, &flow.id, message);
        }
    }
    let known: BTreeSet<&str> = outline.flows.iter().filter(|flow| flow.named).map(|flow| flow.id.as_str()).collect();
    for node in &outline.nodes {
        let Some(reference) = attribute(node.node, "default") else { continue };
        let decides = node.kind.decides() || node.kind.is_activity();
        if !decides || node.default.is_some() {
            continue;
        }
        if known.contains(reference) {
            let message = format!("the default flow \"{reference}\" does not leave this gateway; name one that does");
            reader.report.error("DEFAULT_FLOW", node.at, &node.id, message);
        } else {
            let message = format!("default: there is no sequence flow with the id \"{reference}\"");
            reader.report.error("DANGLING_REFERENCE", node.at, &node.id, message);
        }
    }
}
