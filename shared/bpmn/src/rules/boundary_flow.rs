//! A boundary event without outgoing flow only ends its path; nothing is guessed from the order in the file.

use crate::read::{NodeKind, Outline, Reader};

pub(super) fn check(outline: &Outline<'_, '_>, reader: &mut Reader<'_>) {
    for node in outline.nodes.iter().filter(|node| node.kind == NodeKind::BoundaryEvent && node.outgoing.is_empty()) {
        let message = "no flow leaves the boundary event, so nothing happens when it fires; add a sequenceFlow";
        reader.report.warning("NO_OUTGOING_FLOW", node.at, &node.id, message);
    }
}
