//! The page of a pending task: lead, facts and the form with its fields, messages and buttons.

use super::chrome::{Chrome, CustomerPart, Foot};
use super::script::{PageScript, Script};
use super::{Fact, PublicView, Shown, SignLine, paragraphs};
use crate::clean;
use crate::format;
use crate::template;
use crate::text::Lang;
use domain::decision::{FieldError, Problem};
use domain::process::{ActionModel, FieldKind, FieldModel};
use domain::template::plain_text;
use domain::variables::Variables;
use serde::Serialize;
use serde_json::Value;

/// A list of more answers than this becomes a drop-down.
const RADIOS_MAX: usize = 8;
/// Text fields with a smaller limit say it before something is typed.
const HINTED_CHARS: usize = 1_000;

/// What the form of a task page is made of.
#[derive(Clone, Copy, Debug)]
pub struct TaskForm<'a> {
    /// The fields in order.
    pub fields: &'a [FieldModel],
    /// The buttons in modelled order.
    pub actions: &'a [ActionModel],
    /// Action of `/t/{link}/{action}`: it comes first. A name that is not modelled is ignored.
    pub chosen: Option<&'a str>,
    /// Names and values of the hidden fields the page itself needs.
    pub hidden: &'a [(&'a str, &'a str)],
    /// What the fields show: the draft, or what was just posted.
    pub values: &'a Variables,
    /// What was wrong with the post this page answers; empty on a first visit.
    pub errors: &'a [FieldError],
    /// What the page says about a saved draft.
    pub draft: DraftNote,
    /// For a customer's own form: the `id` of each field's first control, to which the error summary links.
    pub own_form: Option<&'a [(String, String)]>,
    /// What the page runs. Its answer must allow scripts by the nonce ([`super::headers`]).
    pub script: Option<PageScript<'a>>,
}

/// What the page says about a saved draft.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum DraftNote {
    /// Nothing.
    #[default]
    None,
    /// This page answers the button "Save and answer later".
    JustSaved,
    /// The values come from an earlier visit.
    Restored,
}

/// Pieces of the product's form for a customer's page, as HTML.
#[derive(Clone, Debug, Default)]
pub struct FormParts {
    /// The hidden fields (`mark::HIDDEN`).
    pub hidden: String,
    /// The whole form (`mark::FORM`).
    pub form: String,
    /// The buttons (`mark::ACTIONS`).
    pub buttons: String,
    /// Field and message, as plain text, for every refused field.
    pub messages: Vec<(String, String)>,
}

/// The page of a PENDING task (S0-62 to S0-64), and with errors the answer to a refused post (E-08).
pub fn task(view: &PublicView, form: &TaskForm<'_>, customer: Option<&CustomerPart<'_>>, nonce: &str) -> String {
    let shown = Shown::new(view);
    let lang = shown.lang;
    let mut lead = view.description.as_deref().map(paragraphs).unwrap_or_default();
    if lead.is_empty() {
        lead.push(lang.default_lead(&shown.organisation));
    }
    let note = match (form.draft, view.expires_at) {
        (DraftNote::None, _) => None,
        (DraftNote::JustSaved, Some(end)) => Some(lang.saved_until(&format::moment_with_place(lang, &shown.zone, end))),
        (DraftNote::JustSaved, None) => Some(lang.saved().to_owned()),
        (DraftNote::Restored, _) => Some(lang.draft_restored().to_owned()),
    };
    let mut chrome = Chrome::of_task(&shown, &shown.heading, Foot::Personal, nonce, customer);
    if !form.errors.is_empty() {
        chrome.mark_error(lang);
    }
    chrome.runs(form.script.map(|script| Script::of(&script, form, lang)));
    let page = TaskPage {
        chrome,
        summary: Summary::of(form, lang),
        note,
        heading: &shown.heading,
        lead,
        sign: [shown.asked.clone(), shown.open_answer(view.expires_at)],
        facts: &shown.facts,
        form: FormView::of(form, lang),
    };
    template::render("public/task.html", &page)
}

/// The pieces a customer's page takes up. The page around them is then rendered by [`task`].
pub fn form_parts(language: Lang, form: &TaskForm<'_>) -> FormParts {
    let view = FormView::of(form, language);
    let hidden = view
        .hidden
        .iter()
        .map(|hidden| {
            let (name, value) = (template::escape(&hidden.label), template::escape(&hidden.value));
            format!("<input type=\"hidden\" name=\"{name}\" value=\"{value}\">")
        })
        .collect();
    let messages = form
        .errors
        .iter()
        .filter(|error| error.field != "action")
        .map(|error| (error.field.clone(), message(form, language, error)))
        .collect();
    FormParts {
        hidden,
        form: template::render("components/form.html", &Form { form: &view }),
        buttons: template::render("components/acts.html", &Form { form: &view }),
        messages,
    }
}

#[derive(Serialize)]
struct TaskPage<'a> {
    chrome: Chrome,
    summary: Option<Summary>,
    note: Option<String>,
    heading: &'a str,
    lead: Vec<String>,
    sign: [SignLine; 2],
    facts: &'a [Fact],
    form: FormView,
}

