//! Ordinary user tasks as every door shows and completes them. Who sees what is `domain::work_task::policy`; knows no HTTP
//! and no HTML.

mod complete;
mod list;

use crate::auth::Caller;
use crate::{App, Error};
use domain::ids::{InstanceKey, TaskKey};
use domain::instance::Aggregate;
use domain::permission::Permission;
use domain::process::Process;
use domain::rejection::Rejection;
use domain::time::Timestamp;
use domain::work_task::policy::{Verdict, Viewer, may, sees};
use domain::work_task::{Action, Responsible, WorkTask};
use std::sync::Arc;
use store::StoredWorkTask;

pub use complete::{Answer, AnswerOf, Completed, complete};
pub use list::{ActiveFilter, Listed, active, filter};

/// A task that the caller may see.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The task.
    pub task: WorkTask,
    /// BPMN id of the process.
    pub process_id: String,
    /// Version of the instance's definition.
    pub definition_version: u32,
    /// The caller's own key of the instance.
    pub business_key: Option<String>,
}

impl Found {
    fn of(aggregate: &Aggregate, task: &WorkTask) -> Found {
        let instance = &aggregate.instance;
        Found {
            task: task.clone(),
            process_id: instance.process_id.clone(),
            definition_version: instance.definition_version,
            business_key: instance.business_key.clone(),
        }
    }

    fn stored(stored: StoredWorkTask) -> Found {
        let StoredWorkTask { task, process_id, definition_version, business_key, started_by: _ } = stored;
        Found { task, process_id, definition_version, business_key }
    }
}

/// How a task is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// By its key.
    Key(TaskKey),
    /// By instance and activity (S4-61), which are enough unless several tasks of the activity are live (D-18).
    Activity {
        /// The instance.
        instance: InstanceKey,
        /// BPMN id of the activity.
        activity: String,
        /// Which of them.
        task: Option<TaskKey>,
    },
}

impl Address {
    /// The instance.
    pub fn instance(&self) -> InstanceKey {
        match self {
            Address::Key(key) => key.instance(),
            Address::Activity { instance, .. } => *instance,
        }
    }

    /// The tasks it means: the live ones of an activity, else the newest that ended.
    fn tasks<'a>(&self, aggregate: &'a Aggregate) -> Vec<&'a WorkTask> {
        let tasks = aggregate.work_tasks.values();
        match self {
            Address::Key(key) => tasks.filter(|task| task.key == *key).collect(),
            Address::Activity { activity, task: wanted, .. } => {
                let named =
                    |task: &&WorkTask| task.activity == *activity && wanted.is_none_or(|wanted| task.key == wanted);
                let (mut live, ended): (Vec<_>, Vec<_>) = tasks.filter(named).partition(|task| !task.state.is_final());
                if live.is_empty() {
                    live.extend(ended.last());
                }
                live
            }
        }
    }
}

/// Why a task was not shown or completed.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Several tasks of the activity are live.
    #[error("{} tasks of this activity are open; say which one with taskKey", .0.len())]
    Ambiguous(Vec<TaskKey>),
    /// The caller sees the task but may not do this with it.
    #[error("{0}")]
    Denied(&'static str),
    /// As everywhere.
    #[error(transparent)]
    Other(#[from] Error),
}

impl From<Rejection> for Refused {
    fn from(rejection: Rejection) -> Refused {
        Refused::Other(rejection.into())
    }
}

impl From<store::Error> for Refused {
    fn from(error: store::Error) -> Refused {
        Refused::Other(error.into())
    }
}

/// A task with its process and the moment it is due (D-30).
#[derive(Clone, Debug)]
pub struct Shown {
    /// The process of its instance.
    pub process: Arc<Process>,
    /// The task.
    pub found: Found,
    /// When it is due, by itself or by a timer.
    pub due: Option<Timestamp>,
}

/// One task.
///
/// # Errors
/// [`Rejection::NotFound`] for an unknown task, a foreign one, and for who may not see it; [`Refused::Ambiguous`].
pub async fn get(app: &App, caller: &Caller, address: &Address) -> Result<Shown, Refused> {
    let loaded = app.store.load(caller.tenant, address.instance()).await?.ok_or_else(unknown)?;
    let aggregate = &loaded.aggregate;
    let task = pick(caller, aggregate, address)?;
    let instance = &aggregate.instance;
    let process = app.process(caller.tenant, &instance.process_id, instance.definition_version).await?;
    let due = task.due(&process, instance);
    Ok(Shown { found: Found::of(aggregate, task), process, due })
}

fn unknown() -> Rejection {
    Rejection::NotFound { what: "user task" }
}

/// The one task of an address that the caller may see.
fn pick<'a>(caller: &Caller, aggregate: &'a Aggregate, address: &Address) -> Result<&'a WorkTask, Refused> {
    let mut tasks = address.tasks(aggregate);
    let started_by = &aggregate.instance.started_by;
    tasks.retain(|task| sees(&viewer(caller, started_by), &task.responsible));
    match tasks.as_slice() {
        [] => Err(unknown().into()),
        [task] => Ok(task),
        several => Err(Refused::Ambiguous(several.iter().map(|task| task.key).collect())),
    }
}

fn allow(caller: &Caller, aggregate: &Aggregate, task: &Responsible, action: Action) -> Result<(), Refused> {
    match may(&viewer(caller, &aggregate.instance.started_by), task, action) {
        Verdict::Allow => Ok(()),
        Verdict::Invisible => Err(unknown().into()),
        Verdict::Deny(reason) => Err(Refused::Denied(reason)),
    }
}

/// The caller towards a task of an instance that `started_by` started.
fn viewer<'a>(caller: &'a Caller, started_by: &str) -> Viewer<'a> {
    Viewer {
        user: &caller.user,
        groups: &caller.groups,
        manages: caller.may(Permission::UserTasksManage),
        member: caller.may(Permission::InstancesRead) || caller.user == started_by,
    }
}
