//! A bulk run: one action on many external tasks, one task after the other. Its counters, its end, and what is ordered
//! next, as pure functions. Must not know tables, queues or how one task is done.
//!
//! A run is worked on by messages, each of which says how far to go ([`Work`]). The run itself says which task is next,
//! so a message that comes twice, late or never changes no sum: whatever comes after it makes up for it.

use crate::command::{Command, Door};
use crate::ids::{RunKey, TaskKey, TenantId};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Task keys of a run by selection at most (B-01).
pub const KEYS_MAX: usize = 1_000;
/// Tasks of a run by filter at most.
pub const TASKS_MAX: u32 = 100_000;
/// Messages of a run that are queued ahead at most.
pub const AHEAD_MAX: u32 = 500;
/// A run held by a window ends when its lease was not renewed for so long (B-03).
pub const LEASE_MS: i64 = 150_000;

/// What is done to every task of a run: each row action has its bulk action (S0-48).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Action {
    /// E-04
    Resend,
    /// E-09
    SyncTemplates,
    /// E-10
    Cancel,
}

impl Action {
    /// All of them.
    pub const ALL: [Action; 3] = [Action::Resend, Action::SyncTemplates, Action::Cancel];

    /// The word in requests and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Action::Resend => "resend",
            Action::SyncTemplates => "syncTemplates",
            Action::Cancel => "cancel",
        }
    }

    /// Accepts the exact word.
    pub fn parse(text: &str) -> Option<Action> {
        Action::ALL.into_iter().find(|action| action.as_str() == text)
    }
}

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RunStatus {
    /// The tasks of its filter are being collected.
    Preparing,
    /// At work.
    Running,
    /// To end after the task at hand.
    Stopping,
    /// Ended early; the rest was skipped.
    Stopped,
    /// Ended behind its last task.
    Completed,
}

impl RunStatus {
    /// The word in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            RunStatus::Preparing => "preparing",
            RunStatus::Running => "running",
            RunStatus::Stopping => "stopping",
            RunStatus::Stopped => "stopped",
            RunStatus::Completed => "completed",
        }
    }

    /// Nothing changes any more.
    pub fn is_final(self) -> bool {
        matches!(self, RunStatus::Stopped | RunStatus::Completed)
    }
}

/// Which tasks a run by filter is about: PENDING ones for which all of this holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Filter {
    /// BPMN id of the activity.
    pub activity: Option<String>,
    /// BPMN id of the process.
    pub process_id: Option<String>,
    /// Part of the mail address.
    pub recipient: Option<String>,
    /// Created at or after.
    pub created_from: Option<Timestamp>,
    /// Created at or before.
    pub created_to: Option<Timestamp>,
    /// Only those a person must look at.
    pub follow_up: bool,
    /// Oldest first, else newest first.
    pub oldest_first: bool,
}

/// Why a run does not go on at present.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Reason {
    /// The mail service takes no more mails until its 24 hours move on.
    QuotaExhausted,
    /// The mail service lets the account send nothing.
    SendingPaused,
}

impl Reason {
    /// The stable code.
    pub fn code(self) -> &'static str {
        match self {
            Reason::QuotaExhausted => "QUOTA_EXHAUSTED",
            Reason::SendingPaused => "SENDING_PAUSED",
        }
    }

    /// For people.
    pub fn sentence(self) -> &'static str {
        match self {
            Reason::QuotaExhausted => {
                "The sending quota of 24 hours is used up. The run goes on by itself as soon as mail can be sent again."
            }
            Reason::SendingPaused => {
                "The mail account is paused. The run goes on by itself as soon as mail can be sent again."
            }
        }
    }
}

/// A run that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// Why.
    pub reason: Reason,
    /// Since when.
    pub since: Timestamp,
}

/// What became of one task of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// The action was done.
    #[serde(rename = "d")]
    Done,
    /// Another run had done the same since this one started: success, without doing it again.
    #[serde(rename = "a")]
    AlreadyDone,
    /// It was refused, or could not be done.
    #[serde(rename = "f")]
    Failed {
        /// Stable code.
        #[serde(rename = "c")]
        code: String,
        /// What a person can do about it.
        #[serde(rename = "m")]
        message: String,
    },
}

