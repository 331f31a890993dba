//! What a file defines beside its processes and all of them may refer to: ids and errors. Resolves no reference of a
//! flow node; those are read with the outline.

use super::{Reader, attribute, bpmn_children, is_bpmn, outline};
use crate::dialect::BPMN;
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
}

/// A `bpmn:error`.
pub(crate) struct ErrorElement {
    pub name: Option<String>,
    /// `None`: any code.
    pub code: Option<String>,
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
        Definitions { ids, errors, errors_by_id, errors_by_code }
    }

    /// The error a reference means. It is a qualified name; the prefix of an id says nothing.
    pub(crate) fn error(&self, reference: &str) -> ErrorRef<'_> {
        let local = reference.rsplit(':').next().unwrap_or_default();
        let at = |index: &usize| self.errors.get(*index);
        let by_id = self.errors_by_id.get(reference).or_else(|| self.errors_by_id.get(local)).and_then(at);
        let by_code = || self.errors_by_code.get(reference).and_then(at);
        by_id.map(ErrorRef::Id).or_else(|| by_code().map(ErrorRef::Code)).unwrap_or(ErrorRef::Nothing)
    }
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
