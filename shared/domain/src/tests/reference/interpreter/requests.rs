//! System tasks: what they ask, and what the answers mean.

use super::{Age, Alarm, Failure, Order, Reference, Request};
use crate::tests::reference::plan::{Asks, Reply, Service, What};
use serde_json::Value;

impl Reference<'_> {
    /// The task asks, the first time or after an operator's retry.
    pub(super) fn ask(&mut self, age: Age, service: &Service) {
        let before = self.activity(age).and_then(|task| task.request.clone()).map_or(0, |request| request.attempt);
        self.order(age, Request { attempt: before + 1, left: service.retries, at: self.now });
    }

    fn order(&mut self, age: Age, request: Request) {
        self.orders.push(Order::Ask { age, request: request.clone() });
        self.change(age, |task| task.request = Some(request));
    }

    /// The attempt that a task waits for was answered, or had no answer.
    pub fn replied(&mut self, age: Age, reply: &Reply) {
        self.command();
        let Some(task) = self.activity(age).cloned() else { return };
        let (What::Serve(service), Some(request)) = (&self.plan.node(task.node).what, task.request) else { return };
        if let Some(alarm) = self.overdue(age) {
            // The stored time decides: it has taken the task away before the answer came.
            self.fire(self.host(age), alarm.event);
            return;
        }
        let (failure, again) = match reply {
            Reply::Done(value) => {
                self.keep(age, service, value);
                self.leave(age, &self.plan.outgoing(task.node));
                self.advance();
                return;
            }
            Reply::Errors => (Failure::business("GRAPHQL_ERROR"), false),
            Reply::None { code, again } => (Failure::business(code), *again),
            // Only commands have codes of their own.
            Reply::Refused { status, code } => {
                refusal(*status, code.as_deref().filter(|_| service.asks == Asks::Command))
            }
        };
        if again && request.left > 0 {
            let failed = service.retries - request.left + 1;
            let at = self.now + Service::pause(failed);
            self.order(age, Request { attempt: request.attempt + 1, left: request.left - 1, at });
        } else {
            self.fail(age, failure);
        }
        self.advance();
    }

    fn keep(&mut self, age: Age, service: &Service, answer: &Value) {
        let (result, part) = service.result(answer);
        if let Some(name) = &service.into {
            self.set(Some(age), name, part);
        } else if !result.is_null() || self.variables.contains_key("lastServiceResult") {
            self.set(Some(age), "lastServiceResult", result);
        }
    }

    /// The timer that should have interrupted an activity before now.
    pub(super) fn overdue(&self, age: Age) -> Option<Alarm> {
        let host = self.activity(self.host(age))?;
        let interrupts = |alarm: &&Alarm| {
            let event = self.plan.node(alarm.event).what.event();
            let limit = matches!(self.plan.node(alarm.event).what, What::Limit { .. });
            alarm.due <= self.now && !limit && event.is_some_and(|(_, interrupting)| interrupting)
        };
        host.alarms.iter().filter(interrupts).min_by_key(|alarm| (alarm.due, self.plan.position(alarm.event))).cloned()
    }
}

/// What a status means, and whether another attempt may help.
fn refusal(status: u16, own: Option<&str>) -> (Failure, bool) {
    let class = if status < 500 { "HTTP_STATUS_4XX" } else { "HTTP_STATUS_5XX" };
    let code = own.map_or_else(|| format!("HTTP_{status}"), str::to_owned);
    let again = status >= 500 || [408, 425, 429].contains(&status);
    (Failure { code: "", thrown: Some(code), class: Some(class) }, again)
}
