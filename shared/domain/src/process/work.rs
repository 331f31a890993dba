//! The model of an ordinary user task: who may do it, until when, by which actions. Evaluates nothing.

use super::{ActionModel, When};
use crate::value::ValueExpr;
use serde::{Deserialize, Serialize};

/// What the designer wrote about an ordinary user task, beside what every user task has.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
pub struct WorkTaskModel {
    /// `TaskKind`: what is shown and checked.
    #[serde(default, skip_serializing_if = "TaskKind::is_form")]
    pub kind: TaskKind,
    /// `UserActions`, in order. Empty: any name completes the task.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<ActionModel>,
    /// Who does it from the start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee: Option<ValueExpr>,
    /// `ResponsibleUsers`: each gives one user or a list of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candidate_users: Vec<ValueExpr>,
    /// `ResponsibleTeams`: each gives one group or a list of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candidate_groups: Vec<ValueExpr>,
    /// 0 to 100, or LOW, NORMAL, HIGH, CRITICAL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<ValueExpr>,
    /// `DueDate`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<When>,
    /// `FollowUpDate`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follow_up: Option<When>,
}

impl WorkTaskModel {
    /// Whether an answer may carry this action. Compared case-sensitively, never translated (T-06).
    pub fn accepts(&self, action: &str) -> bool {
        self.actions.is_empty() || self.actions.iter().any(|known| known.name == action)
    }
}

/// `TaskKind`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TaskKind {
    /// Fields to fill in.
    #[default]
    Form,
    /// A decision.
    Approval,
    /// Documents to provide or look at.
    Document,
    /// Rendered by the customer's own application.
    Custom,
}

impl TaskKind {
    /// All of them.
    pub const ALL: [TaskKind; 4] = [TaskKind::Form, TaskKind::Approval, TaskKind::Document, TaskKind::Custom];

    /// The word of files and API.
    pub fn as_str(self) -> &'static str {
        match self {
            TaskKind::Form => "form",
            TaskKind::Approval => "approval",
            TaskKind::Document => "document",
            TaskKind::Custom => "custom",
        }
    }

    /// Accepts the word in any case.
    pub fn parse(text: &str) -> Option<TaskKind> {
        TaskKind::ALL.into_iter().find(|kind| kind.as_str().eq_ignore_ascii_case(text))
    }

    fn is_form(&self) -> bool {
        *self == TaskKind::Form
    }
}
