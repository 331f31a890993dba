//! A page's own form: which fields it has, what they accept, and what is wrong with them. Reads the checked page;
//! `apply` writes the marks. Knows no submissions.

mod apply;
mod control;

use super::tree::{self, Element, Node};
use super::{Findings, PageKind};
use apply::Plan;
use control::{Control, ControlKind, Survey};
use domain::page::{FormPlace, mark};
use domain::process::{FieldKind, FieldModel};
use domain::variables::{Path, is_reserved};

/// A text field without `maxlength` takes this many characters.
const TEXT_DEFAULT: usize = 2000;
/// A text field takes at most this many characters, whatever the page says.
const TEXT_MAX: usize = 10_000;
/// Dates with time, colours and the like.
const TEXT_SHORT: usize = 100;
/// Names are stored with every answer.
const NAME_CHARS_MAX: usize = 100;
/// Names of the product's own inputs, and the one under which scripts find who answered.
const OWN_NAMES: &[&str] = &["action", "page", "submission", "userId"];

/// What the form of a page came to.
pub(super) struct Prepared {
    pub(super) place: FormPlace,
    pub(super) fields: Option<Vec<FieldModel>>,
    pub(super) actions: Vec<String>,
}

/// Checks the forms of a page and prepares its own one.
pub(super) fn prepare(kind: PageKind, nodes: &mut [Node], findings: &mut Findings) -> Prepared {
    let mut places = Places::default();
    places.visit(nodes, None);
    if kind != PageKind::Task {
        for (offset, _) in &places.forms {
            let message = "only the task page has a form; this page or mail asks nothing".to_owned();
            findings.error(*offset, "TEMPLATE_NOT_ALLOWED", message);
        }
        for offset in &places.outside {
            let message = "only the task page has fields and buttons; this page or mail asks nothing".to_owned();
            findings.error(*offset, "TEMPLATE_NOT_ALLOWED", message);
        }
        if places.marks > 0 {
            let message = "{{ form }} may only stand in the task page".to_owned();
            findings.error(places.offset, "PLACEHOLDER_PLACE", message);
        }
        return Prepared { place: FormPlace::End, fields: None, actions: Vec::new() };
    }
    for offset in &places.outside {
        let message = "a field or button outside the form is never sent: put it inside".to_owned();
        findings.error(*offset, "FIELD_OUTSIDE_FORM", message);
    }
    if let Some((offset, _)) = places.forms.get(1) {
        findings.error(*offset, "FORM_NOT_UNIQUE", "a page has one form".to_owned());
    }
    if places.marks > 1 || (places.marks > 0 && !places.forms.is_empty()) {
        let offset = places.forms.first().map_or(places.offset, |(offset, _)| *offset);
        let message = "{{ form }} may stand once, and not beside a form of the page's own".to_owned();
        findings.error(offset, "FORM_NOT_UNIQUE", message);
    }
    match first_form(nodes) {
        Some(form) => own_form(form, places, findings),
        None if places.marks > 0 => Prepared { place: FormPlace::Marked, fields: None, actions: Vec::new() },
        None => Prepared { place: FormPlace::End, fields: None, actions: Vec::new() },
    }
}

/// Where forms, form marks and lost controls are, and what the labels and ids of the page are.
#[derive(Default)]
struct Places {
    forms: Vec<(usize, usize)>,
    marks: usize,
    outside: Vec<usize>,
    /// Offset of the last element seen before a form mark.
    offset: usize,
    labels: control::Labels,
}

impl Places {
    fn visit(&mut self, nodes: &[Node], form: Option<usize>) {
        for node in nodes {
            match node {
                Node::Mark(text) if text == mark::FORM => self.marks += 1,
                Node::Mark(_) | Node::Text(_) => {}
                Node::Element(element) => {
                    if self.marks == 0 {
                        self.offset = element.offset;
                    }
                    self.labels.note(element);
                    let inner = if element.name == "form" {
                        self.forms.push((element.offset, self.forms.len()));
                        Some(self.forms.len())
                    } else {
                        form
                    };
                    if form.is_none() && control::is_control(element) {
                        self.outside.push(element.offset);
                    }
                    self.visit(&element.children, inner);
                }
            }
        }
    }
}

fn first_form(nodes: &mut [Node]) -> Option<&mut Element> {
    for node in nodes {
        if let Node::Element(element) = node {
            if element.name == "form" {
                return Some(element);
            }
            if let Some(form) = first_form(&mut element.children) {
                return Some(form);
            }
        }
    }
    None
}

fn own_form(form: &mut Element, places: Places, findings: &mut Findings) -> Prepared {
    let survey = Survey::of(&form.children, &places.labels);
    let mut plan = Plan::new(survey.controls.len(), places.labels.ids);
    let mut actions = Vec::new();
    let mut groups: Vec<Group<'_>> = Vec::new();
    for (position, control) in survey.controls.iter().enumerate() {
        match &control.kind {
            ControlKind::Ignored => plan.strip_name(position),
            // Without a name it is never sent.
            ControlKind::Unsupported(kind) if kind == "hidden" && control.name.is_none() => plan.remove(position),
            ControlKind::Unsupported(kind) => {
                let message = format!("a field of type \"{kind}\" is not supported in a page's own form");
                findings.error(control.offset, "FIELD_NOT_SUPPORTED", message);
                plan.remove(position);
            }
            ControlKind::Submit => match action(control, findings) {
                Some(action) => actions.push(action),
                None => plan.remove(position),
            },
            ControlKind::Text { .. }
            | ControlKind::ShortText
            | ControlKind::Email
            | ControlKind::Number
            | ControlKind::Date
            | ControlKind::Checkbox
            | ControlKind::Radio
            | ControlKind::Select { .. } => data_control(position, control, &mut groups, &mut plan, findings),
        }
    }
    let fields = groups.iter().filter_map(|group| field(group, &survey, &mut plan, findings)).collect();
    apply::apply(form, &survey, plan, actions.is_empty());
    Prepared { place: FormPlace::Own, fields: Some(fields), actions }
}

