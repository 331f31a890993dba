//! Joins that wait in vain: the path that they lack can never come, so each is an incident, because an instance that
//! waits for ever in silence helps nobody. When a join goes on is said in `gateway` and `inclusive`.

use super::{Failure, Step, scope};
use crate::ids::ElementNumber;
use crate::instance::ElementInstance;
use crate::process::{ElementIndex, ElementKind, Flow, Process};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Where something is: the scope, and the element in it.
type Position = (Option<ElementNumber>, ElementIndex);
/// The rounds of each join that wait, oldest first.
type Joins = BTreeMap<Position, Vec<Arc<ElementInstance>>>;

/// Opens an incident at each join that can never fire. Not before the job: what it takes up comes first, and then an
/// inclusive join looks whether it can go on.
pub(super) fn find(step: &mut Step<'_>) {
    let process = step.env.process;
    let instance = &step.state.instance;
    let rests = instance.incidents.is_empty() && instance.ready.is_empty() && !instance.status.is_final();
    if !rests || instance.elements.iter().all(|live| live.arrived.is_empty()) {
        return;
    }
    let mut joins = Joins::new();
    let mut moving: Vec<Position> = Vec::new();
    for live in instance.elements.iter().filter(|live| !scope::is_listener(process, live)) {
        let Some(index) = process.index(&live.element) else { continue };
        if live.arrived.is_empty() {
            moving.push((live.scope, index));
        } else {
            joins.entry((live.scope, index)).or_default().push(Arc::clone(live));
        }
    }
    // A join that may go on is itself something that moves.
    let hopeful = |joins: &Joins, moving: &[Position]| {
        joins.iter().find(|(at, rounds)| has_hope(process, **at, rounds, moving)).map(|(at, _)| *at)
    };
    while let Some(at) = hopeful(&joins, &moving) {
        joins.remove(&at);
        moving.push(at);
    }
    let mut stuck: Vec<(Arc<ElementInstance>, String)> = Vec::new();
    for (at, rounds) in joins {
        let reached = reached(process, at, &moving);
        for round in rounds {
            let missing = missing(process, at.1, &round).filter(|flow| !reached[flow.source]);
            let missing: Vec<&str> = missing.map(|flow| flow.id.as_str()).collect();
            let message = format!(
                "\"{}\" waits for a path on {}, and no other path is left that could arrive there",
                round.element,
                missing.join(", ")
            );
            stuck.push((round, message));
        }
    }
    stuck.sort_by_key(|(round, _)| round.number);
    for (round, message) in stuck {
        step.raise(round.number, &round.element, Failure::new("JOIN_STUCK", message));
    }
}

/// The flows on which no path has arrived in a round of a join.
fn missing<'p>(
    process: &'p Process,
    join: ElementIndex,
    round: &'p ElementInstance,
) -> impl Iterator<Item = &'p Flow> + use<'p> {
    process.flows.iter().filter(move |flow| flow.target == join && !round.arrived.contains(flow.id.as_str()))
}

/// The elements that something in the scope of a join can reach without passing the join. Boundary events stand behind
/// their activity.
fn reached(process: &Process, (scope, join): Position, moving: &[Position]) -> Vec<bool> {
    let mut open: Vec<ElementIndex> = moving.iter().filter(|(of, _)| *of == scope).map(|(_, at)| *at).collect();
    let mut found = vec![false; process.elements.len()];
    while let Some(index) = open.pop() {
        if index != join && !std::mem::replace(&mut found[index], true) {
            let element = &process.elements[index];
            open.extend(process.outgoing(element).map(|flow| flow.target));
            open.extend(&element.boundaries);
        }
    }
    found
}

/// Whether the oldest round of a join may yet go on, or be taken away by a path of its scope. Later rounds lack what it
/// lacks.
fn has_hope(process: &Process, at: Position, rounds: &[Arc<ElementInstance>], moving: &[Position]) -> bool {
    let reached = reached(process, at, moving);
    let Some(oldest) = rounds.first() else { return false };
    let mut missing = missing(process, at.1, oldest);
    // An inclusive join goes on without those that nobody brings.
    let inclusive = matches!(process.elements[at.1].kind, ElementKind::InclusiveGateway(_));
    let comes = |flow: &Flow| reached[flow.source];
    let goes_on = if inclusive { missing.any(comes) } else { missing.all(comes) };
    goes_on || ends(process).into_iter().any(|end| reached[end])
}

/// What may end the scope it is in, and take away all that waits there: an end event that terminates it or throws out of
/// it, or a sub-process with one that throws.
fn ends(process: &Process) -> BTreeSet<ElementIndex> {
    let mut ends = BTreeSet::new();
    for (index, element) in process.elements.iter().enumerate() {
        let throws = matches!(element.kind, ElementKind::ErrorEndEvent(_));
        if throws || matches!(element.kind, ElementKind::TerminateEndEvent) {
            ends.insert(index);
        }
        let mut around = element.parent.filter(|_| throws);
        while let Some(at) = around.filter(|at| ends.insert(*at)) {
            around = process.elements[at].parent;
        }
    }
    ends
}
