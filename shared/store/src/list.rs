//! Lists of external tasks: pages read from an index at a cost of about their own size, whatever the number of tasks.
//! Signs no cursor: that is `app`'s.
//!
//! Every question is answered by streams of one index, each a partition in the order of the list, merged by their equal
//! sort keys. What a page may read is bounded before it begins: where the bound ends it, the page is short, and its
//! cursor stands behind the last row that was looked at.

mod merge;
mod search;

use crate::item::{Item, Reader};
use crate::keys::{ByCreation, ByExpiry, ByProcess, ByStatus, FollowUp, InstanceItem};
use crate::table::{BY_EXPIRY, BY_PROCESS, BY_STATUS, FOLLOW_UP, Index};
use crate::{Error, Store};
use domain::external_task::Status;
use domain::ids::{TaskKey, TenantId};
use domain::notification::{Delivery, Email};
use domain::time::Timestamp;
pub(crate) use merge::{Budget, Merge, Next, Range};

/// Rows of a page at most.
pub const PAGE_MAX: usize = 100;
/// Half read units that a page of a few streams may cost for every 50 rows asked; with more streams it is one for each
/// and [`HALVES_MORE`].
const HALVES_MIN: u32 = 6;
const HALVES_MORE: u32 = 2;
/// Rows that the bounds of a page are meant for.
const ROWS_ORDINARY: usize = 50;
/// Half read units that a page may cost whose rows are read one by one.
const HALVES_LOOKED_UP: u32 = 56;
/// Tasks looked up with one call.
const LOOKED_UP_AT_ONCE: usize = 25;

/// In which order tasks are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Order {
    /// By creation, the newest first.
    #[default]
    Newest,
    /// By creation, the oldest first.
    Oldest,
    /// By expiry, the soonest first; lists PENDING tasks that expire.
    ExpiresSoonest,
    /// By expiry, the latest first; lists PENDING tasks that expire.
    ExpiresLatest,
}

/// Which external tasks to list. All conditions hold together.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct TaskQuery {
    /// Stored statuses, all where it is empty; a PENDING task whose time has passed is PENDING here until its expiry is
    /// carried out.
    pub statuses: Vec<Status>,
    /// BPMN id of the activity.
    pub activity: Option<String>,
    /// BPMN id of the process.
    pub process_id: Option<String>,
    /// Part of the recipient's address, without regard to case; at least 3 characters.
    pub recipient: Option<String>,
    /// Created at or after.
    pub created_from: Option<Timestamp>,
    /// Created at or before.
    pub created_to: Option<Timestamp>,
    /// Only PENDING tasks that a person must look at.
    pub follow_up: bool,
    /// In which order.
    pub order: Order,
    /// Rows at most; 1 to [`PAGE_MAX`].
    pub limit: usize,
    /// [`TaskPage::next`] of the page before.
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

/// A page of external tasks.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskPage {
    /// The rows: fewer than asked, also none, where the bound of a page ended it.
    pub items: Vec<TaskRow>,
    /// Where the next page begins; `None` at the end of the list.
    pub next: Option<String>,
    /// Where the bound ended the page: creation of the last task that was looked at.
    pub searched_to: Option<Timestamp>,
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
    /// Its mail did not arrive or was unwelcome: a person must look while it is pending.
    pub follow_up: bool,
}

/// How the rows of a plan are had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rows {
    /// The index holds them.
    Held,
    /// Each is read by its key.
    LookedUp,
}

/// How a question is answered.
struct Plan<'q> {
    index: &'static Index,
    partitions: Vec<String>,
    rows: Rows,
    budget: u32,
    /// What the partitions do not say.
    keep: Box<dyn Fn(&TaskRow) -> bool + Send + Sync + 'q>,
    /// The same of an index item before its row is looked up, as far as it can say.
    might_keep: Box<dyn Fn(&Item) -> bool + Send + Sync + 'q>,
}

