//! What lies beside a run: chunks of task keys, results and orders. Reads and writes them; knows no rule of runs.

use super::{RunParts, gone_at};
use crate::item::{Item, Reader, Writer, key_item, wire};
use crate::keys::{Collection, RunItem};
use crate::list::Page;
use crate::table::{PARTITION_KEY, SORT_KEY, TTL};
use crate::transaction::{Refusal, Transaction};
use crate::{Error, Store};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::bulk_run::{BulkRun, Order, Outcome};
use domain::ids::{RunKey, TaskKey, TenantId};
use domain::time::Timestamp;
use serde_json::Value;

/// Bytes of a task key in a chunk.
const KEY_BYTES: usize = 8;

/// Consecutive task keys of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyChunk {
    /// Number of the first, from 1.
    pub first: u32,
    /// The keys, in the order of the run.
    pub keys: Vec<TaskKey>,
}

impl KeyChunk {
    /// The key with this number, if it lies in this chunk.
    pub fn get(&self, number: u32) -> Option<TaskKey> {
        self.keys.get(usize::try_from(number.checked_sub(self.first)?).ok()?).copied()
    }
}

/// A task of a run that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunFailure {
    /// Its number in the run, from 1.
    pub number: u32,
    /// The task.
    pub task: TaskKey,
    /// Stable code.
    pub code: String,
    /// What a person can do about it.
    pub message: String,
}

/// An order of a run, as the outbox finds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunOrder {
    /// Tenant.
    pub tenant: TenantId,
    /// The run.
    pub run: RunKey,
    /// When it was given.
    pub at: Timestamp,
    /// What is ordered.
    pub order: Order,
}

impl RunOrder {
    /// Whether partition and sort key name an order, and of which tenant.
    pub fn is_one(pk: &str, sk: &str) -> Option<TenantId> {
        let Ok(Collection::Run(tenant, run)) = pk.parse() else { return None };
        let item: RunItem = sk.parse().ok()?;
        let canonical = item.key(tenant, run);
        let order = matches!(item, RunItem::Order { .. }) && canonical.pk == pk && canonical.sk == sk;
        order.then_some(tenant)
    }

    /// From the `NewImage` of a stream record as Lambda delivers it; `None` where it is something else.
    pub fn from_stream_json(image: &Value) -> Option<RunOrder> {
        let item = wire::item_from_json(image)?;
        read_order(&item).ok().flatten()
    }

    /// Partition key.
    pub fn pk(&self) -> String {
        Collection::Run(self.tenant, self.run).to_string()
    }

    /// Sort key.
    pub fn sk(&self) -> String {
        RunItem::Order { at: self.at, number: self.order.number }.to_string()
    }
}

impl Store {
    /// The chunk in which the task with this number lies. Chunks never change once the number is ordered.
    ///
    /// # Errors
    /// [`Error::Corrupt`] where it cannot be read; the table's own.
    pub async fn run_keys(&self, tenant: TenantId, run: RunKey, number: u32) -> Result<Option<KeyChunk>, Error> {
        let query = self
            .partition(Collection::Run(tenant, run).to_string())
            .key_condition_expression("#pk = :pk AND #sk BETWEEN :from AND :to")
            .expression_attribute_names("#sk", SORT_KEY)
            .expression_attribute_values(":from", AttributeValue::S(RunItem::KEYS_FROM.to_owned()))
            .expression_attribute_values(":to", AttributeValue::S(RunItem::Keys(number).to_string()))
            .scan_index_forward(false)
            .consistent_read(true)
            .limit(1);
        let page = self.query_page("keys of a run", query, None).await?;
        page.items.first().map(read_keys).transpose()
    }

    /// A page of a run's failures, in the order of the run; `after` is the number of the last one seen.
    ///
    /// # Errors
    /// As [`Store::run_keys`].
    pub async fn run_failures(
        &self,
        tenant: TenantId,
        run: RunKey,
        limit: usize,
        after: Option<u32>,
    ) -> Result<Page<RunFailure>, Error> {
        let query = self
            .beginning(Collection::Run(tenant, run).to_string(), RunItem::FAILURES)
            .limit(i32::try_from(limit.clamp(1, 1_000)).unwrap_or(1));
        let after = after.map(|number| key_item(&RunItem::Failed(number).key(tenant, run)));
        let page = self.query_page("failures of a run", query, after).await?;
        let items: Vec<RunFailure> = page.items.iter().map(read_failure).collect::<Result<_, _>>()?;
        let next = page.last.and(items.last()).map(|failure| failure.number.to_string());
        Ok(Page { items, next })
    }

