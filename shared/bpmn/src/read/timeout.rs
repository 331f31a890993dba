//! `TimeoutMs` and `OnTimeout`: a boundary event that the designer did not draw (D-05). Compiled into one, so that the
//! engine knows a single kind of timer, and of error, beside an activity.

use super::generated::{self, Ids};
use super::system_task::{Action, action};
use super::{
    FlowNode, NodeKind, Outline, Property, Reader, boolean_attribute, bpmn_children, error_code, is_bpmn, list, timer,
};
use domain::process::{BoundaryEvent, Element, ElementIndex, ElementKind, Flow, OnTimeout, Timer, Trigger, When};

/// The code of a system task that waited in vain for an answer.
const HTTP_TIMEOUT: &str = "HTTP_TIMEOUT";

/// A time limit and where the path goes on.
pub(super) struct Timeout {
    activity: usize,
    trigger: Trigger,
    then: Then,
    line: u32,
}

/// What happens when the time is over.
enum Then {
    /// A path goes on.
    Path(Target),
    /// The activity itself ends or fails.
    Ends(OnTimeout),
}

/// What `OnTimeout` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// An outgoing flow of the activity.
    Flow(usize),
    /// An element beside it.
    Element(usize),
}

/// True where the activity has a time limit of its own.
pub(crate) fn is_limited(node: &FlowNode<'_, '_>) -> bool {
    limit(node).is_some()
}

/// Where `OnTimeout` leads, without judging it.
pub(crate) fn target(node: &FlowNode<'_, '_>, outline: &Outline<'_, '_>) -> Option<Target> {
    limit(node)?;
    let name = node.properties.plain("OnTimeout")?;
    let flow = node.outgoing.iter().copied().find(|index| {
        let flow = &outline.flows[*index];
        flow.named && flow.id == name
    });
    flow.map(Target::Flow).or_else(|| {
        let index = outline.index(&name)?;
        let target = &outline.nodes[index];
        (target.parent == node.parent && arrives(target.kind)).then_some(Target::Element(index))
    })
}

/// The time limits of a process.
pub(super) fn read(outline: &Outline<'_, '_>, reader: &mut Reader<'_>) -> Vec<Timeout> {
    let mut timeouts = Vec::new();
    for (activity, node) in outline.nodes.iter().enumerate() {
        if let (NodeKind::ReceiveTask, Some(_), Some(second)) =
            (node.kind, node.properties.get("TimeoutMs"), node.properties.get("timeout"))
        {
            let message = "timeout is ignored because TimeoutMs is given as well; keep one of them";
            reader.report.warning("PROPERTY_IGNORED", second.at, &node.id, message);
        }
        match limit(node) {
            Some(property) => timeouts.extend(one(activity, node, property, outline, reader)),
            None => {
                if let Some(property) = node.properties.get("OnTimeout") {
                    let message = if node.kind == NodeKind::SystemTask {
                        "OnTimeout has no effect on this task, which waits for no answer to a request"
                    } else {
                        "OnTimeout has no effect without TimeoutMs; add it, for example TimeoutMs=86400000"
                    };
                    reader.report.warning("PROPERTY_IGNORED", property.at, &node.id, message);
                }
            }
        }
    }
    timeouts
}

/// Adds a boundary event for each time limit, with a flow where the target is no flow that is drawn.
pub(super) fn add(timeouts: Vec<Timeout>, ids: &mut Ids<'_>, elements: &mut Vec<Element>, flows: &mut Vec<Flow>) {
    for timeout in timeouts {
        let event = elements.len();
        let activity = &elements[timeout.activity];
        let id = ids.of(&[&activity.id, "timeout"]);
        let name = format!("{} (timeout)", activity.name);
        let (outgoing, on_timeout) = match timeout.then {
            Then::Path(Target::Flow(index)) => (vec![index], None),
            Then::Path(Target::Element(target)) => {
                elements[target].incoming += 1;
                let id = ids.of(&[&id, &elements[target].id]);
                flows.push(Flow { id, name: None, named: false, source: event, target, condition: None });
                (vec![flows.len() - 1], None)
            }
            Then::Ends(on_timeout) => (Vec::new(), Some(on_timeout)),
        };
        elements[timeout.activity].boundaries.push(event);
        let kind = boundary(timeout.activity, timeout.trigger, on_timeout);
        let event = generated::element(id, name, kind, &elements[timeout.activity], outgoing);
        elements.push(Element { line: timeout.line, ..event });
    }
}

fn boundary(attached_to: ElementIndex, trigger: Trigger, on_timeout: Option<OnTimeout>) -> ElementKind {
    ElementKind::BoundaryEvent(BoundaryEvent { attached_to, interrupting: true, trigger, on_timeout })
}

