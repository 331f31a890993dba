//! Command `start`: I-01, and the statuses that follow from where the paths stop (I-02, I-04, I-05).

use super::dsl::*;
use crate::command::{Command, Start};
use crate::decision::Reply;
use crate::instance::InstanceStatus;
use crate::variables::VARIABLES_BYTES_MAX;
use serde_json::json;

/// I-01, I-02, E-01
#[test]
fn a_start_runs_to_the_first_wait_in_one_decision() {
    let mut world = given(one_task(ticket().expires_after("P7D").reminders(&["P1D", "P3D"])));
    world
        .start(json!({"amount": 10}))
        .status(InstanceStatus::Waiting)
        .replied(Reply::Done)
        .events(&[
            "started approval by olga",
            "passed start",
            "activated ask",
            "task 1 created for ask",
            "status WAITING",
        ])
        .effects(&[
            "schedule expiry 1 at 2026-03-09T09:00:00.000Z",
            "schedule reminder 1 1 at 2026-03-03T09:00:00.000Z",
            "notify 1 Initial",
            "find 1",
        ]);
    let instance = &world.state().instance;
    assert_eq!(instance.business_key.as_deref(), Some("B-1"));
    assert_eq!(instance.reference.as_deref(), Some("Order 1"));
    assert_eq!(instance.started_by, "olga");
    assert_eq!(instance.variables, vars(json!({"amount": 10})));
    assert_eq!((instance.ended_at, instance.definition_version), (None, 1));
}

/// I-04
#[test]
fn an_instance_without_a_wait_is_completed_by_its_start() {
    let process = model("short").start("start").script("count", "count n").end("end").flow("start > count > end");
    let mut world = given(process.build());
    world.start(json!({})).status(InstanceStatus::Completed).events(&[
        "started short by olga",
        "passed start",
        "variables lastScriptResult n",
        "passed count",
        "passed end",
        "status COMPLETED",
    ]);
    assert_eq!(world.state().instance.ended_at, Some(world.now));
    assert!(world.state().instance.elements.is_empty());
}

/// I-05: the instance is kept with its incident.
#[test]
fn an_error_before_the_first_wait_keeps_the_instance() {
    let process = model("bad").start("start").script("check", "throw no amount").end("end").flow("start > check > end");
    let mut world = given(process.build());
    world.start(json!({})).failed("SCRIPT_ERROR");
    assert_eq!(world.live(), ["check"]);
    assert_eq!(world.state().instance.ended_at, None);
}

#[test]
fn an_instance_starts_once() {
    let mut world = given(one_task(ticket())).started(json!({}));
    world.start(json!({})).refused("ALREADY_DONE");
}

#[test]
fn a_process_without_a_start_event_cannot_be_started() {
    given(model("none").end("end").build()).start(json!({})).refused("NO_START_EVENT");
}

#[test]
fn every_other_command_needs_an_instance() {
    given(one_task(ticket())).when(Command::Continue).refused("NOT_FOUND");
    given(one_task(ticket())).when(Command::CancelInstance { reason: None }).refused("NOT_FOUND");
}

#[test]
fn a_caller_cannot_set_the_names_of_the_engine() {
    for name in ["_lastError", "_x", "context", "formData", "userAction", "currentUser"] {
        given(one_task(ticket())).start(json!({name: 1})).refused("RESERVED_NAME");
    }
}

#[test]
fn variables_are_accepted_up_to_their_limit_and_not_beyond() {
    // The name, its quotes, the colon, the comma and the quotes of the text.
    let room = VARIABLES_BYTES_MAX - "text".len() - 4 - 2;
    given(one_task(ticket())).start(json!({"text": "x".repeat(room)})).status(InstanceStatus::Waiting);
    given(one_task(ticket())).start(json!({"text": "x".repeat(room + 1)})).refused("LIMIT");
}

