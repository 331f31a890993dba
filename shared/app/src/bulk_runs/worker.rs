//! The worker of bulk runs: takes a message, goes on with its run as far as the message says, one task at a time. Puts
//! nothing on a queue: what comes next is ordered in the transaction that records the task.

use super::message::{Message, Step};
use super::pace::{self, Allowance};
use super::{collect, task};
use crate::execute::{App, Error, pause};
use domain::bulk_run::{Action, BulkRun, Outcome, TASKS_MAX, Turn};
use domain::ids::{RunKey, TaskKey, TenantId};
use domain::script::Scripts;
use domain::time::Timestamp;
use std::future::Future;
use std::sync::{Mutex, PoisonError};
use store::{KeyChunk, RunParts};

/// At this receive of its message the worker records a task as failed instead of trying once more.
pub const RECEIVES_MAX: u32 = 3;
/// A run that cannot send looks again after so long: the quota is read once a minute.
const LOOK_AGAIN_MS: i64 = 60_000;
/// After a wait of more than this the run is read again before its next task.
const SLEPT_MS: i64 = 100;
/// Task keys found in one step of a preparation: one chunk.
const STEP_TASKS: usize = 1_000;

/// The time, as a worker needs it: tests set it.
pub trait Time: Sync {
    /// The present moment.
    fn now(&self) -> Timestamp;
    /// Waits until a moment has come.
    fn until(&self, at: Timestamp) -> impl Future<Output = ()> + Send;
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// Nothing is left to do for it.
    Done,
    /// The time of the invocation is over: it must come again at once.
    Again,
}

/// Works on runs. Keeps one chunk of task keys in memory, and how much of the account's quota it has used.
#[derive(Debug)]
pub struct Worker {
    app: App,
    percent: u32,
    step_tasks: usize,
    chunk: Mutex<Option<(TenantId, RunKey, KeyChunk)>>,
    /// When the quota was read, and the mails ordered by this process since.
    used: Mutex<(Option<Timestamp>, u64)>,
}

impl Worker {
    /// `percent` is the share of the account's rate that a run may use.
    pub fn new(app: App, percent: u32) -> Worker {
        Worker { app, percent, step_tasks: STEP_TASKS, chunk: Mutex::default(), used: Mutex::default() }
    }

    /// The same worker, with other steps of preparations: for tests.
    pub fn in_steps_of(self, tasks: usize) -> Worker {
        Worker { step_tasks: tasks, ..self }
    }

    /// Goes on with the message's run, until `until` at most. `receives` counts how often the message came.
    ///
    /// # Errors
    /// Whatever another receive may mend.
    pub async fn work(
        &self,
        scripts: &dyn Scripts,
        time: &impl Time,
        message: &Message,
        receives: u32,
        until: Timestamp,
    ) -> Result<Taken, Error> {
        let mut conflicts = 0;
        loop {
            let now = time.now();
            // A run that is gone was deleted with its tenant, or long ago.
            let Some(run) = self.app.store.run_at_work(message.tenant, message.run).await? else {
                return Ok(Taken::Done);
            };
            let step = match (run.turn(now), message.step) {
                (Turn::Over, _) => return Ok(Taken::Done),
                (Turn::Close, _) => self.close(&run, now).await,
                (Turn::Prepare { step }, Step::Prepare(asked)) if step == asked => {
                    match self.prepare(&run, now).await {
                        Ok(()) => return Ok(Taken::Done),
                        Err(error) => Err(error),
                    }
                }
                (Turn::Task { number }, Step::Task(to))
                    if number <= to.min(run.ordered) && is_current(&run, message) =>
                {
                    if now >= until {
                        return Ok(Taken::Again);
                    }
                    match self.next_task(scripts, time, (run, number), receives, until).await {
                        Ok(Next::Recorded | Next::Slept) => Ok(()),
                        Ok(Next::Waits) => return Ok(Taken::Done),
                        Ok(Next::NoTime) => return Ok(Taken::Again),
                        Err(error) => Err(error),
                    }
                }
                (
                    Turn::Prepare { .. } | Turn::Task { .. },
                    Step::Prepare(_) | Step::Task(_) | Step::Look(_) | Step::Export(_),
                ) => {
                    return Ok(Taken::Done);
                }
            };
            match step {
                // Somebody stopped the run or renewed its lease: look again.
                Err(Error::Store(store::Error::Conflict)) if conflicts < 10 => {
                    conflicts += 1;
                    pause(conflicts.min(4)).await;
                }
                result => result?,
            }
        }
    }

    /// B-04: the first that sees the stop, or that the window is gone, closes the run.
    async fn close(&self, run: &BulkRun, now: Timestamp) -> Result<(), Error> {
        let mut after = run.clone();
        after.close(now);
        let after = self.app.store.save_run(run, after, RunParts::default(), now).await?;
        tracing::info!(run.id = %run.key, skipped = after.skipped, "run stopped");
        Ok(())
    }

    /// One step of a preparation: a chunk of keys, and the order of the next step or of the first tasks.
    async fn prepare(&self, run: &BulkRun, now: Timestamp) -> Result<(), Error> {
        let filter = run.filter.clone().unwrap_or_default();
        let left = TASKS_MAX.saturating_sub(run.eligible);
        let wanted = self.step_tasks.min(usize::try_from(left).unwrap_or(self.step_tasks));
        let (keys, next) = collect::collect(&self.app, run.tenant, &filter, run.position.clone(), wanted, now).await?;
        let mut after = run.clone();
        let order = after.prepared(super::count(keys.len()), next, now);
        let parts = RunParts { keys: Some((run.eligible + 1, &keys)), order: order.as_ref(), ..RunParts::default() };
        self.app.store.save_run(run, after, parts, now).await?;
        Ok(())
    }

