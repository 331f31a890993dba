//! Timers of events, beside an activity or on a path of their own: when they are due, starting, stopping, firing. The
//! stored time decides, never the arrival.

use super::{Failure, Step, user_task};
use crate::effect::{Due, Effect};
use crate::event::Event;
use crate::ids::Number;
use crate::instance::{ElementInstance, TimerState};
use crate::process::{BoundaryEvent, Element, Timer, Trigger, When};
use crate::rejection::Rejection;
use crate::time::{Duration, Timestamp};
use crate::value::ValueExpr;
use crate::variables::Variables;
use serde_json::Value;

/// Firings of a cycle without a number: a bound, so that no timer runs for ever.
pub const CYCLE_TIMES_MAX: u32 = 1_000;

/// When something is due: a duration from `start`, or the date-time an expression gives.
pub(super) fn due(when: &When, start: Timestamp, variables: &Variables) -> Result<Timestamp, String> {
    match when {
        When::After(duration) => Ok(duration.after(start)),
        When::Expression(expression) => due_of_value(expression, start, variables),
    }
}

fn due_of_value(expression: &ValueExpr, start: Timestamp, variables: &Variables) -> Result<Timestamp, String> {
    let value = expression.evaluate(variables, start);
    let Value::String(text) = &value else {
        return Err(format!("the time is {value}, which is neither a duration nor a date and time"));
    };
    if let Ok(duration) = text.parse::<Duration>() {
        return Ok(duration.after(start));
    }
    text.parse::<Timestamp>()
        .map_err(|_| format!("the time is \"{text}\", which is neither a duration nor a date and time"))
}

/// The first firings of the timers of an activity's boundary events. Nothing is started: a time that cannot be
/// evaluated must fail the activity before its task exists.
pub(super) fn plan(step: &Step<'_>, element: &Element) -> Result<Vec<(String, Timestamp)>, Failure> {
    step.env
        .process
        .boundaries(element)
        .filter(|(_, event)| {
            let Trigger::Timer(timer) = &event.trigger;
            !matches!(timer, Timer::Cycle { times: Some(0), .. })
        })
        .map(|(boundary, event)| {
            let Trigger::Timer(timer) = &event.trigger;
            Ok((boundary.id.clone(), first(step, timer)?))
        })
        .collect()
}

/// When a timer that starts now fires first.
fn first(step: &Step<'_>, timer: &Timer) -> Result<Timestamp, Failure> {
    let now = step.env.now;
    match timer {
        Timer::Once(when) => {
            due(when, now, &step.state.instance.variables).map_err(|message| Failure::new("INVALID_TIMER", message))
        }
        Timer::Cycle { start: Some(start), .. } => Ok(*start),
        Timer::Cycle { start: None, every, .. } => Ok(every.after(now)),
    }
}

/// An intermediate event waits: its timer hangs on its own element instance.
pub(super) fn wait(step: &mut Step<'_>, element: &Element, trigger: &Trigger, number: Number) -> Result<(), Failure> {
    let Trigger::Timer(timer) = trigger;
    let at = first(step, timer)?;
    start(step, number, &element.id, 1, at);
    Ok(())
}

pub(super) fn start(step: &mut Step<'_>, element: Number, event: &str, occurrence: u32, due: Timestamp) {
    step.emit(Event::TimerStarted { element, event: event.to_owned(), occurrence, due });
    step.effect(Effect::Schedule { due: Due::Timer { element, event: event.to_owned(), occurrence }, at: due });
}

/// Orders the schedules of an element instance's timers away. The state forgets them with the element or its task.
pub(super) fn stop_all(step: &mut Step<'_>, instance: &ElementInstance) {
    for timer in &instance.timers {
        step.effect(Effect::Unschedule {
            due: Due::Timer { element: instance.number, event: timer.event.clone(), occurrence: timer.occurrence },
        });
    }
}

