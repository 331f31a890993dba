//! From the XML tree to the compiled processes: finds the executable ones, outlines each, reads its elements.
//! Judges a process as a whole nowhere; that is done by the rules.

mod actions;
mod assignment;
mod call;
mod client_script;
mod conditional;
mod definitions;
mod error;
mod event;
mod external;
mod flow_id;
mod gateway;
mod generated;
mod kind;
mod list;
mod message;
mod multi_instance;
mod outline;
mod page;
mod process;
mod properties;
pub(crate) mod system_task;
mod task;
mod timeout;
mod timer;
mod value;
mod work;

pub(crate) use definitions::Definitions;
pub(crate) use error::code as error_code;
pub(crate) use flow_id::FlowIds;
pub(crate) use kind::NodeKind;
pub(crate) use message::message_of;
pub(crate) use outline::{FlowEdge, FlowNode, Outline};
pub(crate) use properties::{Properties, Property};
pub(crate) use timeout::{Target as TimeoutTarget, is_limited, target as timeout_target};

use crate::diagnostic::Report;
use crate::dialect::BPMN;
use crate::rules;
use crate::xml::Located;
use crate::{CompiledProcess, ScriptCheck};
use roxmltree::{Document, Node};

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
    let definitions = Definitions::read(root, reader);
    let executable = executable(root, reader);
    let mut compiled: Vec<CompiledProcess> = Vec::new();
    for node in executable {
        let outline = Outline::read(node, &definitions, reader);
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

/// A yes-or-no attribute that is true where it is absent, without judging how it is written.
pub(crate) fn boolean_attribute(node: Node<'_, '_>, name: &str) -> bool {
    !matches!(attribute(node, name), Some("false" | "0"))
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