    /// One order, strongly consistent; `None` where there is none with these keys.
    ///
    /// # Errors
    /// As [`Store::run_keys`].
    pub async fn run_order(&self, pk: &str, sk: &str) -> Result<Option<RunOrder>, Error> {
        if RunOrder::is_one(pk, sk).is_none() {
            return Ok(None);
        }
        let key = crate::keys::Key { pk: pk.to_owned(), sk: sk.to_owned() };
        match self.get("order of a run", &key, true).await? {
            Some(item) => read_order(&item),
            None => Ok(None),
        }
    }
}

pub(super) fn write(
    transaction: &mut Transaction,
    run: &BulkRun,
    parts: &RunParts<'_>,
    now: Timestamp,
) -> Result<(), Error> {
    let part =
        |item: RunItem, kind| Writer::new(&item.key(run.tenant, run.key), kind).number(TTL, gone_at(run.started_at));
    if let Some((first, keys)) = parts.keys.filter(|(_, keys)| !keys.is_empty()) {
        let bytes = keys.iter().flat_map(|key| key.get().to_be_bytes()).collect();
        let item = part(RunItem::Keys(first), "BK1").bytes("ks", bytes).done();
        transaction.put_new("the task keys of the run, in bytes,", item, Refusal::Conflict)?;
    }
    if let Some((number, task, outcome)) = parts.outcome {
        let item = match outcome {
            Outcome::Failed { code, message } => {
                part(RunItem::Failed(number), "BF1").text("c", code).text("ms", message)
            }
            Outcome::AlreadyDone => part(RunItem::Succeeded(number), "BS1").text("c", "ALREADY_DONE"),
            Outcome::Done => part(RunItem::Succeeded(number), "BS1"),
        };
        let item = item.text("t", task.to_string()).number("at", now.as_millis()).done();
        transaction.put_new("what became of a task of the run, in bytes,", item, Refusal::Conflict)?;
    }
    if let Some(order) = parts.order {
        let item = part(RunItem::Order { at: now, number: order.number }, "BJ1").json("or", order).done();
        transaction.put_new("an order of the run, in bytes,", item, Refusal::Conflict)?;
    }
    Ok(())
}

fn read_keys(item: &Item) -> Result<KeyChunk, Error> {
    let reader = Reader(item);
    let Ok(RunItem::Keys(first)) = reader.text(SORT_KEY)?.parse() else {
        return Err(reader.corrupt("no chunk of keys"));
    };
    let keys = reader
        .bytes("ks")?
        .chunks(KEY_BYTES)
        .map(|bytes| TaskKey::new(u64::from_be_bytes(bytes.try_into().ok()?)))
        .collect::<Option<Vec<TaskKey>>>()
        .ok_or_else(|| reader.corrupt("its keys are malformed"))?;
    Ok(KeyChunk { first, keys })
}

fn read_failure(item: &Item) -> Result<RunFailure, Error> {
    let reader = Reader(item);
    let Ok(RunItem::Failed(number)) = reader.text(SORT_KEY)?.parse() else { return Err(reader.corrupt("no failure")) };
    let task = reader.text("t")?.parse().map_err(|_| reader.corrupt("its task key is malformed"))?;
    Ok(RunFailure { number, task, code: reader.text("c")?.to_owned(), message: reader.text("ms")?.to_owned() })
}

fn read_order(item: &Item) -> Result<Option<RunOrder>, Error> {
    let reader = Reader(item);
    let (pk, sk) = (reader.text(PARTITION_KEY)?, reader.text(SORT_KEY)?);
    if RunOrder::is_one(pk, sk).is_none() {
        return Ok(None);
    }
    let (Ok(Collection::Run(tenant, run)), Ok(RunItem::Order { at, .. })) = (pk.parse(), sk.parse()) else {
        return Ok(None);
    };
    Ok(Some(RunOrder { tenant, run, at, order: reader.json("or")? }))
}