/// The running timers of an element instance that are due now, earliest first, document order among equals.
fn due_now<'a>(step: &Step<'a>, number: Number) -> Vec<(TimerState, &'a BoundaryEvent)> {
    let process = step.env.process;
    let Some(instance) = step.state.instance.element(number) else { return Vec::new() };
    let Some(element) = process.element(&instance.element) else { return Vec::new() };
    let mut due: Vec<(TimerState, &BoundaryEvent)> = process
        .boundaries(element)
        .filter_map(|(boundary, event)| {
            let timer = instance.timers.iter().find(|timer| timer.event == boundary.id)?;
            (timer.due <= step.env.now).then(|| (timer.clone(), event))
        })
        .collect();
    due.sort_by_key(|(timer, _)| timer.due);
    due
}

/// The earliest interrupting timer of an element instance that is due now, document order among equals.
pub(crate) fn interrupting_due(step: &Step<'_>, number: Number) -> Option<TimerState> {
    due_now(step, number).into_iter().find(|(_, event)| event.interrupting).map(|(timer, _)| timer)
}

/// The timer a firing is about, if the firing is for now: late ones of ended activities, repeated and early ones are
/// ordinary rejections.
pub(crate) fn running(step: &Step<'_>, number: Number, event: &str, occurrence: u32) -> Result<TimerState, Rejection> {
    let instance = step.state.instance.element(number).ok_or(Rejection::AlreadyDone)?;
    let mut timers = instance.timers.iter();
    let timer = timers
        .find(|timer| timer.event == event && timer.occurrence == occurrence)
        .cloned()
        .ok_or(Rejection::AlreadyDone)?;
    if step.env.now < timer.due {
        return Err(Rejection::TooEarly { due: timer.due });
    }
    Ok(timer)
}

/// Fires a timer that is due. Those of the same activity that were due before it go first, whichever arrives first:
/// an interrupting one among them makes this one void. The timer of an intermediate event ends its wait.
pub(crate) fn fire(step: &mut Step<'_>, number: Number, event: &str) -> Result<(), Rejection> {
    let own = step.state.instance.element(number).filter(|live| live.element == event);
    if let Some(timer) = own.and_then(|live| live.timers.iter().find(|timer| timer.event == event)) {
        let (event, occurrence) = (timer.event.clone(), timer.occurrence);
        step.emit(Event::TimerFired { element: number, event, occurrence });
        step.complete(number);
        return step.run();
    }
    for (timer, model) in due_now(step, number) {
        fire_one(step, number, &timer, model)?;
        if timer.event == event {
            break;
        }
    }
    Ok(())
}

/// Fires the timers of an activity that were due before `limit`.
pub(crate) fn fire_before(step: &mut Step<'_>, number: Number, limit: Timestamp) -> Result<(), Rejection> {
    for (timer, model) in due_now(step, number).into_iter().filter(|(timer, _)| timer.due < limit) {
        fire_one(step, number, &timer, model)?;
    }
    Ok(())
}

/// Fires a timer, unless one before it took its activity away, and runs its path: what is due later finds the state
/// that it would have found had everything come in time.
fn fire_one(step: &mut Step<'_>, number: Number, timer: &TimerState, model: &BoundaryEvent) -> Result<(), Rejection> {
    let Some(instance) = step.state.instance.element(number).cloned() else { return Ok(()) };
    let (event, occurrence) = (timer.event.clone(), timer.occurrence);
    let Trigger::Timer(model_timer) = &model.trigger;
    step.emit(Event::TimerFired { element: number, event, occurrence });
    if model.interrupting {
        // Interrupted when the timer was due, even where the ticket has expired since (T-16).
        if let Some(task) = instance.task {
            user_task::interrupt(step, task);
        }
        step.terminate(number);
    } else if let Some(next) = next_firing(model_timer, timer, step.env.now) {
        start(step, number, &timer.event, occurrence + 1, next);
    }
    step.enter(&timer.event, instance.scope);
    step.run()
}

/// The next firing of a cycle. Firings missed while nothing ran fold into one.
fn next_firing(model: &Timer, fired: &TimerState, now: Timestamp) -> Option<Timestamp> {
    let Timer::Cycle { times, every, .. } = model else { return None };
    if fired.occurrence >= times.unwrap_or(CYCLE_TIMES_MAX).min(CYCLE_TIMES_MAX) {
        return None;
    }
    let next = every.after(fired.due);
    Some(if next <= now { every.after(now) } else { next })
}
