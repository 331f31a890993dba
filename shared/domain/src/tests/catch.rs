//! Who catches an error (BPMN semantics, "Errors"; features S4-80 to S4-94, S4-113).

use super::dsl::*;
use crate::decision::{Problem, Reply};
use crate::external_task::Status;
use crate::instance::InstanceStatus;
use crate::process::{Process, Trigger};
use serde_json::json;

/// A script task with boundary error events of these codes, each leading to an end of its name.
fn script_with(source: &str, codes: &[(&str, Option<&str>)]) -> Process {
    let mut model = model("work").start("start").script("work", source).end("end").flow("start > work > end");
    for (id, code) in codes {
        model = model.error(id, "work", true, *code);
    }
    for (id, _) in codes {
        let end = format!("{id}-end");
        model = model.end(&end).flow(&format!("{id} > {end}"));
    }
    model.build()
}

/// S4-82, S4-83
#[test]
fn exactly_the_code_comes_before_any() {
    let events = [("any", None), ("other", Some("OTHER")), ("own", Some("NO_CREDIT")), ("twice", Some("NO_CREDIT"))];
    let mut world = given(script_with("bpmn NO_CREDIT none left", &events));
    world.start(json!({})).status(InstanceStatus::Completed).replied(Reply::Done);
    assert_eq!((world.reached("own-end"), world.reached("any-end"), world.reached("twice-end")), (1, 0, 0));
    assert_eq!(world.variable("_lastError")["errorCode"], json!("NO_CREDIT"));

    let mut world = given(script_with("bpmn no_credit none left", &events));
    world.start(json!({})).status(InstanceStatus::Completed);
    assert_eq!(world.reached("any-end"), 1, "codes differ in case");
}

/// Errors 4: what is technical is caught by nobody, not even by an event without code.
#[test]
fn a_technical_error_is_caught_by_nobody() {
    for source in ["throw oops", "limit"] {
        let mut world = given(script_with(source, &[("any", None)]));
        world.start(json!({})).status(InstanceStatus::Error);
    }
}

/// S4-90
#[test]
fn a_code_that_nobody_knows_stops_the_instance() {
    let mut world = given(script_with("bpmn NO_CREDIT none left", &[("other", Some("OTHER"))]));
    world.start(json!({})).failed("NO_CREDIT");
}

fn nested(end: impl Fn(Model) -> Model) -> Model {
    let inner = model("nested").start("start").sub("outer").start("o").sub("inner").start("i").task("beside", ticket());
    end(inner.flow("i > beside"))
        .close()
        .close()
        .end("end")
        .end("rescued")
        .flow("start > outer > end")
        .flow("o > inner")
}

#[test]
fn an_error_end_looks_outwards_level_by_level() {
    let process =
        nested(|model| model.script("work", "set done true").error_end("fail", "STOP").flow("i > work > fail"))
            .error("caught", "outer", true, Some("STOP"))
            .flow("caught > rescued")
            .build();
    let mut world = given(process);
    world.start(json!({})).status(InstanceStatus::Completed);
    assert_eq!((world.reached("rescued"), world.reached("end")), (1, 0));
    assert!(world.live().is_empty() && world.state().tasks.values().all(|task| task.status == Status::Cancelled));
}

#[test]
fn an_error_end_that_nobody_catches_waits_for_an_operator() {
    let process = nested(|model| model.error_end("fail", "STOP").flow("i > fail")).build();
    let mut world = given(process).started(json!({}));
    assert_eq!(world.status(), InstanceStatus::Error);
    world.retry().failed("STOP");
}

#[test]
fn an_event_sub_process_handles_the_errors_of_its_scope_but_not_its_own() {
    let process = |inside: &str| {
        model("handled")
            .start("start")
            .script("work", "bpmn LOST first")
            .end("end")
            .on("handler", true, Trigger::Error(Some("LOST".to_owned())))
            .script("repair", inside)
            .end("repaired")
            .flow("handler-start > repair > repaired")
            .close()
            .flow("start > work > end")
            .build()
    };
    let mut world = given(process("set repaired true"));
    world.start(json!({})).status(InstanceStatus::Completed);
    assert_eq!(world.variable("repaired"), json!(true));
    given(process("bpmn LOST again")).start(json!({})).failed("LOST");
}

/// start > ask > end; a refused answer goes to `handler`, which leads back to the task or to `lead`.
fn form(interrupting: bool) -> Process {
    let model = model("form")
        .start("start")
        .task("ask", ticket().server_script("check"))
        .timer("late", "ask", true, once("P7D"))
        .error("refused", "ask", interrupting, Some("FORM_VALIDATION_ERROR"))
        .script("tell", "count told")
        .task("lead", ticket())
        .end("end")
        .flow("start > ask > end")
        .flow("refused > tell");
    if interrupting { model.flow("tell > lead > end") } else { model.flow("tell > ask") }.build()
}

