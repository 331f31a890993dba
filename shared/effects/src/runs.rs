//! Orders of bulk runs: puts their messages on the FIFO queue, as the journal's effects are performed. Decides nothing
//! about a run; an order carried out twice queues nothing twice, and a message too many is no harm to its run.

use crate::queue::EffectRef;
use crate::{Error, Performer};
use app::bulk_runs::message::Message;
use domain::time::Timestamp;
use std::time::Duration;
use store::RunOrder;
use tokio::time::Instant;

/// Time for the messages of one order: 500 of them are 50 calls.
const FEED_LIMIT: Duration = Duration::from_secs(8);

impl Performer {
    /// Carries out an order that the stream brought; what fails or is not due goes to the queue of retries.
    ///
    /// # Errors
    /// Only where the queue of retries does not take it: the stream must then deliver the item again.
    pub async fn feed(&self, order: &RunOrder, until: Instant, now: Timestamp) -> Result<(), Error> {
        let name = EffectRef { pk: order.pk(), sk: order.sk(), effect: 0 };
        if self.put_off_order(order, &name, now).await? {
            return Ok(());
        }
        let fed = if Instant::now() < until { self.feed_now(order, now).await } else { Err(crate::perform::no_time()) };
        let Err(failure) = fed else { return Ok(()) };
        tracing::warn!(run.id = %order.run, %failure, "an order of a run is tried again");
        self.queues.retry(&name).await
    }

    /// Carries out an order named by a message of the queue of retries.
    ///
    /// # Errors
    /// Every failure: the message must stay in the queue.
    pub(crate) async fn feed_again(&self, name: &EffectRef, now: Timestamp) -> Result<(), Error> {
        // Gone: its run was deleted long ago.
        let Some(order) = self.app.store.run_order(&name.pk, &name.sk).await? else { return Ok(()) };
        if self.put_off_order(&order, name, now).await? {
            return Ok(());
        }
        self.feed_now(&order, now).await
    }

    /// Lets an order that is not due come back. True where it was not due.
    async fn put_off_order(&self, order: &RunOrder, name: &EffectRef, now: Timestamp) -> Result<bool, Error> {
        let wait_ms = order.order.not_before.map_or(0, |at| at.as_millis() - now.as_millis());
        if wait_ms <= 0 {
            return Ok(false);
        }
        self.queues.retry_later(name, wait_ms.div_euclid(1_000) + 1).await?;
        Ok(true)
    }

    async fn feed_now(&self, order: &RunOrder, now: Timestamp) -> Result<(), Error> {
        if order.order.not_before.is_some() {
            // The run waits for the mail service, and perhaps nobody else sends: its worker must not look at an old quota.
            self.tally.tried();
            self.settle(now).await;
        }
        let messages: Vec<Message> = Message::of_order(order).collect();
        let fed = tokio::time::timeout(FEED_LIMIT, self.queues.feed(&messages)).await;
        fed.unwrap_or_else(|_| Err(crate::perform::no_time()))
    }
}
