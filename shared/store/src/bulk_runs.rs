//! Stored bulk runs: the run, its task keys, what became of each task, and the orders that the outbox carries out. Decides
//! nothing: what a run does next is `domain::bulk_run`.
//!
//! A run is one item that is read before each task and written after it, with its version as the lock. Task keys lie in
//! chunks beside it and never change. Everything of a run is deleted [`KEPT_DAYS`] after its start.

mod parts;

pub use parts::{KeyChunk, RunFailure, RunOrder};

use crate::idempotency::{self, IdempotencyRecord};
use crate::item::{Item, Reader, Writer};
use crate::journal::JournalEntry;
use crate::keys::{self, Collection, InstanceItem, RunItem};
use crate::list::{PAGE_MAX, Page};
use crate::table::{SORT_KEY, TTL};
use crate::transaction::{Refusal, Transaction};
use crate::{Error, Store};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::bulk_run::{BulkRun, Order, Outcome};
use domain::external_task::Status;
use domain::ids::{InstanceKey, RunKey, TaskKey, TenantId};
use domain::time::Timestamp;
use std::collections::BTreeSet;

/// Days for which a run is kept from its start.
pub const KEPT_DAYS: i64 = 90;
/// Items of one BatchGetItem at most.
const BATCH_ITEMS_MAX: usize = 100;
/// Attribute with the version, which every change compares.
const VERSION: &str = "v";