#[derive(Serialize)]
struct Form<'a> {
    form: &'a FormView,
}

#[derive(Serialize)]
struct FormView {
    hidden: Vec<Fact>,
    fields: Vec<FieldView>,
    buttons: Vec<Button>,
    action_error: Option<String>,
    save: Option<&'static str>,
}

#[derive(Serialize)]
struct Button {
    id: String,
    value: String,
    label: String,
    class: &'static str,
}

#[derive(Serialize)]
struct Choice {
    id: String,
    value: String,
    on: bool,
}

#[derive(Serialize)]
struct FieldView {
    /// `text`, `textarea`, `checkbox`, `radios`, `checks` or `select`.
    control: &'static str,
    /// `type` of an input.
    input: &'static str,
    id: String,
    name: String,
    label: String,
    optional: Option<&'static str>,
    required: bool,
    hint: Option<String>,
    error: Option<String>,
    /// Ids of hint and message, for `aria-describedby`.
    described_by: String,
    value: String,
    choices: Vec<Choice>,
    placeholder: &'static str,
}

#[derive(Serialize)]
struct Summary {
    heading: String,
    items: Vec<SummaryItem>,
}

#[derive(Serialize)]
struct SummaryItem {
    /// Id of what is to be corrected; empty where the page has no such thing.
    target: String,
    text: String,
}

impl FormView {
    fn of(form: &TaskForm<'_>, lang: Lang) -> FormView {
        let hidden =
            form.hidden.iter().map(|(name, value)| Fact { label: (*name).to_owned(), value: (*value).to_owned() });
        let action_error = form.errors.iter().find(|error| error.field == "action");
        FormView {
            hidden: hidden.collect(),
            fields: form
                .fields
                .iter()
                .enumerate()
                .map(|(index, field)| FieldView::of(form, lang, index, field))
                .collect(),
            buttons: buttons(form, lang),
            action_error: action_error.map(|error| message(form, lang, error)),
            save: (!form.fields.is_empty()).then(|| lang.save_and_answer_later()),
        }
    }
}

impl FieldView {
    fn of(form: &TaskForm<'_>, lang: Lang, index: usize, field: &FieldModel) -> FieldView {
        let id = id(index);
        let given = form.values.get(&field.name);
        let (control, input) = control(&field.kind);
        let error = form.errors.iter().find(|error| error.field == field.name).map(|error| message(form, lang, error));
        let hint = hint(lang, &field.kind);
        let mut described_by = Vec::new();
        described_by.extend(hint.as_ref().map(|_| format!("h-{id}")));
        described_by.extend(error.as_ref().map(|_| format!("e-{id}")));
        let options: &[String] = match &field.kind {
            FieldKind::Choice(options) | FieldKind::Choices(options) => options,
            FieldKind::Text { .. }
            | FieldKind::Email
            | FieldKind::Number { .. }
            | FieldKind::Date
            | FieldKind::Checkbox => &[],
        };
        let choice = |(number, option): (usize, &String)| Choice {
            // The first choice carries the field's own id, so that the summary's link puts the focus on it.
            id: if number == 0 { id.clone() } else { format!("{id}-{}", number + 1) },
            value: option.clone(),
            on: given.is_some_and(|given| has(given, option)),
        };
        FieldView {
            control,
            input,
            name: field.name.clone(),
            label: label(lang, field),
            optional: (!field.required && field.kind != FieldKind::Checkbox).then(|| lang.optional()),
            required: field.required,
            hint,
            error,
            described_by: described_by.join(" "),
            value: match field.kind {
                FieldKind::Checkbox => given.filter(|value| is_on(value)).map(|_| "on".to_owned()).unwrap_or_default(),
                FieldKind::Text { .. }
                | FieldKind::Email
                | FieldKind::Number { .. }
                | FieldKind::Date
                | FieldKind::Choice(_)
                | FieldKind::Choices(_) => given.map(plain_text).unwrap_or_default(),
            },
            choices: options.iter().enumerate().map(choice).collect(),
            placeholder: lang.choose(),
            id,
        }
    }
}

impl Summary {
    /// First the fields in the order of the page, then what belongs to none, then the buttons.
    fn of(form: &TaskForm<'_>, lang: Lang) -> Option<Summary> {
        let place = |error: &FieldError| {
            let field = form.fields.iter().position(|field| field.name == error.field);
            field.unwrap_or(if error.field == "action" { usize::MAX } else { usize::MAX - 1 })
        };
        let mut errors: Vec<&FieldError> = form.errors.iter().collect();
        errors.sort_by_key(|error| place(error));
        let items: Vec<SummaryItem> = errors
            .into_iter()
            .map(|error| SummaryItem { target: target(form, error), text: message(form, lang, error) })
            .collect();
        let count = u64::try_from(items.len()).unwrap_or(u64::MAX);
        (!items.is_empty()).then(|| Summary { heading: lang.correct_answers(count), items })
    }
}

