//! Process instances as every door lists them. Knows no HTTP and no HTML.

use crate::auth::Caller;
use crate::link::cursor;
use crate::question::Question;
use crate::{App, Error, FieldProblem};
use domain::ids::{InstanceKey, TenantId};
use domain::instance::InstanceStatus;
use domain::permission::Permission;
use domain::time::Timestamp;
use std::collections::BTreeMap;
use store::{HEADS_MAX, InstanceQuery, InstanceRow};

/// All statuses, as on the wire.
const STATUSES: [InstanceStatus; 5] = [
    InstanceStatus::Running,
    InstanceStatus::Waiting,
    InstanceStatus::Completed,
    InstanceStatus::Error,
    InstanceStatus::Cancelled,
];

/// A page of the list.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    /// The rows.
    pub rows: Vec<InstanceRow>,
    /// The signed cursor of the next page; `None` at the end of the list.
    pub next: Option<String>,
}

/// A query of the list from names and values as in an address: `status`, `processId`, `businessKey`, `limit`; `cursor`
/// is passed over. Empty values count as absent.
///
/// # Errors
/// Everything that is wrong, at once.
pub fn filter(pairs: &[(String, String)]) -> Result<InstanceQuery, Vec<FieldProblem>> {
    let mut question = Question::new(pairs, &["status", "processId", "businessKey", "limit", "cursor"])?;
    let query = InstanceQuery {
        statuses: question.statuses(&STATUSES, InstanceStatus::as_str),
        process_id: question.id("processId"),
        business_key: question.id("businessKey"),
        limit: question.limit(),
        after: None,
    };
    question.finish(query)
}

/// A page of the tenant's instances, the newest first.
///
/// # Errors
/// As not found for who may not read instances; [`Error::InvalidCursor`].
pub async fn list(
    app: &App,
    caller: &Caller,
    mut query: InstanceQuery,
    cursor: Option<&str>,
    now: Timestamp,
) -> Result<Listed, Error> {
    caller.require_visible(Permission::InstancesRead, "resource")?;
    let (secret, tenant) = (app.secret().await?, caller.tenant);
    let mut statuses: Vec<&str> = query.statuses.iter().map(|status| status.as_str()).collect();
    statuses.sort_unstable();
    let question = format!("instances 1 {statuses:?} {:?} {:?}", query.process_id, query.business_key);
    if let Some(text) = cursor {
        let position = cursor::verify(secret, tenant, &question, text, now).ok_or(Error::InvalidCursor)?;
        query.after = Some(position);
    }
    let page = app.store.instances(tenant, &query, now).await?;
    let next = page.next.map(|position| cursor::sign(secret, tenant, &question, &position, now));
    Ok(Listed { rows: page.items, next })
}

/// Where a called instance stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Called {
    /// Its own status.
    pub status: InstanceStatus,
    /// The first instance that stopped at an error: itself, else one that it or another below it called.
    pub failed: Option<InstanceKey>,
}

/// Where called instances stand; the tree below them is looked through up to a hundred instances. Those that are gone are
/// left out.
///
/// # Errors
/// Those of the table.
pub async fn called(
    app: &App,
    tenant: TenantId,
    children: impl Iterator<Item = InstanceKey>,
) -> Result<BTreeMap<InstanceKey, Called>, Error> {
    let mut found: BTreeMap<InstanceKey, Called> = BTreeMap::new();
    // Each instance of a level with the child that it is below.
    let mut level: BTreeMap<InstanceKey, InstanceKey> = children.map(|child| (child, child)).collect();
    let mut room = HEADS_MAX;
    while !level.is_empty() && room > 0 {
        let keys: Vec<InstanceKey> = level.keys().copied().take(room).collect();
        room -= keys.len();
        let mut below = BTreeMap::new();
        for (key, head) in app.store.heads(tenant, &keys).await? {
            let child = level.get(&key).copied().unwrap_or(key);
            let called = found.entry(child).or_insert(Called { status: head.status, failed: None });
            if head.status == InstanceStatus::Error && called.failed.is_none() {
                called.failed = Some(key);
            }
            below.extend(head.elements.iter().filter_map(|live| Some((live.child?, child))));
        }
        level = below;
    }
    Ok(found)
}