    async fn next_task(
        &self,
        scripts: &dyn Scripts,
        time: &impl Time,
        (mut run, number): (BulkRun, u32),
        receives: u32,
        until: Timestamp,
    ) -> Result<Next, Error> {
        if run.action == Action::Resend {
            let now = time.now();
            let allowance = self.allowance(now).await?;
            if let Some(reason) = pace::obstacle(allowance.as_ref()) {
                let mut after = run.clone();
                let order = after.wait(reason, now, now.plus_millis(LOOK_AGAIN_MS));
                let parts = RunParts { order: Some(&order), ..RunParts::default() };
                self.app.store.save_run(&run, after, parts, now).await?;
                tracing::warn!(run.id = %run.key, reason = reason.code(), "a run waits");
                return Ok(Next::Waits);
            }
            let (begin, paced_to) = pace::slot(run.paced_to, now, pace::interval_ms(allowance.as_ref(), self.percent));
            if begin > until {
                return Ok(Next::NoTime);
            }
            time.until(begin).await;
            if begin.as_millis() - now.as_millis() > SLEPT_MS {
                return Ok(Next::Slept);
            }
            run.paced_to = Some(paced_to);
        }
        let key = self.task_key(&run, number).await?;
        let outcome = match key {
            Some(key) => task::perform(&self.app, scripts, &run, key, time.now()).await,
            None => Err(Error::Busy),
        };
        let outcome = match outcome {
            Err(error) if receives >= RECEIVES_MAX => {
                tracing::error!(run.id = %run.key, number, %error, "a task of a run is given up");
                let message = "The task could not be done, although it was tried three times. Try it again.";
                Outcome::Failed { code: "INTERNAL".to_owned(), message: message.to_owned() }
            }
            other => other?,
        };
        if run.action == Action::Resend && outcome == Outcome::Done {
            self.used.lock().unwrap_or_else(PoisonError::into_inner).1 += 1;
        }
        self.record(run, number, key.unwrap_or_else(nothing), &outcome, time.now()).await?;
        Ok(Next::Recorded)
    }

    /// Records what became of a task. Whoever changes the run beside it (a stop, a lease) only makes it look again.
    async fn record(
        &self,
        run: BulkRun,
        number: u32,
        task: TaskKey,
        outcome: &Outcome,
        now: Timestamp,
    ) -> Result<(), Error> {
        let paced_to = run.paced_to;
        let mut before = run;
        for attempt in 1..=10 {
            let mut after = BulkRun { paced_to, ..before.clone() };
            let order = after.record(outcome, now);
            let parts =
                RunParts { outcome: Some((number, task, outcome)), order: order.as_ref(), ..RunParts::default() };
            match self.app.store.save_run(&before, after, parts, now).await {
                Err(store::Error::Conflict) => {}
                result => {
                    result?;
                    return Ok(());
                }
            }
            pause(attempt.min(4)).await;
            let Some(fresh) = self.app.store.run_at_work(before.tenant, before.key).await? else { return Ok(()) };
            if fresh.status.is_final() || fresh.processed + 1 != number {
                return Ok(());
            }
            before = fresh;
        }
        Err(Error::Busy)
    }

    async fn task_key(&self, run: &BulkRun, number: u32) -> Result<Option<TaskKey>, Error> {
        let name = (run.tenant, run.key);
        let known = {
            let chunk = self.chunk.lock().unwrap_or_else(PoisonError::into_inner);
            chunk
                .as_ref()
                .filter(|(tenant, key, _)| (*tenant, *key) == name)
                .and_then(|(_, _, chunk)| chunk.get(number))
        };
        if known.is_some() {
            return Ok(known);
        }
        let Some(chunk) = self.app.store.run_keys(run.tenant, run.key, number).await? else { return Ok(None) };
        let key = chunk.get(number);
        *self.chunk.lock().unwrap_or_else(PoisonError::into_inner) = Some((run.tenant, run.key, chunk));
        Ok(key)
    }

    /// What the account may send, less what this process has ordered since that was read.
    async fn allowance(&self, now: Timestamp) -> Result<Option<Allowance>, Error> {
        let Some(quota) = self.app.store.quota(now).await? else { return Ok(None) };
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if used.0 != Some(quota.read_at) {
            *used = (Some(quota.read_at), 0);
        }
        Ok(Some(Allowance {
            per_second: quota.per_second,
            left: quota.left().map(|left| left.saturating_sub(used.1)),
            enabled: quota.sending_enabled,
        }))
    }
}

enum Next {
    Recorded,
    /// The pace let it wait so long that somebody may have stopped the run meanwhile.
    Slept,
    Waits,
    NoTime,
}

/// While a run waits, only the message that was ordered to look again goes on with it.
fn is_current(run: &BulkRun, message: &Message) -> bool {
    run.waiting.is_none() || message.order >= run.orders
}

/// The key that no task has: recorded where the chunk of a task is gone.
fn nothing() -> TaskKey {
    TaskKey::new(0).expect("0 is below 2^63")
}
