//! Events that wait beside an activity, on a path of their own or for a whole scope: when they begin to wait and what
//! their occurrence does. When a timer occurs is said in `timer`, who catches an error in `error`.

use super::{Failure, Step, multi_instance, scope, timer, user_task};
use crate::event::Event;
use crate::ids::Number;
use crate::instance::{ElementInstance, Ready};
use crate::process::{Element, ElementKind, Trigger};
use crate::rejection::Rejection;
use crate::time::Timestamp;

/// What an element waits for beside its work: nothing waits before all of it could be evaluated.
pub(super) struct Waits {
    timers: Vec<(String, Timestamp)>,
}

/// What the boundary events of an activity wait for. A time that cannot be evaluated must fail the activity before its
/// task exists.
pub(super) fn plan(step: &Step<'_>, element: &Element, number: Number) -> Result<Waits, Failure> {
    let mut waits = Waits { timers: Vec::new() };
    if multi_instance::host(step, number) != number {
        // They wait beside all turns, not beside each.
        return Ok(waits);
    }
    for (boundary, event) in step.env.process.boundaries(element) {
        add(step, &mut waits, number, boundary, &event.trigger)?;
    }
    Ok(waits)
}

fn add(step: &Step<'_>, waits: &mut Waits, number: Number, event: &Element, trigger: &Trigger) -> Result<(), Failure> {
    match trigger {
        Trigger::Timer(timer) => {
            if let Some(at) = timer::first(step, timer, number)? {
                waits.timers.push((event.id.clone(), at));
            }
        }
        Trigger::Error(_) => {}
    }
    Ok(())
}

/// Begins to wait for what was planned.
pub(super) fn wait(step: &mut Step<'_>, number: Number, waits: Waits) {
    for (event, at) in waits.timers {
        timer::start(step, number, &event, 1, at);
    }
}

/// The boundary events of an activity begin to wait.
pub(super) fn begin(step: &mut Step<'_>, element: &Element, number: Number) -> Result<(), Failure> {
    let waits = plan(step, element, number)?;
    wait(step, number, waits);
    Ok(())
}

/// An event on a path of its own, or the start event of an event sub-process, begins to wait: for itself.
pub(super) fn begin_own(step: &mut Step<'_>, element: &Element, number: Number) -> Result<(), Failure> {
    let Some((trigger, _)) = element.kind.trigger() else { return Ok(()) };
    let mut waits = Waits { timers: Vec::new() };
    add(step, &mut waits, number, element, trigger)?;
    wait(step, number, waits);
    Ok(())
}

/// An event-based gateway waits for the events behind it.
pub(super) fn begin_first(step: &mut Step<'_>, element: &Element, number: Number) -> Result<(), Failure> {
    let process = step.env.process;
    let mut waits = Waits { timers: Vec::new() };
    for event in process.outgoing(element).filter_map(|flow| process.elements.get(flow.target)) {
        if let Some((trigger, _)) = event.kind.trigger() {
            add(step, &mut waits, number, event, trigger)?;
        }
    }
    wait(step, number, waits);
    Ok(())
}

/// An event occurred that the element instance `number` waited for.
pub(super) fn occurred(step: &mut Step<'_>, number: Number, event: &str) -> Result<(), Rejection> {
    let process = step.env.process;
    let Some(live) = step.state.instance.element(number).cloned() else { return Ok(()) };
    let Some(model) = process.element(event) else { return Ok(()) };
    let interrupting = model.kind.trigger().is_some_and(|(_, interrupting)| interrupting);
    if live.element == event && matches!(model.kind, ElementKind::EventStart(_)) {
        scope::enter_event_sub_process(step, model, live.place(), interrupting);
    } else if live.element == event {
        step.complete(number)?;
    } else if model.kind.as_boundary().is_some() {
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
    let Some(number) = step.next_number() else {
        step.numbers_used_up(ready);
        return;
    };
    step.emit(Event::ElementPassed(ready.activated(number)));
    step.take_flows(event, gateway.place());
}
