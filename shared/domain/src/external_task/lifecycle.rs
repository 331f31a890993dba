//! The life cycle of an external task, E-01 to E-14, as one table. Decides nothing else.

use crate::lifecycle::{After, Transition, next, offered};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Status of an external task. PENDING is the only one that is not final.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Status {
    /// Waits for the recipient.
    Pending,
    /// Answered.
    Completed,
    /// Stopped by an operator or by the process.
    Cancelled,
    /// The time to answer has passed.
    Expired,
}

impl Status {
    /// All of them, in the order of the specification.
    pub const ALL: [Status; 4] = [Status::Pending, Status::Completed, Status::Cancelled, Status::Expired];

    /// The word on the wire and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Pending => "PENDING",
            Status::Completed => "COMPLETED",
            Status::Cancelled => "CANCELLED",
            Status::Expired => "EXPIRED",
        }
    }

    /// Accepts the exact words of the wire.
    pub fn parse(text: &str) -> Option<Status> {
        Status::ALL.into_iter().find(|status| status.as_str() == text)
    }

    /// No action changes a final status.
    pub fn is_final(self) -> bool {
        self != Status::Pending
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What can be asked of an external task once it exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// A scheduled reminder is due.
    Remind,
    /// Send the notification again.
    Resend,
    /// The recipient's first POST.
    Open,
    /// Keep what was typed.
    SaveDraft,
    /// A valid answer.
    Submit,
    /// An answer that is refused.
    DenySubmit,
    /// Take pages, actions and mail from the deployed version.
    SyncTemplates,
    /// Cancel the task and its whole instance.
    Cancel,
    /// The process takes the task away.
    Interrupt,
    /// The time to answer has passed.
    Expire,
    /// The mail bounced for good or was reported as spam.
    Bounce,
}

impl Action {
    /// All of them, in the order of the specification's matrix.
    pub const ALL: [Action; 11] = [
        Action::Remind,
        Action::Resend,
        Action::Open,
        Action::SaveDraft,
        Action::Submit,
        Action::DenySubmit,
        Action::SyncTemplates,
        Action::Cancel,
        Action::Interrupt,
        Action::Expire,
        Action::Bounce,
    ];

    /// The name in tables, history and API.
    pub fn as_str(self) -> &'static str {
        match self {
            Action::Remind => "remind",
            Action::Resend => "resend",
            Action::Open => "open",
            Action::SaveDraft => "saveDraft",
            Action::Submit => "submit",
            Action::DenySubmit => "denySubmit",
            Action::SyncTemplates => "syncTemplates",
            Action::Cancel => "cancel",
            Action::Interrupt => "interrupt",
            Action::Expire => "expire",
            Action::Bounce => "bounce",
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Who asks, as the life cycle sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Whoever holds the link.
    Recipient,
    /// Whoever holds `external-tasks:manage`.
    Operator,
    /// The engine, a schedule, a mail receipt.
    System,
}

/// E-01 (create) has no state before it and E-02 is no command of the task, so the table begins with E-03.
pub const TABLE: &[Transition<Status, Action, Role>] = {
    use Action::*;
    use Status::*;
    &[
        on("E-03", Remind, Role::System, &[Pending], None),
        on("E-04", Resend, Role::Operator, &[Pending], None),
        on("E-05", Open, Role::Recipient, &[Pending], None),
        on("E-06", SaveDraft, Role::Recipient, &[Pending], None),
        on("E-07", Submit, Role::Recipient, &[Pending], Some(Completed)),
        on("E-08", DenySubmit, Role::Recipient, &[Pending], None),
        on("E-09", SyncTemplates, Role::Operator, &[Pending], None),
        on("E-10", Cancel, Role::Operator, &[Pending], Some(Cancelled)),
        on("E-11", Interrupt, Role::System, &[Pending], Some(Cancelled)),
        on("E-12", Expire, Role::System, &[Pending], Some(Expired)),
        on("E-13", Bounce, Role::System, &[Pending], None),
        on("E-14", Open, Role::Recipient, &[Completed, Cancelled, Expired], None),
    ]
};

const fn on(
    rule: &'static str,
    action: Action,
    role: Role,
    from: &'static [Status],
    to: Option<Status>,
) -> Transition<Status, Action, Role> {
    let to = match to {
        Some(to) => After::State(to),
        None => After::Same,
    };
    Transition { rule, action, role, from, to }
}

/// The status after `action`, or `None`: 409.
pub fn after(status: Status, action: Action) -> Option<Status> {
    next(TABLE, status, action)
}

/// What an operator is offered for a task in `status` (S0-27).
pub fn operator_actions(status: Status) -> impl Iterator<Item = Action> {
    offered(TABLE, status, Role::Operator)
}
