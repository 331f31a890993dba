//! A batch of messages of bulk runs, in order: messages of one run behind one that failed must not overtake it.

use app::bulk_runs::message::Message;
use app::bulk_runs::worker::{Taken, Time, Worker};
use domain::script::Scripts;
use domain::time::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Handles a batch until `until`. Only the failed messages return to the queue, with those of the same run behind them.
pub async fn handle(
    worker: &Worker,
    scripts: &dyn Scripts,
    time: &impl Time,
    until: Timestamp,
    event: &Value,
) -> Value {
    let records = event.get("Records").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut held_up: BTreeSet<String> = BTreeSet::new();
    let mut failures = Vec::new();
    for record in records {
        let group = record.pointer("/attributes/MessageGroupId").and_then(Value::as_str).unwrap_or_default();
        if held_up.contains(group) || !take(worker, scripts, time, until, record).await {
            held_up.insert(group.to_owned());
            failures.push(json!({ "itemIdentifier": record.get("messageId") }));
        }
    }
    json!({ "batchItemFailures": failures })
}

/// Whether the message is used up.
async fn take(worker: &Worker, scripts: &dyn Scripts, time: &impl Time, until: Timestamp, record: &Value) -> bool {
    let body = record.get("body").and_then(Value::as_str).unwrap_or_default();
    let message: Message = match serde_json::from_str(body) {
        Ok(message) => message,
        Err(error) => {
            // The queue gives it to the dead letters, and an alarm goes off.
            tracing::error!(%error, "a message of the queue of bulk runs cannot be read");
            return false;
        }
    };
    let received = record.pointer("/attributes/ApproximateReceiveCount").and_then(Value::as_str);
    let received = received.and_then(|count| count.parse().ok()).unwrap_or(1);
    match worker.work(scripts, time, &message, received, until).await {
        Ok(Taken::Done) => true,
        Ok(Taken::Again) => false,
        Err(error) => {
            tracing::warn!(run.id = %message.run, received, %error, "a message of a run returns to its queue");
            false
        }
    }
}
