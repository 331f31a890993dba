//! Call activities: an instance of another process that is waited for. Parent and child are aggregates of their own;
//! each tells the other by effects what became of it, and a word that comes twice or too late is refused.

use super::script::ResultRule;
use super::{Failure, Step, script, trigger};
use crate::command::Start;
use crate::effect::{CallEffect, Effect};
use crate::event::Event;
use crate::ids::{ElementNumber, InstanceKey};
use crate::instance::{Aggregate, ElementInstance, InstanceStatus, Parent, Thrown};
use crate::process::{CallActivity, Element, ElementKind, Mapping, Process};
use crate::rejection::Rejection;
use crate::script::LogLine;
use crate::template::plain_text;
use crate::time::Timestamp;
use crate::value::ValueExpr;
use crate::variables::{Variables, is_reserved};
use serde_json::{Value, json};

/// Processes that call each other at most this deep: one that calls itself without end must stop somewhere.
pub const CALL_DEPTH_MAX: u32 = 20;

/// What a child is started with.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// BPMN id of the process to start.
    pub process_id: String,
    /// Its business key.
    pub business_key: Option<String>,
    /// Its variables.
    pub variables: Variables,
    /// Who waits for it.
    pub parent: Parent,
    /// Children before it that gave nothing: tells the tries of one activity apart.
    pub attempt: u32,
}

/// What became of a child.
#[derive(Clone, Debug, PartialEq)]
pub enum ChildEnd {
    /// It completed with these variables.
    Completed(Variables),
    /// It ended by a business error that nothing in it caught.
    Failed {
        /// Code.
        code: String,
        /// Sentence.
        message: String,
    },
    /// It could not be started.
    NotStarted {
        /// Code.
        code: &'static str,
        /// Sentence.
        message: String,
    },
    /// Somebody cancelled it.
    Cancelled,
}

impl Call {
    /// The command that begins the child.
    pub fn start(&self, key: InstanceKey, definition_version: u32) -> Start {
        Start {
            business_key: self.business_key.clone(),
            parent: Some(self.parent.clone()),
            variables: self.variables.clone(),
            ..Start::new(key, self.process_id.clone(), definition_version)
        }
    }
}

impl Aggregate {
    /// How this instance ended, as its parent is told; `None` while it goes on.
    pub fn end(&self) -> Option<ChildEnd> {
        match self.instance.status {
            InstanceStatus::Completed => Some(ChildEnd::Completed(self.instance.variables.clone())),
            InstanceStatus::Cancelled => Some(match self.instance.thrown.clone() {
                Some(thrown) => ChildEnd::Failed { code: thrown.code, message: thrown.message },
                None => ChildEnd::Cancelled,
            }),
            InstanceStatus::Running | InstanceStatus::Waiting | InstanceStatus::Error => None,
        }
    }
}

/// The call that a live call activity waits to have made; `None` where it is gone, or has its child.
pub fn call(
    process: &Process,
    state: &Aggregate,
    element: ElementNumber,
    now: Timestamp,
) -> Option<Result<Call, ChildEnd>> {
    let live = state.instance.element(element).filter(|live| live.child.is_none() && !live.failed)?;
    let model = process.element(&live.element)?.kind.as_call_activity()?;
    let variables = script::visible(&state.instance, Some(element));
    let depth = state.instance.parent.as_ref().map_or(0, |parent| parent.depth) + 1;
    let not_started = |code, message| Some(Err(ChildEnd::NotStarted { code, message }));
    if depth > CALL_DEPTH_MAX {
        return not_started(
            "LIMIT",
            format!("processes call each other {depth} deep; at most {CALL_DEPTH_MAX} are possible"),
        );
    }
    let given = match input(model, &variables, now) {
        Ok(given) => given,
        Err(failure) => return not_started(script::INVALID_MAPPING, failure.message),
    };
    let process_id = plain_text(&model.called.evaluate(&variables, now));
    let business_key = match business_key(model, state, variables.into_owned(), now) {
        Ok(key) => key,
        Err(message) => return not_started("LIMIT", message),
    };
    let parent = Parent { instance: state.instance.key, element, depth };
    Some(Ok(Call { process_id, business_key, variables: given, parent, attempt: live.children_gone }))
}

