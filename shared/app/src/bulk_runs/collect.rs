//! The tasks of a filter, from the list that operators see. Reads pages; keeps nothing.

use super::{Counted, count};
use crate::execute::{App, Error};
use domain::bulk_run::Filter;
use domain::external_task::Status;
use domain::ids::{TaskKey, TenantId};
use domain::time::Timestamp;
use store::{ListQuery, PAGE_MAX, TaskRow};

/// Pages read for one step at most: what a search that finds little may cost. The step is then shorter.
const PAGES_MAX: usize = 40;
/// Tasks that a dry run counts at most: more would take longer than an operator waits.
const COUNTED_MAX: u32 = 2_000;

/// Up to `wanted` PENDING tasks from `position` on, and where the list goes on.
pub async fn collect(
    app: &App,
    tenant: TenantId,
    filter: &Filter,
    mut position: Option<String>,
    wanted: usize,
    now: Timestamp,
) -> Result<(Vec<TaskKey>, Option<String>), Error> {
    let shards = app.store.tenant(tenant, now).await?.map_or(1, |record| record.shards);
    let mut keys = Vec::new();
    for _ in 0..PAGES_MAX {
        let query = ListQuery {
            statuses: vec![Status::Pending],
            created_from: filter.created_from,
            created_to: filter.created_to,
            newest_first: !filter.oldest_first,
            limit: PAGE_MAX.min(wanted - keys.len()),
            after: position,
        };
        let page = app.store.external_tasks(tenant, &query, shards).await?;
        keys.extend(page.items.iter().filter(|row| matches(filter, row, now)).map(|row| row.task));
        position = page.next;
        if position.is_none() || keys.len() >= wanted {
            break;
        }
    }
    Ok((keys, position))
}

/// Counts what a run by filter would do, up to a number that is counted while an operator waits.
pub async fn count_matches(app: &App, tenant: TenantId, filter: &Filter, now: Timestamp) -> Result<Counted, Error> {
    let wanted = usize::try_from(COUNTED_MAX).unwrap_or(usize::MAX);
    let (keys, next) = collect(app, tenant, filter, None, wanted, now).await?;
    let found = count(keys.len());
    Ok(Counted { selected: found, eligible: found, exact: next.is_none() })
}

fn matches(filter: &Filter, row: &TaskRow, now: Timestamp) -> bool {
    let same = |wanted: &Option<String>, text: &str| wanted.as_ref().is_none_or(|wanted| wanted == text);
    same(&filter.activity, &row.activity)
        && same(&filter.process_id, &row.process_id)
        && row.expires_at.is_none_or(|expires| now < expires)
        && filter.recipient.as_ref().is_none_or(|part| row.recipient.as_str().contains(&part.to_lowercase()))
}
