//! Which placeholders of a task's pages and mail find no value: what Sync and the impact of a deployment tell the
//! operator. Renders nothing.

use crate::{App, Error};
use domain::ids::TenantId;
use domain::page::CustomerPage;
use domain::process::{ExternalTaskModel, TextRef};
use domain::template::{Filter, Placeholder, Template};
use domain::variables::Variables;
use std::collections::BTreeSet;

/// Roots that are always there, beside the form context.
const ALWAYS: [&str; 3] = ["task", "recipient", "form"];

/// The placeholders of a deployed version for which `form_context` has no value and that have no default, sorted. Empty
/// where the version has no such activity.
///
/// # Errors
/// [`Error::NoDefinition`], and those of the table.
pub async fn missing(
    app: &App,
    tenant: TenantId,
    (process_id, version): (&str, u32),
    activity: &str,
    form_context: &Variables,
) -> Result<Vec<String>, Error> {
    let process = app.process(tenant, process_id, version).await?;
    let Some(model) = process.external_task(activity) else { return Ok(Vec::new()) };
    let mut texts = Vec::new();
    for text in texts_of(model) {
        texts.extend(app.store.text(tenant, process_id, version, text).await?);
    }
    Ok(missing_in(model, texts.iter().map(AsRef::as_ref), form_context))
}

/// As [`missing`], of a model with its texts at hand.
pub fn missing_in<'t>(
    model: &ExternalTaskModel,
    texts: impl Iterator<Item = &'t str>,
    form_context: &Variables,
) -> Vec<String> {
    let mut templates: Vec<Template> = model.email_subject.iter().cloned().collect();
    for json in texts {
        // What was deployed was checked; a text this release cannot read is no matter of a warning.
        let Ok(page) = serde_json::from_str::<CustomerPage>(json) else { continue };
        templates.extend(page.title.as_deref().and_then(|title| Template::parse(title).ok()));
        templates.extend(Template::parse(&page.body).ok());
    }
    let placeholders = templates.iter().flat_map(Template::placeholders);
    let missing: BTreeSet<String> = placeholders
        .filter(|placeholder| is_missing(placeholder, form_context))
        .map(|placeholder| placeholder.path.to_string())
        .collect();
    missing.into_iter().collect()
}

/// The pages and the mail of an activity.
pub fn texts_of(model: &ExternalTaskModel) -> impl Iterator<Item = TextRef> {
    let pages = &model.pages;
    [pages.task, pages.success, pages.already_completed, pages.expired, pages.cancelled, model.email_body]
        .into_iter()
        .flatten()
}

fn is_missing(placeholder: &Placeholder, form_context: &Variables) -> bool {
    let has_default = placeholder.filters.iter().any(|filter| matches!(filter, Filter::Default(_)));
    let always = ALWAYS.contains(&placeholder.path.root());
    !has_default && !always && placeholder.path.get(form_context).is_none()
}
