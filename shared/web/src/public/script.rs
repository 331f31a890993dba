//! What a task page brings for its ClientScript: the script, what it may see, and the runner (`client-script.js`). Runs
//! nothing, and embeds nothing that the form context does not hold.

use super::task::{TaskForm, label};
use crate::text::Lang;
use domain::decision::Problem;
use domain::process::{ClientScript, FieldKind, FieldModel};
use domain::variables::Variables;
use serde::Serialize;
use serde_json::json;

/// Calls the script and applies what it asks for.
const RUNNER: &str = include_str!(concat!(env!("OUT_DIR"), "/client-script.js"));

/// A ClientScript and the form context, all of which the page then holds.
#[derive(Clone, Copy, Debug)]
pub struct PageScript<'a> {
    script: &'a ClientScript,
    context: &'a Variables,
}

impl<'a> PageScript<'a> {
    /// `None` where the script cannot stand in a page; a deployment of today refuses such a one.
    pub fn new(script: &'a ClientScript, context: &'a Variables) -> Option<PageScript<'a>> {
        let fits = ClientScript::not_in_a_page(&script.source).is_none();
        fits.then_some(PageScript { script, context })
    }
}

/// Serialised for `public/page.html`, which escapes none of it.
#[derive(Serialize)]
pub(super) struct Script {
    /// JSON without `<`: nothing in it can end the element it stands in.
    given: String,
    runner: &'static str,
    source: String,
}

impl Script {
    pub(super) fn of(page: &PageScript<'_>, form: &TaskForm<'_>, lang: Lang) -> Script {
        let field = |field: &FieldModel| {
            let missing = lang.problem(&label(lang, field), Some(&field.kind), &Problem::Required);
            let refused = form.errors.iter().any(|error| error.field == field.name);
            (field.name.clone(), json!({ "kind": kind(&field.kind), "missing": missing, "refused": refused }))
        };
        let fields: Variables = form.fields.iter().map(field).collect();
        let given = json!({ "context": page.context, "shows": page.script.shows, "fields": fields });
        Script {
            given: given.to_string().replace('<', "\\u003c"),
            runner: RUNNER.trim_end(),
            source: page.script.source.trim().to_owned(),
        }
    }
}

/// How the runner reads the value of a field.
fn kind(kind: &FieldKind) -> &'static str {
    match kind {
        FieldKind::Text { .. } | FieldKind::Email | FieldKind::Date | FieldKind::Choice(_) => "text",
        FieldKind::Number { .. } => "number",
        FieldKind::Checkbox => "checkbox",
        FieldKind::Choices(_) => "choices",
    }
}
