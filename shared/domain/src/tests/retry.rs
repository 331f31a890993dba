//! I-06: an administrator lets what failed run again.

use super::dsl::*;
use crate::command::Command;
use crate::instance::InstanceStatus;
use crate::variables::VARIABLES_BYTES_MAX;
use serde_json::json;

#[test]
fn only_an_instance_in_error_can_be_retried() {
    given(one_task(ticket())).started(json!({})).retry().refused_in("WAITING");
    let running = model("loop").start("start").script("a", "count n").flow("start > a > a").build();
    given(running).started(json!({})).retry().refused_in("RUNNING");
}

/// I-06: a script task runs again with the present variables.
#[test]
fn a_script_runs_again_and_the_path_goes_on() {
    let process = model("calc").start("start").script("calc", "calc").end("end").flow("start > calc > end").build();
    let mut world = given(process);
    world.scripts.on("calc", |request| match request.variables.get("amount") {
        Some(amount) => result(amount.clone()),
        None => Err(crate::script::ScriptFailure::Technical("amount is missing".to_owned())),
    });
    world.start(json!({})).failed("SCRIPT_ERROR");
    world.retry().failed("SCRIPT_ERROR");
    world.retry_with(json!({"amount": 3})).status(InstanceStatus::Completed).events(&[
        "variables amount",
        "resolved 2",
        "variables lastScriptResult",
        "completed element 2",
        "passed end",
        "status COMPLETED",
    ]);
    assert_eq!(world.variable("lastScriptResult"), json!(3));
}

#[test]
fn a_gateway_decides_again() {
    let process =
        model("choice").start("start").condition("which", "read way").end("a").flow("start > which > a").build();
    let mut world = given(process);
    world.start(json!({"way": "nowhere"})).failed("INVALID_FLOW");
    world.retry_with(json!({"way": "which-a"})).status(InstanceStatus::Completed);
}

/// Bad input: an invalid recipient, corrected.
#[test]
fn a_corrected_recipient_gets_the_ticket() {
    let mut world = given(one_task(ticket().recipient("context.mail").expires_after("P1D")));
    world.start(json!({"mail": "nobody"})).failed("INVALID_RECIPIENT");
    world.retry().failed("INVALID_RECIPIENT");
    world.after("PT1H").retry_with(json!({"mail": "ann@example.org"})).status(InstanceStatus::Waiting).effects(&[
        "schedule expiry 1 at 2026-03-03T10:00:00.000Z",
        "notify 1 Initial",
        "find 1",
    ]);
    assert_eq!(world.task("ask").recipient.as_str(), "ann@example.org");
    world.submit("ask", "Approve", json!({})).status(InstanceStatus::Completed);
}

fn two_failures() -> World {
    let process = model("two")
        .start("start")
        .task("a", ticket().recipient("context.a"))
        .task("b", ticket().recipient("context.b"))
        .flow("start > a")
        .flow("start > b")
        .build();
    let mut world = given(process);
    world.start(json!({"a": "x", "b": "y"})).failed("INVALID_RECIPIENT");
    world
}

/// While one incident is open nothing else moves; the second one shows when the first is mended.
#[test]
fn incidents_show_one_after_the_other() {
    let mut world = two_failures();
    assert_eq!((world.live(), world.state().instance.ready.len()), (vec!["a"], 1));
    world.retry_with(json!({"a": "a@example.org"})).failed("INVALID_RECIPIENT");
    assert_eq!(world.state().instance.incidents[0].element, "b");
    world.retry_with(json!({"b": "b@example.org"})).status(InstanceStatus::Waiting);
    assert_eq!(world.live(), ["a", "b"]);
}

#[test]
fn one_of_several_elements_can_be_retried() {
    let process = model("two")
        .start("start")
        .task("a", ticket().server_script("a"))
        .task("b", ticket().server_script("b"))
        .flow("start > a")
        .flow("start > b")
        .build();
    let mut world = given(process).started(json!({}));
    for name in ["a", "b"] {
        world.scripts.on(name, |_| Err(crate::script::ScriptFailure::Technical("no".to_owned())));
        world.submit(name, "Approve", json!({})).failed("SCRIPT_ERROR");
    }
    let retry = |element: &str| Command::Retry { element: Some(element.to_owned()), variables: vars(json!({})) };
    world.when(retry("b")).status(InstanceStatus::Error);
    world.when(retry("b")).refused("NO_INCIDENT");
    world.when(retry("nothing")).refused("NO_INCIDENT");
    world.submit("a", "Approve", json!({})).refused("INSTANCE_IN_ERROR");
    world.when(retry("a")).status(InstanceStatus::Waiting);
}

#[test]
fn corrected_variables_obey_the_rules_of_variables() {
    let mut world = two_failures();
    world.retry_with(json!({"_lastError": 1})).refused("RESERVED_NAME");
    world.retry_with(json!({"big": "x".repeat(VARIABLES_BYTES_MAX)})).refused("LIMIT");
    world.retry_with(json!({"big": "x".repeat(VARIABLES_BYTES_MAX - 100)})).refused("LIMIT");
}

#[test]
fn a_script_out_of_time_leaves_the_incident_open() {
    let process = model("calc").start("start").script("calc", "throw no").flow("start > calc").build();
    let mut world = given(process).started(json!({}));
    world.scripts.on("throw no", |_| Err(crate::script::ScriptFailure::Timeout));
    world.retry().refused("TRY_AGAIN");
    assert_eq!(world.status(), InstanceStatus::Error);
}

/// A retried ticket starts its timers anew.
#[test]
fn a_new_ticket_has_timers_of_its_own() {
    let process = model("timed")
        .start("start")
        .task("ask", ticket().expires_after("PT1H"))
        .timer("late", "ask", true, once("P1D"))
        .flow("start > ask")
        .build();
    let mut world = given(process).started(json!({}));
    world.after("PT1H").expire("ask").failed("TASK_EXPIRED");
    assert_eq!(world.scheduled(), []);
    world.after("PT1H").retry().accepted();
    assert_eq!(world.scheduled().len(), 2);
    world.after("P1D").fire("ask", "late", 1).accepted();
    assert_eq!(world.status(), InstanceStatus::Completed);
}

/// Nobody answered until P2D and two elements stopped: each incident is closed once.
#[test]
fn several_incidents_of_one_element_are_closed_together() {
    let mut world = given(one_task(ticket().server_script("throw oops").expires_after("P1D"))).started(json!({}));
    world.submit("ask", "Approve", json!({})).failed("SCRIPT_ERROR");
    world.after("P1D").expire("ask").failed("TASK_EXPIRED");
    assert_eq!(world.state().instance.incidents.len(), 2);
    let then = world.retry();
    then.status(InstanceStatus::Waiting).events(&["resolved 2", "task 2 created for ask", "status WAITING"]);
}
