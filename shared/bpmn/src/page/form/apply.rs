//! Writes into a page's own form what the web fills in later: ids, values, messages, buttons. Judges nothing.

use super::control::{Survey, is_control, option_value};
use crate::page::tree::{Element, Node, Piece};
use crate::page::write;
use domain::page::mark;
use domain::process::FieldKind;
use std::collections::{BTreeMap, BTreeSet};

/// What to do with the controls of a form, by their number.
pub(super) struct Plan {
    steps: Vec<Step>,
    /// Messages before the label around a control, by the label's number.
    before_label: BTreeMap<usize, String>,
    /// Field and message of fieldsets, by their number.
    fieldsets: BTreeMap<usize, (String, String)>,
    ids: BTreeSet<String>,
}

#[derive(Default)]
struct Step {
    remove: bool,
    strip_name: bool,
    field: Option<FieldStep>,
}

struct FieldStep {
    name: String,
    id: String,
    kind: FieldKind,
    /// What a radio or checkbox sends.
    value: String,
    /// The message to come before it.
    message: Option<String>,
    /// Its own description; false where a fieldset has it.
    described: bool,
}

impl Plan {
    pub(super) fn new(controls: usize, ids: BTreeSet<String>) -> Plan {
        let steps = std::iter::repeat_with(Step::default).take(controls).collect();
        Plan { steps, before_label: BTreeMap::new(), fieldsets: BTreeMap::new(), ids }
    }

    pub(super) fn remove(&mut self, control: usize) {
        self.steps[control].remove = true;
    }

    pub(super) fn strip_name(&mut self, control: usize) {
        self.steps[control].strip_name = true;
    }

    /// Plans a field: its message goes into its fieldset, before the label around it, or before the control.
    pub(super) fn field(
        &mut self,
        name: &str,
        members: &[usize],
        kind: &FieldKind,
        fieldset: Option<usize>,
        survey: &Survey,
    ) {
        let mut message = None;
        for (number, position) in members.iter().enumerate() {
            let control = &survey.controls[*position];
            let id = control.id.clone().unwrap_or_else(|| self.new_id(name));
            if number == 0 {
                let text = format!("{}{name} {}{}", mark::ERROR, write::escaped(&id), mark::CLOSE);
                match (fieldset, control.in_label) {
                    (Some(fieldset), _) => {
                        self.fieldsets.insert(fieldset, (name.to_owned(), text));
                    }
                    (None, Some(label)) => self.before_label.entry(label).or_default().push_str(&text),
                    (None, None) => message = Some(text),
                }
            }
            self.steps[*position].field = Some(FieldStep {
                name: name.to_owned(),
                id,
                kind: kind.clone(),
                value: control.sent_value(),
                message: message.take(),
                described: fieldset.is_none(),
            });
        }
    }

    fn new_id(&mut self, name: &str) -> String {
        let base = format!("q-{name}");
        let mut id = base.clone();
        let mut number = 1;
        while !self.ids.insert(id.clone()) {
            number += 1;
            id = format!("{base}-{number}");
        }
        id
    }
}

/// Prepares the form by the plan.
pub(super) fn apply(form: &mut Element, survey: &Survey, plan: Plan, needs_buttons: bool) {
    debug_assert_eq!(survey.controls.len(), plan.steps.len());
    form.set_text("method", "post");
    form.take("target");
    let mut walk = Walk { plan, control: 0, label: 0, fieldset: 0 };
    let children = walk.nodes(std::mem::take(&mut form.children));
    form.children.push(Node::Mark(mark::HIDDEN.to_owned()));
    form.children.extend(children);
    if needs_buttons {
        form.children.push(Node::Mark(mark::ACTIONS.to_owned()));
    }
}

/// Counts controls, labels and fieldsets exactly as the survey did.
struct Walk {
    plan: Plan,
    control: usize,
    label: usize,
    fieldset: usize,
}

impl Walk {
    fn nodes(&mut self, nodes: Vec<Node>) -> Vec<Node> {
        let mut out = Vec::with_capacity(nodes.len());
        for node in nodes {
            match node {
                Node::Element(element) if is_control(&element) => self.control(element, &mut out),
                Node::Element(element) => self.element(element, &mut out),
                node @ (Node::Text(_) | Node::Mark(_)) => out.push(node),
            }
        }
        out
    }

