//! Intermediate timer events: a path waits for its own timer.

use super::dsl::*;
use crate::command::Command;
use crate::instance::InstanceStatus;
use crate::process::{Process, Timer, When};
use serde_json::json;

fn rests(timer: Timer) -> Process {
    model("rests").start("start").wait("rest", timer).end("end").flow("start > rest > end").build()
}

fn fire(world: &World) -> Command {
    let live = world.state().instance.elements.first().expect("it waits");
    Command::FireTimer { element: live.number, event: "rest".to_owned(), occurrence: 1 }
}

#[test]
fn a_path_waits_for_its_timer_and_goes_on() {
    let mut world = given(rests(once("PT8H")));
    world
        .start(json!({}))
        .status(InstanceStatus::Waiting)
        .effects(&["schedule timer 2 rest 1 at 2026-03-02T17:00:00.000Z"]);
    let fire = fire(&world);
    world.after("PT7H").when(fire.clone()).refused("TOO_EARLY");
    world.after("PT1H").when(fire.clone()).status(InstanceStatus::Completed).events(&[
        "fired rest 1",
        "completed element 2",
        "passed end",
        "status COMPLETED",
    ]);
    world.when(fire).refused("ALREADY_DONE");
}

/// D-11: a time that cannot be evaluated is an incident; corrected data and a retry start the timer.
#[test]
fn a_time_that_is_none_is_an_incident_until_a_retry() {
    let mut world = given(rests(Timer::Once(When::Expression(value("context.until")))));
    world.start(json!({"until": "soon"})).failed("INVALID_TIMER");
    world.retry_with(json!({"until": "PT5M"})).status(InstanceStatus::Waiting);
    world.after("PT5M");
    let fire = fire(&world);
    world.when(fire).status(InstanceStatus::Completed);
}

/// Only the first time of a cycle counts.
#[test]
fn a_cycle_waits_once() {
    let mut world = given(rests(cycle(Some(3), "PT1H"))).started(json!({}));
    world.after("PT3H");
    let fire = fire(&world);
    world.when(fire).status(InstanceStatus::Completed);
    assert!(world.scheduled().is_empty());
}

/// I-07: what is taken away needs its schedule no more.
#[test]
fn a_cancel_orders_the_schedule_away() {
    let mut world = given(rests(once("PT8H"))).started(json!({}));
    world
        .when(Command::CancelInstance { reason: None })
        .status(InstanceStatus::Cancelled)
        .effects(&["unschedule timer 2 rest 1"]);
}

/// A join waits for a rest on one path and a person on the other.
#[test]
fn a_rest_and_a_person_meet_at_a_join() {
    let process = model("meet")
        .start("start")
        .parallel("split")
        .wait("rest", once("PT8H"))
        .task("ask", ticket())
        .parallel("join")
        .end("end")
        .flow("start > split > rest > join > end")
        .flow("split > ask > join")
        .build();
    let mut world = given(process).started(json!({}));
    world.submit("ask", "Approve", json!({})).status(InstanceStatus::Waiting);
    world.after("PT8H");
    let rest = world.state().instance.elements.iter().find(|live| live.element == "rest").expect("it waits").number;
    let fire = Command::FireTimer { element: rest, event: "rest".to_owned(), occurrence: 1 };
    world.when(fire).status(InstanceStatus::Completed);
}
