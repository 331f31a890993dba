//! Tests of the crate, by what they promise. They run in the test's own interpreter, without a wall clock that a slow
//! machine could meet; `port` goes the way of the product.
#![allow(
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test that meets something else must fail, and does so by panicking"
)]

mod commands;
mod deployment;
mod host;
mod isolation;
mod language;
mod limits;
mod page;
mod port;
mod refused;

use crate::engine;
use crate::limits::Limits;
use domain::script::{CommandAnswer, ScriptFailure, ScriptKind, ScriptOutcome, ScriptRequest};
use domain::time::Timestamp;
use domain::variables::Variables;
use serde_json::{Value, json};
use std::time::Duration;

/// 2026-01-02T03:04:05.678Z
const NOW_MS: i64 = 1_767_323_045_678;

/// No slow machine gets there.
const PATIENT: Duration = Duration::from_secs(600);

type Evaluated = Result<ScriptOutcome, ScriptFailure>;

fn map(value: Value) -> Variables {
    match value {
        Value::Object(map) => map,
        other => panic!("{other} is no object"),
    }
}

fn request<'a>(kind: ScriptKind, source: &'a str, variables: &'a Variables) -> ScriptRequest<'a> {
    ScriptRequest {
        source,
        kind,
        variables,
        form_data: None,
        user_action: None,
        current_user: None,
        now: Timestamp::from_millis(NOW_MS),
        seed: 7,
        answers: &[],
    }
}

fn evaluate(request: &ScriptRequest<'_>) -> Evaluated {
    engine::evaluate(request, Limits { wall: PATIENT, ..Limits::default() })
}

fn run(kind: ScriptKind, source: &str, variables: Value) -> Evaluated {
    evaluate(&request(kind, source, &map(variables)))
}

/// A server script with its form.
fn serve(source: &str, variables: Value, form: Value, answers: &[CommandAnswer]) -> Evaluated {
    let (variables, form) = (map(variables), map(form));
    let action = form.get("action").and_then(Value::as_str);
    let user = form.get("userId").and_then(Value::as_str);
    evaluate(&ScriptRequest {
        form_data: Some(&form),
        user_action: action,
        current_user: user,
        answers,
        ..request(ScriptKind::Server, source, &variables)
    })
}

/// The result of a script task without variables.
fn value(source: &str) -> Value {
    match run(ScriptKind::Task, source, json!({})) {
        Ok(outcome) => outcome.result,
        Err(failure) => panic!("{source}: {failure:?}"),
    }
}

/// The failure of a script task without variables.
fn failure(source: &str) -> ScriptFailure {
    match run(ScriptKind::Task, source, json!({})) {
        Ok(outcome) => panic!("{source}: {outcome:?}"),
        Err(failure) => failure,
    }
}

/// The text of a technical failure.
fn technical(source: &str) -> String {
    match failure(source) {
        ScriptFailure::Technical(text) => text,
        other => panic!("{source}: {other:?}"),
    }
}

/// The text of a limit passed.
fn limit(source: &str) -> String {
    match failure(source) {
        ScriptFailure::Limit(text) => text,
        other => panic!("{source}: {other:?}"),
    }
}
