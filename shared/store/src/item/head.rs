//! The stored head of an aggregate.

use super::{Item, Reader, Writer, word};
use crate::Error;
use crate::chain::ChainHash;
use crate::keys::{ByCreation, ByDomain, ByProcess, InstanceItem};
use crate::table::{BY_DOMAIN, BY_PROCESS};
use domain::ids::{ElementNumber, InstanceKey, TaskNumber, TenantId};
use domain::instance::Instance;
use domain::time::Timestamp;

/// Attribute with the version, which commits compare.
pub(crate) const VERSION: &str = "n";
/// Attribute with the number of the element instance that was activated last.
const LAST_ELEMENT: &str = "ln";
/// Attribute with the number of the task that was created last.
const LAST_TASK: &str = "lt";
/// Attribute with the hash of the newest journal item of the head's counter.
pub(crate) const CHAIN: &str = "h";

/// What is stored with a head and is no part of its state.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct Extras {
    /// Hash of the newest journal item of the head's counter.
    pub chain: Option<ChainHash>,
    /// Shard of its list rows, fixed at its start.
    pub shard: u32,
}

pub(crate) fn write(tenant: TenantId, instance: &Instance, extras: &Extras) -> Item {
    let (process, status, shard) = (instance.process_id.as_str(), instance.status, extras.shard);
    let by_business_key = instance.business_key.as_deref().map(|business_key| {
        let partition = ByDomain::Instances { tenant, business_key };
        partition.to_string()
    });
    Writer::new(&InstanceItem::Head.key(tenant, instance.key), "H2")
        .text(BY_PROCESS.partition_key, ByProcess::Instances { tenant, process, status, shard }.to_string())
        .text(BY_PROCESS.sort_key, ByCreation::of_instance(instance.started_at, instance.key))
        .text_if(BY_DOMAIN.partition_key, by_business_key)
        .number(VERSION, instance.version)
        .text("p", &instance.process_id)
        .number("dv", instance.definition_version)
        .text("s", word(&instance.status))
        .text_if("bk", instance.business_key.as_ref())
        .text_if("ref", instance.reference.as_ref())
        .text_if("es", instance.entity_state.as_ref())
        .text("by", &instance.started_by)
        .number("at", instance.started_at.as_millis())
        .number_if("en", instance.ended_at.map(Timestamp::as_millis))
        .json_unless(instance.variables.is_empty(), "v", &instance.variables)
        .json_unless(instance.elements.is_empty(), "el", &instance.elements)
        .json_unless(instance.ready.is_empty(), "rd", &instance.ready)
        .json_unless(instance.incidents.is_empty(), "in", &instance.incidents)
        .json_unless(instance.parent.is_none(), "pa", &instance.parent)
        .json_unless(instance.thrown.is_none(), "th", &instance.thrown)
        .number(LAST_ELEMENT, instance.last_element.0)
        .number(LAST_TASK, instance.last_task.0)
        .number_if("ac", (instance.activations > 0).then_some(instance.activations))
        .text_if(CHAIN, extras.chain.as_ref().map(ChainHash::as_str))
        .done()
}

pub(crate) fn read(key: InstanceKey, item: &Item) -> Result<(Instance, Extras), Error> {
    let reader = Reader(item);
    let instance = Instance {
        key,
        version: reader.number(VERSION)?,
        process_id: reader.text("p")?.to_owned(),
        definition_version: reader.number("dv")?,
        status: reader.word("s")?,
        business_key: reader.owned_opt("bk"),
        reference: reader.owned_opt("ref"),
        entity_state: reader.owned_opt("es"),
        started_by: reader.text("by")?.to_owned(),
        started_at: Timestamp::from_millis(reader.number("at")?),
        ended_at: reader.number_opt("en")?.map(Timestamp::from_millis),
        variables: reader.json_or_default("v")?,
        elements: reader.json_or_default("el")?,
        ready: reader.json_or_default("rd")?,
        incidents: reader.json_or_default("in")?,
        parent: reader.json_or_default("pa")?,
        thrown: reader.json_or_default("th")?,
        last_element: ElementNumber(reader.number(LAST_ELEMENT)?),
        // Heads of before count both with one counter: a new task gets a number that nothing has.
        last_task: TaskNumber(match reader.number_opt(LAST_TASK)? {
            Some(last) => last,
            None => reader.number(LAST_ELEMENT)?,
        }),
        activations: reader.number_opt("ac")?.unwrap_or(0),
    };
    // Heads of the first days have no row in a list: the next command makes it.
    let shard = match reader.text_opt(BY_PROCESS.partition_key) {
        Some(partition) => {
            ByProcess::shard_of_instance(partition).map_err(|_| reader.corrupt("its index key is malformed"))?
        }
        None => 0,
    };
    Ok((instance, Extras { chain: reader.text_opt(CHAIN).map(ChainHash::stored), shard }))
}
