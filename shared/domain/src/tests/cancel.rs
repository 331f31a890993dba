//! E-10, E-11 and I-07: cancelling a ticket or its instance stops everything in it (S0-41 to S0-44).

use super::dsl::*;
use crate::command::Command;
use crate::external_task::Status;
use crate::instance::InstanceStatus;
use serde_json::json;

/// Two tickets with all kinds of schedules.
fn two_tasks() -> World {
    let task = || ticket().expires_after("P7D").reminders(&["P1D"]);
    let process = model("two")
        .start("start")
        .task("a", task())
        .task("b", task())
        .timer("late", "a", true, once("P2D"))
        .timer("note", "b", false, cycle(None, "PT6H"))
        .end("end")
        .flow("start > a > end")
        .flow("start > b > end")
        .flow("late > end")
        .flow("note > end")
        .build();
    given(process).started(json!({}))
}

#[track_caller]
fn nothing_is_left(world: &World) {
    let instance = &world.state().instance;
    assert_eq!(instance.status, InstanceStatus::Cancelled);
    assert_eq!(instance.ended_at, Some(world.now));
    assert!(instance.elements.is_empty() && instance.ready.is_empty() && instance.incidents.is_empty());
    assert!(world.state().tasks.values().all(|task| task.status.is_final()));
    assert_eq!(world.scheduled(), []);
}

/// E-10, S0-41, S0-42, invariant 16
#[test]
fn cancelling_a_ticket_cancels_the_whole_instance() {
    let mut world = two_tasks();
    world.cancel_task("a").status(InstanceStatus::Cancelled).events(&[
        "task 1 CANCELLED Cancel",
        "terminated element 2",
        "task 2 CANCELLED Interrupt",
        "terminated element 3",
        "status CANCELLED",
    ]);
    nothing_is_left(&world);
    assert_eq!(world.task("a").ended_at, Some(world.now));
    assert_eq!(world.task("a").completed_at, None);
}

#[test]
fn cancelling_orders_every_schedule_away() {
    let mut world = two_tasks();
    world.cancel_task("a").effects(&[
        "unschedule expiry 1",
        "unschedule reminder 1 1",
        "unschedule timer 2 late 1",
        "unschedule expiry 2",
        "unschedule reminder 2 1",
        "unschedule timer 3 note 1",
    ]);
}

/// I-07
#[test]
fn cancelling_the_instance_interrupts_every_ticket() {
    let mut world = two_tasks();
    world.when(Command::CancelInstance { reason: Some("mistake".to_owned()) }).events(&[
        "reason mistake",
        "task 1 CANCELLED Interrupt",
        "terminated element 2",
        "task 2 CANCELLED Interrupt",
        "terminated element 3",
        "status CANCELLED",
    ]);
    nothing_is_left(&world);
}

/// I-07 from Error: incidents and waiting flows go too.
#[test]
fn an_instance_in_error_can_be_cancelled() {
    let process = model("error")
        .start("start")
        .task("ask", ticket().expires_after("P1D"))
        .condition("which", "return null")
        .end("end")
        .flow("start > which > end")
        .flow("start > ask > end")
        .build();
    let mut world = given(process);
    world.start(json!({})).failed("NO_FLOW");
    assert_eq!(world.state().instance.ready.len(), 1);
    world.cancel().accepted();
    nothing_is_left(&world);
}

/// I-07 from Running: what waited for a job is forgotten, the job finds nothing to do.
#[test]
fn a_running_instance_can_be_cancelled() {
    let process = model("loop").start("start").script("a", "count n").flow("start > a > a").build();
    let mut world = given(process);
    world.start(json!({})).status(InstanceStatus::Running);
    world.cancel().accepted();
    nothing_is_left(&world);
    world.go_on().refused("ALREADY_DONE");
}

/// Completed and Cancelled are absorbing.
#[test]
fn an_ended_instance_takes_no_command() {
    let ended = |cancelled: bool| {
        let process = model("two").start("start").task("ask", ticket().expires_after("P1D")).timer(
            "late",
            "ask",
            true,
            once("P2D"),
        );
        let mut world = given(process.flow("start > ask").build()).started(json!({}));
        let element = world.element("ask");
        if cancelled {
            world.cancel().accepted();
        } else {
            world.submit_as("ask", "Approve", json!({}), "s-0").accepted();
        }
        (world, element)
    };
    for (cancelled, state) in [(true, "CANCELLED"), (false, "COMPLETED")] {
        let (mut world, element) = ended(cancelled);
        world.after("P3D");
        world.cancel().refused_in(state);
        world.cancel_task("ask").refused_in(state);
        world.retry().refused_in(state);
        world.go_on().refused("ALREADY_DONE");
        world.expire("ask").refused_in(state);
        world.submit("ask", "Approve", json!({})).refused_in(state);
        world.when(Command::FireTimer { element, event: "late".to_owned(), occurrence: 1 }).refused("ALREADY_DONE");
    }
}

/// The stored time decides: a ticket whose time has passed was expired when the instance was cancelled.
#[test]
fn a_ticket_whose_time_has_passed_has_expired_and_is_not_cancelled() {
    let process = model("two")
        .start("start")
        .task("a", ticket().expires_after("PT1H"))
        .task("b", ticket())
        .flow("start > a")
        .flow("start > b")
        .build();
    let mut world = given(process).started(json!({}));
    world.after("PT1H").cancel_task("a").refused_in("EXPIRED");
    world.cancel_task("b").task("a", Status::Expired).task("b", Status::Cancelled);
    nothing_is_left(&world);
}
