//! Elements that no flow reaches from a start event never run.

use crate::read::{NodeKind, Outline, Reader};

pub(super) fn check(outline: &Outline<'_, '_>, reader: &mut Reader<'_>) {
    let nodes = &outline.nodes;
    let mut reached = vec![false; nodes.len()];
    let mut open: Vec<usize> = (0..nodes.len()).filter(|index| nodes[*index].kind == NodeKind::StartEvent).collect();
    if open.is_empty() {
        return;
    }
    while let Some(index) = open.pop() {
        reader.report.steps += 1;
        if std::mem::replace(&mut reached[index], true) {
            continue;
        }
        let node = &nodes[index];
        open.extend(outline.outgoing(node).filter_map(|flow| flow.target));
        open.extend(&node.boundaries);
    }
    for (node, _) in nodes.iter().zip(&reached).filter(|(_, reached)| !**reached) {
        // Its own diagnostic says why a boundary event hangs in the air, and what is refused needs no second word.
        if node.kind == NodeKind::Unsupported || (node.kind == NodeKind::BoundaryEvent && node.attached_to.is_none()) {
            continue;
        }
        let message = format!("the {} cannot be reached from the start event and never runs", node.bpmn_name());
        reader.report.warning("UNREACHABLE", node.at, &node.id, message);
    }
}
