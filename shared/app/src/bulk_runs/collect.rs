//! The tasks of a filter, from the list that operators see. Reads pages; keeps nothing.

use super::{Counted, count};
use crate::execute::{App, Error};
use domain::bulk_run::Filter;
use domain::external_task::Status;
use domain::ids::{TaskKey, TenantId};
use domain::time::Timestamp;
use std::collections::BTreeSet;
use store::{Order, PAGE_MAX, TaskQuery};

/// Pages read for one step at most: what a search that finds little may cost. The step is then shorter.
const PAGES_MAX: usize = 40;
/// Tasks that a dry run counts at most: more would take longer than an operator waits.
const COUNTED_MAX: usize = 2_000;

/// Up to `wanted` PENDING tasks from `position` on, each once, and where the list goes on.
pub async fn collect(
    app: &App,
    tenant: TenantId,
    filter: &Filter,
    position: Option<String>,
    wanted: usize,
    now: Timestamp,
) -> Result<(Vec<TaskKey>, Option<String>), Error> {
    let mut query = query(filter);
    query.after = position;
    let (mut keys, mut seen) = (Vec::new(), BTreeSet::new());
    for _ in 0..PAGES_MAX {
        query.limit = PAGE_MAX.min(wanted - keys.len());
        let page = app.store.external_tasks(tenant, &query, now).await?;
        // Overdue tasks are still listed as PENDING until their expiry is carried out.
        let pending = page.items.iter().filter(|row| row.expires_at.is_none_or(|expires| now < expires));
        keys.extend(pending.map(|row| row.task).filter(|task| seen.insert(*task)));
        query.after = page.next;
        if query.after.is_none() || keys.len() >= wanted {
            break;
        }
    }
    Ok((keys, query.after))
}

/// Counts what a run by filter would do, up to a number that is counted while an operator waits.
pub async fn count_matches(app: &App, tenant: TenantId, filter: &Filter, now: Timestamp) -> Result<Counted, Error> {
    let (keys, next) = collect(app, tenant, filter, None, COUNTED_MAX, now).await?;
    let found = count(keys.len());
    Ok(Counted { selected: found, eligible: found, exact: next.is_none() })
}

fn query(filter: &Filter) -> TaskQuery {
    TaskQuery {
        statuses: vec![Status::Pending],
        activity: filter.activity.clone(),
        process_id: filter.process_id.clone(),
        recipient: filter.recipient.clone(),
        created_from: filter.created_from,
        created_to: filter.created_to,
        follow_up: filter.follow_up,
        order: if filter.oldest_first { Order::Oldest } else { Order::Newest },
        limit: PAGE_MAX,
        after: None,
    }
}
