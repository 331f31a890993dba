//! What may be asked of an aggregate. Commands carry what was asked, not whether it is allowed.

use crate::action::{Answer, Trouble};
use crate::effect::TimerStart;
use crate::engine::ChildEnd;
use crate::ids::{ElementNumber, InstanceKey, RunKey, TaskKey};
use crate::instance::{Awaited, Parent};
use crate::notification::Delivery;
use crate::variables::Variables;
use serde::{Deserialize, Serialize};

/// On whose behalf a command runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Actor {
    /// An authenticated person or client of the tenant.
    #[serde(rename = "u")]
    User(String),
    /// Whoever holds the link of the task.
    #[serde(rename = "r")]
    Recipient,
    /// A schedule, a job or the engine itself.
    #[serde(rename = "s")]
    System,
}

impl Actor {
    /// The name in histories: the user's id, `recipient` or `system`.
    pub fn name(&self) -> &str {
        match self {
            Actor::User(id) => id,
            Actor::Recipient => "recipient",
            Actor::System => "system",
        }
    }
}

/// How a command came in: kept beside the actor in the journal, so that an audit can say from where. No rule reads it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// Through which door; `None`: a schedule or the engine itself.
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    pub door: Option<Door>,
    /// IP address of the caller, for members of the tenant. Never a recipient's.
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The bulk run that carried it out.
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunKey>,
}

/// A way into the product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Door {
    /// The HTTP API.
    #[serde(rename = "a")]
    Api,
    /// The console.
    #[serde(rename = "c")]
    Console,
    /// The public page.
    #[serde(rename = "p")]
    Page,
    /// A bulk run.
    #[serde(rename = "b")]
    Bulk,
}

impl Door {
    /// The word in histories.
    pub fn as_str(self) -> &'static str {
        match self {
            Door::Api => "api",
            Door::Console => "console",
            Door::Page => "page",
            Door::Bulk => "bulk",
        }
    }
}

/// A command for one aggregate.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// I-01: start an instance. The only command that needs no state.
    Start(Start),
    /// I-07: stop the instance with everything in it.
    CancelInstance {
        /// Shown in the history.
        reason: Option<String>,
    },
    /// I-06: run the failed elements again.
    Retry {
        /// Only incidents at this element; all where it is missing.
        element: Option<String>,
        /// Variables corrected before the retry.
        variables: Variables,
    },
    /// Go on where a step budget ended the last command.
    Continue,
    /// A timer of a boundary event is due.
    FireTimer {
        /// The element instance the event is attached to.
        element: ElementNumber,
        /// BPMN id of the boundary event.
        event: String,
        /// Number of the firing, from 1.
        occurrence: u32,
    },
    /// A job, or the firing of a timer, failed again and again.
    GiveUp {
        /// Element instance, event and number of the firing; `None`: what waits for a job.
        timer: Option<(ElementNumber, String, u32)>,
        /// How often it was tried.
        tries: u32,
    },
    /// A child was started for a call activity.
    ChildStarted {
        /// The element instance of the call activity.
        element: ElementNumber,
        /// The child.
        child: InstanceKey,
    },
    /// The child of a call activity ended, or could not be started.
    ChildEnded {
        /// The element instance of the call activity.
        element: ElementNumber,
        /// The child, if there was one.
        child: Option<InstanceKey>,
        /// How.
        end: ChildEnd,
    },
    /// A message or signal came for an event.
    Receive {
        /// The element instance that waits, or whose event does.
        element: ElementNumber,
        /// BPMN id of the event.
        event: String,
        /// What it is, as whoever sent it says.
        awaited: Awaited,
        /// What it brings.
        variables: Variables,
    },
    /// The outside carried out an action, or answered that it does not.
    CompleteAction {
        /// The element instance that waits for it.
        element: ElementNumber,
        /// Number of the attempt.
        attempt: u32,
        /// What it answered.
        answer: Box<Answer>,
    },
    /// An attempt at an action had no answer.
    FailAction {
        /// The element instance that waits for it.
        element: ElementNumber,
        /// Number of the attempt.
        attempt: u32,
        /// Why.
        trouble: Trouble,
    },
    /// E-07, E-08: the recipient answers.
    Submit(Submission),
    /// W-16, W-17: a colleague completes an ordinary user task.
    Complete(Completion),
    /// E-06: keep what was typed.
    SaveDraft {
        /// The task.
        task: TaskKey,
        /// Field values.
        values: Variables,
    },
    /// E-03: a scheduled reminder is due.
    Remind {
        /// The task.
        task: TaskKey,
        /// Number of the reminder in the model's plan, from 1.
        occurrence: u32,
    },
    /// E-04: send the notification again.
    Resend {
        /// The task.
        task: TaskKey,
    },
    /// E-09: take pages, actions and mail from a deployed version.
    SyncTemplates {
        /// The task.
        task: TaskKey,
        /// The deployed version; `Env::templates` is its process.
        version: u32,
    },
    /// E-10: cancel the task and its whole instance.
    CancelTask {
        /// The task.
        task: TaskKey,
        /// Shown in the history.
        reason: Option<String>,
    },
    /// E-12: the expiry is due.
    Expire {
        /// The task.
        task: TaskKey,
    },
    /// E-13: a mail of the task bounced for good or was reported.
    RecordBounce {
        /// The task.
        task: TaskKey,
        /// Bounced, complained or failed.
        delivery: Delivery,
    },
}

