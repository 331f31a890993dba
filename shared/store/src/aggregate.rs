//! Reads of an aggregate: the whole of it for a command, one task for a page. Writes nothing but the first fetch of a link.

use crate::item::task::Extras;
use crate::item::{Item, Reader, Writer, head, task, work_task};
use crate::keys::{Collection, InstanceItem};
use crate::table::SORT_KEY;
use crate::{Error, Store};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::external_task::ExternalTask;
use domain::ids::{InstanceKey, TaskKey, TaskNumber, TenantId};
use domain::instance::Aggregate;
use domain::time::Timestamp;
use std::collections::BTreeMap;

/// An aggregate as stored, with what a commit must know of its items.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// The state.
    pub aggregate: Aggregate,
    /// When the link of a task was first fetched, by a person or a scanner.
    pub fetched: BTreeMap<TaskNumber, Timestamp>,
    pub(crate) head: head::Extras,
    pub(crate) extras: BTreeMap<TaskNumber, Extras>,
}

/// A task read by itself, with what its item repeats of the instance for lists and mails.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredTask {
    /// The task.
    pub task: ExternalTask,
    /// BPMN id of the process.
    pub process_id: String,
    /// Business label of the instance.
    pub reference: Option<String>,
}

impl Store {
    /// The aggregate, strongly consistent, with one Query (more only past 1 MB). `None`: there is none.
    ///
    /// # Errors
    /// [`Error::Corrupt`] where an item cannot be read; [`Error::Throttled`] and [`Error::Other`] of the table.
    pub async fn load(&self, tenant: TenantId, instance: InstanceKey) -> Result<Option<Loaded>, Error> {
        let query = self
            .partition(Collection::Instance(tenant, instance).to_string())
            .key_condition_expression("#pk = :pk AND #sk BETWEEN :from AND :to")
            .expression_attribute_names("#sk", SORT_KEY)
            .expression_attribute_values(":from", AttributeValue::S(InstanceItem::LOAD_FROM.to_owned()))
            .expression_attribute_values(":to", AttributeValue::S(InstanceItem::LOAD_TO.to_owned()))
            .consistent_read(true);
        let items = self.query_all("load", query).await?;
        assemble(instance, &items)
    }

    /// One task, with one GetItem. A weak read may be a moment old and costs half.
    ///
    /// # Errors
    /// As [`Store::load`].
    pub async fn task(&self, tenant: TenantId, key: TaskKey, strong: bool) -> Result<Option<StoredTask>, Error> {
        let item = self.get("task", &InstanceItem::Task(key.number()).key(tenant, key.instance()), strong).await?;
        item.map(|item| {
            let reader = Reader(&item);
            Ok(StoredTask {
                process_id: reader.text("p")?.to_owned(),
                reference: reader.owned_opt("ref"),
                task: task::read(key, &item)?.0,
            })
        })
        .transpose()
    }

    /// Notes the first fetch of a task's link. Best effort: later fetches change nothing. True for the first one.
    ///
    /// # Errors
    /// Of the table; the caller logs them and goes on.
    pub async fn first_fetch(&self, tenant: TenantId, key: TaskKey, now: Timestamp) -> Result<bool, Error> {
        let item = Writer::new(&InstanceItem::Fetched(key.number()).key(tenant, key.instance()), "O1")
            .number("at", now.as_millis())
            .done();
        self.put_new("first fetch", item).await
    }
}

/// Puts the items of one collection together. Items of kinds that a newer release adds are passed over.
pub(crate) fn assemble(key: InstanceKey, items: &[Item]) -> Result<Option<Loaded>, Error> {
    let mut found = None;
    let mut tasks = BTreeMap::new();
    let mut work_tasks = BTreeMap::new();
    let mut extras = BTreeMap::new();
    let mut fetched = BTreeMap::new();
    for item in items {
        let reader = Reader(item);
        match reader.text(SORT_KEY)?.parse() {
            Ok(InstanceItem::Head) => found = Some(head::read(key, item)?),
            Ok(InstanceItem::Task(number)) => {
                let (task, extra) = task::read(key.task(number), item)?;
                tasks.insert(number, task);
                extras.insert(number, extra);
            }
            Ok(InstanceItem::WorkTask(number)) => {
                let (task, extra) = work_task::read(key.task(number), item)?;
                work_tasks.insert(number, task);
                extras.insert(number, extra);
            }
            Ok(InstanceItem::Fetched(number)) => {
                fetched.insert(number, Timestamp::from_millis(reader.number("at")?));
            }
            Ok(InstanceItem::Job(_) | InstanceItem::Journal { .. }) | Err(_) => {}
        }
    }
    Ok(found.map(|(instance, head)| Loaded {
        aggregate: Aggregate { instance, tasks, work_tasks },
        fetched,
        head,
        extras,
    }))
}
