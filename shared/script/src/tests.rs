//! Tests of the crate, by what they promise.
mod language;

use crate::QuickJs;
use domain::script::{ScriptFailure, ScriptKind, ScriptOutcome, ScriptRequest, Scripts};
use domain::time::Timestamp;
use domain::variables::Variables;
use serde_json::Value;

/// 2026-01-02T03:04:05.678Z
pub const NOW_MS: i64 = 1_767_323_045_678;

pub fn map(value: Value) -> Variables {
    match value {
        Value::Object(map) => map,
        other => panic!("{other} is no object"),
    }
}

pub fn request<'a>(kind: ScriptKind, source: &'a str, variables: &'a Variables) -> ScriptRequest<'a> {
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

pub fn run(kind: ScriptKind, source: &str, variables: Value) -> Result<ScriptOutcome, ScriptFailure> {
    QuickJs::default().evaluate(&request(kind, source, &map(variables)))
}

/// The result of a script task without variables.
pub fn value(source: &str) -> Value {
    match run(ScriptKind::Task, source, Value::Object(Variables::new())) {
        Ok(outcome) => outcome.result,
        Err(failure) => panic!("{source}: {failure:?}"),
    }
}

/// The failure of a script task without variables.
pub fn failure(source: &str) -> ScriptFailure {
    match run(ScriptKind::Task, source, Value::Object(Variables::new())) {
        Ok(outcome) => panic!("{source}: {outcome:?}"),
        Err(failure) => failure,
    }
}
