//! The stored ordinary user task. While it is active it carries its rows in the lists of active tasks; afterwards it is
//! read by its key only. Never in a list of external tasks: the partitions are others.

use super::task::Extras;
use super::{Item, Reader, Writer, head, word};
use crate::Error;
use crate::chain::ChainHash;
use crate::keys::{ActiveWork, ByCreation, InstanceItem};
use crate::table::{BY_PROCESS, BY_STATUS};
use domain::ids::{ElementNumber, TaskKey, TenantId};
use domain::instance::Instance;
use domain::time::Timestamp;
use domain::work_task::WorkTask;

/// Attribute with the version, which commits compare.
pub(crate) const VERSION: &str = "n";
/// Attribute with who may do it, as JSON. The indexes keep the names that rows of external tasks needed first; rows of
/// ordinary tasks give two of them a meaning of their own.
pub(crate) const RESPONSIBLE: &str = "r";
/// Attribute with the entity state; see [`RESPONSIBLE`].
pub(crate) const ENTITY_STATE: &str = "dl";

pub(crate) fn write(tenant: TenantId, instance: &Instance, task: &WorkTask, extras: &Extras) -> Item {
    let (process, shard) = (instance.process_id.as_str(), extras.shard);
    let active = !task.state.is_final();
    let all = active.then(|| ActiveWork::All { tenant, shard }.to_string());
    let by_process = active.then(|| ActiveWork::Process { tenant, process, shard }.to_string());
    let by_creation = ByCreation { created_at: task.created_at, task: task.key };
    Writer::new(&InstanceItem::WorkTask(task.key.number()).key(tenant, instance.key), "W1")
        .text_if(BY_STATUS.partition_key, all)
        .text_if(BY_PROCESS.partition_key, by_process)
        .text_if(BY_STATUS.sort_key, active.then(|| by_creation.to_string()))
        .number("sd", shard)
        .number(VERSION, task.version)
        .number("q", task.seq)
        .text("s", word(&task.state))
        .text_if("fi", task.failed_in.as_ref().map(word))
        .text("a", &task.activity)
        .number("el", task.element.0)
        .json_unless(task.responsible.is_empty(), RESPONSIBLE, &task.responsible)
        .text_if(ENTITY_STATE, task.entity_state.as_ref())
        .number("pr", task.priority.get())
        .number_if("x", task.due_at.map(Timestamp::as_millis))
        .number_if("fw", task.follow_up_at.map(Timestamp::as_millis))
        .number("at", task.created_at.as_millis())
        .number_if("en", task.ended_at.map(Timestamp::as_millis))
        .text_if("ds", task.description.as_ref())
        .json_unless(task.form_context.is_empty(), "fc", &task.form_context)
        .json_unless(task.input_data.is_empty(), "id", &task.input_data)
        .json_unless(task.draft.is_empty(), "dr", &task.draft)
        .json_unless(task.form_errors.is_empty(), "fe", &task.form_errors)
        .json_unless(task.answers.is_empty(), "an", &task.answers)
        .text_if("oc", task.outcome.as_ref())
        .text("p", &instance.process_id)
        .number("dv", instance.definition_version)
        .text_if("bk", instance.business_key.as_ref())
        .text("by", &instance.started_by)
        .text_if(head::CHAIN, extras.chain.as_ref().map(ChainHash::as_str))
        .done()
}

pub(crate) fn read(key: TaskKey, item: &Item) -> Result<(WorkTask, Extras), Error> {
    let reader = Reader(item);
    let moment = |name| Ok::<_, Error>(reader.number_opt(name)?.map(Timestamp::from_millis));
    let priority = reader.number::<u8>("pr")?;
    let task = WorkTask {
        key,
        seq: reader.number("q")?,
        version: reader.number(VERSION)?,
        state: reader.word("s")?,
        failed_in: if item.contains_key("fi") { Some(reader.word("fi")?) } else { None },
        activity: reader.text("a")?.to_owned(),
        element: ElementNumber(reader.number("el")?),
        responsible: reader.json_or_default(RESPONSIBLE)?,
        entity_state: reader.owned_opt(ENTITY_STATE),
        priority: domain::work_task::Priority::new(priority)
            .ok_or_else(|| reader.corrupt("its priority is no number from 0 to 100"))?,
        due_at: moment("x")?,
        follow_up_at: moment("fw")?,
        created_at: Timestamp::from_millis(reader.number("at")?),
        ended_at: moment("en")?,
        description: reader.owned_opt("ds"),
        form_context: reader.json_or_default("fc")?,
        input_data: reader.json_or_default("id")?,
        draft: reader.json_or_default("dr")?,
        form_errors: reader.json_or_default("fe")?,
        answers: reader.json_or_default("an")?,
        outcome: reader.owned_opt("oc"),
    };
    let chain = reader.text_opt(head::CHAIN).map(ChainHash::stored);
    Ok((task, Extras { chain, shard: reader.number("sd")? }))
}
