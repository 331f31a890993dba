//! One row in words. Fifty of them share 40 KB with everything else, so a row carries classes and text and no icons:
//! those are the stylesheet's.

use super::filter::status_word;
use super::{Checked, Row};
use crate::format::{self, Zone};
use domain::external_task::Status;
use domain::ids::TaskKey;
use domain::notification::Delivery;
use domain::time::Timestamp;
use serde::Serialize;

const HOUR_MS: i64 = 3_600_000;
/// From here on the rest of the time is bold and in the warning colour.
const URGENT_HOURS: i64 = 48;

#[derive(Debug, Serialize)]
pub(super) struct RowView {
    key: TaskKey,
    /// Class and word of the status.
    status: (&'static str, &'static str),
    recipient: String,
    task: String,
    reference: String,
    created: When,
    expires: Option<When>,
    left: Option<Left>,
    reminders: u32,
    /// Class and word of the delivery.
    delivery: (&'static str, &'static str),
    /// Somebody must look after this recipient.
    flag: bool,
    pending: bool,
    checked: bool,
}

#[derive(Debug, Serialize)]
struct When {
    iso: String,
    text: String,
}

#[derive(Debug, Serialize)]
struct Left {
    text: String,
    urgent: bool,
}

impl RowView {
    pub(super) fn of(row: &Row, checked: Checked, may_manage: bool, (zone, now): (&Zone, Timestamp)) -> RowView {
        let pending = row.status == Status::Pending;
        RowView {
            key: row.key,
            status: (status_class(row.status), status_word(row.status)),
            recipient: row.recipient.clone(),
            task: row.task.clone(),
            reference: row.reference.clone().unwrap_or_default(),
            created: When { iso: minutes(row.created_at), text: format::moment_short(zone, row.created_at, now) },
            expires: row.expires_at.map(|at| When { iso: minutes(at), text: format::day_short(zone, at, now) }),
            left: row.expires_at.filter(|_| pending).and_then(|at| left(at, now)),
            reminders: row.reminders,
            delivery: delivery(row.delivery, row.opened, pending),
            flag: row.follow_up && pending,
            pending: pending && may_manage,
            checked: pending && may_manage && checked != Checked::Nothing,
        }
    }
}

/// A machine reads a moment to the minute as well, and fifty rows hold a hundred of them.
fn minutes(at: Timestamp) -> String {
    let text = at.to_string();
    text.get(..16).map_or_else(|| text.clone(), |short| format!("{short}Z"))
}

fn left(end: Timestamp, now: Timestamp) -> Option<Left> {
    let hours = (end.as_millis() - now.as_millis()) / HOUR_MS;
    if end <= now {
        return None;
    }
    let text = match hours {
        0 => "in under 1 h".to_owned(),
        1..URGENT_HOURS => format!("in {hours} h"),
        _ => format!("in {} d", hours / 24),
    };
    Some(Left { text, urgent: hours <= URGENT_HOURS })
}

fn status_class(status: Status) -> &'static str {
    match status {
        Status::Pending => "s-p",
        Status::Completed => "s-c",
        Status::Cancelled => "s-x",
        Status::Expired => "s-e",
    }
}

/// Trouble is coloured only while something can be done about it.
fn delivery(delivery: Delivery, opened: bool, pending: bool) -> (&'static str, &'static str) {
    match delivery {
        Delivery::Queued => ("d-q", "Queued"),
        Delivery::Sent | Delivery::Delivered if opened => ("d-o", "Opened"),
        Delivery::Sent => ("d-s", "Sent"),
        Delivery::Delivered => ("d-d", "Delivered"),
        Delivery::Delayed if pending => ("d-w", "Delayed"),
        Delivery::Delayed => ("d-w past", "Delayed"),
        Delivery::Bounced if pending => ("d-b", "Bounced"),
        Delivery::Bounced => ("d-b past", "Bounced"),
        Delivery::Complained if pending => ("d-b", "Complained"),
        Delivery::Complained => ("d-b past", "Complained"),
        Delivery::Failed if pending => ("d-b", "Failed"),
        Delivery::Failed => ("d-b past", "Failed"),
    }
}
