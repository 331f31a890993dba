//! A ServerScript that returns `{ error: ... }` has succeeded: the answer counts and the process goes on.

use crate::javascript::{Kind, tokens};
use crate::read::{Outline, Reader};

pub(super) fn check(outline: &Outline<'_, '_>, reader: &mut Reader<'_>) {
    for node in &outline.nodes {
        let Some(script) = node.properties.get("ServerScript") else { continue };
        reader.report.steps += script.value.text.len();
        if !script.value.text.contains("error") {
            continue;
        }
        for window in tokens(&script.value.text).unwrap_or_default().windows(4) {
            let [word, open, key, colon] = window else { continue };
            let error = key.is_word("error") || key.kind == Kind::Text("error".to_owned());
            if word.is_word("return") && open.is_sign('{') && error && colon.is_sign(':') {
                let message =
                    "returning { error: ... } counts as success; throw BpmnError(code, message) or Error instead";
                reader.report.warning("ERROR_RETURNED", script.value.place(word.at), &node.id, message);
            }
        }
    }
}
