//! What `app` knows of a task, as the pages show it. Adds no fact and leaves none out.

use app::external_tasks::{Details, HistoryLine, ListedTask, NotificationLine, TaskNow};
use domain::command::{Actor, Door, Origin};
use domain::event::{EndCause, Event};
use domain::external_task::{Action, Status};
use domain::instance::InstanceStatus;
use domain::notification::Delivery;
use serde_json::Value;
use web::console::external_tasks::Row;
use web::console::task_details::{Act, Line, Notification, Task};

pub fn row(listed: &ListedTask) -> Row {
    let row = &listed.row;
    Row {
        key: row.task,
        status: listed.status_now,
        recipient: row.recipient.as_str().to_owned(),
        task: listed.task_name.clone(),
        reference: row.reference.clone(),
        created_at: row.created_at,
        expires_at: row.expires_at,
        reminders: row.reminders,
        delivery: row.delivery,
        opened: false,
        follow_up: row.follow_up,
    }
}

/// The row as an action left the task, before the index knows.
pub fn acted_row(now: &TaskNow) -> Row {
    Row {
        key: now.task.key,
        status: now.status,
        recipient: now.task.recipient.as_str().to_owned(),
        task: now.task_name.clone(),
        reference: now.reference.clone(),
        created_at: now.task.created_at,
        expires_at: now.task.expires_at,
        reminders: now.task.reminders,
        delivery: now.task.delivery,
        opened: false,
        follow_up: now.task.follow_up,
    }
}

pub fn task(details: &Details) -> Task {
    let (now, task) = (&details.now, &details.now.task);
    Task {
        key: task.key,
        instance: now.instance,
        status: now.status,
        name: now.task_name.clone(),
        activity_id: task.activity.clone(),
        process: now.process_name.clone(),
        process_id: now.process_id.clone(),
        version: now.version,
        recipient: task.recipient.as_str().to_owned(),
        recipient_name: task.recipient_name.clone(),
        channel: task.channel,
        reference: now.reference.clone(),
        created_at: task.created_at,
        expires_at: task.expires_at,
        completed_at: task.completed_at,
        ended_at: task.ended_at.or(task.completed_at),
        first_fetched_at: details.first_fetched_at,
        first_opened_at: task.first_opened_at,
        outcome: task.outcome.clone(),
        answers: details
            .values_shown
            .then(|| task.answers.iter().map(|(name, value)| (name.clone(), text(value))).collect()),
        templates_version: task.templates_version,
        synced_at: synced_at(&details.history),
        link: details.link.as_ref().map(|link| (link.url.clone(), link.token.clone())),
        notifications: details.notifications.iter().map(notification).collect(),
        history: details.history.iter().map(line).collect(),
        follow_up: task.follow_up,
        instance_failed: now.instance_status == InstanceStatus::Error,
        actions: now.actions.iter().filter_map(|action| act(*action)).collect(),
        may_see_instance: details.instance_shown,
    }
}

/// A value as people read it; what is no single value as JSON.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(true) => "Yes".to_owned(),
        Value::Bool(false) => "No".to_owned(),
        Value::Null => String::new(),
        Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

fn synced_at(history: &[HistoryLine]) -> Option<domain::time::Timestamp> {
    history.iter().rev().find(|line| matches!(line.event, Event::TaskSynced { .. })).map(|line| line.at)
}

fn act(action: Action) -> Option<Act> {
    match action {
        Action::Resend => Some(Act::Resend),
        Action::SyncTemplates => Some(Act::SyncTemplates),
        Action::Cancel => Some(Act::Cancel),
        Action::Remind
        | Action::Open
        | Action::SaveDraft
        | Action::Submit
        | Action::DenySubmit
        | Action::Interrupt
        | Action::Expire
        | Action::Bounce => None,
    }
}

pub(super) fn notification(line: &NotificationLine) -> Notification {
    Notification {
        kind: line.kind,
        channel: line.channel,
        to: line.to.as_str().to_owned(),
        at: line.sent_at.unwrap_or(line.ordered_at),
        delivery: line.delivery,
        reason: line.reason.clone(),
        opened: line.opened.map(|opened| (opened.at, opened.machine)),
    }
}

pub(super) fn line(line: &HistoryLine) -> Line {
    let (icon, tone, what, note) = happened(&line.event);
    Line { icon, tone, what, by: by(line), from: from(&line.origin), note, at: line.at }
}

