//! W-16 to W-21: completing an ordinary user task, and the other ways it ends (S4-37 to S4-45, S4-54, S4-60, S4-62).

use super::dsl::*;
use crate::command::{Command, Completion};
use crate::decision::{Problem, Reply};
use crate::engine::DRAFT_BYTES_MAX;
use crate::instance::InstanceStatus;
use crate::process::UserTask;
use crate::script::{ScriptFailure, ScriptOutcome, ScriptRequest};
use crate::variables::VARIABLES_BYTES_MAX;
use crate::work_task::State;
use serde_json::{Value, json};

/// S4-62: task, gateway on userAction, task.
fn chain() -> World {
    let process = model("approval")
        .start("start")
        .task("first", work().actions(&["Approve", "Reject"]))
        .gateway("decide")
        .task("second", work())
        .end("refused")
        .end("done")
        .flow("start > first > decide")
        .when("decide", "second", "approved")
        .otherwise("decide", "refused")
        .flow("second > done")
        .build();
    let mut world = given(process);
    world.scripts.on("approved", |request| {
        result(json!(request.variables.get("userAction").is_some_and(|action| action == "Approve")))
    });
    world.started(json!({"amount": 5}))
}

/// W-16, S4-54: the answer becomes variables, the actor is the authenticated one (D-13), the process moves on.
#[test]
fn a_completed_task_moves_the_process_on() {
    let mut world = chain();
    world
        .complete("first", "Approve", json!({"comment": "fine", "sum": 3}))
        .replied(Reply::Submitted)
        .work_task("first", State::Completed)
        .work_task("second", State::Open)
        .status(InstanceStatus::Waiting);
    assert_eq!((world.variable("comment"), world.variable("sum")), (json!("fine"), json!(3)));
    assert_eq!((world.variable("userAction"), world.variable("currentUser")), (json!("Approve"), json!("olga")));
    let task = world.work_task("first");
    assert_eq!((task.seq, task.outcome.as_deref(), task.ended_at), (2, Some("Approve"), Some(world.now)));
    assert_eq!(task.answers, vars(json!({"comment": "fine", "sum": 3})));
    world.complete("second", "anything", json!({})).status(InstanceStatus::Completed);
}

#[test]
fn another_action_takes_another_flow() {
    let mut world = chain();
    world.complete("first", "Reject", json!({})).status(InstanceStatus::Completed);
    assert_eq!(world.reached("refused"), 1);
}

/// W-17, S4-60, T-06: 422, nothing but the draft changes, and it is no event of the life cycle.
#[test]
fn an_unknown_action_is_denied_and_kept_as_draft() {
    let mut world = chain();
    for action in ["Nod", "approve", "complete"] {
        let then = world.complete("first", action, json!({"comment": "typed"}));
        assert_eq!(then.denied()[0].problem, Problem::UnknownAction);
        then.events(&[&format!("task {} denied UNKNOWN_ACTION", world.work_task("first").key.number().0)]);
        assert!(!then.accepted().events[0].changes_head());
    }
    let task = world.work_task("first");
    assert_eq!((task.state, task.seq, &task.draft), (State::Open, 1, &vars(json!({"comment": "typed"}))));
    assert_eq!(world.variable("comment"), json!(null));
    let (task, values) = (task.key, vars(json!({})));
    world.when(Command::Complete(Completion { task, action: None, values })).denied();
    world.complete("first", "Approve", json!({})).work_task("first", State::Completed);
    assert!(world.work_task("first").draft.is_empty());
}

#[test]
fn a_draft_keeps_what_it_has_room_for() {
    let mut world = chain();
    world.complete("first", "Nod", json!({"a": "kept", "b": "x".repeat(DRAFT_BYTES_MAX)})).denied();
    assert_eq!(world.work_task("first").draft, vars(json!({"a": "kept"})));
}

/// Without UserActions any name completes the task, `complete` where none is given.
#[test]
fn without_user_actions_any_name_completes() {
    let mut world = given(one_task(work())).started(json!({}));
    let (task, values) = (world.work_task("ask").key, vars(json!({})));
    world.when(Command::Complete(Completion { task, action: None, values })).work_task("ask", State::Completed);
    assert_eq!(world.variable("userAction"), json!("complete"));
}

/// D-13: who acts cannot be set by who submits.
#[test]
fn names_of_the_engine_are_refused() {
    for name in ["action", "userId", "currentUser", "userAction", "context", "formData", "_lastError"] {
        let mut world = chain();
        let before = world.state.clone();
        world.complete("first", "Approve", json!({name: "x"})).refused("RESERVED_NAME");
        assert_eq!(world.state, before, "{name}");
    }
}