/// What is written together with a run.
#[derive(Debug, Default)]
pub struct RunParts<'a> {
    /// Task keys that were found, and the number of the first of them.
    pub keys: Option<(u32, &'a [TaskKey])>,
    /// What became of the task with this number.
    pub outcome: Option<(u32, TaskKey, &'a Outcome)>,
    /// What the outbox is to put on the queue.
    pub order: Option<&'a Order>,
    /// The answer to keep for a repeated request.
    pub idempotency: Option<IdempotencyRecord>,
}

impl Store {
    /// Writes a new run with its parts, all or nothing.
    ///
    /// # Errors
    /// [`Error::KeyTaken`] and [`Error::IdempotencyTaken`] with nothing written; the table's own.
    pub async fn put_run(&self, run: &BulkRun, parts: RunParts<'_>, now: Timestamp) -> Result<(), Error> {
        let mut transaction = Transaction::new(&self.inner.table);
        transaction.put_new(RUN, write(run), Refusal::KeyTaken)?;
        parts::write(&mut transaction, run, &parts, now)?;
        if let Some(record) = &parts.idempotency {
            idempotency::write(&mut transaction, run.tenant, record, now)?;
        }
        self.transact("start a run", transaction).await
    }

    /// Writes a changed run with its parts, all or nothing, if nobody else was first; gives it with its new version.
    ///
    /// # Errors
    /// [`Error::Conflict`] with nothing written: read the run again.
    pub async fn save_run(
        &self,
        before: &BulkRun,
        after: BulkRun,
        parts: RunParts<'_>,
        now: Timestamp,
    ) -> Result<BulkRun, Error> {
        let after = BulkRun { version: before.version + 1, ..after };
        let mut transaction = Transaction::new(&self.inner.table);
        let expected = vec![(VERSION, AttributeValue::N(before.version.to_string()))];
        let key = keys::run(after.tenant, after.key);
        transaction.update(RUN, &key, (&write(before), &write(&after)), &[], expected)?;
        parts::write(&mut transaction, &after, &parts, now)?;
        self.transact("change a run", transaction).await?;
        Ok(after)
    }

    /// One run with the count of its mails, strongly consistent.
    ///
    /// # Errors
    /// [`Error::Corrupt`] where it cannot be read; the table's own.
    pub async fn bulk_run(&self, tenant: TenantId, key: RunKey) -> Result<Option<BulkRun>, Error> {
        let Some(mut run) = self.run_at_work(tenant, key).await? else { return Ok(None) };
        if let Some(item) = self.get("mails of a run", &RunItem::Mails.key(tenant, key), false).await? {
            run.mails_sent = Reader(&item).number("n")?;
        }
        Ok(Some(run))
    }

    /// One run as its worker needs it: strongly consistent, without the count of its mails.
    ///
    /// # Errors
    /// As [`Store::bulk_run`].
    pub async fn run_at_work(&self, tenant: TenantId, key: RunKey) -> Result<Option<BulkRun>, Error> {
        let item = self.get("run", &keys::run(tenant, key), true).await?;
        item.map(|item| read(tenant, &item)).transpose()
    }

    /// A page of a tenant's runs, newest first, without the counts of their mails.
    ///
    /// # Errors
    /// As [`Store::bulk_run`].
    pub async fn bulk_runs(
        &self,
        tenant: TenantId,
        limit: usize,
        after: Option<RunKey>,
    ) -> Result<Page<BulkRun>, Error> {
        let query = self
            .partition(Collection::Runs(tenant).to_string())
            .key_condition_expression("#pk = :pk")
            .scan_index_forward(false)
            .limit(i32::try_from(limit.clamp(1, PAGE_MAX)).unwrap_or(1));
        let after = after.map(|key| crate::item::key_item(&keys::run(tenant, key)));
        let page = self.query_page("list runs", query, after).await?;
        let items: Vec<BulkRun> = page.items.iter().map(|item| read(tenant, item)).collect::<Result<_, _>>()?;
        let next = page.last.and(items.last()).map(|run| run.key.to_string());
        Ok(Page { items, next })
    }

    /// Counts one mail of a run that the mail service took. Beside the run, so that worker and outbox never meet.
    ///
    /// # Errors
    /// Of the table; the caller logs them: a count is no reason to send a mail again.
    pub async fn count_run_mail(&self, tenant: TenantId, key: RunKey, now: Timestamp) -> Result<(), Error> {
        let update = self
            .update(&RunItem::Mails.key(tenant, key))
            .update_expression("ADD #n :one SET #k = :k, #t = if_not_exists(#t, :t)")
            .expression_attribute_names("#n", "n")
            .expression_attribute_names("#k", "k")
            .expression_attribute_names("#t", TTL)
            .expression_attribute_values(":one", AttributeValue::N("1".to_owned()))
            .expression_attribute_values(":k", AttributeValue::S("BM1".to_owned()))
            .expression_attribute_values(":t", AttributeValue::N(gone_at(now).to_string()));
        self.send_update("count a run's mail", update).await?;
        Ok(())
    }

    /// Those of `keys` that are PENDING tasks of the tenant at `now`; strongly consistent, 100 with one BatchGetItem.
    ///
    /// # Errors
    /// Of the table.
    pub async fn pending(
        &self,
        tenant: TenantId,
        keys: &[TaskKey],
        now: Timestamp,
    ) -> Result<BTreeSet<TaskKey>, Error> {
        let mut pending = BTreeSet::new();
        for chunk in keys.chunks(BATCH_ITEMS_MAX) {
            let wanted =
                chunk.iter().map(|task| InstanceItem::Task(task.number()).key(tenant, task.instance())).collect();
            for item in self.batch_get("tasks of a run", wanted, &["pk", SORT_KEY, "s", "x"]).await? {
                let reader = Reader(&item);
                let key = (reader.text("pk")?.parse(), reader.text(SORT_KEY)?.parse());
                let (Ok(Collection::Instance(_, instance)), Ok(InstanceItem::Task(number))) = key else { continue };
                let status: Status = reader.word("s")?;
                let expires: Option<i64> = reader.number_opt("x")?;
                if status == Status::Pending && expires.is_none_or(|expires| now.as_millis() < expires) {
                    pending.insert(instance.task(number));
                }
            }
        }
        Ok(pending)
    }

    /// What happened to an instance at `since` or later, strongly consistent: whatever was committed before is seen.
    ///
    /// # Errors
    /// As [`Store::journal`].
    pub async fn journal_since(
        &self,
        tenant: TenantId,
        instance: InstanceKey,
        since: Timestamp,
    ) -> Result<Vec<JournalEntry>, Error> {
        let from = format!("{}{:013}", InstanceItem::JOURNAL, since.as_millis().max(0));
        let query = self
            .partition(Collection::Instance(tenant, instance).to_string())
            .key_condition_expression("#pk = :pk AND #sk BETWEEN :from AND :to")
            .expression_attribute_names("#sk", SORT_KEY)
            .expression_attribute_values(":from", AttributeValue::S(from))
            .expression_attribute_values(":to", AttributeValue::S(format!("{}~", InstanceItem::JOURNAL)))
            .consistent_read(true);
        let items = self.query_all("journal since", query).await?;
        items.iter().map(JournalEntry::from_image).collect()
    }
}

const RUN: &str = "the state of the bulk run (its filter), in bytes,";

fn write(run: &BulkRun) -> Item {
    Writer::new(&keys::run(run.tenant, run.key), "B1")
        .json("d", run)
        .number(VERSION, run.version)
        .number(TTL, gone_at(run.started_at))
        .done()
}

fn read(tenant: TenantId, item: &Item) -> Result<BulkRun, Error> {
    let reader = Reader(item);
    let run: BulkRun = reader.json("d")?;
    Ok(BulkRun { tenant, version: reader.number(VERSION)?, ..run })
}

/// The second after which something of a run that began at `at` may be deleted.
fn gone_at(at: Timestamp) -> i64 {
    at.as_millis().div_euclid(1_000) + KEPT_DAYS * 86_400
}
