//! Timers of boundary events: when they are due, starting, stopping, firing. The stored time decides, never the arrival.

use super::{Failure, Step};
use crate::effect::{Due, Effect};
use crate::event::Event;
use crate::ids::Number;
use crate::instance::{ElementInstance, TimerState};
use crate::process::{Element, ElementKind, Timer, Trigger, When};
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
    let now = step.env.now;
    step.env
        .process
        .boundaries(element)
        .map(|(boundary, event)| {
            let Trigger::Timer(timer) = &event.trigger;
            let at = match timer {
                Timer::Once(when) => due(when, now, &step.state.instance.variables)
                    .map_err(|message| Failure::new("INVALID_TIMER", message))?,
                Timer::Cycle { start: Some(start), .. } => *start,
                Timer::Cycle { start: None, every, .. } => every.after(now),
            };
            Ok((boundary.id.clone(), at))
        })
        .collect()
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

/// The earliest interrupting timer of an element instance that is due now, document order among equals.
pub(crate) fn interrupting_due(step: &Step<'_>, number: Number) -> Option<TimerState> {
    let instance = step.state.instance.element(number)?;
    let element = step.env.process.element(&instance.element)?;
    let mut first: Option<&TimerState> = None;
    for (boundary, event) in step.env.process.boundaries(element) {
        let timer = instance.timers.iter().find(|timer| timer.event == boundary.id);
        if let Some(timer) = timer.filter(|timer| event.interrupting && timer.due <= step.env.now)
            && first.is_none_or(|first| timer.due < first.due)
        {
            first = Some(timer);
        }
    }
    first.cloned()
}

/// A timer is said to be due. Late, repeated and deleted firings are ordinary rejections.
pub(crate) fn fire(step: &mut Step<'_>, number: Number, event: &str, occurrence: u32) -> Result<(), Rejection> {
    let instance = step.state.instance.element(number).cloned().ok_or(Rejection::AlreadyDone)?;
    let timer = instance
        .timers
        .iter()
        .find(|timer| timer.event == event && timer.occurrence == occurrence)
        .cloned()
        .ok_or(Rejection::AlreadyDone)?;
    if step.env.now < timer.due {
        return Err(Rejection::TooEarly { due: timer.due });
    }
    let process = step.env.process;
    let boundary = process.element(event).ok_or(Rejection::AlreadyDone)?;
    let ElementKind::BoundaryEvent(model) = &boundary.kind else { return Err(Rejection::AlreadyDone) };
    let Trigger::Timer(model_timer) = &model.trigger;
    step.emit(Event::TimerFired { element: number, event: event.to_owned(), occurrence });
    if model.interrupting {
        step.terminate(number);
    } else if let Some(next) = next_firing(model_timer, &timer, step.env.now) {
        start(step, number, event, occurrence + 1, next);
    }
    step.enter(event, instance.scope);
    Ok(())
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
