//! Customer pages and mails: hands their HTML to the page reader and brings its findings to their place in the file.

use super::{Properties, Reader};
use crate::diagnostic::Severity;
use crate::page::{self, PageKind};
use domain::process::{FieldModel, TextRef};

/// Findings kept per page.
const PROBLEMS_MAX: usize = 50;

/// A template kept apart, with the fields of its own form.
pub(crate) struct Text {
    pub text: TextRef,
    pub fields: Option<Vec<FieldModel>>,
    /// The action buttons of its own form.
    pub actions: Vec<String>,
}

/// Reads a template property; `None` where it is absent.
pub(crate) fn text(
    properties: &Properties,
    name: &'static str,
    kind: PageKind,
    element: &str,
    reader: &mut Reader<'_>,
) -> Option<Text> {
    let property = properties.get(name)?;
    reader.report.steps += property.value.text.len();
    let reading = page::read(&property.value.text, kind);
    for problem in reading.problems.into_iter().take(PROBLEMS_MAX) {
        let at = property.value.place_of(problem.line, problem.column);
        let severity = match problem.severity {
            page::Severity::Error => Severity::Error,
            page::Severity::Warning => Severity::Warning,
        };
        let message = format!("{name}: {}", problem.message);
        reader.report.add(severity, problem.code, at, element, message);
    }
    let json = match serde_json::to_string(&reading.page) {
        Ok(json) => json,
        Err(error) => {
            reader.report.add(Severity::Error, "TEMPLATE_NOT_ALLOWED", property.at, element, error.to_string());
            return None;
        }
    };
    reader.texts.push(json);
    Some(Text { text: TextRef(reader.texts.len() - 1), fields: reading.fields, actions: reading.actions })
}
