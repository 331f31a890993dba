//! The ClientScript of a user task: what it shows, and what the designer should know before a recipient meets it.
//! Judges no other script; nothing is run.

use super::{FlowNode, Reader};
use crate::javascript::{Kind, Token, declared, tokens};
use crate::xml::Located;
use domain::process::{ClientScript, FieldModel, TaskProfile};
use std::collections::BTreeSet;

/// What the page offers a script (BPMN semantics, "What each script may see"), the field as first argument.
const FIELD_HELPERS: &[&str] = &["showField", "hideField", "requireField", "require", "highlightField"];
/// Those after which a reader may not see the field.
const HIDING: &[&str] = &["showField", "hideField"];
/// Names that scripts of other pages or of the server know and this one does not.
const ELSEWHERE: &[&str] = &[
    "BankLingo",
    "BpmnError",
    "alert",
    "console",
    "context",
    "currentUser",
    "doCmd",
    "document",
    "fetch",
    "globalThis",
    "localStorage",
    "location",
    "logger",
    "sessionStorage",
    "setInterval",
    "setTimeout",
    "userAction",
    "window",
];

/// Reads the property; checks it against the fields of the form where the task brings its form.
pub(crate) fn model(
    node: &FlowNode<'_, '_>,
    profile: Option<&TaskProfile>,
    reader: &mut Reader<'_>,
) -> Option<ClientScript> {
    let value = &node.properties.get("ClientScript")?.value;
    let source = reader.script(value, &node.id, "ClientScript");
    strict(value, &node.id, reader);
    if let Some((at, text)) = ClientScript::not_in_a_page(&source) {
        let message =
            format!("ClientScript contains {text}, which ends or hides the script in a page; write it in two parts");
        reader.report.error("CLIENT_SCRIPT_NOT_ALLOWED", value.place(at), &node.id, message);
    }
    reader.report.steps += source.len();
    let tokens = tokens(&source).unwrap_or_default();
    let fields = match profile {
        Some(TaskProfile::External(model)) => Some(model.fields.as_slice()),
        Some(TaskProfile::Work(_)) | None => None,
    };
    let mut own = declared(&tokens);
    own.extend(fields.unwrap_or_default().iter().map(|field| field.name.as_str()));
    names(&tokens, &own, value, &node.id, reader);
    let mut shows: Vec<String> = Vec::new();
    for call in calls(&tokens) {
        match call.field {
            Some((name, at)) => {
                if call.helper == "showField" && !shows.iter().any(|shown| shown == name) {
                    shows.push(name.to_owned());
                }
                if let Some(fields) = fields {
                    judge(call.helper, name, fields, value.place(at), &node.id, reader);
                }
            }
            None if call.helper == "showField" => computed(value.place(call.at), &node.id, reader),
            None => {}
        }
    }
    Some(ClientScript { source, shows })
}

/// The page runs it in strict mode, so that no function in it gets hold of the window.
fn strict(value: &Located, element: &str, reader: &mut Reader<'_>) {
    let strictly = format!("\"use strict\"; {}", value.text);
    if reader.scripts.check(&value.text).is_ok()
        && let Err(error) = reader.scripts.check(&strictly)
    {
        let message = format!("ClientScript runs in strict mode, where this is no valid JavaScript: {}", error.message);
        reader.report.error("SCRIPT_SYNTAX", value.start(), element, message);
    }
}

/// `own` are names that mean something else in this script, whatever they are elsewhere.
fn names(tokens: &[Token], own: &BTreeSet<&str>, value: &Located, element: &str, reader: &mut Reader<'_>) {
    let mut told: Vec<&str> = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        let Kind::Word(name) = &token.kind else { continue };
        let before = index.checked_sub(1).and_then(|before| tokens.get(before));
        let member = before.is_some_and(|token| token.is_sign('.'));
        let key = tokens.get(index + 1).is_some_and(|token| token.is_sign(':'));
        if member || key || told.contains(&name.as_str()) {
            continue;
        }
        if name == "import" {
            let message = "ClientScript imports another script; a page loads nothing";
            reader.report.error("CLIENT_SCRIPT_NOT_ALLOWED", value.place(token.at), element, message);
        } else if ELSEWHERE.contains(&name.as_str()) && !own.contains(name.as_str()) {
            told.push(name);
            let message = format!(
                "ClientScript knows no {name}: it sees formContext (also WorkflowData), formData and the names in both, \
                 and calls showField, hideField, requireField, require, showWarning and highlightField"
            );
            reader.report.warning("CLIENT_SCRIPT_NAME", value.place(token.at), element, message);
        }
    }
}

/// A call of one of the helpers that take a field.
struct Call<'t> {
    helper: &'static str,
    at: usize,
    /// The field and its place, where it stands there as a text.
    field: Option<(&'t str, usize)>,
}

fn calls(tokens: &[Token]) -> impl Iterator<Item = Call<'_>> {
    tokens.iter().enumerate().filter_map(|(index, token)| {
        let helper = FIELD_HELPERS.iter().find(|known| token.is_word(known))?;
        let arguments = match &tokens[index + 1..] {
            [open, arguments @ ..] if open.is_sign('(') => arguments,
            [question, dot, open, arguments @ ..] if question.is_sign('?') && dot.is_sign('.') && open.is_sign('(') => {
                arguments
            }
            _ => return None,
        };
        let field = match arguments {
            // A text that goes on is a part of what is computed.
            [Token { kind: Kind::Text(name), at }, end, ..] if end.is_sign(',') || end.is_sign(')') => {
                Some((name.as_str(), *at))
            }
            _ => None,
        };
        Some(Call { helper, at: token.at, field })
    })
}

fn computed(at: usize, element: &str, reader: &mut Reader<'_>) {
    let message = "showField gets a name that is computed: this field is in sight until the script hides it, because \
                   only fields whose names stand in the script begin hidden; write showField(\"name\")";
    reader.report.warning("CLIENT_SCRIPT_SHOWS_COMPUTED", at, element, message);
}

fn judge(helper: &str, name: &str, fields: &[FieldModel], at: usize, element: &str, reader: &mut Reader<'_>) {
    match fields.iter().find(|field| field.name == name) {
        None => {
            let known: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
            let message = format!("{helper}(\"{name}\") does nothing: the form has {}", known.join(", "));
            reader.report.warning("CLIENT_SCRIPT_FIELD", at, element, message);
        }
        Some(field) if field.required && HIDING.contains(&helper) => {
            let message = format!(
                "{helper}(\"{name}\") can hide a field that must be answered, and the answer would be refused; make the field \
                 optional and let the script require it"
            );
            reader.report.warning("CLIENT_SCRIPT_HIDES_REQUIRED", at, element, message);
        }
        Some(_) => {}
    }
}
