//! Which placeholders of a task's pages and mail find no value: what Sync tells the operator. Renders nothing.

use crate::{App, Error};
use domain::external_task::ExternalTask;
use domain::ids::TenantId;
use domain::page::CustomerPage;
use domain::process::ExternalTaskModel;
use domain::template::{Filter, Placeholder, Template};
use std::collections::BTreeSet;

/// Roots that are always there, beside the form context.
const ALWAYS: [&str; 3] = ["task", "recipient", "form"];

/// The placeholders of version `version` for which the form context of `task` has no value and that have no default,
/// sorted. Empty where the version has no such activity.
///
/// # Errors
/// [`Error::NoDefinition`], and those of the table.
pub async fn missing(
    app: &App,
    tenant: TenantId,
    task: &ExternalTask,
    process_id: &str,
    version: u32,
) -> Result<Vec<String>, Error> {
    let process = app.process(tenant, process_id, version).await?;
    let Some(model) = process.external_task(&task.activity) else { return Ok(Vec::new()) };
    let mut missing = BTreeSet::new();
    for template in templates(app, tenant, process_id, version, model).await? {
        for placeholder in template.placeholders().filter(|placeholder| is_missing(placeholder, task)) {
            missing.insert(placeholder.path.to_string());
        }
    }
    Ok(missing.into_iter().collect())
}

async fn templates(
    app: &App,
    tenant: TenantId,
    process_id: &str,
    version: u32,
    model: &ExternalTaskModel,
) -> Result<Vec<Template>, Error> {
    let mut templates: Vec<Template> = model.email_subject.iter().cloned().collect();
    let pages = &model.pages;
    let texts = [pages.task, pages.success, pages.already_completed, pages.expired, pages.cancelled, model.email_body];
    for text in texts.into_iter().flatten() {
        let Some(json) = app.store.text(tenant, process_id, version, text).await? else { continue };
        // What was deployed was checked; a text this release cannot read is no matter of a warning.
        let Ok(page) = serde_json::from_str::<CustomerPage>(&json) else { continue };
        templates.extend(page.title.as_deref().and_then(|title| Template::parse(title).ok()));
        templates.extend(Template::parse(&page.body).ok());
    }
    Ok(templates)
}

fn is_missing(placeholder: &Placeholder, task: &ExternalTask) -> bool {
    let has_default = placeholder.filters.iter().any(|filter| matches!(filter, Filter::Default(_)));
    let always = ALWAYS.contains(&placeholder.path.root());
    !has_default && !always && placeholder.path.get(&task.form_context).is_none()
}