/// What messages are to be put on the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Work {
    /// One message: collect the tasks of this step.
    #[serde(rename = "p")]
    Prepare {
        /// Number of the step, from 1.
        step: u32,
    },
    /// A message for each task: go on up to it.
    #[serde(rename = "t")]
    Tasks {
        /// First number, from 1.
        from: u32,
        /// Last number.
        to: u32,
    },
    /// One message: look at the run, which may have to be closed.
    #[serde(rename = "l")]
    Look,
    /// One message: go on with the export of this key. No run has it.
    #[serde(rename = "e")]
    Export {
        /// Number of the step, from 1.
        step: u32,
    },
}

/// Messages to be put on the queue, ordered in the transaction that changes the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Number of the order within its run, from 1.
    #[serde(rename = "n")]
    pub number: u32,
    /// What.
    #[serde(rename = "w")]
    pub work: Work,
    /// Not before this moment.
    #[serde(rename = "b", default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Timestamp>,
}

/// What a worker does next with a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Nothing: it has ended.
    Over,
    /// Close it: it is to stop, or its window is gone.
    Close,
    /// Collect the tasks of this step.
    Prepare {
        /// Number of the step, from 1.
        step: u32,
    },
    /// Do the task with this number.
    Task {
        /// From 1.
        number: u32,
    },
}

/// A bulk run. `succeeded + failed + skipped = total` at its end, `processed = succeeded + failed` always (invariant 18).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BulkRun {
    /// Tenant.
    #[serde(skip, default = "nobody")]
    pub tenant: TenantId,
    /// Key.
    pub key: RunKey,
    /// What is done.
    pub action: Action,
    /// Where it stands.
    pub status: RunStatus,
    /// Distinct tasks that were asked for; those found so far while it is prepared.
    pub selected: u32,
    /// Tasks that were PENDING when the run began; found so far while it is prepared.
    pub eligible: u32,
    /// Tasks the run works on: the eligible ones. `None` while they are being collected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<u32>,
    /// Tasks that had their turn.
    pub processed: u32,
    /// Those that succeeded.
    pub succeeded: u32,
    /// Those that failed.
    pub failed: u32,
    /// Those that never had their turn, once the run has ended.
    pub skipped: u32,
    /// Mails of the run that the mail service took. Counted beside the run, so zero unless the reader added it.
    #[serde(skip)]
    pub mails_sent: u32,
    /// Why the tasks are cancelled, in the words of who started it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Who started it.
    pub by: String,
    /// Through which door it was started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub door: Option<Door>,
    /// From which IP address it was started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// When.
    pub started_at: Timestamp,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// Held by the window of its operator (S0-60).
    pub attached: bool,
    /// When the lease of that window ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease_until: Option<Timestamp>,
    /// The filter of a run by filter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<Filter>,
    /// Steps of the preparation that are done.
    #[serde(default)]
    pub steps: u32,
    /// Where the next step begins in the list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<String>,
    /// Number of the last task that was ordered.
    #[serde(default)]
    pub ordered: u32,
    /// Orders so far.
    #[serde(default)]
    pub orders: u32,
    /// Why it does not go on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<Waiting>,
    /// How far its pace is used up: the next mail may be ordered then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paced_to: Option<Timestamp>,
    /// Optimistic lock.
    #[serde(skip)]
    pub version: u64,
}

fn nobody() -> TenantId {
    TenantId(0)
}

/// What a run begins with.
#[derive(Clone, Debug, PartialEq)]
pub struct NewRun {
    /// Tenant.
    pub tenant: TenantId,
    /// The key drawn for it.
    pub key: RunKey,
    /// What is done.
    pub action: Action,
    /// Why, where tasks are cancelled.
    pub reason: Option<String>,
    /// Who starts it.
    pub by: String,
    /// Through which door.
    pub door: Option<Door>,
    /// From which IP address.
    pub address: Option<String>,
    /// Whether a window holds it.
    pub attached: bool,
    /// The moment.
    pub now: Timestamp,
}

