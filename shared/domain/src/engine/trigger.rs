//! Events that wait beside an activity, on a path of their own or for a whole scope: when they begin to wait and what
//! their occurrence does. When a timer occurs is said in `timer`, who catches an error in `error`.

use super::script::ResultRule;
use super::{Failure, HELD_MAX, Step, multi_instance, scope, script, timeout, timer, user_task};
use crate::event::Event;
use crate::ids::ElementNumber;
use crate::instance::{Awaited, ElementInstance, Ready, Subscription};
use crate::process::{Element, ElementKind, Trigger};
use crate::rejection::Rejection;
use crate::template::plain_text;
use crate::value::ValueExpr;
use crate::variables::Variables;
use serde_json::Value;

/// Longest correlation key.
const CORRELATION_KEY_CHARS_MAX: usize = 255;

/// What an element waits for beside its work: nothing waits before all of it could be evaluated.
#[derive(Default)]
pub(crate) struct Waits {
    timers: Vec<(String, timer::Planned)>,
    subscriptions: Vec<Subscription>,
}

/// What an event waits for itself, and what the boundary events of an activity wait for. A time that cannot be evaluated
/// must fail the activity before its task exists.
pub(crate) fn plan(step: &Step<'_>, element: &Element, number: ElementNumber) -> Result<Waits, Failure> {
    let mut waits = Waits::default();
    // Of a multi-instance activity each turn waits for itself, and boundary events wait beside all of them.
    let turn = multi_instance::host(step, number) != number;
    if let Some((trigger, _)) = element.kind.trigger()
        && (turn || element.multi_instance.is_none())
    {
        add(step, &mut waits, number, element, trigger)?;
    }
    if turn {
        return Ok(waits);
    }
    for (boundary, event) in step.env.process.boundaries(element) {
        add(step, &mut waits, number, boundary, &event.trigger)?;
    }
    Ok(waits)
}

fn add(
    step: &Step<'_>,
    waits: &mut Waits,
    number: ElementNumber,
    event: &Element,
    trigger: &Trigger,
) -> Result<(), Failure> {
    match trigger {
        Trigger::Timer(timer) => {
            if let Some(planned) = timer::plan(step, timer, number)? {
                waits.timers.push((event.id.clone(), planned));
            }
        }
        Trigger::Error(_) => {}
        Trigger::Message(message) => {
            let key = correlation_key(step, &message.name, message.correlation_key.as_ref(), Some(number))?;
            let to = Awaited::Message { name: message.name.clone(), key };
            waits.subscriptions.push(Subscription { event: event.id.clone(), to });
        }
        Trigger::Signal(signal) => {
            let to = Awaited::Signal { name: signal.name.clone() };
            waits.subscriptions.push(Subscription { event: event.id.clone(), to });
        }
    }
    if waits.subscriptions.is_empty() {
        return Ok(());
    }
    let held = step.held() + waits.subscriptions.len();
    if held > HELD_MAX {
        let message =
            format!("the instance would have {held} open tasks and awaited messages; at most {HELD_MAX} are possible");
        return Err(Failure::new("LIMIT", message));
    }
    Ok(())
}

/// The value by which a message finds who waits for it, seen from the element instance `at`: this instance's own key
/// where nothing else is modelled.
pub(super) fn correlation_key(
    step: &Step<'_>,
    name: &str,
    expression: Option<&ValueExpr>,
    at: Option<ElementNumber>,
) -> Result<String, Failure> {
    let Some(expression) = expression else { return Ok(step.state.instance.key.to_string()) };
    let key = plain_text(&expression.evaluate(&step.variables_at(at), step.env.now));
    if key.is_empty() || key.chars().count() > CORRELATION_KEY_CHARS_MAX {
        let message = format!(
            "the correlation key of the message \"{name}\" must have 1 to {CORRELATION_KEY_CHARS_MAX} characters and has {}",
            key.chars().count()
        );
        return Err(Failure::new("INVALID_CORRELATION_KEY", message));
    }
    Ok(key)
}

/// Begins to wait for what was planned.
pub(crate) fn wait(step: &mut Step<'_>, number: ElementNumber, waits: Waits) {
    for (event, planned) in waits.timers {
        timer::start(step, number, &event, 1, planned);
    }
    for subscription in waits.subscriptions {
        step.emit(Event::Subscribed { element: number, subscription });
    }
}

