//! Timer start events: what a deployment orders, what each firing begins and orders next (S4-108).

use super::dsl::*;
use crate::command::{Command, Start};
use crate::effect::{Due, Effect, TimerStart};
use crate::engine::{first_starts, next_timer_start};
use crate::event::Event;
use crate::ids::ElementNumber;
use crate::instance::InstanceStatus;
use crate::process::{Process, Timer, When};
use crate::time::Timestamp;
use crate::value::ValueExpr;
use serde_json::json;

fn nightly(cycle: &str) -> Process {
    model("nightly")
        .timer_start("night", Timer::Cycle(cycle.parse().unwrap()))
        .script("count", "count ran")
        .task("ask", ticket())
        .flow("night > count > ask")
        .build()
}

fn due(effect: &Effect) -> TimerStart {
    let Effect::Schedule { due: Due::Start(start), at } = effect else { panic!("{effect:?}") };
    assert_eq!(*at, start.at);
    start.as_ref().clone()
}

fn fire(world: &mut World, fired: TimerStart) -> Then {
    world.when(Command::Start(Start { timer: Some(fired), ..Start::new(key(), "nightly".to_owned(), 1) }))
}

fn ordered(then: &Then) -> Vec<TimerStart> {
    let starts = |effect: &&Effect| matches!(effect, Effect::Schedule { due: Due::Start(_), .. });
    then.accepted().effects.iter().filter(starts).map(due).collect()
}

#[test]
fn a_deployment_orders_the_first_firing_of_each_timer() {
    let now = "2026-03-09T09:00:00Z".parse().unwrap();
    let literal = |text: &str| Timer::Once(When::Expression(ValueExpr::Literal(text.to_owned())));
    let process = model("several")
        .start("by hand")
        .timer_start("cron", Timer::Cycle("0 2 * * *".parse().unwrap()))
        .timer_start("cycle", Timer::Cycle("R2/PT1H".parse().unwrap()))
        .timer_start("date", literal("2026-12-24T18:00:00Z"))
        .timer_start("soon", once("PT5M"))
        .timer_start("over", Timer::Cycle("R/P1D/2026-01-01T00:00:00Z".parse().unwrap()))
        .script("count", "count ran")
        .flow("by hand > count")
        .flow("cron > count")
        .flow("cycle > count")
        .flow("date > count")
        .flow("soon > count")
        .flow("over > count")
        .build();
    let ordered: Vec<String> = first_starts(&process, 7, now)
        .iter()
        .map(due)
        .map(|start| {
            format!("{} {} {} {} {}", start.process_id, start.version, start.event, start.occurrence, start.at)
        })
        .collect();
    assert_eq!(
        ordered,
        [
            "several 7 cron 1 2026-03-10T02:00:00.000Z",
            "several 7 cycle 1 2026-03-09T10:00:00.000Z",
            "several 7 date 1 2026-12-24T18:00:00.000Z",
            "several 7 soon 1 2026-03-09T09:05:00.000Z",
        ]
    );
}

#[test]
fn each_firing_begins_an_instance_and_orders_the_next() {
    let process = nightly("R2/P1D");
    let mut world = given(process.clone());
    let first = due(&first_starts(&process, 1, world.now)[0]);
    fire(&mut world, first.clone()).refused("TOO_EARLY");
    world.now = first.at.plus_millis(500);
    let then = fire(&mut world, first.clone());
    then.status(InstanceStatus::Waiting);
    assert_eq!(world.variable("ran"), json!(1));
    assert!(
        matches!(&then.accepted().events[0], Event::InstanceStarted(started) if started.timer.as_deref() == Some("night"))
    );
    let next = ordered(&then);
    assert_eq!(next, [TimerStart { occurrence: 2, at: first.at.plus_millis(86_400_000), ..first }]);

    let mut world = given(process);
    world.now = next[0].at;
    assert_eq!(ordered(&fire(&mut world, next[0].clone())), [], "R2 begins two instances");
}

/// What people are told agrees with what happens.
#[test]
fn the_next_firing_can_be_told_without_the_chain() {
    let deployed: Timestamp = "2026-03-02T09:00:00Z".parse().unwrap();
    for (text, firings) in
        [("R3/PT1H", 3), ("R/P1D", 9), ("0 2 * * *", 9), ("R9/P1M", 9), ("R/P1D/2026-03-05T12:00:00Z", 3)]
    {
        let process = nightly(text);
        let timer = process.timer_starts().next().unwrap().1.clone();
        let mut fired = first_starts(&process, 1, deployed).first().map(due);
        let mut now = deployed;
        for _ in 0..firings {
            let told = next_timer_start(&timer, deployed, now);
            let start = fired.take().expect(text);
            assert_eq!(told, Some(start.at), "{text}");
            now = start.at;
            let mut world = given(process.clone());
            world.now = now;
            fired = ordered(&fire(&mut world, start)).pop();
        }
        assert_eq!(next_timer_start(&timer, deployed, now), fired.map(|next| next.at), "{text}");
    }
    let once = Timer::Once(When::After("PT5M".parse().unwrap()));
    assert_eq!(next_timer_start(&once, deployed, deployed), Some(deployed.plus_millis(300_000)));
    assert_eq!(next_timer_start(&once, deployed, deployed.plus_millis(300_000)), None);
    let over = Timer::Once(When::Expression(ValueExpr::Literal("2020-01-01T00:00:00Z".to_owned())));
    assert_eq!(next_timer_start(&over, deployed, deployed.plus_millis(-1)), Some(deployed), "at once");
    assert_eq!(next_timer_start(&over, deployed, deployed), None);
}

/// Firings that nobody carried out while nothing ran fold into the one that comes late.
#[test]
fn a_late_firing_keeps_the_rhythm() {
    let process = nightly("0 2 * * *");
    let mut world = given(process.clone());
    let first = due(&first_starts(&process, 1, world.now)[0]);
    world.now = first.at.plus_millis(3 * 86_400_000 + 1);
    let next = ordered(&fire(&mut world, first.clone()));
    assert_eq!(next.iter().map(|next| next.at).collect::<Vec<Timestamp>>(), [first.at.plus_millis(4 * 86_400_000)]);
}

/// What a timer begins must not end the timer: an instance that fails has its incident, and the next one comes.
#[test]
fn a_failing_instance_does_not_stop_the_timer() {
    let process = model("nightly")
        .timer_start("night", Timer::Cycle("R/P1D".parse().unwrap()))
        .script("broken", "throw always")
        .flow("night > broken")
        .build();
    let mut world = given(process.clone());
    let first = due(&first_starts(&process, 1, world.now)[0]);
    world.now = first.at;
    let then = fire(&mut world, first);
    then.status(InstanceStatus::Error);
    assert_eq!(world.state().instance.incidents[0].element_number, ElementNumber(2));
    assert_eq!(ordered(&then).len(), 1);
}

#[test]
fn a_call_starts_at_the_start_event_without_timer_only() {
    let mut world = given(nightly("R/P1D"));
    world.start(json!({})).refused("NO_START_EVENT");
    let both = model("both")
        .start("by hand")
        .timer_start("night", Timer::Cycle("R/P1D".parse().unwrap()))
        .script("count", "count ran")
        .flow("by hand > count")
        .flow("night > count")
        .build();
    let mut world = given(both);
    assert_eq!(ordered(&world.start(json!({}))), []);
    assert_eq!((world.reached("by hand"), world.reached("night")), (1, 0));
}
