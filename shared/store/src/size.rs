//! Sizes of items by DynamoDB's own rule, so that limits are met before anything is sent. Sends nothing.

use crate::item::Item;
use aws_sdk_dynamodb::types::AttributeValue;

/// An item holds at most this many bytes.
pub const ITEM_BYTES_MAX: usize = 400 * 1024;
/// Bytes of an item that one write unit pays for.
pub const WRITE_UNIT_BYTES: usize = 1_024;
/// A transaction holds at most this many items.
pub const TRANSACTION_ITEMS_MAX: usize = 100;
/// The items of a transaction hold at most this many bytes together.
pub const TRANSACTION_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Bytes of an item: the names and values of its attributes. What is billed is this, rounded up to the next KiB (write)
/// or 4 KiB (read).
pub fn item_size(item: &Item) -> usize {
    item.iter().map(|(name, value)| name.len() + value_size(value)).sum()
}

fn value_size(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::N(number) => number_size(number),
        AttributeValue::B(bytes) => bytes.as_ref().len(),
        AttributeValue::Bool(_) | AttributeValue::Null(_) => 1,
        AttributeValue::Ss(texts) => texts.iter().map(String::len).sum(),
        AttributeValue::Ns(numbers) => numbers.iter().map(|number| number_size(number)).sum(),
        AttributeValue::Bs(blobs) => blobs.iter().map(|bytes| bytes.as_ref().len()).sum(),
        // 3 bytes for the container and 1 for each element.
        AttributeValue::L(list) => 3 + list.iter().map(|value| 1 + value_size(value)).sum::<usize>(),
        AttributeValue::M(map) => 3 + map.iter().map(|(name, value)| 1 + name.len() + value_size(value)).sum::<usize>(),
        // A kind of value that this SDK does not know is never written by this crate.
        AttributeValue::Unknown { .. } | _ => 0,
    }
}

/// One byte, one for every two significant digits on each side of the point, and one for a minus sign. The store writes
/// plain decimals only.
fn number_size(number: &str) -> usize {
    let digits = number.trim_start_matches('-');
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let whole = whole.trim_start_matches('0');
    let fraction = fraction.trim_end_matches('0');
    let (whole, fraction) = match (whole, fraction) {
        // Zeros at either end are not stored.
        (whole, "") => (whole.trim_end_matches('0').len(), 0),
        ("", fraction) => (0, fraction.trim_start_matches('0').len()),
        (whole, fraction) => (whole.len(), fraction.len()),
    };
    whole.div_ceil(2) + fraction.div_ceil(2) + 1 + usize::from(number.starts_with('-') && whole + fraction > 0)
}
