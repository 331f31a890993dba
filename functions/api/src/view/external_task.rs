//! Wire shapes of external tasks: the row of a list and the details (S0-02 to S0-08, S0-17 to S0-26).

use super::{element_name, history, time};
use domain::effect::Effect;
use domain::external_task::{ExternalTask, lifecycle};
use domain::instance::Instance;
use domain::notification::{Channel, NotificationKind};
use domain::process::Process;
use domain::time::Timestamp;
use serde_json::{Value, json};
use store::{JournalEntry, TaskRow};

/// What of the details this caller is shown.
pub struct Shown {
    /// Address and last path part of the link; only for `external-tasks:manage`.
    pub link: Option<(String, String)>,
    /// Whether answers are shown.
    pub answers: bool,
    /// When the link was first fetched, by a person or a scanner.
    pub fetched_at: Option<Timestamp>,
}

/// One row of the list.
pub fn row(process: &Process, row: &TaskRow, now: Timestamp) -> Value {
    let overdue = !row.status.is_final() && row.expires_at.is_some_and(|expires| now >= expires);
    json!({
        "taskKey": row.task,
        "status": if overdue { "EXPIRED" } else { row.status.as_str() },
        "recipient": row.recipient,
        "task": element_name(process, &row.activity),
        "activityId": row.activity,
        "processId": row.process_id,
        "version": row.definition_version,
        "reference": row.reference,
        "instanceKey": row.task.instance(),
        "createdAt": row.created_at.to_string(),
        "expiresAt": time(row.expires_at),
        "completedAt": time(row.completed_at),
        "reminders": row.reminders,
        "delivery": row.delivery.as_str(),
    })
}

/// The task in the shape of a row, from its state.
pub fn task(process: &Process, instance: &Instance, task: &ExternalTask, now: Timestamp) -> Value {
    let status = task.status_at(now);
    json!({
        "taskKey": task.key,
        "status": status.as_str(),
        "recipient": task.recipient,
        "task": element_name(process, &task.activity),
        "activityId": task.activity,
        "processId": instance.process_id,
        "version": instance.definition_version,
        "reference": instance.reference,
        "instanceKey": instance.key,
        "instanceStatus": instance.status.as_str(),
        "createdAt": task.created_at.to_string(),
        "expiresAt": time(task.expires_at),
        "completedAt": time(task.completed_at),
        "endedAt": time(task.ended_at.or(task.completed_at)),
        "reminders": task.reminders,
        "delivery": task.delivery.as_str(),
        "followUp": task.follow_up,
        "templatesVersion": task.templates_version,
        "actions": lifecycle::operator_actions(status).map(|action| action.as_str()).collect::<Vec<_>>(),
    })
}

/// Everything about one task.
pub fn details(
    process: &Process,
    instance: &Instance,
    external: &ExternalTask,
    journal: &[JournalEntry],
    shown: Shown,
    now: Timestamp,
) -> Value {
    let mut body = task(process, instance, external, now);
    body["recipientName"] = json!(external.recipient_name);
    body["channel"] = channel(external.channel).into();
    body["language"] = json!(external.language);
    body["firstFetchedAt"] = time(shown.fetched_at);
    body["firstOpenedAt"] = time(external.first_opened_at);
    body["outcome"] = json!(external.outcome);
    if shown.answers {
        body["answers"] = Value::Object(external.answers.clone());
    }
    if let Some((link, token)) = shown.link {
        body["link"] = link.into();
        body["token"] = token.into();
    }
    body["notifications"] = notifications(external, journal);
    body["history"] = history::of_task(instance, journal, external.key.number(), shown.answers);
    body
}

/// The complete notification log: every mail ordered, and what became of it (S0-25).
fn notifications(task: &ExternalTask, journal: &[JournalEntry]) -> Value {
    journal
        .iter()
        .flat_map(|entry| {
            entry.effects.iter().enumerate().filter_map(move |(number, effect)| match effect {
                Effect::Notify { task: about, kind } if *about == task.key.number() => {
                    Some((entry, entry.mail(number), *kind))
                }
                Effect::Notify { .. }
                | Effect::Schedule { .. }
                | Effect::Unschedule { .. }
                | Effect::Find { .. }
                | Effect::Continue => None,
            })
        })
        .map(|(entry, mail, kind)| {
            json!({
                "kind": kind_name(kind),
                "channel": channel(task.channel),
                "to": task.recipient,
                "at": mail.map_or(entry.at, |mail| mail.at).to_string(),
                "orderedAt": entry.at.to_string(),
                "result": mail.and_then(|mail| mail.message_id.as_deref()),
                "delivery": mail.map_or("queued", |mail| mail.delivery.as_str()),
            })
        })
        .collect()
}

fn kind_name(kind: NotificationKind) -> &'static str {
    match kind {
        NotificationKind::Initial => "initial",
        NotificationKind::Reminder => "reminder",
        NotificationKind::Resend => "resend",
    }
}

fn channel(channel: Channel) -> &'static str {
    match channel {
        Channel::Email => "email",
        Channel::Smtp => "smtp",
        Channel::Graph => "graph",
    }
}
