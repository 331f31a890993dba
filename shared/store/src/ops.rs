//! The calls of the table's API that this crate makes, each with its meter and its error mapping. Knows no item.

use crate::item::{Item, key_item};
use crate::keys::Key;
use crate::size::{ITEM_BYTES_MAX, item_size};
use crate::{Error, Store};
use aws_sdk_dynamodb::error::{BuildError, SdkError};
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, PutRequest, ReturnConsumedCapacity, WriteRequest};
use std::collections::HashMap;
use std::time::Duration;

/// Milliseconds before each try of what a batch left undone.
const BATCH_WAITS_MS: [u64; 5] = [0, 20, 80, 320, 1_280];

/// One page of a query.
pub(crate) struct QueryPage {
    pub items: Vec<Item>,
    /// Where to go on; `None` at the end.
    pub last: Option<Item>,
}

impl Store {
    pub(crate) fn capacity(&self) -> Option<ReturnConsumedCapacity> {
        self.meter.as_ref().map(|_| ReturnConsumedCapacity::Indexes)
    }

    pub(crate) async fn get(&self, pattern: &'static str, key: &Key, strong: bool) -> Result<Option<Item>, Error> {
        let output = self
            .inner
            .client
            .get_item()
            .table_name(&self.inner.table)
            .set_key(Some(key_item(key)))
            .consistent_read(strong)
            .set_return_consumed_capacity(self.capacity())
            .send()
            .await
            .map_err(|error| Error::from_sdk("GetItem", error))?;
        if let Some(meter) = &self.meter {
            meter.read("GetItem", pattern, output.consumed_capacity());
        }
        Ok(output.item)
    }

    /// The attributes `names` of up to 100 items, strongly consistent, in no order; what is not there is left out.
    pub(crate) async fn batch_get(
        &self,
        pattern: &'static str,
        keys: Vec<Key>,
        names: &[&str],
    ) -> Result<Vec<Item>, Error> {
        let mut attributes = KeysAndAttributes::builder().consistent_read(true);
        for (number, name) in names.iter().enumerate() {
            attributes = attributes.expression_attribute_names(format!("#n{number}"), *name);
        }
        let projection: Vec<String> = (0..names.len()).map(|number| format!("#n{number}")).collect();
        let keys = keys.iter().map(key_item).collect();
        let attributes = attributes.projection_expression(projection.join(", ")).set_keys(Some(keys)).build();
        self.batch(pattern, attributes.map_err(unbuilt)?).await
    }

    async fn batch(&self, pattern: &'static str, attributes: KeysAndAttributes) -> Result<Vec<Item>, Error> {
        let mut asked = HashMap::from([(self.inner.table.clone(), attributes)]);
        let mut items = Vec::new();
        for wait_ms in BATCH_WAITS_MS {
            tokio::time::sleep(Duration::from_millis(wait_ms)).await;
            let call = self.inner.client.batch_get_item().set_request_items(Some(asked));
            let output = call.set_return_consumed_capacity(self.capacity()).send().await;
            let output = output.map_err(|error| Error::from_sdk("BatchGetItem", error))?;
            if let Some(meter) = &self.meter {
                output.consumed_capacity().iter().for_each(|used| meter.read("BatchGetItem", pattern, Some(used)));
            }
            items.extend(output.responses.unwrap_or_default().into_values().flatten());
            asked = output.unprocessed_keys.unwrap_or_default();
            if asked.is_empty() {
                return Ok(items);
            }
        }
        Err(Error::Throttled)
    }

    /// Whole items, each a moment old at most and for half a read unit, in no order; what is not there is left out.
    pub(crate) async fn batch_get_weak(&self, pattern: &'static str, keys: Vec<Key>) -> Result<Vec<Item>, Error> {
        let keys = keys.iter().map(key_item).collect();
        let attributes = KeysAndAttributes::builder().consistent_read(false).set_keys(Some(keys)).build();
        self.batch(pattern, attributes.map_err(unbuilt)?).await
    }

    /// Puts items, each for itself, whatever was there: for what may be written again after a failure.
    pub(crate) async fn batch_put(&self, pattern: &'static str, items: Vec<Item>) -> Result<(), Error> {
        for chunk in items.chunks(25) {
            let mut asked = Vec::with_capacity(chunk.len());
            for item in chunk {
                let put = PutRequest::builder().set_item(Some(item.clone())).build().map_err(unbuilt)?;
                asked.push(WriteRequest::builder().put_request(put).build());
            }
            let mut asked = HashMap::from([(self.inner.table.clone(), asked)]);
            for wait_ms in BATCH_WAITS_MS {
                tokio::time::sleep(Duration::from_millis(wait_ms)).await;
                let call = self.inner.client.batch_write_item().set_request_items(Some(asked));
                let output = call.set_return_consumed_capacity(self.capacity()).send().await;
                let output = output.map_err(|error| Error::from_sdk("BatchWriteItem", error))?;
                if let Some(meter) = &self.meter {
                    let used = output.consumed_capacity();
                    used.iter().for_each(|used| meter.write("BatchWriteItem", pattern, Some(used)));
                }
                asked = output.unprocessed_items.unwrap_or_default();
                if asked.is_empty() {
                    break;
                }
            }
            if !asked.is_empty() {
                return Err(Error::Throttled);
            }
        }
        Ok(())
    }

