//! Definitions as every door shows and deploys them. Reads no BPMN: what is compiled comes in compiled.

mod impact;

pub use impact::{Affected, Artefact, COUNTED_MAX, Impact, Sync, impact};

use crate::{App, Error};
use domain::ids::TenantId;
use domain::process::{Element, Process, Timer};
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
    Ok(starts(
        &process,
        |timer| if is_deployed { domain::next_timer_start(timer, head.deployed_at, now) } else { None },
    ))
}

/// The timer start events of a process as they would run if it were deployed now.
pub fn planned_timer_starts(process: &Process, now: Timestamp) -> Vec<TimerStart> {
    starts(process, |timer| domain::next_timer_start(timer, now, now.plus_millis(-1)))
}

fn starts(process: &Process, next: impl Fn(&Timer) -> Option<Timestamp>) -> Vec<TimerStart> {
    let start = |(event, timer): (&Element, &Timer)| TimerStart {
        event: event.id.clone(),
        name: event.name.clone(),
        timer: timer.to_string(),
        next: next(timer),
    };
    process.timer_starts().map(start).collect()
}
