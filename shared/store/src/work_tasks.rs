//! Ordinary user tasks: the active ones as a list, and one by its key. Decides nothing about who may see them.
//!
//! The list walks the rows of active tasks, all of them or those of one process, in the order of their creation. What the
//! caller does not want is dropped by its row; only what stays is read by its key. What a page may read is bounded before
//! it begins, so that a page may be short, also empty, with a place to go on from.

use crate::item::work_task::{ENTITY_STATE, RESPONSIBLE};
use crate::item::{Item, Reader, work_task};
use crate::keys::{ActiveWork, ByCreation, InstanceItem};
use crate::list::{Budget, Merge, Next, PAGE_MAX, Page, Range};
use crate::table::{BY_PROCESS, BY_STATUS};
use crate::{Error, Store};
use domain::ids::{TaskKey, TenantId};
use domain::time::Timestamp;
use domain::work_task::{Responsible, WorkTask};

/// Half read units of a page beside the one that each stream needs: rows, and the tasks that are looked up.
const HALVES: u32 = 56;
/// Tasks looked up with one call.
const LOOKED_UP_AT_ONCE: usize = 25;

/// Which active tasks to list, the newest first.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ActiveQuery {
    /// BPMN id of the process.
    pub process_id: Option<String>,
    /// Tasks at most; 1 to [`PAGE_MAX`].
    pub limit: usize,
    /// [`Page::next`] of the page before.
    pub after: Option<String>,
}

/// What the row of an active task says about it.
#[derive(Clone, Debug, PartialEq)]
pub struct ActiveRow {
    /// Key.
    pub task: TaskKey,
    /// Who may do it, and who does.
    pub responsible: Responsible,
    /// `EntityState`
    pub entity_state: Option<String>,
}

/// An ordinary task with what its item repeats of the instance.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredWorkTask {
    /// The task.
    pub task: WorkTask,
    /// BPMN id of the process.
    pub process_id: String,
    /// Version of the instance's definition.
    pub definition_version: u32,
    /// The caller's own key of the instance.
    pub business_key: Option<String>,
    /// Who started the instance.
    pub started_by: String,
}

impl Store {
    /// One page of the active tasks that `keep` lets through. Eventually consistent: a task that ended a moment ago is left
    /// out. Costs at most 28 read units beside half a unit for each shard, whatever the number of tasks.
    ///
    /// # Errors
    /// [`Error::Corrupt`] where a row cannot be read; [`Error::Throttled`] and [`Error::Other`] of the table.
    pub async fn active_work_tasks(
        &self,
        tenant: TenantId,
        query: &ActiveQuery,
        keep: impl Fn(&ActiveRow) -> bool + Send,
        now: Timestamp,
    ) -> Result<Page<StoredWorkTask>, Error> {
        let limit = query.limit.clamp(1, PAGE_MAX);
        let mut page = Page { items: Vec::with_capacity(limit), next: None };
        let Some(range) = Range::new(None, None, false, query.after.as_deref()) else { return Ok(page) };
        let shards = self.tenant(tenant, now).await?.map_or(1, |record| record.shards.max(1));
        let process = query.process_id.as_deref();
        let index = if process.is_some() { &BY_PROCESS } else { &BY_STATUS };
        let partition = |shard| match process {
            Some(process) => ActiveWork::Process { tenant, process, shard }.to_string(),
            None => ActiveWork::All { tenant, shard }.to_string(),
        };
        let partitions = (0..shards).map(partition).collect();
        let mut budget = Budget::new(shards.saturating_add(HALVES));
        let mut merge = Merge::new(self, "list active tasks", index, partitions, range, PAGE_MAX);
        merge.begin(&mut budget).await?;
        let mut looked_at = query.after.clone();
        loop {
            let room = (limit - page.items.len()).min(LOOKED_UP_AT_ONCE);
            if room == 0 {
                page.next = looked_at.filter(|_| merge.has_more());
                return Ok(page);
            }
            let mut found: Vec<TaskKey> = Vec::new();
            let (mut ended, mut spent) = (false, false);
            while found.len() < room && !ended && !spent {
                match merge.next(&mut budget).await? {
                    Next::Row(sort, item) => {
                        let row = row(&sort, &item)?;
                        looked_at = Some(sort);
                        if keep(&row) {
                            found.push(row.task);
                        }
                    }
                    Next::End => ended = true,
                    Next::Spent => spent = true,
                }
                // Each task that was found needs half a unit of its own.
                spent |= found.len() >= budget.left();
            }
            budget.spend(u32::try_from(found.len()).unwrap_or(u32::MAX));
            page.items.extend(self.look_up_work(tenant, &found).await?);
            if ended {
                return Ok(page);
            }
            if spent {
                page.next = looked_at;
                return Ok(page);
            }
        }
    }

    /// The tasks that are still active, in the order asked.
    async fn look_up_work(&self, tenant: TenantId, found: &[TaskKey]) -> Result<Vec<StoredWorkTask>, Error> {
        if found.is_empty() {
            return Ok(Vec::new());
        }
        let item_key = |task: &TaskKey| InstanceItem::WorkTask(task.number()).key(tenant, task.instance());
        let items = self.batch_get_weak("list active tasks", found.iter().map(item_key).collect()).await?;
        let mut tasks = Vec::with_capacity(items.len());
        for task in found {
            let key = item_key(task);
            let is = |item: &&Item| {
                let reader = Reader(item);
                reader.text_opt("pk") == Some(&key.pk) && reader.text_opt("sk") == Some(&key.sk)
            };
            if let Some(item) = items.iter().find(is) {
                let stored = stored(*task, item)?;
                if !stored.task.state.is_final() {
                    tasks.push(stored);
                }
            }
        }
        Ok(tasks)
    }
}

fn stored(key: TaskKey, item: &Item) -> Result<StoredWorkTask, Error> {
    let reader = Reader(item);
    Ok(StoredWorkTask {
        task: work_task::read(key, item)?.0,
        process_id: reader.text("p")?.to_owned(),
        definition_version: reader.number("dv")?,
        business_key: reader.owned_opt("bk"),
        started_by: reader.text("by")?.to_owned(),
    })
}

fn row(sort: &str, item: &Item) -> Result<ActiveRow, Error> {
    let reader = Reader(item);
    let key: ByCreation = sort.parse().map_err(|_| reader.corrupt("its index key is malformed"))?;
    Ok(ActiveRow {
        task: key.task,
        responsible: reader.json_or_default(RESPONSIBLE)?,
        entity_state: reader.owned_opt(ENTITY_STATE),
    })
}