    /// A query of one partition of the table.
    pub(crate) fn partition(&self, pk: String) -> QueryFluentBuilder {
        self.inner
            .client
            .query()
            .table_name(&self.inner.table)
            .expression_attribute_names("#pk", crate::table::PARTITION_KEY)
            .expression_attribute_values(":pk", AttributeValue::S(pk))
    }

    /// The items of a partition whose sort key begins with `prefix`.
    pub(crate) fn beginning(&self, pk: String, prefix: &str) -> QueryFluentBuilder {
        self.partition(pk)
            .key_condition_expression("#pk = :pk AND begins_with(#sk, :prefix)")
            .expression_attribute_names("#sk", crate::table::SORT_KEY)
            .expression_attribute_values(":prefix", AttributeValue::S(prefix.to_owned()))
    }

    pub(crate) async fn query_page(
        &self,
        pattern: &'static str,
        query: QueryFluentBuilder,
        after: Option<Item>,
    ) -> Result<QueryPage, Error> {
        let output = query
            .set_exclusive_start_key(after)
            .set_return_consumed_capacity(self.capacity())
            .send()
            .await
            .map_err(|error| Error::from_sdk("Query", error))?;
        if let Some(meter) = &self.meter {
            meter.read("Query", pattern, output.consumed_capacity());
        }
        Ok(QueryPage { items: output.items.unwrap_or_default(), last: output.last_evaluated_key })
    }

    /// Every item of a query, page after page (a page ends at 1 MB).
    pub(crate) async fn query_all(&self, pattern: &'static str, query: QueryFluentBuilder) -> Result<Vec<Item>, Error> {
        let mut items = Vec::new();
        let mut after = None;
        loop {
            let page = self.query_page(pattern, query.clone(), after).await?;
            items.extend(page.items);
            if page.last.is_none() {
                return Ok(items);
            }
            after = page.last;
        }
    }

    /// Puts an item if there is none with its key. False where there is one.
    pub(crate) async fn put_new(&self, pattern: &'static str, item: Item) -> Result<bool, Error> {
        let put = self.inner.client.put_item().condition_expression("attribute_not_exists(pk)");
        match self.send_put(pattern, put, item).await {
            Ok(()) => Ok(true),
            Err(Error::Conflict) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Puts an item, whatever was there.
    pub(crate) async fn put(&self, pattern: &'static str, item: Item) -> Result<(), Error> {
        self.send_put(pattern, self.inner.client.put_item(), item).await
    }

    async fn send_put(
        &self,
        pattern: &'static str,
        put: aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder,
        item: Item,
    ) -> Result<(), Error> {
        check_size("the item in bytes", &item)?;
        let output = put
            .table_name(&self.inner.table)
            .set_item(Some(item))
            .set_return_consumed_capacity(self.capacity())
            .send()
            .await
            .map_err(|error| Error::from_sdk("PutItem", error))?;
        if let Some(meter) = &self.meter {
            meter.write("PutItem", pattern, output.consumed_capacity());
        }
        Ok(())
    }

    pub(crate) async fn delete(&self, pattern: &'static str, key: &Key) -> Result<(), Error> {
        let output = self
            .inner
            .client
            .delete_item()
            .table_name(&self.inner.table)
            .set_key(Some(key_item(key)))
            .set_return_consumed_capacity(self.capacity())
            .send()
            .await
            .map_err(|error| Error::from_sdk("DeleteItem", error))?;
        if let Some(meter) = &self.meter {
            meter.write("DeleteItem", pattern, output.consumed_capacity());
        }
        Ok(())
    }

    /// An update of one item, to be completed with expressions.
    pub(crate) fn update(&self, key: &Key) -> UpdateItemFluentBuilder {
        self.inner.client.update_item().table_name(&self.inner.table).set_key(Some(key_item(key)))
    }

    /// Sends an update. `None` where its condition does not hold; else what it was asked to return.
    pub(crate) async fn send_update(
        &self,
        pattern: &'static str,
        update: UpdateItemFluentBuilder,
    ) -> Result<Option<Item>, Error> {
        let result = update.set_return_consumed_capacity(self.capacity()).send().await;
        match result {
            Ok(output) => {
                if let Some(meter) = &self.meter {
                    meter.write("UpdateItem", pattern, output.consumed_capacity());
                }
                Ok(Some(output.attributes.unwrap_or_default()))
            }
            Err(SdkError::ServiceError(error)) if error.err().is_conditional_check_failed_exception() => Ok(None),
            Err(error) => Err(Error::from_sdk("UpdateItem", error)),
        }
    }
}

fn unbuilt(error: BuildError) -> Error {
    Error::Other { operation: "Batch", message: "a request could not be built".to_owned(), source: Box::new(error) }
}

/// Refuses what DynamoDB would refuse, with words that help.
pub(crate) fn check_size(what: &'static str, item: &Item) -> Result<usize, Error> {
    let size = item_size(item);
    if size > ITEM_BYTES_MAX { Err(Error::TooLarge { what, size, limit: ITEM_BYTES_MAX }) } else { Ok(size) }
}
