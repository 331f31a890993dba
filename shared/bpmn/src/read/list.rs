//! Lists in properties: a comma list or a JSON array of texts. Empty items are dropped, items are trimmed.

use super::value::json_problem;
use super::{Property, Reader};

/// The items of a list property.
pub(crate) fn items(property: &Property, element: &str, reader: &mut Reader<'_>) -> Vec<String> {
    let text = property.value.plain();
    reader.report.steps += text.len();
    let items: Vec<String> = if text.starts_with('[') {
        match serde_json::from_str::<Vec<String>>(&text) {
            Ok(items) => items,
            Err(error) => {
                let message = format!(
                    "{} is neither a comma list nor a JSON array of texts such as [\"Approve\", \"Reject\"]: {}",
                    property.name,
                    json_problem(&error)
                );
                reader.report.error("INVALID_LIST", property.value.start(), element, message);
                return Vec::new();
            }
        }
    } else {
        text.split(',').map(str::to_owned).collect()
    };
    items.iter().map(|item| item.trim().to_owned()).filter(|item| !item.is_empty()).collect()
}

/// The names of a list of actions, each before its label, without judging how they are written.
pub(crate) fn names(property: &Property) -> impl Iterator<Item = String> {
    let text = property.value.plain();
    let items: Vec<String> = text.split(',').map(|item| item.trim_matches(['[', ']', '"', ' ']).to_owned()).collect();
    items.into_iter().map(|item| item.split('|').next().unwrap_or_default().trim().to_owned())
}
