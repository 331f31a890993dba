//! One TransactWriteItems: collects writes, checks DynamoDB's limits before sending, and says which write was refused.
//! Knows no item.

use crate::item::{Item, key_item};
use crate::keys::Key;
use crate::ops::check_size;
use crate::size::{TRANSACTION_BYTES_MAX, TRANSACTION_ITEMS_MAX};
use crate::table::{PARTITION_KEY, SORT_KEY};
use crate::{Error, Store};
use aws_sdk_dynamodb::error::{BuildError, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, CancellationReason, Delete, Put, TransactWriteItem, Update};

/// Why the condition of a write may fail, and what that means to the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Refusal {
    /// The request was carried out before. Outranks the others: its answer stands.
    IdempotencyTaken,
    /// The key of a new aggregate is taken.
    KeyTaken,
    /// Another writer was first.
    Conflict,
}

/// Condition of a put.
pub(crate) struct Condition {
    pub expression: &'static str,
    /// Placeholders and the names they stand for.
    pub names: &'static [(&'static str, &'static str)],
    /// Placeholders and their values.
    pub values: Vec<(&'static str, AttributeValue)>,
}

/// Condition of an update: attributes that must have these values.
pub(crate) type Expected = Vec<(&'static str, AttributeValue)>;

/// Writes that happen together or not at all.
pub(crate) struct Transaction {
    table: String,
    writes: Vec<(TransactWriteItem, Refusal)>,
    bytes: usize,
}

impl Transaction {
    pub fn new(table: &str) -> Transaction {
        Transaction { table: table.to_owned(), writes: Vec::new(), bytes: 0 }
    }

    pub fn is_empty(&self) -> bool {
        self.writes.is_empty()
    }

    /// Puts an item where there is none.
    pub fn put_new(&mut self, what: &'static str, item: Item, refusal: Refusal) -> Result<(), Error> {
        let condition = Condition { expression: "attribute_not_exists(pk)", names: &[], values: Vec::new() };
        self.put_if(what, item, Some(condition), refusal)
    }

    /// Puts an item under a condition, or whatever was there.
    pub fn put_if(
        &mut self,
        what: &'static str,
        item: Item,
        condition: Option<Condition>,
        refusal: Refusal,
    ) -> Result<(), Error> {
        self.bytes += check_size(what, &item)?;
        let mut put = Put::builder().table_name(&self.table).set_item(Some(item));
        if let Some(condition) = condition {
            put = put.condition_expression(condition.expression);
            for (placeholder, name) in condition.names {
                put = put.expression_attribute_names(*placeholder, *name);
            }
            for (placeholder, value) in condition.values {
                put = put.expression_attribute_values(placeholder, value);
            }
        }
        self.writes.push((TransactWriteItem::builder().put(built(put.build())?).build(), refusal));
        Ok(())
    }

    /// Deletes an item, if it is there.
    pub fn delete(&mut self, key: &Key) -> Result<(), Error> {
        let delete = Delete::builder().table_name(&self.table).set_key(Some(key_item(key)));
        self.writes.push((TransactWriteItem::builder().delete(built(delete.build())?).build(), Refusal::Conflict));
        Ok(())
    }

    /// Makes a stored item equal to `after` in every attribute but those in `keep`, if it still has the `expected`
    /// values. Attributes that neither `before` nor `after` names stay as they are: a newer release may have written
    /// them.
    pub fn update(
        &mut self,
        what: &'static str,
        key: &Key,
        (before, after): (&Item, &Item),
        keep: &[&str],
        expected: Expected,
    ) -> Result<(), Error> {
        self.bytes += check_size(what, after)?;
        let fixed = |name: &str| name == PARTITION_KEY || name == SORT_KEY || keep.contains(&name);
        let mut update = Update::builder().set_key(Some(key_item(key)));
        let (mut sets, mut removes, mut conditions) = (Vec::new(), Vec::new(), Vec::new());
        for (number, (name, value)) in after.iter().filter(|(name, _)| !fixed(name)).enumerate() {
            sets.push(format!("#s{number} = :s{number}"));
            update = update
                .expression_attribute_names(format!("#s{number}"), name)
                .expression_attribute_values(format!(":s{number}"), value.clone());
        }
        let gone = before.keys().filter(|name| !fixed(name) && !after.contains_key(*name));
        for (number, name) in gone.enumerate() {
            removes.push(format!("#r{number}"));
            update = update.expression_attribute_names(format!("#r{number}"), name);
        }
        for (number, (name, value)) in expected.into_iter().enumerate() {
            conditions.push(format!("#c{number} = :c{number}"));
            update = update
                .expression_attribute_names(format!("#c{number}"), name)
                .expression_attribute_values(format!(":c{number}"), value);
        }
        let mut expression = format!("SET {}", sets.join(", "));
        if !removes.is_empty() {
            expression.push_str(&format!(" REMOVE {}", removes.join(", ")));
        }
        let update =
            update.update_expression(expression).condition_expression(conditions.join(" AND ")).table_name(&self.table);
        self.writes.push((TransactWriteItem::builder().update(built(update.build())?).build(), Refusal::Conflict));
        Ok(())
    }

    /// Sets and removes attributes of an item, which is made where there is none.
    pub fn set(
        &mut self,
        what: &'static str,
        key: &Key,
        sets: Vec<(&str, AttributeValue)>,
        removes: &[&str],
    ) -> Result<(), Error> {
        let item: Item = sets.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        self.bytes += check_size(what, &item)?;
        let mut update = Update::builder().set_key(Some(key_item(key)));
        let mut expression = Vec::new();
        for (number, (name, value)) in sets.into_iter().enumerate() {
            expression.push(format!("#s{number} = :s{number}"));
            update = update
                .expression_attribute_names(format!("#s{number}"), name)
                .expression_attribute_values(format!(":s{number}"), value);
        }
        let mut gone = Vec::new();
        for (number, name) in removes.iter().enumerate() {
            gone.push(format!("#r{number}"));
            update = update.expression_attribute_names(format!("#r{number}"), *name);
        }
        let removes = if gone.is_empty() { String::new() } else { format!(" REMOVE {}", gone.join(", ")) };
        let update =
            update.update_expression(format!("SET {}{removes}", expression.join(", "))).table_name(&self.table);
        self.writes.push((TransactWriteItem::builder().update(built(update.build())?).build(), Refusal::Conflict));
        Ok(())
    }

    /// Appends a value to a list of an item.
    pub fn append(
        &mut self,
        what: &'static str,
        key: &Key,
        name: &'static str,
        value: AttributeValue,
    ) -> Result<(), Error> {
        self.bytes += check_size(what, &Item::from([(name.to_owned(), value.clone())]))?;
        let update = Update::builder()
            .set_key(Some(key_item(key)))
            .update_expression("SET #l = list_append(if_not_exists(#l, :none), :one)")
            .condition_expression("attribute_exists(#pk)")
            .expression_attribute_names("#l", name)
            .expression_attribute_names("#pk", PARTITION_KEY)
            .expression_attribute_values(":none", AttributeValue::L(Vec::new()))
            .expression_attribute_values(":one", AttributeValue::L(vec![value]))
            .table_name(&self.table);
        self.writes.push((TransactWriteItem::builder().update(built(update.build())?).build(), Refusal::Conflict));
        Ok(())
    }
}

/// The builders fail only where a required part is missing, and this module sets every one.
fn built<T>(built: Result<T, BuildError>) -> Result<T, Error> {
    built.map_err(|error| Error::Other {
        operation: "TransactWriteItems",
        message: "a write could not be built".to_owned(),
        source: Box::new(error),
    })
}

impl Store {
    /// Sends a transaction.
    ///
    /// # Errors
    /// [`Error::TooLarge`] before anything is sent; the refusals of the writes; what the service says.
    pub(crate) async fn transact(&self, pattern: &'static str, transaction: Transaction) -> Result<(), Error> {
        let (count, size) = (transaction.writes.len(), transaction.bytes);
        if count > TRANSACTION_ITEMS_MAX {
            let what = "the number of items written at once";
            return Err(Error::TooLarge { what, size: count, limit: TRANSACTION_ITEMS_MAX });
        }
        if size > TRANSACTION_BYTES_MAX {
            let what = "what is written at once, in bytes,";
            return Err(Error::TooLarge { what, size, limit: TRANSACTION_BYTES_MAX });
        }
        let (writes, refusals): (Vec<_>, Vec<_>) = transaction.writes.into_iter().unzip();
        // The SDK adds a client request token: a repeat after a lost answer is no second write.
        let result = self
            .inner
            .client
            .transact_write_items()
            .set_transact_items(Some(writes))
            .set_return_consumed_capacity(self.capacity())
            .send()
            .await;
        match result {
            Ok(output) => {
                if let Some(meter) = &self.meter {
                    for consumed in output.consumed_capacity() {
                        meter.write("TransactWriteItems", pattern, Some(consumed));
                    }
                }
                Ok(())
            }
            Err(error) => {
                Err(refused(&error, &refusals).unwrap_or_else(|| Error::from_sdk("TransactWriteItems", error)))
            }
        }
    }
}

/// What a cancelled transaction means, or `None` where the reasons say nothing this crate knows.
fn refused<R>(error: &SdkError<TransactWriteItemsError, R>, refusals: &[Refusal]) -> Option<Error> {
    let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) = error.as_service_error() else {
        return None;
    };
    let reasons = cancelled.cancellation_reasons();
    let code = |reason: &CancellationReason| reason.code().map(str::to_owned).unwrap_or_default();
    let refusal = reasons
        .iter()
        .zip(refusals)
        .filter(|(reason, _)| code(reason) == "ConditionalCheckFailed")
        .map(|(_, refusal)| *refusal)
        .min();
    match refusal {
        Some(Refusal::IdempotencyTaken) => return Some(Error::IdempotencyTaken),
        Some(Refusal::KeyTaken) => return Some(Error::KeyTaken),
        Some(Refusal::Conflict) => return Some(Error::Conflict),
        None => {}
    }
    if reasons.iter().any(|reason| code(reason) == "TransactionConflict") {
        return Some(Error::Conflict);
    }
    let throttled = ["ThrottlingError", "ProvisionedThroughputExceeded"];
    reasons.iter().any(|reason| throttled.contains(&code(reason).as_str())).then_some(Error::Throttled)
}