/// The id the summary links to.
fn target(form: &TaskForm<'_>, error: &FieldError) -> String {
    let position = form.fields.iter().position(|field| field.name == error.field);
    match (form.own_form, position) {
        (Some(ids), _) => {
            let own = ids.iter().find(|(name, _)| *name == error.field);
            own.map(|(_, id)| id.clone()).unwrap_or_default()
        }
        (None, Some(position)) => id(position),
        (None, None) if error.field == "action" && !form.actions.is_empty() => "a-1".to_owned(),
        (None, None) => String::new(),
    }
}

fn id(index: usize) -> String {
    format!("q-{}", index + 1)
}

fn message(form: &TaskForm<'_>, lang: Lang, error: &FieldError) -> String {
    let field = form.fields.iter().find(|field| field.name == error.field);
    match field {
        Some(field) => lang.problem(&label(lang, field), Some(&field.kind), &error.problem),
        None if error.field == "action" => lang.problem(&error.field, None, &Problem::UnknownAction),
        None => lang.problem(&clean::line(&error.field, 60), None, &error.problem),
    }
}

/// The product's own comment field has no label in the model, because its label depends on the reader's language.
pub(super) fn label(lang: Lang, field: &FieldModel) -> String {
    match &field.label {
        Some(label) => clean::line(label, clean::LINE_CHARS_MAX),
        None if field.name == "comment" => lang.comment().to_owned(),
        None => field.name.clone(),
    }
}

fn control(kind: &FieldKind) -> (&'static str, &'static str) {
    match kind {
        FieldKind::Text { multiline: true, .. } => ("textarea", ""),
        FieldKind::Text { multiline: false, .. } => ("text", "text"),
        FieldKind::Email => ("text", "email"),
        FieldKind::Number { .. } => ("text", "number"),
        FieldKind::Date => ("text", "date"),
        FieldKind::Checkbox => ("checkbox", ""),
        FieldKind::Choice(options) if options.len() > RADIOS_MAX => ("select", ""),
        FieldKind::Choice(_) => ("radios", ""),
        FieldKind::Choices(_) => ("checks", ""),
    }
}

fn hint(lang: Lang, kind: &FieldKind) -> Option<String> {
    match kind {
        FieldKind::Text { max, .. } if *max < HINTED_CHARS => Some(lang.hint_max(&format::count(lang, *max))),
        FieldKind::Number { min: Some(min), max: Some(max) } => {
            Some(lang.hint_between(&format::decimal(lang, min), &format::decimal(lang, max)))
        }
        FieldKind::Number { min: Some(min), max: None } => Some(lang.hint_from(&format::decimal(lang, min))),
        FieldKind::Number { min: None, max: Some(max) } => Some(lang.hint_up_to(&format::decimal(lang, max))),
        FieldKind::Text { .. }
        | FieldKind::Email
        | FieldKind::Number { min: None, max: None }
        | FieldKind::Date
        | FieldKind::Checkbox
        | FieldKind::Choice(_)
        | FieldKind::Choices(_) => None,
    }
}

/// One filled button: the chosen action, else the first one modelled as `primary`, else the first. The chosen action
/// also comes first; otherwise the order is the model's.
fn buttons(form: &TaskForm<'_>, lang: Lang) -> Vec<Button> {
    let style =
        |action: &ActionModel, name: &str| action.style.as_deref().is_some_and(|s| s.eq_ignore_ascii_case(name));
    let chosen = form.actions.iter().position(|action| form.chosen == Some(action.name.as_str()));
    let go = chosen.or_else(|| form.actions.iter().position(|action| style(action, "primary"))).unwrap_or(0);
    let mut order: Vec<usize> = (0..form.actions.len()).collect();
    order.sort_by_key(|index| Some(*index) != chosen);
    let button = |(number, index): (usize, usize)| {
        let action = &form.actions[index];
        Button {
            id: format!("a-{}", number + 1),
            value: action.name.clone(),
            label: action_label(lang, action),
            class: match index == go {
                true => "btn go",
                false if style(action, "link") => "btn bare",
                false => "btn",
            },
        }
    };
    order.into_iter().enumerate().map(button).collect()
}

/// The text of a button. The action that stands in where none is modelled speaks the reader's language.
pub fn action_label(lang: Lang, action: &ActionModel) -> String {
    match &action.label {
        Some(label) => clean::line(label, clean::LINE_CHARS_MAX),
        None if action.name == "Submit" => lang.submit().to_owned(),
        None => clean::line(&action.name, clean::LINE_CHARS_MAX),
    }
}

fn has(given: &Value, option: &str) -> bool {
    match given {
        Value::Array(list) => list.iter().any(|item| item.as_str() == Some(option)),
        Value::String(text) => text == option,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
    }
}

fn is_on(given: &Value) -> bool {
    match given {
        Value::Bool(on) => *on,
        Value::String(text) => !text.is_empty(),
        Value::Null | Value::Number(_) | Value::Array(_) | Value::Object(_) => false,
    }
}
