//! A process and each of its sub-processes has exactly one start event: the engine must know where to begin. A process
//! may have timer start events beside it, or in its place.

use crate::read::{FlowNode, NodeKind, Outline, Reader};

pub(super) fn check(outline: &Outline<'_, '_>, reader: &mut Reader<'_>) {
    none_start(outline, None, outline.at, &outline.id, reader);
    for (index, node) in outline.nodes.iter().enumerate() {
        if node.kind == NodeKind::SubProcess {
            none_start(outline, Some(index), node.at, &node.id, reader);
        } else if node.kind == NodeKind::EventSubProcess {
            event_start(outline, index, node, reader);
        }
    }
}

/// The process itself, and an embedded sub-process.
fn none_start(outline: &Outline<'_, '_>, scope: Option<usize>, at: usize, id: &str, reader: &mut Reader<'_>) {
    let what = if scope.is_some() { "sub-process" } else { "process" };
    let of_kind = |kind| outline.within(scope).map(|(_, node)| node).filter(move |node| node.kind == kind);
    let mut timers = of_kind(NodeKind::TimerStart).peekable();
    let has_timer = timers.peek().is_some();
    for timer in timers {
        leads_nowhere(timer, what, reader);
    }
    let mut starts = of_kind(NodeKind::StartEvent);
    let Some(first) = starts.next() else {
        if has_timer {
            return;
        }
        let message = format!("the {what} has no start event; add <bpmn:startEvent> and a flow from it");
        reader.report.error("NO_START_EVENT", at, id, message);
        return;
    };
    leads_nowhere(first, what, reader);
    for other in starts {
        let message = format!("the {what} starts at \"{}\" already; keep one start event without trigger", first.id);
        reader.report.error("SEVERAL_START_EVENTS", other.at, &other.id, message);
    }
}

fn event_start(outline: &Outline<'_, '_>, index: usize, around: &FlowNode<'_, '_>, reader: &mut Reader<'_>) {
    let mut starts = outline.within(Some(index)).map(|(_, node)| node).filter(|node| node.kind == NodeKind::EventStart);
    let Some(first) = starts.next() else {
        let message = "the event sub-process has no start event; add one with the event that triggers it";
        reader.report.error("NO_START_EVENT", around.at, &around.id, message);
        return;
    };
    leads_nowhere(first, "event sub-process", reader);
    for other in starts {
        let message = format!(
            "the event sub-process is triggered by \"{}\" already; make an event sub-process of each event",
            first.id
        );
        reader.report.error("SEVERAL_START_EVENTS", other.at, &other.id, message);
    }
}

fn leads_nowhere(start: &FlowNode<'_, '_>, what: &str, reader: &mut Reader<'_>) {
    if start.outgoing.is_empty() {
        let instance = if what == "process" { "an instance" } else { "it" };
        let message = format!("no flow leaves the start event of the {what}: {instance} ends as soon as it begins");
        reader.report.warning("NO_OUTGOING_FLOW", start.at, &start.id, message);
    }
}
