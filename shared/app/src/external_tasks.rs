//! External tasks as every door shows and changes them: list, details, the operator's actions. API and console call this,
//! so that what is offered, shown and refused is the same everywhere. Knows no HTTP and no HTML.

mod details;
mod filter;

pub use crate::question::{FILTER_CHARS_MAX, LIMIT_DEFAULT, LIMIT_MAX};
pub use details::{Details, HistoryLine, NotificationLine, TaskLink, details};
pub use filter::{RECIPIENT_CHARS_MIN, filter, selection};

pub use store::{Order, TaskPage, TaskQuery};

use crate::auth::Caller;
use crate::execute::Replay;
use crate::idempotency::RequestHash;
use crate::link::cursor;
use crate::placeholders;
use crate::{App, Error, Request};
use domain::command::{Command, Origin};
use domain::external_task::{Action, ExternalTask, Status, lifecycle};
use domain::ids::{InstanceKey, TaskKey};
use domain::instance::{Aggregate, InstanceStatus};
use domain::permission::Permission;
use domain::process::Process;
use domain::rejection::Rejection;
use domain::script::Scripts;
use domain::time::Timestamp;
use serde_json::Value;
use store::TaskRow;

/// What people call it in refusals.
const WHAT: &str = "external task";

/// One row of the list.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedTask {
    /// The row as stored.
    pub row: TaskRow,
    /// Display name of the activity.
    pub task_name: String,
    /// The status that holds now: a task whose time has passed is expired.
    pub status_now: Status,
    /// What this caller may do with it.
    pub actions: Vec<Action>,
}

/// A page of the list.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    /// The rows.
    pub rows: Vec<ListedTask>,
    /// The signed cursor of the next page; `None` at the end of the list.
    pub next: Option<String>,
    /// How far a page looked that is short because the search for a recipient spent its budget.
    pub searched_to: Option<Timestamp>,
}

/// A page of the tenant's external tasks (S0-01).
///
/// # Errors
/// [`Rejection::NotFound`] for who may not see external tasks; [`Error::InvalidCursor`].
pub async fn list(
    app: &App,
    caller: &Caller,
    mut query: TaskQuery,
    cursor: Option<&str>,
    now: Timestamp,
) -> Result<Listed, Error> {
    caller.require_visible(Permission::ExternalTasksRead, "resource")?;
    let secret = app.secret().await?;
    let tenant = caller.tenant;
    let question = question(&query);
    if let Some(text) = cursor {
        let position = cursor::verify(secret, tenant, &question, text, now).ok_or(Error::InvalidCursor)?;
        query.after = Some(position);
    }
    let page = app.store.external_tasks(tenant, &query, now).await?;
    let mut rows = Vec::with_capacity(page.items.len());
    for row in page.items {
        let process = app.process(tenant, &row.process_id, row.definition_version).await?;
        let overdue = !row.status.is_final() && row.expires_at.is_some_and(|expires| now >= expires);
        let status_now = if overdue { Status::Expired } else { row.status };
        rows.push(ListedTask {
            task_name: activity_name(&process, &row.activity).to_owned(),
            status_now,
            actions: actions(caller, status_now),
            row,
        });
    }
    let next = page.next.map(|position| cursor::sign(secret, tenant, &question, &position, now));
    Ok(Listed { rows, next, searched_to: page.searched_to })
}

/// What a cursor belongs to: everything that was asked but the size of the page and the place in it.
fn question(query: &TaskQuery) -> String {
    let TaskQuery { statuses, activity, process_id, recipient, created_from, created_to, follow_up, order, .. } = query;
    let mut statuses = statuses.clone();
    statuses.sort_unstable();
    format!(
        "external-tasks 3 {statuses:?} {activity:?} {process_id:?} {recipient:?} {created_from:?} {created_to:?} \
         {follow_up} {order:?}"
    )
}

/// A task at this moment, with what every answer about it says.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskNow {
    /// The task.
    pub task: ExternalTask,
    /// Display name of the activity.
    pub task_name: String,
    /// The status that holds now.
    pub status: Status,
    /// BPMN id of the process.
    pub process_id: String,
    /// Display name of the process.
    pub process_name: String,
    /// Version of the instance's definition.
    pub version: u32,
    /// The instance.
    pub instance: InstanceKey,
    /// Its status.
    pub instance_status: InstanceStatus,
    /// Its business label.
    pub reference: Option<String>,
    /// Its caller's own key.
    pub business_key: Option<String>,
    /// What this caller may do with the task.
    pub actions: Vec<Action>,
}

impl TaskNow {
    fn of(caller: &Caller, process: &Process, aggregate: &Aggregate, key: TaskKey, now: Timestamp) -> Option<TaskNow> {
        let task = aggregate.tasks.get(&key.number())?;
        let instance = &aggregate.instance;
        let status = task.status_at(now);
        Some(TaskNow {
            task_name: activity_name(process, &task.activity).to_owned(),
            status,
            process_id: instance.process_id.clone(),
            process_name: process.name.clone(),
            version: instance.definition_version,
            instance: instance.key,
            instance_status: instance.status,
            reference: instance.reference.clone(),
            business_key: instance.business_key.clone(),
            actions: actions(caller, status),
            task: task.clone(),
        })
    }
}