/// S4-38 to S4-42, S4-08, S4-09: what the ServerScript sees, and where its result goes.
#[test]
fn the_server_script_sees_form_data_actor_and_merged_variables() {
    let task = work().server_script("check").output("decision", "verdict");
    let mut world = given(one_task(task));
    world.scripts.on("check", |_| result(json!({"ok": true})));
    let mut world = world.started(json!({"amount": 5}));
    world.complete("ask", "Approve", json!({"verdict": "good", "note": "n"})).work_task("ask", State::Completed);
    let seen = world.scripts.last("check");
    let form_data = json!({"verdict": "good", "note": "n", "action": "Approve", "userId": "olga"});
    assert_eq!(seen.form_data, Some(vars(form_data)));
    assert_eq!((seen.user_action.as_deref(), seen.current_user.as_deref()), (Some("Approve"), Some("olga")));
    for (name, value) in [("amount", Some(json!(5))), ("note", None), ("decision", Some(json!("good")))] {
        assert_eq!(seen.variables.get(name), value.as_ref(), "{name}");
    }
    // D-08: only the mapped ones stay.
    assert_eq!((world.variable("decision"), world.variable("note")), (json!("good"), json!(null)));
    assert_eq!(world.variable("lastScriptResult"), json!({"ok": true}));
}

/// Writes what the script assigns, found by comparison with what it was given.
fn assigns(request: &ScriptRequest<'_>, name: &str, value: &Value) -> Result<ScriptOutcome, ScriptFailure> {
    let mut writes = vars(json!({name: value}));
    writes.retain(|name, value| request.variables.get(name) != Some(value));
    Ok(ScriptOutcome { result: Value::Null, writes, log: Vec::new() })
}

/// S4-41, D-08: what a ServerScript takes over from the form is written, with an OutputMapping and without one.
#[test]
fn a_server_script_may_keep_what_was_submitted() {
    for task in [work(), work().output("decision", "verdict")] {
        let mut world = given(one_task(task.server_script("keep"))).started(json!({"sum": 1}));
        world.scripts.on("keep", |request| assigns(request, "sum", &request.form_data.unwrap()["sum"]));
        world.complete("ask", "Approve", json!({"verdict": "good", "sum": 7})).accepted();
        assert_eq!(world.variable("sum"), json!(7));
    }
}

/// S4-93: with an OutputMapping nobody passes dual control by submitting a field with the name of the variable.
#[test]
fn a_submitted_field_does_not_stand_in_for_a_variable() {
    let task = work().server_script("sign").output("signature", "comment");
    let mut world = given(one_task(task)).started(json!({"first": "olga"}));
    world.scripts.on("sign", |request| match request.variables["first"].as_str() == request.current_user {
        true => Err(ScriptFailure::Technical("the same person".to_owned())),
        false => result(json!(null)),
    });
    world.complete("ask", "Approve", json!({"comment": "c", "first": "somebody"})).failed("SCRIPT_ERROR");
    assert_eq!(world.variable("first"), json!("olga"));
}

/// A task whose ServerScript fails while the action is not Approve.
fn fragile(script: &str) -> World {
    let process = model("approval")
        .start("start")
        .task("ask", work().server_script(script))
        .timer("late", "ask", true, once("P1D"))
        .end("end")
        .end("escalated")
        .flow("start > ask > end")
        .flow("late > escalated")
        .build();
    let mut world = given(process);
    world.scripts.on("fragile", |request| match request.user_action {
        Some("Approve") => result(json!(null)),
        Some(_) | None => Err(ScriptFailure::Technical("comments are missing".to_owned())),
    });
    world.started(json!({}))
}

/// W-19, S4-43, D-10: the task is failed, not lost; nothing is written but the error.
#[test]
fn a_failing_server_script_fails_the_task_and_stops_the_instance() {
    for (script, code) in [("fragile", "SCRIPT_ERROR"), ("bpmn NO_STOCK empty", "NO_STOCK"), ("limit", "SCRIPT_LIMIT")]
    {
        let mut world = fragile(script);
        let then = world.complete("ask", "Reject", json!({"comment": "typed"}));
        then.failed(code).work_task("ask", State::Failed);
        let task = world.work_task("ask");
        assert_eq!((task.failed_in, &task.draft), (Some(State::Open), &vars(json!({"comment": "typed"}))));
        assert_eq!((world.variable("comment"), world.variable("userAction")), (json!(null), json!(null)));
        assert_eq!(world.variable("_lastError")["errorCode"], json!(code));
        world.complete("ask", "Approve", json!({})).refused("INSTANCE_IN_ERROR");
    }
}

