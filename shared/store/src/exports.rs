//! Stored exports: one item each, beside the orders that make the worker go on with it. Decides nothing and writes no
//! file; both are the worker's.

use crate::idempotency::{self, IdempotencyRecord};
use crate::item::{Item, Reader, Writer};
use crate::keys::RunItem;
use crate::table::TTL;
use crate::transaction::{Refusal, Transaction};
use crate::{Error, Store};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::bulk_run::{Order, Work};
use domain::command::Origin;
use domain::ids::{RunKey, TenantId};
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Days for which it is known that there was an export. Its file goes after one.
const KEPT_DAYS: i64 = 7;
/// Attribute with the version, which every change compares.
const VERSION: &str = "v";
const WHAT: &str = "the state of the export (its filter), in bytes,";

/// How the file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ExportFormat {
    /// Comma-separated values as in RFC 4180.
    Csv,
    /// One array of objects.
    Json,
}

impl ExportFormat {
    /// The word on the wire, and the end of the file's name.
    pub fn as_str(self) -> &'static str {
        match self {
            ExportFormat::Csv => "csv",
            ExportFormat::Json => "json",
        }
    }

    /// Accepts the exact word.
    pub fn parse(text: &str) -> Option<ExportFormat> {
        [ExportFormat::Csv, ExportFormat::Json].into_iter().find(|format| format.as_str() == text)
    }
}

/// An export of histories, on its way or done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Export {
    /// Tenant.
    #[serde(skip, default = "nobody")]
    pub tenant: TenantId,
    /// Key.
    pub key: RunKey,
    /// How the file is written.
    pub format: ExportFormat,
    /// Which tasks, as names and values of the list's address.
    pub filter: Vec<(String, String)>,
    /// Whether IP addresses of members are in it: as the starter may see them.
    pub addresses: bool,
    /// Who started it.
    pub by: String,
    /// From where.
    pub origin: Origin,
    /// When.
    pub started_at: Timestamp,
    /// When the file was complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// Steps that are done.
    pub steps: u32,
    /// Tasks so far.
    pub tasks: u32,
    /// Entries so far.
    pub entries: u64,
    /// Where the next step begins in the list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<String>,
    /// The upload in parts, once there is more than fits into one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upload: Option<String>,
    /// Tags of its parts, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<String>,
    /// The last step left something that was too little for a part, beside the file.
    #[serde(default)]
    pub rest: bool,
    /// Optimistic lock.
    #[serde(skip)]
    pub version: u64,
}

fn nobody() -> TenantId {
    TenantId(0)
}

impl Export {
    /// The order of the next step, to be written with the export.
    fn order(&self) -> Order {
        let step = self.steps + 1;
        Order { number: step, work: Work::Export { step }, not_before: None }
    }

    fn item(&self) -> Item {
        Writer::new(&RunItem::Export.key(self.tenant, self.key), "E1")
            .json("d", self)
            .number(VERSION, self.version)
            .number(TTL, self.gone_at())
            .done()
    }

    fn gone_at(&self) -> i64 {
        self.started_at.as_millis().div_euclid(1_000) + KEPT_DAYS * 86_400
    }

    fn order_next(&self, transaction: &mut Transaction, now: Timestamp) -> Result<(), Error> {
        let order = self.order();
        let item = Writer::new(&RunItem::Order { at: now, number: order.number }.key(self.tenant, self.key), "BJ1")
            .number(TTL, self.gone_at())
            .json("or", &order)
            .done();
        transaction.put_new("an order of the export, in bytes,", item, Refusal::Conflict)
    }
}

impl Store {
    /// Writes a new export with the order of its first step.
    ///
    /// # Errors
    /// [`Error::KeyTaken`] and [`Error::IdempotencyTaken`] with nothing written; the table's own.
    pub async fn put_export(
        &self,
        export: &Export,
        idempotency: Option<IdempotencyRecord>,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut transaction = Transaction::new(&self.inner.table);
        transaction.put_new(WHAT, export.item(), Refusal::KeyTaken)?;
        export.order_next(&mut transaction, now)?;
        if let Some(record) = &idempotency {
            idempotency::write(&mut transaction, export.tenant, record, now)?;
        }
        self.transact("start an export", transaction).await
    }

    /// Writes an export behind one of its steps, if nobody else was first, with the order of the next step unless it is
    /// done.
    ///
    /// # Errors
    /// [`Error::Conflict`] with nothing written: somebody else did the step.
    pub async fn save_export(&self, before: &Export, after: Export, now: Timestamp) -> Result<(), Error> {
        let after = Export { version: before.version + 1, ..after };
        let mut transaction = Transaction::new(&self.inner.table);
        let expected = vec![(VERSION, AttributeValue::N(before.version.to_string()))];
        let key = RunItem::Export.key(after.tenant, after.key);
        transaction.update(WHAT, &key, (&before.item(), &after.item()), &[], expected)?;
        if after.ended_at.is_none() {
            after.order_next(&mut transaction, now)?;
        }
        self.transact("change an export", transaction).await
    }

    /// One export, strongly consistent.
    ///
    /// # Errors
    /// [`Error::Corrupt`] where it cannot be read; the table's own.
    pub async fn export(&self, tenant: TenantId, key: RunKey) -> Result<Option<Export>, Error> {
        let Some(item) = self.get("export", &RunItem::Export.key(tenant, key), true).await? else { return Ok(None) };
        let reader = Reader(&item);
        let export: Export = reader.json("d")?;
        Ok(Some(Export { tenant, version: reader.number(VERSION)?, ..export }))
    }
}
