//! Events: end, intermediate, boundary, timer start events and the starts of event sub-processes. Which code an error has is said in
//! `error`, when a timer fires in `timer`, what a message or signal is called in `message`.

use super::{FlowNode, NodeKind, Outline, Reader, attribute, boolean, bpmn_children, error, message, timer};
use domain::process::{BoundaryEvent, ElementKind, EventStart, Timer, Trigger, When};
use domain::value::ValueExpr;
use roxmltree::Node;

/// An end event, which may throw an error, a message or a signal.
pub(crate) fn end(node: &FlowNode<'_, '_>, outline: &Outline<'_, '_>, reader: &mut Reader<'_>) -> Option<ElementKind> {
    let definitions = definitions(node);
    let Some(definition) = definitions.first() else { return Some(ElementKind::EndEvent) };
    if definitions.len() > 1 {
        several(node, reader);
        return None;
    }
    match definition.tag_name().name() {
        "terminateEventDefinition" => Some(ElementKind::TerminateEndEvent),
        "errorEventDefinition" => error::thrown(node, *definition, outline, reader).map(ElementKind::ErrorEndEvent),
        _ => {
            message::thrown(node, *definition, outline, reader).map(|throw| ElementKind::ThrowEndEvent(Box::new(throw)))
        }
    }
}

/// An intermediate event that sends something, or only stands for a point that is reached.
pub(crate) fn throw(
    node: &FlowNode<'_, '_>,
    outline: &Outline<'_, '_>,
    reader: &mut Reader<'_>,
) -> Option<ElementKind> {
    let throw = match definitions(node).as_slice() {
        [] => None,
        [definition] => Some(Box::new(message::thrown(node, *definition, outline, reader)?)),
        [_, _, ..] => {
            several(node, reader);
            return None;
        }
    };
    Some(ElementKind::IntermediateThrowEvent(throw))
}

/// An intermediate event on a path of its own.
pub(crate) fn intermediate(
    node: &FlowNode<'_, '_>,
    outline: &Outline<'_, '_>,
    reader: &mut Reader<'_>,
) -> Option<ElementKind> {
    let trigger = trigger(node, outline, reader)?;
    if repeats(&trigger) {
        let message = "an intermediate event waits once: only the first time of its cycle counts";
        reader.report.warning("CYCLE_ON_INTERRUPTING", node.at, &node.id, message);
    }
    Some(ElementKind::IntermediateCatchEvent(trigger))
}

/// A boundary event.
pub(crate) fn boundary(
    node: &FlowNode<'_, '_>,
    outline: &Outline<'_, '_>,
    reader: &mut Reader<'_>,
) -> Option<ElementKind> {
    let interrupting = boolean(node.node, "cancelActivity", true, &node.id, reader);
    attached(node, outline, reader);
    let trigger = trigger(node, outline, reader)?;
    let attached_to = node.attached_to?;
    let interrupting = interrupting || error_interrupts(&outline.nodes[attached_to], node, &trigger, reader);
    if interrupting {
        once(node, &trigger, reader);
    }
    Some(ElementKind::BoundaryEvent(BoundaryEvent { attached_to, interrupting, trigger, on_timeout: None }))
}

/// A timer start event of the process.
pub(crate) fn timer_start(node: &FlowNode<'_, '_>, reader: &mut Reader<'_>) -> Option<ElementKind> {
    let definitions = definitions(node);
    let [definition] = definitions.as_slice() else {
        several(node, reader);
        return None;
    };
    let timer = timer::definition(*definition, &node.id, reader)?;
    let known = match &timer {
        Timer::Once(When::After(_)) | Timer::Once(When::Expression(ValueExpr::Literal(_))) | Timer::Cycle(_) => true,
        Timer::Once(When::Expression(_)) | Timer::CycleOf(_) => false,
    };
    if !known {
        let message = "a process begins before it has variables: write the time of its start event itself, such as \
                       R/P1D or 0 2 * * MON-FRI";
        reader.report.error("INVALID_TIMER", node.at, &node.id, message);
    }
    known.then_some(ElementKind::TimerStart(timer))
}

/// The start event of an event sub-process.
pub(crate) fn start(
    node: &FlowNode<'_, '_>,
    outline: &Outline<'_, '_>,
    reader: &mut Reader<'_>,
) -> Option<ElementKind> {
    let mut interrupting = boolean(node.node, "isInterrupting", true, &node.id, reader);
    let trigger = trigger(node, outline, reader)?;
    if !interrupting && trigger.is_error() {
        interrupting = true;
        let message = "an error ends what goes on around the event sub-process: isInterrupting=\"false\" has no effect";
        reader.report.warning("ERROR_INTERRUPTS", node.at, &node.id, message);
    }
    if interrupting {
        once(node, &trigger, reader);
    }
    Some(ElementKind::EventStart(EventStart { trigger, interrupting }))
}

fn repeats(trigger: &Trigger) -> bool {
    let Trigger::Timer(timer) = trigger else { return false };
    match timer {
        Timer::Once(_) => false,
        Timer::Cycle(cycle) => cycle.times != Some(1),
        Timer::CycleOf(_) => true,
    }
}

fn once(node: &FlowNode<'_, '_>, trigger: &Trigger, reader: &mut Reader<'_>) {
    if repeats(trigger) {
        let message = "an interrupting timer fires once: only the first time of its cycle counts";
        reader.report.warning("CYCLE_ON_INTERRUPTING", node.at, &node.id, message);
    }
}