impl Store {
    /// One page of external tasks. Eventually consistent. Costs at most 3 read units while at most 5 streams are merged,
    /// else half a unit for each and one more; by expiry at most 28; a search for a recipient at most 30 beside its
    /// lookup of addresses. A position that is none (it was signed, so this is a bug) is read as the text it is.
    ///
    /// # Errors
    /// [`Error::Corrupt`] where a row cannot be read; [`Error::Throttled`] and [`Error::Other`] of the table.
    pub async fn external_tasks(&self, tenant: TenantId, query: &TaskQuery, now: Timestamp) -> Result<TaskPage, Error> {
        let nothing = TaskPage { items: Vec::new(), next: None, searched_to: None };
        let statuses = if query.statuses.is_empty() { Status::ALL.to_vec() } else { query.statuses.clone() };
        let pending = statuses.contains(&Status::Pending);
        let shards = self.tenant(tenant, now).await?.map_or(1, |record| record.shards.max(1));
        let by_expiry = matches!(query.order, Order::ExpiresSoonest | Order::ExpiresLatest);
        let plan = if query.follow_up && !by_expiry {
            if !pending {
                return Ok(nothing);
            }
            let part = query.recipient.as_ref().map(|part| part.to_lowercase());
            Plan {
                index: &FOLLOW_UP,
                partitions: vec![FollowUp(tenant).to_string()],
                rows: Rows::Held,
                budget: search::HALVES,
                keep: Box::new(move |row| {
                    of_model(query, row) && part.as_ref().is_none_or(|part| contains(&row.recipient, part))
                }),
                might_keep: Box::new(|_| true),
            }
        } else if by_expiry {
            if !pending {
                return Ok(nothing);
            }
            self.by_expiry(tenant, query, shards)
        } else if query.recipient.is_some() {
            match self.search_plan(tenant, query, &statuses, shards).await? {
                Some(plan) => plan,
                None => return Ok(nothing),
            }
        } else {
            let partitions = self.partitions(tenant, query, &statuses, shards).await?;
            let Some((index, partitions)) = partitions else { return Ok(nothing) };
            let streams = u32::try_from(partitions.len()).unwrap_or(u32::MAX);
            Plan {
                index,
                partitions,
                rows: Rows::Held,
                budget: whole_page(query.limit, streams),
                keep: Box::new(|_| true),
                might_keep: Box::new(|_| true),
            }
        };
        self.page(tenant, query, plan).await
    }

    fn by_expiry<'q>(&self, tenant: TenantId, query: &'q TaskQuery, shards: u32) -> Plan<'q> {
        let part = query.recipient.as_ref().map(|part| part.to_lowercase());
        let created = move |at: Timestamp| {
            query.created_from.is_none_or(|from| at >= from) && query.created_to.is_none_or(|to| at <= to)
        };
        let might_keep = {
            let part = part.clone();
            move |item: &Item| {
                let reader = Reader(item);
                let is = |wanted: &Option<String>, name| {
                    wanted.as_deref().is_none_or(|wanted| reader.text_opt(name) == Some(wanted))
                };
                let address = reader.text_opt("r").unwrap_or_default();
                is(&query.activity, "a")
                    && is(&query.process_id, "p")
                    && part.as_ref().is_none_or(|part| address.to_lowercase().contains(part))
                    && (!query.follow_up || reader.flag("fu"))
                    // Rows of the first days do not say when they were created: the task does.
                    && reader.number_opt("at").ok().flatten().is_none_or(|at| created(Timestamp::from_millis(at)))
            }
        };
        Plan {
            index: &BY_EXPIRY,
            partitions: (0..shards).map(|shard| ByExpiry { tenant, shard }.to_string()).collect(),
            rows: Rows::LookedUp,
            budget: HALVES_LOOKED_UP.max(shards + HALVES_MORE),
            keep: Box::new(move |row| {
                row.status == Status::Pending && created(row.created_at) && (!query.follow_up || row.follow_up)
            }),
            might_keep: Box::new(might_keep),
        }
    }

    /// The streams of a question about status, activity and process; `None` where nothing can match.
    async fn partitions(
        &self,
        tenant: TenantId,
        query: &TaskQuery,
        statuses: &[Status],
        shards: u32,
    ) -> Result<Option<(&'static Index, Vec<String>)>, Error> {
        let spread = |make: &dyn Fn(Status, u32) -> String| -> Vec<String> {
            statuses
                .iter()
                .flat_map(|status| (0..shards).map(move |shard| (*status, shard)))
                .map(|(s, n)| make(s, n))
                .collect()
        };
        let asked: Vec<(String, String)> = match (&query.process_id, &query.activity) {
            (None, None) => {
                let all = spread(&|status, shard| ByStatus { tenant, status, shard }.to_string());
                return Ok(Some((&BY_STATUS, all)));
            }
            (Some(process), Some(activity)) => vec![(process.clone(), activity.clone())],
            (process, activity) => self
                .catalogue(tenant)
                .await?
                .into_iter()
                .filter(|entry| process.as_ref().is_none_or(|process| entry.process_id == *process))
                .flat_map(|entry| entry.activities.into_iter().map(move |found| (entry.process_id.clone(), found)))
                .filter(|(_, found)| activity.as_ref().is_none_or(|activity| found == activity))
                .collect(),
        };
        let partitions: Vec<String> = asked
            .iter()
            .flat_map(|(process, activity)| {
                spread(&|status, shard| ByProcess::Tasks { tenant, process, activity, status, shard }.to_string())
            })
            .collect();
        Ok((!partitions.is_empty()).then_some((&BY_PROCESS, partitions)))
    }

    async fn page(&self, tenant: TenantId, query: &TaskQuery, plan: Plan<'_>) -> Result<TaskPage, Error> {
        let limit = query.limit.clamp(1, PAGE_MAX);
        let mut page = TaskPage { items: Vec::with_capacity(limit), next: None, searched_to: None };
        let Some(range) = range(query) else { return Ok(page) };
        let mut budget = Budget::new(plan.budget);
        let mut merge = Merge::new(self, "list external tasks", plan.index, plan.partitions, range, limit);
        merge.begin(&mut budget).await?;
        let mut looked_at = query.after.clone();
        loop {
            if page.items.len() == limit {
                page.next = looked_at.filter(|_| merge.has_more());
                return Ok(page);
            }
            let mut found: Vec<(String, Item)> = Vec::new();
            let room = match plan.rows {
                Rows::Held => limit - page.items.len(),
                Rows::LookedUp => (limit - page.items.len()).min(LOOKED_UP_AT_ONCE).min(budget.left()),
            };
            let (mut ended, mut spent, mut last) = (false, room == 0, looked_at.clone());
            while found.len() < room && !ended && !spent {
                match merge.next(&mut budget).await? {
                    Next::Row(sort, item) => {
                        last = Some(sort.clone());
                        if (plan.might_keep)(&item) {
                            found.push((sort, item));
                        }
                    }
                    Next::End => ended = true,
                    Next::Spent => spent = true,
                }
                // Each row that was found needs half a unit of its own.
                spent |= plan.rows == Rows::LookedUp && found.len() >= budget.left();
            }
            let rows = match plan.rows {
                Rows::Held => found.iter().map(|(sort, item)| row(sort, item)).collect::<Result<Vec<_>, _>>()?,
                Rows::LookedUp => self.look_up(tenant, &found, &mut budget).await?,
            };
            page.items.extend(rows.into_iter().filter(|row| (plan.keep)(row)));
            looked_at = last;
            if ended {
                return Ok(page);
            }
            if spent {
                page.searched_to =
                    looked_at.as_deref().and_then(|sort| sort.parse::<ByCreation>().ok()).map(|at| at.created_at);
                page.next = looked_at;
                return Ok(page);
            }
        }
    }

    /// The rows of tasks found by their keys, in the order found; those that are gone are left out. Half a unit each.
    async fn look_up(
        &self,
        tenant: TenantId,
        found: &[(String, Item)],
        budget: &mut Budget,
    ) -> Result<Vec<TaskRow>, Error> {
        let mut keys = Vec::with_capacity(found.len());
        for (sort, item) in found {
            let found: ByCreation = sort.parse().map_err(|_| Reader(item).corrupt("its index key is malformed"))?;
            keys.push(InstanceItem::Task(found.task.number()).key(tenant, found.task.instance()));
        }
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        budget.spend(u32::try_from(keys.len()).unwrap_or(u32::MAX));
        let items = self.batch_get_weak("list external tasks", keys.clone()).await?;
        let mut rows = Vec::with_capacity(items.len());
        for key in keys {
            let is = |item: &&Item| {
                let reader = Reader(item);
                reader.text_opt("pk") == Some(&key.pk) && reader.text_opt("sk") == Some(&key.sk)
            };
            if let Some(item) = items.iter().find(is) {
                rows.push(row(Reader(item).text(BY_STATUS.sort_key)?, item)?);
            }
        }
        Ok(rows)
    }
}