/// A message or signal came for an event that still waits for it. One that waits no more was done before.
pub(crate) fn receive(
    step: &mut Step<'_>,
    number: ElementNumber,
    event: &str,
    awaited: &Awaited,
    variables: &Variables,
) -> Result<(), Rejection> {
    let live = step.state.instance.element(number).ok_or(Rejection::AlreadyDone)?;
    let waits = |subscription: &&Subscription| subscription.event == event && subscription.to == *awaited;
    live.subscriptions.iter().find(waits).ok_or(Rejection::AlreadyDone)?;
    if live.failed {
        return Err(Rejection::InstanceInError);
    }
    let payload =
        step.env.process.element(event).and_then(|event| event.kind.trigger()).and_then(|(trigger, _)| match trigger {
            Trigger::Message(message) => Some(&message.payload),
            Trigger::Signal(signal) => Some(&signal.payload),
            Trigger::Timer(_) | Trigger::Error(_) => None,
        });
    step.emit(Event::Received { element: number, event: event.to_owned() });
    if let Some(payload) = payload {
        let result = if variables.is_empty() { Value::Null } else { Value::Object(variables.clone()) };
        let mut values = Variables::new();
        let rule = ResultRule::of(payload, "lastSignalData");
        // Its sender must know: it waits on for another one.
        script::write_result(step, Some(number), &mut values, &result, &rule).map_err(|failure| {
            let (field, code) = ("variables".to_owned(), script::INVALID_MAPPING);
            Rejection::InvalidInput { field, code, message: failure.message }
        })?;
        step.set_variables_at(Some(number), values).map_err(|failure| Rejection::Limit { message: failure.message })?;
    }
    occurred(step, number, event)?;
    step.run()
}

/// An event or the boundary events of an activity begin to wait.
pub(super) fn begin(step: &mut Step<'_>, element: &Element, number: ElementNumber) -> Result<(), Failure> {
    let waits = plan(step, element, number)?;
    wait(step, number, waits);
    Ok(())
}

/// An event-based gateway waits for the events behind it.
pub(super) fn begin_first(step: &mut Step<'_>, element: &Element, number: ElementNumber) -> Result<(), Failure> {
    let process = step.env.process;
    let mut waits = Waits::default();
    for event in process.outgoing(element).filter_map(|flow| process.elements.get(flow.target)) {
        if let Some((trigger, _)) = event.kind.trigger() {
            add(step, &mut waits, number, event, trigger)?;
        }
    }
    wait(step, number, waits);
    Ok(())
}

/// An event occurred that the element instance `number` waited for.
pub(super) fn occurred(step: &mut Step<'_>, number: ElementNumber, event: &str) -> Result<(), Rejection> {
    let process = step.env.process;
    let Some(live) = step.state.instance.element(number).cloned() else { return Ok(()) };
    let Some(model) = process.element(event) else { return Ok(()) };
    let interrupting = model.kind.trigger().is_some_and(|(_, interrupting)| interrupting);
    if live.element == event && matches!(model.kind, ElementKind::EventStart(_)) {
        scope::enter_event_sub_process(step, model, live.place(), interrupting);
    } else if live.element == event {
        step.complete(number)?;
    } else if let Some(boundary) = model.kind.as_boundary() {
        if let Some(then) = &boundary.on_timeout {
            return timeout::ran_out(step, &live, then);
        }
        if interrupting {
            // Interrupted when the event occurred, even where the ticket has expired since (T-16).
            if let Some(task) = live.task {
                user_task::interrupt(step, task);
            }
            step.terminate(number);
        }
        step.enter(event, live.place());
    } else {
        pass_first(step, &live, model);
    }
    Ok(())
}

/// Of the events behind an event-based gateway one occurred: its path goes on, the others are waited for no more.
fn pass_first(step: &mut Step<'_>, gateway: &ElementInstance, event: &Element) {
    let process = step.env.process;
    timer::stop_all(step, gateway);
    step.emit(Event::ElementCompleted(gateway.number));
    let leads = process.element(&gateway.element).into_iter().flat_map(|element| process.outgoing(element));
    let flow = leads.into_iter().find(|flow| process.elements.get(flow.target).is_some_and(|to| to.id == event.id));
    let ready = Ready { flow: flow.map(|flow| flow.id.clone()), ..Ready::at(&event.id, gateway.place()) };
    let Some(number) = step.next_element() else {
        step.used_up(ready);
        return;
    };
    step.emit(Event::ElementPassed(ready.activated(number)));
    step.take_flows(event, gateway.place());
}
