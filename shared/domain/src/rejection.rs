//! Why a command was refused. A rejection is a value with a stable code; nothing was changed. Knows no HTTP.

use crate::script::CommandCall;
use crate::time::Timestamp;

/// A refused command.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Rejection {
    /// There is no such task or instance in the aggregate.
    #[error("there is no {what} with this key")]
    NotFound {
        /// `task` or `instance`.
        what: &'static str,
    },
    /// The action is not legal in the present state.
    #[error("{action} is not possible: the state is {state}")]
    InvalidState {
        /// What was asked.
        action: &'static str,
        /// The present state, as on the wire.
        state: &'static str,
    },
    /// The instance is in Error: what was asked must wait for the retry.
    #[error("the process has stopped at an error; an administrator must retry it first")]
    InstanceInError,
    /// The command was carried out before.
    #[error("this was done already")]
    AlreadyDone,
    /// A schedule fired before its time.
    #[error("this is due at {due}, not yet")]
    TooEarly {
        /// When it is due.
        due: Timestamp,
    },
    /// The deployed version has no such external task.
    #[error("the deployed version {version} has no external task \"{activity}\"")]
    NotInDeployed {
        /// The deployed version.
        version: u32,
        /// BPMN id of the activity.
        activity: String,
    },
    /// An input is unusable.
    #[error("{message}")]
    InvalidInput {
        /// The field at fault.
        field: String,
        /// Stable code.
        code: &'static str,
        /// What to do.
        message: String,
    },
    /// A limit of the product would be passed.
    #[error("{message}")]
    Limit {
        /// Which, how much, and what to do.
        message: String,
    },
    /// A script called a command whose answer is not at hand: carry it out, then decide again with the answer.
    #[error("the command \"{}\" must be carried out first; nothing was changed, try again", .0.name)]
    CommandWanted(Box<CommandCall>),
    /// The wall clock of a script ran out: try again, nothing was decided.
    #[error("a script took too long; nothing was changed, try again")]
    Retry,
}

impl Rejection {
    /// True where the same message must come again: nothing was decided about it. Everything else is decided, and a
    /// repetition would be refused as well.
    pub fn asks_again(&self) -> bool {
        matches!(self, Rejection::TooEarly { .. } | Rejection::CommandWanted(_) | Rejection::Retry)
    }

    /// The stable code of the API.
    pub fn code(&self) -> &'static str {
        match self {
            Rejection::NotFound { .. } => "NOT_FOUND",
            Rejection::InvalidState { .. } => "INVALID_STATE",
            Rejection::InstanceInError => "INSTANCE_IN_ERROR",
            Rejection::AlreadyDone => "ALREADY_DONE",
            Rejection::TooEarly { .. } => "TOO_EARLY",
            Rejection::NotInDeployed { .. } => "NOT_IN_DEPLOYED",
            Rejection::InvalidInput { code, .. } => code,
            Rejection::Limit { .. } => "LIMIT",
            Rejection::CommandWanted(_) | Rejection::Retry => "TRY_AGAIN",
        }
    }
}
