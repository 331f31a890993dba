//! `Idempotency-Key`: the hash that names a request and the hash of its body. Storage is the store's, replay the door's.

use crate::auth::{Caller, hex};
use aws_lc_rs::digest;
use serde_json::Value;
use store::IdempotencyRecord;

/// Characters of an `Idempotency-Key` at most.
pub const KEY_CHARS_MAX: usize = 255;

/// Seconds for which an answer to a client is kept (contract: 24 h).
const CLIENT_KEPT_S: i64 = 24 * 3_600;
/// Seconds for which the engine's own work is remembered: a message that failed for a day may come back from the dead
/// letters, which are kept for two weeks.
const ENGINE_KEPT_S: i64 = 16 * 24 * 3_600;

/// What makes two requests the same request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestHash {
    /// Of tenant, caller, method, path and key.
    pub request: String,
    /// Of the body as canonical JSON.
    pub body: String,
    kept_s: i64,
}

impl RequestHash {
    /// For a request with an `Idempotency-Key`.
    pub fn new(caller: &Caller, method: &str, path: &str, key: &str, body: &Value) -> RequestHash {
        let name = format!("{}\n{}\n{method}\n{path}\n{key}", caller.tenant, caller.user);
        let (request, body) = (sha256(name.as_bytes()), sha256(canonical(body).as_bytes()));
        RequestHash { request, body, kept_s: CLIENT_KEPT_S }
    }

    /// For work of the engine's own that may be delivered more than once.
    pub fn of_engine(name: String) -> RequestHash {
        RequestHash { request: name.clone(), body: name, kept_s: ENGINE_KEPT_S }
    }

    /// What is kept of the answer.
    pub fn record(&self, status: u16, response: Value) -> IdempotencyRecord {
        let (hash, body_hash, kept_s) = (self.request.clone(), self.body.clone(), self.kept_s);
        IdempotencyRecord { hash, body_hash, status, response, kept_s }
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
