//! The work of elements that do not wait, and the variables they see.

use super::{Age, Failure, Reference};
use crate::tests::reference::plan::{Id, Script, Test, Throw, What};
use serde_json::{Value, json};

impl Reference<'_> {
    /// The flows by which an element that does not wait is left.
    pub(super) fn work(&mut self, node: Id, at: Option<Age>) -> Result<Vec<usize>, Failure> {
        let plan = self.plan;
        let outgoing = plan.outgoing(node);
        match &plan.node(node).what {
            What::Exclusive => self.choose(&outgoing, at, 1),
            What::Inclusive => self.choose(&outgoing, at, usize::MAX),
            What::Script(Script::Count(name)) => {
                let count = self.value(at, name).and_then(|value| value.as_u64()).unwrap_or(0) + 1;
                self.set(at, name, json!(count));
                self.set(at, "lastScriptResult", json!(count));
                Ok(outgoing)
            }
            What::Script(Script::Throws(test, throw)) => {
                if self.holds(test, at) {
                    return Err(Failure::of(throw));
                }
                self.nothing_resulted(at);
                Ok(outgoing)
            }
            What::Script(Script::Calls(times, fails)) => {
                if let Some((_, code)) = fails.as_ref().filter(|(test, _)| self.holds(test, at)) {
                    self.called += 1;
                    return Err(Failure::business(code));
                }
                self.called += times;
                self.set(at, "lastScriptResult", json!(times));
                Ok(outgoing)
            }
            What::Say { what, brings, .. } => {
                self.say(at, what, brings.as_deref())?;
                Ok(outgoing)
            }
            What::Start
            | What::End
            | What::Terminate
            | What::ErrorEnd(_)
            | What::Pass
            | What::Ask(_)
            | What::Serve(_)
            | What::Parallel
            | What::Wait { .. }
            | What::Hear { .. }
            | What::First
            | What::Call
            | What::Sub
            | What::OnEvent
            | What::EventStart { .. }
            | What::Boundary { .. }
            | What::Limit { .. } => Ok(outgoing),
        }
    }

    /// The first flows whose condition holds, else the default flow.
    pub(super) fn choose(&self, outgoing: &[usize], at: Option<Age>, most: usize) -> Result<Vec<usize>, Failure> {
        let (default, others): (Vec<usize>, Vec<usize>) =
            outgoing.iter().partition(|flow| self.plan.flows[**flow].default);
        let holds = |flow: &usize| self.plan.flows[*flow].test.as_ref().is_none_or(|test| self.holds(test, at));
        let chosen: Vec<usize> = others.into_iter().filter(holds).take(most).collect();
        if chosen.is_empty() && default.is_empty() {
            return Err(Failure::technical("NO_FLOW"));
        }
        Ok(if chosen.is_empty() { default } else { chosen })
    }

    /// A script without a result says so only where an earlier one had one.
    pub(super) fn nothing_resulted(&mut self, at: Option<Age>) {
        if self.variables.contains_key("lastScriptResult") {
            self.set(at, "lastScriptResult", Value::Null);
        }
    }

    /// A variable as seen by an activity instance: its own, then those of the scopes around it, then the process's.
    pub(super) fn value(&self, at: Option<Age>, name: &str) -> Option<Value> {
        let Some(activity) = at.and_then(|age| self.activity(age)) else { return self.variables.get(name).cloned() };
        activity.local.get(name).cloned().or_else(|| self.value(activity.scope, name))
    }

    /// Writes a variable where it is seen, else as one of the process.
    pub(super) fn set(&mut self, at: Option<Age>, name: &str, value: Value) {
        let Some(activity) = at.and_then(|age| self.activity(age)).cloned() else {
            self.variables.insert(name.to_owned(), value);
            return;
        };
        if activity.local.contains_key(name) {
            self.change(activity.age, |activity| _ = activity.local.insert(name.to_owned(), value));
        } else {
            self.set(activity.scope, name, value);
        }
    }

    pub(super) fn holds(&self, test: &Test, at: Option<Age>) -> bool {
        test.holds(self.value(at, test.variable()).as_ref())
    }
}

impl Failure {
    pub(super) fn technical(code: &'static str) -> Failure {
        Failure { code, thrown: None, class: None }
    }

    pub(super) fn business(code: &str) -> Failure {
        Failure { code: "", thrown: Some(code.to_owned()), class: None }
    }

    pub(super) fn of(throw: &Throw) -> Failure {
        match throw {
            Throw::Business(code) => Failure::business(code),
            Throw::Technical => Failure::technical("SCRIPT_ERROR"),
        }
    }
}
