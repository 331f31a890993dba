//! Joins of inclusive gateways: when no path can arrive any more on the flows that still lack one (BPMN 2.0, 13.4.3).
//! Which flows the gateway takes then is said in `gateway`.

use super::{Step, gateway, scope};
use crate::ids::ElementNumber;
use crate::instance::{ElementInstance, Ready};
use crate::process::{Element, ElementIndex, ElementKind, Process};
use crate::rejection::Rejection;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A path arrived at a gateway with several incoming flows: it waits until `proceed` finds that no other can come.
pub(super) fn arrive(step: &mut Step<'_>, element: &Element, ready: Ready, number: ElementNumber) {
    let flow = ready.flow.clone().unwrap_or_default();
    gateway::join(step, element, ready, &flow, number);
}

/// Lets one join go on for which no other path can come; false where there is none. Asked when nothing else moves.
pub(super) fn proceed(step: &mut Step<'_>) -> Result<bool, Rejection> {
    let process = step.env.process;
    let complete = |live: &&Arc<ElementInstance>| {
        if live.arrived.is_empty() || live.failed {
            return false;
        }
        let index = process.index(&live.element);
        let joins = index.filter(|index| matches!(process.elements[*index].kind, ElementKind::InclusiveGateway(_)));
        joins.is_some_and(|join| !is_awaited(step, live, join))
    };
    let Some(number) = step.state.instance.elements.iter().find(complete).map(|live| live.number) else {
        return Ok(false);
    };
    step.execute(number)?;
    Ok(true)
}

/// True while a path could still arrive on a flow that lacks one. One that could as well arrive on a flow that has one
/// is not waited for: it belongs to the next round.
fn is_awaited(step: &Step<'_>, live: &ElementInstance, join: ElementIndex) -> bool {
    let process = step.env.process;
    let flows = process.flows.iter().filter(|flow| flow.target == join);
    let (arrived, lacking): (Vec<_>, Vec<_>) = flows.partition(|flow| live.arrived.contains(flow.id.as_str()));
    if lacking.is_empty() {
        return false;
    }
    let to_lacking = behind(process, join, lacking.iter().map(|flow| flow.source));
    let to_arrived = behind(process, join, arrived.iter().map(|flow| flow.source));
    let can_come = |element: ElementIndex| to_lacking.contains(&element) && !to_arrived.contains(&element);
    let state = &step.state.instance;
    let in_elements = state.elements.iter().any(|other| {
        other.scope == live.scope
            && other.element != live.element
            && !scope::is_listener(process, other)
            && process.index(&other.element).is_some_and(can_come)
    });
    let on_flows = step.queue.iter().chain(&step.for_job).chain(&state.ready).any(|ready| {
        ready.scope == live.scope
            && if ready.element == live.element {
                ready.flow.as_ref().is_some_and(|flow| !live.arrived.contains(flow.as_str()))
            } else {
                process.index(&ready.element).is_some_and(can_come)
            }
    });
    in_elements || on_flows
}

/// The elements from which a path leads to one of `ends` without passing the join.
fn behind(process: &Process, join: ElementIndex, ends: impl Iterator<Item = ElementIndex>) -> BTreeSet<ElementIndex> {
    let mut sources = vec![Vec::new(); process.elements.len()];
    for flow in &process.flows {
        if let Some(sources) = sources.get_mut(flow.target) {
            sources.push(flow.source);
        }
    }
    let mut open: Vec<ElementIndex> = ends.collect();
    let mut found = BTreeSet::new();
    while let Some(index) = open.pop() {
        if index == join || !found.insert(index) {
            continue;
        }
        open.extend(sources.get(index).into_iter().flatten());
        if let Some(event) = process.elements.get(index).and_then(|element| element.kind.as_boundary()) {
            open.push(event.attached_to);
        }
    }
    found
}
