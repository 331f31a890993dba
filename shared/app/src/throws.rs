//! Messages and signals that events of instances throw: delivers each as `messages` does what comes from outside. A
//! delivery may come twice; who received it does not receive it again.

use crate::execute::{App, Error};
use crate::idempotency::RequestHash;
use crate::messages::{Kept, RECEIVERS_MAX, Sent};
use domain::command::{Actor, Origin};
use domain::effect::Effect;
use domain::ids::{ElementNumber, InstanceKey, TenantId};
use domain::instance::Awaited;
use domain::rejection::Rejection;
use domain::script::Scripts;
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{JournalId, Subscriber};

/// Names the effect that ordered a message or signal of the instance a message of the queue is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThrowJob {
    /// Sort key of its journal item.
    pub journal: String,
    /// Position among the item's effects.
    pub effect: usize,
}

/// Where and when something is delivered.
pub(crate) struct Delivery<'a> {
    pub app: &'a App,
    pub scripts: &'a dyn Scripts,
    pub now: Timestamp,
    pub tenant: TenantId,
    /// The instance that threw it.
    pub sender: InstanceKey,
}

impl Delivery<'_> {
    /// Delivers what a job names. What nobody waits for is dropped: messages are not kept.
    ///
    /// # Errors
    /// Everything that may be tried again; among it a receiver that has stopped at an error, which a person may mend.
    pub async fn perform(&self, job: &ThrowJob) -> Result<(), Error> {
        let Some(id) = JournalId::of(self.tenant, self.sender, &job.journal) else { return Ok(()) };
        let Some(entry) = self.app.store.journal_item(self.tenant, &id, true).await? else { return Ok(()) };
        let Some(Effect::Throw { element, to, variables }) = entry.effects.get(job.effect) else { return Ok(()) };
        let sent = Sent {
            tenant: self.tenant,
            actor: Actor::System,
            origin: Origin::default(),
            awaited: to,
            variables,
            now: self.now,
            scripts: self.scripts,
        };
        match to {
            Awaited::Message { name, .. } => self.message(&sent, *element, name).await,
            Awaited::Signal { name } => self.signal(&sent, *element, name).await,
        }
    }

    async fn message(&self, sent: &Sent<'_>, element: ElementNumber, name: &str) -> Result<(), Error> {
        let hash = RequestHash::of_throw(self.sender, element, None);
        if self.app.store.idempotent(self.tenant, &hash.request, self.now).await?.is_some() {
            return Ok(());
        }
        let answer = |_: &Subscriber| (200, Value::Null);
        match sent.message(self.app, Some(&Kept { hash, answer: &answer })).await {
            Ok(Some(_)) | Err(Error::IdempotencyTaken) => Ok(()),
            Ok(None) => {
                tracing::info!(instance.id = %self.sender, message = name, "nobody waits for a message that was sent");
                Ok(())
            }
            Err(Error::Rejected(refused)) if !refused.asks_again() && refused != Rejection::InstanceInError => {
                tracing::warn!(instance.id = %self.sender, message = name, %refused, "a message is refused");
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    async fn signal(&self, sent: &Sent<'_>, element: ElementNumber, name: &str) -> Result<(), Error> {
        let once = |to: &Subscriber| RequestHash::of_throw(self.sender, element, Some(to));
        match sent.signal(self.app, Some(&once)).await? {
            Some(reached) => {
                tracing::info!(instance.id = %self.sender, signal = name, receivers = reached.len(), "a signal was sent");
            }
            None => {
                tracing::error!(
                    instance.id = %self.sender,
                    signal = name,
                    "a signal reaches nobody: more than {RECEIVERS_MAX} events wait for it"
                );
            }
        }
        Ok(())
    }
}

impl RequestHash {
    /// For the delivery of what an event threw; of a signal to one of those who wait for it.
    fn of_throw(sender: InstanceKey, element: ElementNumber, to: Option<&Subscriber>) -> RequestHash {
        let to = to.map(|to| format!("-{}-{}-{}", to.instance, to.element.0, to.event)).unwrap_or_default();
        RequestHash::of_engine(format!("throw-{sender}-{}{to}", element.0))
    }
}
