//! Bulk runs: start, look, stop, hold; and the worker that does one task after the other. The rules
//! are `domain::bulk_run`; only the outbox puts messages on the queue.

mod collect;
pub mod message;
pub mod pace;
mod task;
pub mod worker;

pub use task::perform;

use crate::auth::Caller;
use crate::execute::{ATTEMPTS_MAX, App, Error, pause};
use crate::idempotency::RequestHash;
use crate::random;
use domain::bulk_run::{Action, BulkRun, Filter, KEYS_MAX, NewRun, Order};
use domain::command::Origin;
use domain::external_task::Status;
use domain::ids::{RunKey, TaskKey};
use domain::permission::Permission;
use domain::rejection::Rejection;
use domain::time::Timestamp;
use serde_json::Value;
use std::collections::BTreeSet;
use store::{Page, RunFailure, RunParts, TaskQuery};

/// Times a clash of keys is drawn again.
const DRAWS_MAX: usize = 5;
/// Failures shown with a run at most; more are read page by page.
pub const FAILURES_MAX: usize = 1_000;

/// What a run is asked to do.
#[derive(Clone, Debug)]
pub struct StartRun {
    /// What is done to each task.
    pub action: Action,
    /// Why, where tasks are cancelled; kept in the history of each.
    pub reason: Option<String>,
    /// To which tasks.
    pub selection: Selection,
    /// Whether a window holds the run (S0-60).
    pub attached: bool,
    /// Only count.
    pub dry_run: bool,
}

/// The tasks of a run.
#[derive(Clone, Debug)]
pub enum Selection {
    /// These, in this order; 1 to 1,000. Repeated ones count once, those that are not PENDING not at all.
    Keys(Vec<TaskKey>),
    /// All PENDING ones that match, up to 100,000, as the list orders them.
    Filter(Filter),
    /// None: a filter that leaves out every PENDING task.
    Nothing,
}

impl Selection {
    /// Of a list's query: the PENDING ones of what it lists, in its order where that is one of creation.
    pub fn of_query(query: &TaskQuery) -> Selection {
        if !query.statuses.is_empty() && !query.statuses.contains(&Status::Pending) {
            return Selection::Nothing;
        }
        Selection::Filter(Filter {
            activity: query.activity.clone(),
            process_id: query.process_id.clone(),
            recipient: query.recipient.clone(),
            created_from: query.created_from,
            created_to: query.created_to,
            follow_up: query.follow_up,
            oldest_first: query.order == store::Order::Oldest,
        })
    }
}

/// How the answer of a start is kept for a repeated request.
pub struct RunReplay<'a> {
    /// Names the request.
    pub hash: RequestHash,
    /// Status and body of the answer.
    pub answer: &'a (dyn Fn(&BulkRun) -> (u16, Value) + Sync),
}

/// What a start gives.
#[derive(Clone, Debug, PartialEq)]
pub enum Started {
    /// The run.
    Run(Box<BulkRun>),
    /// The counts of a dry run.
    Counted(Counted),
}

/// What a run would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    /// Distinct tasks asked for.
    pub selected: u32,
    /// Those that are PENDING.
    pub eligible: u32,
    /// False where counting was ended early: there are more.
    pub exact: bool,
}

/// Starts a run, or counts what it would do. Two starts are two runs: a task that the other one has done meanwhile counts
/// as done in both.
///
/// # Errors
/// [`Rejection::NotFound`] and [`Error::Forbidden`] by permission; [`Rejection::InvalidInput`] for no key or more than 1,000; [`Error::IdempotencyTaken`] where the same request was
/// carried out at the same moment; the table's own.
pub async fn start(
    app: &App,
    caller: &Caller,
    start: StartRun,
    origin: Origin,
    now: Timestamp,
    replay: Option<RunReplay<'_>>,
) -> Result<Started, Error> {
    may_manage(caller)?;
    let (selected, keys, filter) = match start.selection {
        Selection::Keys(keys) => {
            let keys = distinct(keys)?;
            let pending = app.store.pending(caller.tenant, &keys, now).await?;
            let eligible: Vec<TaskKey> = keys.iter().filter(|key| pending.contains(key)).copied().collect();
            (count(keys.len()), eligible, None)
        }
        Selection::Filter(filter) if start.dry_run => {
            return Ok(Started::Counted(collect::count_matches(app, caller.tenant, &filter, now).await?));
        }
        Selection::Filter(filter) => (0, Vec::new(), Some(filter)),
        Selection::Nothing => (0, Vec::new(), None),
    };
    if start.dry_run {
        return Ok(Started::Counted(Counted { selected, eligible: count(keys.len()), exact: true }));
    }
    for _ in 0..DRAWS_MAX {
        let new = NewRun {
            tenant: caller.tenant,
            key: RunKey::compose(now.as_millis(), random::number()),
            action: start.action,
            reason: start.reason.clone(),
            by: caller.user.clone(),
            door: origin.door,
            address: origin.address.clone(),
            attached: start.attached,
            now,
        };
        let (run, order) = match &filter {
            Some(filter) => BulkRun::of_filter(new, filter.clone()),
            None => BulkRun::of_keys(new, selected, count(keys.len())),
        };
        let idempotency = replay.as_ref().map(|replay| {
            let (status, response) = (replay.answer)(&run);
            replay.hash.record(status, response)
        });
        let parts = RunParts { keys: Some((1, &keys)), order: order.as_ref(), idempotency, ..RunParts::default() };
        match app.store.put_run(&run, parts, now).await {
            Ok(()) => {
                tracing::info!(run.id = %run.key, action = run.action.as_str(), eligible = run.eligible, "run started");
                return Ok(Started::Run(Box::new(run)));
            }
            Err(store::Error::KeyTaken) => {}
            Err(store::Error::IdempotencyTaken) => return Err(Error::IdempotencyTaken),
            Err(error) => return Err(error.into()),
        }
    }
    Err(Error::Busy)
}

