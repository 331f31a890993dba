//! The stored head of an aggregate.

use super::{Item, Reader, Writer, word};
use crate::Error;
use crate::chain::ChainHash;
use crate::keys::InstanceItem;
use domain::ids::{InstanceKey, Number, TenantId};
use domain::instance::Instance;
use domain::time::Timestamp;

/// Attribute with the version, which commits compare.
pub(crate) const VERSION: &str = "n";
/// Attribute with the hash of the newest journal item of the head's counter.
pub(crate) const CHAIN: &str = "h";

pub(crate) fn write(tenant: TenantId, instance: &Instance, chain: Option<&ChainHash>) -> Item {
    Writer::new(&InstanceItem::Head.key(tenant, instance.key), "H1")
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
        .number("ln", instance.last_number.0)
        .text_if(CHAIN, chain.map(ChainHash::as_str))
        .done()
}

pub(crate) fn read(key: InstanceKey, item: &Item) -> Result<(Instance, Option<ChainHash>), Error> {
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
        last_number: Number(reader.number("ln")?),
    };
    Ok((instance, reader.text_opt(CHAIN).map(ChainHash::stored)))
}