fn refusing(process: Process) -> World {
    let mut world = given(process);
    world.scripts.on("check", |request| match request.variables.get("amount") {
        Some(_) => result(json!("ok")),
        None => Err(crate::script::ScriptFailure::Bpmn {
            code: "FORM_VALIDATION_ERROR".to_owned(),
            message: "Say how much".to_owned(),
        }),
    });
    world
}

/// S4-84, S4-86, V-08, V-09: the task stays, the handler runs beside it, and its way back makes no second task.
#[test]
fn a_refused_form_stays_open_and_is_corrected() {
    let mut world = refusing(form(false)).started(json!({}));
    let then = world.submit("ask", "Approve", json!({"comment": "no amount"}));
    let [error] = then.denied() else { panic!("{then:?}") };
    assert_eq!(error.problem.code(), "FORM_VALIDATION_ERROR");
    assert!(matches!(&error.problem, Problem::Refused { message, .. } if message == "Say how much"));
    then.status(InstanceStatus::Waiting).task("ask", Status::Pending);
    assert_eq!(world.task("ask").draft, vars(json!({"comment": "no amount"})));
    assert_eq!((world.variable("told"), world.variable("comment")), (json!(1), json!(null)));
    assert_eq!(world.variable("_lastError")["taskId"], json!("ask"));
    assert_eq!(world.variable("_errorHistory").as_array().map(Vec::len), Some(1));
    assert_eq!(world.scheduled().len(), 1, "its timers go on");

    world.submit_as("ask", "Approve", json!({"amount": "5"}), "s-2").replied(Reply::Submitted);
    assert_eq!((world.status(), world.reached("ask")), (InstanceStatus::Completed, 1));
    assert_eq!(world.state().tasks.len(), 1);
}

/// Only the path that handles the refusal is absorbed: any other one that reaches the activity makes a task.
#[test]
fn another_path_to_the_same_activity_makes_a_task_of_its_own() {
    let process = model("two")
        .start("start")
        .script("a", "set a true")
        .script("b", "set b true")
        .task("ask", ticket())
        .error("refused", "ask", false, None)
        .end("end")
        .flow("start > a > ask > end")
        .flow("start > b > ask")
        .flow("refused > ask")
        .build();
    let world = given(process).started(json!({}));
    assert_eq!(world.live(), ["ask", "ask"]);
}

/// S4-85, V-12
#[test]
fn an_interrupting_error_takes_the_task_and_another_path_runs() {
    let mut world = refusing(form(true)).started(json!({}));
    let then = world.submit("ask", "Approve", json!({"comment": "no amount"}));
    then.replied(Reply::Interrupted { code: "FORM_VALIDATION_ERROR".to_owned(), message: "Say how much".to_owned() });
    then.task("ask", Status::Cancelled).task("lead", Status::Pending).status(InstanceStatus::Waiting);
    assert!(world.scheduled().is_empty(), "its timer ended with it");
    assert_eq!(world.variable("comment"), json!(null), "nothing of the refused answer is kept");
}

/// 10.5: before the task exists there is nothing that could stay.
#[test]
fn an_error_of_the_first_script_takes_the_path_of_the_boundary() {
    let process = model("pre")
        .start("start")
        .task("ask", ticket().pre_script("bpmn NO_DATA nothing to ask"))
        .error("none", "ask", false, None)
        .end("end")
        .end("skipped")
        .flow("start > ask > end")
        .flow("none > skipped")
        .build();
    let mut world = given(process);
    world.start(json!({})).status(InstanceStatus::Completed);
    assert_eq!(world.reached("skipped"), 1);
    assert!(world.state().tasks.is_empty());
}

/// The refusal of a task inside a sub-process, caught by the sub-process: it cannot go on, whatever cancelActivity says.
#[test]
fn what_a_scope_catches_ends_the_scope() {
    let process = model("outer")
        .start("start")
        .sub("sub")
        .start("in")
        .task("ask", ticket().server_script("bpmn STOP enough"))
        .end("out")
        .flow("in > ask > out")
        .close()
        .error("caught", "sub", false, None)
        .end("end")
        .end("rescued")
        .flow("start > sub > end")
        .flow("caught > rescued")
        .build();
    let mut world = given(process).started(json!({}));
    world.submit("ask", "Approve", json!({})).status(InstanceStatus::Completed).task("ask", Status::Cancelled);
    assert_eq!((world.reached("rescued"), world.reached("end")), (1, 0));
}
