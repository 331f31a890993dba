//! Instances that the engine itself begins: one for each piece of work, however often its message is delivered. What is
//! begun and why is said by whoever has the work.

use crate::execute::{App, Error, Replay, Request};
use crate::idempotency::RequestHash;
use crate::random;
use domain::command::{Command, Start};
use domain::decision::Decision;
use domain::ids::{InstanceKey, TenantId};
use domain::script::Scripts;
use domain::time::Timestamp;
use serde_json::json;

/// Times a clash of keys is drawn again.
const DRAWS_MAX: usize = 5;

impl App {
    /// Begins the instance of the work that `hash` names, with the key that is drawn for it; gives that key, or the one
    /// of an earlier delivery.
    ///
    /// # Errors
    /// [`Error::Rejected`] with nothing begun; everything else may be tried again.
    pub(crate) async fn begin_once(
        &self,
        tenant: TenantId,
        hash: &RequestHash,
        start: impl Fn(InstanceKey) -> Start,
        now: Timestamp,
        scripts: &dyn Scripts,
    ) -> Result<InstanceKey, Error> {
        if let Some(record) = self.store.idempotent(tenant, &hash.request, now).await?
            && let Some(begun) = record.response.as_str().and_then(|key| key.parse().ok())
        {
            return Ok(begun);
        }
        for _ in 0..DRAWS_MAX {
            let key = InstanceKey::compose(now.as_millis(), random::number());
            let answer = |_: &Decision| (201, json!(key.to_string()));
            let request = Request {
                replay: Some(Replay { hash: hash.clone(), answer: &answer }),
                ..Request::of_engine(tenant, key, Command::Start(start(key)), now, scripts)
            };
            match self.execute(&request).await {
                Ok(_) => return Ok(key),
                Err(Error::Store(store::Error::KeyTaken)) => {}
                // The same message was worked on at the same moment: it comes again and finds the instance.
                Err(Error::IdempotencyTaken) => return Err(Error::Busy),
                Err(error) => return Err(error),
            }
        }
        Err(Error::Busy)
    }
}
