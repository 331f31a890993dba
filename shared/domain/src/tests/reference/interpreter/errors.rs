//! Errors: who catches them, and what becomes of those that nobody catches (BPMN 2.0.2, 13.5.3 and 13.5.4).

use super::{Age, At, Failure, Incident, Reference};
use crate::tests::reference::plan::{Id, Node, What};

/// An event that catches an error.
pub(super) struct Catch {
    event: Id,
    at: Where,
    pub(super) interrupting: bool,
}

enum Where {
    Activity(Age),
    Scope(Option<Age>),
}

impl Reference<'_> {
    /// An activity instance cannot do its work.
    pub(super) fn fail(&mut self, age: Age, failure: Failure) {
        let Some(activity) = self.activity(age).cloned() else { return };
        let catch = self.catcher(age, &failure);
        if catch.is_none() && failure.thrown.is_some() && self.plan.called {
            // It ends by the error, which goes on at the call activity.
            self.end_early();
            return;
        }
        let code = failure.thrown.clone().unwrap_or_else(|| failure.code.to_owned());
        self.errors.push((code, activity.node));
        match catch {
            Some(catch) => self.catch(catch, None),
            None => self.stop(age, failure),
        }
    }

    pub(super) fn stop(&mut self, age: Age, failure: Failure) {
        let Some(node) = self.activity(age).map(|activity| activity.node) else { return };
        self.change(age, |activity| activity.failed = true);
        let at = At::Activity(age);
        self.incidents.push(Incident { node, code: failure.code, thrown: failure.thrown, at });
    }

    /// From the inside outwards: the boundary events of an activity, then the event sub-processes of the scope around it.
    pub(super) fn catcher(&self, thrower: Age, failure: &Failure) -> Option<Catch> {
        failure.thrown.as_deref()?;
        let thrower = self.host(thrower);
        let mut age = thrower;
        loop {
            let activity = self.activity(age)?;
            let node = self.plan.node(activity.node);
            let attached = self.plan.nodes.iter().filter(|event| event.what.attached_to() == Some(node.id));
            if let Some((event, interrupting)) = best(attached, failure) {
                // A scope in which something failed cannot go on.
                return Some(Catch { event, at: Where::Activity(age), interrupting: interrupting || age != thrower });
            }
            // A scope that an event sub-process interrupted has no other handler.
            if !self.is_interrupting_handler(node.id) {
                let handlers = self.plan.within(node.scope).filter(|node| node.what == What::OnEvent);
                let starts = handlers.flat_map(|around| self.plan.within(Some(around.id)));
                if let Some((event, _)) = best(starts.filter(|start| start.what.starts_by_event()), failure) {
                    return Some(Catch { event, at: Where::Scope(activity.scope), interrupting: true });
                }
            }
            age = self.host(activity.scope?);
        }
    }

    fn is_interrupting_handler(&self, node: Id) -> bool {
        let interrupts = |start: &Node| start.what.event().is_some_and(|(_, interrupting)| interrupting);
        let handler = self.plan.node(node).what == What::OnEvent;
        handler && self.plan.within(Some(node)).filter(|start| start.what.starts_by_event()).any(interrupts)
    }

    /// Takes the path of whoever catches an error. `beside`: the task that stays open.
    pub(super) fn catch(&mut self, catch: Catch, beside: Option<Age>) {
        match catch.at {
            Where::Activity(age) => {
                let Some(activity) = self.activity(age).cloned() else { return };
                if beside.is_none() {
                    self.withdraw(age);
                }
                self.put(catch.event, activity.scope, beside.or(activity.handles));
            }
            Where::Scope(scope) => {
                let handles = scope.and_then(|age| self.activity(age)).and_then(|scope| scope.handles);
                self.start_handler(catch.event, scope, handles, true);
            }
        }
    }

    /// The start event of an event sub-process occurred in the scope around that.
    pub(super) fn start_handler(&mut self, start: Id, scope: Option<Age>, handles: Option<Age>, interrupting: bool) {
        if interrupting {
            self.clear(scope);
        }
        let around = self.plan.node(start).scope.expect("a start event is in a sub-process");
        let age = self.begin(&super::Token { node: around, flow: None, scope, handles });
        self.open(Some(age), Some(around), handles);
        self.put(start, Some(age), handles);
    }

    /// The multi-instance activity around a turn, beside which its boundary events are.
    pub(super) fn host(&self, age: Age) -> Age {
        match self.activity(age) {
            Some(activity) if self.is_turn(activity) => activity.scope.unwrap_or(age),
            _ => age,
        }
    }
}

/// Of the error events among these the first with exactly the code, else the first with its class, else the first
/// without a code.
fn best<'n>(events: impl Iterator<Item = &'n Node>, failure: &Failure) -> Option<(Id, bool)> {
    let errors = events.filter_map(|node| {
        let (event, interrupting) = node.what.event()?;
        Some((event.as_error()?, node.id, interrupting))
    });
    let errors: Vec<(Option<&str>, Id, bool)> = errors.collect();
    let by = |code: Option<&str>| errors.iter().find(move |(own, ..)| *own == code);
    let exactly = by(failure.thrown.as_deref());
    let best = exactly.or_else(|| failure.class.and_then(|class| by(Some(class)))).or_else(|| by(None));
    best.map(|(_, event, interrupting)| (*event, *interrupting))
}
