//! Errors: incidents, `_lastError`, what still moves in an instance that has stopped.

use super::dsl::*;
use crate::external_task::Status;
use crate::instance::InstanceStatus;
use crate::process::Process;
use crate::script::{ScriptFailure, ScriptOutcome};
use crate::variables::VARIABLES_BYTES_MAX;
use serde_json::{Value, json};

fn one_script(source: &str) -> Process {
    model("work").start("start").script("work", source).end("end").flow("start > work > end").build()
}

#[test]
fn each_kind_of_script_failure_has_its_code() {
    for (source, code) in
        [("throw oops", "SCRIPT_ERROR"), ("bpmn NO_CREDIT no credit left", "NO_CREDIT"), ("limit", "SCRIPT_LIMIT")]
    {
        given(one_script(source)).start(json!({})).failed(code);
    }
}

/// A wall clock that ran out decides nothing: the step is tried again.
#[test]
fn a_script_out_of_time_decides_nothing() {
    let mut world = given(one_script("timeout"));
    world.start(json!({})).refused("TRY_AGAIN");
    assert!(world.state.is_none());
}

/// BPMN semantics, "Errors" 2
#[test]
fn an_error_is_recorded_before_anything_else() {
    let world = given(one_script("bpmn NO_CREDIT no credit left")).started(json!({"a": 1}));
    let error = json!({
        "errorCode": "NO_CREDIT",
        "errorMessage": "no credit left",
        "timestamp": "2026-03-02T09:00:00.000Z",
        "taskId": "work",
    });
    assert_eq!(world.variable("_lastError"), error);
    assert_eq!(world.variable("_errorHistory"), json!([error]));
    assert_eq!(world.variable("a"), json!(1));
}

#[test]
fn gateways_recipients_and_expiries_are_recorded_like_scripts() {
    let gateway = model("g").start("start").condition("which", "return null").flow("start > which").build();
    let world = given(gateway).started(json!({}));
    assert_eq!(world.variable("_lastError")["errorCode"], json!("NO_FLOW"));
    let world = given(one_task(ticket().recipient("nobody"))).started(json!({}));
    assert_eq!(world.variable("_lastError")["errorCode"], json!("INVALID_RECIPIENT"));
    let mut world = given(one_task(ticket().expires_after("PT1H"))).started(json!({}));
    world.after("PT1H").expire("ask");
    assert_eq!(world.variable("_lastError")["taskId"], json!("ask"));
}

#[test]
fn fifty_errors_are_kept() {
    let mut world = given(one_script("throw oops")).started(json!({}));
    for _ in 0..60 {
        world.after("PT1S").retry().failed("SCRIPT_ERROR");
    }
    let history = world.variable("_errorHistory");
    assert_eq!(history.as_array().map(Vec::len), Some(50));
    assert_eq!(history[49], world.variable("_lastError"));
    assert_eq!(history[49]["timestamp"], json!("2026-03-02T09:01:00.000Z"));
}

/// A script may throw a text of any length; what is stored of it is bounded.
#[test]
fn codes_and_messages_are_shortened() {
    let mut world = given(one_script("shout"));
    world.scripts.on("shout", |_| Err(ScriptFailure::Bpmn { code: "C".repeat(10_000), message: "ä".repeat(100_000) }));
    world.start(json!({})).accepted();
    let incident = &world.state().instance.incidents[0];
    assert_eq!((incident.code.len(), incident.message.chars().count()), (100, 1_000));
}

#[test]
fn the_history_gives_way_to_the_variables_of_the_process() {
    let mut world = given(one_script("shout"));
    world.scripts.on("shout", |_| Err(ScriptFailure::Technical("m".repeat(1_000))));
    world.start(json!({"big": "x".repeat(VARIABLES_BYTES_MAX - 5_000)})).failed("SCRIPT_ERROR");
    for _ in 0..10 {
        world.retry().failed("SCRIPT_ERROR");
    }
    let kept = world.variable("_errorHistory").as_array().map(Vec::len);
    assert!(kept.is_some_and(|kept| (1..10).contains(&kept)), "{kept:?}");
    let all = serde_json::to_string(&world.state().instance.variables).unwrap();
    assert!(all.len() <= VARIABLES_BYTES_MAX, "{}", all.len());
}

