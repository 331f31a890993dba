//! Model of an external task: who is asked, what the form asks, when it ends. Decides nothing.

use super::{TextRef, When};
use crate::notification::Channel;
use crate::template::Template;
use crate::time::Duration;
use crate::value::ValueExpr;
use serde::{Deserialize, Serialize};

/// Model of an external task: what the designer wrote.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExternalTaskModel {
    /// Address of the recipient: literal, path, template or expression.
    pub recipient: ValueExpr,
    /// How the recipient is addressed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipient_name: Option<ValueExpr>,
    /// How the notification travels.
    pub channel: Channel,
    /// The buttons, in order. Never empty: without a model it is one action `Submit`.
    pub actions: Vec<ActionModel>,
    /// When the task expires; `None`: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<When>,
    /// When reminders go out.
    #[serde(default, skip_serializing_if = "Reminders::is_none")]
    pub reminders: Reminders,
    /// BCP 47 language of page and mails, literal or expression; else the tenant's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<ValueExpr>,
    /// `EmailSubject`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email_subject: Option<Template>,
    /// `EmailBody`, HTML.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email_body: Option<TextRef>,
    /// Customer pages, checked and rewritten at deployment. A missing one falls back to the built-in page.
    #[serde(default, skip_serializing_if = "Pages::is_empty")]
    pub pages: Pages,
    /// Fields the task page asks for: those of the customer's own form, else the optional comment.
    pub fields: Vec<FieldModel>,
}

/// `TaskPage`, `SuccessPage`, `AlreadyCompletedPage`, `ExpiredPage`, `CancelledPage`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Pages {
    /// Shown while the task is PENDING.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<TextRef>,
    /// Answer to the submission itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub success: Option<TextRef>,
    /// Shown when the link is opened again later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub already_completed: Option<TextRef>,
    /// Shown once the time to answer has passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expired: Option<TextRef>,
    /// Shown after a cancellation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancelled: Option<TextRef>,
}

impl Pages {
    fn is_empty(&self) -> bool {
        *self == Pages::default()
    }
}

/// One entry of `Actions`: `Name`, or `Name|Label|style`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionModel {
    /// Submitted value; compared case-sensitively, never translated.
    pub name: String,
    /// Text of the button; the name where none is modelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// How the button looks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub style: Option<String>,
}

impl ActionModel {
    /// The text of the button.
    pub fn label(&self) -> &str {
        self.label.as_deref().unwrap_or(&self.name)
    }
}

/// `Reminders`: a list of durations after creation, or one cycle.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
pub enum Reminders {
    /// No reminders.
    #[default]
    None,
    /// Each duration counts from the creation; sorted ascending, no duplicates.
    At(Vec<Duration>),
    /// `R[n]/duration`: at most n (30 where n is missing) reminders.
    Every {
        /// Number of reminders.
        times: u32,
        /// Time between them; never zero.
        interval: Duration,
    },
}

impl Reminders {
    fn is_none(&self) -> bool {
        matches!(self, Reminders::None)
    }
}

/// One field of the task page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldModel {
    /// Key of the value and `name` of the input.
    pub name: String,
    /// What the label says; the name where the page has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// What values are accepted.
    pub kind: FieldKind,
    /// Must have a value.
    #[serde(default)]
    pub required: bool,
}

/// Kinds of field and their limits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FieldKind {
    /// One line or several; at most `max` characters.
    Text {
        /// Characters at most.
        max: usize,
        /// Drawn as a textarea.
        multiline: bool,
    },
    /// An e-mail address.
    Email,
    /// A number, point or comma.
    Number {
        /// Smallest value, as written in the page.
        min: Option<String>,
        /// Largest value, as written in the page.
        max: Option<String>,
    },
    /// A date (`YYYY-MM-DD`).
    Date,
    /// True when present.
    Checkbox,
    /// One of the values.
    Choice(Vec<String>),
    /// Any of the values.
    Choices(Vec<String>),
}
