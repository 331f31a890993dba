//! The journal: one item for one command, with its events, its effects and what became of its mails. Appended by commits,
//! read by histories and the outbox; its chain of hashes shows tampering. Nothing here changes an item but its mail part
//! (see `mail`).

use crate::chain::ChainHash;
use crate::commit::CommitRequest;
use crate::definitions::contents::{pack, unpack};
use crate::item::{Item, Reader, Writer, wire, word};
use crate::keys::{Collection, Counter, InstanceItem, Key};
use crate::mail::{self, Mail};
use crate::size::{WRITE_UNIT_BYTES, item_size};
use crate::table::{PARTITION_KEY, SORT_KEY};
use crate::{Error, Store};
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::command::{Actor, Origin};
use domain::decision::Decision;
use domain::effect::Effect;
use domain::event::Event;
use domain::ids::{InstanceKey, TenantId};
use domain::notification::Delivery;
use domain::time::Timestamp;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};

/// The name of a journal item: what travels through queues, tags of mails and names of schedules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct JournalId {
    tenant: TenantId,
    instance: InstanceKey,
    at: Timestamp,
    counter: Counter,
    n: u64,
}

impl JournalId {
    pub(crate) fn new(tenant: TenantId, instance: InstanceKey, at: Timestamp, counter: Counter, n: u64) -> JournalId {
        // As the key holds it: no time before 1970.
        JournalId { tenant, instance, at: Timestamp::from_millis(at.as_millis().max(0)), counter, n }
    }

    /// From partition and sort key of a stream record; `None` where they are no journal item's.
    pub fn parse(pk: &str, sk: &str) -> Option<JournalId> {
        let Ok(Collection::Instance(tenant, instance)) = pk.parse() else { return None };
        let Ok(InstanceItem::Journal { at, counter, n }) = sk.parse() else { return None };
        let id = JournalId { tenant, instance, at, counter, n };
        // Only the canonical spelling names an item.
        (id.pk() == pk && id.sk() == sk).then_some(id)
    }

    /// From a sort key within an aggregate; `None` where it is no journal item's.
    pub fn of(tenant: TenantId, instance: InstanceKey, sk: &str) -> Option<JournalId> {
        JournalId::parse(&Collection::Instance(tenant, instance).to_string(), sk)
    }

    /// The sort key as the value of a mail's tag: SES allows letters, digits, `-` and `_`.
    pub fn tag(&self) -> String {
        self.sk().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
    }

    /// Back from a tag, within an aggregate; `None` for a text that is none.
    pub fn from_tag(tenant: TenantId, instance: InstanceKey, tag: &str) -> Option<JournalId> {
        let sk = format!("~{}", tag.strip_prefix('_')?.replace('_', "#"));
        JournalId::parse(&Collection::Instance(tenant, instance).to_string(), &sk)
    }

    /// The tenant.
    pub fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// The aggregate.
    pub fn instance(&self) -> InstanceKey {
        self.instance
    }

    /// The moment of the command.
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// What numbers it.
    pub fn counter(&self) -> Counter {
        self.counter
    }

    /// Its number: the version of the head or task after the command.
    pub fn n(&self) -> u64 {
        self.n
    }

    /// Partition key.
    pub fn pk(&self) -> String {
        self.key().pk
    }

    /// Sort key.
    pub fn sk(&self) -> String {
        self.key().sk
    }

    pub(crate) fn key(&self) -> Key {
        InstanceItem::Journal { at: self.at, counter: self.counter, n: self.n }.key(self.tenant, self.instance)
    }
}

/// What one command did.
#[derive(Clone, Debug, PartialEq)]
pub struct JournalEntry {
    /// Its name.
    pub id: JournalId,
    /// When.
    pub at: Timestamp,
    /// On whose behalf.
    pub actor: Actor,
    /// Through which door and from where.
    pub origin: Origin,
    /// Name of the command.
    pub command: String,
    /// What happened.
    pub events: Vec<Event>,
    /// What the outside must do.
    pub effects: Vec<Effect>,
    /// What the row of its task showed of the delivery when this was written.
    pub showed: Delivery,
    /// What became of its notifications, by number of the effect. None: not handed over yet.
    pub mails: BTreeMap<usize, Mail>,
    /// Whether the hash of its forerunner is right; `None` where the forerunner was not read.
    pub hash_ok: Option<bool>,
    pub(crate) hash: ChainHash,
    pub(crate) forerunner: Option<ChainHash>,
}

