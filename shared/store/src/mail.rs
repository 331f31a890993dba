//! What became of the notifications that a journal item ordered: plain conditional updates beside the task's own life,
//! in any state of the task, without load and lock. Sends no mail.

use crate::item::{Item, Reader, word};
use crate::journal::{JournalEntry, JournalId};
use crate::keys::InstanceItem;
use crate::{Error, Store};
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use domain::effect::Effect;
use domain::ids::{TaskKey, TenantId};
use domain::notification::Delivery;
use domain::time::Timestamp;
use std::collections::{BTreeMap, HashMap};

/// Attribute with the mail part.
pub(crate) const MAILS: &str = "m";

/// A report on a notification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// What is reported.
    pub delivery: Delivery,
    /// The mail service's id, where the report has one.
    pub message_id: Option<String>,
    /// Why, in the words of whoever reports it: a code such as `NoEmail`.
    pub reason: Option<String>,
    /// When it happened.
    pub at: Timestamp,
}

/// A report that is news, or that came again.
#[derive(Clone, Debug, PartialEq)]
pub struct Reported {
    /// The journal item that ordered the notification.
    pub entry: JournalEntry,
    /// False where the same was reported before: what follows a report may still be missing.
    pub news: bool,
}

/// An open that the mail service noticed. Says little: mailboxes fetch pictures by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opened {
    /// When.
    pub at: Timestamp,
    /// By a machine, where the mail service says so.
    pub machine: bool,
}

/// What became of a notification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// The highest report so far.
    pub delivery: Delivery,
    /// The mail service's id.
    pub message_id: Option<String>,
    /// When it was handed over, or of the first report where the hand-over was never noted.
    pub at: Timestamp,
    /// When the highest report happened.
    pub reported_at: Timestamp,
    /// Why, as the highest report says.
    pub reason: Option<String>,
    /// The first open by a person, else the first one at all.
    pub opened: Option<Opened>,
}

/// Every delivery, by rank.
const RANKS: [Delivery; 7] = [
    Delivery::Queued,
    Delivery::Sent,
    Delivery::Delayed,
    Delivery::Delivered,
    Delivery::Failed,
    Delivery::Bounced,
    Delivery::Complained,
];

impl Store {
    /// Notes a report on the notification that effect `number` of a journal item ordered. The rank only rises: a late,
    /// repeated or overtaken report changes nothing and gives false. One write unit.
    ///
    /// # Errors
    /// [`Error::Throttled`] and [`Error::Other`] of the table; the report may be repeated.
    pub async fn mark_mail(&self, tenant: TenantId, id: &JournalId, number: usize, mark: &Mark) -> Result<bool, Error> {
        if self.raise_mail(tenant, id, number, mark).await?.is_some() {
            return Ok(true);
        }
        // A receipt overtook the note of the hand-over: only the id is still missing.
        if let (Some(message_id), Delivery::Sent) = (&mark.message_id, mark.delivery) {
            let update = self
                .at_mail(id, number)
                .expression_attribute_names("#i", "i")
                .expression_attribute_values(":i", AttributeValue::S(message_id.clone()))
                .update_expression("SET #m.#n.#i = :i")
                .condition_expression("attribute_exists(#m.#n) AND attribute_not_exists(#m.#n.#i)");
            self.send_update("mark mail", update).await?;
        }
        Ok(false)
    }

    /// As [`Store::mark_mail`], for a receipt: gives the journal item where the report is news, or was reported before with
    /// the same words (what follows it may be missing after a death); `None` where it is late, or names no notification of
    /// this tenant. One write unit, and a strong read where it is no news.
    ///
    /// # Errors
    /// As [`Store::mark_mail`], and [`Error::Corrupt`] where the item cannot be read.
    pub async fn report_mail(
        &self,
        tenant: TenantId,
        id: &JournalId,
        number: usize,
        mark: &Mark,
    ) -> Result<Option<Reported>, Error> {
        if let Some(item) = self.raise_mail(tenant, id, number, mark).await? {
            return Ok(Some(Reported { entry: JournalEntry::from_image(&item)?, news: true }));
        }
        let entry = self.journal_item(tenant, id, true).await?;
        let same = |entry: &JournalEntry| entry.mail(number).is_some_and(|mail| mail.delivery == mark.delivery);
        Ok(entry.filter(same).map(|entry| Reported { entry, news: false }))
    }

    /// Notes an open; one by a person replaces one by a machine, and nothing else. One write unit.
    ///
    /// # Errors
    /// [`Error::Throttled`] and [`Error::Other`] of the table; the report may be repeated.
    pub async fn mark_opened(
        &self,
        tenant: TenantId,
        id: &JournalId,
        number: usize,
        opened: Opened,
    ) -> Result<bool, Error> {
        if id.tenant() != tenant {
            return Ok(false);
        }
        let update = self
            .at_mail(id, number)
            .expression_attribute_names("#o", "o")
            .expression_attribute_names("#w", "w")
            .expression_attribute_values(":o", AttributeValue::N(opened.at.as_millis().to_string()))
            .expression_attribute_values(":w", AttributeValue::Bool(opened.machine))
            .update_expression("SET #m.#n.#o = :o, #m.#n.#w = :w");
        let update = if opened.machine {
            update.condition_expression("attribute_exists(#m.#n) AND attribute_not_exists(#m.#n.#o)")
        } else {
            update
                .expression_attribute_values(":yes", AttributeValue::Bool(true))
                .condition_expression("attribute_exists(#m.#n) AND (attribute_not_exists(#m.#n.#o) OR #m.#n.#w = :yes)")
        };
        Ok(self.send_update("mark mail", update).await?.is_some())
    }

