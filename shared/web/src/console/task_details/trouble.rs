//! What is wrong with a task that still waits, and what to do about it. One thing at most: the one to begin with.

use super::{Notification, Task};
use crate::format::{self, Zone};
use domain::external_task::Status;
use domain::notification::{Delivery, NotificationKind};
use domain::time::Timestamp;
use serde::Serialize;

/// What is wrong, and the way out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Trouble {
    /// `bad` or `warn`.
    pub tone: &'static str,
    /// What happened.
    pub head: String,
    /// What to do.
    pub text: String,
}

pub(super) fn of(task: &Task, zone: &Zone, now: Timestamp) -> Option<Trouble> {
    if task.status != Status::Pending {
        return None;
    }
    if task.instance_failed {
        return Some(Trouble {
            tone: "bad",
            head: "The process behind this task stopped with an error.".to_owned(),
            text: "Answers are refused until an administrator retries it. What the recipient typed is kept.".to_owned(),
        });
    }
    let worst = task.notifications.iter().rev().find(|mail| mail.delivery.needs_follow_up());
    if task.follow_up || worst.is_some_and(|mail| Some(mail.at) == task.notifications.last().map(|last| last.at)) {
        return worst.map(|mail| refused(mail, zone, now));
    }
    let last = task.notifications.last().filter(|mail| mail.delivery == Delivery::Delayed)?;
    Some(Trouble {
        tone: "warn",
        head: format!("The {} of {} is delayed.", kind(last.kind), format::day_short(zone, last.at, now)),
        text: format!("The mail server of {} asks to wait. It is tried again by itself.", domain_of(&last.to)),
    })
}

fn refused(mail: &Notification, zone: &Zone, now: Timestamp) -> Trouble {
    let (kind, day) = (kind(mail.kind), format::day_short(zone, mail.at, now));
    let because = mail.reason.as_ref().map_or_else(String::new, |reason| format!(": {}", reason.trim_end_matches('.')));
    let (head, text) = match mail.delivery {
        Delivery::Complained => (
            "The recipient reported the mail as spam.".to_owned(),
            "No reminder goes out any more. Reach the person another way before you send the mail again.".to_owned(),
        ),
        Delivery::Failed => (
            format!("The {kind} of {day} was not sent."),
            format!("It could not be handed over{because}. Resend it; if it fails again, look at Delivery."),
        ),
        Delivery::Bounced | Delivery::Queued | Delivery::Sent | Delivery::Delayed | Delivery::Delivered => (
            format!("The {kind} of {day} did not arrive."),
            format!(
                "The mail server of {} refused the address{because}. Ask the company for the right address, then cancel this task and start it again.",
                domain_of(&mail.to)
            ),
        ),
    };
    Trouble { tone: "bad", head, text }
}

fn kind(kind: NotificationKind) -> &'static str {
    match kind {
        NotificationKind::Initial => "first mail",
        NotificationKind::Reminder => "reminder",
        NotificationKind::Resend => "repeated mail",
    }
}

fn domain_of(address: &str) -> &str {
    address.rsplit_once('@').map_or(address, |(_, domain)| domain)
}
