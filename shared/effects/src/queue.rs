//! SQS: messages that come back soon, and effects to be tried again.

use crate::Error;
use crate::config::EffectsConfig;
use crate::lazy::Lazy;
use app::action::ActionMessage;
use app::bulk_runs::message::Message;
use app::due::{DueMessage, Returned};
use aws_config::SdkConfig;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::DisplayErrorContext;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use domain::effect::Due;
use serde::{Deserialize, Serialize};

/// The longest delay SQS offers, in seconds.
const DELAY_S_MAX: i64 = 900;

/// Messages that SQS takes at once.
const BATCH_MAX: usize = 10;

/// The name of one effect: what travels through the queue of retries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EffectRef {
    /// Partition key of the journal item.
    pub pk: String,
    /// Sort key of the journal item.
    pub sk: String,
    /// Position among the item's effects.
    pub effect: usize,
}

/// Messages of one queue that were received and could not be handled.
#[derive(Clone, Debug)]
pub struct Receipts {
    client: Lazy<Client>,
    queue: String,
}

impl Receipts {
    /// Of the queue with this address.
    pub fn new(aws: &SdkConfig, queue: String) -> Receipts {
        Receipts { client: Lazy::new(aws, Client::new), queue }
    }

    /// Lets a message come again after so many seconds from now, instead of when the queue says.
    ///
    /// # Errors
    /// [`Error::Later`] where the queue does not take it; the message then comes when the queue says.
    pub async fn put_off(&self, receipt: &str, seconds: i32) -> Result<(), Error> {
        let request = self.client.get().change_message_visibility().queue_url(&self.queue).receipt_handle(receipt);
        match request.visibility_timeout(seconds).send().await {
            Ok(_) => Ok(()),
            Err(error) => Err(Error::Later {
                what: "sqs:ChangeMessageVisibility",
                detail: DisplayErrorContext(error).to_string(),
            }),
        }
    }

    /// [`Receipts::put_off`] of everything that a function returns.
    pub async fn put_off_all(&self, returned: &[Returned]) {
        for message in returned {
            if let Err(error) = self.put_off(&message.receipt, message.pause_s).await {
                tracing::warn!(%error, "a message waits as long as its queue says");
            }
        }
    }
}

/// Sends to the queues.
#[derive(Clone, Debug)]
pub struct Queues {
    client: Lazy<Client>,
    config: EffectsConfig,
    /// Of the queue of retries.
    pub receipts: Receipts,
}

impl Queues {
    pub fn new(aws: &SdkConfig, config: EffectsConfig) -> Queues {
        let client: Lazy<Client> = Lazy::new(aws, Client::new);
        let receipts = Receipts { client: client.clone(), queue: config.effects_queue.clone() };
        Queues { client, config, receipts }
    }

    /// Lets `message` come back to its function after `delay_s` seconds. Sent twice it comes twice, which the
    /// command's own guard makes harmless.
    pub async fn delay(&self, message: &DueMessage, delay_s: i64) -> Result<(), Error> {
        let queue = match &message.due {
            Some(Due::Reminder { .. }) => &self.config.reminder_queue,
            Some(Due::Expiry { .. }) => &self.config.expiry_queue,
            Some(Due::Timer { .. } | Due::Start(_)) | None => &self.config.timer_queue,
        };
        let body = serde_json::to_string(message).expect("a due message has no map with keys that are no strings");
        let delay = i32::try_from(delay_s.clamp(0, DELAY_S_MAX)).unwrap_or(0);
        self.send(queue, body, delay).await
    }

    /// Orders an attempt of a system task's request, after `delay_s` seconds. Sent twice it is made twice, under the same
    /// idempotency key, and the second answer is refused.
    pub async fn call(&self, message: &ActionMessage, delay_s: i64) -> Result<(), Error> {
        let body = serde_json::to_string(message).expect("an attempt's name has no map");
        let delay = i32::try_from(delay_s.clamp(0, DELAY_S_MAX)).unwrap_or(0);
        self.send(&self.config.actions_queue, body, delay).await
    }

    /// Hands an effect to the queue of retries.
    pub async fn retry(&self, effect: &EffectRef) -> Result<(), Error> {
        let body = serde_json::to_string(effect).expect("an effect's name has no map");
        self.send(&self.config.effects_queue, body, 1).await
    }

    /// Hands an effect to the queue of retries, to be tried after `delay_s` seconds.
    pub async fn retry_later(&self, effect: &EffectRef, delay_s: i64) -> Result<(), Error> {
        let body = serde_json::to_string(effect).expect("an effect's name has no map");
        self.send(&self.config.effects_queue, body, i32::try_from(delay_s.clamp(1, DELAY_S_MAX)).unwrap_or(1)).await
    }

    /// Puts messages of a bulk run on its FIFO queue, in order. What was put before is not put again within five minutes.
    pub async fn feed(&self, messages: &[Message]) -> Result<(), Error> {
        let what = "sqs:SendMessageBatch";
        for batch in messages.chunks(BATCH_MAX) {
            let mut request = self.client.get().send_message_batch().queue_url(&self.config.bulk_queue);
            for (number, message) in batch.iter().enumerate() {
                let entry = SendMessageBatchRequestEntry::builder()
                    .id(number.to_string())
                    .message_body(serde_json::to_string(message).expect("a message of a run has text keys only"))
                    .message_group_id(message.group())
                    .message_deduplication_id(message.deduplication_id())
                    .build()
                    .map_err(|error| Error::Refused { what, detail: error.to_string() })?;
                request = request.entries(entry);
            }
            match request.send().await {
                Ok(output) if output.failed().is_empty() => {}
                Ok(output) => {
                    return Err(Error::Later {
                        what,
                        detail: format!("{} messages were not taken", output.failed().len()),
                    });
                }
                Err(error) => return Err(Error::Later { what, detail: DisplayErrorContext(error).to_string() }),
            }
        }
        Ok(())
    }

    async fn send(&self, queue: &str, body: String, delay_s: i32) -> Result<(), Error> {
        let sent =
            self.client.get().send_message().queue_url(queue).message_body(body).delay_seconds(delay_s).send().await;
        match sent {
            Ok(_) => Ok(()),
            Err(error) => Err(Error::Later { what: "sqs:SendMessage", detail: DisplayErrorContext(error).to_string() }),
        }
    }
}
