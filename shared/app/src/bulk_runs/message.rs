//! What travels through the queue of bulk runs: which run, and how far to go. Sends and receives nothing.

use domain::bulk_run::Work;
use domain::ids::{RunKey, TenantId};
use serde::{Deserialize, Serialize};
use store::RunOrder;

/// A message of the FIFO queue. Its group is the run, so that a run is worked on strictly one task at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Tenant.
    pub tenant: TenantId,
    /// The run.
    pub run: RunKey,
    /// The order it belongs to, from 1.
    pub order: u32,
    /// What to do.
    #[serde(flatten)]
    pub step: Step,
}

/// What one message asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Step {
    /// Collect the tasks of this step.
    Prepare(u32),
    /// Go on up to the task with this number.
    Task(u32),
    /// Look whether the run must be closed. The number is the order's.
    Look(u32),
    /// Do this step of an export, which has its key from the same range as runs.
    Export(u32),
}

impl Message {
    /// The messages of an order.
    pub fn of_order(order: &RunOrder) -> impl Iterator<Item = Message> {
        let RunOrder { tenant, run, order, .. } = *order;
        let (from, to) = match order.work {
            Work::Tasks { from, to } => (from, to),
            Work::Prepare { .. } | Work::Look | Work::Export { .. } => (1, 1),
        };
        (from..=to).map(move |number| {
            let step = match order.work {
                Work::Tasks { .. } => Step::Task(number),
                Work::Prepare { step } => Step::Prepare(step),
                Work::Look => Step::Look(order.number),
                Work::Export { step } => Step::Export(step),
            };
            Message { tenant, run, order: order.number, step }
        })
    }

    /// Message group: one run. Keys of runs are unique within a tenant.
    pub fn group(&self) -> String {
        format!("{}-{}", self.tenant, self.run)
    }

    /// Deduplication id: an order carried out twice within five minutes is queued once. The same task may be ordered
    /// again by a later order, after a wait.
    pub fn deduplication_id(&self) -> String {
        let number = match self.step {
            Step::Prepare(number) | Step::Task(number) | Step::Look(number) | Step::Export(number) => number,
        };
        format!("{}-{}-{number}", self.group(), self.order)
    }
}