/// Half read units of a page whose streams hold nothing but what is asked for.
fn whole_page(limit: usize, streams: u32) -> u32 {
    let pages = u32::try_from(limit.clamp(1, PAGE_MAX).div_ceil(ROWS_ORDINARY)).unwrap_or(1);
    (HALVES_MIN * pages).max(streams.saturating_add(HALVES_MORE * pages))
}

/// Conditions on activity and process, for plans whose partitions do not say them.
fn of_model(query: &TaskQuery, row: &TaskRow) -> bool {
    query.activity.as_ref().is_none_or(|activity| row.activity == *activity)
        && query.process_id.as_ref().is_none_or(|process| row.process_id == *process)
}

fn contains(recipient: &Email, lower_part: &str) -> bool {
    recipient.as_str().to_lowercase().contains(lower_part)
}

/// First and last sort key of what is still to be listed; `None` where the range is empty.
fn range(query: &TaskQuery) -> Option<Range> {
    let by_expiry = matches!(query.order, Order::ExpiresSoonest | Order::ExpiresLatest);
    let forward = matches!(query.order, Order::Oldest | Order::ExpiresSoonest);
    let (from, to) = if by_expiry { (None, None) } else { (query.created_from, query.created_to) };
    Range::new(from, to, forward, query.after.as_deref())
}

/// A row from an index that holds it, or from the task itself.
fn row(sort: &str, item: &Item) -> Result<TaskRow, Error> {
    let reader = Reader(item);
    let malformed = || reader.corrupt("its index key is malformed");
    let key: ByCreation = sort.parse().map_err(|_| malformed())?;
    let status = match reader.text_opt("s") {
        Some(_) => reader.word("s")?,
        None => status(reader).ok_or_else(malformed)?,
    };
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
        follow_up: reader.flag("fu"),
    })
}

/// The status that a row's partition says.
fn status(row: Reader<'_>) -> Option<Status> {
    let from_end = |name, place: usize| row.text_opt(name).and_then(|key| key.rsplit('#').nth(place));
    if row.text_opt(FOLLOW_UP.partition_key).is_some() {
        return Some(Status::Pending);
    }
    let text = from_end(BY_STATUS.partition_key, 1).or_else(|| from_end(BY_PROCESS.partition_key, 1))?;
    Status::parse(text)
}
