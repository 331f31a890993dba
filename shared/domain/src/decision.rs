//! What a decision depends on and what it gives. Types only.

use crate::action::JobChange;
use crate::command::Actor;
use crate::effect::Effect;
use crate::event::Event;
use crate::instance::Aggregate;
use crate::process::Process;
use crate::script::{CommandAnswer, CommandCall, LogLine, Scripts};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Everything outside the state that a decision depends on.
pub struct Env<'a> {
    /// The moment of the decision.
    pub now: Timestamp,
    /// On whose behalf.
    pub actor: &'a Actor,
    /// The process of the instance's version.
    pub process: &'a Process,
    /// The process whose pages and actions the command is about: of the task's templates version for a submission,
    /// of the deployed version for Sync. The same as `process` where nothing was synced.
    pub templates: &'a Process,
    /// The script language.
    pub scripts: &'a dyn Scripts,
    /// Commands of scripts that were carried out for this decision, with their answers.
    pub commands: &'a [(CommandCall, CommandAnswer)],
}

/// An accepted command: nothing is stored yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// The state after the events.
    pub after: Aggregate,
    /// What happened. Empty: nothing is to be committed (a repeated submission).
    pub events: Vec<Event>,
    /// What the outside must do.
    pub effects: Vec<Effect>,
    /// What changes of the jobs kept beside the state.
    pub jobs: Vec<JobChange>,
    /// What the caller is told.
    pub reply: Reply,
    /// What scripts logged, for the operator's log.
    pub log: Vec<LogLine>,
}

/// What the caller of an accepted command is told.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// Done as asked.
    Done,
    /// The answer was accepted, now or by an earlier post of the same page.
    Submitted,
    /// The answer was refused; the task is as it was, what was typed is kept.
    Denied(Vec<FieldError>),
    /// The answer was refused by an error that the process caught: the task was taken away and another path runs.
    Interrupted {
        /// Code of the error.
        code: String,
        /// Its sentence, written by the designer.
        message: String,
    },
    /// The command was carried out and ended in an incident: the instance is in Error.
    Failed {
        /// Code of the incident.
        code: String,
        /// Sentence for the operator; never shown to a recipient.
        message: String,
    },
}

impl Reply {
    /// Code and sentence of the incident the command ended in, if it did.
    pub fn failure(&self) -> Option<(&str, &str)> {
        match self {
            Reply::Failed { code, message } => Some((code, message)),
            Reply::Done | Reply::Submitted | Reply::Denied(_) | Reply::Interrupted { .. } => None,
        }
    }
}

/// One refused value of a submission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// Name of the field, or `action`.
    pub field: String,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What a script has to say about an answer: it stands on the task, and at the form, until the next answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormError {
    /// Name of the field; empty for the answer as a whole.
    #[serde(rename = "f", default, skip_serializing_if = "String::is_empty")]
    pub field: String,
    /// The sentence.
    #[serde(rename = "m")]
    pub message: String,
}

impl From<&FormError> for FieldError {
    fn from(error: &FormError) -> FieldError {
        let problem = Problem::Refused { code: FORM_ERROR.to_owned(), message: error.message.clone() };
        FieldError { field: error.field.clone(), problem }
    }
}

/// The code of what a script said at a form: it names none.
pub const FORM_ERROR: &str = "FORM_ERROR";

/// What can be wrong with a submitted value. Sentences are the catalogue's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// Nothing was given.
    Required,
    /// More characters than allowed.
    TooLong {
        /// Characters at most.
        max: usize,
        /// Characters given.
        length: usize,
    },
    /// Not a number.
    NotANumber,
    /// Below the smallest number.
    TooSmall {
        /// Smallest value.
        min: String,
    },
    /// Above the largest number.
    TooLarge {
        /// Largest value.
        max: String,
    },
    /// Not a date.
    NotADate,
    /// Not a mail address.
    NotAnEmail,
    /// None of the choices.
    NotAChoice,
    /// The page has no such field.
    UnknownField,
    /// The task has no such action.
    UnknownAction,
    /// Several values where one is expected, or the wrong kind.
    WrongType,
    /// A script refused the answer, or said what is wrong with it.
    Refused {
        /// Code of the BpmnError, or [`FORM_ERROR`].
        code: String,
        /// Its sentence, written for whoever answers.
        message: String,
    },
}

impl Problem {
    /// The stable code of the API.
    pub fn code(&self) -> &str {
        match self {
            Problem::Required => "REQUIRED",
            Problem::TooLong { .. } => "TOO_LONG",
            Problem::NotANumber => "NOT_A_NUMBER",
            Problem::TooSmall { .. } => "TOO_SMALL",
            Problem::TooLarge { .. } => "TOO_LARGE",
            Problem::NotADate => "NOT_A_DATE",
            Problem::NotAnEmail => "NOT_AN_EMAIL",
            Problem::NotAChoice => "NOT_A_CHOICE",
            Problem::UnknownField => "UNKNOWN_FIELD",
            Problem::UnknownAction => "UNKNOWN_ACTION",
            Problem::WrongType => "WRONG_TYPE",
            Problem::Refused { code, .. } => code,
        }
    }
}