/// The property that limits the time of an activity that waits. A system task has a time limit anyway: what counts is
/// where it leads.
fn limit<'n>(node: &'n FlowNode<'_, '_>) -> Option<&'n Property> {
    if node.kind == NodeKind::UserTask {
        node.properties.get("TimeoutMs")
    } else if node.kind == NodeKind::ReceiveTask {
        node.properties.get("TimeoutMs").or_else(|| node.properties.get("timeout"))
    } else if node.kind == NodeKind::SystemTask && sends_request(node) {
        node.properties.get("OnTimeout")
    } else {
        None
    }
}

fn sends_request(node: &FlowNode<'_, '_>) -> bool {
    matches!(action(node), Some(Action::Http | Action::GraphQl | Action::Webhook | Action::Command))
}

/// True for what a path can lead to.
fn arrives(kind: NodeKind) -> bool {
    !kind.is_start() && !matches!(kind, NodeKind::BoundaryEvent | NodeKind::EventSubProcess)
}

fn one(
    activity: usize,
    node: &FlowNode<'_, '_>,
    property: &Property,
    outline: &Outline<'_, '_>,
    reader: &mut Reader<'_>,
) -> Option<Timeout> {
    let calls = node.kind == NodeKind::SystemTask;
    let ends = |event: &&FlowNode<'_, '_>| {
        if calls {
            return error_code(event, outline).is_some_and(|code| code.is_none_or(|code| code == HTTP_TIMEOUT));
        }
        bpmn_children(event.node).any(|child| is_bpmn(child, "timerEventDefinition"))
            && boolean_attribute(event.node, "cancelActivity")
    };
    if let Some(event) = node.boundaries.iter().map(|index| &outline.nodes[*index]).find(ends) {
        let does = if calls { "catches HTTP_TIMEOUT" } else { "ends the task in time" };
        let message = format!("{} is ignored: \"{}\" {does} already; keep one of them", property.name, event.id);
        reader.report.warning("TIMEOUT_IGNORED", property.at, &node.id, message);
        return None;
    }
    let trigger = if calls {
        Some(Trigger::Error(Some(HTTP_TIMEOUT.to_owned())))
    } else {
        when(property, node, reader).map(|when| Trigger::Timer(Timer::Once(when)))
    };
    let then = then(node, outline, reader);
    Some(Timeout { activity, trigger: trigger?, then: then?, line: reader.report.line(property.at) })
}

/// Milliseconds, or where the property is called `timeout` a duration as well.
fn when(property: &Property, node: &FlowNode<'_, '_>, reader: &mut Reader<'_>) -> Option<When> {
    let text = property.value.plain();
    if text.chars().all(|c| c.is_ascii_digit()) || property.name.eq_ignore_ascii_case("TimeoutMs") {
        let duration = text.parse::<u64>().ok().filter(|ms| *ms > 0);
        let duration = duration.and_then(|ms| {
            let fraction = if ms % 1_000 == 0 { String::new() } else { format!(".{:03}", ms % 1_000) };
            format!("PT{}{fraction}S", ms / 1_000).parse().ok()
        });
        if duration.is_none() {
            let message = format!(
                "{}=\"{text}\" is no number of milliseconds; write a whole number such as 86400000 for a day",
                property.name
            );
            reader.report.error("INVALID_DURATION", property.value.start(), &node.id, message);
        }
        return duration.map(When::After);
    }
    timer::after(&property.value, &node.id, &property.name, reader)
}

/// D-05: a flow or an element, else an action; without `OnTimeout` an error.
fn then(node: &FlowNode<'_, '_>, outline: &Outline<'_, '_>, reader: &mut Reader<'_>) -> Option<Then> {
    let Some(on_timeout) = node.properties.get("OnTimeout") else { return Some(Then::Ends(OnTimeout::Throw)) };
    if let Some(found) = target(node, outline) {
        return Some(Then::Path(found));
    }
    let name = on_timeout.value.plain();
    let actions = ["Actions", "UserActions"].iter().find_map(|name| node.properties.get(name));
    let is_action = match actions {
        None => true,
        Some(actions) => list::names(actions).any(|action| action == name),
    };
    if node.kind == NodeKind::UserTask && is_action {
        return Some(Then::Ends(OnTimeout::Complete(name)));
    }
    let message = format!(
        "OnTimeout=\"{name}\" is no outgoing flow, no action and no element beside the task to which a path can lead"
    );
    reader.report.error("DANGLING_REFERENCE", on_timeout.value.start(), &node.id, message);
    None
}
