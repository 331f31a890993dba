//! What random cases found, each as small as it gets.

use crate::command::{Command, Completion};
use crate::engine::ChildEnd;
use crate::ids::TaskKey;
use crate::instance::InstanceStatus;
use crate::process::{ElementKind, OnTimeout, Trigger};
use crate::tests::dsl::*;
use crate::work_task::State;
use serde_json::json;

/// BPMN 2.0, 13.5.4: an event sub-process is a scope like any other, with event sub-processes of its own.
#[test]
fn an_event_sub_process_in_an_event_sub_process_begins_to_wait_with_it() {
    let process = model("nested")
        .start("start")
        .task("main", work())
        .end("end")
        .flow("start > main > end")
        .on("outer", false, Trigger::Timer(once("PT1H")))
        .task("ask", work())
        .on("inner", true, Trigger::Timer(once("PT2H")))
        .script("remind", "count reminded")
        .flow("inner-start > remind")
        .close()
        .flow("outer-start > ask")
        .close()
        .build();
    let mut world = given(process).started(json!({}));
    world.after("PT1H").fire("outer-start", "outer-start", 1).status(InstanceStatus::Waiting);
    world.after("PT2H").fire("inner-start", "inner-start", 1).accepted();
    assert_eq!((world.variable("reminded"), world.live()), (json!(1), vec!["outer-start", "main"]));
}

/// A retry looks again whether an inclusive join can go on, and does not push it on without the paths it waits for.
#[test]
fn the_retry_of_a_stuck_inclusive_join_says_the_same() {
    let process = model("stuck")
        .start("start")
        .gateway("either")
        .parallel("never")
        .inclusive("join")
        .script("after", "count after")
        .end("end")
        .flow("start > never > join > after > end")
        .flow("start > join")
        .flow("either > never")
        .build();
    let mut world = given(process);
    world.start(json!({})).failed("JOIN_STUCK");
    world.retry().failed("JOIN_STUCK").status(InstanceStatus::Error);
    assert_eq!((world.variable("after"), world.live()), (json!(null), vec!["never", "join"]));
    assert_eq!(world.state().instance.incidents.len(), 2);
}

/// An event sub-process that interrupts nothing is a part of the scope in which it runs, and so is what it throws; one
/// that has interrupted its scope has no handler beside it.
#[test]
fn an_error_in_an_event_sub_process_is_caught_beside_it_unless_it_interrupted_the_scope() {
    for (interrupting, status) in [(false, InstanceStatus::Completed), (true, InstanceStatus::Error)] {
        let process = model("beside")
            .start("start")
            .task("main", work())
            .end("end")
            .flow("start > main > end")
            .on("hourly", interrupting, Trigger::Timer(once("PT1H")))
            .error_end("give-up", "TOO_LATE")
            .flow("hourly-start > give-up")
            .close()
            .on("rescue", true, Trigger::Error(None))
            .script("note", "count rescued")
            .flow("rescue-start > note")
            .close()
            .build();
        let mut world = given(process).started(json!({}));
        world.after("PT1H").fire("hourly-start", "hourly-start", 1).status(status);
        assert_eq!(world.variable("rescued"), if interrupting { json!(null) } else { json!(1) });
    }
}

/// What waits beside a call activity begins to wait once: a retry starts another child, and no timer anew.
#[test]
fn the_retry_of_a_call_starts_no_timer_that_has_fired() {
    let process = model("reminded")
        .start("start")
        .call("ask-them", "another")
        .timer("late", "ask-them", false, once("P1D"))
        .script("remind", "count reminded")
        .end("end")
        .flow("start > ask-them > end")
        .flow("late > remind")
        .build();
    let mut world = given(process).started(json!({}));
    world.after("P1D").fire("ask-them", "late", 1).status(InstanceStatus::Waiting);
    let end = ChildEnd::NotStarted { code: "NOT_DEPLOYED", message: "there is no such process".to_owned() };
    let element = world.element("ask-them");
    world.when(Command::ChildEnded { element, child: None, end }).failed("NOT_DEPLOYED");
    world.retry().status(InstanceStatus::Waiting).effects(&["call Start { element: ElementNumber(2) }"]);
    assert_eq!((world.scheduled(), world.variable("reminded")), (vec![], json!(1)));
}

/// Two turns of an ordinary task, with a time limit beside all of them.
fn limited_turns(then: OnTimeout) -> World {
    let process = model("turns")
        .start("start")
        .task("ask", work())
        .for_each("ask", false, "items", "item")
        .limit("late", "ask", once("P1D"), then)
        .end("end")
        .flow("start > ask > end")
        .build();
    given(process).started(json!({"items": [1, 2]}))
}

/// The day is over.
fn run_out(world: &mut World) -> Then {
    let element = world.state().instance.elements[0].number;
    world.after("P1D").when(Command::FireTimer { element, event: "late".to_owned(), occurrence: 1 })
}

