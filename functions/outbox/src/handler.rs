//! The two events of the outbox: records of the table's stream, and effects that are tried again.

use domain::time::Timestamp;
use effects::{Error, Performer};
use serde_json::{Value, json};
use std::time::Duration;
use store::{JournalEntry, RunOrder};
use tokio::time::Instant;

/// Receives after which the queue gives an effect to the dead letters; the last one records the failure.
/// The template's `maxReceiveCount` says the same; a test compares them.
pub const RECEIVES_MAX: u32 = 20;

/// Time for the effects of one batch of the stream: half of the function's 30 s. What is not begun by then is queued.
const STREAM_LIMIT: Duration = Duration::from_secs(15);

/// Handles either event. A stream batch fails only when the queue of retries does not take an effect; of a queue batch
/// only the failed messages return.
pub async fn handle(performer: &Performer, now: impl Fn() -> Timestamp, event: Value) -> Result<Value, Error> {
    let records = event.get("Records").and_then(Value::as_array).cloned().unwrap_or_default();
    let until = Instant::now() + STREAM_LIMIT;
    let mut failures = Vec::new();
    for record in &records {
        if record.get("eventSource").and_then(Value::as_str) == Some("aws:sqs") {
            if !retry(performer, now(), record).await {
                failures.push(json!({ "itemIdentifier": record.get("messageId") }));
            }
            continue;
        }
        let Some(image) = record.pointer("/dynamodb/NewImage") else { continue };
        if let Some(order) = RunOrder::from_stream_json(image) {
            performer.feed(&order, until, now()).await?;
            continue;
        }
        match JournalEntry::from_stream_json(image) {
            Ok(entry) => performer.perform_all(&entry, until, now()).await?,
            // A record of another kind, or of a later version: it must not hold up the shard.
            Err(error) => tracing::error!(%error, "a stream record is no journal item and is passed over"),
        }
    }
    performer.settle(now()).await;
    Ok(json!({ "batchItemFailures": failures }))
}

async fn retry(performer: &Performer, now: Timestamp, record: &Value) -> bool {
    let body = record.get("body").and_then(Value::as_str).unwrap_or_default();
    let name = match serde_json::from_str(body) {
        Ok(name) => name,
        Err(error) => {
            tracing::error!(%error, "a message of the retry queue cannot be read");
            return false;
        }
    };
    let received = record.pointer("/attributes/ApproximateReceiveCount").and_then(Value::as_str);
    let received = received.and_then(|count| count.parse::<u32>().ok()).unwrap_or(1);
    let Err(error) = performer.retry(&name, received >= RECEIVES_MAX, now).await else { return true };
    tracing::warn!(%error, "an effect is tried again later");
    let receipt = record.get("receiptHandle").and_then(Value::as_str).unwrap_or_default();
    if let Err(error) = performer.put_off(receipt, received).await {
        tracing::warn!(%error, "a message waits as long as its queue says");
    }
    false
}