fn by(line: &HistoryLine) -> String {
    match (&line.actor, line.origin.run) {
        (Actor::User(user), Some(run)) => format!("by {user}, bulk run {run}"),
        (Actor::User(user), None) => format!("by {user}"),
        (Actor::Recipient, _) => "by the recipient".to_owned(),
        (Actor::System, _) => {
            let expired = matches!(line.event, Event::TaskEnded { cause: EndCause::Expire, .. });
            if expired || matches!(line.event, Event::TaskReminded { .. }) {
                "by schedule".to_owned()
            } else if matches!(line.event, Event::TaskBounced { .. }) {
                "by the mail service".to_owned()
            } else {
                "by the process".to_owned()
            }
        }
    }
}

fn from(origin: &Origin) -> Option<String> {
    let door = match origin.door {
        Some(Door::Api) => Some("API"),
        Some(Door::Console) => Some("console"),
        Some(Door::Page) => Some("public page"),
        Some(Door::Bulk) => Some("bulk run"),
        None => None,
    };
    let parts: Vec<&str> = door.into_iter().chain(origin.address.as_deref()).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// Icon, tone, sentence and what was said.
fn happened(event: &Event) -> (&'static str, &'static str, String, Option<String>) {
    let plain = |icon, what: &str| (icon, "", what.to_owned(), None);
    match event {
        // Not of an external task; its history does not hold them.
        Event::WorkTask { .. } => plain("info", "Another task of the process"),
        Event::TaskCreated(_) => plain("plus", "Task created, first mail ordered"),
        Event::TaskOpened(_) => plain("eye", "First answer sent"),
        Event::TaskDraftSaved { .. } => plain("form", "Draft saved"),
        Event::TaskSubmitDenied { codes, .. } => {
            ("warn", "warn", "Answer refused".to_owned(), (!codes.is_empty()).then(|| codes.join(", ")))
        }
        Event::FormErrorsSet { errors, .. } => {
            let said: Vec<&str> = errors.iter().map(|error| error.message.as_str()).collect();
            ("warn", "warn", "The form says what was wrong".to_owned(), (!said.is_empty()).then(|| said.join(" ")))
        }
        Event::TaskReminded { .. } => plain("send", "Reminder ordered"),
        Event::TaskResent(_) => plain("send", "Mail ordered again"),
        Event::TaskSynced { version, .. } => plain("sync", &format!("Templates of version {version} taken")),
        Event::TaskCompleted { outcome, .. } => ("done", "ok", format!("Answered: {outcome}"), None),
        Event::TaskEnded { status: Status::Expired, .. } => plain("expired", "Expired"),
        Event::TaskEnded { cause: EndCause::Interrupt, reason, .. } => {
            ("cancelled", "", "Cancelled with its process".to_owned(), reason.clone())
        }
        Event::TaskEnded { reason, .. } => ("cancelled", "", "Cancelled".to_owned(), reason.clone()),
        Event::TaskBounced { delivery, .. } => {
            let what = match delivery {
                Delivery::Complained => "Mail reported as spam",
                Delivery::Failed => "Mail could not be sent",
                Delivery::Bounced | Delivery::Queued | Delivery::Sent | Delivery::Delayed | Delivery::Delivered => {
                    "Mail bounced"
                }
            };
            ("failed", "bad", what.to_owned(), None)
        }
        // Of the instance; none of them names a task.
        Event::InstanceStarted(_)
        | Event::StatusChanged(_)
        | Event::ElementActivated(_)
        | Event::ElementPassed(_)
        | Event::ElementCompleted(_)
        | Event::ElementTerminated(_)
        | Event::TurnsBegun { .. }
        | Event::TurnGave { .. }
        | Event::LocalsSet { .. }
        | Event::FlowJoined { .. }
        | Event::FlowsTaken(_)
        | Event::FlowsResumed
        | Event::VariablesSet(_)
        | Event::EntityStateSet(_)
        | Event::TimerStarted { .. }
        | Event::TimerFired { .. }
        | Event::ChildStarted { .. }
        | Event::ChildGone { .. }
        | Event::ErrorThrown(_)
        | Event::Subscribed { .. }
        | Event::Received { .. }
        | Event::ActionOrdered { .. }
        | Event::ActionCompleted { .. }
        | Event::ActionFailed { .. }
        | Event::IncidentRaised(_)
        | Event::IncidentResolved(_)
        | Event::CancelRequested(_) => plain("info", "Changed"),
    }
}