#[test]
fn a_time_limit_that_completes_a_multi_instance_task_leaves_no_turn_behind() {
    let mut world = limited_turns(OnTimeout::Complete("Late".to_owned()));
    run_out(&mut world).status(InstanceStatus::Completed);
    assert!(world.live().is_empty());
    assert!(world.state().work_tasks.values().all(|task| task.state.is_final()));
}

/// A retry looks after the turns that there are and begins none anew.
#[test]
fn the_retry_of_a_multi_instance_activity_goes_on_with_its_turns() {
    let mut world = limited_turns(OnTimeout::Throw);
    run_out(&mut world).failed("TASK_TIMEOUT");
    world.retry().status(InstanceStatus::Waiting);
    assert_eq!(world.live(), ["ask", "ask", "ask"]);
    let open: Vec<TaskKey> = world.state().work_tasks.values().map(|task| task.key).collect();
    for task in open {
        world.when(Command::Complete(Completion { task, action: None, values: vars(json!({})) })).accepted();
    }
    assert_eq!((world.status(), world.reached("end")), (InstanceStatus::Completed, 1));
}

#[test]
fn a_task_that_failed_before_its_time_limit_ran_out_is_opened_by_the_retry() {
    let process = model("twice")
        .start("start")
        .task("ask", work().server_script("throw broken"))
        .limit("late", "ask", once("P1D"), OnTimeout::Throw)
        .flow("start > ask")
        .build();
    let mut world = given(process).started(json!({}));
    world.complete("ask", "Approve", json!({})).failed("SCRIPT_ERROR");
    world.after("P1D").fire("ask", "late", 1).failed("TASK_TIMEOUT");
    world.retry().status(InstanceStatus::Waiting);
    assert_eq!(world.work_task("ask").state, State::Open);
}

#[test]
fn the_retry_of_a_receive_task_waits_for_its_message_once() {
    let process = model("word")
        .start("start")
        .add("hear", ElementKind::ReceiveTask(message("word", None)))
        .limit("late", "hear", once("P1D"), OnTimeout::Throw)
        .flow("start > hear")
        .build();
    let mut world = given(process).started(json!({}));
    world.after("P1D").fire("hear", "late", 1).failed("TASK_TIMEOUT");
    world.retry().status(InstanceStatus::Waiting);
    assert_eq!(world.state().instance.elements[0].subscriptions.len(), 1);
}

/// Of three timers that are due at once the first stops the instance and the last takes what failed away: the path of
/// the one between goes on.
#[test]
fn a_path_that_waits_for_an_incident_goes_on_when_the_same_command_closes_it() {
    let process = model("at-once")
        .start("start")
        .task("ask", work())
        .limit("limit", "ask", once("P1D"), OnTimeout::Throw)
        .timer("remind", "ask", false, once("P2D"))
        .timer("late", "ask", true, once("P3D"))
        .script("reminded", "count reminded")
        .flow("start > ask")
        .flow("remind > reminded")
        .build();
    let mut world = given(process).started(json!({}));
    world.after("P3D").fire("ask", "late", 1).status(InstanceStatus::Completed);
    assert_eq!(world.variable("reminded"), json!(1));
}

/// An inclusive join goes on when nothing else can: also where the time of a command is over before that.
#[test]
fn a_join_waits_for_the_job_when_the_time_is_over_behind_a_time_limit() {
    let process = model("cut")
        .start("start")
        .task("ask", work())
        .limit("limit", "ask", once("P1D"), OnTimeout::Throw)
        .error("late", "ask", true, None)
        .gateway("never")
        .inclusive("join")
        .script("other", "count other")
        .flow("start > ask")
        .end("end")
        .flow("late > join > end")
        .flow("late > other")
        .flow("never > join")
        .build();
    let mut world = given(process).started(json!({}));
    world.scripts.time_is_over_after = Some(2);
    world.after("P1D").fire("ask", "limit", 1).status(InstanceStatus::Running);
    assert_eq!((world.live(), world.reached("other")), (vec!["join"], 0));
    world.go_on().status(InstanceStatus::Completed);
    assert_eq!(world.variable("other"), json!(1));
}

/// A join that could go on at once is not stuck because a path of another scope used up the time before.
#[test]
fn a_join_is_not_stuck_while_paths_of_another_scope_wait_for_a_job() {
    let process = model("two")
        .start("start")
        .sub("here")
        .start("begin")
        .gateway("never")
        .inclusive("join")
        .end("joined")
        .close()
        .sub("there")
        .start("also")
        .script("count", "count ran")
        .close()
        .flow("start > here")
        .flow("start > there")
        .flow("begin > join > joined")
        .flow("never > join")
        .flow("also > count")
        .build();
    let mut world = given(process);
    // What is left is the script there.
    world.scripts.time_is_over_after = Some(6);
    world.start(json!({})).status(InstanceStatus::Running);
    assert_eq!((world.live(), world.variable("ran")), (vec!["here", "there", "join"], json!(null)));
    world.go_on().status(InstanceStatus::Completed);
    assert_eq!((world.reached("joined"), world.variable("ran")), (1, json!(1)));
}