/// A person can correct what was refused while the task stays open. Of everything else nothing is left to go on.
fn error_interrupts(
    activity: &FlowNode<'_, '_>,
    node: &FlowNode<'_, '_>,
    trigger: &Trigger,
    reader: &mut Reader<'_>,
) -> bool {
    if !trigger.is_error() || !activity.kind.is_activity() || activity.kind == NodeKind::UserTask {
        return false;
    }
    let message = format!(
        "cancelActivity=\"false\" has no effect: the {} \"{}\" has failed when its error is caught, and nothing of it is \
         left to go on",
        activity.bpmn_name(),
        activity.id
    );
    reader.report.warning("ERROR_INTERRUPTS", node.at, &node.id, message);
    true
}

/// The event definitions of a node, whether they run or not.
fn definitions<'a, 'i>(node: &FlowNode<'a, 'i>) -> Vec<Node<'a, 'i>> {
    let is_definition = |child: &Node<'_, '_>| {
        let name = child.tag_name().name();
        name.ends_with("EventDefinition") || name == "eventDefinitionRef"
    };
    bpmn_children(node.node).filter(is_definition).collect()
}

fn several(node: &FlowNode<'_, '_>, reader: &mut Reader<'_>) {
    let tag = node.bpmn_name();
    let message = format!("the {tag} has several event definitions; make one {tag} of each");
    reader.report.error("EVENT_DEFINITION", node.at, &node.id, message);
}

/// The one thing that an event waits for.
fn trigger(node: &FlowNode<'_, '_>, outline: &Outline<'_, '_>, reader: &mut Reader<'_>) -> Option<Trigger> {
    match definitions(node).as_slice() {
        [definition] => match definition.tag_name().name() {
            "timerEventDefinition" => {
                let timer = timer::definition(*definition, &node.id, reader)?;
                timer::limited(&timer, *definition, &node.id, reader);
                Some(Trigger::Timer(timer))
            }
            "errorEventDefinition" if node.kind.definitions().contains(&"errorEventDefinition") => {
                error::caught(node, *definition, outline, reader)
            }
            "messageEventDefinition" => message::message(node, *definition, outline, reader),
            "signalEventDefinition" => message::signal(node, *definition, outline, reader),
            // Refused by its name.
            _ => None,
        },
        [] => {
            let definitions = node.kind.definitions().join(", ");
            let message = format!("the {} waits for nothing; add one of {definitions}", node.bpmn_name());
            reader.report.error("EVENT_DEFINITION", node.at, &node.id, message);
            None
        }
        [_, _, ..] => {
            several(node, reader);
            None
        }
    }
}

fn attached(node: &FlowNode<'_, '_>, outline: &Outline<'_, '_>, reader: &mut Reader<'_>) {
    let at = node.at;
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
    let activity = &outline.nodes[to];
    let tag = activity.bpmn_name();
    match activity.kind {
        // An unsupported element is refused on its own account.
        NodeKind::UserTask
        | NodeKind::SystemTask
        | NodeKind::SubProcess
        | NodeKind::CallActivity
        | NodeKind::Unsupported => {}
        NodeKind::ReceiveTask | NodeKind::ScriptTask | NodeKind::Task | NodeKind::ManualTask => {
            never(node, activity, reader)
        }
        NodeKind::EventSubProcess => {
            let message = format!(
                "\"{reference}\" is an event sub-process, to which nothing is attached; attach the event to what is in it"
            );
            reader.report.error("BOUNDARY_ATTACHMENT", at, &node.id, message);
        }
        NodeKind::StartEvent
        | NodeKind::TimerStart
        | NodeKind::EventStart
        | NodeKind::EndEvent
        | NodeKind::ExclusiveGateway
        | NodeKind::ParallelGateway
        | NodeKind::InclusiveGateway
        | NodeKind::EventBasedGateway
        | NodeKind::IntermediateCatchEvent
        | NodeKind::IntermediateThrowEvent
        | NodeKind::BoundaryEvent => {
            let message = format!("\"{reference}\" is a {tag}; a boundary event is attached to an activity");
            reader.report.error("BOUNDARY_ATTACHMENT", at, &node.id, message);
        }
    }
    if activity.parent != node.parent {
        let message = format!(
            "\"{reference}\" stands in {}, the boundary event in {}; put both into the same scope",
            outline.place(activity.parent),
            outline.place(node.parent)
        );
        reader.report.error("BOUNDARY_ATTACHMENT", at, &node.id, message);
    }
}

/// Warns of a boundary event on a task that ends at once, or cannot fail.
fn never(node: &FlowNode<'_, '_>, task: &FlowNode<'_, '_>, reader: &mut Reader<'_>) {
    let has = |name: &str| definitions(node).iter().any(|definition| definition.tag_name().name() == name);
    let (id, tag) = (&task.id, task.bpmn_name());
    let message = if has("errorEventDefinition") && task.kind != NodeKind::ScriptTask {
        format!("\"{id}\" is a {tag}, which does nothing that could fail: the error never occurs")
    } else if !has("errorEventDefinition") && task.kind != NodeKind::ReceiveTask {
        format!("\"{id}\" is a {tag}, which ends at once: the event never occurs")
    } else {
        return;
    };
    reader.report.warning("BOUNDARY_NEVER_FIRES", node.at, &node.id, message);
}
