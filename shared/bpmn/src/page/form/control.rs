//! Finds the controls of a form and what belongs to each: label, fieldset, choices. Judges and changes nothing.

use super::label_text;
use crate::page::tree::{self, Element, Node};
use std::collections::{BTreeMap, BTreeSet};

/// What a control is, as far as answers are concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ControlKind {
    Text {
        multiline: bool,
    },
    /// A text whose form the browser fixes: time, month, colour.
    ShortText,
    Email,
    Number,
    Date,
    Checkbox,
    Radio,
    Select {
        multiple: bool,
    },
    Submit,
    /// A button that sends nothing.
    Ignored,
    Unsupported(String),
}

impl ControlKind {
    fn of(element: &Element) -> ControlKind {
        let kind = element.literal("type").unwrap_or_default().trim().to_ascii_lowercase();
        match (element.name.as_str(), kind.as_str()) {
            ("textarea", _) => ControlKind::Text { multiline: true },
            ("select", _) => ControlKind::Select { multiple: element.has("multiple") },
            ("button", "button" | "reset") | ("input", "button" | "reset") => ControlKind::Ignored,
            ("button", _) | ("input", "submit") => ControlKind::Submit,
            (_, "file" | "password" | "image" | "hidden") => ControlKind::Unsupported(kind),
            (_, "email") => ControlKind::Email,
            (_, "number" | "range") => ControlKind::Number,
            (_, "date") => ControlKind::Date,
            (_, "checkbox") => ControlKind::Checkbox,
            (_, "radio") => ControlKind::Radio,
            (_, "datetime-local" | "month" | "week" | "time" | "color") => ControlKind::ShortText,
            _ => ControlKind::Text { multiline: false },
        }
    }

    /// Radios and checkboxes form groups by their name.
    pub(super) fn may_repeat(&self) -> bool {
        matches!(self, ControlKind::Checkbox | ControlKind::Radio)
    }

    pub(super) fn has_choices(&self) -> bool {
        matches!(self, ControlKind::Checkbox | ControlKind::Radio | ControlKind::Select { .. })
    }
}

/// True for elements whose values a form sends, and for buttons.
pub(super) fn is_control(element: &Element) -> bool {
    matches!(element.name.as_str(), "input" | "select" | "textarea" | "button")
}

/// A control with what belongs to it.
#[derive(Clone, Debug)]
pub(super) struct Control {
    pub(super) kind: ControlKind,
    pub(super) name: Option<String>,
    pub(super) id: Option<String>,
    /// Literal value.
    pub(super) value: Option<String>,
    /// A placeholder stands in the value, or in that of an option.
    pub(super) live_value: bool,
    /// Text of a label that can be seen.
    pub(super) label: Option<String>,
    /// `aria-label`, which only screen readers have.
    pub(super) spoken_label: Option<String>,
    pub(super) required: bool,
    pub(super) disabled: bool,
    /// Number of the label around it.
    pub(super) in_label: Option<usize>,
    /// Number of the nearest fieldset around it.
    pub(super) in_fieldset: Option<usize>,
    pub(super) offset: usize,
    options: Vec<String>,
    limits: BTreeMap<&'static str, String>,
}

impl Control {
    fn of(element: &Element, labels: &Labels, around: &Around) -> Control {
        let kind = ControlKind::of(element);
        let id = element.literal("id").filter(|id| !id.is_empty());
        let mut options = Vec::new();
        let mut live_value = element.pieces("value").is_some_and(tree::has_placeholder);
        if element.name == "select" {
            live_value = collect_options(&element.children, &mut options);
        }
        let labelled = id.as_ref().and_then(|id| labels.texts.get(id).cloned());
        let limits = ["maxlength", "min", "max"]
            .into_iter()
            .filter_map(|name| Some((name, element.literal(name)?.trim().to_owned())))
            .collect();
        Control {
            kind,
            name: element.literal("name").map(|name| name.trim().to_owned()),
            id,
            value: element.literal("value"),
            live_value,
            label: labelled.or_else(|| around.label_text.clone()),
            spoken_label: element.literal("aria-label").filter(|text| !text.trim().is_empty()),
            required: element.has("required"),
            disabled: element.has("disabled"),
            in_label: around.label,
            in_fieldset: around.fieldset,
            offset: element.offset,
            options,
            limits,
        }
    }

    /// The values it can send, without the empty one.
    pub(super) fn choices(&self) -> Vec<String> {
        match &self.kind {
            ControlKind::Select { .. } => self.options.iter().filter(|value| !value.is_empty()).cloned().collect(),
            ControlKind::Checkbox | ControlKind::Radio => vec![self.sent_value()],
            ControlKind::Text { .. }
            | ControlKind::ShortText
            | ControlKind::Email
            | ControlKind::Number
            | ControlKind::Date
            | ControlKind::Submit
            | ControlKind::Ignored
            | ControlKind::Unsupported(_) => Vec::new(),
        }
    }