/// W-20, V-04: retry reopens the task with the failed submission as draft.
#[test]
fn a_retry_opens_the_failed_task_again() {
    let mut world = fragile("fragile");
    world.complete("ask", "Reject", json!({"comment": "typed"})).failed("SCRIPT_ERROR");
    world.retry().status(InstanceStatus::Waiting).work_task("ask", State::Open);
    let task = world.work_task("ask");
    assert_eq!((task.seq, task.failed_in, &task.draft), (3, None, &vars(json!({"comment": "typed"}))));
    world.complete("ask", "Approve", json!({})).status(InstanceStatus::Completed);
    assert_eq!(world.scheduled(), []);
}

/// A script's time-out decides nothing.
#[test]
fn a_time_out_changes_nothing() {
    let mut world = fragile("timeout");
    world.complete("ask", "Approve", json!({})).refused("TRY_AGAIN");
    assert_eq!(world.work_task("ask").state, State::Open);
}

/// W-18: an interrupting timer takes the task away; a failed one is canceled with its incident (W-21).
#[test]
fn an_interrupting_timer_cancels_the_task() {
    let mut world = fragile("fragile");
    let then = world.after("P1D").fire("ask", "late", 1);
    then.work_task("ask", State::Canceled).status(InstanceStatus::Completed);
    let number = world.work_task("ask").key.number().0;
    assert!(lines::events(&then.accepted().events).contains(&format!("task {number} canceled Interrupt")));
    let mut world = fragile("fragile");
    world.complete("ask", "Reject", json!({})).failed("SCRIPT_ERROR");
    world.after("P1D").fire("ask", "late", 1).work_task("ask", State::Canceled).status(InstanceStatus::Completed);
    assert!(world.state().instance.incidents.is_empty());
}

/// W-21: cancelling the instance cancels its tasks, in every state, with timers and drafts.
#[test]
fn cancelling_the_instance_cancels_the_task() {
    let mut world = fragile("fragile");
    world.complete("ask", "Reject", json!({"comment": "typed"})).failed("SCRIPT_ERROR");
    let then = world.cancel();
    then.status(InstanceStatus::Cancelled).work_task("ask", State::Canceled);
    let number = world.work_task("ask").key.number().0;
    assert!(lines::events(&then.accepted().events).contains(&format!("task {number} canceled Cancel")));
    assert!(world.work_task("ask").draft.is_empty());
    assert_eq!(world.scheduled(), []);
}

/// Completing ends the timers; a late one finds nothing.
#[test]
fn completing_ends_the_timers() {
    let mut world = fragile("fragile");
    let element = world.element("ask");
    world.complete("ask", "Approve", json!({})).effects(&[&format!("unschedule timer {} late 1", element.0)]);
    world
        .after("P1D")
        .when(Command::FireTimer { element, event: "late".to_owned(), occurrence: 1 })
        .refused("ALREADY_DONE");
}

/// Section 6: in Error other tasks can be completed; their paths wait for the retry.
#[test]
fn in_error_another_task_can_be_completed_and_its_path_waits() {
    let process = model("approval")
        .start("start")
        .task("ask", work().server_script("throw broken"))
        .task("other", work())
        .task("next", work())
        .flow("start > ask")
        .flow("start > other > next")
        .build();
    let mut world = given(process).started(json!({}));
    world.complete("ask", "Approve", json!({})).failed("SCRIPT_ERROR");
    world.complete("other", "Approve", json!({})).status(InstanceStatus::Error).work_task("other", State::Completed);
    assert_eq!(world.reached("next"), 0);
    world.retry().status(InstanceStatus::Waiting);
    assert_eq!(world.reached("next"), 1);
}

/// A task whose ServerScript throws a business error, with one boundary event that catches it.
fn caught(interrupting: bool) -> World {
    let process = model("approval")
        .start("start")
        .task("ask", work().server_script("check"))
        .error("wrong", "ask", interrupting, Some("NO_STOCK"))
        .script("tell", "set told true")
        .end("end")
        .flow("start > ask > end")
        .flow("wrong > tell > ask")
        .build();
    let mut world = given(process);
    world.scripts.on("check", |request| match request.user_action {
        Some("Approve") => result(json!(null)),
        Some(_) | None => Err(ScriptFailure::Bpmn { code: "NO_STOCK".to_owned(), message: "none left".to_owned() }),
    });
    world.started(json!({}))
}

