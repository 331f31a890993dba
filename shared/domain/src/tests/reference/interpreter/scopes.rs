//! Scopes: how the process and its sub-processes begin, end by themselves, and are taken away with all that is in them.

use super::{Activity, Age, At, Reference, Token};
use crate::tests::reference::plan::{Id, Occurs, What};

impl Reference<'_> {
    /// Takes an activity instance away with all that is in it.
    pub(super) fn withdraw(&mut self, age: Age) {
        self.clear(Some(age));
        let Some(activity) = self.activity(age).cloned() else { return };
        self.activities.retain(|other| other.age != age);
        self.incidents.retain(|incident| incident.at != At::Activity(age));
        self.counts.entry(activity.node).or_default().withdrawn += 1;
    }

    /// Takes all tokens and activity instances of a scope away.
    pub(super) fn clear(&mut self, scope: Option<Age>) {
        for tokens in [&mut self.moving, &mut self.handed_over, &mut self.resting] {
            tokens.retain(|token| token.scope != scope);
        }
        self.clear_joins(scope);
        let inside: Vec<Age> =
            self.activities.iter().filter(|activity| activity.scope == scope).map(|activity| activity.age).collect();
        for age in inside {
            self.withdraw(age);
        }
    }

    /// A scope begins: its event sub-processes listen, and a token is put before its start event.
    pub(super) fn open(&mut self, scope: Option<Age>, node: Option<Id>, handles: Option<Age>) {
        let plan = self.plan;
        for around in plan.within(node).filter(|node| node.what == What::OnEvent) {
            for start in plan.within(Some(around.id)) {
                // Errors need nobody who listens.
                if start.what.starts_by_event() && !matches!(start.what.event(), Some((Occurs::Error(_), _))) {
                    self.put(start.id, scope, handles);
                }
            }
        }
        if let Some(start) = plan.within(node).find(|node| node.what == What::Start) {
            self.put(start.id, scope, handles);
        }
    }

    /// A scope ends when no token and no activity instance is in it; who listens for events keeps none alive.
    pub(super) fn end_a_scope(&mut self) -> bool {
        let is_empty = |scope: &&Activity| {
            let inside = Some(scope.age);
            let opened = matches!(self.plan.node(scope.node).what, What::Sub | What::OnEvent) && scope.turns.is_none();
            let tokens = self.moving.iter().chain(&self.handed_over).chain(&self.resting);
            let mut tokens = tokens.chain(self.arrived.iter().map(|arrived| &arrived.token));
            let mut others = self.activities.iter();
            opened
                && !tokens.any(|token| token.scope == inside)
                && !others.any(|other| other.scope == inside && !self.listens(other))
        };
        let Some(scope) = self.activities.iter().rev().find(is_empty).cloned() else { return false };
        self.clear(Some(scope.age));
        let flows = self.plan.outgoing(scope.node);
        self.leave(scope.age, &flows);
        true
    }

    /// Waits for the event that starts an event sub-process.
    pub(super) fn listens(&self, activity: &Activity) -> bool {
        matches!(self.plan.node(activity.node).what, What::EventStart { .. })
    }

    pub(super) fn is_in_its_own_scope(&self, token: &Token) -> bool {
        let scope = token.scope.and_then(|age| self.activity(age)).map(|scope| scope.node);
        scope.is_some() && scope == self.plan.node(token.node).scope
    }
}
