//! Elements that no flow reaches from a start event never run.

use crate::read::{NodeKind, Outline, Reader, TimeoutTarget, timeout_target};
use std::collections::BTreeSet;

pub(super) fn check(outline: &Outline<'_, '_>, reader: &mut Reader<'_>) {
    let nodes = &outline.nodes;
    let mut reached = vec![false; nodes.len()];
    let mut open: Vec<usize> = begins(outline, None).collect();
    while let Some(index) = open.pop() {
        reader.report.steps += 1;
        if std::mem::replace(&mut reached[index], true) {
            continue;
        }
        let node = &nodes[index];
        open.extend(outline.outgoing(node).filter_map(|flow| flow.target));
        open.extend(&node.boundaries);
        if let Some(TimeoutTarget::Element(target)) = timeout_target(node, outline) {
            open.push(target);
        }
        if node.kind.is_scope() {
            open.extend(begins(outline, Some(index)));
        }
    }
    // What is said once, for a scope without start event, an attachment or a refused element, needs no second word.
    let starts: BTreeSet<Option<usize>> =
        nodes.iter().filter(|node| node.kind.is_start()).map(|node| node.parent).collect();
    for (node, _) in nodes.iter().zip(&reached).filter(|(_, reached)| !**reached) {
        let told = !starts.contains(&node.parent) || node.parent.is_some_and(|parent| !reached[parent]);
        let loose = node.kind == NodeKind::BoundaryEvent && node.attached_to.is_none();
        if told || loose || node.kind == NodeKind::Unsupported {
            continue;
        }
        let message = format!("the {} cannot be reached from a start event and never runs", node.bpmn_name());
        reader.report.warning("UNREACHABLE", node.at, &node.id, message);
    }
}

/// Where paths of a scope begin: at its start event and in its event sub-processes.
fn begins(outline: &Outline<'_, '_>, scope: Option<usize>) -> impl Iterator<Item = usize> {
    let begins =
        outline.within(scope).filter(|(_, node)| node.kind.is_start() || node.kind == NodeKind::EventSubProcess);
    begins.map(|(index, _)| index)
}