/// Characters of a business key, as at the start of an instance from outside.
const BUSINESS_KEY_CHARS_MAX: usize = 255;

/// The child's business key, where one is given and something comes of it, or why it cannot be one. Camunda 7 spells the
/// caller's own as `execution.processBusinessKey`.
fn business_key(
    model: &CallActivity,
    state: &Aggregate,
    mut variables: Variables,
    now: Timestamp,
) -> Result<Option<String>, String> {
    let Some(written) = &model.handover.business_key else { return Ok(None) };
    let own = state.instance.business_key.clone().map_or(Value::Null, Value::String);
    variables.insert("execution".to_owned(), json!({ "processBusinessKey": own, "businessKey": own }));
    let key = plain_text(&written.evaluate(&variables, now)).trim().to_owned();
    let length = key.chars().count();
    if length > BUSINESS_KEY_CHARS_MAX {
        return Err(format!("the business key has {length} characters; at most {BUSINESS_KEY_CHARS_MAX} are possible"));
    }
    Ok(Some(key).filter(|key| !key.is_empty()))
}

/// What is known of the child that ended last, where nothing says where it belongs.
const LAST_RESULT: &str = "lastSubprocessResult";

/// The child's variables: the mapped ones, else all but the engine's own and what an earlier child gave. That came from
/// variables like these and comes back with the next ones: it would hold one child more in each round of a loop.
fn input(model: &CallActivity, variables: &Variables, now: Timestamp) -> Result<Variables, Failure> {
    let all = model.input_mapping.is_empty() || model.handover.all_in;
    let values = if all { every(variables) } else { Variables::new() };
    mapped(values, &model.input_mapping, variables, now)
}

/// All variables that parent and child may have of each other.
fn every(variables: &Variables) -> Variables {
    let goes = |(name, _): &(&String, &Value)| !is_reserved(name) && *name != LAST_RESULT;
    variables.iter().filter(goes).map(|(n, v)| (n.clone(), v.clone())).collect()
}

/// Adds what a mapping gives to somebody else.
fn mapped(
    mut values: Variables,
    mappings: &[Mapping],
    variables: &Variables,
    now: Timestamp,
) -> Result<Variables, Failure> {
    for mapping in mappings {
        let value = match meant_literally(mapping, variables) {
            Some(word) => Value::String(word.to_owned()),
            None => mapping.source.evaluate(variables, now),
        };
        script::assign(&mut values, &mapping.target, value)?;
    }
    values.retain(|name, _| !is_reserved(name));
    Ok(values)
}

/// The source of a mapping, where it is a bare word and no variable has its name.
fn meant_literally<'m>(mapping: &'m Mapping, variables: &Variables) -> Option<&'m str> {
    let ValueExpr::Path(path) = &mapping.source else { return None };
    path.bare().filter(|name| !variables.contains_key(*name))
}

/// A call activity was reached, or is tried again: a child is ordered. What waits beside the activity waits on while
/// children fail.
pub(super) fn arrive(step: &mut Step<'_>, element: &Element, number: ElementNumber) -> Result<(), Failure> {
    if step.state.instance.element(number).is_some_and(|live| live.children_gone == 0) {
        trigger::begin(step, element, number)?;
    }
    warn(step, element, number);
    step.effect(Effect::Call(CallEffect::Start { element: number }));
    Ok(())
}

/// A bare word is a text or a misspelt variable: only its author knows.
fn warn(step: &mut Step<'_>, element: &Element, number: ElementNumber) {
    let Some(model) = element.kind.as_call_activity() else { return };
    let lines = step.lend_variables(Some(number), |_, variables| {
        let words = model.input_mapping.iter().filter_map(|mapping| meant_literally(mapping, variables));
        let line = |word| format!("InputMapping of \"{}\": no variable is called \"{word}\"; it is a text", element.id);
        words.map(|word| LogLine { level: "warn", text: line(word) }).collect()
    });
    step.note(lines);
}

/// The element instance is taken away: so is its child.
pub(super) fn take_away(step: &mut Step<'_>, live: &ElementInstance) {
    if let Some(child) = live.child {
        step.effect(Effect::Call(CallEffect::Cancel { child }));
    }
}