impl JournalEntry {
    /// From the attributes of an item, as a stream of the SDK gives them.
    ///
    /// # Errors
    /// [`Error::Corrupt`] where it is no journal item that this release can read.
    pub fn from_image(image: &HashMap<String, AttributeValue>) -> Result<JournalEntry, Error> {
        let reader = Reader(image);
        let id = JournalId::parse(reader.text(PARTITION_KEY)?, reader.text(SORT_KEY)?)
            .ok_or_else(|| reader.corrupt("its key is no journal item's"))?;
        let forerunner = reader.text_opt("ph").map(ChainHash::stored);
        Ok(JournalEntry {
            at: id.at,
            actor: reader.json("by")?,
            origin: reader.json_or_default(ORIGIN)?,
            command: reader.text("c")?.to_owned(),
            events: read_events(reader)?,
            effects: reader.json_or_default(EFFECTS)?,
            showed: if image.contains_key(SHOWED) { reader.word(SHOWED)? } else { Delivery::Queued },
            mails: mail::read(reader)?,
            hash_ok: None,
            hash: reader.text_opt(ERASED_HASH).map_or_else(|| hash(&id.key(), image), ChainHash::stored),
            forerunner,
            id,
        })
    }

    /// From the `NewImage` of a stream record as Lambda delivers it: JSON with `{"S": ...}`.
    ///
    /// # Errors
    /// As [`JournalEntry::from_image`].
    pub fn from_stream_json(image: &Value) -> Result<JournalEntry, Error> {
        let item = wire::item_from_json(image).ok_or_else(|| Error::Corrupt {
            key: "of a stream record".to_owned(),
            problem: "the image is not DynamoDB's JSON".to_owned(),
        })?;
        JournalEntry::from_image(&item)
    }

    /// What became of the notification ordered by the effect with this number; `None` while it is queued.
    pub fn mail(&self, effect: usize) -> Option<&Mail> {
        self.mails.get(&effect)
    }
}

/// Where a chain is broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainFault {
    /// The sort key of the item at which it shows; the head's or task's own where the newest item is at fault.
    pub sk: String,
    /// What is wrong.
    pub problem: &'static str,
}

impl Store {
    /// The whole journal of an instance, oldest first.
    ///
    /// # Errors
    /// [`Error::Corrupt`] where an item cannot be read; [`Error::Throttled`] and [`Error::Other`] of the table.
    pub async fn journal(&self, tenant: TenantId, instance: InstanceKey) -> Result<Vec<JournalEntry>, Error> {
        let pk = Collection::Instance(tenant, instance).to_string();
        let items = self.query_all("journal", self.beginning(pk, InstanceItem::JOURNAL)).await?;
        entries(&items)
    }

    /// A page of the journal, oldest first: at most `limit` entries behind `after`, the position the last page ended at.
    ///
    /// # Errors
    /// As [`Store::journal`].
    pub async fn journal_page(
        &self,
        tenant: TenantId,
        instance: InstanceKey,
        limit: usize,
        after: Option<&JournalId>,
    ) -> Result<(Vec<JournalEntry>, Option<JournalId>), Error> {
        let pk = Collection::Instance(tenant, instance).to_string();
        let query =
            self.beginning(pk, InstanceItem::JOURNAL).limit(i32::try_from(limit.clamp(1, 1_000)).unwrap_or(1_000));
        let after = after.map(|id| crate::item::key_item(&id.key()));
        let page = self.query_page("journal", query, after).await?;
        let next = page.last.and_then(|last| {
            let reader = Reader(&last);
            JournalId::parse(reader.text_opt(PARTITION_KEY)?, reader.text_opt(SORT_KEY)?)
        });
        Ok((entries(&page.items)?, next))
    }

    /// The newest part of the journal before `before`, newest first: at most `limit` commands, and no further one when they
    /// hold `events` events. Then the position from which it goes on, where there may be more.
    ///
    /// # Errors
    /// As [`Store::journal`].
    pub async fn journal_newest(
        &self,
        tenant: TenantId,
        instance: InstanceKey,
        (limit, events): (usize, usize),
        before: Option<&JournalId>,
    ) -> Result<(Vec<JournalEntry>, Option<JournalId>), Error> {
        let pk = Collection::Instance(tenant, instance).to_string();
        let query = self.beginning(pk, InstanceItem::JOURNAL).scan_index_forward(false);
        let (mut found, mut held): (Vec<JournalEntry>, usize) = (Vec::new(), 0);
        let mut after = before.map(|id| crate::item::key_item(&id.key()));
        loop {
            let wanted = i32::try_from(limit.saturating_sub(found.len()).clamp(1, 100)).unwrap_or(100);
            let page = self.query_page("journal", query.clone().limit(wanted), after).await?;
            for item in &page.items {
                let entry = JournalEntry::from_image(item)?;
                held += entry.events.len();
                let id = entry.id;
                found.push(entry);
                if held >= events || found.len() >= limit {
                    return Ok((found, Some(id)));
                }
            }
            if page.last.is_none() {
                return Ok((found, None));
            }
            after = page.last;
        }
    }

