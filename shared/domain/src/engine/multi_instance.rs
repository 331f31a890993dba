//! Multi-instance activities: an element instance around the turns, each of which is an element instance of the same
//! element inside it. Boundary events hang on the one around. What an activity does is the engine's.

use super::{Failure, Step, gateway, trigger};
use crate::event::Event;
use crate::ids::ElementNumber;
use crate::instance::{ElementInstance, Place, Ready, TurnsState};
use crate::process::{Element, MultiInstance, Turns};
use crate::rejection::Rejection;
use crate::value::ValueExpr;
use crate::variables::Variables;
use serde_json::{Value, json};
use std::sync::Arc;

/// Turns of one activity at most: numbers of elements have 16 bits, and a turn may take several.
const TURNS_MAX: u64 = 10_000;

/// True where an activation is a turn of the activity around it and not the activity as a whole.
pub(super) fn is_turn(step: &Step<'_>, ready: &Ready) -> bool {
    let around = ready.scope.and_then(|number| step.state.instance.element(number));
    around.is_some_and(|around| around.element == ready.element && around.turns.is_some())
}

/// The element instance on which an activity's boundary events hang.
pub(crate) fn host(step: &Step<'_>, number: ElementNumber) -> ElementNumber {
    let instance = &step.state.instance;
    let around = instance.element(number).and_then(|live| instance.around(live));
    around.map_or(number, |around| around.number)
}

/// The activity as a whole was reached: counts its turns and begins all of them, or the first.
pub(super) fn begin(
    step: &mut Step<'_>,
    element: &Element,
    model: &MultiInstance,
    number: ElementNumber,
) -> Result<(), Rejection> {
    let begun = count(step, model, number).and_then(|total| {
        trigger::begin(step, element, number)?;
        Ok(total)
    });
    let total = match begun {
        Ok(total) => total,
        Err(failure) => {
            step.fail(number, &element.id, failure);
            return Ok(());
        }
    };
    step.emit(Event::TurnsBegun { element: number, total });
    if total == 0 {
        return end(step, element, model, number);
    }
    for _ in 0..if model.sequential { 1 } else { total } {
        enter_turn(step, element, number);
    }
    Ok(())
}

fn count(step: &Step<'_>, model: &MultiInstance, number: ElementNumber) -> Result<u32, Failure> {
    let variables = step.variables_at(Some(number));
    let total = match &model.turns {
        Turns::Cardinality(expression) => {
            let value = expression.evaluate(&variables, step.env.now);
            let number = value.as_u64().or_else(|| value.as_str()?.trim().parse().ok());
            number
                .or_else(|| value.as_f64().filter(|number| *number >= 0.0 && number.fract() == 0.0).map(|n| n as u64))
                .ok_or_else(|| {
                    Failure::new(
                        "INVALID_COLLECTION",
                        format!("the number of turns is {value}, which is no whole number"),
                    )
                })?
        }
        Turns::Collection(expression) => match list(expression, &variables, step) {
            Some(length) => length,
            None => {
                let message = "the collection of the multi-instance activity is no list".to_owned();
                return Err(Failure::new("INVALID_COLLECTION", message));
            }
        },
    };
    u32::try_from(total).ok().filter(|_| total <= TURNS_MAX).ok_or_else(|| {
        Failure::new("LIMIT", format!("the activity would have {total} turns; at most {TURNS_MAX} are possible"))
    })
}

/// Length of the collection; a path is not copied for it.
fn list(expression: &ValueExpr, variables: &Variables, step: &Step<'_>) -> Option<u64> {
    let length = match expression {
        ValueExpr::Path(path) => path.get(variables)?.as_array()?.len(),
        ValueExpr::Literal(_) | ValueExpr::Template(_) | ValueExpr::Expression(_) => {
            expression.evaluate(variables, step.env.now).as_array()?.len()
        }
    };
    u64::try_from(length).ok()
}

/// The item of a turn. A list that stands in a variable is not copied for it.
fn item(expression: &ValueExpr, variables: &Variables, step: &Step<'_>, turn: u32) -> Value {
    let turn = usize::try_from(turn).unwrap_or(usize::MAX);
    let list = match expression {
        ValueExpr::Path(path) => path.get(variables),
        ValueExpr::Expression(expression) => expression.variable().and_then(|name| variables.get(name)),
        ValueExpr::Literal(_) | ValueExpr::Template(_) => None,
    };
    let found = match list {
        Some(list) => list.get(turn).cloned(),
        None => expression.evaluate(variables, step.env.now).get(turn).cloned(),
    };
    found.unwrap_or(Value::Null)
}

