//! Records of requests that came with an `Idempotency-Key`, written in the transaction of what they changed.
//! Compares no bodies: that is the door's.

use crate::item::{Reader, Writer};
use crate::keys;
use crate::table::TTL;
use crate::transaction::{Condition, Refusal, Transaction};
use crate::{Error, Store};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::ids::TenantId;
use domain::time::Timestamp;
use serde_json::Value;

/// The answer given to a request.
#[derive(Clone, Debug, PartialEq)]
pub struct IdempotencyRecord {
    /// Hash that names the request: tenant, caller, method, path and key.
    pub hash: String,
    /// Hash of its body.
    pub body_hash: String,
    /// HTTP status of the answer.
    pub status: u16,
    /// Body of the answer.
    pub response: Value,
    /// Seconds for which the answer is kept, counted from when it is written or asked for.
    pub kept_s: i64,
}

impl Store {
    /// The answer given before to the same request, strongly consistent, with one GetItem. `None` where there is none
    /// or its time is over: DynamoDB deletes late, so the time decides.
    ///
    /// # Errors
    /// [`Error::Corrupt`] where the record cannot be read; [`Error::Throttled`] and [`Error::Other`] of the table.
    pub async fn idempotent(
        &self,
        tenant: TenantId,
        hash: &str,
        now: Timestamp,
    ) -> Result<Option<IdempotencyRecord>, Error> {
        let Some(item) = self.get("idempotent", &keys::idempotency(tenant, hash), true).await? else {
            return Ok(None);
        };
        let reader = Reader(&item);
        let kept_s = reader.number::<i64>(TTL)? - seconds(now);
        if kept_s <= 0 {
            return Ok(None);
        }
        Ok(Some(IdempotencyRecord {
            hash: hash.to_owned(),
            body_hash: reader.text("bh")?.to_owned(),
            status: reader.number("st")?,
            response: reader.json("rs")?,
            kept_s,
        }))
    }
}

/// Adds the record to a transaction; one that has run out may be overwritten.
pub(crate) fn write(
    transaction: &mut Transaction,
    tenant: TenantId,
    record: &IdempotencyRecord,
    now: Timestamp,
) -> Result<(), Error> {
    let item = Writer::new(&keys::idempotency(tenant, &record.hash), "K1")
        .text("bh", &record.body_hash)
        .number("st", record.status)
        .json("rs", &record.response)
        .number(TTL, seconds(now) + record.kept_s)
        .done();
    transaction.put_if(
        "the answer to keep for a repeated request, in bytes,",
        item,
        Some(Condition {
            expression: "attribute_not_exists(pk) OR #ttl <= :now",
            names: &[("#ttl", TTL)],
            values: vec![(":now", AttributeValue::N(seconds(now).to_string()))],
        }),
        Refusal::IdempotencyTaken,
    )
}

fn seconds(at: Timestamp) -> i64 {
    at.as_millis().div_euclid(1_000)
}
