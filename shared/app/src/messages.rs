//! Messages and signals: who of those that wait receives them. What receiving does is the domain's; knows no HTTP.

use crate::execute::{App, Error, Replay, Request};
use crate::idempotency::RequestHash;
use domain::command::{Actor, Command, Origin};
use domain::decision::Decision;
use domain::ids::TenantId;
use domain::instance::Awaited;
use domain::rejection::Rejection;
use domain::script::Scripts;
use domain::time::Timestamp;
use domain::variables::Variables;
use serde_json::Value;
use store::Subscriber;

/// Who waits is asked for in pages of this size.
const PAGE: usize = 25;
/// Receivers of one signal at most; more would not fit the time of one request.
pub const RECEIVERS_MAX: usize = 200;

/// A message or signal on its way.
pub struct Sent<'a> {
    /// Tenant.
    pub tenant: TenantId,
    /// On whose behalf.
    pub actor: Actor,
    /// Through which door and from where.
    pub origin: Origin,
    /// What it is.
    pub awaited: &'a Awaited,
    /// What it brings.
    pub variables: &'a Variables,
    /// The moment.
    pub now: Timestamp,
    /// The script language.
    pub scripts: &'a dyn Scripts,
}

/// How the answer about a message is kept for a repeated request.
pub struct Kept<'a> {
    /// Names the request.
    pub hash: RequestHash,
    /// Status and body of the answer, by who received it.
    pub answer: &'a (dyn Fn(&Subscriber) -> (u16, Value) + Sync),
}

/// Names the delivery of one signal to a receiver.
pub type Once<'a> = dyn Fn(&Subscriber) -> RequestHash + Sync + 'a;

impl Sent<'_> {
    /// Hands a message to exactly one event: of several the one whose instance is oldest. `None` where nobody waits.
    ///
    /// # Errors
    /// What the receiver's rules refuse, [`Error::IdempotencyTaken`], and what may be tried again.
    pub async fn message(&self, app: &App, kept: Option<&Kept<'_>>) -> Result<Option<Subscriber>, Error> {
        let mut last: Option<Subscriber> = None;
        loop {
            let page = app.store.subscribers(self.tenant, self.awaited, last.as_ref(), PAGE).await?;
            for subscriber in &page {
                match self.hand_over(app, subscriber, kept).await {
                    Ok(()) => return Ok(Some(subscriber.clone())),
                    // It stopped waiting a moment ago: the next one is meant.
                    Err(Error::Rejected(gone)) if waits_no_more(&gone) => {}
                    Err(error) => return Err(error),
                }
            }
            if page.len() < PAGE {
                return Ok(None);
            }
            last = page.last().cloned();
        }
    }

    /// Hands a signal to everybody who waits. `None`, with nothing done, where more than [`RECEIVERS_MAX`] do. `once`
    /// names the delivery to each receiver where the signal may come again: who has it does not get it twice, and one
    /// that refuses it does not keep it from the others.
    ///
    /// # Errors
    /// As [`Sent::message`]; those before the one that failed have received it.
    pub async fn signal(&self, app: &App, once: Option<&Once<'_>>) -> Result<Option<Vec<Subscriber>>, Error> {
        let waiting = app.store.subscribers(self.tenant, self.awaited, None, RECEIVERS_MAX + 1).await?;
        if waiting.len() > RECEIVERS_MAX {
            return Ok(None);
        }
        let mut reached = Vec::new();
        for subscriber in waiting {
            let answer = |_: &Subscriber| (200, Value::Null);
            let kept = once.map(|once| Kept { hash: once(&subscriber), answer: &answer });
            match self.hand_over(app, &subscriber, kept.as_ref()).await {
                Ok(()) => reached.push(subscriber),
                Err(Error::IdempotencyTaken) => {}
                // One that has stopped at an error must not keep the signal from the others.
                Err(Error::Rejected(Rejection::InstanceInError)) => {}
                Err(Error::Rejected(gone)) if waits_no_more(&gone) => {}
                Err(Error::Rejected(refused)) if once.is_some() && !refused.asks_again() => {
                    tracing::warn!(instance.id = %subscriber.instance, %refused, "a receiver refuses a signal");
                }
                Err(error) => return Err(error),
            }
        }
        Ok(Some(reached))
    }

    async fn hand_over(&self, app: &App, to: &Subscriber, kept: Option<&Kept<'_>>) -> Result<(), Error> {
        let answer = |_: &Decision| kept.map_or((200, Value::Null), |kept| (kept.answer)(to));
        let request = Request {
            tenant: self.tenant,
            instance: to.instance,
            actor: self.actor.clone(),
            origin: self.origin.clone(),
            command: Command::Receive {
                element: to.element,
                event: to.event.clone(),
                awaited: self.awaited.clone(),
                variables: self.variables.clone(),
            },
            now: self.now,
            scripts: self.scripts,
            replay: kept.map(|kept| Replay { hash: kept.hash.clone(), answer: &answer }),
        };
        app.execute(&request).await.map(|_| ())
    }
}

fn waits_no_more(rejection: &Rejection) -> bool {
    matches!(rejection, Rejection::NotFound { .. } | Rejection::AlreadyDone | Rejection::InvalidState { .. })
}