/// An operator's action on one task.
pub struct Act<'a> {
    /// Resend, SyncTemplates or Cancel.
    pub action: Action,
    /// Of a cancellation; shown in the history.
    pub reason: Option<String>,
    /// Through which door and from where.
    pub origin: Origin,
    /// The moment.
    pub now: Timestamp,
    /// The script language.
    pub scripts: &'a dyn Scripts,
    /// How to keep the answer for a repeated request, where the caller sent a key.
    pub replay: Option<(RequestHash, &'a AnswerOf<'a>)>,
}

/// Status and body of the answer about an acted task, as a door gives it.
pub type AnswerOf<'a> = dyn Fn(&Acted) -> (u16, Value) + Sync + 'a;

/// What an action led to.
#[derive(Clone, Debug, PartialEq)]
pub struct Acted {
    /// The task after it.
    pub now: TaskNow,
    /// Of Sync: placeholders of the new templates for which the task has no value, so that they stay empty.
    pub missing_placeholders: Vec<String>,
}

/// Carries out an operator's action (S0-31, S0-33, S0-41).
///
/// # Errors
/// [`Rejection::NotFound`] for an unknown task, a foreign one, and for who may not see it; [`Error::Forbidden`] without
/// `external-tasks:manage`; [`Error::Rejected`] where the life cycle refuses; [`Error::IdempotencyTaken`].
pub async fn act(app: &App, caller: &Caller, key: TaskKey, act: Act<'_>) -> Result<Acted, Error> {
    require(app, caller, key).await?;
    let missing = || Error::Rejected(Rejection::NotFound { what: WHAT });
    let loaded = app.store.load(caller.tenant, key.instance()).await?.ok_or_else(missing)?;
    let instance = &loaded.aggregate.instance;
    let process = app.process(caller.tenant, &instance.process_id, instance.definition_version).await?;
    let mut missing_placeholders = Vec::new();
    let command = match act.action {
        Action::Resend => Command::Resend { task: key },
        Action::Cancel => Command::CancelTask { task: key, reason: act.reason },
        Action::SyncTemplates => {
            let pointer = app.store.deployed(caller.tenant, &instance.process_id).await?;
            let version = pointer.map_or(instance.definition_version, |pointer| pointer.version);
            if let Some(task) = loaded.aggregate.tasks.get(&key.number()) {
                let deployed = (instance.process_id.as_str(), version);
                missing_placeholders =
                    placeholders::missing(app, caller.tenant, deployed, &task.activity, &task.form_context).await?;
            }
            Command::SyncTemplates { task: key, version }
        }
        Action::Remind
        | Action::Open
        | Action::SaveDraft
        | Action::Submit
        | Action::DenySubmit
        | Action::Interrupt
        | Action::Expire
        | Action::Bounce => return Err(Rejection::NotFound { what: "action" }.into()),
    };
    let acted = |after: &Aggregate| {
        TaskNow::of(caller, &process, after, key, act.now)
            .map(|now| Acted { now, missing_placeholders: missing_placeholders.clone() })
    };
    let answer = |decision: &domain::decision::Decision| match (acted(&decision.after), &act.replay) {
        (Some(acted), Some((_, answer))) => answer(&acted),
        (None, _) | (_, None) => (200, Value::Null),
    };
    let request = Request {
        tenant: caller.tenant,
        instance: key.instance(),
        actor: caller.actor(),
        origin: act.origin.clone(),
        command,
        now: act.now,
        scripts: act.scripts,
        replay: act.replay.as_ref().map(|(hash, _)| Replay { hash: hash.clone(), answer: &answer }),
    };
    let outcome = app.execute(&request).await?;
    acted(&outcome.after).ok_or_else(missing)
}

/// Refuses an action before its input is looked at: 404 for what the caller may not see, 403 for what it may not do.
///
/// # Errors
/// [`Rejection::NotFound`], [`Error::Forbidden`].
pub async fn require(app: &App, caller: &Caller, key: TaskKey) -> Result<(), Error> {
    caller.require_visible(Permission::ExternalTasksRead, WHAT)?;
    let task = app.store.task(caller.tenant, key, false).await?;
    if task.is_none() {
        return Err(Rejection::NotFound { what: WHAT }.into());
    }
    caller.require(Permission::ExternalTasksManage)
}

/// What a caller is offered for a task in `status`: the life cycle's table, and the permission (S0-27, S0-76).
pub fn actions(caller: &Caller, status: Status) -> Vec<Action> {
    if caller.may(Permission::ExternalTasksManage) { lifecycle::operator_actions(status).collect() } else { Vec::new() }
}

fn activity_name<'a>(process: &'a Process, id: &'a str) -> &'a str {
    process.element(id).map_or(id, |element| element.name.as_str())
}
