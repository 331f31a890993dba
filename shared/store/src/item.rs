//! Stored shapes: attribute values in and out of domain types. Every item carries its kind and the version of its shape
//! in `k`; golden files in `testdata` keep yesterday's items readable. Sends nothing.

pub(crate) mod head;
pub(crate) mod task;
pub(crate) mod wire;
pub(crate) mod work_task;

use crate::Error;
use crate::keys::Key;
use crate::table::{PARTITION_KEY, SORT_KEY};
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::HashMap;
use std::str::FromStr;

/// An item, or a part of one.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// Builds an item.
pub(crate) struct Writer(Item);

impl Writer {
    /// Begins an item with its key and its kind, for example `H1`: a head in the first shape.
    pub fn new(key: &Key, kind: &str) -> Writer {
        Writer(key_item(key)).text("k", kind)
    }

    pub fn text(mut self, name: &str, value: impl Into<String>) -> Writer {
        self.0.insert(name.to_owned(), AttributeValue::S(value.into()));
        self
    }

    pub fn text_if(self, name: &str, value: Option<impl Into<String>>) -> Writer {
        match value {
            Some(value) => self.text(name, value),
            None => self,
        }
    }

    pub fn number(mut self, name: &str, value: impl ToString) -> Writer {
        self.0.insert(name.to_owned(), AttributeValue::N(value.to_string()));
        self
    }

    pub fn number_if(self, name: &str, value: Option<impl ToString>) -> Writer {
        match value {
            Some(value) => self.number(name, value),
            None => self,
        }
    }

    pub fn flag_if(mut self, name: &str, value: bool) -> Writer {
        if value {
            self.0.insert(name.to_owned(), AttributeValue::Bool(true));
        }
        self
    }

    pub fn bytes(mut self, name: &str, value: Vec<u8>) -> Writer {
        self.0.insert(name.to_owned(), AttributeValue::B(Blob::new(value)));
        self
    }

    /// Compact JSON: smaller than a map of DynamoDB's own, and nobody asks for a part of it.
    pub fn json(self, name: &str, value: &impl Serialize) -> Writer {
        let text = serde_json::to_string(value).expect("domain types have text keys only");
        self.text(name, text)
    }

    pub fn json_unless(self, empty: bool, name: &str, value: &impl Serialize) -> Writer {
        if empty { self } else { self.json(name, value) }
    }

    pub fn value(mut self, name: &str, value: AttributeValue) -> Writer {
        self.0.insert(name.to_owned(), value);
        self
    }

    pub fn done(self) -> Item {
        self.0
    }
}

/// Reads an item. What is missing or of another type is [`Error::Corrupt`] with the item's key.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a>(pub &'a Item);

impl<'a> Reader<'a> {
    pub fn corrupt(self, problem: impl Into<String>) -> Error {
        let part = |name| self.text_opt(name).unwrap_or("?");
        Error::Corrupt { key: format!("{} {}", part(PARTITION_KEY), part(SORT_KEY)), problem: problem.into() }
    }

    pub fn text_opt(self, name: &str) -> Option<&'a str> {
        self.0.get(name)?.as_s().ok().map(String::as_str)
    }

    pub fn owned_opt(self, name: &str) -> Option<String> {
        self.text_opt(name).map(str::to_owned)
    }

    pub fn text(self, name: &str) -> Result<&'a str, Error> {
        self.text_opt(name).ok_or_else(|| self.corrupt(format!("no text \"{name}\"")))
    }

    pub fn number_opt<T: FromStr>(self, name: &str) -> Result<Option<T>, Error> {
        match self.0.get(name) {
            None => Ok(None),
            Some(value) => value
                .as_n()
                .ok()
                .and_then(|text| text.parse().ok())
                .map(Some)
                .ok_or_else(|| self.corrupt(format!("\"{name}\" is no number of the expected range"))),
        }
    }

    pub fn number<T: FromStr>(self, name: &str) -> Result<T, Error> {
        self.number_opt(name)?.ok_or_else(|| self.corrupt(format!("no number \"{name}\"")))
    }

    pub fn flag(self, name: &str) -> bool {
        self.0.get(name).and_then(|value| value.as_bool().ok()).copied().unwrap_or(false)
    }

    pub fn bytes(self, name: &str) -> Result<&'a [u8], Error> {
        let value = self.0.get(name).and_then(|value| value.as_b().ok());
        value.map(Blob::as_ref).ok_or_else(|| self.corrupt(format!("no bytes \"{name}\"")))
    }

    pub fn json<T: DeserializeOwned>(self, name: &str) -> Result<T, Error> {
        serde_json::from_str(self.text(name)?).map_err(|error| self.corrupt(format!("\"{name}\": {error}")))
    }

    pub fn json_or_default<T: DeserializeOwned + Default>(self, name: &str) -> Result<T, Error> {
        if self.0.contains_key(name) { self.json(name) } else { Ok(T::default()) }
    }

    /// A domain word (status, delivery, channel) as its own `serde` form reads it.
    pub fn word<T: DeserializeOwned>(self, name: &str) -> Result<T, Error> {
        let text = self.text(name)?;
        serde_json::from_value(text.into()).map_err(|error| self.corrupt(format!("\"{name}\": {error}")))
    }
}

/// The key attributes alone.
pub(crate) fn key_item(key: &Key) -> Item {
    HashMap::from([
        (PARTITION_KEY.to_owned(), AttributeValue::S(key.pk.clone())),
        (SORT_KEY.to_owned(), AttributeValue::S(key.sk.clone())),
    ])
}

/// The word of a domain enum as its own `serde` form writes it.
pub(crate) fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(other) => other.to_string(),
        Err(_) => String::new(),
    }
}
