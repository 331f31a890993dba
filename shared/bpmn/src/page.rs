//! Reads a customer's page or mail at deployment: parses it as HTML5, says what is not allowed and where, and writes
//! it once in the form the web shows. Must not know the BPMN around it, and must not show anything itself.
//!
//! What comes out is safe by construction and not by search: only listed elements and attributes are written, every
//! attribute is quoted, every text escaped, nothing is left whose content browsers read in another way, and no
//! address leads to another host except in links. Placeholders survive only in texts and in quoted attributes.
//!
//! Codes of problems. Errors: `TEMPLATE_NOT_ALLOWED`, `PLACEHOLDER_PLACE`, `PLACEHOLDER_SYNTAX`, `PAGE_TOO_BIG` (above
//! [`PAGE_BYTES_MAX`]), `PAGE_TOO_COMPLEX`, `FORM_NOT_UNIQUE`, `FIELD_NAME`, `FIELD_NOT_SUPPORTED`,
//! `FIELD_OUTSIDE_FORM`, `ACTION_WITHOUT_VALUE`. Warnings: `PAGE_TOO_BIG` (above [`PAGE_BYTES_GOOD`]),
//! `PLACEHOLDER_OPEN`, `ELEMENT_DROPPED`, `ATTRIBUTE_DROPPED`, `LINK_NOT_ABSOLUTE`, `FIELD_WITHOUT_NAME`, `FIELD_WITHOUT_LABEL`,
//! `BUTTON_WITHOUT_ACTION`.

mod clean;
mod css;
mod dom;
mod form;
mod rules;
mod source;
#[cfg(test)]
mod tests;
mod tree;
mod url;
mod write;

use domain::page::CustomerPage;
use domain::process::FieldModel;

/// A page above this many bytes does not fit into the first round trip of a slow connection: a warning.
pub const PAGE_BYTES_GOOD: usize = 14 * 1024;
/// A page above this many bytes is refused unread.
pub const PAGE_BYTES_MAX: usize = 256 * 1024;
/// A page of quotes and ampersands grows when they are escaped; beyond this it could not be shown.
const WRITTEN_BYTES_MAX: usize = 384 * 1024;
/// Problems reported for one page at most.
const PROBLEMS_MAX: usize = 100;

/// What a template is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageKind {
    /// The page that asks: may bring a form or say where the product's form goes.
    Task,
    /// A page that tells: success, already completed, expired, cancelled. Has no form.
    Result,
    /// The HTML part of a mail. Has no form, and keeps its `style` attributes, which mail programs need.
    Mail,
}

/// A page as read.
#[derive(Clone, Debug, PartialEq)]
pub struct PageReading {
    /// The page as it is stored. Complete also where there are problems, but only to be used without errors.
    pub page: CustomerPage,
    /// The fields of the page's own form, in page order; `None` where the product brings the form.
    pub fields: Option<Vec<FieldModel>>,
    /// True when the page's own form has at least one action button (`name="action"`).
    pub has_actions: bool,
    /// Values of these buttons in page order, to be compared with the modelled actions.
    pub actions: Vec<String>,
    /// What is wrong, in the order of the source.
    pub problems: Vec<PageProblem>,
}

impl PageReading {
    /// True when the page may not be deployed.
    pub fn has_errors(&self) -> bool {
        self.problems.iter().any(|problem| problem.severity == Severity::Error)
    }
}

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The page is refused.
    Error,
    /// The page works, with something left out or against good practice.
    Warning,
}

/// Something wrong in a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageProblem {
    /// Error or warning.
    pub severity: Severity,
    /// Stable code, listed in the module's documentation.
    pub code: &'static str,
    /// What is wrong and what to write instead.
    pub message: String,
    /// Line inside the template, from 1.
    pub line: usize,
    /// Character of that line, from 1.
    pub column: usize,
}

