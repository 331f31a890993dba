//! From the XML tree to the compiled processes: finds the executable ones, outlines each, reads its elements.
//! Judges a process as a whole nowhere; that is done by the rules.

mod event;
mod external;
mod gateway;
mod list;
mod outline;
mod page;
mod process;
mod properties;
mod task;
mod timer;
mod value;

pub(crate) use outline::{FlowEdge, FlowNode, NodeKind, Outline};
pub(crate) use properties::{Properties, Property};

use crate::diagnostic::Report;
use crate::dialect::BPMN;
use crate::rules;
use crate::xml::Located;
use crate::{CompiledProcess, ScriptCheck};
use roxmltree::{Document, Node};
use std::collections::BTreeMap;

/// What every reader needs: the file's text, the script check, the findings and the texts kept apart.
pub(crate) struct Reader<'t> {
    pub file: &'t str,
    pub scripts: &'t dyn ScriptCheck,
    pub report: Report<'t>,
    /// Pages and mails of the process being read, as JSON.
    pub texts: Vec<String>,
    /// Unknown property names that may still be compared with the known ones: a file full of them stays cheap.
    pub suggestions: usize,
}

/// Unknown property names of one file that are looked at for a misspelling.
const SUGGESTIONS_MAX: usize = 1_000;

impl<'t> Reader<'t> {
    pub(crate) fn new(file: &'t str, scripts: &'t dyn ScriptCheck, report: Report<'t>) -> Reader<'t> {
        Reader { file, scripts, report, texts: Vec::new(), suggestions: SUGGESTIONS_MAX }
    }

    /// Checks a script's syntax and gives its source.
    pub(crate) fn script(&mut self, source: &Located, element: &str, what: &str) -> String {
        self.report.steps += source.text.len();
        match self.scripts.check(&source.text) {
            Ok(warnings) => {
                for warning in warnings {
                    self.report.warning("SCRIPT_WARNING", source.start(), element, format!("{what}: {warning}"));
                }
            }
            Err(error) => {
                let [line, column] = [error.line, error.column].map(|n| usize::try_from(n).unwrap_or(usize::MAX));
                let at = source.place_of(line, column);
                let message = format!("{what} is not valid JavaScript: {}", error.message);
                self.report.error("SCRIPT_SYNTAX", at, element, message);
            }
        }
        source.text.clone()
    }
}

/// All executable processes of the file. Errors are in the report.
pub(crate) fn document(document: &Document<'_>, reader: &mut Reader<'_>) -> Vec<CompiledProcess> {
    let root = document.root_element();
    if !is_bpmn(root, "definitions") {
        let name = root.tag_name().name();
        let message = match (name, root.tag_name().namespace()) {
            ("definitions", _) => {
                format!("<definitions> is not in the BPMN 2.0 namespace; declare xmlns:bpmn=\"{BPMN}\"")
            }
            _ => format!(
                "the root element is <{name}>; a BPMN 2.0 file begins with <bpmn:definitions xmlns:bpmn=\"{BPMN}\">"
            ),
        };
        reader.report.error("NOT_BPMN", root.range().start, "", message);
        return Vec::new();
    }
    let ids = ids(root, reader);
    let executable = executable(root, reader);
    let mut compiled: Vec<CompiledProcess> = Vec::new();
    for node in executable {
        let outline = Outline::read(node, &ids, reader);
        rules::check(&outline, reader);
        let process = process::compile(&outline, reader);
        let texts = std::mem::take(&mut reader.texts);
        if let Some(process) = process {
            compiled.push(CompiledProcess::new(process, texts));
        }
    }
    compiled
}

/// True for an element of BPMN's namespace with this local name.
pub(crate) fn is_bpmn(node: Node<'_, '_>, name: &str) -> bool {
    node.is_element() && node.tag_name().name() == name && node.tag_name().namespace() == Some(BPMN)
}

/// The BPMN child elements of a node.
pub(crate) fn bpmn_children<'a, 'i>(node: Node<'a, 'i>) -> impl Iterator<Item = Node<'a, 'i>> {
    node.children().filter(|child| child.is_element() && child.tag_name().namespace() == Some(BPMN))
}

/// An attribute without namespace, trimmed; `None` where it is absent or blank.
pub(crate) fn attribute<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    node.attribute(name).map(str::trim).filter(|value| !value.is_empty())
}

/// A yes-or-no attribute as XML Schema writes it.
pub(crate) fn boolean(node: Node<'_, '_>, name: &str, default: bool, element: &str, reader: &mut Reader<'_>) -> bool {
    match attribute(node, name) {
        None => default,
        Some("true" | "1") => true,
        Some("false" | "0") => false,
        Some(other) => {
            let message = format!("{name}=\"{other}\" is neither \"true\" nor \"false\"");
            reader.report.error("INVALID_ATTRIBUTE", node.range().start, element, message);
            default
        }
    }
}

/// Longest id; ids stand in keys, addresses and names of schedules.
const ID_CHARS_MAX: usize = 128;

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

/// The processes to deploy. Those that are only drawn are skipped with a word.
fn executable<'a, 'i>(root: Node<'a, 'i>, reader: &mut Reader<'_>) -> Vec<Node<'a, 'i>> {
    let (mut executable, mut skipped) = (Vec::new(), Vec::new());
    for node in bpmn_children(root).filter(|node| is_bpmn(*node, "process")) {
        let id = attribute(node, "id").unwrap_or_default();
        if boolean(node, "isExecutable", true, id, reader) { executable.push(node) } else { skipped.push(node) }
    }
    if executable.is_empty() {
        let (at, message) = match skipped.first() {
            Some(first) => (
                first.range().start,
                "every process of the file has isExecutable=\"false\"; set isExecutable=\"true\" on the one to run",
            ),
            None => {
                (root.range().start, "the file has no process; add <bpmn:process id=\"...\" isExecutable=\"true\">")
            }
        };
        reader.report.error("NO_EXECUTABLE_PROCESS", at, "", message);
        return executable;
    }
    for node in skipped {
        let id = attribute(node, "id").unwrap_or_default();
        let message = "isExecutable=\"false\": the process is not deployed, only those that are executable";
        reader.report.warning("PROCESS_SKIPPED", node.range().start, id, message);
    }
    for pool in bpmn_children(root).filter(|node| is_bpmn(*node, "collaboration")).flat_map(bpmn_children) {
        if is_bpmn(pool, "participant") && attribute(pool, "processRef").is_none() {
            let id = attribute(pool, "id").unwrap_or_default();
            let message = "the participant has no process: it is drawn, not deployed, and no message reaches it";
            reader.report.info("PARTICIPANT_SKIPPED", pool.range().start, id, message);
        }
    }
    executable
}