    /// One journal item. `strong` where its mail part decides something.
    ///
    /// # Errors
    /// As [`Store::journal`].
    pub async fn journal_item(
        &self,
        tenant: TenantId,
        id: &JournalId,
        strong: bool,
    ) -> Result<Option<JournalEntry>, Error> {
        if id.tenant != tenant {
            return Ok(None);
        }
        let item = self.get("journal item", &id.key(), strong).await?;
        item.map(|item| JournalEntry::from_image(&item)).transpose()
    }

    /// Reads an aggregate's whole journal and follows its chains to the hashes kept on head and tasks. Empty: untouched.
    ///
    /// # Errors
    /// As [`Store::journal`].
    pub async fn verify_chain(&self, tenant: TenantId, instance: InstanceKey) -> Result<Vec<ChainFault>, Error> {
        let pk = Collection::Instance(tenant, instance).to_string();
        let query = self.beginning(pk, InstanceItem::JOURNAL).consistent_read(true);
        let mut journal = entries(&self.query_all("verify", query).await?)?;
        journal.sort_by_key(|entry| (entry.id.counter, entry.id.n));
        let loaded = self.load(tenant, instance).await?;
        let mut newest: BTreeMap<Counter, &JournalEntry> = BTreeMap::new();
        let mut faults = Vec::new();
        for entry in &journal {
            let begins = !newest.contains_key(&entry.id.counter);
            let sound = if begins { entry.forerunner.is_none() } else { entry.hash_ok == Some(true) };
            if !sound {
                let problem = "it does not follow from its forerunner: that was changed, removed or put in between";
                faults.push(ChainFault { sk: entry.id.sk(), problem });
            }
            newest.insert(entry.id.counter, entry);
        }
        let heads = loaded.iter().flat_map(|loaded| {
            let tasks = loaded.extras.iter().map(|(number, extras)| (Counter::Task(*number), &extras.chain));
            std::iter::once((Counter::Head, &loaded.head.chain)).chain(tasks)
        });
        for (counter, chain) in heads {
            if newest.get(&counter).map(|entry| &entry.hash) != chain.as_ref() {
                let sk = match counter {
                    Counter::Head => InstanceItem::Head.to_string(),
                    Counter::Task(number) => InstanceItem::Task(number).to_string(),
                };
                faults.push(ChainFault { sk, problem: "the newest journal item is not the one that was committed" });
            }
        }
        Ok(faults)
    }
}

/// Attributes that never change after the commit, in the order they are hashed.
const HASHED: [&str; 6] = ["by", "c", EVENTS, EVENTS_PACKED, EFFECTS, "ph"];
/// Attribute with the delivery that the task's row showed; missing while it was queued. Not hashed: nothing is proved by it.
const SHOWED: &str = "sd";
/// Attribute with the origin, hashed as well where there is one.
const ORIGIN: &str = "o";
/// Attribute with the events as JSON.
pub(crate) const EVENTS: &str = "ev";
/// Attribute with the events as packed JSON, in place of [`EVENTS`].
pub(crate) const EVENTS_PACKED: &str = "ez";
/// Attribute with the effects as JSON.
pub(crate) const EFFECTS: &str = "ef";
/// Attribute with the hash the item had before a recipient was erased from it: it stands for the item in the chain.
pub(crate) const ERASED_HASH: &str = "hx";

/// What a journal item is made of.
pub(crate) struct Record<'a> {
    pub actor: &'a Actor,
    pub origin: &'a Origin,
    pub command: &'a str,
    pub events: &'a [Event],
    pub effects: &'a [Effect],
    /// The lowest delivery that the rows of the notified tasks show.
    pub showed: Delivery,
}