/// BPMN: several outgoing flows of an activity or event are an implicit parallel split.
#[test]
fn several_flows_out_of_an_event_split_the_path() {
    let process = model("split")
        .start("start")
        .task("a", ticket())
        .task("b", ticket())
        .script("c", "count n")
        .flow("start > a")
        .flow("start > b")
        .flow("start > c")
        .build();
    let mut world = given(process);
    world.start(json!({})).status(InstanceStatus::Waiting);
    assert_eq!(world.live(), ["a", "b"]);
    assert_eq!(world.variable("n"), json!(1));
}

/// BPMN: several incoming flows are one run for each arriving path.
#[test]
fn each_path_that_arrives_runs_the_element_anew() {
    let process = model("twice")
        .start("start")
        .script("a", "count a")
        .script("b", "count b")
        .task("ask", ticket())
        .flow("start > a > ask")
        .flow("start > b > ask")
        .build();
    let world = given(process).started(json!({}));
    assert_eq!(world.live(), ["ask", "ask"]);
    assert_eq!(world.state().tasks.len(), 2);
}

#[test]
fn a_path_that_leads_nowhere_just_ends() {
    let process = model("open").start("start").script("a", "count n").flow("start > a").build();
    given(process).start(json!({})).status(InstanceStatus::Completed);
}

/// The terminate end event ends every other path, with tasks, schedules and the mails not yet sent.
#[test]
fn a_terminate_end_ends_every_other_path() {
    let process = model("stop")
        .start("start")
        .task("ask", ticket().expires_after("P1D").reminders(&["PT1H"]))
        .timer("late", "ask", true, once("P2D"))
        .terminate("stop")
        .flow("start > ask")
        .flow("start > stop")
        .build();
    let mut world = given(process);
    world
        .start(json!({}))
        .status(InstanceStatus::Completed)
        .events(&[
            "started stop by olga",
            "passed start",
            "activated ask",
            "task 1 created for ask",
            "timer late 1 due 2026-03-04T09:00:00.000Z",
            "passed stop",
            "task 1 CANCELLED Interrupt",
            "terminated element 2",
            "status COMPLETED",
        ])
        // No mail, no schedule; but lists show the ticket, so a search finds it.
        .effects(&["find 1"]);
}

/// The paths that were on their way when the terminate end was reached are forgotten.
#[test]
fn a_terminate_end_forgets_paths_on_their_way() {
    let process = model("stop")
        .start("start")
        .terminate("stop")
        .script("never", "count n")
        .flow("start > stop")
        .flow("start > never")
        .build();
    let mut world = given(process);
    world.start(json!({})).status(InstanceStatus::Completed);
    assert_eq!(world.reached("never"), 0);
}

#[test]
fn the_last_entity_state_on_the_way_is_kept() {
    let process = model("states")
        .start("start")
        .script("a", "count n")
        .task("ask", ticket())
        .entity_state("a", "CHECKED")
        .entity_state("ask", "ASKED")
        .flow("start > a > ask")
        .build();
    let world = given(process).started(json!({}));
    assert_eq!(world.state().instance.entity_state.as_deref(), Some("ASKED"));
}

#[test]
fn a_start_takes_over_the_callers_version() {
    let mut world = given(one_task(ticket()));
    let start = Start::new(key(), "approval".to_owned(), 4);
    world.when(Command::Start(start)).accepted();
    assert_eq!(world.task("ask").templates_version, 4);
}

/// S4-109
#[test]
fn a_start_in_the_background_runs_nothing_until_its_job() {
    let process = model("later").start("start").script("count", "count n").flow("start > count").build();
    let mut world = given(process);
    let start = Start { in_background: true, ..Start::new(key(), "later".to_owned(), 1) };
    world.when(Command::Start(start)).status(InstanceStatus::Running).effects(&["continue"]);
    assert_eq!(world.reached("start"), 0);
    world.go_on().status(InstanceStatus::Completed);
    assert_eq!(world.variable("n"), json!(1));
}
