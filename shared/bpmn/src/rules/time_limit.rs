//! A task somebody must do should end by itself when nobody does it.

use crate::read::{NodeKind, Outline, Reader};

pub(super) fn check(outline: &Outline<'_, '_>, reader: &mut Reader<'_>) {
    for node in outline.nodes.iter().filter(|node| node.kind == NodeKind::UserTask && node.boundaries.is_empty()) {
        let limited = ["ExpiresAfter", "ExpiresAt"].iter().any(|name| node.properties.get(name).is_some());
        if !limited {
            let message = "the task waits for ever: it has no expiry and no timer; add ExpiresAfter, for example P14D";
            reader.report.warning("NO_TIME_LIMIT", node.at, &node.id, message);
        }
    }
}
