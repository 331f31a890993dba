//! User tasks: answers, refused answers, time limits and expiry.

use super::{Age, Failure, Reference};
use crate::tests::dsl::RECIPIENT;
use crate::tests::reference::interpreter::MINUTE;
use crate::tests::reference::plan::What;
use serde_json::{Map, Value, json};

impl Reference<'_> {
    pub(super) fn open_task(&mut self, age: Age, expires: Option<u32>) {
        let expires = expires.map(|minutes| self.now + i64::from(minutes) * MINUTE);
        self.change(age, |task| (task.asks, task.expires) = (true, expires));
    }

    /// An open task is answered: the values become variables, unless the answer is refused.
    pub fn answer(&mut self, age: Age, values: &Map<String, Value>) {
        self.command();
        let Some(task) = self.activity(age).cloned() else { return };
        let plan = self.plan;
        if let What::Ask(Some((test, throw))) = &plan.node(task.node).what {
            let name = test.variable();
            let seen = values.get(name).cloned().or_else(|| self.value(Some(age), name));
            if test.holds(seen.as_ref()) {
                self.refuse(age, Failure::of(throw));
                self.advance();
                return;
            }
        }
        for (name, value) in values {
            self.set(Some(age), name, value.clone());
        }
        self.set(Some(age), "userAction", json!("Approve"));
        let user = if plan.node(task.node).ticket.is_some() { RECIPIENT } else { "olga" };
        self.set(Some(age), "currentUser", json!(user));
        if matches!(plan.node(task.node).what, What::Ask(Some(_))) {
            self.nothing_resulted(Some(age));
        }
        let flows = plan.outgoing(task.node);
        self.leave(age, &flows);
        self.advance();
    }

    /// A boundary event that interrupts nothing leaves the task open and handles the error beside it.
    fn refuse(&mut self, age: Age, failure: Failure) {
        match self.catcher(age, &failure).filter(|catch| !catch.interrupting) {
            Some(catch) => {
                let node = self.activity(age).map(|task| task.node).unwrap_or_default();
                self.errors.push((failure.thrown.unwrap_or_default(), node));
                self.catch(catch, Some(age));
            }
            None => self.fail(age, failure),
        }
    }

    /// A task's time is over: the system completes it without its script, or it fails.
    pub(super) fn run_out(&mut self, age: Age, completes: bool) {
        if !completes {
            self.refuse(age, Failure::business("TASK_TIMEOUT"));
            return;
        }
        self.set(Some(age), "userAction", json!("Late"));
        self.set(Some(age), "currentUser", json!("system"));
        self.clear(Some(age));
        if let Some(task) = self.activity(age).cloned() {
            self.leave(age, &self.plan.outgoing(task.node));
        }
    }

    /// The time of an outside task is over. What was due before happens before. Then a timer that interrupts the task takes
    /// the path on, if it is due as well, else the error does; a time limit does not count any more.
    pub fn expire(&mut self, age: Age) {
        self.command();
        let Some(expires) = self.activity(age).and_then(|task| task.expires) else { return };
        let host = self.host(age);
        self.ring(host, expires, None);
        if self.activity(age).is_none_or(|task| task.expires != Some(expires)) {
            return;
        }
        let way_out = self.overdue(age);
        self.change(age, |task| {
            (task.asks, task.expires, task.watched) = (false, None, false);
            task.alarms.clear();
            task.awaits.clear();
        });
        match (way_out, self.activity(host).cloned()) {
            (Some(alarm), Some(activity)) => {
                self.withdraw(host);
                self.put(alarm.event, activity.scope, activity.handles);
            }
            (None, _) | (_, None) => self.fail(age, Failure::business("TASK_EXPIRED")),
        }
        self.advance();
    }
}
