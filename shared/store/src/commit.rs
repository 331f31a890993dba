//! The only way an aggregate changes: one transaction for one decision. Decides nothing; retries nothing.
//!
//! Commits and receipts meet on a task's item. A commit writes every attribute of the item but the delivery its row
//! shows, which receipts raise beside it, without touching the version ([`Store::show_delivery`]). So neither disturbs
//! the other. Where a decision itself changes the delivery (a bounce), the commit also asks for the delivery it was
//! decided on, and loses to a receipt that came between as it loses to any other writer.

use crate::aggregate::Loaded;
use crate::idempotency::{self, IdempotencyRecord};
use crate::item::task::Extras;
use crate::item::{head, task, word, work_task};
use crate::jobs;
use crate::journal::{self, JournalId, Record};
use crate::keys::{Counter, InstanceItem, shard};
use crate::transaction::{Refusal, Transaction};
use crate::{Error, Store, subscriptions};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::command::{Actor, Origin};
use domain::decision::Decision;
use domain::event::Event;
use domain::external_task::ExternalTask;
use domain::ids::{TaskNumber, TenantId};
use domain::instance::Aggregate;
use domain::time::Timestamp;
use std::collections::BTreeSet;

/// What to commit.
#[derive(Debug)]
pub struct CommitRequest<'a> {
    /// The aggregate the decision was made on; `None` for a new one.
    pub before: Option<&'a Loaded>,
    /// The decision.
    pub decision: &'a Decision,
    /// On whose behalf.
    pub actor: &'a Actor,
    /// Through which door and from where.
    pub origin: &'a Origin,
    /// Name of the command.
    pub command: &'a str,
    /// The moment of the decision.
    pub now: Timestamp,
    /// The answer to keep for a repeated request.
    pub idempotency: Option<IdempotencyRecord>,
}

/// A commit that took place.
#[derive(Clone, Debug, PartialEq)]
pub struct Committed {
    /// The journal item.
    pub journal: JournalId,
    /// The aggregate as stored now, ready for the next decision without another read.
    pub loaded: Loaded,
}

impl Store {
    /// Writes the head (where the structure changed), each touched task, one journal item and the idempotency record,
    /// all or nothing, if nobody else was first. Stored versions rise by one.
    ///
    /// # Errors
    /// [`Error::Conflict`], [`Error::KeyTaken`], [`Error::IdempotencyTaken`] with nothing written;
    /// [`Error::TooLarge`] with nothing sent; [`Error::NothingToCommit`] for a decision without events.
    pub async fn commit(&self, tenant: TenantId, request: CommitRequest<'_>) -> Result<Committed, Error> {
        let events = &request.decision.events;
        if events.is_empty() {
            return Err(Error::NothingToCommit);
        }
        let changes_head = request.before.is_none() || events.iter().any(Event::changes_head);
        let touched: BTreeSet<TaskNumber> = events.iter().filter_map(Event::task).collect();
        let mut loaded = self.after(tenant, &request, changes_head, &touched).await?;
        let counter = match touched.first() {
            Some(task) if !changes_head => Counter::Task(*task),
            Some(_) | None => Counter::Head,
        };
        let (id, journal) = journal_item(tenant, &request, &mut loaded, counter)?;

        let mut transaction = Transaction::new(&self.inner.table);
        if changes_head {
            write_head(&mut transaction, tenant, request.before, &loaded)?;
            let before = request.before.map(|before| &before.aggregate.instance);
            subscriptions::write(&mut transaction, tenant, before, &loaded.aggregate.instance)?;
        }
        for number in touched {
            write_task(&mut transaction, tenant, request.before, &loaded, number)?;
            write_work_task(&mut transaction, tenant, request.before, &loaded, number)?;
        }
        transaction.put_new("the journal item of one command, in bytes,", journal, Refusal::Conflict)?;
        let instance = loaded.aggregate.instance.key;
        jobs::write(&mut transaction, tenant, instance, &request.decision.jobs, request.now)?;
        if let Some(record) = &request.idempotency {
            idempotency::write(&mut transaction, tenant, record, request.now)?;
        }
        self.transact("commit", transaction).await?;
        Ok(Committed { journal: id, loaded })
    }

    /// The aggregate after the commit: the decision's state with raised versions.
    async fn after(
        &self,
        tenant: TenantId,
        request: &CommitRequest<'_>,
        changes_head: bool,
        touched: &BTreeSet<TaskNumber>,
    ) -> Result<Loaded, Error> {
        let mut loaded = Loaded {
            aggregate: request.decision.after.clone(),
            fetched: request.before.map(|before| before.fetched.clone()).unwrap_or_default(),
            head: request.before.map(|before| before.head.clone()).unwrap_or_default(),
            extras: request.before.map(|before| before.extras.clone()).unwrap_or_default(),
        };
        let before = request.before.map(|before| &before.aggregate);
        let instance = &mut loaded.aggregate.instance;
        instance.version = before.map_or(0, |before| before.instance.version) + u64::from(changes_head);
        let mut shards = None;
        if request.before.is_none() {
            let count = self.tenant(tenant, request.now).await?.map_or(1, |record| record.shards);
            loaded.head.shard = shard(loaded.aggregate.instance.key.get(), count);
            shards = Some(count);
        }
        for number in touched {
            let stored = before.and_then(|before| task_version(before, *number));
            let version =
                version_of(&mut loaded.aggregate, *number).ok_or_else(|| missing(tenant, request, *number))?;
            *version = stored.unwrap_or(0) + 1;
            if !loaded.extras.contains_key(number) {
                // The tenant's record comes from this process's cache; a stale one only puts rows into fewer shards.
                let count = match shards {
                    Some(count) => count,
                    None => self.tenant(tenant, request.now).await?.map_or(1, |record| record.shards),
                };
                shards = Some(count);
                let key = loaded.aggregate.instance.key.task(*number);
                loaded.extras.insert(*number, Extras { chain: None, shard: shard(key.get(), count) });
            }
        }
        Ok(loaded)
    }
}

