//! Where an instance begins, and when timer start events begin one. Starts no instance itself.

use super::timer;
use crate::command::Start;
use crate::decision::Env;
use crate::effect::{Due, Effect, TimerStart};
use crate::process::{Element, Process, Timer};
use crate::rejection::Rejection;
use crate::time::{Cycle, Timestamp};
use crate::variables::Variables;

/// Firings that are looked through for the next one: those of an interval of a minute in more than a year.
const WALK_MAX: usize = 600_000;

/// What a new version orders when it is deployed: the first firing of each timer start event.
pub fn first_starts(process: &Process, version: u32, now: Timestamp) -> Vec<Effect> {
    let starts = process.timer_starts().filter_map(|(event, timer)| Some((event, first(timer, now)?)));
    starts.map(|(event, at)| schedule(process, version, event, 1, at)).collect()
}

/// When a timer start event of a version that was deployed at `deployed` is due next, seen from now; `None`: it begins no
/// further instance. Firings that come late do not change it, as they keep the rhythm.
pub fn next_timer_start(timer: &Timer, deployed: Timestamp, now: Timestamp) -> Option<Timestamp> {
    // A date that is over is due at once.
    let first = first(timer, deployed)?.max(deployed);
    let ahead = |at: &Timestamp| *at > now;
    match timer {
        Timer::Once(_) | Timer::CycleOf(_) => Some(first).filter(ahead),
        Timer::Cycle(Cycle { times: None, .. }) if ahead(&first) => Some(first),
        Timer::Cycle(cycle @ Cycle { times: None, .. }) => cycle.next(first, now),
        Timer::Cycle(cycle @ Cycle { times: Some(times), .. }) => {
            let times = usize::try_from(*times).unwrap_or(WALK_MAX).min(WALK_MAX);
            std::iter::successors(Some(first), |due| cycle.next(*due, *due)).take(times).find(ahead)
        }
    }
}

/// What the start of an instance by a timer orders: the next firing of the same start event.
pub(crate) fn next_start(env: &Env<'_>, version: u32, fired: &TimerStart) -> Option<Effect> {
    let event = env.process.element(&fired.event)?;
    let cycle: &Cycle = if let Timer::Cycle(cycle) = event.kind.as_timer_start()? { cycle } else { return None };
    if cycle.times.is_some_and(|times| fired.occurrence >= times) {
        return None;
    }
    let at = cycle.next(fired.at, env.now)?;
    Some(schedule(env.process, version, event, fired.occurrence + 1, at))
}

fn first(timer: &Timer, now: Timestamp) -> Option<Timestamp> {
    match timer {
        // No instance, no variables: what a start event waits for stands in the model.
        Timer::Once(when) => timer::due(when, now, &Variables::new()).ok(),
        Timer::Cycle(cycle) => cycle.first(now),
        Timer::CycleOf(_) => None,
    }
}

fn schedule(process: &Process, version: u32, event: &Element, occurrence: u32, at: Timestamp) -> Effect {
    let (process_id, event) = (process.id.clone(), event.id.clone());
    Effect::Schedule { due: Due::Start(Box::new(TimerStart { process_id, version, event, occurrence, at })), at }
}

/// The start event at which a new instance begins.
pub(crate) fn start_event<'p>(process: &'p Process, start: &Start) -> Result<&'p Element, Rejection> {
    let found = match &start.timer {
        Some(timer) => process.element(&timer.event).filter(|event| event.kind.as_timer_start().is_some()),
        None => process.start(),
    };
    found.ok_or_else(|| Rejection::InvalidInput {
        field: "processId".to_owned(),
        code: "NO_START_EVENT",
        message: format!(
            "the process \"{}\" has no start event that a call can start; add a start event without a timer",
            process.id
        ),
    })
}
