//! The `incoming` and `outgoing` children repeat what the flows say. Where they contradict, the flows count.

use crate::read::{FlowNode, Outline, Reader, bpmn_children};
use std::collections::BTreeSet;

pub(super) fn check(outline: &Outline<'_, '_>, reader: &mut Reader<'_>) {
    let mut arriving: Vec<BTreeSet<&str>> = vec![BTreeSet::new(); outline.nodes.len()];
    for flow in outline.flows.iter().filter(|flow| flow.named) {
        if let Some(target) = flow.target {
            arriving[target].insert(&flow.id);
        }
    }
    for (node, arriving) in outline.nodes.iter().zip(&arriving) {
        let leaving: BTreeSet<&str> = outline.outgoing(node).map(|flow| flow.id.as_str()).collect();
        list(node, "incoming", arriving, reader);
        list(node, "outgoing", &leaving, reader);
    }
}

fn list(node: &FlowNode<'_, '_>, name: &str, flows: &BTreeSet<&str>, reader: &mut Reader<'_>) {
    for child in bpmn_children(node.node).filter(|child| child.tag_name().name() == name) {
        reader.report.steps += 1;
        let written = child.text().map(str::trim).unwrap_or_default();
        // References are qualified names; the prefix of an id says nothing.
        let local = written.rsplit(':').next().unwrap_or_default();
        if !flows.contains(written) && !flows.contains(local) {
            let message =
                format!("<{name}> names \"{written}\", but no such flow is connected here; the sequence flows count");
            reader.report.warning("FLOW_LIST_MISMATCH", child.range().start, &node.id, message);
        }
    }
}
