//! E-12 and T-16: the expiry, its way out, and which of expiry and timer wins.

use super::dsl::*;
use crate::command::Command;
use crate::external_task::Status;
use crate::instance::InstanceStatus;
use crate::process::Process;
use serde_json::json;

fn expiring(after: &str) -> World {
    given(one_task(ticket().expires_after(after).reminders(&["PT1M"]))).started(json!({}))
}

/// E-12 without a way out: an incident.
#[test]
fn an_expiry_without_a_way_out_stops_the_instance() {
    let mut world = expiring("PT1H");
    world
        .after("PT1H")
        .expire("ask")
        .failed("TASK_EXPIRED")
        .events(&[
            "task 1 EXPIRED Expire",
            "variables _errorHistory _lastError",
            "incident TASK_EXPIRED at ask",
            "status ERROR",
        ])
        .effects(&["unschedule expiry 1", "unschedule reminder 1 1"]);
    assert_eq!(world.task("ask").ended_at, Some(world.now));
}

#[test]
fn an_expiry_before_its_time_is_refused() {
    let mut world = expiring("PT1H");
    world.now = world.now.plus_millis(3_600_000 - 1);
    world.expire("ask").refused("TOO_EARLY");
    world.now = world.now.plus_millis(1);
    world.expire("ask").task("ask", Status::Expired);
}

#[test]
fn a_repeated_expiry_is_refused() {
    let mut world = expiring("PT1H");
    world.after("PT1H").expire("ask").accepted();
    world.expire("ask").refused_in("EXPIRED");
    assert_eq!(world.state().instance.incidents.len(), 1);
}

#[test]
fn an_ended_ticket_does_not_expire() {
    let mut world = expiring("PT1H");
    world.submit("ask", "Approve", json!({})).accepted();
    world.after("PT2H").expire("ask").refused_in("COMPLETED");
}

/// An expired ticket then a retry: a new ticket with its own expiry.
#[test]
fn a_retry_after_the_expiry_makes_a_new_ticket() {
    let mut world = expiring("PT1H");
    let first = world.key_of("ask");
    world.after("PT2H").expire("ask").accepted();
    world.retry().status(InstanceStatus::Waiting).events(&["resolved 2", "task 2 created for ask", "status WAITING"]);
    let second = world.task("ask");
    assert_ne!(second.key, first);
    assert_eq!(second.expires_at, Some(world.now.plus_millis(3_600_000)));
    assert_eq!(world.state().tasks[&first.number()].status, Status::Expired);
    world.submit("ask", "Approve", json!({})).status(InstanceStatus::Completed);
}

/// start, `ask` with an expiry and an interrupting timer to `late`, else to `next`.
fn both(expires: &str, timer: &str) -> Process {
    model("both")
        .start("start")
        .task("ask", ticket().expires_after(expires))
        .timer("timeout", "ask", true, once(timer))
        .script("late", "count late")
        .script("next", "count next")
        .flow("start > ask > next")
        .flow("timeout > late")
        .build()
}

/// T-16: the earlier one wins, whichever arrives first; equal times are the expiry's, which leaves by the timer.
#[test]
fn of_expiry_and_interrupting_timer_the_earlier_one_wins() {
    for (expires, timer, status, way_out) in [
        ("PT2H", "PT1H", Status::Cancelled, true),
        ("PT1H", "PT1H", Status::Expired, true),
        ("PT1H", "PT2H", Status::Expired, true),
    ] {
        for timer_first in [true, false] {
            let mut world = given(both(expires, timer)).started(json!({}));
            let element = world.element("ask");
            let fire = Command::FireTimer { element, event: "timeout".to_owned(), occurrence: 1 };
            world.after("PT3H");
            let then = if timer_first { world.when(fire.clone()) } else { world.expire("ask") };
            then.task("ask", status).status(InstanceStatus::Completed);
            if timer_first {
                world.expire("ask").refused_in(status.as_str());
            } else {
                world.when(fire).refused("ALREADY_DONE");
            }
            assert_eq!((world.reached("late"), world.reached("next")), (usize::from(way_out), 0));
        }
    }
}

/// E-12: without a timer that is due the expiry is the error `TASK_EXPIRED`, which always takes the activity away.
#[test]
fn an_error_event_catches_the_expiry() {
    for (code, interrupting) in [(Some("TASK_EXPIRED"), true), (Some("TASK_EXPIRED"), false), (None, true)] {
        let process = model("caught")
            .start("start")
            .task("ask", ticket().expires_after("PT1H"))
            .error("expired", "ask", interrupting, code)
            .end("end")
            .end("too-late")
            .flow("start > ask > end")
            .flow("expired > too-late")
            .build();
        let mut world = given(process).started(json!({}));
        world.after("PT1H").expire("ask").status(InstanceStatus::Completed).task("ask", Status::Expired);
        assert_eq!((world.reached("too-late"), world.reached("end")), (1, 0));
        assert_eq!(world.variable("_lastError")["errorCode"], json!("TASK_EXPIRED"));
    }
}

