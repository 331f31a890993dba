//! Makes a failing case small: leaves out what it fails without.

use super::drive::Case;
use super::plan::{Begins, Flow, Id, Node, Plan, What};

/// Tries at most; a case is small long before.
const TRIES_MAX: usize = 3_000;

pub fn shrink(mut case: Case, fails: impl Fn(&Case) -> bool) -> Case {
    let mut tries = 0;
    loop {
        let mut smaller = candidates(&case).into_iter().take_while(|_| {
            tries += 1;
            tries < TRIES_MAX
        });
        match smaller.find(|candidate| fails(candidate)) {
            Some(found) => case = found,
            None => return case,
        }
    }
}

fn candidates(case: &Case) -> Vec<Case> {
    let mut cases = Vec::new();
    for length in [case.choices.len() / 2, case.choices.len().saturating_sub(1)] {
        if length < case.choices.len() {
            cases.push(Case { choices: case.choices[..length].to_vec(), ..case.clone() });
        }
    }
    for at in 0..case.choices.len() {
        let mut smaller = case.clone();
        smaller.choices.remove(at);
        cases.push(smaller);
    }
    if case.plan.begins != Begins::AtOnce {
        cases.push(Case { plan: Plan { begins: Begins::AtOnce, ..case.plan.clone() }, ..case.clone() });
    }
    let plans = case.plan.nodes.iter().flat_map(|node| smaller_at(&case.plan, node.id));
    let plans = plans.chain((0..case.plan.flows.len()).map(|flow| {
        let mut plan = case.plan.clone();
        plan.flows.remove(flow);
        plan
    }));
    // What is left out may have been the pair of something.
    let plans = plans.map(|plan| Plan { sound: false, ..plan }).filter(is_whole);
    cases.extend(plans.map(|plan| Case { plan, choices: case.choices.clone() }));
    cases
}

/// The plan without a node, with the node as a mere passage, and without what adorns it.
fn smaller_at(plan: &Plan, id: Id) -> Vec<Plan> {
    let mut plans = vec![without(plan, id)];
    let mut bridged = without(plan, id);
    for before in plan.flows.iter().filter(|flow| flow.to == id && flow.from != id) {
        for after in plan.flows.iter().filter(|flow| flow.from == id && flow.to != id) {
            let known = bridged.flows.iter().any(|flow| (flow.from, flow.to) == (before.from, after.to));
            if !known {
                bridged.flows.push(Flow { to: after.to, ..before.clone() });
            }
        }
    }
    plans.push(bridged);
    let node = plan.node(id);
    let mut change = |how: &dyn Fn(&mut Node)| {
        let mut smaller = plan.clone();
        how(&mut smaller.nodes[plan.position(id)]);
        plans.push(smaller);
    };
    if node.prepares.is_some() {
        change(&|node| node.prepares = None);
    }
    if node.ticket.is_some() {
        change(&|node| node.ticket = None);
    }
    if node.turns.is_some() {
        change(&|node| node.turns = None);
    }
    if node.job_before || node.job_after {
        change(&|node| (node.job_before, node.job_after) = (false, false));
    }
    if matches!(
        node.what,
        What::Script(_)
            | What::Ask(_)
            | What::Serve(_)
            | What::Call
            | What::Say { end: false, .. }
            | What::Wait { .. }
            | What::Exclusive
    ) {
        change(&|node| node.what = What::Pass);
    }
    plans
}

/// Without a node, what is in it, what is attached to it, and the flows of all that.
pub fn without(plan: &Plan, id: Id) -> Plan {
    let mut gone = vec![id];
    loop {
        let depends = |node: &&Node| {
            let on = node.what.attached_to();
            !gone.contains(&node.id) && [node.scope, on].iter().flatten().any(|other| gone.contains(other))
        };
        let Some(next) = plan.nodes.iter().find(depends) else { break };
        gone.push(next.id);
    }
    let mut plan = plan.clone();
    plan.nodes.retain(|node| !gone.contains(&node.id));
    plan.flows.retain(|flow| !gone.contains(&flow.from) && !gone.contains(&flow.to));
    plan
}

/// Every scope begins somewhere, and only what has turns or waits has what belongs to that.
fn is_whole(plan: &Plan) -> bool {
    let starts = |scope: Option<Id>| {
        plan.within(scope).filter(|node| matches!(node.what, What::Start | What::EventStart { .. })).count() == 1
    };
    let scopes = plan.nodes.iter().filter(|node| matches!(node.what, What::Sub | What::OnEvent));
    let defaults =
        |node: &Node| plan.outgoing(node.id).into_iter().filter(|flow| plan.flows[*flow].default).count() <= 1;
    let events = |node: &Node| {
        let mut behind = plan.outgoing(node.id).into_iter().map(|flow| plan.node(plan.flows[flow].to));
        node.what != What::First
            || behind.all(|event| matches!(event.what, What::Wait { task: false, .. } | What::Hear { .. }))
    };
    let known = |id: Id| plan.nodes.iter().any(|node| node.id == id);
    plan.flows.iter().all(|flow| known(flow.from) && known(flow.to))
        && starts(None)
        && plan.nodes.iter().all(events)
        && plan.nodes.iter().all(defaults)
        && scopes.into_iter().all(|node| starts(Some(node.id)))
        && plan.nodes.iter().all(|node| {
            let Some(on) = node.what.attached_to() else { return true };
            let host = &plan.node(on).what;
            matches!(host, What::Sub | What::Script(_)) || host.waits() || plan.node(on).turns.is_some()
        })
}
