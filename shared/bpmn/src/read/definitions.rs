//! What a file defines beside its processes and all of them may refer to: ids, errors, messages and signals. Resolves no
//! reference of a flow node; those are read with the outline.

use super::{Reader, attribute, bpmn_children, is_bpmn, outline};
use crate::dialect::{BPMN, ZEEBE};
use crate::xml::Located;
use roxmltree::Node;
use std::collections::BTreeMap;

/// Longest id; ids stand in keys, addresses and names of schedules.
const ID_CHARS_MAX: usize = 128;
/// Longest error code: the engine keeps no more of a code that is thrown, so a longer one would never be caught.
const CODE_CHARS_MAX: usize = 100;

/// The definitions of a file.
pub(crate) struct Definitions<'a> {
    /// Every id of the file, to tell a reference to another process from one to nothing.
    pub ids: BTreeMap<&'a str, usize>,
    errors: Vec<ErrorElement>,
    errors_by_id: BTreeMap<&'a str, usize>,
    errors_by_code: BTreeMap<&'a str, usize>,
    messages: BTreeMap<&'a str, MessageElement>,
    /// Names of the signals.
    signals: BTreeMap<&'a str, String>,
}

/// A `bpmn:error`.
pub(crate) struct ErrorElement {
    pub name: Option<String>,
    /// `None`: any code.
    pub code: Option<String>,
}

/// A `bpmn:message`.
pub(crate) struct MessageElement {
    pub id: String,
    pub name: Option<String>,
    /// Camunda 8's `correlationKey`.
    pub correlation: Option<Located>,
}

/// What an `errorRef` leads to.
pub(crate) enum ErrorRef<'d> {
    /// The error with that id.
    Id(&'d ErrorElement),
    /// No id, but this error has it as its code.
    Code(&'d ErrorElement),
    Nothing,
}

impl<'a> Definitions<'a> {
    pub(crate) fn read(root: Node<'a, '_>, reader: &mut Reader<'_>) -> Definitions<'a> {
        let ids = ids(root, reader);
        let (mut errors, mut errors_by_id, mut errors_by_code) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
        for node in bpmn_children(root).filter(|node| is_bpmn(*node, "error")) {
            let code = attribute(node, "errorCode");
            let id = attribute(node, "id");
            if let Some(id) = id {
                errors_by_id.entry(id).or_insert(errors.len());
            }
            if let Some(code) = code {
                errors_by_code.entry(code).or_insert(errors.len());
                if code.chars().count() > CODE_CHARS_MAX {
                    let message = format!("an errorCode has at most {CODE_CHARS_MAX} characters");
                    reader.report.error("INVALID_ERROR_CODE", node.range().start, id.unwrap_or_default(), message);
                }
            }
            errors.push(ErrorElement { name: outline::name(node), code: code.map(str::to_owned) });
        }
        let messages = with_ids(root, "message").map(|(id, node)| (id, message(id, node, reader))).collect();
        let name = |id: &str, node| outline::name(node).unwrap_or_else(|| id.to_owned());
        let signals = with_ids(root, "signal").map(|(id, node)| (id, name(id, node))).collect();
        Definitions { ids, errors, errors_by_id, errors_by_code, messages, signals }
    }

    /// The message a reference means.
    pub(crate) fn message(&self, reference: &str) -> Option<&MessageElement> {
        qualified(&self.messages, reference)
    }

    /// The name of the signal a reference means.
    pub(crate) fn signal(&self, reference: &str) -> Option<&str> {
        qualified(&self.signals, reference).map(String::as_str)
    }

    /// The error a reference means.
    pub(crate) fn error(&self, reference: &str) -> ErrorRef<'_> {
        let at = |index: &usize| self.errors.get(*index);
        let by_id = qualified(&self.errors_by_id, reference).and_then(at);
        let by_code = || self.errors_by_code.get(reference).and_then(at);
        by_id.map(ErrorRef::Id).or_else(|| by_code().map(ErrorRef::Code)).unwrap_or(ErrorRef::Nothing)
    }
}

/// References are qualified names; the prefix of an id says nothing.
fn qualified<'m, T>(map: &'m BTreeMap<&str, T>, reference: &str) -> Option<&'m T> {
    let local = reference.rsplit(':').next().unwrap_or_default();
    map.get(reference).or_else(|| map.get(local))
}

fn with_ids<'a, 'i>(root: Node<'a, 'i>, tag: &'static str) -> impl Iterator<Item = (&'a str, Node<'a, 'i>)> {
    bpmn_children(root).filter(move |node| is_bpmn(*node, tag)).filter_map(|node| Some((attribute(node, "id")?, node)))
}

fn message(id: &str, node: Node<'_, '_>, reader: &Reader<'_>) -> MessageElement {
    let extensions = bpmn_children(node).find(|child| is_bpmn(*child, "extensionElements"));
    let subscription = extensions.and_then(|extensions| {
        extensions
            .children()
            .find(|child| child.tag_name().name() == "subscription" && child.tag_name().namespace() == Some(ZEEBE))
    });
    let key = subscription.and_then(|subscription| {
        subscription.attributes().find(|found| found.namespace().is_none() && found.name() == "correlationKey")
    });
    let correlation = key.map(|key| Located::of_attribute(reader.file, &key));
    MessageElement { id: id.to_owned(), name: outline::name(node), correlation }
}

/// XML's NCName, as BPMN demands for ids, within a length.
fn is_id(id: &str) -> bool {
    let mut chars = id.chars();
    let first = chars.next().is_some_and(|c| c.is_alphabetic() || c == '_');
    first && chars.all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.')) && id.chars().count() <= ID_CHARS_MAX
}

/// The ids of all BPMN elements, each of which may stand once in a file.
fn ids<'a>(root: Node<'a, '_>, reader: &mut Reader<'_>) -> BTreeMap<&'a str, usize> {
    let mut ids = BTreeMap::new();
    for node in root.descendants() {
        reader.report.steps += 1;
        if !node.is_element() || node.tag_name().namespace() != Some(BPMN) {
            continue;
        }
        let Some(id) = attribute(node, "id") else { continue };
        let at = node.range().start;
        if !is_id(id) {
            let message = format!(
                "\"{id}\" is no id: it begins with a letter or _, goes on with letters, digits, _ - . and has \
                 at most {ID_CHARS_MAX} characters"
            );
            reader.report.error("INVALID_ID", at, id, message);
        }
        if let Some(first) = ids.insert(id, at) {
            let line = reader.report.line(first);
            let message = format!("the id \"{id}\" is already used in line {line}; give each element its own");
            reader.report.error("DUPLICATE_ID", at, id, message);
        }
    }
    ids
}