/// The stored version of a task of either kind.
fn task_version(aggregate: &Aggregate, number: TaskNumber) -> Option<u64> {
    let external = aggregate.tasks.get(&number).map(|task| task.version);
    external.or_else(|| aggregate.work_tasks.get(&number).map(|task| task.version))
}

fn version_of(aggregate: &mut Aggregate, number: TaskNumber) -> Option<&mut u64> {
    match aggregate.tasks.get_mut(&number) {
        Some(task) => Some(&mut task.version),
        None => aggregate.work_tasks.get_mut(&number).map(|task| &mut task.version),
    }
}

/// The journal item; the chain heads in `loaded` move on to it.
fn journal_item(
    tenant: TenantId,
    request: &CommitRequest<'_>,
    loaded: &mut Loaded,
    counter: Counter,
) -> Result<(JournalId, crate::item::Item), Error> {
    let key = loaded.aggregate.instance.key;
    let n = match counter {
        Counter::Head => loaded.aggregate.instance.version,
        Counter::Task(number) => task_version(&loaded.aggregate, number).unwrap_or(0),
    };
    let id = JournalId::new(tenant, key, request.now, counter, n);
    let forerunner = match counter {
        Counter::Head => loaded.head.chain.take(),
        Counter::Task(number) => loaded.extras.get_mut(&number).and_then(|extras| extras.chain.take()),
    };
    let (item, hash) = journal::write(&id, &Record::of(request), forerunner.as_ref());
    match counter {
        Counter::Head => loaded.head.chain = Some(hash),
        Counter::Task(number) => {
            if let Some(extras) = loaded.extras.get_mut(&number) {
                extras.chain = Some(hash);
            }
        }
    }
    Ok((id, item))
}

const HEAD: &str = "the state of the process instance (its variables, elements and incidents), in bytes,";
const TASK: &str = "the state of the task (its form context, draft and answers), in bytes,";

fn write_head(
    transaction: &mut Transaction,
    tenant: TenantId,
    before: Option<&Loaded>,
    after: &Loaded,
) -> Result<(), Error> {
    let item = head::write(tenant, &after.aggregate.instance, &after.head);
    let Some(before) = before else { return transaction.put_new(HEAD, item, Refusal::KeyTaken) };
    let stored = &before.aggregate.instance;
    transaction.update(
        HEAD,
        &InstanceItem::Head.key(tenant, stored.key),
        (&head::write(tenant, stored, &before.head), &item),
        &[],
        vec![(head::VERSION, number(stored.version))],
    )
}

fn write_task(
    transaction: &mut Transaction,
    tenant: TenantId,
    before: Option<&Loaded>,
    after: &Loaded,
    number_of_task: TaskNumber,
) -> Result<(), Error> {
    let (Some(state), Some(extras)) = (after.aggregate.tasks.get(&number_of_task), after.extras.get(&number_of_task))
    else {
        return Ok(());
    };
    let item = task::write(tenant, &after.aggregate.instance, state, extras);
    let stored = before.and_then(|before| {
        Some((before, before.aggregate.tasks.get(&number_of_task)?, before.extras.get(&number_of_task)?))
    });
    let Some((before, stored, stored_extras)) = stored else {
        return transaction.put_new(TASK, item, Refusal::Conflict);
    };
    let mut expected = vec![(task::VERSION, number(stored.version))];
    let mut keep = vec![task::DELIVERY];
    if delivery_changed(stored, state) {
        expected.push((task::DELIVERY, AttributeValue::S(word(&stored.delivery))));
        keep.clear();
    }
    transaction.update(
        TASK,
        &InstanceItem::Task(number_of_task).key(tenant, state.key.instance()),
        (&task::write(tenant, &before.aggregate.instance, stored, stored_extras), &item),
        &keep,
        expected,
    )
}

/// As [`write_task`], for an ordinary user task: nobody writes to its item beside commits.
fn write_work_task(
    transaction: &mut Transaction,
    tenant: TenantId,
    before: Option<&Loaded>,
    after: &Loaded,
    number_of_task: TaskNumber,
) -> Result<(), Error> {
    let item = |loaded: &Loaded| {
        let (task, extras) = (loaded.aggregate.work_tasks.get(&number_of_task)?, loaded.extras.get(&number_of_task)?);
        Some((work_task::write(tenant, &loaded.aggregate.instance, task, extras), task.version))
    };
    let Some((written, _)) = item(after) else { return Ok(()) };
    match before.and_then(item) {
        None => transaction.put_new(TASK, written, Refusal::Conflict),
        Some((stored, version)) => transaction.update(
            TASK,
            &InstanceItem::WorkTask(number_of_task).key(tenant, after.aggregate.instance.key),
            (&stored, &written),
            &[],
            vec![(work_task::VERSION, number(version))],
        ),
    }
}

fn delivery_changed(before: &ExternalTask, after: &ExternalTask) -> bool {
    before.delivery != after.delivery
}

fn number(value: u64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

fn missing(tenant: TenantId, request: &CommitRequest<'_>, number: TaskNumber) -> Error {
    let key = InstanceItem::Task(number).key(tenant, request.decision.after.instance.key);
    Error::Corrupt { key: key.to_string(), problem: "an event names a task that the decision's state lacks".to_owned() }
}
