//! A process has exactly one start event: the engine must know where an instance begins.

use crate::read::{NodeKind, Outline, Reader};

pub(super) fn check(outline: &Outline<'_, '_>, reader: &mut Reader<'_>) {
    let mut starts = outline.nodes.iter().filter(|node| node.kind == NodeKind::StartEvent);
    let Some(first) = starts.next() else {
        let message = "the process has no start event; add <bpmn:startEvent> and a flow from it";
        reader.report.error("NO_START_EVENT", outline.at, &outline.id, message);
        return;
    };
    if first.outgoing.is_empty() {
        let message = "no flow leaves the start event: an instance ends as soon as it begins";
        reader.report.warning("NO_OUTGOING_FLOW", first.at, &first.id, message);
    }
    for other in starts {
        let message = format!("the process starts at \"{}\" already; keep one start event without trigger", first.id);
        reader.report.error("SEVERAL_START_EVENTS", other.at, &other.id, message);
    }
}
