//! Gateways: which flow an exclusive one takes, and what a parallel one waits for (BPMN semantics, "Gateways"). Other
//! gateways find their place here.

use super::{Chosen, Failure, ScriptCall, Step};
use crate::event::Event;
use crate::ids::Number;
use crate::instance::{ElementInstance, Ready};
use crate::process::{Condition, Element, ExclusiveGateway, Flow};
use crate::rejection::Rejection;
use crate::script::ScriptKind;
use serde_json::Value;

type Choice = Result<Result<Chosen, Failure>, Rejection>;

pub(super) fn choose(step: &mut Step<'_>, element: &Element, gateway: &ExclusiveGateway, number: Number) -> Choice {
    match &gateway.condition {
        Some(script) => by_script(step, element, script, number),
        None => by_expressions(step, element, number),
    }
}

/// A Condition returns the id or the name of the flow; nothing returned means the default flow.
fn by_script(step: &mut Step<'_>, element: &Element, script: &str, number: Number) -> Choice {
    let result = match evaluate(step, script, number)? {
        Ok(result) => result,
        Err(failure) => return Ok(Err(failure)),
    };
    let wanted = match result {
        Value::Null => return Ok(default_flow(step, element)),
        Value::String(text) if text.is_empty() => return Ok(default_flow(step, element)),
        Value::String(text) => text,
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => result.to_string(),
    };
    let process = step.env.process;
    let by_id = process.outgoing(element).find(|flow| flow.named && flow.id == wanted);
    let flow = by_id.or_else(|| process.outgoing(element).find(|flow| flow.name.as_deref() == Some(&wanted)));
    Ok(match flow {
        Some(flow) => Ok(chosen(step, flow)),
        None => Err(Failure::new(
            "INVALID_FLOW",
            format!("the Condition returned \"{wanted}\", which is neither id nor name of an outgoing flow"),
        )),
    })
}

/// Without a Condition the first flow in document order whose expression holds wins; one without expression holds.
fn by_expressions(step: &mut Step<'_>, element: &Element, number: Number) -> Choice {
    let process = step.env.process;
    for index in &element.outgoing {
        if element.default == Some(*index) {
            continue;
        }
        let Some(flow) = process.flows.get(*index) else { continue };
        let holds = match &flow.condition {
            None => true,
            Some(Condition::Expression(expression)) => {
                expression.evaluate(&step.state.instance.variables, step.env.now) == Value::Bool(true)
            }
            Some(Condition::Script(script)) => match evaluate(step, script, number)? {
                Ok(result) => is_truthy(&result),
                Err(failure) => return Ok(Err(failure)),
            },
        };
        if holds {
            return Ok(Ok(chosen(step, flow)));
        }
    }
    Ok(default_flow(step, element))
}

fn default_flow(step: &Step<'_>, element: &Element) -> Result<Chosen, Failure> {
    element.default.and_then(|index| step.env.process.flows.get(index)).map(|flow| chosen(step, flow)).ok_or_else(
        || Failure::new("NO_FLOW", format!("no condition of \"{}\" holds and it has no default flow", element.name)),
    )
}

fn chosen(step: &Step<'_>, flow: &Flow) -> Chosen {
    let target = step.env.process.elements.get(flow.target).map(|target| target.id.clone()).unwrap_or_default();
    Chosen::One { flow: flow.id.clone(), target }
}

fn evaluate(step: &mut Step<'_>, source: &str, number: Number) -> Result<Result<Value, Failure>, Rejection> {
    let variables = std::mem::take(&mut step.state.instance.variables);
    let call = ScriptCall {
        source,
        kind: ScriptKind::Condition,
        variables: &variables,
        form_data: None,
        user_action: None,
        current_user: None,
    };
    let outcome = step.evaluate(&call, number);
    step.state.instance.variables = variables;
    Ok(outcome?.map(|outcome| outcome.result))
}

/// Parallel gateway. A split passes through; a join is a live element instance that remembers the flows on which a path
/// arrived, and goes on when there is one of each. A second path on the same flow (a loop) belongs to the next round.
pub(super) fn synchronise(step: &mut Step<'_>, element: &Element, ready: Ready, number: Number) {
    let place = ready.place();
    let Some(flow) = ready.flow.clone().filter(|_| element.incoming > 1) else {
        step.emit(Event::ElementPassed(ready.activated(number)));
        step.take_flows(element, place);
        return;
    };
    let number = join(step, element, ready, &flow, number);
    let arrived = step.state.instance.element(number).map_or(0, |round| round.arrived.len());
    if arrived == element.incoming {
        step.complete(number);
    }
}

/// A path arrives at a join: in the round that still lacks one on this flow, or in a new one.
fn join(step: &mut Step<'_>, element: &Element, ready: Ready, flow: &str, number: Number) -> Number {
    let lacks = |live: &&ElementInstance| {
        live.element == element.id && live.scope == ready.scope && !live.arrived.iter().any(|arrived| arrived == flow)
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

/// Opens an incident at each join of a scope in which nothing but joins is left: no path can arrive there any more, and
/// an instance that waits for ever in silence helps nobody.
pub(super) fn find_stuck(step: &mut Step<'_>) {
    let process = step.env.process;
    let instance = &step.state.instance;
    if !instance.incidents.is_empty() || instance.status.is_final() {
        return;
    }
    let moves = |scope: Option<Number>| {
        instance.ready.iter().any(|ready| ready.scope == scope)
            || instance
                .elements
                .iter()
                .any(|live| live.scope == scope && live.arrived.is_empty() && !super::scope::is_listener(process, live))
    };
    let stuck: Vec<ElementInstance> =
        instance.elements.iter().filter(|live| !live.arrived.is_empty() && !moves(live.scope)).cloned().collect();
    for join in stuck {
        let missing: Vec<&str> = process
            .flows
            .iter()
            .filter(|flow| process.elements.get(flow.target).is_some_and(|target| target.id == join.element))
            .filter(|flow| !join.arrived.contains(&flow.id))
            .map(|flow| flow.id.as_str())
            .collect();
        let message = format!(
            "\"{}\" waits for a path on {}, and no other path is left that could arrive there",
            join.element,
            missing.join(", ")
        );
        step.raise(join.number, &join.element, Failure::new("JOIN_STUCK", message));
    }
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
