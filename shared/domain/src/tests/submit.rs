//! E-07: a valid answer completes the ticket and moves the process, once.

use super::dsl::*;
use crate::command::{Command, Submission};
use crate::decision::Reply;
use crate::external_task::Status;
use crate::instance::InstanceStatus;
use crate::process::FieldKind;
use crate::rejection::Rejection;
use crate::script::{CommandCall, ScriptFailure, ScriptKind, ScriptOutcome};
use crate::variables::VARIABLES_BYTES_MAX;
use serde_json::{Value, json};

fn scheduled() -> World {
    let process = model("approval")
        .start("start")
        .task("ask", ticket().expires_after("P7D").reminders(&["P1D", "P3D"]))
        .timer("late", "ask", true, once("P5D"))
        .script("next", "count n")
        .end("end")
        .flow("start > ask > next > end")
        .build();
    given(process).started(json!({}))
}

/// E-07
#[test]
fn an_answer_completes_the_ticket_and_runs_on() {
    let mut world = scheduled();
    world
        .after("PT1H")
        .submit("ask", "Approve", json!({"comment": "fine", "amount": "12,50"}))
        .replied(Reply::Submitted)
        .status(InstanceStatus::Completed)
        .events(&[
            "task 1 opened",
            "variables amount comment currentUser userAction",
            "task 1 completed Approve",
            "completed element 2",
            "variables lastScriptResult n",
            "passed next",
            "passed end",
            "status COMPLETED",
        ])
        .effects(&["unschedule expiry 1", "unschedule reminder 1 1", "unschedule timer 2 late 1"]);
    let task = world.task("ask");
    assert_eq!((task.status, task.outcome.as_deref()), (Status::Completed, Some("Approve")));
    assert_eq!((task.completed_at, task.ended_at), (Some(world.now), None));
    assert_eq!(task.answers, vars(json!({"comment": "fine", "amount": 12.5})));
    assert_eq!((task.seq, &task.draft), (3, &vars(json!({}))));
    assert!(world.scheduled().is_empty());
}

/// Without an OutputMapping every submitted field becomes a variable; userAction and currentUser are the engine's.
#[test]
fn the_answer_becomes_variables() {
    let mut world = given(one_task(ticket())).started(json!({"comment": "old", "kept": 1}));
    world.submit("ask", "Reject", json!({"comment": "no"})).accepted();
    let expected = json!({"comment": "no", "kept": 1, "userAction": "Reject", "currentUser": RECIPIENT});
    assert_eq!(world.state().instance.variables, vars(expected));
}

/// D-08, V-27: with an OutputMapping only the mapped fields; the script sees all of them in the form data.
#[test]
fn with_an_output_mapping_only_the_mapped_fields_become_variables() {
    let task = ticket().output("review.note", "comment").output("decision", "action").server_script("look");
    let mut world = given(one_task(task)).started(json!({"review": {"by": "olga"}}));
    world.submit("ask", "Approve", json!({"comment": "fine", "amount": "3"})).accepted();
    assert_eq!(world.variable("review"), json!({"by": "olga", "note": "fine"}));
    assert_eq!(world.variable("decision"), json!("Approve"));
    assert_eq!((world.variable("comment"), world.variable("amount")), (Value::Null, Value::Null));
    let seen = world.scripts.last("look");
    assert_eq!(seen.form_data.as_ref().map(|form| &form["amount"]), Some(&json!(3)));
    assert_eq!((seen.variables.get("amount"), &seen.variables["decision"]), (None, &json!("Approve")));
}

/// BPMN semantics, "What each script may see": ServerScript.
#[test]
fn the_server_script_sees_form_data_action_and_user() {
    let mut world = given(one_task(ticket().server_script("look"))).started(json!({"x": 1}));
    world.submit("ask", "Approve", json!({"comment": "fine"})).accepted();
    let seen = world.scripts.last("look");
    assert_eq!(seen.kind, ScriptKind::Server);
    let form = json!({"comment": "fine", "action": "Approve", "userId": RECIPIENT});
    assert_eq!(seen.form_data, Some(vars(form)));
    assert_eq!((seen.user_action.as_deref(), seen.current_user.as_deref()), (Some("Approve"), Some(RECIPIENT)));
    assert_eq!((&seen.variables["x"], &seen.variables["comment"]), (&json!(1), &json!("fine")));
}

/// The result goes to the ResultVariable, or to lastScriptResult.
#[test]
fn the_server_script_writes_variables_and_a_result() {
    let script = |_: &crate::script::ScriptRequest<'_>| {
        Ok(ScriptOutcome { result: json!({"ok": true}), writes: vars(json!({"x": 2})), log: Vec::new() })
    };
    let mut world = given(one_task(ticket().server_script("judge"))).started(json!({"x": 1}));
    world.scripts.on("judge", script);
    world.submit("ask", "Approve", json!({})).status(InstanceStatus::Completed);
    assert_eq!((world.variable("x"), world.variable("lastScriptResult")), (json!(2), json!({"ok": true})));

    let mut world = given(one_task(ticket().server_script("judge").result_in("verdict"))).started(json!({}));
    world.scripts.on("judge", script);
    world.submit("ask", "Approve", json!({})).accepted();
    assert_eq!(world.variable("verdict"), json!({"ok": true}));
    assert_eq!(world.variable("lastScriptResult"), Value::Null);
}

