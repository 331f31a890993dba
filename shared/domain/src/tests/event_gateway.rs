//! Event-based gateways: the first event wins (BPMN 2.0, 10.6.6).

use super::dsl::*;
use crate::instance::InstanceStatus;
use crate::process::Process;
use serde_json::json;

fn race() -> Process {
    model("race")
        .start("start")
        .first("first")
        .wait("hour", once("PT1H"))
        .wait("day", once("P1D"))
        .end("soon")
        .end("late")
        .flow("start > first > hour > soon")
        .flow("first > day > late")
        .build()
}

#[test]
fn the_first_event_takes_its_path_and_the_others_are_forgotten() {
    let mut world = given(race()).started(json!({}));
    assert_eq!((world.live(), world.scheduled().len()), (vec!["first"], 2));
    world.after("PT1H").fire("first", "hour", 1).status(InstanceStatus::Completed);
    assert_eq!((world.reached("hour"), world.reached("soon"), world.reached("day")), (1, 1, 0));
    assert!(world.scheduled().is_empty());
}

/// The stored time decides: the later timer that arrives first lets the earlier one win.
#[test]
fn the_earlier_event_wins_whichever_arrives_first() {
    let mut world = given(race()).started(json!({}));
    world.after("P2D").fire("first", "day", 1).status(InstanceStatus::Completed);
    assert_eq!((world.reached("soon"), world.reached("late")), (1, 0));
}

#[test]
fn events_that_come_too_early_or_twice_are_refused() {
    let mut world = given(race()).started(json!({}));
    let number = world.element("first");
    let fire =
        |occurrence| crate::command::Command::FireTimer { element: number, event: "hour".to_owned(), occurrence };
    world.when(fire(1)).refused("TOO_EARLY");
    world.after("PT1H").when(fire(2)).refused("ALREADY_DONE");
    world.when(fire(1)).accepted();
    world.when(fire(1)).refused("ALREADY_DONE");
}
