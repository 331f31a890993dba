//! Wire shapes of external tasks: the row of a list and the details (S0-02 to S0-08, S0-17 to S0-26).

use super::{history, time};
use app::external_tasks::{Details, ListedTask, NotificationLine, TaskNow};
use domain::external_task::Action;
use domain::notification::{Channel, NotificationKind};
use serde_json::{Value, json};

/// One row of the list.
pub fn row(listed: &ListedTask) -> Value {
    let row = &listed.row;
    json!({
        "taskKey": row.task,
        "status": listed.status_now.as_str(),
        "recipient": row.recipient,
        "task": listed.task_name,
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
        "followUp": row.follow_up,
        "actions": actions(&listed.actions),
    })
}

/// The task in the shape of a row, from its state.
pub fn task(now: &TaskNow) -> Value {
    let task = &now.task;
    json!({
        "taskKey": task.key,
        "status": now.status.as_str(),
        "recipient": task.recipient,
        "task": now.task_name,
        "activityId": task.activity,
        "processId": now.process_id,
        "version": now.version,
        "reference": now.reference,
        "instanceKey": now.instance,
        "instanceStatus": now.instance_status.as_str(),
        "createdAt": task.created_at.to_string(),
        "expiresAt": time(task.expires_at),
        "completedAt": time(task.completed_at),
        "endedAt": time(task.ended_at.or(task.completed_at)),
        "reminders": task.reminders,
        "delivery": task.delivery.as_str(),
        "followUp": task.follow_up,
        "templatesVersion": task.templates_version,
        "actions": actions(&now.actions),
    })
}

fn actions(actions: &[Action]) -> Vec<&'static str> {
    actions.iter().map(|action| action.as_str()).collect()
}

/// Everything about one task.
pub fn details(details: &Details) -> Value {
    let task = &details.now.task;
    let mut body = self::task(&details.now);
    body["processName"] = details.now.process_name.as_str().into();
    body["businessKey"] = json!(details.now.business_key);
    body["deployedVersion"] = json!(details.deployed_version);
    body["recipientName"] = json!(task.recipient_name);
    body["channel"] = channel(task.channel).into();
    body["language"] = json!(task.language);
    body["firstFetchedAt"] = time(details.first_fetched_at);
    body["firstOpenedAt"] = time(task.first_opened_at);
    body["outcome"] = json!(task.outcome);
    if details.values_shown {
        body["answers"] = Value::Object(task.answers.clone());
        body["formErrors"] = super::form_errors(&task.form_errors);
    }
    if let Some(link) = &details.link {
        body["link"] = link.url.as_str().into();
        body["token"] = link.token.as_str().into();
    }
    body["notifications"] = details.notifications.iter().map(notification).collect();
    body["history"] =
        details.history.iter().map(|line| history::line(task.key.instance(), line, details.values_shown)).collect();
    body
}

/// One line of the notification log (S0-25).
fn notification(line: &NotificationLine) -> Value {
    json!({
        "kind": kind_name(line.kind),
        "channel": channel(line.channel),
        "to": line.to,
        "at": line.sent_at.unwrap_or(line.ordered_at).to_string(),
        "orderedAt": line.ordered_at.to_string(),
        "result": line.message_id,
        "delivery": line.delivery.as_str(),
        "reportedAt": time(line.reported_at),
        "actor": line.actor.name(),
    })
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
