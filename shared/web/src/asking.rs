//! What page and mail say about a task, taken from its state and its model. Layout is the pages' matter.

use crate::clean;
use crate::format::{self, Zone};
use crate::public::PublicView;
use crate::text::Lang;
use domain::external_task::ExternalTask;
use domain::process::{ActionModel, Process};
use domain::template::{Template, plain_text};
use domain::variables::Variables;
use serde_json::{Value, json};

/// Lines of the form context that a built-in page shows.
const FACTS_MAX: usize = 12;

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
    let language = Lang::pick(task.language.as_deref(), organisation.language);
    let description = element.and_then(|element| element.description.as_ref());
    // A page of the customer's own shows of the form context what it wants to show.
    let built_in = process.external_task(&task.activity).is_some_and(|model| model.pages.task.is_none());
    let zone = Zone::named(organisation.time_zone);
    PublicView {
        organisation: organisation.name.to_owned(),
        reply_to: organisation.reply_to.map(str::to_owned),
        language,
        time_zone: organisation.time_zone.to_owned(),
        task_name: element.map_or_else(|| task.activity.clone(), |element| element.name.clone()),
        reference: reference.map(str::to_owned),
        description: description
            .map(|description| description.render_plain(&task.form_context))
            .filter(|text| !text.trim().is_empty()),
        facts: if built_in { facts(&task.form_context, description, language, &zone) } else { Vec::new() },
        recipient_name: task.recipient_name.clone(),
        asked_at: task.created_at,
        expires_at: task.expires_at,
    }
}

/// What the form context says, one line each: plain values, and those one level below. What the description says
/// already is left out.
fn facts(
    form_context: &Variables,
    description: Option<&Template>,
    language: Lang,
    zone: &Zone,
) -> Vec<(String, String)> {
    let said = |name: &str| {
        description.is_some_and(|text| text.placeholders().any(|placeholder| placeholder.path.root() == name))
    };
    let shown = |value: &Value| {
        format::date_value(language, zone, value)
            .or_else(|| format::number_value(language, value).filter(|_| value.is_number()))
            .unwrap_or_else(|| one_line(value))
    };
    form_context
        .iter()
        .filter(|(name, _)| !said(name))
        .flat_map(|(name, value)| match value {
            Value::Object(parts) => {
                parts.iter().map(|(part, value)| (words(&format!("{name} {part}")), shown(value))).collect::<Vec<_>>()
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                vec![(words(name), shown(value))]
            }
        })
        .filter(|(_, text)| !text.trim().is_empty())
        .take(FACTS_MAX)
        .collect()
}

/// Plain values and lists of them; anything deeper has no line.
fn one_line(value: &Value) -> String {
    match value {
        Value::Array(list) => list.iter().map(one_line).filter(|text| !text.is_empty()).collect::<Vec<_>>().join(", "),
        Value::Object(_) | Value::Null | Value::Bool(_) => String::new(),
        Value::Number(_) | Value::String(_) => clean::line(&plain_text(value), clean::LINE_CHARS_MAX),
    }
}

/// The name of a variable as words: `unitPrice` and `unit_price` become "Unit price".
fn words(name: &str) -> String {
    let mut words = String::new();
    let mut before = ' ';
    for c in name.chars() {
        match c {
            '_' | '-' => words.push(' '),
            c if c.is_uppercase() && before.is_lowercase() => {
                words.push(' ');
                words.extend(c.to_lowercase());
            }
            c if words.is_empty() => words.extend(c.to_uppercase()),
            c => words.push(c),
        }
        before = c;
    }
    words
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