fn enter_turn(step: &mut Step<'_>, element: &Element, around: ElementNumber) {
    let handles = step.state.instance.element(around).and_then(|around| around.handles);
    // Asynchrony is about the activity as a whole.
    step.queue.push_back(Arc::new(Ready::at(&element.id, Place { scope: Some(around), handles })));
}

/// A turn was activated: it gets its item and its number, counted from 0.
pub(super) fn begin_turn(step: &mut Step<'_>, model: &MultiInstance, number: ElementNumber) {
    let instance = &step.state.instance;
    let Some(around) = instance.element(number).and_then(|turn| instance.around(turn)) else { return };
    let turn = around.turns.as_ref().map_or(0, |turns| turns.begun.saturating_sub(1));
    let mut values = Variables::new();
    values.insert("loopCounter".to_owned(), json!(turn));
    if let (Some(name), Turns::Collection(expression)) = (&model.element_variable, &model.turns) {
        let around = around.number;
        let item = step.lend_variables(Some(around), |step, variables| item(expression, variables, step, turn));
        values.insert(name.clone(), item);
    }
    step.emit(Event::LocalsSet { element: number, values });
}

/// A turn ended as modelled: the next one begins, or the activity ends when it was the last or enough are done.
pub(super) fn turn_ended(step: &mut Step<'_>, element: &Element, turn: &ElementInstance) -> Result<(), Rejection> {
    let (Some(model), Some(around)) = (&element.multi_instance, turn.scope) else { return Ok(()) };
    if let Some(expression) = model.output_element.as_ref().filter(|_| model.output_collection.is_some()) {
        let now = step.env.now;
        let value = step.lend_variables(Some(turn.number), |_, variables| expression.evaluate(variables, now));
        let number = turn.local.get("loopCounter").and_then(Value::as_u64).unwrap_or_default();
        step.emit(Event::TurnGave { element: around, turn: u32::try_from(number).unwrap_or(u32::MAX), value });
    }
    step.emit(Event::ElementCompleted(turn.number));
    go_on(step, element, model, around)
}

/// The activity ends when enough is done; of one that goes turn by turn the next begins when the last has ended. Asked
/// again by a retry, which begins no turn anew.
pub(super) fn go_on(
    step: &mut Step<'_>,
    element: &Element,
    model: &MultiInstance,
    around: ElementNumber,
) -> Result<(), Rejection> {
    let enough = match &model.completion {
        None => false,
        Some(condition) => match gateway::holds(step, condition, around, Some(around))? {
            Ok(holds) => holds,
            Err(failure) => {
                step.fail(around, &element.id, failure);
                return Ok(());
            }
        },
    };
    let Some(turns) = turns(step, around) else { return Ok(()) };
    let (idle, last) = (turns.begun == turns.done && turns.begun < turns.total, turns.done == turns.total);
    if enough || last {
        return end(step, element, model, around);
    }
    if model.sequential && idle {
        enter_turn(step, element, around);
    }
    Ok(())
}

fn turns<'s>(step: &'s Step<'_>, around: ElementNumber) -> Option<&'s TurnsState> {
    step.state.instance.element(around)?.turns.as_ref()
}

/// The activity as a whole ends: what is left of its turns is taken away, and the list of what they gave is kept.
fn end(step: &mut Step<'_>, element: &Element, model: &MultiInstance, around: ElementNumber) -> Result<(), Rejection> {
    step.clear(Some(around));
    if let (Some(name), Some(turns)) = (&model.output_collection, turns(step, around)) {
        let gave = |turn| turns.output.get(&turn).cloned().unwrap_or(Value::Null);
        let list: Vec<Value> = (0..turns.total).map(gave).collect();
        let written = step.set_variables(Variables::from_iter([(name.clone(), Value::Array(list))]));
        if let Err(failure) = written {
            step.fail(around, &element.id, failure);
            return Ok(());
        }
    }
    step.complete(around)
}

/// What a multi-instance activity tells about its turns.
pub(super) fn counters(turns: &TurnsState) -> Variables {
    Variables::from_iter([
        ("nrOfInstances".to_owned(), json!(turns.total)),
        ("nrOfCompletedInstances".to_owned(), json!(turns.done)),
        ("nrOfActiveInstances".to_owned(), json!(turns.begun.saturating_sub(turns.done))),
    ])
}
