//! Reads JSON bodies field by field and reports everything that is wrong at once. Null counts as absent.

use crate::problem::{FieldProblem, Problem};
use domain::variables::Variables;
use serde_json::Value;

/// Bytes of a body at most.
pub const BODY_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Names of unknown fields reported at most.
const UNKNOWN_MAX: usize = 10;

/// The fields of a body, taken one after the other.
#[derive(Debug)]
pub struct Fields {
    map: Variables,
    errors: Vec<FieldProblem>,
}

impl Fields {
    /// From a parsed body; an empty one counts as `{}`.
    pub fn new(body: Value) -> Result<Fields, Problem> {
        match body {
            Value::Null => Ok(Fields { map: Variables::new(), errors: Vec::new() }),
            Value::Object(map) => Ok(Fields { map, errors: Vec::new() }),
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                Err(Problem::new(400, "MALFORMED", "The body must be a JSON object, for example {}."))
            }
        }
    }

    fn take(&mut self, name: &str) -> Option<Value> {
        self.map.remove(name).filter(|value| !value.is_null())
    }

    /// Reports a field that was read and cannot be accepted.
    pub fn refuse(&mut self, field: &str, code: &'static str, message: String) {
        self.errors.push(FieldProblem { field: field.to_owned(), code, message });
    }

    /// Reports that one of `fields` is missing, unless one of them was refused already.
    pub fn one_of(&mut self, fields: [&str; 2], message: &str) {
        if !self.errors.iter().any(|error| fields.contains(&error.field.as_str())) {
            self.refuse(fields[0], "REQUIRED", message.to_owned());
        }
    }

    /// True or false.
    pub fn flag(&mut self, name: &str) -> Option<bool> {
        let value = self.take(name)?;
        if !value.is_boolean() {
            self.refuse(name, "WRONG_TYPE", format!("{name} must be true or false."));
        }
        value.as_bool()
    }

    /// A list.
    pub fn list(&mut self, name: &str) -> Option<Vec<Value>> {
        match self.take(name)? {
            Value::Array(items) => Some(items),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
                self.refuse(name, "WRONG_TYPE", format!("{name} must be a list."));
                None
            }
        }
    }

    /// An object.
    pub fn object(&mut self, name: &str) -> Option<Variables> {
        match self.take(name)? {
            Value::Object(map) => Some(map),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                self.refuse(name, "WRONG_TYPE", format!("{name} must be an object."));
                None
            }
        }
    }

    /// A text of at most `max` characters.
    pub fn text(&mut self, name: &str, max: usize) -> Option<String> {
        match self.take(name)? {
            Value::String(text) if text.trim().is_empty() => None,
            Value::String(text) if text.chars().count() > max => {
                self.refuse(name, "TOO_LONG", format!("{name} has more than {max} characters; shorten it."));
                None
            }
            Value::String(text) => Some(text),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                self.refuse(name, "WRONG_TYPE", format!("{name} must be a text."));
                None
            }
        }
    }

    /// One of several words, as what it stands for.
    pub fn choice<T: Copy>(&mut self, name: &str, choices: &[(&str, T)]) -> Option<T> {
        let word = self.text(name, 50)?;
        let found = choices.iter().find(|(choice, _)| *choice == word).map(|(_, meaning)| *meaning);
        if found.is_none() {
            let words: Vec<&str> = choices.iter().map(|(choice, _)| *choice).collect();
            self.refuse(name, "INVALID_VALUE", format!("{name} must be {}.", words.join(" or ")));
        }
        found
    }

    /// A text that must be there.
    pub fn required_text(&mut self, name: &str, max: usize) -> String {
        let before = self.errors.len();
        let text = self.text(name, max);
        if text.is_none() && self.errors.len() == before {
            self.refuse(name, "REQUIRED", format!("{name} is missing."));
        }
        text.unwrap_or_default()
    }

    /// A whole number from 1.
    pub fn version(&mut self, name: &str) -> Option<u32> {
        let value = self.take(name)?;
        let version = value.as_u64().and_then(|version| u32::try_from(version).ok()).filter(|version| *version > 0);
        if version.is_none() {
            self.refuse(name, "WRONG_TYPE", format!("{name} must be a whole number from 1."));
        }
        version
    }

    /// An object of variables.
    pub fn variables(&mut self, name: &str) -> Variables {
        match self.take(name) {
            None => Variables::new(),
            Some(Value::Object(map)) => {
                if map.contains_key("") {
                    self.refuse(name, "INVALID_NAME", format!("{name} has a variable without a name. Give it one."));
                }
                map
            }
            Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) => {
                self.refuse(name, "WRONG_TYPE", format!("{name} must be an object of names and values."));
                Variables::new()
            }
        }
    }

    /// An object of names and texts (or lists of texts, or true and false), as the names and values of an address.
    pub fn pairs(&mut self, name: &str) -> Option<Vec<(String, String)>> {
        let map = self.object(name)?;
        let mut pairs = Vec::new();
        for (field, value) in map {
            let values = match value {
                Value::Array(values) => values,
                Value::Null => Vec::new(),
                value @ (Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) => vec![value],
            };
            for value in values {
                match value {
                    Value::String(text) => pairs.push((field.clone(), text)),
                    Value::Bool(flag) => pairs.push((field.clone(), flag.to_string())),
                    Value::Null | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                        let shown: String = field.chars().take(100).collect();
                        let message = format!("{name}.{shown} must be a text, a list of texts, or true.");
                        self.refuse(&format!("{name}.{shown}"), "WRONG_TYPE", message);
                    }
                }
            }
        }
        Some(pairs)
    }

    /// Ends the reading: unknown fields are refused, so that a misspelt one is not silently ignored.
    pub fn finish(mut self) -> Result<(), Problem> {
        let unknown: Vec<String> = self.map.keys().take(UNKNOWN_MAX).cloned().collect();
        for name in unknown {
            let shown: String = name.chars().take(100).collect();
            self.refuse(
                &shown,
                "UNKNOWN_FIELD",
                format!("There is no field \"{shown}\"; remove it or correct its name."),
            );
        }
        if self.errors.is_empty() { Ok(()) } else { Err(Problem::validation(self.errors)) }
    }
}