/// A child was started for a call activity that still waits for it.
pub(crate) fn started(step: &mut Step<'_>, number: ElementNumber, child: InstanceKey) -> Result<(), Rejection> {
    let live = step.state.instance.element(number).ok_or(Rejection::AlreadyDone)?;
    if live.child.is_some() || !is_call(step, live) {
        return Err(Rejection::AlreadyDone);
    }
    step.emit(Event::ChildStarted { element: number, child });
    Ok(())
}

/// A child ended, or could not be started: the activity goes on with what it gave, or fails as it did.
pub(crate) fn ended(
    step: &mut Step<'_>,
    number: ElementNumber,
    child: Option<InstanceKey>,
    end: &ChildEnd,
) -> Result<(), Rejection> {
    let live = step.state.instance.element(number).cloned().ok_or(Rejection::AlreadyDone)?;
    let element = step.env.process.element(&live.element).ok_or(Rejection::AlreadyDone)?;
    let Some(model) = element.kind.as_call_activity() else { return Err(Rejection::AlreadyDone) };
    if live.failed || (live.child.is_some() && live.child != child) {
        return Err(Rejection::AlreadyDone);
    }
    let failure = match end {
        ChildEnd::Completed(variables) => match output(step, model, number, variables) {
            Ok(()) => {
                step.complete(number)?;
                None
            }
            Err(failure) => Some(failure),
        },
        ChildEnd::Failed { code, message } => Some(Failure::catchable(code, message.clone())),
        ChildEnd::NotStarted { code, message } => Some(Failure::new(code, message.clone())),
        // That ends the whole instance: decided where instances are cancelled.
        ChildEnd::Cancelled => return Err(Rejection::AlreadyDone),
    };
    if let Some(failure) = failure {
        step.emit(Event::ChildGone { element: number });
        step.fail(number, &element.id, failure);
    }
    step.run()
}

/// True for a call activity that waits for this child.
pub(crate) fn waits_for(step: &Step<'_>, number: ElementNumber, child: Option<InstanceKey>) -> bool {
    step.state.instance.element(number).is_some_and(|live| live.child == child && is_call(step, live))
}

/// The instance has ended: whoever called it must know.
pub(crate) fn tell_parent(step: &mut Step<'_>) {
    if let Some(parent) = step.state.instance.parent.clone() {
        step.effect(Effect::Call(CallEffect::Ended { parent }));
    }
}

/// Nothing in the instance catches a business error: one that was called ends by it, and the error goes on at the call
/// activity. False where nobody called it.
pub(crate) fn throw_to_parent(step: &mut Step<'_>, failure: &Failure) -> bool {
    if step.state.instance.parent.is_none() || !failure.is_catchable() {
        return false;
    }
    step.emit(Event::ErrorThrown(Thrown { code: failure.code.clone(), message: failure.message.clone() }));
    step.clear(None);
    step.emit(Event::StatusChanged(InstanceStatus::Cancelled));
    tell_parent(step);
    true
}

/// Writes what a child gave: the whole to the result variable, what is mapped to its places, else `lastSubprocessResult`.
fn output(step: &mut Step<'_>, model: &CallActivity, number: ElementNumber, given: &Variables) -> Result<(), Failure> {
    let all = model.handover.all_out;
    let mut values = if all { every(given) } else { Variables::new() };
    let mut given: Variables =
        given.iter().filter(|(name, _)| !is_reserved(name)).map(|(n, v)| (n.clone(), v.clone())).collect();
    let whole = Value::Object(given.clone());
    let payload = &model.payload;
    if !payload.output_mapping.is_empty() {
        values.extend(payload.result_variable.iter().map(|name| (name.clone(), whole.clone())));
        // Both spellings of a source: with the prefix and without. Who gets the whole needs it once.
        given.insert("subprocess".to_owned(), whole);
        script::map_into(step, Some(number), &mut values, &payload.output_mapping, &given)?;
    } else if !all || payload.result_variable.is_some() {
        // What has gone to its places one by one needs no last result.
        script::write_result(step, Some(number), &mut values, &whole, &ResultRule::of(payload, LAST_RESULT))?;
    }
    step.set_variables_at(Some(number), values)
}

fn is_call(step: &Step<'_>, live: &ElementInstance) -> bool {
    let element = step.env.process.element(&live.element);
    matches!(element.map(|element| &element.kind), Some(ElementKind::CallActivity(_)))
}
