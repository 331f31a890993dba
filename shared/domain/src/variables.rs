//! Process variables, paths into them and the rules of mapping. Values are JSON; nothing here knows tasks or elements.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use std::fmt;
use std::str::FromStr;

/// Names and JSON values.
pub type Variables = Map<String, Value>;

/// An instance holds at most this many bytes of variables, measured as compact JSON.
pub const VARIABLES_BYTES_MAX: usize = 256 * 1024;

/// Lists and objects in one another in a variable at most. State and journal are JSON, and what is written must be read
/// again whatever stands around it: readers of JSON stop at some depth.
pub const VARIABLES_DEPTH_MAX: usize = 32;

/// Refuses a variable that is nested too deep, in a sentence.
pub(crate) fn refuse_depth(variables: &Variables) -> Result<(), String> {
    match variables.iter().find(|(_, value)| is_deeper(value, VARIABLES_DEPTH_MAX)) {
        None => Ok(()),
        Some((name, _)) => {
            Err(format!("the variable \"{name}\" has more than {VARIABLES_DEPTH_MAX} lists and objects in one another"))
        }
    }
}

fn is_deeper(value: &Value, levels: usize) -> bool {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
        Value::Array(_) | Value::Object(_) if levels == 0 => true,
        Value::Array(list) => list.iter().any(|item| is_deeper(item, levels - 1)),
        Value::Object(map) => map.values().any(|member| is_deeper(member, levels - 1)),
    }
}

/// Names a mapping or a submission may not write (spec: bpmn 8), besides names that begin with `_`.
pub const RESERVED: &[&str] = &["context", "formData", "userAction", "currentUser"];

/// True for names only the engine writes.
pub fn is_reserved(name: &str) -> bool {
    name.starts_with('_') || RESERVED.contains(&name)
}

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// `.name`
    Name(String),
    /// `[n]`
    Index(usize),
}

/// A path such as `customer.address.lines[0]`. A leading `context.` is dropped: `context.x` and `x` are one variable.
#[derive(Clone, PartialEq, Eq)]
pub struct Path(Vec<Step>);

/// The text is no path: names joined by dots, with `[n]` for list items.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not a path such as customer.name or items[0].price")]
pub struct InvalidPath(pub String);

impl Path {
    /// The value at this path, or `None`.
    pub fn get<'a>(&self, variables: &'a Variables) -> Option<&'a Value> {
        let (first, rest) = self.0.split_first()?;
        let Step::Name(name) = first else { return None };
        rest.iter().try_fold(variables.get(name)?, |value, step| match step {
            Step::Name(name) => value.get(name),
            Step::Index(index) => value.get(index),
        })
    }

    /// Writes `value` at this path, making objects as needed. List items must exist.
    /// Returns false, with nothing changed, when the path crosses a value that is no object or list.
    #[must_use]
    pub fn set(&self, variables: &mut Variables, value: Value) -> bool {
        let Some((Step::Name(name), rest)) = self.0.split_first() else { return false };
        let before = variables.get(name).cloned();
        let mut place = variables.entry(name.clone()).or_insert(Value::Null);
        for step in rest {
            if place.is_null() && matches!(step, Step::Name(_)) {
                *place = Value::Object(Map::new());
            }
            let next = match (step, place) {
                (Step::Name(name), Value::Object(map)) => Some(map.entry(name.clone()).or_insert(Value::Null)),
                (Step::Index(index), Value::Array(list)) => list.get_mut(*index),
                _ => None,
            };
            let Some(next) = next else {
                match before {
                    Some(before) => variables.insert(name.clone(), before),
                    None => variables.remove(name),
                };
                return false;
            };
            place = next;
        }
        *place = value;
        true
    }

    /// The variable's name, where the path is a bare word.
    pub fn bare(&self) -> Option<&str> {
        if let [Step::Name(name)] = self.0.as_slice() { Some(name) } else { None }
    }

    /// The variable the path begins with.
    pub fn root(&self) -> &str {
        match self.0.first() {
            Some(Step::Name(name)) => name,
            Some(Step::Index(_)) | None => "",
        }
    }

    /// The last name of the path, used as key where a path is picked (`FormVariables`).
    pub fn leaf(&self) -> &str {
        self.0
            .iter()
            .rev()
            .find_map(|step| match step {
                Step::Name(name) => Some(name.as_str()),
                Step::Index(_) => None,
            })
            .unwrap_or("")
    }
}

impl FromStr for Path {
    type Err = InvalidPath;

    fn from_str(text: &str) -> Result<Path, InvalidPath> {
        let bad = || InvalidPath(text.to_owned());
        let trimmed = text.trim();
        let trimmed = trimmed.strip_prefix("context.").unwrap_or(trimmed);
        // No variable is called `context`, and the stored spelling of this path would lose one more of them.
        if trimmed.starts_with("context.") {
            return Err(bad());
        }
        let mut steps = Vec::new();
        for part in trimmed.split('.') {
            let (name, mut indexes) = match part.find('[') {
                Some(at) => part.split_at(at),
                None => (part, ""),
            };
            let mut chars = name.chars();
            let starts = chars.next().is_some_and(|c| c.is_alphabetic() || c == '_' || c == '$');
            if !starts || !chars.all(|c| c.is_alphanumeric() || matches!(c, '_' | '$' | '-')) {
                return Err(bad());
            }
            steps.push(Step::Name(name.to_owned()));
            while !indexes.is_empty() {
                let (index, rest) = indexes.strip_prefix('[').and_then(|rest| rest.split_once(']')).ok_or_else(bad)?;
                // The number parser would take a plus sign.
                if index.starts_with('+') {
                    return Err(bad());
                }
                steps.push(Step::Index(index.parse().map_err(|_| bad())?));
                indexes = rest;
            }
        }
        if steps.len() > 32 {
            return Err(bad());
        }
        Ok(Path(steps))
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.0.iter().enumerate() {
            match step {
                Step::Name(name) if position == 0 => write!(f, "{name}")?,
                Step::Name(name) => write!(f, ".{name}")?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Path {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Path {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Path, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
