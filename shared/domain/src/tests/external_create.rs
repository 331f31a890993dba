//! E-01: what a ticket is made of, and when none is made.

use super::dsl::*;
use crate::decision::Reply;
use crate::external_task::Status;
use crate::instance::InstanceStatus;
use crate::notification::Delivery;
use crate::process::{Reminders, When};
use crate::script::{ScriptKind, ScriptOutcome};
use crate::time::Timestamp;
use serde_json::{Value, json};

/// E-01
#[test]
fn a_new_ticket_is_pending_with_everything_the_page_needs() {
    let mut world = given(one_task(ticket().expires_after("P7D"))).started(json!({}));
    let task = world.task("ask").clone();
    assert_eq!((task.status, task.seq, task.templates_version), (Status::Pending, 1, 1));
    assert_eq!(task.recipient.as_str(), RECIPIENT);
    assert_eq!(task.created_at, world.now);
    assert_eq!(task.expires_at, Some("2026-03-09T09:00:00Z".parse().unwrap()));
    assert_eq!((task.completed_at, task.ended_at, task.first_opened_at), (None, None, None));
    assert_eq!((task.reminders, task.next_reminder, task.delivery), (0, 1, Delivery::Queued));
    assert_eq!(task.key.instance(), key());
    assert_eq!(world.submit("ask", "Approve", json!({})).accepted().reply, Reply::Submitted);
    let after = world.task("ask");
    assert_eq!((after.key, &after.recipient, after.created_at), (task.key, &task.recipient, task.created_at));
}

#[test]
fn a_ticket_without_expiry_and_reminders_schedules_nothing() {
    given(one_task(ticket())).start(json!({})).effects(&["notify 1 Initial", "find 1"]);
}

/// Values: literal, path and template.
#[test]
fn the_recipient_is_a_literal_a_path_or_a_template() {
    let variables = json!({"supplier": {"mail": "Bo@Example.COM"}, "user": "cy"});
    for (written, address) in [
        ("dora@example.org", "dora@example.org"),
        ("context.supplier.mail", "Bo@example.com"),
        ("{{ user }}@example.org", "cy@example.org"),
        ("{{ context.user }}@example.org", "cy@example.org"),
    ] {
        let world = given(one_task(ticket().recipient(written))).started(variables.clone());
        assert_eq!(world.task("ask").recipient.as_str(), address);
    }
}

#[test]
fn a_script_can_prepare_the_recipient_and_variables_win_over_it() {
    let task = ticket().recipient("context.mail").pre_script("return {\"mail\":\"script@example.org\"}");
    let world = given(one_task(task.clone())).started(json!({}));
    assert_eq!(world.task("ask").recipient.as_str(), "script@example.org");
    let world = given(one_task(task)).started(json!({"mail": "variable@example.org"}));
    assert_eq!(world.task("ask").recipient.as_str(), "variable@example.org");
}

/// Bad input: a recipient that is none makes an incident, not a task; CR and LF never reach a header.
#[test]
fn without_a_valid_recipient_there_is_no_ticket() {
    for bad in [
        json!(null),
        json!(""),
        json!("ann"),
        json!("ann@"),
        json!("ann@localhost"),
        json!("ann@example.org\r\nBcc: all@example.org"),
        json!("ann@example.org, bob@example.org"),
        json!("\"Ann\" <ann@example.org>"),
        json!(7),
        json!(["ann@example.org"]),
    ] {
        let mut world = given(one_task(ticket().recipient("context.mail").expires_after("P1D")));
        let then = world.start(json!({"mail": bad}));
        then.failed("INVALID_RECIPIENT").effects(&[]);
        assert!(then.accepted().after.tasks.is_empty());
        let message = &then.accepted().after.instance.incidents[0].message;
        assert!(!message.chars().any(char::is_control), "{message:?}");
    }
}

/// S0-80, form context: Script, else FormVariables, else nothing. InputMapping never feeds it.
#[test]
fn the_form_context_comes_from_the_script_first() {
    let variables = json!({"customer": {"name": "Ada", "city": "Bern"}, "limit": 5});
    let paths = ["customer.name", "context.limit", "nothing"];
    let mapped = ticket().input("secret", "limit");

    let world = given(one_task(mapped.clone())).started(variables.clone());
    assert_eq!(world.task("ask").form_context, vars(json!({})));

    let world = given(one_task(mapped.clone().form_variables(&paths))).started(variables.clone());
    assert_eq!(world.task("ask").form_context, vars(json!({"name": "Ada", "limit": 5})));

    let both = mapped.form_variables(&paths).pre_script("return {\"hello\":1}");
    let world = given(one_task(both)).started(variables);
    assert_eq!(world.task("ask").form_context, vars(json!({"hello": 1})));
    assert_eq!(world.task("ask").input_data, vars(json!({"secret": 5})));

    let nothing = ticket().input("secret", "limit").pre_script("return null");
    let world = given(one_task(nothing)).started(json!({"limit": 5}));
    assert_eq!(world.task("ask").form_context, vars(json!({})));
}

#[test]
fn a_script_result_that_is_no_object_is_wrapped() {
    for (result, context) in [
        ("null", json!({})),
        ("5", json!({"value": 5})),
        ("\"x\"", json!({"value": "x"})),
        ("[1]", json!({"value": [1]})),
        ("false", json!({"value": false})),
    ] {
        let world = given(one_task(ticket().pre_script(&format!("return {result}")))).started(json!({}));
        assert_eq!(world.task("ask").form_context, vars(context));
    }
}