impl BulkRun {
    /// The command for one task. `deployed` is the deployed version of the task's process, for Sync.
    pub fn command(&self, task: TaskKey, deployed: u32) -> Command {
        match self.action {
            Action::Resend => Command::Resend { task },
            Action::SyncTemplates => Command::SyncTemplates { task, version: deployed },
            Action::Cancel => Command::CancelTask { task, reason: self.reason.clone() },
        }
    }

    fn new(new: NewRun, status: RunStatus) -> BulkRun {
        BulkRun {
            tenant: new.tenant,
            key: new.key,
            action: new.action,
            reason: new.reason,
            status,
            selected: 0,
            eligible: 0,
            total: None,
            processed: 0,
            succeeded: 0,
            failed: 0,
            skipped: 0,
            mails_sent: 0,
            by: new.by,
            door: new.door,
            address: new.address,
            started_at: new.now,
            ended_at: None,
            attached: new.attached,
            lease_until: new.attached.then(|| new.now.plus_millis(LEASE_MS)),
            filter: None,
            steps: 0,
            position: None,
            ordered: 0,
            orders: 0,
            waiting: None,
            paced_to: None,
            version: 0,
        }
    }

    /// B-01 by selection: `selected` distinct keys, of which `eligible` are PENDING. Without one it is complete at once.
    pub fn of_keys(new: NewRun, selected: u32, eligible: u32) -> (BulkRun, Option<Order>) {
        let now = new.now;
        let mut run = BulkRun::new(new, RunStatus::Running);
        (run.selected, run.eligible) = (selected, eligible);
        let order = run.begin(now);
        (run, order)
    }

    /// B-01 by filter: the tasks are collected first.
    pub fn of_filter(new: NewRun, filter: Filter) -> (BulkRun, Option<Order>) {
        let mut run = BulkRun::new(new, RunStatus::Preparing);
        run.filter = Some(filter);
        let order = run.order(Work::Prepare { step: 1 });
        (run, Some(order))
    }

    /// What to do next at `now`.
    pub fn turn(&self, now: Timestamp) -> Turn {
        match self.status {
            RunStatus::Stopped | RunStatus::Completed => Turn::Over,
            RunStatus::Stopping => Turn::Close,
            RunStatus::Preparing | RunStatus::Running if self.lapsed(now) => Turn::Close,
            RunStatus::Preparing => Turn::Prepare { step: self.steps + 1 },
            RunStatus::Running => Turn::Task { number: self.processed + 1 },
        }
    }

    /// True when the window that holds the run has not been heard of for too long.
    pub fn lapsed(&self, now: Timestamp) -> bool {
        self.attached && self.lease_until.is_some_and(|until| now > until)
    }

    /// One step of the preparation found `found` tasks; `next` is where the list goes on.
    pub fn prepared(&mut self, found: u32, next: Option<String>, now: Timestamp) -> Option<Order> {
        if self.status != RunStatus::Preparing {
            return None;
        }
        self.steps += 1;
        self.selected += found;
        self.eligible += found;
        self.position = next;
        if self.position.is_some() && self.eligible < TASKS_MAX {
            return Some(self.order(Work::Prepare { step: self.steps + 1 }));
        }
        self.position = None;
        self.status = RunStatus::Running;
        self.begin(now)
    }

    /// The total is known: orders the first tasks, or ends a run that has none.
    fn begin(&mut self, now: Timestamp) -> Option<Order> {
        self.total = Some(self.eligible);
        if self.eligible == 0 {
            self.end(RunStatus::Completed, now);
            return None;
        }
        self.ordered = self.eligible.min(AHEAD_MAX);
        Some(self.order(Work::Tasks { from: 1, to: self.ordered }))
    }

