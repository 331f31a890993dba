//! Errors that scripts and end events throw: is each caught, does catching it do what is meant, and will an operator
//! understand it? (BPMN semantics, "Errors" and "Deployment checks"; S4-95.)

mod catch;

use super::server_scripts;
use crate::javascript::{Kind, Token, tokens};
use crate::read::{FlowNode, NodeKind, Outline, Reader, boolean_attribute, error_code};
use crate::xml::Located;
use catch::Catchers;

/// Shorter messages tell an operator nothing.
const MESSAGE_MIN: usize = 10;
/// How the codes of refused form values end: somebody is to correct them, and the task must stay.
const VALIDATION: &str = "VALIDATION_ERROR";

pub(super) fn check(outline: &Outline<'_, '_>, reader: &mut Reader<'_>) {
    let catchers = Catchers::of(outline);
    for node in &outline.nodes {
        if node.kind == NodeKind::EndEvent {
            end_event(node, outline, &catchers, reader);
        }
        for (place, script) in server_scripts(node, reader.file) {
            reader.report.steps += script.text.len();
            let thrown = thrown(&script);
            let mut told = false;
            for error in &thrown.errors {
                told |= judge(node, place, &script, error, &catchers, reader);
            }
            if place == "ServerScript" {
                if let Some(at) = thrown.others.first().filter(|_| !told && !catchers.any(node)) {
                    let message = "the ServerScript throws and nothing catches it: the instance stops with an incident; \
                                   attach a boundary event with an errorEventDefinition and throw BpmnError";
                    reader.report.warning("NO_ERROR_BOUNDARY", script.place(*at), &node.id, message);
                }
                validation(node, &thrown, outline, reader);
            }
        }
    }
}

/// What a script throws, as far as it can be read.
struct Thrown {
    /// `BpmnError` with a code that stands in the script.
    errors: Vec<ThrownCode>,
    /// Other uses of `throw` and `BpmnError`.
    others: Vec<usize>,
}

struct ThrownCode {
    code: String,
    at: usize,
    /// Characters of the message; `None` where it is computed, nought where there is none.
    message: Option<usize>,
}

fn thrown(script: &Located) -> Thrown {
    let mut thrown = Thrown { errors: Vec::new(), others: Vec::new() };
    if !script.text.contains("BpmnError") && !script.text.contains("throw") {
        return thrown;
    }
    let tokens = tokens(&script.text).unwrap_or_default();
    for (index, token) in tokens.iter().enumerate() {
        if token.is_word("throw") {
            let what = tokens[index + 1..].iter().find(|next| !next.is_word("new"));
            if !what.is_some_and(|what| what.is_word("BpmnError")) {
                thrown.others.push(token.at);
            }
        } else if token.is_word("BpmnError") {
            match &tokens[index + 1..] {
                [open, Token { kind: Kind::Text(code), at }, end, rest @ ..] if open.is_sign('(') && ends(end) => {
                    let message = match rest {
                        _ if end.is_sign(')') => Some(0),
                        [Token { kind: Kind::Text(text), .. }, end, ..] if ends(end) => Some(text.chars().count()),
                        [end, ..] if end.is_sign(')') => Some(0),
                        _ => None,
                    };
                    thrown.errors.push(ThrownCode { code: code.clone(), at: *at, message });
                }
                _ => thrown.others.push(token.at),
            }
        }
    }
    thrown
}

/// True behind a text that is the whole argument, and no part of what is computed.
fn ends(token: &Token) -> bool {
    token.is_sign(',') || token.is_sign(')')
}

/// True where it said that the code is not caught.
fn judge(
    node: &FlowNode<'_, '_>,
    place: &str,
    script: &Located,
    error: &ThrownCode,
    catchers: &Catchers<'_>,
    reader: &mut Reader<'_>,
) -> bool {
    let at = script.place(error.at);
    let code = &error.code;
    let uncaught = !catchers.catches(node, code);
    if uncaught {
        let message = format!(
            "{place} throws \"{code}\", which no error boundary event catches: the instance stops with an incident"
        );
        reader.report.warning("UNCAUGHT_ERROR", at, &node.id, message);
    }
    if error.message.is_some_and(|length| length < MESSAGE_MIN) || code == "ERROR" {
        let message = format!(
            "{place} throws \"{code}\" with little to go by; use a telling code and a message of at least {MESSAGE_MIN} \
             characters"
        );
        reader.report.warning("VAGUE_ERROR", at, &node.id, message);
    }
    uncaught
}

fn end_event(node: &FlowNode<'_, '_>, outline: &Outline<'_, '_>, catchers: &Catchers<'_>, reader: &mut Reader<'_>) {
    let Some(Some(code)) = error_code(node, outline) else { return };
    if !catchers.catches(node, code) {
        let message = format!(
            "nothing in this process catches \"{code}\": the instance stops with an incident, unless a process that \
             called it catches the error"
        );
        reader.report.info("UNCAUGHT_ERROR", node.at, &node.id, message);
    }
}

/// An interrupting event takes the task away before anybody can correct the form.
fn validation(node: &FlowNode<'_, '_>, thrown: &Thrown, outline: &Outline<'_, '_>, reader: &mut Reader<'_>) {
    let only = thrown.others.is_empty() && thrown.errors.iter().all(|error| error.code.ends_with(VALIDATION));
    if !only || thrown.errors.is_empty() {
        return;
    }
    for event in node.boundaries.iter().map(|index| &outline.nodes[*index]) {
        let catches = match error_code(event, outline) {
            Some(Some(code)) => thrown.errors.iter().any(|error| error.code == code),
            Some(None) => true,
            None => false,
        };
        if catches && boolean_attribute(event.node, "cancelActivity") {
            let message = format!(
                "the event takes \"{}\" away when its values are refused, so nobody can correct them; set \
                 cancelActivity=\"false\"",
                node.id
            );
            reader.report.warning("VALIDATION_INTERRUPTS", event.at, &event.id, message);
        }
    }
}
