//! What an instance waits for beside people and called systems: timers that run, messages and signals.

use super::{Details, name};
use crate::console::instances::Moment;
use crate::format::Zone;
use domain::instance::{Awaited, Instance};
use domain::time::Timestamp;
use serde::Serialize;

#[derive(Serialize)]
pub(super) struct Waiting {
    timers: Vec<TimerView>,
    awaited: Vec<AwaitedView>,
}

#[derive(Serialize)]
struct TimerView {
    name: String,
    on: Option<String>,
    element: String,
    occurrence: u32,
    due: Moment,
}

#[derive(Serialize)]
struct AwaitedView {
    kind: &'static str,
    name: String,
    key: Option<String>,
    /// The event or task that waits.
    event: String,
    /// What it is attached to.
    on: Option<String>,
    since: Moment,
}

impl Waiting {
    pub fn of(details: &Details<'_>, (zone, now): (&Zone, Timestamp)) -> Waiting {
        let named = |id: &str| name(details.process, id);
        let mut timers: Vec<(Timestamp, TimerView)> = Vec::new();
        let mut awaited = Vec::new();
        for element in &details.aggregate.instance.elements {
            // An event on a path of its own is attached to nothing.
            let on = |event: &str| (event != element.element).then(|| named(&element.element));
            timers.extend(element.timers.iter().map(|timer| {
                let view = TimerView {
                    name: named(&timer.event),
                    on: on(&timer.event),
                    element: timer.event.clone(),
                    occurrence: timer.occurrence,
                    due: Moment::short(zone, timer.due, now),
                };
                (timer.due, view)
            }));
            awaited.extend(element.subscriptions.iter().map(|subscription| {
                let (kind, name, key) = match &subscription.to {
                    Awaited::Message { name, key } => ("Message", name.clone(), Some(key.clone())),
                    Awaited::Signal { name } => ("Signal", name.clone(), None),
                };
                AwaitedView {
                    kind,
                    name,
                    key,
                    event: named(&subscription.event),
                    on: on(&subscription.event),
                    since: Moment::short(zone, element.started_at, now),
                }
            }));
        }
        timers.sort_by_key(|(due, _)| *due);
        Waiting { timers: timers.into_iter().map(|(_, view)| view).collect(), awaited }
    }
}

/// How many there are.
pub(super) fn count(instance: &Instance) -> usize {
    timers(instance) + instance.elements.iter().map(|element| element.subscriptions.len()).sum::<usize>()
}

/// How many timers run.
pub(super) fn timers(instance: &Instance) -> usize {
    instance.elements.iter().map(|element| element.timers.len()).sum()
}
