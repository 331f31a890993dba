//! Counts what calls consume, for tests and the bench. In production nothing asks for it.

use aws_sdk_dynamodb::types::ConsumedCapacity;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// Collects the capacity that a metered store consumes. Clones share one list.
#[derive(Clone, Debug, Default)]
pub struct Meter(Arc<Mutex<Vec<Call>>>);

/// One call that succeeded. What a failed condition costs (one write unit each) is not reported by DynamoDB.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// Operation of the API.
    pub operation: &'static str,
    /// The access pattern, as in the table of the crate's documentation.
    pub pattern: &'static str,
    /// What it consumed.
    pub units: Units,
}

/// Request units.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Units {
    /// Read units of the table.
    pub table_read: f64,
    /// Write units of the table; a transaction counts twice.
    pub table_write: f64,
    /// Read units of indexes.
    pub index_read: f64,
    /// Write units of indexes; a transaction counts once.
    pub index_write: f64,
}

impl Meter {
    /// Every call since the last [`Meter::take`].
    pub fn calls(&self) -> Vec<Call> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Every call since the last time; the list is then empty.
    pub fn take(&self) -> Vec<Call> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The sum since the last [`Meter::take`].
    pub fn units(&self) -> Units {
        Units::sum(&self.calls())
    }

    pub(crate) fn read(&self, operation: &'static str, pattern: &'static str, consumed: Option<&ConsumedCapacity>) {
        let (table_read, index_read) = arms(consumed);
        self.push(operation, pattern, Units { table_read, index_read, ..Units::default() });
    }

    pub(crate) fn write(&self, operation: &'static str, pattern: &'static str, consumed: Option<&ConsumedCapacity>) {
        let (table_write, index_write) = arms(consumed);
        self.push(operation, pattern, Units { table_write, index_write, ..Units::default() });
    }

    fn push(&self, operation: &'static str, pattern: &'static str, units: Units) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Call { operation, pattern, units });
    }
}

impl Units {
    /// The sum over calls.
    pub fn sum(calls: &[Call]) -> Units {
        calls.iter().fold(Units::default(), |sum, call| Units {
            table_read: sum.table_read + call.units.table_read,
            table_write: sum.table_write + call.units.table_write,
            index_read: sum.index_read + call.units.index_read,
            index_write: sum.index_write + call.units.index_write,
        })
    }

    /// The sums by access pattern, without the patterns named in `but`.
    pub fn by_pattern(calls: &[Call], but: &[&str]) -> BTreeMap<&'static str, Units> {
        let mut sums: BTreeMap<&'static str, Units> = BTreeMap::new();
        for call in calls.iter().filter(|call| !but.contains(&call.pattern)) {
            let so_far = sums.entry(call.pattern).or_default();
            *so_far = Units {
                table_read: so_far.table_read + call.units.table_read,
                table_write: so_far.table_write + call.units.table_write,
                index_read: so_far.index_read + call.units.index_read,
                index_write: so_far.index_write + call.units.index_write,
            };
        }
        sums
    }
}

impl fmt::Display for Units {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "table {:>4} read {:>4} write, indexes {:>4} read {:>4} write",
            self.table_read, self.table_write, self.index_read, self.index_write
        )
    }
}

/// Units of the table and of its indexes together. `CapacityUnits` of the whole includes the indexes.
fn arms(consumed: Option<&ConsumedCapacity>) -> (f64, f64) {
    let Some(consumed) = consumed else { return (0.0, 0.0) };
    let indexes = consumed
        .global_secondary_indexes()
        .map(|indexes| indexes.values().filter_map(|index| index.capacity_units()).sum())
        .unwrap_or(0.0);
    let table = consumed.table().and_then(|table| table.capacity_units());
    (table.unwrap_or_else(|| consumed.capacity_units().unwrap_or(0.0) - indexes), indexes)
}
