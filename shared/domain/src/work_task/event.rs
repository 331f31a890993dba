//! What happened to an ordinary user task. Types only; `apply` folds them.

use super::{Action, Priority, Responsible};
use crate::ids::ElementNumber;
use crate::time::Timestamp;
use crate::variables::Variables;
use serde::{Deserialize, Serialize};

/// A fact about an ordinary user task, stored short as its neighbours are. Assignment, drafts, follow-up and the other
/// rows of the table find their place here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum WorkTaskEvent {
    /// W-01.
    #[serde(rename = "created")]
    Created(Box<WorkTaskCreated>),
    /// W-16.
    #[serde(rename = "completed")]
    Completed {
        /// The action taken.
        #[serde(rename = "o")]
        outcome: String,
        /// The answer.
        #[serde(rename = "v", default, skip_serializing_if = "Variables::is_empty")]
        answers: Variables,
    },
    /// W-17: an audit entry, not counted in the task's `seq`. The values are kept as draft.
    #[serde(rename = "denied")]
    CompleteDenied {
        /// Codes of what was wrong.
        #[serde(rename = "w")]
        codes: Vec<String>,
        /// Merged into the draft.
        #[serde(rename = "v", default, skip_serializing_if = "Variables::is_empty")]
        values: Variables,
    },
    /// W-19.
    #[serde(rename = "failed")]
    Failed {
        /// Code of the incident.
        #[serde(rename = "c")]
        code: String,
        /// The submission that failed, merged into the draft: the next attempt begins with it.
        #[serde(rename = "v", default, skip_serializing_if = "Variables::is_empty")]
        values: Variables,
    },
    /// W-20.
    #[serde(rename = "retried")]
    Retried,
    /// W-18, W-21: canceled.
    #[serde(rename = "ended")]
    Canceled {
        /// Interrupt or cancel.
        #[serde(rename = "c")]
        cause: CancelCause,
    },
}

impl WorkTaskEvent {
    /// Type and action of the event log.
    pub fn kind(&self) -> (&'static str, &'static str) {
        match self {
            WorkTaskEvent::Created(_) => ("create", "create"),
            WorkTaskEvent::Completed { .. } => ("complete", Action::Complete.as_str()),
            WorkTaskEvent::CompleteDenied { .. } => ("audit", Action::DenyComplete.as_str()),
            WorkTaskEvent::Failed { .. } => ("fail", Action::Fail.as_str()),
            WorkTaskEvent::Retried => ("update", Action::Retry.as_str()),
            WorkTaskEvent::Canceled { cause } => ("cancel", cause.action().as_str()),
        }
    }

    /// False where only the task's own item changes.
    pub fn changes_head(&self) -> bool {
        match self {
            WorkTaskEvent::CompleteDenied { .. } => false,
            WorkTaskEvent::Created(_)
            | WorkTaskEvent::Completed { .. }
            | WorkTaskEvent::Failed { .. }
            | WorkTaskEvent::Retried
            | WorkTaskEvent::Canceled { .. } => true,
        }
    }
}

/// Payload of [`WorkTaskEvent::Created`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorkTaskCreated {
    /// The element instance that waits for it.
    #[serde(rename = "k")]
    pub element: ElementNumber,
    /// BPMN id of the activity.
    #[serde(rename = "e")]
    pub activity: String,
    /// Who may do it, and who does from the start.
    #[serde(rename = "r", default, skip_serializing_if = "Responsible::is_empty")]
    pub responsible: Responsible,
    /// Priority.
    #[serde(rename = "y", default, skip_serializing_if = "is_default")]
    pub priority: Priority,
    /// Due date.
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// Follow-up date.
    #[serde(rename = "f", default, skip_serializing_if = "Option::is_none")]
    pub follow_up_at: Option<Timestamp>,
    /// The description, where it shows values.
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What the form may show.
    #[serde(rename = "v", default, skip_serializing_if = "Variables::is_empty")]
    pub form_context: Variables,
    /// The result of the InputMapping.
    #[serde(rename = "i", default, skip_serializing_if = "Variables::is_empty")]
    pub input_data: Variables,
}

fn is_default(priority: &Priority) -> bool {
    *priority == Priority::default()
}

/// Why a task was canceled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CancelCause {
    /// W-21: its instance was cancelled, or the process left a failed task.
    Cancel,
    /// W-18: the process took it away.
    Interrupt,
}

impl CancelCause {
    /// The action of the table.
    pub fn action(self) -> Action {
        match self {
            CancelCause::Cancel => Action::Cancel,
            CancelCause::Interrupt => Action::Interrupt,
        }
    }
}