impl<'a> Record<'a> {
    pub fn of(request: &CommitRequest<'a>) -> Record<'a> {
        let (actor, origin, command, decision) = (request.actor, request.origin, request.command, request.decision);
        Record {
            actor,
            origin,
            command,
            events: &decision.events,
            effects: &decision.effects,
            showed: showed(decision),
        }
    }
}

pub(crate) fn write(id: &JournalId, record: &Record<'_>, forerunner: Option<&ChainHash>) -> (Item, ChainHash) {
    let mut writer = Writer::new(&id.key(), "J1")
        .json("by", record.actor)
        .json_unless(*record.origin == Origin::default(), ORIGIN, record.origin)
        .text("c", record.command)
        .json(EVENTS, &record.events)
        .json_unless(record.effects.is_empty(), EFFECTS, &record.effects)
        .text_if("ph", forerunner.map(ChainHash::as_str));
    if let Some(mails) = mail::begin(record.effects) {
        let showed = (record.showed != Delivery::Queued).then(|| word(&record.showed));
        writer = writer.value(mail::MAILS, mails).text_if(SHOWED, showed);
    }
    let mut item = writer.done();
    pack_events(&mut item, record.effects);
    let hash = hash(&id.key(), &item);
    (item, hash)
}

fn showed(decision: &Decision) -> Delivery {
    let of_task = |effect: &Effect| match effect {
        Effect::Notify { task, .. } => decision.after.tasks.get(task).map(|task| task.delivery),
        Effect::Schedule { .. }
        | Effect::Unschedule { .. }
        | Effect::Find { .. }
        | Effect::Call(_)
        | Effect::Throw { .. }
        | Effect::Act { .. }
        | Effect::Mail { .. }
        | Effect::Continue => None,
    };
    decision.effects.iter().filter_map(of_task).min().unwrap_or_default()
}

/// Bytes that the mail part of one notification grows by.
const MARKS_BYTES: usize = 110;

/// Packs the events where the item, with its mails marked, would cost a second write unit: each mark of a mail writes the
/// whole item again. Small items stay readable.
fn pack_events(item: &mut Item, effects: &[Effect]) {
    let notifications = effects.iter().filter(|effect| effect.is_mail()).count();
    if item_size(item) + notifications * MARKS_BYTES <= WRITE_UNIT_BYTES {
        return;
    }
    let Some(AttributeValue::S(events)) = item.get(EVENTS) else { return };
    let packed = pack(events.as_bytes());
    if packed.len() < events.len() {
        item.remove(EVENTS);
        item.insert(EVENTS_PACKED.to_owned(), AttributeValue::B(Blob::new(packed)));
    }
}

fn read_events(reader: Reader<'_>) -> Result<Vec<Event>, Error> {
    if !reader.0.contains_key(EVENTS_PACKED) {
        return reader.json(EVENTS);
    }
    let json = unpack("of a journal item", reader.bytes(EVENTS_PACKED)?)?;
    serde_json::from_slice(&json).map_err(|error| reader.corrupt(format!("its packed events: {error}")))
}

fn hash(key: &Key, item: &Item) -> ChainHash {
    let reader = Reader(item);
    let part = |name| match reader.0.get(name) {
        Some(AttributeValue::B(bytes)) => bytes.as_ref(),
        _ => reader.text_opt(name).unwrap_or_default().as_bytes(),
    };
    let origin = reader.text_opt(ORIGIN).map(str::as_bytes);
    let parts: Vec<&[u8]> = HASHED.iter().map(|name| part(name)).chain(origin).collect();
    ChainHash::of(key, &parts)
}

/// Entries in the order of time, each counter in its own order even where several commands fell into one millisecond.
fn entries(items: &[Item]) -> Result<Vec<JournalEntry>, Error> {
    let mut entries: Vec<JournalEntry> = items.iter().map(JournalEntry::from_image).collect::<Result<_, _>>()?;
    entries.sort_by_key(|entry| (entry.at, entry.id.counter, entry.id.n));
    // Clocks of two machines may differ: the chain follows the numbers, not the times.
    let mut order: Vec<usize> = (0..entries.len()).collect();
    order.sort_by_key(|index| (entries[*index].id.counter, entries[*index].id.n));
    for pair in order.windows(2) {
        let (earlier, later) = (&entries[pair[0]], &entries[pair[1]]);
        if earlier.id.counter == later.id.counter {
            let ok = later.forerunner.as_ref() == Some(&earlier.hash);
            entries[pair[1]].hash_ok = Some(ok);
        }
    }
    for entry in &mut entries {
        if entry.forerunner.is_none() && entry.hash_ok.is_none() {
            entry.hash_ok = Some(true);
        }
    }
    Ok(entries)
}
