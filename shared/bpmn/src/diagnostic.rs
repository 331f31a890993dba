//! Diagnostics: what the reader says about a file and where. Decides nothing about what is right or wrong.

pub mod catalogue;

use crate::xml::Lines;
use serde::Serialize;

/// Errors kept per file. More of them help nobody; the number left out is told.
pub const ERRORS_MAX: usize = 200;
/// Warnings and notes kept per file.
pub const NOTES_MAX: usize = 200;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The file is refused.
    Error,
    /// The file is accepted; something is probably not meant like this.
    Warning,
    /// Worth knowing, nothing to do.
    Info,
}

/// One finding, in the shape the API answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// Stable code in UPPER_SNAKE.
    pub code: &'static str,
    /// A sentence: what is wrong and what to write instead.
    pub message: String,
    /// Line in the file as sent, from 1.
    pub line: u32,
    /// Column in characters, from 1; a byte order mark is not counted.
    pub column: u32,
    /// BPMN id of the element concerned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub element_id: Option<String>,
}

/// A finding that ends the reading before there is a tree to walk.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    pub code: &'static str,
    pub message: String,
    pub at: Place,
}

/// A place in the file.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place {
    /// Byte offset into the decoded text.
    Offset(usize),
    /// As the XML parser gives it.
    Position(u32, u32),
}

impl Fault {
    pub(crate) fn new(code: &'static str, at: usize, message: impl Into<String>) -> Fault {
        Fault { code, message: message.into(), at: Place::Offset(at) }
    }

    pub(crate) fn diagnostic(self, lines: &Lines<'_>) -> Diagnostic {
        debug_assert!(catalogue::knows(Severity::Error, self.code), "{} is missing in the catalogue", self.code);
        let (line, column) = match self.at {
            Place::Offset(offset) => lines.position(offset),
            Place::Position(line, column) => (line, column),
        };
        Diagnostic { severity: Severity::Error, code: self.code, message: self.message, line, column, element_id: None }
    }
}

/// Collects findings and counts the reader's steps.
pub(crate) struct Report<'t> {
    lines: Lines<'t>,
    found: Vec<Diagnostic>,
    errors: usize,
    notes: usize,
    /// Loop iterations of the reader so far; a test holds them against the size of the file.
    pub steps: usize,
}

impl<'t> Report<'t> {
    pub(crate) fn new(lines: Lines<'t>) -> Report<'t> {
        Report { lines, found: Vec::new(), errors: 0, notes: 0, steps: 0 }
    }

    /// Number of errors so far, those left out included.
    pub(crate) fn errors(&self) -> usize {
        self.errors
    }

    /// Line of a byte offset.
    pub(crate) fn line(&self, offset: usize) -> u32 {
        self.lines.position(offset).0
    }

    pub(crate) fn error(&mut self, code: &'static str, at: usize, element: &str, message: impl Into<String>) {
        self.add(Severity::Error, code, at, element, message.into());
    }

    pub(crate) fn warning(&mut self, code: &'static str, at: usize, element: &str, message: impl Into<String>) {
        self.add(Severity::Warning, code, at, element, message.into());
    }

    pub(crate) fn info(&mut self, code: &'static str, at: usize, element: &str, message: impl Into<String>) {
        self.add(Severity::Info, code, at, element, message.into());
    }

    pub(crate) fn fault(&mut self, fault: Fault) {
        self.errors += 1;
        let diagnostic = fault.diagnostic(&self.lines);
        self.found.push(diagnostic);
    }

    pub(crate) fn add(&mut self, severity: Severity, code: &'static str, at: usize, element: &str, message: String) {
        debug_assert!(catalogue::knows(severity, code), "{code} is missing in the catalogue as {severity:?}");
        let (count, max) = match severity {
            Severity::Error => (&mut self.errors, ERRORS_MAX),
            Severity::Warning | Severity::Info => (&mut self.notes, NOTES_MAX),
        };
        *count += 1;
        if *count > max {
            return;
        }
        let (line, column) = self.lines.position(at);
        let element_id = (!element.is_empty()).then(|| element.to_owned());
        self.found.push(Diagnostic { severity, code, message, line, column, element_id });
    }

    /// The findings by place, with a last one that tells how many were left out.
    pub(crate) fn finish(mut self) -> (Vec<Diagnostic>, usize) {
        self.found.sort_by_key(|found| (found.line, found.column));
        let left_out = self.errors.saturating_sub(ERRORS_MAX) + self.notes.saturating_sub(NOTES_MAX);
        if left_out > 0 {
            let (line, column) = self.found.last().map_or((1, 1), |last| (last.line, last.column));
            self.found.push(Diagnostic {
                severity: Severity::Info,
                code: "MORE_DIAGNOSTICS",
                message: format!("{left_out} more findings are left out; correct those above and deploy again"),
                line,
                column,
                element_id: None,
            });
        }
        (self.found, self.steps)
    }
}