    /// The item after a report that rose in rank.
    async fn raise_mail(
        &self,
        tenant: TenantId,
        id: &JournalId,
        number: usize,
        mark: &Mark,
    ) -> Result<Option<Item>, Error> {
        if id.tenant() != tenant {
            return Ok(None);
        }
        let mut update = self
            .at_mail(id, number)
            .expression_attribute_names("#d", "d")
            .expression_attribute_names("#a", "a")
            .expression_attribute_names("#u", "u")
            .expression_attribute_values(":d", AttributeValue::S(word(&mark.delivery)))
            .expression_attribute_values(":a", AttributeValue::N(mark.at.as_millis().to_string()));
        let mut sets = "SET #m.#n.#d = :d, #m.#n.#a = if_not_exists(#m.#n.#a, :a), #m.#n.#u = :a".to_owned();
        if let Some(message_id) = &mark.message_id {
            sets.push_str(", #m.#n.#i = if_not_exists(#m.#n.#i, :i)");
            update = update
                .expression_attribute_names("#i", "i")
                .expression_attribute_values(":i", AttributeValue::S(message_id.clone()));
        }
        if let Some(reason) = &mark.reason {
            sets.push_str(", #m.#n.#r = :r");
            update = update
                .expression_attribute_names("#r", "r")
                .expression_attribute_values(":r", AttributeValue::S(reason.clone()));
        }
        let (lower, update) = lower_than(mark.delivery, update);
        let condition = if lower.is_empty() {
            "attribute_exists(#m.#n) AND attribute_not_exists(#m.#n.#d)".to_owned()
        } else {
            format!("attribute_exists(#m.#n) AND (attribute_not_exists(#m.#n.#d) OR #m.#n.#d IN ({lower}))")
        };
        let update = update.update_expression(sets).condition_expression(condition);
        self.send_update("mark mail", update.return_values(ReturnValue::AllNew)).await
    }

    /// Shows a delivery in the task's row, where it is news: the shown rank only rises, and trouble (failed, bounced,
    /// complained) ranks highest. Gives false where the row shows as much already or there is no such task; that costs a
    /// write unit too, so callers ask only when they believe it is news. No commit is disturbed: the version stays, and
    /// commits leave this attribute alone (see `commit`).
    ///
    /// # Errors
    /// [`Error::Throttled`] and [`Error::Other`] of the table; the call may be repeated.
    pub async fn show_delivery(&self, tenant: TenantId, key: TaskKey, delivery: Delivery) -> Result<bool, Error> {
        let update = self
            .update(&InstanceItem::Task(key.number()).key(tenant, key.instance()))
            .expression_attribute_names("#d", crate::item::task::DELIVERY)
            .expression_attribute_values(":d", AttributeValue::S(word(&delivery)))
            .update_expression("SET #d = :d");
        let (lower, update) = lower_than(delivery, update);
        if lower.is_empty() {
            return Ok(false);
        }
        let update = update.condition_expression(format!("attribute_exists(pk) AND #d IN ({lower})"));
        Ok(self.send_update("show delivery", update).await?.is_some())
    }

    fn at_mail(&self, id: &JournalId, number: usize) -> UpdateItemFluentBuilder {
        self.update(&id.key())
            .expression_attribute_names("#m", MAILS)
            .expression_attribute_names("#n", number.to_string())
    }
}

/// Adds the words of all lower ranks to an update and gives their placeholders, with commas.
fn lower_than(delivery: Delivery, mut update: UpdateItemFluentBuilder) -> (String, UpdateItemFluentBuilder) {
    let mut names = Vec::new();
    for (rank, lower) in RANKS.iter().filter(|lower| **lower < delivery).enumerate() {
        let name = format!(":l{rank}");
        update = update.expression_attribute_values(&name, AttributeValue::S(word(lower)));
        names.push(name);
    }
    (names.join(", "), update)
}

/// The mail part of a new journal item: an empty place for each notification, so that a mark is one plain update.
pub(crate) fn begin(effects: &[Effect]) -> Option<AttributeValue> {
    let places: HashMap<String, AttributeValue> = effects
        .iter()
        .enumerate()
        .filter(|(_, effect)| effect.is_mail())
        .map(|(number, _)| (number.to_string(), AttributeValue::M(HashMap::new())))
        .collect();
    (!places.is_empty()).then_some(AttributeValue::M(places))
}

pub(crate) fn read(item: Reader<'_>) -> Result<BTreeMap<usize, Mail>, Error> {
    let mut mails = BTreeMap::new();
    let Some(AttributeValue::M(places)) = item.0.get(MAILS) else { return Ok(mails) };
    for (number, place) in places {
        let malformed = || item.corrupt("its mail part is malformed");
        let number = number.parse().map_err(|_| malformed())?;
        let place = Reader(place.as_m().map_err(|_| malformed())?);
        if place.text_opt("d").is_none() {
            continue;
        }
        let reported_at = Timestamp::from_millis(place.number("u")?);
        mails.insert(
            number,
            Mail {
                delivery: place.word("d")?,
                message_id: place.owned_opt("i"),
                at: place.number_opt("a")?.map_or(reported_at, Timestamp::from_millis),
                reported_at,
                reason: place.owned_opt("r"),
                opened: place
                    .number_opt("o")?
                    .map(|at| Opened { at: Timestamp::from_millis(at), machine: place.flag("w") }),
            },
        );
    }
    Ok(mails)
}