/// S4-54: who submits more than an instance holds is told so, as at a start, and nothing stops; what a ServerScript adds
/// is an operator's matter (W-19).
#[test]
fn an_answer_without_room_is_refused_and_changes_nothing() {
    let mut world = given(one_task(work())).started(json!({"big": "x".repeat(VARIABLES_BYTES_MAX - 1_000)}));
    for length in [2_000, VARIABLES_BYTES_MAX + 1] {
        world.complete("ask", "Done", json!({"long": "y".repeat(length)})).refused("LIMIT");
    }
    assert_eq!((world.status(), world.work_task("ask").state), (InstanceStatus::Waiting, State::Open));
    world.complete("ask", "Done", json!({"big": "y".repeat(2_000)})).status(InstanceStatus::Completed);

    let mapped = || UserTask { output_mapping: vec![mapping("kept", "small")], ..work() };
    let mut world = given(one_task(mapped())).started(json!({}));
    let values = json!({"small": 1, "dropped": "y".repeat(VARIABLES_BYTES_MAX)});
    world.complete("ask", "Done", values).refused("LIMIT");

    let mut world = given(one_task(work().server_script("grow"))).started(json!({}));
    world.scripts.on("grow", |_| result(json!("z".repeat(VARIABLES_BYTES_MAX))));
    world.complete("ask", "Done", json!({})).failed("LIMIT").work_task("ask", State::Failed);
}

/// The room is that of the process: what a turn has for itself takes none of it.
#[test]
fn an_answer_into_a_variable_of_a_turn_needs_no_room_in_the_process() {
    let turns = model("turns").start("start").task("ask", work()).for_each("ask", false, "items", "item").end("end");
    let room = VARIABLES_BYTES_MAX - 1_000;
    let mut world = given(turns.flow("start > ask > end").build());
    world.start(json!({"items": [1], "big": "x".repeat(room)})).accepted();
    world.complete("ask", "Done", json!({"item": "y".repeat(2_000)})).status(InstanceStatus::Completed);
}

/// W-17, S4-84, S4-86, D-11: the task stays as it was, the handler's way back is absorbed.
#[test]
fn an_error_caught_by_a_boundary_that_interrupts_nothing_denies_the_completion() {
    let mut world = caught(false);
    let then = world.complete("ask", "Reject", json!({"comment": "typed"}));
    then.work_task("ask", State::Open).status(InstanceStatus::Waiting);
    assert_eq!(then.denied()[0].problem.code(), "NO_STOCK");
    let task = world.work_task("ask");
    assert_eq!((task.seq, &task.draft), (1, &vars(json!({"comment": "typed"}))));
    assert_eq!((world.variable("told"), world.variable("comment")), (json!(true), json!(null)));
    world.complete("ask", "Approve", json!({})).status(InstanceStatus::Completed);
    assert_eq!(world.state().work_tasks.len(), 1);
}

/// W-18, S4-85: an interrupting one cancels the task; the way back makes a new one.
#[test]
fn an_error_caught_by_an_interrupting_boundary_cancels_the_task() {
    let mut world = caught(true);
    let first = world.work_task("ask").key;
    let then = world.complete("ask", "Reject", json!({}));
    assert!(matches!(&then.accepted().reply, Reply::Interrupted { code, .. } if code == "NO_STOCK"));
    then.status(InstanceStatus::Waiting).work_task("ask", State::Open);
    assert_eq!(world.state().work_tasks[&first.number()].state, State::Canceled);
    assert_ne!(world.work_task("ask").key, first);
}

/// S4-107: a task for each item, each with its own answer.
#[test]
fn each_turn_of_a_multi_instance_task_is_completed_by_itself() {
    let process = model("turns")
        .start("start")
        .task("ask", work().assignee("context.who"))
        .for_each("ask", false, "people", "who")
        .end("end")
        .flow("start > ask > end")
        .build();
    let mut world = given(process).started(json!({"people": ["ann", "bob"]}));
    let assignee = |task: &crate::work_task::WorkTask| task.responsible.assignee.clone().unwrap();
    let tasks: Vec<_> = world.state().work_tasks.values().cloned().collect();
    assert_eq!(tasks.iter().map(assignee).collect::<Vec<_>>(), ["ann", "bob"]);
    for (task, status) in tasks.iter().zip([InstanceStatus::Waiting, InstanceStatus::Completed]) {
        let completion = Completion { task: task.key, action: None, values: vars(json!({})) };
        world.when(Command::Complete(completion)).status(status);
    }
}
