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
            let tokens = tokens(&script.text).unwrap_or_default();
            for (index, _) in tokens.iter().enumerate().filter(|(_, token)| token.is_word("BpmnError")) {
                if let [open, code, rest @ ..] = &tokens[index + 1..]
                    && open.is_sign('(')
                    && let Kind::Text(code_text) = &code.kind
                {
                    let message = rest.first().filter(|comma| comma.is_sign(',')).and(rest.get(1));
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
