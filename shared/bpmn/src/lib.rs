//! Reads BPMN 2.0 files strictly into compiled processes. Never fails and never panics: whatever is wrong with a file
//! is a [`Diagnostic`] with its place. Stores nothing, runs nothing, and is linked by the function that deploys only;
//! everything else reads the compiled form.

mod diagnostic;
pub mod diagram;
mod dialect;
mod javascript;
pub mod lenient;
pub mod page;
mod read;
mod rules;
#[cfg(test)]
mod tests;
mod xml;

pub use diagnostic::catalogue;
pub use diagnostic::{Diagnostic, ERRORS_MAX, NOTES_MAX, Severity};
pub use xml::FILE_BYTES_MAX;

use diagnostic::Report;
use domain::process::{ElementKind, Process, TaskProfile};
use read::Reader;
use serde::Serialize;

/// What a file gives.
#[derive(Clone, Debug)]
pub struct Reading {
    /// Every executable process, in document order. Empty when a diagnostic is an error: a file is deployed whole or
    /// not at all.
    pub definitions: Vec<CompiledProcess>,
    /// Everything found, by place. Warnings are stored with the definition.
    pub diagnostics: Vec<Diagnostic>,
    /// Loop iterations of the reader: linear in the size of the file, whatever the file is.
    pub steps: usize,
}

impl Reading {
    /// True when the file is refused.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|found| found.severity == Severity::Error)
    }
}

/// One process as it is stored and run.
#[derive(Clone, Debug, Serialize)]
pub struct CompiledProcess {
    /// What the engine reads.
    pub process: Process,
    /// Pages and mails, each the JSON of a `domain::page::CustomerPage`; `TextRef(i)` in the process is position i.
    pub texts: Vec<String>,
    /// The tasks, for the answer of the API.
    pub activities: Vec<Activity>,
}

impl CompiledProcess {
    fn new(process: Process, texts: Vec<String>) -> CompiledProcess {
        let activities = process
            .elements
            .iter()
            .filter_map(|element| {
                let profile = match &element.kind {
                    ElementKind::UserTask(task) => match &task.profile {
                        TaskProfile::External(_) => Some("external"),
                        TaskProfile::Work(_) => Some("work"),
                    },
                    ElementKind::Task
                    | ElementKind::ManualTask
                    | ElementKind::ReceiveTask(_)
                    | ElementKind::CallActivity(_)
                    | ElementKind::ScriptTask(_)
                    | ElementKind::SystemTask(_) => None,
                    ElementKind::StartEvent
                    | ElementKind::TimerStart(_)
                    | ElementKind::EventStart(_)
                    | ElementKind::EndEvent
                    | ElementKind::TerminateEndEvent
                    | ElementKind::ErrorEndEvent(_)
                    | ElementKind::ThrowEndEvent(_)
                    | ElementKind::SubProcess
                    | ElementKind::EventSubProcess
                    | ElementKind::ExclusiveGateway(_)
                    | ElementKind::ParallelGateway
                    | ElementKind::InclusiveGateway(_)
                    | ElementKind::EventBasedGateway
                    | ElementKind::IntermediateCatchEvent(_)
                    | ElementKind::IntermediateThrowEvent(_)
                    | ElementKind::BoundaryEvent(_) => return None,
                };
                let (id, name) = (element.id.clone(), element.name.clone());
                Some(Activity { id, name, kind: element.kind.bpmn_name(), profile })
            })
            .collect();
        CompiledProcess { process, texts, activities }
    }
}

/// A task of a process, in the shape the API answers after a deployment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Activity {
    /// BPMN id.
    pub id: String,
    /// Display name.
    pub name: String,
    /// BPMN element name, such as `userTask`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// `TaskProfile` of a user task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<&'static str>,
}

/// Where a script is not valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScriptError {
    /// What the compiler of the script language says.
    pub message: String,
    /// Line inside the script, from 1.
    pub line: u32,
    /// Character of that line, from 1.
    pub column: u32,
}

/// Syntax check of scripts, given from outside so that this crate links no script language.
pub trait ScriptCheck {
    /// Compiles without running. Warnings are sentences about a valid script.
    fn check(&self, source: &str) -> Result<Vec<String>, ScriptError>;
}

/// Accepts every script. For tools that only look at the model.
#[derive(Clone, Copy, Debug, Default)]
pub struct UncheckedScripts;

impl ScriptCheck for UncheckedScripts {
    fn check(&self, _: &str) -> Result<Vec<String>, ScriptError> {
        Ok(Vec::new())
    }
}

/// Reads a file without checking the syntax of its scripts. Deployment uses [`read_with`].
pub fn read(source: &[u8]) -> Reading {
    read_with(source, &UncheckedScripts)
}

/// Reads a file: at most [`FILE_BYTES_MAX`] bytes of UTF-8, no DTD, nesting and counts within limits.
pub fn read_with(source: &[u8], scripts: &dyn ScriptCheck) -> Reading {
    let text = match xml::decode(source) {
        Ok(text) => text,
        Err((fault, text)) => {
            let diagnostics = vec![fault.diagnostic(&xml::Lines::new(text))];
            return Reading { definitions: Vec::new(), diagnostics, steps: text.len() };
        }
    };
    let mut report = Report::new(xml::Lines::new(text));
    report.steps += text.len();
    let mut steps = 0;
    let document = xml::parse(text, &mut steps);
    report.steps += steps;
    let mut reader = Reader::new(text, scripts, report);
    let mut definitions = match document {
        Ok(document) => read::document(&document, &mut reader),
        Err(fault) => {
            reader.report.fault(fault);
            Vec::new()
        }
    };
    if reader.report.errors() > 0 {
        definitions.clear();
    }
    let (diagnostics, steps) = reader.report.finish();
    Reading { definitions, diagnostics, steps }
}
