//! Timer start events that are due: begins one instance for each firing of the deployed version. When each is due is the
//! domain's.

use crate::execute::{App, Error, Replay, Request};
use crate::idempotency::RequestHash;
use crate::random;
use domain::command::{Command, Start};
use domain::decision::Decision;
use domain::effect::TimerStart;
use domain::ids::{InstanceKey, TenantId};
use domain::rejection::Rejection;
use domain::script::Scripts;
use domain::time::Timestamp;
use domain::variables::Variables;
use serde_json::json;

/// Times a clash of keys is drawn again.
const DRAWS_MAX: usize = 5;

/// Begins the instance of a firing that `orderer` ordered: the deployment, or the instance that the firing before began.
/// A firing of a version that is not deployed any more, or that comes again, does nothing.
///
/// # Errors
/// Everything that may be tried again.
pub(crate) async fn fire(
    app: &App,
    scripts: &dyn Scripts,
    now: Timestamp,
    (tenant, orderer): (TenantId, InstanceKey),
    fired: &TimerStart,
) -> Result<(), Error> {
    if app.store.deployed(tenant, &fired.process_id).await?.is_none_or(|pointer| pointer.version != fired.version) {
        return Ok(());
    }
    let hash = RequestHash::of_timer_start(orderer, fired);
    if app.store.idempotent(tenant, &hash.request, now).await?.is_some() {
        return Ok(());
    }
    for _ in 0..DRAWS_MAX {
        let key = InstanceKey::compose(now.as_millis(), random::number());
        let answer = |_: &Decision| (201, json!(key.to_string()));
        let start = Command::Start(Start {
            key,
            process_id: fired.process_id.clone(),
            definition_version: fired.version,
            business_key: None,
            reference: None,
            parent: None,
            timer: Some(fired.clone()),
            // Whatever the process does then: the commit that orders the next firing runs no script and cannot fail for one.
            in_background: true,
            variables: Variables::new(),
        });
        let request = Request {
            replay: Some(Replay { hash: hash.clone(), answer: &answer }),
            ..Request::of_engine(tenant, key, start, now, scripts)
        };
        match app.execute(&request).await {
            Ok(_) | Err(Error::IdempotencyTaken) => return Ok(()),
            Err(Error::Store(store::Error::KeyTaken)) => {}
            Err(Error::Rejected(rejection)) if !rejection.asks_again() => {
                report(tenant, fired, &rejection);
                return Ok(());
            }
            Err(error) => return Err(error),
        }
    }
    Err(Error::Busy)
}

/// A process that was deployed can begin: only a damaged definition leads here.
fn report(tenant: TenantId, fired: &TimerStart, rejection: &Rejection) {
    tracing::error!(
        tenant.id = %tenant,
        process.id = %fired.process_id,
        event.id = %fired.event,
        rejection = rejection.code(),
        "a timer start event begins no instance and does not fire again"
    );
}

impl RequestHash {
    fn of_timer_start(orderer: InstanceKey, fired: &TimerStart) -> RequestHash {
        RequestHash::of_engine(format!("timer-{orderer}-{}", fired.event))
    }
}