    fn element(&mut self, mut element: Element, out: &mut Vec<Node>) {
        let mut message = None;
        if element.name == "label" {
            if let Some(text) = self.plan.before_label.remove(&self.label) {
                out.push(Node::Mark(text));
            }
            self.label += 1;
        }
        if element.name == "fieldset" {
            // Its fields would not be sent, and the page has no script of its own to change that.
            element.take("disabled");
            if let Some((name, text)) = self.plan.fieldsets.remove(&self.fieldset) {
                describe(&mut element, mark::GROUP, &name);
                message = Some(text);
            }
            self.fieldset += 1;
        }
        let mut children = self.nodes(std::mem::take(&mut element.children));
        if let Some(text) = message {
            let legend = |node: &Node| matches!(node, Node::Element(element) if element.name == "legend");
            let at = children.iter().position(legend).map_or(0, |at| at + 1);
            children.insert(at, Node::Mark(text));
        }
        element.children = children;
        out.push(Node::Element(element));
    }

    fn control(&mut self, mut element: Element, out: &mut Vec<Node>) {
        let step = std::mem::take(&mut self.plan.steps[self.control]);
        self.control += 1;
        if step.remove {
            return;
        }
        if step.strip_name {
            element.take("name");
        }
        if let Some(mut field) = step.field {
            if let Some(message) = field.message.take() {
                out.push(Node::Mark(message));
            }
            fill(&mut element, &field);
        }
        out.push(Node::Element(element));
    }
}

fn fill(element: &mut Element, field: &FieldStep) {
    element.set_text("id", &field.id);
    element.set_text("name", &field.name);
    if field.described {
        describe(element, mark::FIELD, &field.name);
    }
    match (element.name.as_str(), &field.kind) {
        ("select", _) => options(&mut element.children, &field.name),
        ("textarea", kind) => {
            limit(element, kind);
            let shown = std::mem::take(&mut element.children);
            element.children.push(Node::Mark(value_mark(&field.name)));
            element.children.extend(shown);
            element.children.push(Node::Mark(mark::END.to_owned()));
        }
        (_, FieldKind::Checkbox | FieldKind::Choice(_) | FieldKind::Choices(_)) => {
            if matches!(field.kind, FieldKind::Choices(_)) {
                // Browsers would ask for every box; one is enough, and the server says so.
                element.take("required");
            }
            on(element, "checked", &field.name, &field.value);
        }
        (_, kind) => {
            limit(element, kind);
            let mut value = vec![Piece::Mark(value_mark(&field.name))];
            value.extend(element.take("value").unwrap_or_default());
            value.push(Piece::Mark(mark::END.to_owned()));
            element.set("value", value);
        }
    }
}

fn limit(element: &mut Element, kind: &FieldKind) {
    if let FieldKind::Text { max, .. } = kind {
        element.set_text("maxlength", &max.to_string());
    }
}

fn value_mark(name: &str) -> String {
    format!("{}{name}{}", mark::VALUE, mark::CLOSE)
}

fn options(nodes: &mut [Node], name: &str) {
    for node in nodes {
        let Node::Element(element) = node else { continue };
        if element.name == "option" {
            let value = option_value(element);
            element.set_text("value", &value);
            on(element, "selected", name, &value);
        } else {
            options(&mut element.children, name);
        }
    }
}

/// Replaces `checked` or `selected` by the mark the web decides about.
fn on(element: &mut Element, attribute: &str, name: &str, value: &str) {
    let preset = element.take(attribute).is_some();
    let kind = if preset { mark::ON_DEFAULT } else { mark::ON };
    element.set_text(kind, &format!("{attribute} {name}={value}"));
}

fn describe(element: &mut Element, kind: &str, name: &str) {
    let mut value = vec![Piece::Text(name.to_owned())];
    if let Some(ids) = element.take("aria-describedby") {
        value.push(Piece::Text(" ".to_owned()));
        value.extend(ids);
    }
    element.take("aria-invalid");
    element.set(kind, value);
}