    /// B-02, B-05: the task whose turn it was is done. Orders the next ones when half of those ahead are used up.
    pub fn record(&mut self, outcome: &Outcome, now: Timestamp) -> Option<Order> {
        let total = self.total?;
        if self.status.is_final() || self.processed >= total {
            return None;
        }
        self.processed += 1;
        match outcome {
            Outcome::Done | Outcome::AlreadyDone => self.succeeded += 1,
            Outcome::Failed { .. } => self.failed += 1,
        }
        self.waiting = None;
        if self.processed == total {
            self.end(RunStatus::Completed, now);
            return None;
        }
        if self.status != RunStatus::Running
            || self.ordered >= total
            || self.ordered.saturating_sub(self.processed) > AHEAD_MAX / 2
        {
            return None;
        }
        let from = self.ordered + 1;
        self.ordered = total.min(self.processed + AHEAD_MAX);
        Some(self.order(Work::Tasks { from, to: self.ordered }))
    }

    /// B-04: the rest is skipped. A run that was being prepared skips what was found so far.
    pub fn close(&mut self, now: Timestamp) {
        if self.status.is_final() {
            return;
        }
        let total = *self.total.get_or_insert(self.eligible);
        self.skipped = total - self.processed;
        self.end(RunStatus::Stopped, now);
    }

    fn end(&mut self, status: RunStatus, now: Timestamp) {
        (self.status, self.ended_at) = (status, Some(now));
        (self.waiting, self.position) = (None, None);
    }

    /// B-03: to end after the task at hand. Orders a message that closes it even where no other comes any more.
    pub fn stop(&mut self) -> Option<Order> {
        match self.status {
            RunStatus::Preparing | RunStatus::Running => {
                self.status = RunStatus::Stopping;
                Some(self.order(Work::Look))
            }
            RunStatus::Stopping | RunStatus::Stopped | RunStatus::Completed => None,
        }
    }

    /// The window that holds the run is still there. False where there is nothing to renew.
    pub fn renew(&mut self, now: Timestamp) -> bool {
        let holds = self.attached && matches!(self.status, RunStatus::Preparing | RunStatus::Running);
        if holds {
            self.lease_until = Some(now.plus_millis(LEASE_MS));
        }
        holds
    }

    /// From now on the run ends with the window that holds it, or goes on without it. False where nothing changes.
    pub fn attach(&mut self, attached: bool, now: Timestamp) -> bool {
        let changes = self.attached != attached && matches!(self.status, RunStatus::Preparing | RunStatus::Running);
        if changes {
            self.attached = attached;
            self.lease_until = attached.then(|| now.plus_millis(LEASE_MS));
        }
        changes
    }

    /// The run cannot go on before `until`. Its messages are used up meanwhile; one comes then and looks again.
    pub fn wait(&mut self, reason: Reason, now: Timestamp, until: Timestamp) -> Order {
        let since = self.waiting.filter(|waiting| waiting.reason == reason).map_or(now, |waiting| waiting.since);
        self.waiting = Some(Waiting { reason, since });
        self.ordered = self.processed + 1;
        let number = self.ordered;
        Order { not_before: Some(until), ..self.order(Work::Tasks { from: number, to: number }) }
    }

    fn order(&mut self, work: Work) -> Order {
        self.orders += 1;
        Order { number: self.orders, work, not_before: None }
    }

    /// The sentence for the operator: progress while at work (S0-53), then the summary (S0-57 to S0-59). The words are
    /// fixed, also for one task: scripts compare them.
    pub fn summary(&self) -> String {
        let BulkRun { processed, succeeded, failed, skipped, .. } = self;
        match (self.status, self.total) {
            (RunStatus::Stopped, _) => format!("{succeeded} done, {failed} failed, {skipped} skipped."),
            (RunStatus::Completed, _) if *failed == 0 => format!("{succeeded} tasks processed successfully."),
            (RunStatus::Completed, _) => format!("{succeeded} successful, {failed} failed."),
            (RunStatus::Preparing | RunStatus::Running | RunStatus::Stopping, Some(total)) => {
                format!("{processed} of {total} processed")
            }
            (RunStatus::Preparing | RunStatus::Running | RunStatus::Stopping, None) => {
                format!("{} found so far", self.eligible)
            }
        }
    }
}
