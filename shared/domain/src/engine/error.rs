//! Failures of elements and how they are recorded for scripts. Who catches them is decided where they arise.

use super::Step;
use crate::event::Event;
use crate::script::ScriptFailure;
use crate::variables::{VARIABLES_BYTES_MAX, Variables};
use serde_json::{Value, json};

/// Errors kept in `_errorHistory`.
const HISTORY_MAX: usize = 50;
/// Characters kept of a code and of a message; a script may throw a text of any length.
const CODE_CHARS_MAX: usize = 100;
const MESSAGE_CHARS_MAX: usize = 1_000;

/// Why an element could not do its work: becomes an incident unless something catches it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Failure {
    pub code: String,
    pub message: String,
}

impl Failure {
    pub fn new(code: &str, message: String) -> Failure {
        Failure {
            code: code.chars().take(CODE_CHARS_MAX).collect(),
            message: message.chars().take(MESSAGE_CHARS_MAX).collect(),
        }
    }

    /// `None` for a time-out: the step is tried again, nothing is decided.
    pub fn of_script(failure: ScriptFailure) -> Option<Failure> {
        match failure {
            ScriptFailure::Bpmn { code, message } => Some(Failure::new(&code, message)),
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
    // The history gives way to the variables of the process, so that an error can always be recorded.
    let mut room = room(step).saturating_sub(super::size("_lastError", &error));
    let fit = history.iter().rev().take_while(|error| {
        let bytes = super::size("", error);
        let fits = bytes <= room;
        room = room.saturating_sub(bytes);
        fits
    });
    let fit = fit.count().max(1);
    history.drain(..history.len() - fit);
    let mut values = Variables::new();
    values.insert("_lastError".to_owned(), error);
    values.insert("_errorHistory".to_owned(), Value::Array(history));
    step.emit(Event::VariablesSet(values));
}

/// Bytes that the variables of the process leave free.
fn room(step: &Step<'_>) -> usize {
    let variables = step.state.instance.variables.iter();
    let own = variables.filter(|(name, _)| !matches!(name.as_str(), "_lastError" | "_errorHistory"));
    VARIABLES_BYTES_MAX.saturating_sub(own.map(|(name, value)| super::size(name, value)).sum())
}