/// Invariant 17: a repeated post is answered as the first was, and moves nothing.
#[test]
fn a_repeated_submission_is_answered_as_the_first() {
    let mut world = scheduled();
    world.submit_as("ask", "Approve", json!({}), "page-1").replied(Reply::Submitted);
    let stored = world.state.clone();
    let again = world.submit_as("ask", "Approve", json!({}), "page-1");
    again.replied(Reply::Submitted).events(&[]).effects(&[]);
    assert_eq!(world.state, stored);
    assert_eq!(world.variable("n"), json!(1));
}

/// Of two tabs one answer counts.
#[test]
fn another_page_is_refused_once_the_ticket_is_answered() {
    let mut world = scheduled();
    world.submit_as("ask", "Approve", json!({}), "page-1").accepted();
    world.submit_as("ask", "Reject", json!({}), "page-2").refused_in("COMPLETED");
    assert_eq!(world.task("ask").outcome.as_deref(), Some("Approve"));
}

/// S0-44
#[test]
fn a_cancelled_ticket_takes_no_answer() {
    let mut world = scheduled();
    world.cancel_task("ask").accepted();
    world.submit("ask", "Approve", json!({})).refused_in("CANCELLED");
}

/// The stored time decides, not the arrival of the timer.
#[test]
fn at_the_moment_of_expiry_no_answer_is_taken_any_more() {
    let mut world = given(one_task(ticket().expires_after("PT1H"))).started(json!({}));
    world.now = world.now.plus_millis(3_600_000 - 1);
    let mut early = given(world.process.clone()).started(json!({}));
    early.now = world.now;
    early.submit("ask", "Approve", json!({})).status(InstanceStatus::Completed);
    world.now = world.now.plus_millis(1);
    world.submit("ask", "Approve", json!({})).refused_in("EXPIRED");
    world.save_draft("ask", json!({"comment": "late"})).refused_in("EXPIRED");
    assert_eq!(world.task("ask").status, Status::Pending, "the expiry itself is a command of its own");
}

#[test]
fn a_ticket_without_expiry_never_expires() {
    let mut world = given(one_task(ticket())).started(json!({}));
    world.after("P900Y").submit("ask", "Approve", json!({})).status(InstanceStatus::Completed);
    let mut world = given(one_task(ticket())).started(json!({}));
    world.after("P900Y").expire("ask").refused("ALREADY_DONE");
}

/// Keys of other instances and of tasks that were never made.
#[test]
fn an_unknown_ticket_is_not_found() {
    let mut world = given(one_task(ticket())).started(json!({}));
    let other = crate::ids::InstanceKey::compose(NINE + 60_000, 7).task(world.key_of("ask").number());
    let unmade = key().task(crate::ids::TaskNumber(99));
    for task in [other, unmade] {
        let submission = Submission { task, action: "Approve".to_owned(), values: vars(json!({})), id: "s".to_owned() };
        world.when(Command::Submit(submission)).refused("NOT_FOUND");
        world.when(Command::SaveDraft { task, values: vars(json!({})) }).refused("NOT_FOUND");
        world.when(Command::Remind { task, occurrence: 1 }).refused("NOT_FOUND");
        world.when(Command::Resend { task }).refused("NOT_FOUND");
        world.when(Command::SyncTemplates { task, version: 2 }).refused("NOT_FOUND");
        world.when(Command::CancelTask { task, reason: None }).refused("NOT_FOUND");
        world.when(Command::Expire { task }).refused("NOT_FOUND");
    }
}

/// A technical failure keeps the ticket PENDING with a draft; answers are refused until the retry.
#[test]
fn a_failing_server_script_keeps_the_ticket_and_waits_for_the_retry() {
    for (source, code) in [("throw oops", "SCRIPT_ERROR"), ("limit", "SCRIPT_LIMIT"), ("bpmn NO no", "NO")] {
        let task = ticket().server_script(source).expires_after("P1D").reminders(&["PT1H"]);
        let mut world = given(one_task(task)).started(json!({"x": 1}));
        let before = world.scheduled();
        world.submit("ask", "Approve", json!({"comment": "typed"})).failed(code).task("ask", Status::Pending);
        assert_eq!(world.task("ask").draft, vars(json!({"comment": "typed"})));
        assert_eq!(world.variable("comment"), Value::Null, "nothing of a failed answer is merged");
        assert_eq!(world.variable("userAction"), Value::Null);
        assert_eq!(world.variable("_lastError")["errorCode"], json!(code));
        assert_eq!(world.scheduled(), before, "expiry and reminders stay");

        world.submit_as("ask", "Approve", json!({}), "s-2").refused("INSTANCE_IN_ERROR");
        world.save_draft("ask", json!({})).refused("INSTANCE_IN_ERROR");
        world.scripts.on(source, |_| result(json!(1)));
        world.retry().status(InstanceStatus::Waiting).events(&["resolved 2", "status WAITING"]).effects(&[]);
        world.submit_as("ask", "Approve", json!({}), "s-2").status(InstanceStatus::Completed);
        assert_eq!(world.reached("ask"), 1, "the same ticket was answered");
    }
}