/// The timer comes later: the ticket expires without a way out. After that the timer has ended.
#[test]
fn a_timer_that_is_not_due_yet_is_no_way_out() {
    let mut world = given(both("PT1H", "PT2H")).started(json!({}));
    let element = world.element("ask");
    world
        .after("PT1H")
        .expire("ask")
        .failed("TASK_EXPIRED")
        .effects(&["unschedule expiry 1", "unschedule timer 2 timeout 1"]);
    let fire = Command::FireTimer { element, event: "timeout".to_owned(), occurrence: 1 };
    world.after("PT1H").when(fire).refused("ALREADY_DONE");
}

#[test]
fn an_early_timer_does_not_expire_the_ticket() {
    let mut world = given(both("PT1H", "PT2H")).started(json!({}));
    world.after("PT1H").fire("ask", "timeout", 1).refused("TOO_EARLY");
    world.fire("ask", "timeout", 2).refused("ALREADY_DONE");
    assert_eq!(world.task("ask").status, Status::Pending);
}

/// A timer beside the task that was due before the expiry has fired before it, whichever arrives first.
#[test]
fn timers_due_before_the_expiry_fire_before_it() {
    let process = model("beside")
        .start("start")
        .task("ask", ticket().expires_after("PT2H"))
        .timer("note", "ask", false, once("PT1H"))
        .timer("after", "ask", false, once("PT2H"))
        .script("noted", "count noted")
        .script("never", "count never")
        .flow("start > ask")
        .flow("note > noted")
        .flow("after > never")
        .build();
    for note_first in [true, false] {
        let mut world = given(process.clone()).started(json!({}));
        world.after("PT3H");
        if note_first {
            world.fire("ask", "note", 1).accepted();
        }
        world.expire("ask").failed("TASK_EXPIRED");
        assert_eq!((world.reached("noted"), world.reached("never")), (1, 0));
    }
}

/// The path of a timer that was due before the expiry ends the instance: nothing is left to expire unanswered.
#[test]
fn a_timer_that_ends_the_instance_leaves_nothing_to_expire() {
    let process = model("stop")
        .start("start")
        .task("ask", ticket().expires_after("PT2H"))
        .timer("note", "ask", false, once("PT1H"))
        .terminate("stop")
        .flow("start > ask")
        .flow("note > stop")
        .build();
    for note_first in [true, false] {
        let mut world = given(process.clone()).started(json!({}));
        world.after("PT3H");
        let then = if note_first { world.fire("ask", "note", 1) } else { world.expire("ask") };
        then.status(InstanceStatus::Completed).task("ask", Status::Expired);
    }
}

/// A cycle that comes round again with the expiry leaves no schedule behind.
#[test]
fn an_expiry_leaves_no_schedule_behind() {
    let process = model("cycle")
        .start("start")
        .task("ask", ticket().expires_after("PT90M").reminders(&["PT30M"]))
        .timer("note", "ask", false, cycle(None, "PT1H"))
        .flow("start > ask")
        .build();
    let mut world = given(process).started(json!({}));
    world.after("PT100M").expire("ask").accepted();
    assert_eq!(world.scheduled(), []);
}

/// A ticket stopped by a failing ServerScript expires too; with a way out the instance goes on.
#[test]
fn a_stopped_ticket_expires_and_its_way_out_ends_the_error() {
    let mut task = ticket().server_script("throw oops").expires_after("PT1H");
    task.external();
    let process = model("both")
        .start("start")
        .task("ask", task)
        .task("other", ticket())
        .timer("timeout", "ask", true, once("PT2H"))
        .script("late", "count late")
        .script("after", "count after")
        .flow("start > ask")
        .flow("start > other > after")
        .flow("timeout > late")
        .build();
    let mut world = given(process).started(json!({}));
    world.submit("ask", "Approve", json!({})).failed("SCRIPT_ERROR");
    world.submit("other", "Approve", json!({})).status(InstanceStatus::Error);
    assert_eq!(world.reached("after"), 0);
    world.after("PT2H").expire("ask").status(InstanceStatus::Completed);
    assert_eq!((world.variable("late"), world.variable("after")), (json!(1), json!(1)));
    assert_eq!(world.task("ask").status, Status::Expired);
}
