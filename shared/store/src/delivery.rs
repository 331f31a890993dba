//! What became of all mails of a tenant, day by day, and what the mail service lets the installation send. Counters and one
//! record; knows no single mail.
//!
//! The counters are for looking at. They are added to once for a batch of records, not once for a mail, after the mails
//! themselves are recorded: a death between the two leaves a batch uncounted, and a batch that comes again counts the mails
//! that were not recorded the first time.

use crate::item::{Item, Reader, Writer};
use crate::keys;
use crate::table::{SORT_KEY, TTL};
use crate::{Error, Store};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::ids::TenantId;
use domain::notification::Delivery;
use domain::time::Timestamp;
use std::collections::BTreeMap;

/// Days that can be looked at.
pub const DAYS_MAX: u32 = 14;
/// Days for which counters are kept.
const KEPT_DAYS: i64 = 60;
const DAY_MS: i64 = 86_400_000;

/// Mails of one UTC day, by what became of them on that day.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct DayCounts {
    /// The day, such as `2026-11-21`.
    pub day: String,
    /// Ordered.
    pub queued: u64,
    /// Taken by the mail service.
    pub sent: u64,
    /// Taken by the recipients' servers.
    pub delivered: u64,
    /// The receiving server asked to wait.
    pub delayed: u64,
    /// Refused for good.
    pub bounced: u64,
    /// Reported as spam.
    pub complained: u64,
    /// Never handed over.
    pub failed: u64,
}

impl DayCounts {
    /// The day of a moment, with nothing counted.
    pub fn of(moment: Timestamp) -> DayCounts {
        DayCounts { day: day(moment), ..DayCounts::default() }
    }

    /// Counts one mail.
    pub fn add(&mut self, delivery: Delivery) {
        *self.of_delivery(delivery) += 1;
    }

    /// True when there is nothing to write.
    pub fn is_empty(&self) -> bool {
        DayCounts { day: String::new(), ..self.clone() } == DayCounts::default()
    }

    fn of_delivery(&mut self, delivery: Delivery) -> &mut u64 {
        match delivery {
            Delivery::Queued => &mut self.queued,
            Delivery::Sent => &mut self.sent,
            Delivery::Delayed => &mut self.delayed,
            Delivery::Delivered => &mut self.delivered,
            Delivery::Failed => &mut self.failed,
            Delivery::Bounced => &mut self.bounced,
            Delivery::Complained => &mut self.complained,
        }
    }
}

/// What the mail service lets the installation send.
#[derive(Clone, Debug, PartialEq)]
pub struct Quota {
    /// Mails in 24 hours; negative: no limit.
    pub max_24h: f64,
    /// Of those used when this was read.
    pub sent_24h: f64,
    /// Mails per second.
    pub per_second: f64,
    /// False while the mail service has paused the account.
    pub sending_enabled: bool,
    /// When this was read.
    pub read_at: Timestamp,
}

impl Quota {
    /// Mails left of the 24 hours; `None`: no limit.
    pub fn left(&self) -> Option<u64> {
        // A quota is a whole number that the service writes as a double.
        (self.max_24h >= 0.0).then(|| (self.max_24h - self.sent_24h).max(0.0) as u64)
    }
}

/// Attribute of a counter.
fn counter(delivery: Delivery) -> &'static str {
    match delivery {
        Delivery::Queued => "q",
        Delivery::Sent => "s",
        Delivery::Delayed => "y",
        Delivery::Delivered => "d",
        Delivery::Failed => "f",
        Delivery::Bounced => "b",
        Delivery::Complained => "c",
    }
}

const COUNTED: [Delivery; 7] = [
    Delivery::Queued,
    Delivery::Sent,
    Delivery::Delayed,
    Delivery::Delivered,
    Delivery::Failed,
    Delivery::Bounced,
    Delivery::Complained,
];

impl Store {
    /// Adds to the counters of a day. One write unit, whatever the numbers.
    ///
    /// # Errors
    /// [`Error::Throttled`] and [`Error::Other`] of the table; the caller may add the same again with the next batch.
    pub async fn count_mails(&self, tenant: TenantId, counts: &DayCounts) -> Result<(), Error> {
        let mut counts = counts.clone();
        let mut update = self.update(&keys::day(tenant, &counts.day));
        let mut adds = Vec::new();
        for delivery in COUNTED {
            let name = counter(delivery);
            let number = *counts.of_delivery(delivery);
            if number > 0 {
                update = update
                    .expression_attribute_names(format!("#{name}"), name)
                    .expression_attribute_values(format!(":{name}"), AttributeValue::N(number.to_string()));
                adds.push(format!("#{name} :{name}"));
            }
        }
        if adds.is_empty() {
            return Ok(());
        }
        let until = format!("{}T00:00:00Z", counts.day).parse::<Timestamp>().ok();
        let until = until.map_or(0, |day| (day.as_millis() + KEPT_DAYS * DAY_MS) / 1_000);
        let update = update
            .expression_attribute_names("#ttl", TTL)
            .expression_attribute_values(":ttl", AttributeValue::N(until.to_string()))
            .update_expression(format!("SET #ttl = :ttl ADD {}", adds.join(", ")));
        self.send_update("count mails", update).await.map(|_| ())
    }

