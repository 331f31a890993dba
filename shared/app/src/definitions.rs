//! Definitions as every door shows and deploys them. Reads no BPMN: what is compiled comes in compiled.

mod impact;

pub use impact::{Affected, Artefact, COUNTED_MAX, Impact, Sync, impact};

use crate::{App, Error};
use domain::ids::TenantId;
use domain::time::Timestamp;
use store::DefinitionHead;

/// A timer start event of a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimerStart {
    /// BPMN id of the event.
    pub event: String,
    /// Its display name; the id where none is modelled.
    pub name: String,
    /// When it fires, as it is modelled.
    pub timer: String,
    /// When it begins the next instance; `None`: never again, or another version is deployed.
    pub next: Option<Timestamp>,
}

/// The timer start events of a version, in document order.
///
/// # Errors
/// Those of the table.
pub async fn timer_starts(
    app: &App,
    tenant: TenantId,
    head: &DefinitionHead,
    deployed: u32,
    now: Timestamp,
) -> Result<Vec<TimerStart>, Error> {
    let process = app.process(tenant, &head.process_id, head.version).await?;
    let is_deployed = head.version == deployed;
    let starts = process.timer_starts().map(|(event, timer)| TimerStart {
        event: event.id.clone(),
        name: event.name.clone(),
        timer: timer.to_string(),
        next: if is_deployed { domain::next_firing(timer, head.deployed_at, now) } else { None },
    });
    Ok(starts.collect())
}
