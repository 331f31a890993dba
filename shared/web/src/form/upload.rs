//! Forms of the console: fields in the order they came, and files. Who may send what is the page's matter.

use super::{FormError, multipart, parameter, urlencoded};

/// A body has at most this many bytes: what fits through API Gateway once Lambda's event is around it.
pub const BODY_BYTES_MAX: usize = 17 * 256 * 1024;
/// Fields of one form at most: a thousand checked rows and what stands around them.
pub const FIELDS_MAX: usize = 1_100;

/// A posted form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields {
    /// Names and values in the order they came.
    pub pairs: Vec<(String, String)>,
    /// Files that were chosen.
    pub files: Vec<File>,
}

/// A chosen file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Name of the field.
    pub field: String,
    /// Last part of its name on the sender's machine.
    pub name: String,
    /// Content.
    pub bytes: Vec<u8>,
}

/// Reads the body of a POST. `content_type` is the header's value.
///
/// # Errors
/// Where it is too large or not what its type says. Nothing of it is used.
pub fn read(content_type: &str, body: &[u8]) -> Result<Fields, FormError> {
    if body.len() > BODY_BYTES_MAX {
        return Err(FormError::TooLarge { what: "the body", max: BODY_BYTES_MAX });
    }
    let (kind, parameters) = content_type.split_once(';').unwrap_or((content_type, ""));
    let mut fields = Fields::default();
    match kind.trim().to_ascii_lowercase().as_str() {
        "application/x-www-form-urlencoded" => urlencoded(body, |name, value| fields.add(name, value))?,
        "multipart/form-data" => {
            let boundary = parameter(parameters, "boundary").ok_or(FormError::Malformed("it has no boundary"))?;
            multipart::read(body, &boundary, &mut |part| match part.file_name {
                None => fields.add(part.name.as_bytes(), part.value),
                Some(name) => {
                    fields.count()?;
                    fields.files.push(File { field: part.name, name: last_part(&name), bytes: part.value.to_vec() });
                    Ok(())
                }
            })?;
        }
        _ if body.is_empty() => {}
        _ => return Err(FormError::UnsupportedType),
    }
    Ok(fields)
}

impl Fields {
    fn count(&self) -> Result<(), FormError> {
        if self.pairs.len() + self.files.len() < FIELDS_MAX {
            Ok(())
        } else {
            Err(FormError::TooLarge { what: "the number of fields", max: FIELDS_MAX })
        }
    }

    fn add(&mut self, name: &[u8], value: &[u8]) -> Result<(), FormError> {
        self.count()?;
        let text =
            |bytes: &[u8]| String::from_utf8(bytes.to_vec()).map_err(|_| FormError::Malformed("it is not UTF-8"));
        self.pairs.push((text(name)?, text(value)?));
        Ok(())
    }

    /// The first value of a name.
    pub fn first(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }
}

/// Without the folders some browsers send, and without what nobody could see.
fn last_part(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    last.chars().filter(|c| !c.is_control()).take(200).collect()
}

#[cfg(test)]
mod tests;
