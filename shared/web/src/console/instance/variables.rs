//! Variables of an instance: the value each one has, and those it had, with time, person and step. The journal says
//! them; nothing else is asked.

use super::history::who;
use super::{Details, name};
use crate::console::instances::Moment;
use crate::format::Zone;
use domain::event::{Event, Writer, writer};
use domain::instance::ElementInstance;
use domain::time::Timestamp;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// Characters of one variable that are shown.
const VALUE_CHARS_MAX: usize = 4_000;
/// Characters of a value that a variable had.
const EARLIER_CHARS_MAX: usize = 300;
/// Variables that are shown.
pub(super) const VARIABLES_MAX: usize = 200;
/// Earlier values of one variable, the newest first.
pub(super) const EARLIER_MAX: usize = 20;

/// Steps whose own variables are shown.
const STEPS_MAX: usize = 50;

#[derive(Default, Serialize)]
pub(super) struct VariablesPart {
    variables: Vec<VariableView>,
    rest: usize,
    steps: Vec<StepView>,
    steps_rest: usize,
}

/// A step that goes on and has variables for itself, such as a turn of a multi-instance activity.
#[derive(Serialize)]
struct StepView {
    name: String,
    variables: Vec<VariableView>,
}

#[derive(Serialize)]
struct VariableView {
    /// Of its earlier values in the page.
    id: usize,
    name: String,
    value: String,
    block: bool,
    cut: bool,
    set: Option<Set>,
    earlier: Vec<Earlier>,
    earlier_rest: usize,
}

/// Who wrote a value and when.
#[derive(Serialize)]
struct Set {
    at: Moment,
    who: String,
    /// Name of the element; none where it was given from outside.
    step: Option<String>,
}

#[derive(Serialize)]
struct Earlier {
    value: String,
    cut: bool,
    set: Set,
}

/// A value that a variable got.
struct Change<'a> {
    value: &'a Value,
    at: Timestamp,
    who: String,
    step: Option<String>,
}

impl VariablesPart {
    pub fn of(details: &Details<'_>, (zone, now): (&Zone, Timestamp)) -> VariablesPart {
        if !details.may.variables {
            return VariablesPart::default();
        }
        let variables = &details.aggregate.instance.variables;
        let mut changes = changes(details);
        let shown = variables.iter().take(VARIABLES_MAX).enumerate();
        let shown = shown.map(|(id, (name, value))| {
            let changes = changes.remove(name.as_str()).unwrap_or_default();
            variable(id, (name.as_str(), value), changes, (zone, now))
        });
        let shown: Vec<VariableView> = shown.collect();
        let elements = &details.aggregate.instance.elements;
        let own: Vec<&ElementInstance> =
            elements.iter().filter(|live| !live.local.is_empty()).map(AsRef::as_ref).collect();
        let step = |live: &&ElementInstance| StepView {
            name: name(details.process, &live.element),
            // They end with the step: what they were is in the history of the API.
            variables: live
                .local
                .iter()
                .map(|(name, value)| variable(0, (name, value), Vec::new(), (zone, now)))
                .collect(),
        };
        VariablesPart {
            rest: variables.len().saturating_sub(VARIABLES_MAX),
            variables: shown,
            steps: own.iter().take(STEPS_MAX).map(step).collect(),
            steps_rest: own.len().saturating_sub(STEPS_MAX),
        }
    }
}

/// Every value that every variable got, the oldest first. One that is written again as it was does not count.
fn changes<'a>(details: &Details<'a>) -> BTreeMap<&'a str, Vec<Change<'a>>> {
    let mut changes: BTreeMap<&str, Vec<Change<'_>>> = BTreeMap::new();
    for entry in details.journal {
        for (place, event) in entry.events.iter().enumerate() {
            let values = if let Event::InstanceStarted(started) = event {
                &started.variables
            } else if let Event::VariablesSet(values) = event {
                values
            } else {
                continue;
            };
            let step = match writer(entry.events, place) {
                Some(Writer::Instance(number)) => details.progress.element(number),
                Some(Writer::Element(id)) => Some(id),
                None => None,
            };
            let step = step.filter(|_| matches!(event, Event::VariablesSet(_))).map(|id| name(details.process, id));
            for (name, value) in values {
                let had = changes.entry(name.as_str()).or_default();
                if had.last().is_none_or(|last| last.value != value) {
                    had.push(Change { value, at: entry.at, who: who(entry.actor), step: step.clone() });
                }
            }
        }
    }
    changes
}

fn variable(
    id: usize,
    (name, value): (&str, &Value),
    mut changes: Vec<Change<'_>>,
    clock: (&Zone, Timestamp),
) -> VariableView {
    let (text, block) = match value {
        Value::String(text) => (text.clone(), text.contains('\n')),
        Value::Object(_) | Value::Array(_) => (serde_json::to_string_pretty(value).unwrap_or_default(), true),
        Value::Null | Value::Bool(_) | Value::Number(_) => (value.to_string(), false),
    };
    let (value, cut) = beginning(&text, VALUE_CHARS_MAX);
    let set = changes.pop().map(|change| set(change, clock).1);
    VariableView {
        id,
        name: name.to_owned(),
        value,
        block,
        cut,
        set,
        earlier_rest: changes.len().saturating_sub(EARLIER_MAX),
        earlier: changes.into_iter().rev().take(EARLIER_MAX).map(|change| earlier(change, clock)).collect(),
    }
}

fn earlier(change: Change<'_>, clock: (&Zone, Timestamp)) -> Earlier {
    let (value, set) = set(change, clock);
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) | Value::Array(_) => value.to_string(),
    };
    let (value, cut) = beginning(&text, EARLIER_CHARS_MAX);
    Earlier { value, cut, set }
}

fn set<'a>(change: Change<'a>, (zone, now): (&Zone, Timestamp)) -> (&'a Value, Set) {
    let Change { value, at, who, step } = change;
    (value, Set { at: Moment::short(zone, at, now), who, step })
}

fn beginning(text: &str, chars_max: usize) -> (String, bool) {
    match text.char_indices().nth(chars_max) {
        Some((end, _)) => (text[..end].to_owned(), true),
        None => (text.to_owned(), false),
    }
}