    /// The mails of the last `days` days (1 to [`DAYS_MAX`]), today included, oldest first; days without any are there
    /// too. Half a read unit.
    ///
    /// # Errors
    /// [`Error::Corrupt`] where a counter cannot be read; [`Error::Throttled`] and [`Error::Other`] of the table.
    pub async fn delivery_days(&self, tenant: TenantId, today: Timestamp, days: u32) -> Result<Vec<DayCounts>, Error> {
        let days = i64::from(days.clamp(1, DAYS_MAX));
        let wanted: Vec<String> = (0..days).rev().map(|back| day(today.plus_millis(-back * DAY_MS))).collect();
        let (Some(first), Some(last)) = (wanted.first(), wanted.last()) else { return Ok(Vec::new()) };
        let query = self
            .partition(keys::Collection::Days(tenant).to_string())
            .key_condition_expression("#pk = :pk AND #sk BETWEEN :from AND :to")
            .expression_attribute_names("#sk", SORT_KEY)
            .expression_attribute_values(":from", AttributeValue::S(first.clone()))
            .expression_attribute_values(":to", AttributeValue::S(last.clone()));
        let mut found = BTreeMap::new();
        for item in self.query_all("mails by day", query).await? {
            let counts = read(&item)?;
            found.insert(counts.day.clone(), counts);
        }
        Ok(wanted
            .into_iter()
            .map(|day| found.remove(&day).unwrap_or_else(|| DayCounts { day, ..DayCounts::default() }))
            .collect())
    }

    /// Takes one of the mails that a recipient may get on one day. False where they are used up. One write unit: asked only
    /// for tenants that have such a limit.
    ///
    /// # Errors
    /// [`Error::Throttled`] and [`Error::Other`] of the table. A repetition may take another one.
    pub async fn take_recipient_mail(
        &self,
        tenant: TenantId,
        recipient: &str,
        now: Timestamp,
        limit: u32,
    ) -> Result<bool, Error> {
        let update = self
            .update(&keys::recipient_day(tenant, &day(now), &recipient.to_lowercase()))
            .expression_attribute_names("#n", "n")
            .expression_attribute_names("#ttl", TTL)
            .expression_attribute_values(":one", AttributeValue::N("1".to_owned()))
            .expression_attribute_values(":limit", AttributeValue::N(limit.to_string()))
            .expression_attribute_values(
                ":ttl",
                AttributeValue::N(((now.as_millis() + 2 * DAY_MS) / 1_000).to_string()),
            )
            .update_expression("SET #ttl = :ttl ADD #n :one")
            .condition_expression("attribute_not_exists(#n) OR #n < :limit");
        Ok(self.send_update("a recipient's mails", update).await?.is_some())
    }

    /// Keeps what the mail service said of the account.
    ///
    /// # Errors
    /// [`Error::Throttled`] and [`Error::Other`] of the table.
    pub async fn put_quota(&self, quota: &Quota) -> Result<(), Error> {
        let item = Writer::new(&keys::quota(), "Q1")
            .number("mx", quota.max_24h)
            .number("st", quota.sent_24h)
            .number("ps", quota.per_second)
            .flag_if("en", quota.sending_enabled)
            .number("at", quota.read_at.as_millis())
            .done();
        self.inner.quota.forget(&());
        self.put("quota", item).await
    }

    /// What the mail service said of the account last, not older in this process than 30 s. `None`: nobody asked yet.
    ///
    /// # Errors
    /// [`Error::Corrupt`] where it cannot be read; [`Error::Throttled`] and [`Error::Other`] of the table.
    pub async fn quota(&self, now: Timestamp) -> Result<Option<Quota>, Error> {
        if let Some(quota) = self.inner.quota.get(&(), now) {
            return Ok(Some(quota));
        }
        let Some(item) = self.get("quota", &keys::quota(), false).await? else { return Ok(None) };
        let reader = Reader(&item);
        let quota = Quota {
            max_24h: reader.number("mx")?,
            sent_24h: reader.number("st")?,
            per_second: reader.number("ps")?,
            sending_enabled: reader.flag("en"),
            read_at: Timestamp::from_millis(reader.number("at")?),
        };
        self.inner.quota.put((), quota.clone(), now);
        Ok(Some(quota))
    }
}

fn read(item: &Item) -> Result<DayCounts, Error> {
    let reader = Reader(item);
    let mut counts = DayCounts { day: reader.text(SORT_KEY)?.to_owned(), ..DayCounts::default() };
    for delivery in COUNTED {
        *counts.of_delivery(delivery) = reader.number_opt(counter(delivery))?.unwrap_or(0);
    }
    Ok(counts)
}

/// The UTC day of a moment.
fn day(moment: Timestamp) -> String {
    moment.to_string().chars().take(10).collect()
}
