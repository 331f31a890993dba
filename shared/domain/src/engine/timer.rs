//! Timers of events: when they are due, starting, stopping, firing. The stored time decides, never the arrival. What an
//! event's occurrence does is said in `trigger`.

use super::{Failure, Step, trigger};
use crate::effect::{Due, Effect};
use crate::event::Event;
use crate::ids::ElementNumber;
use crate::instance::{ElementInstance, Instance, TimerState};
use crate::process::{Timer, Trigger, When};
use crate::rejection::Rejection;
use crate::time::{Cycle, Duration, InvalidTime, Timestamp};
use crate::value::ValueExpr;
use crate::variables::Variables;
use serde_json::Value;
use std::sync::Arc;

/// Firings of a cycle without a number: a bound, so that no timer runs for ever.
pub const CYCLE_TIMES_MAX: u32 = 1_000;

/// When something is due: a duration from `start`, or the date-time an expression gives.
pub(crate) fn due(when: &When, start: Timestamp, variables: &Variables) -> Result<Timestamp, String> {
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

/// A timer as it begins to wait.
pub(super) struct Planned {
    /// When it fires first.
    pub due: Timestamp,
    /// What its expression gave.
    pub cycle: Option<Box<Cycle>>,
}

/// How a timer that starts now waits; `None` where it never fires.
pub(super) fn plan(step: &Step<'_>, timer: &Timer, number: ElementNumber) -> Result<Option<Planned>, Failure> {
    let now = step.env.now;
    let invalid = |message: String| Failure::new("INVALID_TIMER", message);
    Ok(match timer {
        Timer::Once(when) => {
            Some(Planned { due: due(when, now, &step.variables_at(Some(number))).map_err(invalid)?, cycle: None })
        }
        Timer::Cycle(cycle) => cycle.first(now).map(|due| Planned { due, cycle: None }),
        Timer::CycleOf(expression) => {
            let value = expression.evaluate(&step.variables_at(Some(number)), now);
            let Value::String(text) = &value else {
                return Err(invalid(format!("the cycle is {value}, which is no text such as R3/P1D")));
            };
            let cycle: Cycle = text.parse().map_err(|error: InvalidTime| invalid(error.to_string()))?;
            cycle.first(now).map(|due| Planned { due, cycle: Some(Box::new(cycle)) })
        }
    })
}

pub(super) fn start(step: &mut Step<'_>, element: ElementNumber, event: &str, occurrence: u32, planned: Planned) {
    let Planned { due, cycle } = planned;
    step.emit(Event::TimerStarted { element, event: event.to_owned(), occurrence, due, cycle });
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

/// Orders the firing of every timer that is due once more: one may have been given up while the instance stood still.
pub(crate) fn order_due(step: &mut Step<'_>) {
    let now = step.env.now;
    let of = |live: &Arc<ElementInstance>| {
        let timers = live.timers.iter().filter(|timer| timer.due <= now);
        let due = |timer: &TimerState| {
            let (element, event, occurrence) = (live.number, timer.event.clone(), timer.occurrence);
            Effect::Schedule { due: Due::Timer { element, event, occurrence }, at: timer.due }
        };
        timers.map(due).collect::<Vec<Effect>>()
    };
    let orders: Vec<Effect> = step.state.instance.elements.iter().flat_map(of).collect();
    step.effects.extend(orders);
}

/// The running timers of an element instance that are due now, earliest first, document order among equals.
fn due_now(step: &Step<'_>, number: ElementNumber) -> Vec<TimerState> {
    let Some(live) = step.state.instance.element(number) else { return Vec::new() };
    let mut due: Vec<TimerState> = live.timers.iter().filter(|timer| timer.due <= step.env.now).cloned().collect();
    due.sort_by_key(|timer| (timer.due, step.env.process.index(&timer.event)));
    due
}

/// True where a timer was due when its element was reached: it fires like a job, and nothing has waited before that.
pub(super) fn is_due_at_once(instance: &Instance) -> bool {
    instance.elements.iter().any(|live| live.timers.iter().any(|timer| timer.due <= live.started_at))
}

/// The earliest interrupting timer with a path of its own of an element instance that is due now, document order among
/// equals.
pub(crate) fn interrupting_due(step: &Step<'_>, number: ElementNumber) -> Option<TimerState> {
    let interrupts = |timer: &TimerState| {
        let Some(event) = step.env.process.element(&timer.event) else { return false };
        let leads = event.kind.as_boundary().is_none_or(|boundary| boundary.on_timeout.is_none());
        leads && event.kind.trigger().is_some_and(|(_, interrupting)| interrupting)
    };
    due_now(step, number).into_iter().find(interrupts)
}

/// The timer a firing is about, if the firing is for now: late ones of ended activities, repeated and early ones are
/// ordinary rejections.
pub(crate) fn running(
    step: &Step<'_>,
    number: ElementNumber,
    event: &str,
    occurrence: u32,
) -> Result<TimerState, Rejection> {
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

/// Fires a timer that is due. Those of the same element that were due before it go first, whichever arrives first:
/// an interrupting one among them makes this one void.
pub(crate) fn fire(step: &mut Step<'_>, number: ElementNumber, event: &str) -> Result<(), Rejection> {
    for timer in due_now(step, number) {
        fire_one(step, number, &timer)?;
        if timer.event == event {
            break;
        }
    }
    Ok(())
}

/// Fires the timers of an activity that were due before `limit`.
pub(crate) fn fire_before(step: &mut Step<'_>, number: ElementNumber, limit: Timestamp) -> Result<(), Rejection> {
    for timer in due_now(step, number).into_iter().filter(|timer| timer.due < limit) {
        fire_one(step, number, &timer)?;
    }
    Ok(())
}

/// Fires a timer, unless one before it took its element away, and runs its path: what is due later finds the state
/// that it would have found had everything come in time.
fn fire_one(step: &mut Step<'_>, number: ElementNumber, timer: &TimerState) -> Result<(), Rejection> {
    if step.state.instance.element(number).is_none() {
        return Ok(());
    }
    let (event, occurrence) = (timer.event.clone(), timer.occurrence);
    step.emit(Event::TimerFired { element: number, event, occurrence });
    if let Some(next) = next_firing(step, timer) {
        start(step, number, &timer.event, occurrence + 1, next);
    }
    trigger::occurred(step, number, &timer.event)?;
    step.run()
}

/// The next firing of a cycle that interrupts nothing.
fn next_firing(step: &Step<'_>, fired: &TimerState) -> Option<Planned> {
    let (trigger, interrupting) = step.env.process.element(&fired.event)?.kind.trigger()?;
    let modelled = if let Trigger::Timer(Timer::Cycle(cycle)) = trigger { Some(cycle) } else { None };
    let cycle = fired.cycle.as_deref().or(modelled)?;
    if interrupting || fired.occurrence >= cycle.times.unwrap_or(CYCLE_TIMES_MAX).min(CYCLE_TIMES_MAX) {
        return None;
    }
    let due = cycle.next(fired.due, step.env.now)?;
    Some(Planned { due, cycle: fired.cycle.clone() })
}
