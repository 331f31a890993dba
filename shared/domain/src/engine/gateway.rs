//! Gateways: which flows an exclusive or inclusive one takes, and what a parallel one waits for (BPMN semantics,
//! "Gateways"). When an inclusive one has waited long enough is said in `inclusive`, what waits in vain in `stuck`.

use super::element::Chosen;
use super::{Failure, ScriptCall, Step};
use crate::event::Event;
use crate::ids::ElementNumber;
use crate::instance::{ElementInstance, Ready};
use crate::process::{Condition, Element, FlowIndex};
use crate::rejection::Rejection;
use crate::script::ScriptKind;
use serde_json::Value;
use std::sync::Arc;

/// For whom something is evaluated: the number of the element instance, and the live one whose variables are seen.
#[derive(Clone, Copy)]
pub(super) struct Seen {
    pub number: ElementNumber,
    pub at: Option<ElementNumber>,
}

type Choice = Result<Result<Chosen, Failure>, Rejection>;

/// Exactly one flow: the one a Condition names, else the first in document order whose expression holds.
pub(super) fn choose_one(step: &mut Step<'_>, element: &Element, condition: Option<&str>, seen: Seen) -> Choice {
    let chosen = match condition {
        Some(script) => by_script(step, element, script, seen, false)?,
        None => by_expressions(step, element, seen, 1)?,
    };
    Ok(chosen.and_then(|flows| or_default(element, flows)))
}

/// Every flow a Condition names, else every one whose expression holds.
pub(super) fn choose_all(step: &mut Step<'_>, element: &Element, condition: Option<&str>, seen: Seen) -> Choice {
    let chosen = match condition {
        Some(script) => by_script(step, element, script, seen, true)?,
        None => by_expressions(step, element, seen, usize::MAX)?,
    };
    Ok(chosen.and_then(|flows| or_default(element, flows)))
}

/// A Condition returns the id or name of a flow, or a list of them; nothing returned means the default flow.
fn by_script(
    step: &mut Step<'_>,
    element: &Element,
    script: &str,
    seen: Seen,
    several: bool,
) -> Result<Result<Vec<FlowIndex>, Failure>, Rejection> {
    let result = match evaluate(step, script, seen)? {
        Ok(result) => result,
        Err(failure) => return Ok(Err(failure)),
    };
    let named = if let (Value::Array(named), true) = (&result, several) { named.clone() } else { vec![result] };
    let mut flows = Vec::new();
    for name in named {
        let wanted = match name {
            Value::Null => continue,
            Value::String(text) if text.is_empty() => continue,
            Value::String(text) => text,
            other @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => other.to_string(),
        };
        match flow_named(step, element, &wanted) {
            Some(flow) if !flows.contains(&flow) => flows.push(flow),
            Some(_) => {}
            None => {
                let message =
                    format!("the Condition returned \"{wanted}\", which is neither id nor name of an outgoing flow");
                return Ok(Err(Failure::new("INVALID_FLOW", message)));
            }
        }
    }
    Ok(Ok(flows))
}

fn flow_named(step: &Step<'_>, element: &Element, wanted: &str) -> Option<FlowIndex> {
    let flows = &step.env.process.flows;
    let find = |holds: &dyn Fn(&crate::process::Flow) -> bool| {
        element.outgoing.iter().copied().find(|index| flows.get(*index).is_some_and(holds))
    };
    find(&|flow| flow.named && flow.id == wanted).or_else(|| find(&|flow| flow.name.as_deref() == Some(wanted)))
}

/// The first `most` flows in document order whose expression holds; one without expression holds.
fn by_expressions(
    step: &mut Step<'_>,
    element: &Element,
    seen: Seen,
    most: usize,
) -> Result<Result<Vec<FlowIndex>, Failure>, Rejection> {
    let process = step.env.process;
    let mut chosen = Vec::new();
    for index in element.outgoing.iter().copied().filter(|index| element.default != Some(*index)) {
        if chosen.len() == most {
            break;
        }
        let Some(flow) = process.flows.get(index) else { continue };
        let holds = match &flow.condition {
            None => true,
            Some(condition) => match holds(step, condition, seen.number, seen.at)? {
                Ok(holds) => holds,
                Err(failure) => return Ok(Err(failure)),
            },
        };
        if holds {
            chosen.push(index);
        }
    }
    Ok(Ok(chosen))
}

fn or_default(element: &Element, chosen: Vec<FlowIndex>) -> Result<Chosen, Failure> {
    if !chosen.is_empty() {
        return Ok(Chosen::These(chosen));
    }
    element.default.map(|flow| Chosen::These(vec![flow])).ok_or_else(|| {
        let message = format!("no condition of \"{}\" holds and it has no default flow", element.name);
        Failure::new("NO_FLOW", message)
    })
}

/// Whether a condition holds at an element instance: of an expression only `true` does, of a script what is truthy.
pub(super) fn holds(
    step: &mut Step<'_>,
    condition: &Condition,
    number: ElementNumber,
    at: Option<ElementNumber>,
) -> Result<Result<bool, Failure>, Rejection> {
    match condition {
        Condition::Expression(expression) => {
            let now = step.env.now;
            Ok(Ok(step.lend_variables(at, |_, variables| expression.evaluate(variables, now)) == Value::Bool(true)))
        }
        Condition::Script(script) => Ok(evaluate(step, script, Seen { number, at })?.map(|result| is_truthy(&result))),
    }
}

fn evaluate(step: &mut Step<'_>, source: &str, seen: Seen) -> Result<Result<Value, Failure>, Rejection> {
    let outcome = step.lend_variables(seen.at, |step, variables| {
        let call = ScriptCall {
            source,
            kind: ScriptKind::Condition,
            variables,
            form_data: None,
            user_action: None,
            current_user: None,
        };
        step.evaluate(&call, seen.number)
    });
    Ok(outcome?.map(|outcome| outcome.result))
}

/// Parallel gateway. A split passes through; a join is a live element instance that remembers the flows on which a path
/// arrived, and goes on when there is one of each. A second path on the same flow (a loop) belongs to the next round.
pub(super) fn synchronise(
    step: &mut Step<'_>,
    element: &Element,
    ready: Ready,
    number: ElementNumber,
) -> Result<(), Rejection> {
    let place = ready.place();
    let Some(flow) = ready.flow.clone().filter(|_| element.incoming > 1) else {
        step.emit(Event::ElementPassed(ready.activated(number)));
        step.take_flows(element, place);
        return Ok(());
    };
    let number = join(step, element, ready, &flow, number);
    let arrived = step.state.instance.element(number).map_or(0, |round| round.arrived.len());
    if arrived == element.incoming { step.complete(number) } else { Ok(()) }
}

/// A path arrives at a join: in the round that still lacks one on this flow, or in a new one.
pub(super) fn join(
    step: &mut Step<'_>,
    element: &Element,
    ready: Ready,
    flow: &str,
    number: ElementNumber,
) -> ElementNumber {
    let lacks = |live: &&Arc<ElementInstance>| {
        live.element == element.id && live.scope == ready.scope && !live.arrived.contains(flow)
    };
    let number = match step.state.instance.elements.iter().find(lacks) {
        Some(round) => round.number,
        None => {
            step.emit(Event::ElementActivated(ready.activated(number)));
            number
        }
    };
    step.emit(Event::FlowJoined { element: number, flow: flow.to_owned() });
    number
}

/// Truthiness of the script language, for results that are no booleans.
fn is_truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(_) | Value::Object(_) => true,
    }
}
