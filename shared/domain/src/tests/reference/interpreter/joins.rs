//! Joins: a token waits on its incoming flow until the gateway is activated (BPMN 2.0.2, 13.4.1 and 13.4.3).

use super::{Age, Arrived, At, Incident, Reference, Token};
use crate::tests::reference::plan::{Id, What};
use std::collections::BTreeSet;

impl Reference<'_> {
    /// A parallel gateway is activated when a token waits on each of its incoming flows.
    pub(super) fn arrive(&mut self, token: Token) {
        let (node, scope) = (token.node, token.scope);
        let before = self.rounds(node, scope).len();
        self.born += 1;
        self.arrived.push(Arrived { token, since: self.born });
        self.counts.entry(node).or_default().reached += self.rounds(node, scope).len() - before;
        let parallel = self.plan.node(node).what == What::Parallel;
        if parallel && self.rounds(node, scope)[0].len() == self.plan.incoming(node).len() {
            let flows = self.plan.outgoing(node);
            self.pass_join(node, scope, &flows);
        }
    }

    /// The tokens that wait at a join, by who would pass together: the first of each flow, then the second of each.
    pub fn rounds(&self, node: Id, scope: Option<Age>) -> Vec<Vec<Arrived>> {
        let mut rounds: Vec<Vec<Arrived>> = Vec::new();
        for arrived in self.arrived.iter().filter(|arrived| (arrived.token.node, arrived.token.scope) == (node, scope))
        {
            let lacks = |round: &&mut Vec<Arrived>| !round.iter().any(|other| other.token.flow == arrived.token.flow);
            match rounds.iter_mut().find(lacks) {
                Some(round) => round.push(arrived.clone()),
                None => rounds.push(vec![arrived.clone()]),
            }
        }
        rounds
    }

    /// The joins at which tokens wait, the oldest first.
    pub fn joins(&self) -> Vec<(Id, Option<Age>)> {
        let mut joins: Vec<(Id, Option<Age>)> = Vec::new();
        for arrived in &self.arrived {
            let join = (arrived.token.node, arrived.token.scope);
            if !joins.contains(&join) {
                joins.push(join);
            }
        }
        joins
    }

    /// Consumes one token of each flow that has one.
    fn pass_join(&mut self, node: Id, scope: Option<Age>, flows: &[usize]) {
        let consumed = self.rounds(node, scope).remove(0);
        let since: Vec<Age> = consumed.iter().map(|arrived| arrived.since).collect();
        self.arrived.retain(|arrived| !since.contains(&arrived.since));
        self.counts.entry(node).or_default().left += 1;
        self.send(flows, scope, consumed[0].token.handles);
    }

    pub(super) fn pass_an_inclusive_join(&mut self) -> bool {
        let activated = |join: &&(Id, Option<Age>)| {
            self.plan.node(join.0).what == What::Inclusive && !self.is_awaited(join.0, join.1)
        };
        let joins = self.joins();
        let Some((node, scope)) = joins.iter().find(activated).copied() else { return false };
        self.try_to_pass(node, scope);
        true
    }

    fn try_to_pass(&mut self, node: Id, scope: Option<Age>) {
        match self.work(node, scope) {
            Ok(flows) => self.pass_join(node, scope, &flows),
            Err(failure) => {
                let since = self.rounds(node, scope)[0][0].since;
                self.errors.push((failure.code.to_owned(), node));
                let at = At::Join { scope, since };
                self.incidents.push(Incident { node, code: failure.code, thrown: None, at });
            }
        }
    }

    /// 13.4.3: there is a token from which a path leads to an incoming flow without token, but none to one with a token;
    /// paths that visit the gateway do not count. A boundary event is a way out of its activity.
    fn is_awaited(&self, join: Id, scope: Option<Age>) -> bool {
        let first = self.rounds(join, scope).remove(0);
        let (with, without): (Vec<usize>, Vec<usize>) =
            self.plan.incoming(join).into_iter().partition(|flow| first.iter().any(|it| it.token.flow == Some(*flow)));
        let leads = |from: Id, to: &[usize]| {
            let reachable = self.reachable(from, join);
            to.iter().any(|flow| reachable.contains(&self.plan.flows[*flow].from))
        };
        let tokens = self.moving.iter().chain(&self.handed_over).chain(&self.resting);
        let tokens = tokens.chain(self.arrived.iter().map(|arrived| &arrived.token));
        let mut on_its_flows = tokens.clone().filter(|token| (token.node, token.scope) == (join, scope));
        let elsewhere = tokens.filter(|token| token.scope == scope && token.node != join).map(|token| token.node);
        let in_activities =
            self.activities.iter().filter(|it| it.scope == scope && !self.listens(it)).map(|it| it.node);
        let mut positions = elsewhere.chain(in_activities);
        on_its_flows.any(|token| token.flow.is_some_and(|flow| without.contains(&flow)))
            || positions.any(|from| leads(from, &without) && !leads(from, &with))
    }

    /// The elements to which a path leads without visiting `avoided`.
    fn reachable(&self, from: Id, avoided: Id) -> BTreeSet<Id> {
        let (mut open, mut found) = (vec![from], BTreeSet::new());
        while let Some(node) = open.pop() {
            if node == avoided || !found.insert(node) {
                continue;
            }
            open.extend(self.plan.outgoing(node).into_iter().map(|flow| self.plan.flows[flow].to));
            let attached = self.plan.nodes.iter().filter(|event| event.what.attached_to() == Some(node));
            open.extend(attached.map(|event| event.id));
        }
        found
    }

    /// By rule of the product: a gateway that can never be activated is an incident for all who wait there. It is told
    /// when no job comes.
    pub(super) fn find_stuck_joins(&mut self) {
        let mut hopeless = self.joins();
        // Tokens that may pass a gateway give hope to the next one.
        loop {
            let others = hopeless.clone();
            hopeless.retain(|join| !self.may_be_left(*join, &others));
            if hopeless.len() == others.len() {
                break;
            }
        }
        let mut stuck: Vec<Incident> = Vec::new();
        for (node, scope) in hopeless {
            for round in self.rounds(node, scope) {
                let at = At::Join { scope, since: round[0].since };
                stuck.push(Incident { node, code: "JOIN_STUCK", thrown: None, at });
            }
        }
        stuck.sort_by_key(Incident::age);
        self.errors.extend(stuck.iter().map(|incident| (incident.code.to_owned(), incident.node)));
        self.incidents = stuck;
    }

    /// 13.4.1 and 13.4.3: the tokens of the first round may still be consumed, because a path leads to the flows without
    /// token (of an inclusive gateway to one of them) from something that is done or may be left; or an end event that
    /// such a path leads to may take them away.
    fn may_be_left(&self, (join, scope): (Id, Option<Age>), hopeless: &[(Id, Option<Age>)]) -> bool {
        let in_activities = self.activities.iter().filter(|it| !self.listens(it)).map(|it| (it.node, it.scope));
        let in_joins = self.joins().into_iter().filter(|other| !hopeless.contains(other));
        let positions = in_activities.chain(in_joins).filter(|(_, around)| *around == scope);
        let reachable: BTreeSet<Id> = positions.flat_map(|(node, _)| self.reachable(node, join)).collect();
        let first = self.rounds(join, scope).remove(0);
        let lacks = |flow: &usize| first.iter().all(|it| it.token.flow != Some(*flow));
        let mut comes = self.plan.incoming(join).into_iter().filter(lacks).map(|flow| self.plan.flows[flow].from);
        let leads = if self.plan.node(join).what == What::Inclusive {
            comes.any(|from| reachable.contains(&from))
        } else {
            comes.all(|from| reachable.contains(&from))
        };
        leads || reachable.iter().any(|node| self.plan.node(*node).what == What::Terminate || self.throws_out(*node))
    }

    /// An error end event throws out of its scope (13.5.5), which the scope around it may not survive.
    fn throws_out(&self, node: Id) -> bool {
        matches!(self.plan.node(node).what, What::ErrorEnd(_))
            || self.plan.within(Some(node)).any(|inner| self.throws_out(inner.id))
    }

    pub(super) fn clear_joins(&mut self, scope: Option<Age>) {
        for (node, _) in self.joins().into_iter().filter(|(_, around)| *around == scope) {
            self.counts.entry(node).or_default().withdrawn += self.rounds(node, scope).len();
        }
        self.arrived.retain(|arrived| arrived.token.scope != scope);
        self.incidents.retain(|incident| !matches!(incident.at, At::Join { scope: around, .. } if around == scope));
    }
}

impl Incident {
    pub(super) fn age(&self) -> Age {
        match self.at {
            At::Activity(age) | At::Join { since: age, .. } => age,
            At::Job => 0,
        }
    }
}
