//! Lists of process instances, read from the indexes that lists of tasks use. Reads no head.

use crate::item::{Item, Reader};
use crate::keys::{ByCreation, ByDomain, ByProcess};
use crate::list::{Budget, Merge, Next, PAGE_MAX, Range};
use crate::table::{BY_DOMAIN, BY_PROCESS, Index};
use crate::{Error, Page, Store};
use domain::ids::{InstanceKey, TenantId};
use domain::instance::InstanceStatus;
use domain::time::Timestamp;

/// Half read units of a page beside the one that each stream needs.
const HALVES_MORE: u32 = 8;

/// Which instances to list, the newest first. All conditions hold together.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct InstanceQuery {
    /// Statuses, all where it is empty.
    pub statuses: Vec<InstanceStatus>,
    /// BPMN id of the process.
    pub process_id: Option<String>,
    /// The caller's own key, exactly.
    pub business_key: Option<String>,
    /// Rows at most; 1 to [`PAGE_MAX`].
    pub limit: usize,
    /// [`Page::next`] of the page before.
    pub after: Option<String>,
}

/// An instance as its row shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct InstanceRow {
    /// Key.
    pub key: InstanceKey,
    /// Status.
    pub status: InstanceStatus,
    /// BPMN id of the process.
    pub process_id: String,
    /// Version of the definition.
    pub version: u32,
    /// Business label.
    pub reference: Option<String>,
    /// The caller's own key.
    pub business_key: Option<String>,
    /// When it was started.
    pub started_at: Timestamp,
    /// When it completed or was cancelled.
    pub ended_at: Option<Timestamp>,
}

impl Store {
    /// One page of instances, the newest first. Eventually consistent. Half a read unit for each stream (statuses x shards x
    /// processes; one for a business key) and four more at most.
    ///
    /// # Errors
    /// [`Error::Corrupt`] where a row cannot be read; [`Error::Throttled`] and [`Error::Other`] of the table.
    pub async fn instances(
        &self,
        tenant: TenantId,
        query: &InstanceQuery,
        now: Timestamp,
    ) -> Result<Page<InstanceRow>, Error> {
        let limit = query.limit.clamp(1, PAGE_MAX);
        let mut page = Page { items: Vec::with_capacity(limit), next: None };
        let (index, partitions) = self.instance_partitions(tenant, query, now).await?;
        let Some(range) = Range::new(None, None, false, query.after.as_deref()) else { return Ok(page) };
        let streams = u32::try_from(partitions.len()).unwrap_or(u32::MAX);
        let mut budget = Budget::new(streams.saturating_add(HALVES_MORE));
        let mut merge = Merge::new(self, "list instances", index, partitions, range, limit);
        merge.begin(&mut budget).await?;
        let mut looked_at = query.after.clone();
        while page.items.len() < limit {
            match merge.next(&mut budget).await? {
                Next::Row(sort, item) => {
                    let row = row(&sort, &item)?;
                    looked_at = Some(sort);
                    let wanted = (query.statuses.is_empty() || query.statuses.contains(&row.status))
                        && query.process_id.as_ref().is_none_or(|process| row.process_id == *process);
                    if wanted {
                        page.items.push(row);
                    }
                }
                Next::End => return Ok(page),
                Next::Spent => {
                    page.next = looked_at;
                    return Ok(page);
                }
            }
        }
        page.next = looked_at.filter(|_| merge.has_more());
        Ok(page)
    }

    async fn instance_partitions(
        &self,
        tenant: TenantId,
        query: &InstanceQuery,
        now: Timestamp,
    ) -> Result<(&'static Index, Vec<String>), Error> {
        if let Some(business_key) = &query.business_key {
            return Ok((&BY_DOMAIN, vec![ByDomain::Instances { tenant, business_key }.to_string()]));
        }
        let statuses = if query.statuses.is_empty() { InstanceStatus::ALL.to_vec() } else { query.statuses.clone() };
        let shards = self.tenant(tenant, now).await?.map_or(1, |record| record.shards.max(1));
        let processes = match &query.process_id {
            Some(process) => vec![process.clone()],
            None => self.catalogue(tenant).await?.into_iter().map(|entry| entry.process_id).collect(),
        };
        let mut partitions = Vec::with_capacity(processes.len() * statuses.len() * shards as usize);
        for process in &processes {
            for status in &statuses {
                for shard in 0..shards {
                    let partition = ByProcess::Instances { tenant, process, status: *status, shard };
                    partitions.push(partition.to_string());
                }
            }
        }
        Ok((&BY_PROCESS, partitions))
    }
}

fn row(sort: &str, item: &Item) -> Result<InstanceRow, Error> {
    let reader = Reader(item);
    let malformed = || reader.corrupt("its index key is malformed");
    let (started_at, key) = ByCreation::parse_instance(sort).map_err(|_| malformed())?;
    let status = match reader.text_opt(BY_PROCESS.partition_key) {
        Some(partition) => ByProcess::status_of_instance(partition).map_err(|_| malformed())?,
        None => reader.word("s")?,
    };
    Ok(InstanceRow {
        key,
        status,
        process_id: reader.text("p")?.to_owned(),
        version: reader.number("dv")?,
        reference: reader.owned_opt("ref"),
        business_key: reader.owned_opt("bk"),
        started_at,
        ended_at: reader.number_opt("en")?.map(Timestamp::from_millis),
    })
}