/// One run, with the count of its mails.
///
/// # Errors
/// [`Rejection::NotFound`]; the table's own.
pub async fn get(app: &App, caller: &Caller, key: RunKey) -> Result<BulkRun, Error> {
    may_see(caller)?;
    Ok(app.store.bulk_run(caller.tenant, key).await?.ok_or(UNKNOWN)?)
}

/// A page of the tenant's runs, newest first; `after` is [`Page::next`] of the page before.
///
/// # Errors
/// Of the table.
pub async fn list(app: &App, caller: &Caller, limit: usize, after: Option<RunKey>) -> Result<Page<BulkRun>, Error> {
    may_see(caller)?;
    Ok(app.store.bulk_runs(caller.tenant, limit, after).await?)
}

/// A page of a run's failures, in the order of the run; `after` is the number of the last one seen.
///
/// # Errors
/// Of the table.
pub async fn failures(
    app: &App,
    caller: &Caller,
    key: RunKey,
    limit: usize,
    after: Option<u32>,
) -> Result<Page<RunFailure>, Error> {
    may_see(caller)?;
    Ok(app.store.run_failures(caller.tenant, key, limit, after).await?)
}

/// S0-56: the run ends after the task at hand. Gives the run, whatever its state.
///
/// # Errors
/// [`Rejection::NotFound`], [`Error::Busy`]; the table's own.
pub async fn stop(app: &App, caller: &Caller, key: RunKey, now: Timestamp) -> Result<BulkRun, Error> {
    change(app, caller, key, now, |run| {
        let order = run.stop();
        (order.is_some(), order)
    })
    .await
}

/// The window that holds the run is still open. Gives the run, whatever its state.
///
/// # Errors
/// As [`stop`].
pub async fn renew_lease(app: &App, caller: &Caller, key: RunKey, now: Timestamp) -> Result<BulkRun, Error> {
    change(app, caller, key, now, |run| (run.renew(now), None)).await
}

/// S0-60: the window is closing, which ends a run that it holds as Stop does; others go on. Gives the run.
///
/// # Errors
/// As [`stop`].
pub async fn give_up_lease(app: &App, caller: &Caller, key: RunKey, now: Timestamp) -> Result<BulkRun, Error> {
    change(app, caller, key, now, |run| {
        let order = if run.attached { run.stop() } else { None };
        (order.is_some(), order)
    })
    .await
}

/// The operator lets a run go on without the window that holds it, or takes that back. Gives the run.
///
/// # Errors
/// As [`stop`].
pub async fn attach(app: &App, caller: &Caller, key: RunKey, attached: bool, now: Timestamp) -> Result<BulkRun, Error> {
    change(app, caller, key, now, |run| (run.attach(attached, now), None)).await
}

const UNKNOWN: Rejection = Rejection::NotFound { what: "bulk run" };

/// Changes a run beside its worker, which writes it many times a second.
async fn change(
    app: &App,
    caller: &Caller,
    key: RunKey,
    now: Timestamp,
    what: impl Fn(&mut BulkRun) -> (bool, Option<Order>),
) -> Result<BulkRun, Error> {
    may_manage(caller)?;
    for attempt in 0..2 * ATTEMPTS_MAX {
        if attempt > 0 {
            pause(attempt.min(4)).await;
        }
        let before = app.store.bulk_run(caller.tenant, key).await?.ok_or(UNKNOWN)?;
        let mut after = before.clone();
        let (changed, order) = what(&mut after);
        if !changed {
            return Ok(before);
        }
        let parts = RunParts { order: order.as_ref(), ..RunParts::default() };
        match app.store.save_run(&before, after, parts, now).await {
            Err(store::Error::Conflict) => {}
            result => return Ok(result?),
        }
    }
    Err(Error::Busy)
}

/// Runs are about external tasks: who may not see those sees no run.
fn may_see(caller: &Caller) -> Result<(), Error> {
    caller.require_visible(Permission::ExternalTasksRead, "bulk run")
}

fn may_manage(caller: &Caller) -> Result<(), Error> {
    may_see(caller)?;
    caller.require(Permission::ExternalTasksManage)
}

/// Each key once, where it stood first.
fn distinct(keys: Vec<TaskKey>) -> Result<Vec<TaskKey>, Rejection> {
    let refused = |code, message: String| Rejection::InvalidInput { field: "taskKeys".to_owned(), code, message };
    if keys.is_empty() {
        return Err(refused("REQUIRED", "taskKeys must name at least one task.".to_owned()));
    }
    if keys.len() > KEYS_MAX {
        let message = format!(
            "taskKeys has {} keys; at most {KEYS_MAX} are accepted. Send several runs, or a filter.",
            keys.len()
        );
        return Err(refused("TOO_MANY", message));
    }
    let mut seen = BTreeSet::new();
    Ok(keys.into_iter().filter(|key| seen.insert(*key)).collect())
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
