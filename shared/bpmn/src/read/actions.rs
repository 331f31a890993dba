//! `Actions` and `UserActions`: the buttons of a task, whatever its profile.

use super::{FlowNode, Property, Reader, list};
use domain::process::ActionModel;
use std::collections::BTreeSet;

const ACTIONS_MAX: usize = 20;
const ACTION_NAME_MAX: usize = 64;
const ACTION_LABEL_MAX: usize = 100;

/// The property that lists them; both names mean the same.
pub(crate) fn property<'n>(node: &'n FlowNode<'_, '_>, reader: &mut Reader<'_>) -> Option<&'n Property> {
    let (actions, alias) = (node.properties.get("Actions"), node.properties.get("UserActions"));
    if let (Some(_), Some(alias)) = (actions, alias) {
        let message = "Actions and UserActions mean the same; keep one of them";
        reader.report.error("DUPLICATE_PROPERTY", alias.value.start(), &node.id, message);
    }
    actions.or(alias)
}

/// An action that is only named.
pub(crate) fn named(name: &str) -> ActionModel {
    ActionModel { name: name.to_owned(), label: None, style: None }
}

/// The actions of the property.
pub(crate) fn modelled(node: &FlowNode<'_, '_>, property: &Property, reader: &mut Reader<'_>) -> Vec<ActionModel> {
    let items = list::items(property, &node.id, reader);
    let mut names = BTreeSet::new();
    let mut actions = Vec::new();
    let mut refuse = |code, message: String| {
        reader.report.error(code, property.value.start(), &node.id, format!("{}: {message}", property.name));
    };
    if items.len() > ACTIONS_MAX {
        refuse("TOO_MANY_ACTIONS", format!("more than {ACTIONS_MAX} actions do not fit on a page"));
    }
    for item in items.iter().take(ACTIONS_MAX) {
        match action(item) {
            Ok(action) if !names.insert(action.name.to_lowercase()) => {
                refuse(
                    "DUPLICATE_ACTION",
                    format!("\"{}\" is listed twice; give each action its own name", action.name),
                );
            }
            Ok(action) => actions.push(action),
            Err(message) => refuse("INVALID_ACTION", message),
        }
    }
    actions
}

/// `Name`, `Name|Label` or `Name|Label|style`.
fn action(item: &str) -> Result<ActionModel, String> {
    let mut parts = item.split('|').map(str::trim);
    let name = parts.next().unwrap_or_default();
    let label = parts.next().filter(|label| !label.is_empty());
    let style = parts.next().filter(|style| !style.is_empty());
    if parts.next().is_some() {
        return Err(format!("\"{item}\" has more than three parts; write Name, Name|Label or Name|Label|style"));
    }
    if name.is_empty() || name.chars().count() > ACTION_NAME_MAX || name.chars().any(char::is_control) {
        return Err(format!("\"{item}\": a name has 1 to {ACTION_NAME_MAX} characters"));
    }
    if label.is_some_and(|label| label.chars().count() > ACTION_LABEL_MAX) {
        return Err(format!("\"{name}\": a label has at most {ACTION_LABEL_MAX} characters"));
    }
    if style.is_some_and(|style| style.len() > 32 || !style.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')) {
        return Err(format!("\"{name}\": the style is one word such as primary or link"));
    }
    Ok(ActionModel { name: name.to_owned(), label: label.map(str::to_owned), style: style.map(str::to_owned) })
}