#[test]
fn a_server_script_out_of_time_decides_nothing() {
    let mut world = given(one_task(ticket().server_script("timeout"))).started(json!({}));
    world.submit("ask", "Approve", json!({})).refused("TRY_AGAIN");
    world.scripts.on("timeout", |_| result(Value::Null));
    world.submit("ask", "Approve", json!({})).replied(Reply::Submitted);
}

#[test]
fn an_answer_beyond_the_variables_limit_keeps_the_ticket() {
    let task = ticket().field("long", FieldKind::Text { max: 10_000, multiline: true });
    let mut world = given(one_task(task)).started(json!({"big": "x".repeat(VARIABLES_BYTES_MAX - 1_000)}));
    world.submit("ask", "Approve", json!({"long": "y".repeat(2_000)})).failed("LIMIT").task("ask", Status::Pending);
    assert_eq!(world.task("ask").draft["long"].as_str().map(str::len), Some(2_000));
}

/// The answer is kept although the process stops behind it.
#[test]
fn an_error_behind_the_ticket_does_not_undo_the_answer() {
    let process = model("behind")
        .start("start")
        .task("ask", ticket())
        .script("next", "throw oops")
        .flow("start > ask > next")
        .build();
    let mut world = given(process).started(json!({}));
    world.submit("ask", "Approve", json!({})).failed("SCRIPT_ERROR").task("ask", Status::Completed);
    world.submit("ask", "Approve", json!({})).replied(Reply::Submitted).events(&[]);
    world.submit_as("ask", "Approve", json!({}), "s-2").refused_in("COMPLETED");
}

/// Reserved names: a page whose field has a name of the engine cannot write it.
#[test]
fn a_field_cannot_write_names_of_the_engine() {
    let text = || FieldKind::Text { max: 100, multiline: false };
    let task = ticket().field("_lastError", text()).field("currentUser", text()).field("userAction", text());
    let task = task.field("userId", text()).field("action", text()).server_script("look");
    let mut world = given(one_task(task)).started(json!({}));
    let forged = json!({"_lastError": "a", "currentUser": "b", "userAction": "c", "userId": "d", "action": "e"});
    world.submit("ask", "Approve", forged).accepted();
    assert_eq!(world.variable("_lastError"), Value::Null);
    assert_eq!((world.variable("currentUser"), world.variable("userAction")), (json!(RECIPIENT), json!("Approve")));
    let seen = world.scripts.last("look");
    assert!(!seen.variables.contains_key("_lastError"));
    let form = seen.form_data.unwrap();
    assert_eq!((&form["userId"], &form["action"]), (&json!(RECIPIENT), &json!("Approve")));
}

#[test]
fn a_ticket_reached_again_is_a_new_one() {
    let process = model("again")
        .start("start")
        .task("ask", ticket())
        .gateway("which")
        .end("end")
        .flow("start > ask > which")
        .when("which", "ask", "again")
        .otherwise("which", "end")
        .build();
    let mut world = given(process).started(json!({}));
    world.scripts.on("again", |request| result(json!(request.variables["userAction"] == json!("Reject"))));
    let first = world.key_of("ask");
    world.submit("ask", "Reject", json!({})).status(InstanceStatus::Waiting);
    assert_ne!(world.key_of("ask"), first);
    world.submit("ask", "Approve", json!({})).status(InstanceStatus::Completed);
}

/// A command whose answer is not at hand leaves everything as it was; the waist carries it out and decides again.
#[test]
fn an_answer_waits_for_the_commands_of_its_script() {
    let mut world = given(one_task(ticket().server_script("charge"))).started(json!({}));
    world.scripts.on("charge", |_| {
        Err(ScriptFailure::CommandWanted { number: 0, name: "Charge".to_owned(), arguments: Value::Null })
    });
    let element = world.state().tasks[&world.key_of("ask").number()].element;
    let wanted = CommandCall { element, number: 0, name: "Charge".to_owned(), arguments: Value::Null };
    assert_eq!(
        world.submit("ask", "Approve", json!({})).refused("TRY_AGAIN"),
        &Rejection::CommandWanted(Box::new(wanted))
    );
}
