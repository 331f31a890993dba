//! One external task as operators see it, as a page and as the inside of a dialog: whose turn it is, trouble first, facts,
//! link, notifications, history, and the question before it is cancelled. Decides nothing: actions come as offered.

use super::external_tasks::{self, Notice, Row};
use super::{Shell, render};
use crate::format::Zone;
use domain::external_task::Status;
use domain::ids::{InstanceKey, TaskKey};
use domain::notification::{Channel, Delivery, NotificationKind};
use domain::time::Timestamp;
use serde::Serialize;

#[cfg(test)]
mod tests;
mod trouble;
mod view;

pub use trouble::Trouble;
use view::{question, view};

/// Everything an operator sees of one task (S0-17 to S0-26).
#[derive(Clone, Debug)]
pub struct Task {
    /// Key.
    pub key: TaskKey,
    /// The instance it belongs to.
    pub instance: InstanceKey,
    /// Status that holds now.
    pub status: Status,
    /// Name of the activity.
    pub name: String,
    /// BPMN id of the activity.
    pub activity_id: String,
    /// Name of the process.
    pub process: String,
    /// BPMN id of the process.
    pub process_id: String,
    /// Version of the instance's definition.
    pub version: u32,
    /// Mail address.
    pub recipient: String,
    /// How the recipient is addressed.
    pub recipient_name: Option<String>,
    /// How notifications travel.
    pub channel: Channel,
    /// Business label of the instance.
    pub reference: Option<String>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When the time to answer ends.
    pub expires_at: Option<Timestamp>,
    /// When it was answered.
    pub completed_at: Option<Timestamp>,
    /// When it was cancelled or expired.
    pub ended_at: Option<Timestamp>,
    /// When the link was first fetched, by a person or a scanner.
    pub first_fetched_at: Option<Timestamp>,
    /// First POST of the recipient.
    pub first_opened_at: Option<Timestamp>,
    /// The action that was chosen, as modelled.
    pub outcome: Option<String>,
    /// Field and value of the answer; `None`: the reader may not see them.
    pub answers: Option<Vec<(String, String)>>,
    /// Version whose pages, actions and mail are used.
    pub templates_version: u32,
    /// When they were last taken from the deployed version.
    pub synced_at: Option<Timestamp>,
    /// Address of the public page and its last part; only for those who may manage.
    pub link: Option<(String, String)>,
    /// Every mail ordered, oldest first.
    pub notifications: Vec<Notification>,
    /// What happened, oldest first.
    pub history: Vec<Line>,
    /// Somebody must look after this recipient.
    pub follow_up: bool,
    /// The process stopped with an error.
    pub instance_failed: bool,
    /// What the reader may do now, in this order.
    pub actions: Vec<Act>,
    /// The reader may see the instance.
    pub may_see_instance: bool,
}

/// A mail about the task.
#[derive(Clone, Debug)]
pub struct Notification {
    /// Why it went out.
    pub kind: NotificationKind,
    /// How.
    pub channel: Channel,
    /// To whom.
    pub to: String,
    /// When it was sent; before that, when it was ordered.
    pub at: Timestamp,
    /// What became of it.
    pub delivery: Delivery,
    /// Why it did not arrive, in the words of the mail service.
    pub reason: Option<String>,
    /// When it was opened, and whether by a machine.
    pub opened: Option<(Timestamp, bool)>,
}

/// One line of the history.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    /// Name of an icon.
    pub icon: &'static str,
    /// `ok`, `warn`, `bad` or nothing.
    pub tone: &'static str,
    /// What happened: `Mail sent again`.
    pub what: String,
    /// Who: `by Ingrid Solberg`, `by schedule`.
    pub by: String,
    /// From where: `203.0.113.7, console`.
    pub from: Option<String>,
    /// What was said: a reason.
    pub note: Option<String>,
    /// When.
    #[serde(skip)]
    pub at: Timestamp,
}

/// What can be done with a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Send the mail again.
    Resend,
    /// Take pages, actions and mail from the deployed version.
    SyncTemplates,
    /// Cancel it and stop its process.
    Cancel,
}

impl Act {
    /// The last part of its address.
    pub fn path(self) -> &'static str {
        match self {
            Act::Resend => "resend",
            Act::SyncTemplates => "sync-templates",
            Act::Cancel => "cancel",
        }
    }

    /// The action with this address.
    pub fn of_path(path: &str) -> Option<Act> {
        [Act::Resend, Act::SyncTemplates, Act::Cancel].into_iter().find(|act| act.path() == path)
    }

    fn word(self) -> &'static str {
        match self {
            Act::Resend => "Resend",
            Act::SyncTemplates => "Sync templates",
            Act::Cancel => "Cancel",
        }
    }

    fn icon(self) -> &'static str {
        match self {
            Act::Resend => "send",
            Act::SyncTemplates => "sync",
            Act::Cancel => "cancelled",
        }
    }

    /// What to say once it is done.
    pub fn done(self, recipient: &str) -> String {
        match self {
            Act::Resend => format!("The mail to {recipient} is on its way again. The link is the same."),
            Act::SyncTemplates => format!("The deployed templates are on the task of {recipient}. No mail was sent."),
            Act::Cancel => format!("The task of {recipient} is cancelled and its process is stopped."),
        }
    }
}

/// The page of a task. `back` is the address of the list as the reader left it.
/// `submission` names this copy of the page: a button pressed twice does its work once.
pub fn page(
    shell: &Shell,
    task: &Task,
    notice: Option<&Notice>,
    back: &str,
    submission: &str,
    clock: (&Zone, Timestamp),
) -> String {
    let mut view = view(task, notice, back, clock);
    view.submission = submission;
    render("console/task.html", shell, &view)
}

/// The same for a dialog; after an action with the row of the list as it is now.
pub fn dialog_part(
    shell: &Shell,
    task: &Task,
    notice: Option<&Notice>,
    row: Option<Row>,
    clock: (&Zone, Timestamp),
) -> String {
    let may_manage = task.link.is_some();
    let row = row.map(|row| external_tasks::row_part(shell, row, None, may_manage, clock));
    let mut view = view(task, notice, "/external-tasks", clock);
    (view.dialog, view.row) = (true, row);
    render("console/task-dialog.html", shell, &view)
}

/// The question before a cancellation, as a page.
pub fn cancel_page(shell: &Shell, task: &Task) -> String {
    render("console/task-cancel.html", shell, &question(task))
}

/// The same for a dialog.
pub fn cancel_part(shell: &Shell, task: &Task) -> String {
    render("console/task-cancel-dialog.html", shell, &question(task))
}