    /// What browsers send for a radio or checkbox: `on` where it has no value.
    pub(super) fn sent_value(&self) -> String {
        self.value.clone().unwrap_or_else(|| "on".to_owned())
    }

    pub(super) fn max_length(&self, default: usize, most: usize) -> usize {
        self.limits.get("maxlength").and_then(|text| text.parse().ok()).unwrap_or(default).min(most)
    }

    /// `min` or `max`, where it is a number.
    pub(super) fn bound(&self, name: &str) -> Option<String> {
        self.limits.get(name).filter(|text| text.parse::<f64>().is_ok_and(f64::is_finite)).cloned()
    }
}

/// Collects the values of options; true when one of them is not literal.
fn collect_options(nodes: &[Node], values: &mut Vec<String>) -> bool {
    let mut live = false;
    for node in nodes {
        let Node::Element(element) = node else { continue };
        if element.name == "option" {
            live |= match element.pieces("value") {
                Some(value) => tree::has_placeholder(value),
                None => has_live_text(&element.children),
            };
            values.push(option_value(element));
        } else {
            live |= collect_options(&element.children, values);
        }
    }
    live
}

fn has_live_text(nodes: &[Node]) -> bool {
    nodes.iter().any(|node| match node {
        Node::Text(pieces) => tree::has_placeholder(pieces),
        Node::Element(element) => has_live_text(&element.children),
        Node::Mark(_) => false,
    })
}

/// The value an option sends: its text where it has no value.
pub(super) fn option_value(option: &Element) -> String {
    option.literal("value").unwrap_or_else(|| tree::visible_text(&option.children))
}

/// Labels and ids of the whole page.
#[derive(Default)]
pub(super) struct Labels {
    /// Text by the id a label is for.
    texts: BTreeMap<String, String>,
    pub(super) ids: BTreeSet<String>,
}

impl Labels {
    /// Notes what an element adds.
    pub(super) fn note(&mut self, element: &Element) {
        if let Some(id) = element.literal("id") {
            self.ids.insert(id);
        }
        if element.name == "label"
            && let (Some(id), Some(text)) = (element.literal("for"), label_text(&element.children))
        {
            self.texts.entry(id).or_insert(text);
        }
    }
}

/// The controls of a form in page order. Labels and fieldsets are numbered in page order too.
pub(super) struct Survey {
    pub(super) controls: Vec<Control>,
    /// Legend of each fieldset.
    pub(super) legends: Vec<Option<String>>,
    label_count: usize,
}

#[derive(Clone, Default)]
struct Around {
    label: Option<usize>,
    label_text: Option<String>,
    fieldset: Option<usize>,
}

impl Survey {
    pub(super) fn of(nodes: &[Node], labels: &Labels) -> Survey {
        let mut survey = Survey { controls: Vec::new(), legends: Vec::new(), label_count: 0 };
        survey.visit(nodes, labels, &Around::default());
        survey
    }

    fn visit(&mut self, nodes: &[Node], labels: &Labels, around: &Around) {
        for node in nodes {
            let Node::Element(element) = node else { continue };
            if is_control(element) {
                self.controls.push(Control::of(element, labels, around));
                continue;
            }
            let mut inner = around.clone();
            if element.name == "label" {
                inner.label = Some(self.label_count);
                inner.label_text = label_text(&element.children);
                self.label_count += 1;
            }
            if element.name == "fieldset" {
                inner.fieldset = Some(self.legends.len());
                self.legends.push(legend(element));
            }
            self.visit(&element.children, labels, &inner);
        }
    }

    /// The fieldset that holds these controls and no other field.
    pub(super) fn fieldset_of(&self, members: &[usize]) -> Option<usize> {
        let first = &self.controls[*members.first()?];
        let fieldset = first.in_fieldset.filter(|_| first.kind.may_repeat())?;
        let same = |control: &Control| control.in_fieldset == Some(fieldset) && control.name == first.name;
        let mine = members.iter().all(|position| same(&self.controls[*position]));
        let alone = self
            .controls
            .iter()
            .filter(|control| control.in_fieldset == Some(fieldset) && control.kind != ControlKind::Submit)
            .all(same);
        (mine && alone).then_some(fieldset)
    }
}

fn legend(fieldset: &Element) -> Option<String> {
    fieldset.children.iter().find_map(|node| match node {
        Node::Element(element) if element.name == "legend" => label_text(&element.children),
        Node::Element(_) | Node::Text(_) | Node::Mark(_) => None,
    })
}
