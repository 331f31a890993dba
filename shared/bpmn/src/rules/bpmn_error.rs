//! `BpmnError(code, message)` in scripts: is the code caught anywhere, and will an operator understand it? Error
//! boundary events are not supported yet, so today no code is caught.

use super::server_scripts;
use crate::javascript::{Kind, Token, tokens};
use crate::read::{Outline, Reader};
use crate::xml::Located;

/// Shorter messages tell an operator nothing.
const MESSAGE_MIN: usize = 10;

pub(super) fn check(outline: &Outline<'_, '_>, reader: &mut Reader<'_>) {
    for node in &outline.nodes {
        for (place, script) in server_scripts(node, reader.file) {
            reader.report.steps += script.text.len();
            if !script.text.contains("BpmnError") {
                continue;
            }
            for window in tokens(&script.text).unwrap_or_default().windows(5) {
                if let [name, open, code, comma, message] = window
                    && name.is_word("BpmnError")
                    && open.is_sign('(')
                    && let Kind::Text(code_text) = &code.kind
                {
                    let message = comma.is_sign(',').then_some(message);
                    judge(&node.id, place, &script, code, code_text, message, reader);
                }
            }
        }
    }
}

fn judge(
    element: &str,
    place: &str,
    script: &Located,
    code: &Token,
    code_text: &str,
    message: Option<&Token>,
    reader: &mut Reader<'_>,
) {
    let at = script.place(code.at);
    let uncaught = format!(
        "{place} throws \"{code_text}\", which no error boundary event catches: the instance stops with an incident"
    );
    reader.report.warning("UNCAUGHT_ERROR", at, element, uncaught);
    let short = match message.map(|message| &message.kind) {
        None => true,
        Some(Kind::Text(text)) => text.chars().count() < MESSAGE_MIN,
        Some(Kind::Word(_) | Kind::Sign(_) | Kind::Other) => false,
    };
    if short || code_text == "ERROR" {
        let vague = format!(
            "{place} throws \"{code_text}\" with little to go by; use a telling code and a message of at least \
             {MESSAGE_MIN} characters"
        );
        reader.report.warning("VAGUE_ERROR", at, element, vague);
    }
}