/// The value of an action button; `None` where the button is none.
fn action(control: &Control, findings: &mut Findings) -> Option<String> {
    if control.name.as_deref() != Some("action") {
        let message = "a button that sends needs name=\"action\" and the action as value; this one is left out";
        findings.warning(control.offset, "BUTTON_WITHOUT_ACTION", message.to_owned());
        return None;
    }
    match &control.value {
        Some(value) if !control.live_value && !value.is_empty() => Some(value.clone()),
        Some(_) | None => {
            let message = "an action button needs the action as literal value, as in value=\"Approve\"".to_owned();
            findings.error(control.offset, "ACTION_WITHOUT_VALUE", message);
            None
        }
    }
}

/// Controls of one name.
struct Group<'a> {
    name: &'a str,
    members: Vec<usize>,
}

fn data_control<'a>(
    position: usize,
    control: &'a Control,
    groups: &mut Vec<Group<'a>>,
    plan: &mut Plan,
    findings: &mut Findings,
) {
    let Some(name) = control.name.as_deref().filter(|name| !name.is_empty()) else {
        let message = "a field without a name is never sent; this one is left out".to_owned();
        findings.warning(control.offset, "FIELD_WITHOUT_NAME", message);
        return plan.remove(position);
    };
    if control.disabled {
        return plan.strip_name(position);
    }
    if let Some(message) = bad_name(name) {
        findings.error(control.offset, "FIELD_NAME", message);
        return plan.remove(position);
    }
    if control.live_value && control.kind.has_choices() {
        let message = format!("the values to choose from in \"{name}\" must be literal: answers are checked by them");
        findings.error(control.offset, "FIELD_NOT_SUPPORTED", message);
        return plan.remove(position);
    }
    match groups.iter_mut().find(|group| group.name == name) {
        Some(group) => group.members.push(position),
        None => groups.push(Group { name, members: vec![position] }),
    }
}

fn bad_name(name: &str) -> Option<String> {
    if is_reserved(name) || OWN_NAMES.contains(&name) {
        return Some(format!("\"{name}\" is a name of the product's own; give the field another"));
    }
    let one_step = name.parse::<Path>().is_ok_and(|path| path.to_string() == name && !name.contains(['.', '[']));
    if !one_step || name.chars().count() > NAME_CHARS_MAX {
        return Some(format!(
            "\"{}\" cannot be the name of a field: write letters, digits, - and _, a letter first",
            name.chars().take(NAME_CHARS_MAX).collect::<String>()
        ));
    }
    None
}

fn field(group: &Group<'_>, survey: &Survey, plan: &mut Plan, findings: &mut Findings) -> Option<FieldModel> {
    let controls: Vec<&Control> = group.members.iter().map(|position| &survey.controls[*position]).collect();
    let first = *controls.first()?;
    if controls.len() > 1 && !controls.iter().all(|control| control.kind == first.kind && control.kind.may_repeat()) {
        let message = format!("two fields are called \"{}\"; only radios and checkboxes may share a name", group.name);
        findings.error(controls[1].offset, "FIELD_NAME", message);
    }
    let values = || -> Vec<String> {
        let mut values: Vec<String> = Vec::new();
        for value in controls.iter().flat_map(|control| control.choices()) {
            if !values.contains(&value) {
                values.push(value);
            }
        }
        values
    };
    let kind = match &first.kind {
        ControlKind::Text { multiline } => {
            FieldKind::Text { max: first.max_length(TEXT_DEFAULT, TEXT_MAX), multiline: *multiline }
        }
        ControlKind::ShortText => FieldKind::Text { max: TEXT_SHORT, multiline: false },
        ControlKind::Email => FieldKind::Email,
        ControlKind::Number => FieldKind::Number { min: first.bound("min"), max: first.bound("max") },
        ControlKind::Date => FieldKind::Date,
        ControlKind::Checkbox if controls.len() == 1 => FieldKind::Checkbox,
        ControlKind::Checkbox => FieldKind::Choices(values()),
        ControlKind::Radio => FieldKind::Choice(values()),
        ControlKind::Select { multiple: true } => FieldKind::Choices(values()),
        ControlKind::Select { multiple: false } => FieldKind::Choice(values()),
        ControlKind::Submit | ControlKind::Ignored | ControlKind::Unsupported(_) => return None,
    };
    for control in &controls {
        if control.label.is_none() {
            let message = format!("the field \"{}\" has no visible label: write <label for=...>", group.name);
            findings.warning(control.offset, "FIELD_WITHOUT_LABEL", message);
        }
    }
    let fieldset = survey.fieldset_of(&group.members);
    let legend = fieldset.and_then(|fieldset| survey.legends[fieldset].clone());
    plan.field(group.name, &group.members, &kind, fieldset, survey);
    Some(FieldModel {
        name: group.name.to_owned(),
        label: legend.or_else(|| first.label.clone().or_else(|| first.spoken_label.clone())),
        kind,
        required: controls.iter().any(|control| control.required),
    })
}

/// Text of an element as a label: without the marks that stand for "required".
fn label_text(children: &[Node]) -> Option<String> {
    let text = tree::visible_text(children);
    let text = text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '*' | ':')).to_owned();
    (!text.is_empty()).then_some(text)
}
