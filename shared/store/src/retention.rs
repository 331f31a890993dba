//! The end of what is kept: marks every item of an ended aggregate for deletion by the table itself. Decides nothing about
//! how long; deletes nothing.

use crate::item::Reader;
use crate::keys::{Collection, Key};
use crate::table::{PARTITION_KEY, SORT_KEY, TTL};
use crate::{Error, Store};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::ids::{InstanceKey, TenantId};
use domain::time::Timestamp;

impl Store {
    /// Lets the table delete an instance with its tasks and its whole journal at `at` or within two days after. One write
    /// unit for each KB of each item; rows of lists go with their items. Setting the same time again writes nothing.
    ///
    /// # Errors
    /// [`Error::Throttled`] and [`Error::Other`] of the table; the call may be repeated.
    pub async fn keep_until(&self, tenant: TenantId, instance: InstanceKey, at: Timestamp) -> Result<(), Error> {
        let gone_at = AttributeValue::N(at.as_millis().div_euclid(1_000).to_string());
        let query = self
            .partition(Collection::Instance(tenant, instance).to_string())
            .key_condition_expression("#pk = :pk")
            .filter_expression("attribute_not_exists(#t) OR #t <> :t")
            .projection_expression("#pk, #sk")
            .expression_attribute_names("#sk", SORT_KEY)
            .expression_attribute_names("#t", TTL)
            .expression_attribute_values(":t", gone_at.clone())
            .consistent_read(true);
        for item in self.query_all("retention", query).await? {
            let reader = Reader(&item);
            let key = Key { pk: reader.text(PARTITION_KEY)?.to_owned(), sk: reader.text(SORT_KEY)?.to_owned() };
            let update = self
                .update(&key)
                .update_expression("SET #t = :t")
                .condition_expression("attribute_exists(pk)")
                .expression_attribute_names("#t", TTL)
                .expression_attribute_values(":t", gone_at.clone());
            self.send_update("retention", update).await?;
        }
        Ok(())
    }
}
