//! Lists of external tasks: pages read from an index at a cost of about their own size. Signs no cursor: that is `app`'s.

use crate::item::{Item, Reader};
use crate::keys::{ByCreation, ByStatus};
use crate::table::BY_STATUS;
use crate::{Error, Store};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::external_task::Status;
use domain::ids::{TaskKey, TenantId};
use domain::notification::{Delivery, Email};
use domain::time::Timestamp;
use std::collections::VecDeque;

/// Rows read from one stream at once: about 4 KiB of rows, half a read unit.
const ROWS_AT_ONCE: usize = 20;
/// Rows of a page at most.
pub const PAGE_MAX: usize = 100;

/// Which external tasks to list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListQuery {
    /// Stored statuses; a PENDING task whose time has passed is PENDING here until its expiry is carried out.
    pub statuses: Vec<Status>,
    /// Created at or after.
    pub created_from: Option<Timestamp>,
    /// Created at or before.
    pub created_to: Option<Timestamp>,
    /// Newest first, else oldest first.
    pub newest_first: bool,
    /// Rows at most; 1 to [`PAGE_MAX`].
    pub limit: usize,
    /// [`Page::next`] of the page before.
    pub after: Option<String>,
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Where the next page begins; `None` at the end of the list.
    pub next: Option<String>,
}

/// A task as its row in the index shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskRow {
    /// Key.
    pub task: TaskKey,
    /// Stored status.
    pub status: Status,
    /// Mail address.
    pub recipient: Email,
    /// BPMN id of the activity.
    pub activity: String,
    /// BPMN id of the process.
    pub process_id: String,
    /// Version of the instance's definition.
    pub definition_version: u32,
    /// Business label of the instance.
    pub reference: Option<String>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When the time to answer ends.
    pub expires_at: Option<Timestamp>,
    /// When it was answered.
    pub completed_at: Option<Timestamp>,
    /// Notifications after the initial one.
    pub reminders: u32,
    /// Delivery the row shows.
    pub delivery: Delivery,
}

/// One partition of the index, read piece by piece in the order of the list.
struct Stream {
    partition: ByStatus,
    rows: VecDeque<(String, TaskRow)>,
    /// Where the next piece begins; meaningless once `ended`.
    last: Option<Item>,
    ended: bool,
}

impl Store {
    /// One page of external tasks, merged from one stream for each status and shard. `shards` is the tenant's. Eventually
    /// consistent. A position that is none (it was signed, so this is a bug) is read as the text it is.
    ///
    /// # Errors
    /// [`Error::Corrupt`] where a row cannot be read; [`Error::Throttled`] and [`Error::Other`] of the table.
    pub async fn external_tasks(
        &self,
        tenant: TenantId,
        query: &ListQuery,
        shards: u32,
    ) -> Result<Page<TaskRow>, Error> {
        let limit = query.limit.clamp(1, PAGE_MAX);
        let Some((from, to)) = bounds(query) else { return Ok(Page { items: Vec::new(), next: None }) };
        let mut streams: Vec<Stream> = query
            .statuses
            .iter()
            .flat_map(|status| (0..shards.max(1)).map(move |shard| ByStatus { tenant, status: *status, shard }))
            .map(|partition| Stream { partition, rows: VecDeque::new(), last: None, ended: false })
            .collect();
        let mut items: Vec<TaskRow> = Vec::with_capacity(limit);
        let mut position: Option<String> = query.after.clone();
        loop {
            if items.len() == limit {
                let more = streams.iter().any(|stream| !stream.rows.is_empty() || !stream.ended);
                return Ok(Page { items, next: if more { position } else { None } });
            }
            for stream in &mut streams {
                while stream.rows.is_empty() && !stream.ended {
                    self.refill(stream, query, (&from, &to), position.as_deref(), limit).await?;
                }
            }
            let heads = streams.iter_mut().filter(|stream| !stream.rows.is_empty());
            let first = if query.newest_first {
                heads.max_by(|a, b| head(a).cmp(&head(b)))
            } else {
                heads.min_by(|a, b| head(a).cmp(&head(b)))
            };
            let Some((sort, row)) = first.and_then(|stream| stream.rows.pop_front()) else {
                return Ok(Page { items, next: None });
            };
            // A task that changed its status between two reads shows up in two streams: the first one counts.
            if position.as_ref() != Some(&sort) {
                items.push(row);
                position = Some(sort);
            }
        }
    }

    async fn refill(
        &self,
        stream: &mut Stream,
        query: &ListQuery,
        (from, to): (&str, &str),
        position: Option<&str>,
        limit: usize,
    ) -> Result<(), Error> {
        // One more than the page, so that its end is known without another read.
        let rows = (limit + 1).min(ROWS_AT_ONCE);
        let request = self
            .partition(stream.partition.to_string())
            .index_name(BY_STATUS.name)
            .key_condition_expression("#pk = :pk AND #sk BETWEEN :from AND :to")
            .expression_attribute_names("#pk", BY_STATUS.partition_key)
            .expression_attribute_names("#sk", BY_STATUS.sort_key)
            .expression_attribute_values(":from", AttributeValue::S(from.to_owned()))
            .expression_attribute_values(":to", AttributeValue::S(to.to_owned()))
            .scan_index_forward(!query.newest_first)
            .limit(i32::try_from(rows).unwrap_or(1));
        let page = self.query_page("list external tasks", request, stream.last.take()).await?;
        stream.ended = page.last.is_none();
        stream.last = page.last;
        for item in &page.items {
            let sort = Reader(item).text(BY_STATUS.sort_key)?;
            // The bound includes the position itself.
            if Some(sort) != position {
                stream.rows.push_back((sort.to_owned(), row(stream.partition.status, sort, item)?));
            }
        }
        Ok(())
    }
}

fn head(stream: &Stream) -> Option<&str> {
    stream.rows.front().map(|(sort, _)| sort.as_str())
}

/// First and last sort key of the range that is still to be listed; `None` where it is empty.
fn bounds(query: &ListQuery) -> Option<(String, String)> {
    let mut from = ByCreation::bound(query.created_from.unwrap_or(Timestamp::from_millis(0)));
    // Up to the end of that millisecond.
    let mut to = query
        .created_to
        .map_or_else(|| ByCreation::bound(Timestamp::from_millis(i64::MAX)), |to| ByCreation::bound(to.plus_millis(1)));
    match &query.after {
        Some(after) if query.newest_first => to = to.min(after.clone()),
        Some(after) => from = from.max(after.clone()),
        None => {}
    }
    (from <= to).then_some((from, to))
}

fn row(status: Status, sort: &str, item: &Item) -> Result<TaskRow, Error> {
    let reader = Reader(item);
    let key: ByCreation = sort.parse().map_err(|_| reader.corrupt("its index key is malformed"))?;
    Ok(TaskRow {
        task: key.task,
        status,
        recipient: reader.word("r")?,
        activity: reader.text("a")?.to_owned(),
        process_id: reader.text("p")?.to_owned(),
        definition_version: reader.number("dv")?,
        reference: reader.owned_opt("ref"),
        created_at: key.created_at,
        expires_at: reader.number_opt("x")?.map(Timestamp::from_millis),
        completed_at: reader.number_opt("c")?.map(Timestamp::from_millis),
        reminders: reader.number("rm")?,
        delivery: reader.word("dl")?,
    })
}
