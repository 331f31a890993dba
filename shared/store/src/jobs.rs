//! Jobs of system tasks: what is asked of the outside and how the attempts ended, one item for each element instance,
//! beside the head and outside of what a command loads. Written by commits only.

use crate::definitions::contents::{pack, unpack};
use crate::item::{Item, Reader};
use crate::keys::{Collection, InstanceItem};
use crate::size::WRITE_UNIT_BYTES;
use crate::table::SORT_KEY;
use crate::transaction::Transaction;
use crate::{Error, Store};
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::action::{ActionRequest, AttemptRecord, JobChange};
use domain::ids::{ElementNumber, InstanceKey, TenantId};
use domain::time::Timestamp;

/// The action of one element instance.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// The element instance.
    pub element: ElementNumber,
    /// BPMN id of the element.
    pub activity: String,
    /// When the action was ordered last.
    pub ordered_at: Timestamp,
    /// Number of the first attempt of that order.
    pub first: u32,
    /// What is asked.
    pub request: ActionRequest,
    /// The attempts that ended, the oldest first.
    pub attempts: Vec<AttemptRecord>,
}

/// Attributes: activity, time of the order, first attempt, request as JSON or packed, attempts.
const ACTIVITY: &str = "a";
const AT: &str = "at";
const FIRST: &str = "n";
const REQUEST: &str = "w";
const REQUEST_PACKED: &str = "wz";
const ATTEMPTS: &str = "tr";
/// What is written, for refusals.
const JOB: &str = "the request of an action, in bytes,";

impl Store {
    /// The action of one element instance, strongly consistent. `None`: it never had one.
    ///
    /// # Errors
    /// [`Error::Corrupt`] where the item cannot be read; [`Error::Throttled`] and [`Error::Other`] of the table.
    pub async fn job(
        &self,
        tenant: TenantId,
        instance: InstanceKey,
        element: ElementNumber,
    ) -> Result<Option<Job>, Error> {
        let item = self.get("job", &InstanceItem::Job(element).key(tenant, instance), true).await?;
        item.map(|item| read(&item)).transpose()
    }

    /// The actions of an instance, by age of their element instances.
    ///
    /// # Errors
    /// As [`Store::job`].
    pub async fn jobs(&self, tenant: TenantId, instance: InstanceKey) -> Result<Vec<Job>, Error> {
        let pk = Collection::Instance(tenant, instance).to_string();
        let items = self.query_all("jobs", self.beginning(pk, InstanceItem::JOBS)).await?;
        items.iter().map(read).collect()
    }

    /// Deletes the actions of an instance: they may hold anything that its variables held.
    pub(crate) async fn erase_jobs(&self, tenant: TenantId, instance: InstanceKey) -> Result<(), Error> {
        for job in self.jobs(tenant, instance).await? {
            self.delete("erase", &InstanceItem::Job(job.element).key(tenant, instance)).await?;
        }
        Ok(())
    }
}

/// Adds what a decision changes of the jobs.
pub(crate) fn write(
    transaction: &mut Transaction,
    tenant: TenantId,
    instance: InstanceKey,
    jobs: &[JobChange],
    now: Timestamp,
) -> Result<(), Error> {
    for job in jobs {
        match job {
            JobChange::Ordered { element, activity, attempt, request } => {
                let json = serde_json::to_string(request).expect("a request has text keys only");
                let packs = json.len() > WRITE_UNIT_BYTES / 2;
                let (name, gone, value) = if packs {
                    (REQUEST_PACKED, REQUEST, AttributeValue::B(Blob::new(pack(json.as_bytes()))))
                } else {
                    (REQUEST, REQUEST_PACKED, AttributeValue::S(json))
                };
                let number = |number: i64| AttributeValue::N(number.to_string());
                let sets = vec![
                    ("k", AttributeValue::S("JB1".to_owned())),
                    (ACTIVITY, AttributeValue::S(activity.clone())),
                    (AT, number(now.as_millis())),
                    (FIRST, number(i64::from(*attempt))),
                    (name, value),
                ];
                transaction.set(JOB, &InstanceItem::Job(*element).key(tenant, instance), sets, &[gone])?;
            }
            JobChange::Ended { element, attempt } => {
                let json = serde_json::to_string(attempt).expect("an attempt has text keys only");
                let key = InstanceItem::Job(*element).key(tenant, instance);
                transaction.append(JOB, &key, ATTEMPTS, AttributeValue::S(json))?;
            }
        }
    }
    Ok(())
}

fn read(item: &Item) -> Result<Job, Error> {
    let reader = Reader(item);
    let element = match reader.text(SORT_KEY)?.parse() {
        Ok(InstanceItem::Job(number)) => number,
        Ok(_) | Err(_) => return Err(reader.corrupt("its key is no action's")),
    };
    let request = if item.contains_key(REQUEST_PACKED) {
        let json = unpack("of an action", reader.bytes(REQUEST_PACKED)?)?;
        serde_json::from_slice(&json).map_err(|error| reader.corrupt(format!("its packed request: {error}")))?
    } else {
        reader.json(REQUEST)?
    };
    let attempts = match item.get(ATTEMPTS) {
        Some(AttributeValue::L(list)) => list
            .iter()
            .map(|value| {
                let text = value.as_s().map_err(|_| reader.corrupt("an attempt is no text"))?;
                serde_json::from_str(text).map_err(|error| reader.corrupt(format!("an attempt: {error}")))
            })
            .collect::<Result<Vec<AttemptRecord>, Error>>()?,
        Some(_) | None => Vec::new(),
    };
    Ok(Job {
        element,
        activity: reader.text(ACTIVITY)?.to_owned(),
        ordered_at: Timestamp::from_millis(reader.number(AT)?),
        first: reader.number(FIRST)?,
        request,
        attempts,
    })
}
