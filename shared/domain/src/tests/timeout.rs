//! Time limits that lead to no path: the activity fails, or its task is completed (D-05; S4-61, S4-62).

use super::dsl::*;
use crate::command::Command;
use crate::external_task::Status;
use crate::instance::InstanceStatus;
use crate::process::{ElementKind, OnTimeout, Process, TaskProfile, Timer, UserTask, When};
use crate::work_task::State;
use serde_json::json;

fn limited(task: UserTask, then: OnTimeout) -> Process {
    let day = Timer::Once(When::After("P1D".parse().unwrap()));
    model("limited")
        .start("start")
        .task("ask", task)
        .limit("ask__timeout", "ask", day, then)
        .error("late", "ask", false, Some("TASK_TIMEOUT"))
        .end("end")
        .end("too-late")
        .flow("start > ask > end")
        .flow("late > too-late")
        .build()
}

fn uncaught(task: UserTask) -> Process {
    let day = Timer::Once(When::After("P1D".parse().unwrap()));
    model("limited")
        .start("start")
        .task("ask", task)
        .limit("ask__timeout", "ask", day, OnTimeout::Throw)
        .end("end")
        .flow("start > ask > end")
        .build()
}

/// An event that catches the error takes its path; one that interrupts nothing leaves the task open, now without limit.
#[test]
fn a_time_limit_without_target_throws_an_error() {
    let mut world = given(limited(ticket(), OnTimeout::Throw)).started(json!({}));
    world.after("P1D").fire("ask", "ask__timeout", 1).status(InstanceStatus::Waiting).task("ask", Status::Pending);
    assert_eq!(world.reached("too-late"), 1);
    assert_eq!(world.variable("_lastError")["errorCode"], json!("TASK_TIMEOUT"));
    world.fire("ask", "ask__timeout", 1).refused("ALREADY_DONE");
    world.submit("ask", "Approve", json!({})).status(InstanceStatus::Completed);
}

/// Caught by nobody it is an incident; the task fails, and a retry opens it again.
#[test]
fn a_time_limit_that_nobody_catches_is_an_incident() {
    let mut world = given(uncaught(work())).started(json!({}));
    world.after("P1D").fire("ask", "ask__timeout", 1).failed("TASK_TIMEOUT").status(InstanceStatus::Error);
    assert_eq!(world.work_task("ask").state, State::Failed);
    world.retry().status(InstanceStatus::Waiting);
    assert_eq!(world.work_task("ask").state, State::Open);
    world.complete("ask", "Done", json!({})).status(InstanceStatus::Completed);
}

/// S4-61: whoever is asked again has the whole time once more, whatever waits: a task, a message, turns. Its schedule is
/// another one than that which fired.
#[test]
fn a_retry_after_a_time_limit_begins_the_time_again() {
    let hear = ElementKind::ReceiveTask(message("word", None));
    let task = |task| ElementKind::UserTask(Box::new(task));
    for (kind, turns) in [(hear, false), (task(work()), false), (task(ticket()), false), (task(work()), true)] {
        let mut process = model("limited").start("start").add("ask", kind).add("beside", ElementKind::Task);
        if turns {
            process = process.for_each("ask", false, "items", "item");
        }
        let process = process
            .limit("late", "ask", once("P1D"), OnTimeout::Throw)
            .timer("remind", "ask", false, once("PT1H"))
            .flow("start > ask")
            .flow("remind > beside")
            .build();
        let mut world = given(process).started(json!({"items": [1, 2]}));
        let element = world.state().instance.elements[0].number;
        let ran_out = |occurrence| Command::FireTimer { element, event: "late".to_owned(), occurrence };
        world.after("P1D").when(ran_out(1)).failed("TASK_TIMEOUT");
        world.state.as_mut().unwrap().instance.version = 2;
        world.forget_journal();
        world.retry().status(InstanceStatus::Waiting);
        let timers = &world.state().instance.elements[0].timers;
        let running: Vec<(&str, u32)> = timers.iter().map(|timer| (timer.event.as_str(), timer.occurrence)).collect();
        assert_eq!(running, [("late", 3)], "what has fired beside it does not fire again");
        assert_eq!(world.scheduled().len(), 1);
        world.when(ran_out(1)).refused("ALREADY_DONE");
        world.after("PT23H").when(ran_out(3)).refused("TOO_EARLY");
        world.after("PT1H").when(ran_out(3)).failed("TASK_TIMEOUT");
    }
}

/// The named action is taken by `system`, without ServerScript and without values; a late answer is too late.
#[test]
fn a_time_limit_takes_the_action_it_names() {
    for task in [ticket().server_script("throw never"), work().server_script("throw never")] {
        let external = matches!(task.profile, TaskProfile::External(_));
        let mut world = given(limited(task, OnTimeout::Complete("Reject".to_owned()))).started(json!({}));
        world.after("P1D").fire("ask", "ask__timeout", 1).status(InstanceStatus::Completed);
        assert_eq!(world.reached("end"), 1);
        assert_eq!((world.variable("userAction"), world.variable("currentUser")), (json!("Reject"), json!("system")));
        let outcome = if external {
            world.state().tasks.values().next().map(|task| task.outcome.clone())
        } else {
            world.state().work_tasks.values().next().map(|task| task.outcome.clone())
        };
        assert_eq!(outcome, Some(Some("Reject".to_owned())));
    }
}

/// Of expiry and time limit the earlier one counts: where both are over, the path is not lost at an event without flows.
#[test]
fn a_time_limit_is_no_way_out_of_an_expired_ticket() {
    let process = uncaught(ticket().expires_after("PT1H"));
    for command in ["expire", "fire"] {
        let mut world = given(process.clone()).started(json!({}));
        world.after("P2D");
        let then = if command == "expire" { world.expire("ask") } else { world.fire("ask", "ask__timeout", 1) };
        then.failed("TASK_EXPIRED");
        world.retry().status(InstanceStatus::Waiting);
        world.submit("ask", "Approve", json!({})).status(InstanceStatus::Completed);
    }
}
