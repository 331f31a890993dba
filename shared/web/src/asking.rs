//! What page and mail say about a task, taken from its state and its model. Formats nothing; the pages do.

use crate::clean;
use crate::public::PublicView;
use crate::text::Lang;
use domain::external_task::ExternalTask;
use domain::process::{ActionModel, Process};
use domain::template::Template;
use domain::variables::Variables;
use serde_json::{Value, json};

/// The asking organisation, as recipients see it.
#[derive(Clone, Copy, Debug)]
pub struct Organisation<'a> {
    /// Name.
    pub name: &'a str,
    /// Where questions and answers by mail go.
    pub reply_to: Option<&'a str>,
    /// BCP 47 language where the task has none.
    pub language: &'a str,
    /// IANA name of the time zone.
    pub time_zone: &'a str,
}

/// The view of a task: name and description from its process, everything else from its state. The description sees the
/// form context only, like every text a recipient reads.
pub fn view(
    organisation: &Organisation<'_>,
    process: &Process,
    reference: Option<&str>,
    task: &ExternalTask,
) -> PublicView {
    let element = process.element(&task.activity);
    PublicView {
        organisation: organisation.name.to_owned(),
        reply_to: organisation.reply_to.map(str::to_owned),
        language: Lang::pick(task.language.as_deref(), organisation.language),
        time_zone: organisation.time_zone.to_owned(),
        task_name: element.map_or_else(|| task.activity.clone(), |element| element.name.clone()),
        reference: reference.map(str::to_owned),
        description: element
            .and_then(|element| element.description.as_ref())
            .map(|description| description.render_plain(&task.form_context))
            .filter(|text| !text.trim().is_empty()),
        facts: Vec::new(),
        recipient_name: task.recipient_name.clone(),
        asked_at: task.created_at,
        expires_at: task.expires_at,
    }
}

/// The buttons with the placeholders of their labels filled from the form context, so that one process can ask in several
/// languages. A label that comes out empty gives way to the action's name.
pub fn actions(modelled: &[ActionModel], form_context: &Variables) -> Vec<ActionModel> {
    let filled = |label: &str| match Template::parse(label) {
        Ok(template) => clean::line(&template.render_plain(form_context), clean::LINE_CHARS_MAX),
        Err(_) => label.to_owned(),
    };
    let shown = |action: &ActionModel| ActionModel {
        label: action.label.as_deref().map(filled).filter(|label| !label.is_empty()),
        ..action.clone()
    };
    modelled.iter().map(shown).collect()
}

/// What the placeholders of a customer's templates may name: the form context, bare and as `context.`, and a few facts
/// of the task. A form context cannot shadow the facts.
pub fn placeholders(view: &PublicView, task: &ExternalTask, link: &str) -> Variables {
    let mut data = task.form_context.clone();
    data.insert(
        "task".to_owned(),
        json!({
            "name": view.task_name,
            "reference": view.reference,
            "link": link,
            "expiresAt": task.expires_at.map(|at| at.to_string()),
        }),
    );
    data.insert("recipient".to_owned(), json!({ "email": task.recipient.as_str(), "name": task.recipient_name }));
    data.insert("context".to_owned(), Value::Object(task.form_context.clone()));
    data
}

#[cfg(test)]
mod tests;
