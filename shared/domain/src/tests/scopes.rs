//! Sub-processes and event sub-processes: when their scopes open, end and are taken away (BPMN semantics, "Elements").

use super::dsl::*;
use crate::external_task::Status;
use crate::instance::InstanceStatus;
use crate::process::{Process, Trigger};
use serde_json::json;

/// start > sub(in > a | b > out) > after > end, with an interrupting timer on the sub-process.
fn review() -> Process {
    model("review")
        .start("start")
        .sub("sub")
        .start("in")
        .task("a", ticket())
        .task("b", ticket())
        .end("out")
        .flow("in > a > out")
        .flow("in > b > out")
        .close()
        .timer("late", "sub", true, once("P1D"))
        .task("after", ticket())
        .end("end")
        .end("too-late")
        .flow("start > sub > after > end")
        .flow("late > too-late")
        .build()
}

#[test]
fn a_sub_process_ends_when_its_last_path_has_ended() {
    let mut world = given(review()).started(json!({}));
    assert_eq!(world.live(), ["sub", "a", "b"]);
    world.submit("b", "Approve", json!({})).status(InstanceStatus::Waiting);
    assert_eq!(world.live(), ["sub", "a"]);
    world.submit("a", "Approve", json!({})).status(InstanceStatus::Waiting);
    assert_eq!(world.live(), ["after"]);
    assert!(world.scheduled().is_empty(), "its timer ended with it");
    world.submit("after", "Approve", json!({})).status(InstanceStatus::Completed);
}

/// S4-70: on a whole sub-process.
#[test]
fn an_interrupting_timer_takes_everything_inside_away() {
    let mut world = given(review()).started(json!({}));
    world.submit("b", "Approve", json!({}));
    world.after("P1D").fire("sub", "late", 1).task("a", Status::Cancelled).status(InstanceStatus::Completed);
    assert_eq!((world.reached("too-late"), world.reached("after")), (1, 0));
    assert!(world.live().is_empty() && world.scheduled().is_empty());
}

#[test]
fn a_terminate_end_ends_its_own_scope_only() {
    let process = model("nested")
        .start("start")
        .task("beside", ticket())
        .sub("sub")
        .start("in")
        .task("a", ticket())
        .task("b", ticket())
        .terminate("stop")
        .end("out")
        .flow("in > a > stop")
        .flow("in > b > out")
        .close()
        .end("end")
        .flow("start > beside > end")
        .flow("start > sub > end")
        .build();
    let mut world = given(process).started(json!({}));
    world.submit("a", "Approve", json!({})).task("b", Status::Cancelled).status(InstanceStatus::Waiting);
    assert_eq!(world.live(), ["beside"]);
    assert_eq!(world.reached("end"), 1, "the sub-process ended as modelled");
    world.submit("beside", "Approve", json!({})).status(InstanceStatus::Completed);
}

#[test]
fn a_sub_process_runs_anew_in_each_turn_of_a_loop() {
    let process = model("loop")
        .start("start")
        .sub("sub")
        .start("in")
        .script("turn", "count turns")
        .end("out")
        .flow("in > turn > out")
        .close()
        .gateway("again")
        .end("end")
        .flow("start > sub > again")
        .when("again", "sub", "more")
        .otherwise("again", "end")
        .build();
    let mut world = given(process);
    world.scripts.on("more", |request| result(json!(request.variables["turns"].as_u64() < Some(3))));
    world.start(json!({})).status(InstanceStatus::Completed);
    assert_eq!(world.variable("turns"), json!(3));
}

/// What cannot be activated in one command keeps its sub-process open.
#[test]
fn a_sub_process_waits_for_what_a_job_must_do() {
    let process = model("job")
        .start("start")
        .sub("sub")
        .start("in")
        .script("work", "set done true")
        .end("out")
        .async_before("work")
        .flow("in > work > out")
        .close()
        .end("end")
        .flow("start > sub > end")
        .build();
    let mut world = given(process);
    world.start(json!({})).status(InstanceStatus::Running);
    assert_eq!(world.live(), ["sub"]);
    world.go_on().status(InstanceStatus::Completed);
}

/// A path that waits for a job is forgotten with its scope, one beside it is not.
#[test]
fn flows_that_wait_for_a_job_end_with_their_scope() {
    let process = model("job")
        .start("start")
        .sub("sub")
        .start("in")
        .task("a", ticket())
        .script("never", "set never true")
        .async_before("never")
        .flow("in > a")
        .flow("in > never")
        .close()
        .timer("late", "sub", true, once("PT1H"))
        .script("work", "set done true")
        .async_before("work")
        .end("end")
        .flow("start > sub > end")
        .flow("start > work > end")
        .flow("late > end")
        .build();
    let mut world = given(process);
    world.start(json!({})).status(InstanceStatus::Running);
    world.after("PT1H").fire("sub", "late", 1);
    world.go_on().status(InstanceStatus::Completed);
    assert_eq!((world.variable("never"), world.variable("done")), (json!(null), json!(true)));
}

fn guarded(interrupting: bool) -> Process {
    model("guarded")
        .start("start")
        .task("a", ticket())
        .end("end")
        .on("guard", interrupting, Trigger::Timer(cycle(Some(2), "PT1H")))
        .task("look", ticket())
        .end("looked")
        .flow("guard-start > look > looked")
        .close()
        .flow("start > a > end")
        .build()
}

#[test]
fn an_event_sub_process_that_interrupts_takes_its_scope_over() {
    let mut world = given(guarded(true)).started(json!({}));
    assert_eq!(world.live(), ["guard-start", "a"]);
    world.after("PT1H").fire("guard-start", "guard-start", 1).task("a", Status::Cancelled);
    assert_eq!(world.live(), ["guard", "look"]);
    world.submit("look", "Approve", json!({})).status(InstanceStatus::Completed);
    assert!(world.scheduled().is_empty());
}

#[test]
fn an_event_sub_process_that_interrupts_nothing_runs_beside_and_waits_again() {
    let mut world = given(guarded(false)).started(json!({}));
    world.after("PT1H").fire("guard-start", "guard-start", 1).task("a", Status::Pending);
    assert_eq!(world.live(), ["guard-start", "a", "guard", "look"]);
    world.after("PT1H").fire("guard-start", "guard-start", 2);
    assert_eq!(world.live(), ["guard-start", "a", "guard", "look", "guard", "look"]);
    world.submit("look", "Approve", json!({}));
    world.submit("a", "Approve", json!({})).status(InstanceStatus::Waiting);
    let first = world.state().tasks.values().find(|task| task.status == Status::Pending).unwrap().key;
    world.when(crate::command::Command::Submit(crate::command::Submission {
        task: first,
        action: "Approve".to_owned(),
        values: vars(json!({})),
        id: "s-2".to_owned(),
    }));
    assert_eq!(world.status(), InstanceStatus::Completed);
}

/// An event sub-process that never began keeps nothing alive.
#[test]
fn who_waits_for_an_event_is_dismissed_at_the_end() {
    let mut world = given(guarded(true)).started(json!({}));
    world.submit("a", "Approve", json!({})).status(InstanceStatus::Completed);
    assert!(world.live().is_empty() && world.scheduled().is_empty());
}

#[test]
fn cancelling_ends_every_scope() {
    let mut world = given(review()).started(json!({}));
    world.cancel().status(InstanceStatus::Cancelled).task("a", Status::Cancelled).task("b", Status::Cancelled);
    assert!(world.live().is_empty() && world.scheduled().is_empty());
}