/// What each script may see: assignments of the Script at arrival are discarded.
#[test]
fn the_script_at_arrival_writes_no_variable() {
    let mut world = given(one_task(ticket().pre_script("prepare")));
    world
        .scripts
        .on("prepare", |_| Ok(ScriptOutcome { result: Value::Null, writes: vars(json!({"x": 2})), log: Vec::new() }));
    world.start(json!({"x": 1})).accepted();
    assert_eq!(world.variable("x"), json!(1));
    let seen = world.scripts.last("prepare");
    assert_eq!((seen.kind, seen.form_data), (ScriptKind::Pre, None));
}

#[test]
fn a_missing_source_of_an_input_mapping_is_null() {
    let world = given(one_task(ticket().input("a.b", "nothing"))).started(json!({}));
    assert_eq!(world.task("ask").input_data, vars(json!({"a": {"b": null}})));
}

/// BPMN semantics, "Arrival": a plain error at arrival makes an incident and no task; a retry runs the step again.
#[test]
fn a_failing_script_at_arrival_makes_no_ticket() {
    let mut world = given(one_task(ticket().pre_script("throw oops").expires_after("P1D")));
    world.start(json!({})).failed("SCRIPT_ERROR").effects(&[]);
    assert!(world.state().tasks.is_empty());
    world.scripts.on("throw oops", |_| result(json!({"ok": true})));
    world.retry().status(InstanceStatus::Waiting);
    assert_eq!(world.task("ask").form_context, vars(json!({"ok": true})));
}

#[test]
fn name_and_language_are_evaluated_and_bounded() {
    let mut task = ticket();
    task.external().recipient_name = Some(value("{{ first }} {{ last }}"));
    task.external().language = Some(value("context.lang"));
    let world = given(one_task(task.clone())).started(json!({"first": "Ann", "last": "Lee", "lang": "de-CH"}));
    assert_eq!(world.task("ask").recipient_name.as_deref(), Some("Ann Lee"));
    assert_eq!(world.task("ask").language.as_deref(), Some("de-CH"));
    let world = given(one_task(task)).started(json!({"first": "x".repeat(500)}));
    assert_eq!(world.task("ask").recipient_name.as_ref().map(|name| name.chars().count()), Some(200));
    assert_eq!(world.task("ask").language, None, "a blank language is the tenant's");
}

/// ExpiresAt: a date-time or a duration from an expression.
#[test]
fn the_expiry_may_come_from_a_variable() {
    let mut task = ticket();
    task.external().expires = Some(When::Expression(value("context.until")));
    for (until, expires) in [
        ("2026-04-01T00:00:00Z", "2026-04-01T00:00:00Z"),
        ("2026-04-01T00:00:00+02:00", "2026-03-31T22:00:00Z"),
        ("P1M", "2026-04-02T09:00:00Z"),
    ] {
        let world = given(one_task(task.clone())).started(json!({"until": until}));
        assert_eq!(world.task("ask").expires_at, Some(expires.parse::<Timestamp>().unwrap()));
    }
    given(one_task(task.clone())).start(json!({"until": "soon"})).failed("INVALID_EXPIRY").effects(&[]);
    given(one_task(task)).start(json!({})).failed("INVALID_EXPIRY").effects(&[]);
}

#[test]
fn a_timer_that_cannot_be_evaluated_fails_the_activity_before_its_ticket_exists() {
    let process = model("bad")
        .start("start")
        .task("ask", ticket())
        .timer("late", "ask", true, crate::process::Timer::Once(When::Expression(value("context.until"))))
        .flow("start > ask")
        .build();
    let mut world = given(process);
    world.start(json!({})).failed("INVALID_TIMER").effects(&[]);
    assert!(world.state().tasks.is_empty());
    world.retry_with(json!({"until": "P1D"})).status(InstanceStatus::Waiting);
}

/// Reminders at or after the expiry do not exist.
#[test]
fn the_first_reminder_is_scheduled_only_before_the_expiry() {
    let mut world = given(one_task(ticket().expires_after("P1D").reminders(&["P1D"])));
    world.start(json!({})).effects(&["schedule expiry 1 at 2026-03-03T09:00:00.000Z", "notify 1 Initial", "find 1"]);
    let mut task = ticket();
    task.external().reminders = Reminders::None;
    given(one_task(task)).start(json!({})).effects(&["notify 1 Initial", "find 1"]);
}

/// A cancel must fit one transaction.
#[test]
fn ninety_tickets_may_be_open_and_no_more() {
    let split = |count: usize| {
        let process = model("many").start("start").task("ask", ticket());
        (0..count).fold(process, |process, _| process.flow("start > ask")).build()
    };
    let mut world = given(split(90));
    world.start(json!({})).status(InstanceStatus::Waiting);
    assert_eq!(world.state().tasks.len(), 90);
    let mut world = given(split(92));
    world.start(json!({})).failed("LIMIT");
    assert_eq!((world.state().tasks.len(), world.state().instance.ready.len()), (90, 1));
    world.retry().failed("LIMIT");
    let first = world.state().tasks.values().next().map(|task| task.key).unwrap();
    for (number, key) in [(1, first), (2, world.state().tasks.values().nth(1).unwrap().key)] {
        let submission = crate::command::Submission {
            task: key,
            action: "Approve".to_owned(),
            values: vars(json!({})),
            id: format!("s-{number}"),
        };
        world.when(crate::command::Command::Submit(submission)).accepted();
    }
    world.retry().status(InstanceStatus::Waiting);
    assert_eq!(world.state().tasks.len(), 92, "no path was lost");
}
