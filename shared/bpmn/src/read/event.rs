//! Events: end, intermediate and boundary.

use super::{FlowNode, NodeKind, Outline, Reader, attribute, boolean, bpmn_children, is_bpmn};
use domain::process::{BoundaryEvent, ElementKind, Timer, Trigger};

/// A none or a terminate end event.
pub(crate) fn end(node: &FlowNode<'_, '_>) -> ElementKind {
    if bpmn_children(node.node).any(|child| is_bpmn(child, "terminateEventDefinition")) {
        ElementKind::TerminateEndEvent
    } else {
        ElementKind::EndEvent
    }
}

/// An intermediate event that waits for a timer.
pub(crate) fn intermediate(node: &FlowNode<'_, '_>, reader: &mut Reader<'_>) -> Option<ElementKind> {
    let trigger = timer(node, reader)?;
    if matches!(&trigger, Timer::Cycle { times, .. } if *times != Some(1)) {
        let message = "an intermediate event waits once: only the first time of its cycle counts";
        reader.report.warning("CYCLE_ON_INTERRUPTING", node.at, &node.id, message);
    }
    Some(ElementKind::IntermediateCatchEvent(Trigger::Timer(trigger)))
}

/// A boundary event and its timer.
pub(crate) fn boundary(
    node: &FlowNode<'_, '_>,
    outline: &Outline<'_, '_>,
    reader: &mut Reader<'_>,
) -> Option<ElementKind> {
    let interrupting = boolean(node.node, "cancelActivity", true, &node.id, reader);
    attached(node, outline, reader);
    let trigger = timer(node, reader)?;
    if interrupting && matches!(&trigger, Timer::Cycle { times, .. } if *times != Some(1)) {
        let message = "an interrupting timer fires once: only the first time of its cycle counts";
        reader.report.warning("CYCLE_ON_INTERRUPTING", node.at, &node.id, message);
    }
    Some(ElementKind::BoundaryEvent(BoundaryEvent {
        attached_to: node.attached_to?,
        interrupting,
        trigger: Trigger::Timer(trigger),
    }))
}

/// The one timer of an event.
fn timer(node: &FlowNode<'_, '_>, reader: &mut Reader<'_>) -> Option<Timer> {
    let tag = node.bpmn_name();
    let timers: Vec<_> = bpmn_children(node.node).filter(|child| is_bpmn(*child, "timerEventDefinition")).collect();
    match timers.as_slice() {
        [definition] => super::timer::definition(*definition, &node.id, reader),
        [] => {
            let other = bpmn_children(node.node).any(|child| child.tag_name().name().ends_with("EventDefinition"));
            if !other {
                let message = format!("the {tag} waits for nothing; add a timerEventDefinition");
                reader.report.error("INVALID_TIMER", node.at, &node.id, message);
            }
            None
        }
        [_, _, ..] => {
            let message = format!("the {tag} has several timers; make one {tag} of each");
            reader.report.error("INVALID_TIMER", node.at, &node.id, message);
            None
        }
    }
}

fn attached(node: &FlowNode<'_, '_>, outline: &Outline<'_, '_>, reader: &mut Reader<'_>) {
    let at = node.at;
    let timed = bpmn_children(node.node).any(|child| is_bpmn(child, "timerEventDefinition"));
    let Some(reference) = attribute(node.node, "attachedToRef") else {
        let message = "the boundary event has no attachedToRef; name the activity it belongs to";
        reader.report.error("BOUNDARY_ATTACHMENT", at, &node.id, message);
        return;
    };
    let Some(to) = node.attached_to else {
        let message = format!("attachedToRef: {}", outline.missing(reference));
        reader.report.error("DANGLING_REFERENCE", at, &node.id, message);
        return;
    };
    match outline.nodes[to].kind {
        // An unsupported element is refused on its own account.
        NodeKind::UserTask | NodeKind::Unsupported => {}
        NodeKind::ScriptTask | NodeKind::Task | NodeKind::ManualTask if !timed => {}
        NodeKind::ScriptTask | NodeKind::Task | NodeKind::ManualTask => {
            let tag = outline.nodes[to].bpmn_name();
            let message = format!("\"{reference}\" is a {tag}, which ends at once: the timer never fires");
            reader.report.warning("BOUNDARY_NEVER_FIRES", at, &node.id, message);
        }
        NodeKind::StartEvent
        | NodeKind::EndEvent
        | NodeKind::ExclusiveGateway
        | NodeKind::ParallelGateway
        | NodeKind::IntermediateCatchEvent
        | NodeKind::BoundaryEvent => {
            let tag = outline.nodes[to].bpmn_name();
            let message = format!("\"{reference}\" is a {tag}; a boundary event is attached to an activity");
            reader.report.error("BOUNDARY_ATTACHMENT", at, &node.id, message);
        }
    }
}
