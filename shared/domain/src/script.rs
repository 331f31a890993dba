//! What the engine asks of a script language. Defines the port only; QuickJS lives in the `script` crate.

use crate::ids::ElementNumber;
use crate::time::Timestamp;
use crate::variables::Variables;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Which rules of visibility hold for a script (BPMN semantics, "What each script may see").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScriptKind {
    /// `Script` of a user task, run when the task is reached. Reads variables; its assignments are discarded.
    Pre,
    /// `ServerScript` of a user task, run after a submission. Reads and writes variables, sees the form data.
    Server,
    /// Script of a script task. Reads and writes variables.
    Task,
    /// `Condition` of a gateway or a `conditionExpression`. Reads variables, writes nothing, calls nothing.
    Condition,
}

/// One evaluation: everything the script may depend on.
#[derive(Clone, Debug)]
pub struct ScriptRequest<'a> {
    /// The source as modelled, line breaks kept.
    pub source: &'a str,
    /// Decides what may be read, written and called.
    pub kind: ScriptKind,
    /// The process variables: bare names and `context.*`.
    pub variables: &'a Variables,
    /// `formData`, for [`ScriptKind::Server`] only; its fields are bare names, too, where no variable has the name.
    pub form_data: Option<&'a Variables>,
    /// `userAction`, for [`ScriptKind::Server`] only (a condition reads the variable of that name).
    pub user_action: Option<&'a str>,
    /// `currentUser`: the authenticated actor on whose behalf the step runs.
    pub current_user: Option<&'a str>,
    /// What `Date` shows.
    pub now: Timestamp,
    /// Seed of `Math.random`, so that a replay draws the same numbers.
    pub seed: u64,
    /// Answers to `doCmd` calls already executed outside, in order of the calls.
    pub answers: &'a [CommandAnswer],
}

/// The answer to one `doCmd` call, recorded so that the script can run again and read it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum CommandAnswer {
    /// The command's result.
    Done(Value),
    /// The command failed with a business error the script may catch.
    Failed {
        /// Error code of the command.
        code: String,
        /// Sentence for the operator.
        message: String,
    },
}

/// A call of `doCmd` that must be carried out outside before the script can go on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CommandCall {
    /// The element instance whose script calls.
    pub element: ElementNumber,
    /// Number of the call within the decision, from 0: a script that is decided again makes the same calls.
    pub number: usize,
    /// Name of the command.
    pub name: String,
    /// Its argument.
    pub arguments: Value,
}

/// What an evaluation produced.
#[derive(Clone, Debug, PartialEq)]
pub struct ScriptOutcome {
    /// The value of `return`, or of the last expression where there is no `return`; `null` for `undefined`.
    pub result: Value,
    /// Variables the script assigned (`context.x = ...` or an undeclared bare name). Empty where writing is not allowed.
    pub writes: Variables,
    /// Lines of `console.*` and `logger.*` and the host's own warnings, at most 100.
    pub log: Vec<LogLine>,
}

/// One line a script logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// `info`, `warn` or `error`.
    pub level: &'static str,
    /// At most 1,000 characters.
    pub text: String,
}

/// Why an evaluation produced nothing.
#[derive(Clone, Debug, PartialEq)]
pub enum ScriptFailure {
    /// The script threw `BpmnError(code, message)`: a business error.
    Bpmn {
        /// The error code, compared case-sensitively.
        code: String,
        /// The message given.
        message: String,
    },
    /// Anything else thrown, or a syntax error: SCRIPT_ERROR, an incident.
    Technical(String),
    /// Steps, memory, stack or result size used up: SCRIPT_LIMIT, an incident. The same on every replay.
    Limit(String),
    /// The wall clock ran out: a technical retry of the step, not a decision about it.
    Timeout,
    /// The script called `doCmd` and no answer is recorded: run the command outside, then the script again.
    CommandWanted {
        /// Number of the call within this evaluation, from 0.
        number: usize,
        /// Name of the command.
        name: String,
        /// Its argument.
        arguments: Value,
    },
}

/// A script language. Implementations are pure: equal requests give equal answers. Shared by concurrent requests.
pub trait Scripts: Send + Sync {
    /// Runs a script within the limits of the implementation. Never panics, never blocks beyond its limits.
    fn evaluate(&self, request: &ScriptRequest<'_>) -> Result<ScriptOutcome, ScriptFailure>;

    /// True where the time for this decision is over: what is left goes on as a job. The one thing that a decision learns
    /// of a clock, and it changes only where the path is cut.
    fn is_time_over(&self) -> bool {
        false
    }
}

/// For functions that never reach a script: an evaluation is refused as a technical error.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoScripts;

impl Scripts for NoScripts {
    fn evaluate(&self, _: &ScriptRequest<'_>) -> Result<ScriptOutcome, ScriptFailure> {
        Err(ScriptFailure::Technical("this function does not run scripts".to_owned()))
    }
}
