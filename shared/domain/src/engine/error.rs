//! Failures of elements and how they are recorded for scripts. Who catches them is decided where they arise.

use super::Step;
use crate::event::Event;
use crate::script::ScriptFailure;
use crate::variables::Variables;
use serde_json::{Value, json};

/// Errors kept in `_errorHistory`.
const HISTORY_MAX: usize = 50;

/// Why an element could not do its work: becomes an incident unless something catches it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Failure {
    pub code: String,
    pub message: String,
}

impl Failure {
    pub fn new(code: &str, message: String) -> Failure {
        Failure { code: code.to_owned(), message }
    }

    /// `None` for a time-out: the step is tried again, nothing is decided.
    pub fn of_script(failure: ScriptFailure) -> Option<Failure> {
        match failure {
            ScriptFailure::Bpmn { code, message } => Some(Failure { code, message }),
            ScriptFailure::Technical(message) => Some(Failure::new("SCRIPT_ERROR", message)),
            ScriptFailure::Limit(message) => Some(Failure::new("SCRIPT_LIMIT", message)),
            ScriptFailure::CommandWanted { name, .. } => {
                Some(Failure::new("UNKNOWN_COMMAND", format!("there is no command \"{name}\"")))
            }
            ScriptFailure::Timeout => None,
        }
    }
}

/// Writes `_lastError` and appends to `_errorHistory`, before anything else happens with the error.
pub(super) fn record(step: &mut Step<'_>, activity: &str, failure: &Failure) {
    let error = json!({
        "errorCode": failure.code,
        "errorMessage": failure.message,
        "timestamp": step.env.now.to_string(),
        "taskId": activity,
    });
    let mut history = match step.state.instance.variables.get("_errorHistory") {
        Some(Value::Array(list)) => list.clone(),
        Some(_) | None => Vec::new(),
    };
    history.push(error.clone());
    let surplus = history.len().saturating_sub(HISTORY_MAX);
    history.drain(..surplus);
    let mut values = Variables::new();
    values.insert("_lastError".to_owned(), error);
    values.insert("_errorHistory".to_owned(), Value::Array(history));
    step.emit(Event::VariablesSet(values));
}
