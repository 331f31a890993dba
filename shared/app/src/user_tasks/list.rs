//! The list of active tasks: what may be asked, and how each question is answered at a bounded cost.

use super::{Found, viewer};
use crate::auth::Caller;
use crate::link::cursor;
use crate::question::Question;
use crate::{App, Error, FieldProblem};
use domain::instance::InstanceStatus;
use domain::process::Process;
use domain::time::Timestamp;
use domain::work_task::policy::{Viewer, sees};
use domain::work_task::{Responsible, WorkTask};
use std::sync::Arc;
use store::{ActiveQuery, InstanceQuery};

/// Instances of one business key looked at for one page.
const INSTANCES_MAX: usize = 20;

/// Which active tasks to list. All conditions hold together.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ActiveFilter {
    /// A team among the candidates.
    pub team: Option<String>,
    /// The assignee, or a user among the candidates.
    pub user: Option<String>,
    /// BPMN id of the process.
    pub process_id: Option<String>,
    /// The instance's business key, exactly.
    pub business_key: Option<String>,
    /// The task's entity state, exactly.
    pub entity_state: Option<String>,
    /// Rows of a page.
    pub limit: usize,
}

impl ActiveFilter {
    fn wants(&self, responsible: &Responsible, entity_state: Option<&str>) -> bool {
        self.team.as_ref().is_none_or(|team| responsible.names_group(team))
            && self.user.as_ref().is_none_or(|user| responsible.names_user(user))
            && self.entity_state.as_deref().is_none_or(|wanted| entity_state == Some(wanted))
    }
}

/// A page of the list.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The tasks, the newest first, each with its process.
    pub tasks: Vec<(Arc<Process>, Found)>,
    /// The signed cursor of the next page; `None` at the end of the list.
    pub next: Option<String>,
}

/// A filter from names and values as in an address. Empty values count as absent.
///
/// # Errors
/// Everything that is wrong, at once.
pub fn filter(pairs: &[(String, String)]) -> Result<ActiveFilter, Vec<FieldProblem>> {
    const KNOWN: [&str; 7] =
        ["assignedToTeam", "assignedToUser", "processKey", "businessKey", "entityState", "limit", "cursor"];
    let mut question = Question::new(pairs, &KNOWN)?;
    let filter = ActiveFilter {
        team: question.id("assignedToTeam"),
        user: question.id("assignedToUser"),
        process_id: question.id("processKey"),
        business_key: question.id("businessKey"),
        entity_state: question.id("entityState"),
        limit: question.limit(),
    };
    question.finish(filter)
}

/// A page of the active tasks that the caller may see, the newest first. May be short, also empty, with a cursor.
///
/// # Errors
/// [`Error::InvalidCursor`]; the store's.
pub async fn active(
    app: &App,
    caller: &Caller,
    filter: &ActiveFilter,
    cursor: Option<&str>,
    now: Timestamp,
) -> Result<Listed, Error> {
    let (secret, tenant) = (app.secret().await?, caller.tenant);
    let ActiveFilter { team, user, process_id, business_key, entity_state, limit: _ } = filter;
    let question = format!("active-tasks 1 {team:?} {user:?} {process_id:?} {business_key:?} {entity_state:?}");
    let after = match cursor {
        None => None,
        Some(text) => Some(cursor::verify(secret, tenant, &question, text, now).ok_or(Error::InvalidCursor)?),
    };
    let (found, next) = match business_key {
        Some(key) => of_business_key(app, caller, filter, key, after, now).await?,
        None => walk(app, caller, filter, after, now).await?,
    };
    let mut tasks = Vec::with_capacity(found.len());
    for found in found {
        tasks.push((app.process(tenant, &found.process_id, found.definition_version).await?, found));
    }
    Ok(Listed { tasks, next: next.map(|position| cursor::sign(secret, tenant, &question, &position, now)) })
}

type Part = (Vec<Found>, Option<String>);

/// Through the rows of active tasks. A row does not say who started its instance, which matters where nobody is named:
/// such a task is looked up first.
async fn walk(
    app: &App,
    caller: &Caller,
    filter: &ActiveFilter,
    after: Option<String>,
    now: Timestamp,
) -> Result<Part, Error> {
    let query = ActiveQuery { process_id: filter.process_id.clone(), limit: filter.limit, after };
    let perhaps = Viewer { member: true, ..viewer(caller, "") };
    let keep = |row: &store::ActiveRow| {
        filter.wants(&row.responsible, row.entity_state.as_deref()) && sees(&perhaps, &row.responsible)
    };
    let page = app.store.active_work_tasks(caller.tenant, &query, keep, now).await?;
    let visible = page.items.into_iter().filter(|stored| {
        // It may have changed hands since its row was written.
        let task = &stored.task;
        filter.wants(&task.responsible, task.entity_state.as_deref())
            && sees(&viewer(caller, &stored.started_by), &task.responsible)
    });
    Ok((visible.map(Found::stored).collect(), page.next))
}

/// Through the instances of a business key, which are few.
async fn of_business_key(
    app: &App,
    caller: &Caller,
    filter: &ActiveFilter,
    business_key: &str,
    after: Option<String>,
    now: Timestamp,
) -> Result<Part, Error> {
    let query = InstanceQuery {
        statuses: vec![InstanceStatus::Running, InstanceStatus::Waiting, InstanceStatus::Error],
        process_id: filter.process_id.clone(),
        business_key: Some(business_key.to_owned()),
        limit: INSTANCES_MAX,
        after,
    };
    let page = app.store.instances(caller.tenant, &query, now).await?;
    let mut found = Vec::new();
    for row in page.items {
        let Some(loaded) = app.store.load(caller.tenant, row.key).await? else { continue };
        let aggregate = &loaded.aggregate;
        let viewer = viewer(caller, &aggregate.instance.started_by);
        let wanted = |task: &&WorkTask| {
            !task.state.is_final()
                && filter.wants(&task.responsible, task.entity_state.as_deref())
                && sees(&viewer, &task.responsible)
        };
        found.extend(aggregate.work_tasks.values().rev().filter(wanted).map(|task| Found::of(aggregate, task)));
    }
    Ok((found, page.next))
}