impl Command {
    /// The name in journals and logs.
    pub fn name(&self) -> &'static str {
        match self {
            Command::Start(_) => "start",
            Command::CancelInstance { .. } => "cancelInstance",
            Command::Retry { .. } => "retry",
            Command::Continue => "continue",
            Command::FireTimer { .. } => "fireTimer",
            Command::GiveUp { .. } => "giveUp",
            Command::ChildStarted { .. } => "childStarted",
            Command::ChildEnded { .. } => "childEnded",
            Command::Receive { .. } => "receive",
            Command::CompleteAction { .. } => "completeAction",
            Command::FailAction { .. } => "failAction",
            Command::Submit(_) => "submit",
            Command::Complete(_) => "complete",
            Command::SaveDraft { .. } => "saveDraft",
            Command::Remind { .. } => "remind",
            Command::Resend { .. } => "resend",
            Command::SyncTemplates { .. } => "syncTemplates",
            Command::CancelTask { .. } => "cancelTask",
            Command::Expire { .. } => "expire",
            Command::RecordBounce { .. } => "recordBounce",
        }
    }

    /// The task it is about, or `None` where it is about the instance.
    pub fn task(&self) -> Option<TaskKey> {
        match self {
            Command::Submit(submission) => Some(submission.task),
            Command::Complete(completion) => Some(completion.task),
            Command::SaveDraft { task, .. }
            | Command::Remind { task, .. }
            | Command::Resend { task }
            | Command::SyncTemplates { task, .. }
            | Command::CancelTask { task, .. }
            | Command::Expire { task }
            | Command::RecordBounce { task, .. } => Some(*task),
            Command::Start(_)
            | Command::CancelInstance { .. }
            | Command::Retry { .. }
            | Command::Continue
            | Command::CompleteAction { .. }
            | Command::FailAction { .. }
            | Command::FireTimer { .. }
            | Command::GiveUp { .. }
            | Command::ChildStarted { .. }
            | Command::ChildEnded { .. }
            | Command::Receive { .. } => None,
        }
    }
}

/// Start of an instance.
#[derive(Clone, Debug, PartialEq)]
pub struct Start {
    /// The key drawn for it.
    pub key: InstanceKey,
    /// BPMN id of the process.
    pub process_id: String,
    /// Version of the definition that `Env::process` is.
    pub definition_version: u32,
    /// The caller's own key.
    pub business_key: Option<String>,
    /// Business label.
    pub reference: Option<String>,
    /// Whose call activity starts it.
    pub parent: Option<Parent>,
    /// The timer start event that begins it.
    pub timer: Option<TimerStart>,
    /// Only the start is committed; a job goes on with the first element.
    pub in_background: bool,
    /// Initial variables.
    pub variables: Variables,
}

impl Start {
    /// A start at the none start event, by nobody in particular and with nothing.
    pub fn new(key: InstanceKey, process_id: String, definition_version: u32) -> Start {
        Start {
            key,
            process_id,
            definition_version,
            business_key: None,
            reference: None,
            parent: None,
            timer: None,
            in_background: false,
            variables: Variables::new(),
        }
    }
}

/// The completion of an ordinary user task.
#[derive(Clone, Debug, PartialEq)]
pub struct Completion {
    /// The task.
    pub task: TaskKey,
    /// The action taken; `complete` where it is missing.
    pub action: Option<String>,
    /// The answer: JSON values.
    pub values: Variables,
}

/// An answer of the recipient.
#[derive(Clone, Debug, PartialEq)]
pub struct Submission {
    /// The task.
    pub task: TaskKey,
    /// The button pressed.
    pub action: String,
    /// Field values as posted: text, or a list of texts for fields with several values.
    pub values: Variables,
    /// Value of the page that makes a repeated post recognisable.
    pub id: String,
}
