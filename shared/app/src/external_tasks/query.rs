//! The query of the list until the store has its own. Filters rows of a page, so pages may be short.

use domain::external_task::Status;
use domain::ids::TenantId;
use domain::time::Timestamp;
use store::{Error, ListQuery, Store, TaskRow};

/// Which external tasks to list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskQuery {
    /// Stored statuses.
    pub statuses: Vec<Status>,
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
    /// Order of the list.
    pub order: Order,
    /// Rows at most.
    pub limit: usize,
    /// Where the page before ended.
    pub after: Option<String>,
}

/// Order of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Created last first.
    Newest,
    /// Created first first.
    Oldest,
    /// Expires first first.
    ExpiresSoonest,
    /// Expires last first.
    ExpiresLatest,
}

/// A page.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskPage {
    /// The rows.
    pub items: Vec<TaskRow>,
    /// Where the next page begins.
    pub next: Option<String>,
    /// How far a short page of a search looked.
    pub searched_to: Option<Timestamp>,
}

pub(super) async fn page(
    store: &Store,
    tenant: TenantId,
    query: &TaskQuery,
    now: Timestamp,
) -> Result<TaskPage, Error> {
    let shards = store.tenant(tenant, now).await?.map_or(1, |record| record.shards);
    let list = ListQuery {
        statuses: query.statuses.clone(),
        created_from: query.created_from,
        created_to: query.created_to,
        newest_first: query.order != Order::Oldest,
        limit: query.limit,
        after: query.after.clone(),
    };
    let page = store.external_tasks(tenant, &list, shards).await?;
    let part = query.recipient.as_ref().map(|part| part.to_lowercase());
    let fits = |row: &TaskRow| {
        query.activity.as_ref().is_none_or(|activity| *activity == row.activity)
            && query.process_id.as_ref().is_none_or(|process| *process == row.process_id)
            && part.as_ref().is_none_or(|part| row.recipient.as_str().to_lowercase().contains(part))
            && (!query.follow_up || row.delivery.needs_follow_up())
    };
    Ok(TaskPage { items: page.items.into_iter().filter(fits).collect(), next: page.next, searched_to: None })
}
