//! DynamoDB's JSON (`{"S": ...}`), as stream records carry it. Converts; interprets nothing.

use super::Item;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
#[cfg(test)]
use serde_json::json;
use serde_json::{Map, Value};

/// Levels of nesting at most, as DynamoDB itself allows.
const DEPTH_MAX: usize = 32;

/// An item from DynamoDB's JSON, or `None` where it is malformed.
pub(crate) fn item_from_json(value: &Value) -> Option<Item> {
    map_from_json(value.as_object()?, 0)
}

/// An item in DynamoDB's JSON, the form of golden files, or `None` where it holds a kind of value this SDK does not know.
#[cfg(test)]
pub(crate) fn item_to_json(item: &Item) -> Option<Value> {
    let fields: Option<Map<String, Value>> =
        item.iter().map(|(name, value)| Some((name.clone(), value_to_json(value)?))).collect();
    fields.map(Value::Object)
}

fn map_from_json(map: &Map<String, Value>, depth: usize) -> Option<Item> {
    map.iter().map(|(name, value)| Some((name.clone(), value_from_json(value, depth)?))).collect()
}

fn value_from_json(value: &Value, depth: usize) -> Option<AttributeValue> {
    if depth > DEPTH_MAX {
        return None;
    }
    let object = value.as_object().filter(|object| object.len() == 1)?;
    let (kind, value) = object.iter().next()?;
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let blob = |value: &Value| STANDARD.decode(value.as_str()?).ok().map(Blob::new);
    Some(match kind.as_str() {
        "S" => AttributeValue::S(text(value)?),
        "N" => AttributeValue::N(text(value)?),
        "B" => AttributeValue::B(blob(value)?),
        "BOOL" => AttributeValue::Bool(value.as_bool()?),
        "NULL" => AttributeValue::Null(value.as_bool()?),
        "M" => AttributeValue::M(map_from_json(value.as_object()?, depth + 1)?),
        "L" => {
            let values: Option<Vec<_>> =
                value.as_array()?.iter().map(|value| value_from_json(value, depth + 1)).collect();
            AttributeValue::L(values?)
        }
        "SS" => AttributeValue::Ss(value.as_array()?.iter().map(text).collect::<Option<_>>()?),
        "NS" => AttributeValue::Ns(value.as_array()?.iter().map(text).collect::<Option<_>>()?),
        "BS" => AttributeValue::Bs(value.as_array()?.iter().map(blob).collect::<Option<_>>()?),
        _ => return None,
    })
}

#[cfg(test)]
fn value_to_json(value: &AttributeValue) -> Option<Value> {
    Some(match value {
        AttributeValue::S(text) => json!({ "S": text }),
        AttributeValue::N(number) => json!({ "N": number }),
        AttributeValue::B(bytes) => json!({ "B": STANDARD.encode(bytes) }),
        AttributeValue::Bool(flag) => json!({ "BOOL": flag }),
        AttributeValue::Null(flag) => json!({ "NULL": flag }),
        AttributeValue::M(map) => json!({ "M": item_to_json(map)? }),
        AttributeValue::L(list) => {
            json!({ "L": list.iter().map(value_to_json).collect::<Option<Vec<_>>>()? })
        }
        AttributeValue::Ss(texts) => json!({ "SS": texts }),
        AttributeValue::Ns(numbers) => json!({ "NS": numbers }),
        AttributeValue::Bs(blobs) => {
            json!({ "BS": blobs.iter().map(|bytes| STANDARD.encode(bytes)).collect::<Vec<_>>() })
        }
        AttributeValue::Unknown { .. } | _ => return None,
    })
}
