//! A check of who answers against variables that the same person may write is no check: a task of colleagues without
//! OutputMapping takes every submitted field as a variable.

use crate::javascript::{Token, tokens};
use crate::read::{NodeKind, Outline, Reader};
use domain::variables::is_reserved;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn check(outline: &Outline<'_, '_>, reader: &mut Reader<'_>) {
    for node in outline.nodes.iter().filter(|node| node.kind == NodeKind::UserTask && !node.is_external()) {
        let Some(script) = node.properties.get("ServerScript") else { continue };
        reader.report.steps += script.value.text.len();
        let mapped = match node.properties.plain("OutputMapping") {
            // An empty one is none.
            Some(mapping) => mapping.contains(':'),
            None => node.properties.io_mappings.iter().any(|mapping| !mapping.input),
        };
        let tokens = tokens(&script.value.text).unwrap_or_default();
        if mapped || !asks_for_the_user(&tokens) {
            continue;
        }
        let Some((name, at)) = read_variables(&tokens).into_iter().min_by_key(|(_, at)| *at) else { continue };
        let message = format!(
            "the ServerScript looks at currentUser and at context.{name}, which whoever completes the task may submit \
             with any value; add an OutputMapping that names the fields to keep"
        );
        reader.report.warning("ANSWERS_UNMAPPED", script.value.place(at), &node.id, message);
    }
}

/// `formData.userId` is another name of the same.
fn asks_for_the_user(tokens: &[Token]) -> bool {
    tokens.iter().any(|token| token.is_word("currentUser"))
        || tokens.windows(3).any(|window| {
            matches!(window, [form, dot, user] if form.is_word("formData") && dot.is_sign('.') && user.is_word("userId"))
        })
}

/// Variables that are read as `context.name` and not assigned anywhere in the script, each with its first place.
fn read_variables(tokens: &[Token]) -> BTreeMap<&str, usize> {
    let mut read = BTreeMap::new();
    let mut assigned = BTreeSet::new();
    for (index, token) in tokens.iter().enumerate() {
        let member = index.checked_sub(1).is_some_and(|before| tokens[before].is_sign('.'));
        let [dot, rest @ ..] = &tokens[index + 1..] else { break };
        let name = rest.first().and_then(Token::word);
        let Some(name) =
            name.filter(|name| token.is_word("context") && !member && dot.is_sign('.') && !is_reserved(name))
        else {
            continue;
        };
        match &rest[1..] {
            [sign, next, ..] if sign.is_sign('=') && !next.is_sign('=') => {
                assigned.insert(name);
            }
            _ => {
                read.entry(name).or_insert(token.at);
            }
        }
    }
    read.retain(|name, _| !assigned.contains(name));
    read
}