/// Reads a template. Never fails and never panics; what cannot be used is among the problems.
pub fn read(source: &str, kind: PageKind) -> PageReading {
    let mut findings = Findings::default();
    check_size(source, &mut findings);
    if source.len() > PAGE_BYTES_MAX {
        return refused(source, findings);
    }
    let parsed = match source::parse(source) {
        Ok(parsed) => parsed,
        Err(source::TooComplex(offset)) => {
            let message = "the page is nested too deeply or has too many elements or attributes here".to_owned();
            findings.error(offset, "PAGE_TOO_COMPLEX", message);
            return refused(source, findings);
        }
    };
    for (offset, misplaced) in &parsed.misplaced {
        findings.error(*offset, "PLACEHOLDER_PLACE", misplaced_message(misplaced));
    }
    let mut cleaned = clean::clean(source, &parsed.dom, kind, findings);
    let prepared = form::prepare(kind, &mut cleaned.nodes, &mut cleaned.findings);
    let page = CustomerPage {
        style: cleaned.style,
        title: cleaned.title,
        body: write::html(&cleaned.nodes).trim().to_owned(),
        form: prepared.place,
    };
    if page.body.len() + page.style.len() > WRITTEN_BYTES_MAX {
        let message = "the page has more than 384 KB when its texts are escaped".to_owned();
        cleaned.findings.error(0, "PAGE_TOO_BIG", message);
    }
    PageReading {
        page,
        fields: prepared.fields,
        has_actions: !prepared.actions.is_empty(),
        actions: prepared.actions,
        problems: cleaned.findings.problems(source),
    }
}

fn refused(source: &str, findings: Findings) -> PageReading {
    PageReading {
        page: CustomerPage::default(),
        fields: None,
        has_actions: false,
        actions: Vec::new(),
        problems: findings.problems(source),
    }
}

fn check_size(source: &str, findings: &mut Findings) {
    let size = source.len().div_ceil(1024);
    if source.len() > PAGE_BYTES_MAX {
        findings.error(0, "PAGE_TOO_BIG", format!("the page has {size} KB; at most 256 KB are possible"));
    } else if source.len() > PAGE_BYTES_GOOD {
        findings.warning(
            0,
            "PAGE_TOO_BIG",
            format!("the page has {size} KB; above 14 KB it opens slowly on a weak connection"),
        );
    }
}

fn misplaced_message(misplaced: &source::Misplaced) -> String {
    match misplaced {
        source::Misplaced::TagName => "a placeholder may not be the name of an element".to_owned(),
        source::Misplaced::Unquoted { attribute } => {
            format!(
                "put quotes around the value of \"{attribute}\": a placeholder may only stand in a quoted attribute"
            )
        }
    }
}

/// Problems with byte offsets, as they are found.
#[derive(Debug, Default)]
struct Findings(Vec<(usize, Severity, &'static str, String)>);

impl Findings {
    fn error(&mut self, offset: usize, code: &'static str, message: String) {
        self.0.push((offset, Severity::Error, code, message));
    }

    fn warning(&mut self, offset: usize, code: &'static str, message: String) {
        self.0.push((offset, Severity::Warning, code, message));
    }

    /// Problems in source order with lines and columns. Errors come before warnings where they are too many.
    fn problems(mut self, source: &str) -> Vec<PageProblem> {
        if self.0.len() > PROBLEMS_MAX {
            self.0.sort_by_key(|(offset, severity, ..)| (*severity, *offset));
            self.0.truncate(PROBLEMS_MAX);
        }
        self.0.sort_by_key(|(offset, ..)| *offset);
        self.0.dedup();
        let mut at = 0;
        let (mut line, mut column) = (1, 1);
        self.0
            .into_iter()
            .map(|(offset, severity, code, message)| {
                let offset = (0..=offset.min(source.len())).rev().find(|at| source.is_char_boundary(*at)).unwrap_or(0);
                for c in source[at..offset].chars() {
                    if c == '\n' {
                        line += 1;
                        column = 1;
                    } else {
                        column += 1;
                    }
                }
                at = offset;
                PageProblem { severity, code, message, line, column }
            })
            .collect()
    }
}
