//! `Idempotency-Key`: the hash that names a request and the hash of its body. Storage is the store's, replay the door's.

use aws_lc_rs::digest;
use serde_json::Value;

use crate::auth::{Caller, hex};

/// Characters of an `Idempotency-Key` at most.
pub const KEY_CHARS_MAX: usize = 255;

/// What makes two requests the same request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestHash {
    /// Of tenant, caller, method, path and key.
    pub request: String,
    /// Of the body as canonical JSON.
    pub body: String,
}

impl RequestHash {
    /// For a request with an `Idempotency-Key`.
    pub fn new(caller: &Caller, method: &str, path: &str, key: &str, body: &Value) -> RequestHash {
        let name = format!("{}\n{}\n{method}\n{path}\n{key}", caller.tenant, caller.user);
        RequestHash { request: sha256(name.as_bytes()), body: sha256(canonical(body).as_bytes()) }
    }
}

fn sha256(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

/// JSON with sorted names and without white space: two spellings of one body are one body.
fn canonical(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let mut names: Vec<&String> = map.keys().collect();
            names.sort();
            let fields: Vec<String> =
                names.iter().map(|name| format!("{}:{}", Value::from(name.as_str()), canonical(&map[*name]))).collect();
            format!("{{{}}}", fields.join(","))
        }
        Value::Array(list) => format!("[{}]", list.iter().map(canonical).collect::<Vec<_>>().join(",")),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.to_string(),
    }
}
