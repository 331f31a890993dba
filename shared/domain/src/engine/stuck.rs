//! Joins that wait in vain: the path that they lack can never come, so each is an incident, because an instance that
//! waits for ever in silence helps nobody. When a join goes on is said in `gateway` and `inclusive`.

use super::{Failure, Step, scope};
use crate::ids::ElementNumber;
use crate::instance::ElementInstance;
use crate::process::{ElementIndex, ElementKind, Flow, Process};
use std::collections::BTreeMap;
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
    if !instance.incidents.is_empty() || !instance.ready.is_empty() || instance.status.is_final() {
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
    if joins.is_empty() {
        return;
    }
    let ways = Ways::of(process);
    // A join that may go on is itself something that moves.
    let hopeful = |joins: &Joins, moving: &[Position]| {
        joins.iter().find(|(at, rounds)| ways.lead_on(**at, rounds, moving)).map(|(at, _)| *at)
    };
    while let Some(at) = hopeful(&joins, &moving) {
        joins.remove(&at);
        moving.push(at);
    }
    let mut stuck: Vec<(Arc<ElementInstance>, String)> = Vec::new();
    for (at, rounds) in joins {
        let reached = ways.reached(at, &moving);
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

/// Where paths can lead.
struct Ways<'p> {
    process: &'p Process,
    /// For each element those behind it: boundary events stand behind their activity.
    next: Vec<Vec<ElementIndex>>,
    /// What may end the scope it is in, and take away all that waits there: an end event that terminates it or throws
    /// out of it, or a sub-process with one that throws.
    ends: Vec<bool>,
}

impl<'p> Ways<'p> {
    fn of(process: &'p Process) -> Ways<'p> {
        let elements = &process.elements;
        let mut ways = Ways { process, next: vec![Vec::new(); elements.len()], ends: vec![false; elements.len()] };
        for flow in &process.flows {
            if let Some(next) = ways.next.get_mut(flow.source) {
                next.push(flow.target);
            }
        }
        for (index, element) in elements.iter().enumerate() {
            ways.next[index].extend(&element.boundaries);
            ways.ends[index] |= matches!(element.kind, ElementKind::TerminateEndEvent);
            let mut thrown = matches!(element.kind, ElementKind::ErrorEndEvent(_)).then_some(index);
            while let Some(at) = thrown.filter(|at| !std::mem::replace(&mut ways.ends[*at], true)) {
                thrown = elements[at].parent;
            }
        }
        ways
    }

    /// The elements that something in the scope of a join can reach without passing the join.
    fn reached(&self, (scope, join): Position, moving: &[Position]) -> Vec<bool> {
        let mut open: Vec<ElementIndex> = moving.iter().filter(|(of, _)| *of == scope).map(|(_, at)| *at).collect();
        let mut found = vec![false; self.next.len()];
        while let Some(index) = open.pop() {
            if index != join && !std::mem::replace(&mut found[index], true) {
                open.extend(&self.next[index]);
            }
        }
        found
    }

    /// Whether the oldest round of a join may yet go on, or be taken away by a path of its scope. Later rounds lack what
    /// it lacks.
    fn lead_on(&self, at: Position, rounds: &[Arc<ElementInstance>], moving: &[Position]) -> bool {
        let reached = self.reached(at, moving);
        if reached.iter().zip(&self.ends).any(|(reached, ends)| *reached && *ends) {
            return true;
        }
        let Some(oldest) = rounds.first() else { return false };
        let mut missing = missing(self.process, at.1, oldest);
        // An inclusive join goes on without those that nobody brings.
        let inclusive = matches!(self.process.elements[at.1].kind, ElementKind::InclusiveGateway(_));
        let comes = |flow: &Flow| reached[flow.source];
        if inclusive { missing.any(comes) } else { missing.all(comes) }
    }
}