/// start splits to a task and to a gateway that cannot decide.
fn stopped_beside_a_task() -> Process {
    model("beside")
        .start("start")
        .task("ask", ticket().expires_after("P1D").reminders(&["PT1H"]))
        .script("next", "count n")
        .condition("which", "read way")
        .end("end")
        .timer("note", "ask", false, once("PT2H"))
        .script("noted", "count noted")
        .flow("start > ask > next > end")
        .flow("start > which > end")
        .flow("note > noted")
        .build()
}

/// Instance rules: in Error no path moves; open tasks stay and can be answered, their flows wait.
#[test]
fn beside_an_incident_tasks_can_be_answered_and_their_flows_wait() {
    let mut world = given(stopped_beside_a_task()).started(json!({}));
    assert_eq!(world.status(), InstanceStatus::Error);
    assert_eq!(world.task("ask").status, Status::Pending);
    let then = world.submit("ask", "Approve", json!({}));
    then.status(InstanceStatus::Error).task("ask", Status::Completed);
    assert!(!then.flows_on(), "only a retry goes on");
    assert_eq!(world.reached("next"), 0);
    world.go_on().refused("ALREADY_DONE");
    world.retry_with(json!({"way": "which-end"})).status(InstanceStatus::Completed);
    assert_eq!((world.reached("next"), world.variable("n")), (1, json!(1)));
}

#[test]
fn beside_an_incident_timers_fire_and_their_paths_wait() {
    let mut world = given(stopped_beside_a_task()).started(json!({}));
    world.after("PT2H").fire("ask", "note", 1).status(InstanceStatus::Error);
    assert_eq!(world.reached("noted"), 0);
    world.retry_with(json!({"way": "which-end"})).status(InstanceStatus::Waiting);
    assert_eq!(world.variable("noted"), json!(1));
}

#[test]
fn beside_an_incident_reminders_and_resends_go_on() {
    let mut world = given(stopped_beside_a_task()).started(json!({}));
    world.after("PT1H").remind("ask", 1).status(InstanceStatus::Error);
    world.resend("ask").status(InstanceStatus::Error);
    assert_eq!(world.task("ask").reminders, 2);
}

#[test]
fn each_stopped_path_has_its_own_incident() {
    let mut world = given(stopped_beside_a_task()).started(json!({}));
    world.after("P1D").expire("ask").failed("TASK_EXPIRED");
    let codes: Vec<&str> = world.state().instance.incidents.iter().map(|incident| incident.code.as_str()).collect();
    assert_eq!(codes, ["NO_FLOW", "TASK_EXPIRED"]);
}

/// An element that a damaged definition lacks stops the instance; its path is not lost.
#[test]
fn a_path_to_a_missing_element_is_kept() {
    let mut world = given(stopped_beside_a_task()).started(json!({}));
    world.submit("ask", "Approve", json!({})).accepted();
    let whole = world.process.clone();
    world.process.elements.retain(|element| element.id != "next");
    world.process = world.process.clone().indexed();
    world.retry_with(json!({"way": "which-end"})).failed("UNKNOWN_ELEMENT");
    world.process = whole;
    world.retry().status(InstanceStatus::Completed);
    assert_eq!(world.variable("n"), json!(1));
}

/// Logs of a failed script's successful forerunners stay; its own writes are not kept.
#[test]
fn a_failed_script_leaves_no_writes() {
    let process = model("two").start("start").script("a", "good").script("b", "bad").flow("start > a > b").build();
    let mut world = given(process);
    world
        .scripts
        .on("good", |_| Ok(ScriptOutcome { result: Value::Null, writes: vars(json!({"done": "a"})), log: Vec::new() }));
    world.scripts.on("bad", |_| Err(ScriptFailure::Technical("no".to_owned())));
    world.start(json!({})).failed("SCRIPT_ERROR");
    assert_eq!(world.variable("done"), json!("a"));
}
