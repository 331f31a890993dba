//! Heads of several instances without their tasks and variables: where each of a list's rows stands. Writes nothing.

use crate::item::{Reader, head};
use crate::keys::{Collection, InstanceItem};
use crate::table::{PARTITION_KEY, SORT_KEY};
use crate::{Error, Store};
use domain::ids::{InstanceKey, TenantId};
use domain::instance::Instance;
use std::collections::BTreeMap;

/// Heads of one call at most.
pub const HEADS_MAX: usize = 100;
/// Everything of a head but its variables, which can be large and are not everybody's to read.
const NAMES: [&str; 18] = [
    PARTITION_KEY,
    SORT_KEY,
    head::VERSION,
    "p",
    "dv",
    "s",
    "bk",
    "ref",
    "es",
    "by",
    "at",
    "en",
    "el",
    "rd",
    "in",
    "ln",
    "lt",
    "ac",
];

impl Store {
    /// The heads of at most [`HEADS_MAX`] instances, strongly consistent and without variables; further keys and instances
    /// that are not there are left out. One unit for each 4 KB of a head.
    ///
    /// # Errors
    /// [`Error::Corrupt`] where an item cannot be read; [`Error::Throttled`] and [`Error::Other`] of the table.
    pub async fn heads(
        &self,
        tenant: TenantId,
        keys: &[InstanceKey],
    ) -> Result<BTreeMap<InstanceKey, Instance>, Error> {
        let mut wanted: Vec<InstanceKey> = keys.to_vec();
        wanted.sort_unstable();
        wanted.dedup();
        wanted.truncate(HEADS_MAX);
        if wanted.is_empty() {
            return Ok(BTreeMap::new());
        }
        let items = wanted.iter().map(|key| InstanceItem::Head.key(tenant, *key)).collect();
        let mut heads = BTreeMap::new();
        for item in self.batch_get("heads", items, &NAMES).await? {
            let pk = Reader(&item).text(PARTITION_KEY)?;
            if let Ok(Collection::Instance(_, key)) = pk.parse() {
                heads.insert(key, head::read(key, &item)?.0);
            }
        }
        Ok(heads)
    }
}
