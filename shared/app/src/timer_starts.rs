//! Timer start events that are due: begins one instance for each firing of the deployed version. When each is due is the
//! domain's.

use crate::execute::{App, Error};
use crate::idempotency::RequestHash;
use domain::command::Start;
use domain::effect::TimerStart;
use domain::ids::{InstanceKey, TenantId};
use domain::rejection::Rejection;
use domain::script::Scripts;
use domain::time::Timestamp;

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
    let start = |key| Start {
        timer: Some(fired.clone()),
        // Whatever the process does then: the commit that orders the next firing runs no script and cannot fail for one.
        in_background: true,
        ..Start::new(key, fired.process_id.clone(), fired.version)
    };
    match app.begin_once(tenant, &hash, start, now, scripts).await {
        Ok(_) => Ok(()),
        Err(Error::Rejected(rejection)) if !rejection.asks_again() => {
            report(tenant, fired, &rejection);
            Ok(())
        }
        Err(error) => Err(error),
    }
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
