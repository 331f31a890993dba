//! A ServerScript that returns `{ error: ... }` has succeeded: the answer counts and the process goes on.

use crate::javascript::{Kind, Token, tokens};
use crate::read::{Outline, Reader};

pub(super) fn check(outline: &Outline<'_, '_>, reader: &mut Reader<'_>) {
    for node in &outline.nodes {
        let Some(script) = node.properties.get("ServerScript") else { continue };
        reader.report.steps += script.value.text.len();
        if !script.value.text.contains("error") {
            continue;
        }
        for at in returned_errors(&tokens(&script.value.text).unwrap_or_default()) {
            let message = "returning { error: ... } counts as success; throw BpmnError(code, message) or Error instead";
            reader.report.warning("ERROR_RETURNED", script.value.place(at), &node.id, message);
        }
    }
}

/// Where an object literal with a member `error` is returned. One that is literally nothing says that all went well.
fn returned_errors(tokens: &[Token]) -> Vec<usize> {
    let mut found = Vec::new();
    // Of each open bracket: where it is returned.
    let mut open: Vec<Option<usize>> = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        let before = index.checked_sub(1).map(|before| &tokens[before]);
        match &token.kind {
            Kind::Sign('{') => open.push(before.filter(|before| before.is_word("return")).map(|before| before.at)),
            Kind::Sign('(' | '[') => open.push(None),
            Kind::Sign(')' | ']' | '}') => _ = open.pop(),
            Kind::Word(key) | Kind::Text(key) if key == "error" => {
                let begins = before.is_some_and(|before| before.is_sign('{') || before.is_sign(','));
                let counts = match &tokens[index + 1..] {
                    [colon, value, ..] if colon.is_sign(':') => !is_nothing(value),
                    [end, ..] => matches!(token.kind, Kind::Word(_)) && (end.is_sign(',') || end.is_sign('}')),
                    [] => false,
                };
                if begins
                    && counts
                    && let Some(returned) = open.last_mut()
                {
                    found.extend(returned.take());
                }
            }
            Kind::Sign(_) | Kind::Word(_) | Kind::Text(_) | Kind::Other => {}
        }
    }
    found
}

fn is_nothing(value: &Token) -> bool {
    value.is_word("null") || value.is_word("undefined") || value.is_word("false")
}
