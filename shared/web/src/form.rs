//! Posted HTML forms: turns a body into names and values. Knows no fields of a page: which names are expected and
//! what their values mean is checked by the domain.

mod multipart;
pub mod upload;

use domain::variables::Variables;
use percent_encoding::percent_decode;
use serde_json::Value;
use serde_json::map::Entry;

/// A body has at most this many bytes. The longest text field takes 10,000 characters.
pub const BODY_BYTES_MAX: usize = 256 * 1024;
/// A body has at most this many names with values.
pub const FIELDS_MAX: usize = 500;
/// A name has at most this many characters.
pub const NAME_CHARS_MAX: usize = 100;
/// The values the page itself needs (`action`, `submission`, `page`) have at most this many bytes each.
pub const OWN_VALUE_BYTES_MAX: usize = 2_000;

/// What a page posted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Posted {
    /// Value of the button that was pressed.
    pub action: Option<String>,
    /// The page's submission id: the same in every post of one rendering of the page.
    pub submission: Option<String>,
    /// The page's own signed value.
    pub page: Option<String>,
    /// Everything else: a string, or a list of strings where a name occurs more than once. Values are as typed, of any
    /// length the body has room for, so that a text that is too long can be shown again with a sentence about it.
    pub values: Variables,
}

/// Why a body cannot be read. Nothing of it is used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// Neither of the two form types browsers send, or not in UTF-8.
    #[error("send the form as application/x-www-form-urlencoded or multipart/form-data in UTF-8")]
    UnsupportedType,
    /// The body, a name or one of the page's own values is over its limit.
    #[error("{what} is over the limit of {max}")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// The limit: bytes, or a number of fields.
        max: usize,
    },
    /// A file was sent; no page asks for one.
    #[error("files cannot be sent with this form")]
    FileNotAccepted,
    /// The body is not what its type says.
    #[error("the form cannot be read: {0}")]
    Malformed(&'static str),
}

/// Reads the body of a POST. `content_type` is the header's value.
pub fn parse(content_type: &str, body: &[u8]) -> Result<Posted, FormError> {
    if body.len() > BODY_BYTES_MAX {
        return Err(FormError::TooLarge { what: "the body", max: BODY_BYTES_MAX });
    }
    let (kind, parameters) = content_type.split_once(';').unwrap_or((content_type, ""));
    let kind = kind.trim().to_ascii_lowercase();
    let mut collector = Collector::default();
    match kind.as_str() {
        "application/x-www-form-urlencoded" => {
            if parameter(parameters, "charset").is_some_and(|charset| !charset.eq_ignore_ascii_case("utf-8")) {
                return Err(FormError::UnsupportedType);
            }
            urlencoded(body, |name, value| collector.add(name, value))?;
        }
        "multipart/form-data" => {
            let boundary = parameter(parameters, "boundary").ok_or(FormError::Malformed("it has no boundary"))?;
            multipart::read(body, &boundary, &mut |part| match part.file_name {
                Some(_) => Err(FormError::FileNotAccepted),
                None => collector.add(part.name.as_bytes(), part.value),
            })?;
        }
        _ => return Err(FormError::UnsupportedType),
    }
    Ok(collector.posted)
}

/// Collects pairs under the limits; each pair costs the logarithm of the names so far.
#[derive(Default)]
struct Collector {
    posted: Posted,
    pairs: usize,
}

impl Collector {
    fn add(&mut self, name: &[u8], value: &[u8]) -> Result<(), FormError> {
        self.pairs += 1;
        if self.pairs > FIELDS_MAX {
            return Err(FormError::TooLarge { what: "the number of fields", max: FIELDS_MAX });
        }
        let name = std::str::from_utf8(name).map_err(|_| FormError::Malformed("a name is not UTF-8"))?;
        let value = std::str::from_utf8(value).map_err(|_| FormError::Malformed("a value is not UTF-8"))?;
        if name.is_empty() || name.chars().any(char::is_control) {
            return Err(FormError::Malformed("a value has no usable name"));
        }
        if name.chars().count() > NAME_CHARS_MAX {
            return Err(FormError::TooLarge { what: "a name", max: NAME_CHARS_MAX });
        }
        let own = match name {
            "action" => Some(&mut self.posted.action),
            "submission" => Some(&mut self.posted.submission),
            "page" => Some(&mut self.posted.page),
            _ => None,
        };
        match own {
            Some(slot) => set_own(slot, value),
            None => {
                self.insert(name, printable(value));
                Ok(())
            }
        }
    }

    fn insert(&mut self, name: &str, value: String) {
        match self.posted.values.entry(name) {
            Entry::Vacant(entry) => {
                entry.insert(Value::String(value));
            }
            Entry::Occupied(mut entry) => match entry.get_mut() {
                Value::Array(list) => list.push(Value::String(value)),
                first @ (Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_)) => {
                    *first = Value::Array(vec![first.take(), Value::String(value)]);
                }
            },
        }
    }
}

fn set_own(slot: &mut Option<String>, value: &str) -> Result<(), FormError> {
    if value.len() > OWN_VALUE_BYTES_MAX {
        return Err(FormError::TooLarge { what: "a value of the page", max: OWN_VALUE_BYTES_MAX });
    }
    // Two buttons cannot be pressed at once: whoever sends two wants one reader to see another than the next.
    if slot.replace(value.to_owned()).is_some() {
        return Err(FormError::Malformed("a value of the page is given twice"));
    }
    Ok(())
}

/// Pasted text brings control characters (word processors write a vertical tab for a soft line break); they are
/// nothing a reader could see.
fn printable(value: &str) -> String {
    value.chars().filter(|c| !c.is_control() || matches!(c, '\t' | '\n' | '\r')).collect()
}

fn urlencoded(body: &[u8], mut add: impl FnMut(&[u8], &[u8]) -> Result<(), FormError>) -> Result<(), FormError> {
    for pair in body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
        let (name, value) = match pair.iter().position(|byte| *byte == b'=') {
            Some(equals) => (&pair[..equals], &pair[equals + 1..]),
            None => (pair, &[][..]),
        };
        add(&decode(name), &decode(value))?;
    }
    Ok(())
}

/// `+` is a space; a `%` without two hexadecimal digits behind it stays as it is, as browsers' parsers do.
fn decode(text: &[u8]) -> Vec<u8> {
    let spaced: Vec<u8> = text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    percent_decode(&spaced).collect()
}

/// A parameter of a header value, unquoted. Quoted values with a semicolon inside are not understood; no browser sends
/// them for the two types read here.
fn parameter(parameters: &str, name: &str) -> Option<String> {
    parameters.split(';').find_map(|parameter| {
        let (key, value) = parameter.split_once('=')?;
        let value = value.trim();
        let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
        key.trim().eq_ignore_ascii_case(name).then(|| value.to_owned())
    })
}

#[cfg(test)]
mod tests;
