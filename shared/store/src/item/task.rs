//! The stored external task. Carries what its row in lists shows, so that a list is one read of an index.

use super::{Item, Reader, Writer, word};
use crate::Error;
use crate::chain::ChainHash;
use crate::keys::{ByCreation, ByDomain, ByExpiry, ByProcess, ByStatus, FollowUp, InstanceItem};
use crate::table::{BY_DOMAIN, BY_EXPIRY, BY_PROCESS, BY_STATUS, FOLLOW_UP};
use domain::external_task::{ExternalTask, Status};
use domain::ids::{ElementNumber, TaskKey, TenantId};
use domain::instance::Instance;
use domain::notification::Channel;
use domain::time::Timestamp;

/// Attribute with the version, which commits compare.
pub(crate) const VERSION: &str = "n";
/// Attribute with the delivery that the row shows: written by receipts beside commits.
pub(crate) const DELIVERY: &str = "dl";

/// What is stored with a task and is no part of its state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Extras {
    /// Hash of the newest journal item of the task's own counter.
    pub chain: Option<ChainHash>,
    /// Shard of its list rows, fixed at its creation.
    pub shard: u32,
}

pub(crate) fn write(tenant: TenantId, instance: &Instance, task: &ExternalTask, extras: &Extras) -> Item {
    let by_status = ByStatus { tenant, status: task.status, shard: extras.shard };
    let by_creation = ByCreation { created_at: task.created_at, task: task.key };
    let (status, shard) = (task.status, extras.shard);
    let by_process =
        ByProcess::Tasks { tenant, process: &instance.process_id, activity: &task.activity, status, shard };
    let address = task.recipient.as_str();
    let domain = address.rsplit_once('@').map_or(address, |(_, domain)| domain);
    let pending = status == Status::Pending;
    let expires_at = task.expires_at.filter(|_| pending);
    Writer::new(&InstanceItem::Task(task.key.number()).key(tenant, instance.key), "X1")
        .text(BY_STATUS.partition_key, by_status.to_string())
        .text(BY_STATUS.sort_key, by_creation.to_string())
        .text(BY_PROCESS.partition_key, by_process.to_string())
        .text(BY_DOMAIN.partition_key, ByDomain::Tasks { tenant, domain, status, shard }.to_string())
        .text_if(BY_EXPIRY.partition_key, expires_at.map(|_| ByExpiry { tenant, shard }.to_string()))
        .text_if(BY_EXPIRY.sort_key, expires_at.map(|expires| ByExpiry::sort(expires, task.key)))
        .text_if(FOLLOW_UP.partition_key, (pending && task.follow_up).then(|| FollowUp(tenant).to_string()))
        .number(VERSION, task.version)
        .number("q", task.seq)
        .text("s", word(&task.status))
        .text("a", &task.activity)
        .number("el", task.element.0)
        .text("r", task.recipient.as_str())
        .text_if("rn", task.recipient_name.as_ref())
        .text_if("ch", (task.channel != Channel::Email).then(|| word(&task.channel)))
        .text_if("lg", task.language.as_ref())
        .number("at", task.created_at.as_millis())
        .number_if("x", task.expires_at.map(Timestamp::as_millis))
        .number_if("c", task.completed_at.map(Timestamp::as_millis))
        .number_if("en", task.ended_at.map(Timestamp::as_millis))
        .number_if("op", task.first_opened_at.map(Timestamp::as_millis))
        .number("rm", task.reminders)
        .number("nr", task.next_reminder)
        .number("tv", task.templates_version)
        .json_unless(task.form_context.is_empty(), "fc", &task.form_context)
        .json_unless(task.input_data.is_empty(), "id", &task.input_data)
        .json_unless(task.draft.is_empty(), "dr", &task.draft)
        .json_unless(task.form_errors.is_empty(), "fe", &task.form_errors)
        .json_unless(task.answers.is_empty(), "an", &task.answers)
        .text_if("oc", task.outcome.as_ref())
        .text_if("sb", task.submission.as_ref())
        .text(DELIVERY, word(&task.delivery))
        .flag_if("fu", task.follow_up)
        .text("p", &instance.process_id)
        .number("dv", instance.definition_version)
        .text_if("ref", instance.reference.as_ref())
        .text_if(super::head::CHAIN, extras.chain.as_ref().map(ChainHash::as_str))
        .done()
}

pub(crate) fn read(key: TaskKey, item: &Item) -> Result<(ExternalTask, Extras), Error> {
    let reader = Reader(item);
    let moment = |name| Ok::<_, Error>(reader.number_opt(name)?.map(Timestamp::from_millis));
    let by_status: ByStatus =
        reader.text(BY_STATUS.partition_key)?.parse().map_err(|_| reader.corrupt("its index key is malformed"))?;
    let task = ExternalTask {
        key,
        seq: reader.number("q")?,
        version: reader.number(VERSION)?,
        status: reader.word("s")?,
        activity: reader.text("a")?.to_owned(),
        element: ElementNumber(reader.number("el")?),
        // Checked when it was written; a stricter rule of today must not hide yesterday's task.
        recipient: reader.word("r")?,
        recipient_name: reader.owned_opt("rn"),
        channel: if item.contains_key("ch") { reader.word("ch")? } else { Channel::Email },
        language: reader.owned_opt("lg"),
        created_at: Timestamp::from_millis(reader.number("at")?),
        expires_at: moment("x")?,
        completed_at: moment("c")?,
        ended_at: moment("en")?,
        first_opened_at: moment("op")?,
        reminders: reader.number("rm")?,
        next_reminder: reader.number("nr")?,
        templates_version: reader.number("tv")?,
        form_context: reader.json_or_default("fc")?,
        input_data: reader.json_or_default("id")?,
        draft: reader.json_or_default("dr")?,
        form_errors: reader.json_or_default("fe")?,
        answers: reader.json_or_default("an")?,
        outcome: reader.owned_opt("oc"),
        submission: reader.owned_opt("sb"),
        delivery: reader.word(DELIVERY)?,
        follow_up: reader.flag("fu"),
    };
    let chain = reader.text_opt(super::head::CHAIN).map(ChainHash::stored);
    Ok((task, Extras { chain, shard: by_status.shard }))
}
