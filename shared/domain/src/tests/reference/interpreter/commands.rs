//! What comes from outside: the start, answers, timers, jobs, an operator's retry and cancel.

use super::{Activity, Age, Alarm, At, Failure, Incident, MINUTE, Order, REACHED_BY_ONE_COMMAND, Reference, Status};
use crate::tests::reference::plan::{Begins, Id, Occurs, Plan, What};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

impl<'p> Reference<'p> {
    pub fn new(plan: &'p Plan, now: i64) -> Reference<'p> {
        Reference {
            plan,
            now,
            status: Status::Running,
            variables: plan.variables.clone(),
            moving: Vec::new(),
            handed_over: Vec::new(),
            resting: Vec::new(),
            arrived: Vec::new(),
            activities: Vec::new(),
            incidents: Vec::new(),
            errors: Vec::new(),
            orders: Vec::new(),
            counts: BTreeMap::new(),
            born: 0,
            reached: 0,
            reached_by_itself: 0,
            any_order: None,
            patience: REACHED_BY_ONE_COMMAND,
            patience_for_calls: None,
            called: 0,
            crowded: false,
            stopped: false,
        }
    }

    /// The instance begins; in the background nothing is reached before a job takes it up.
    pub fn start(&mut self) {
        self.open(None, None, None);
        if let Begins::InTheBackground | Begins::ByTimer { .. } = self.plan.begins {
            self.resting.append(&mut self.moving);
        }
        self.advance();
    }

    /// What a timer start event wants of the outside, whose firing of that number was due: the next one, unless it is the
    /// last. Those that were missed are one.
    pub fn order_next_start(&mut self, due: i64, nth: u32) {
        let Begins::ByTimer { minutes, times } = &self.plan.begins else { return };
        if times.is_some_and(|times| nth < times || times == 0) {
            let every = i64::from(*minutes) * MINUTE;
            let missed = (self.now - due) / every;
            self.orders.push(Order::Begin { nth: nth + 1, at: due + every * (missed + 1) });
        }
    }

    pub(super) fn command(&mut self) {
        self.reached = 0;
        self.called = 0;
        self.reached_by_itself = 0;
        self.stopped = !self.incidents.is_empty();
    }

    /// The alarms of one activity instance that are due, in the order of their times, up to the one that came. Of an alarm
    /// and the expiry of the task the earlier one counts, whichever comes first.
    pub fn fire(&mut self, age: Age, event: Id) {
        self.command();
        let Some(activity) = self.activity(age) else { return };
        let due = activity.alarms.iter().find(|alarm| alarm.event == event).map(|alarm| alarm.due);
        if activity.expires.is_some_and(|expires| due.is_some_and(|due| expires <= due)) {
            self.expire(age);
            return;
        }
        self.ring(age, i64::MAX, Some(event));
    }

    /// What was due before a moment, up to an event.
    pub(super) fn ring(&mut self, age: Age, before: i64, until: Option<Id>) {
        let Some(activity) = self.activity(age) else { return };
        let is_due = |alarm: &&Alarm| alarm.due <= self.now && alarm.due < before;
        let mut due: Vec<Alarm> = activity.alarms.iter().filter(is_due).cloned().collect();
        due.sort_by_key(|alarm| (alarm.due, self.plan.position(alarm.event)));
        for alarm in due {
            if let Some(activity) = self.activity(age).cloned() {
                self.change(age, |activity| activity.alarms.retain(|other| other.event != alarm.event));
                self.wind_up(age, &alarm);
                self.occur(&activity, alarm.event);
                self.advance();
            }
            if Some(alarm.event) == until {
                break;
            }
        }
    }

    /// The instance that a call activity awaits has ended: with its variables, or by an error.
    pub fn ended(&mut self, age: Age, values: &Map<String, Value>) {
        self.command();
        let Some(call) = self.activity(age).cloned() else { return };
        self.set(Some(age), "lastSubprocessResult", Value::Object(values.clone()));
        self.leave(age, &self.plan.outgoing(call.node));
        self.advance();
    }

    /// `code`: of a business error; without it the other instance could not be started.
    pub fn ended_badly(&mut self, age: Age, code: Option<&str>) {
        self.command();
        self.change(age, |call| call.calls = false);
        self.fail(age, code.map_or(Failure::technical("NOT_DEPLOYED"), Failure::business));
        self.advance();
    }

    /// A cycle that interrupts nothing goes on; firings that were missed are one.
    fn wind_up(&mut self, age: Age, alarm: &Alarm) {
        let Some((event, interrupting)) = self.plan.node(alarm.event).what.event() else { return };
        let Occurs::Timer { minutes, times: Some(times) } = event else { return };
        let times = if *times == 0 { 1_000 } else { *times };
        if interrupting || alarm.nth >= times {
            return;
        }
        let every = i64::from(*minutes.max(&1)) * MINUTE;
        let mut next = alarm.due + every;
        while next <= self.now {
            next += every;
        }
        self.set_alarm(age, Alarm { event: alarm.event, due: next, nth: alarm.nth + 1 });
    }

    pub(super) fn occur(&mut self, activity: &Activity, event: Id) {
        let plan = self.plan;
        let what = &plan.node(event).what;
        if let What::Limit { completes, .. } = what {
            self.run_out(activity.age, *completes);
            return;
        }
        match what.event() {
            None if plan.node(activity.node).what == What::First => {
                // The first of those behind the gateway: it is passed, and the others are waited for no more.
                self.leave(activity.age, &[]);
                let (scope, handles) = (activity.scope, activity.handles);
                self.pass(&super::Token { node: event, flow: None, scope, handles }, &plan.outgoing(event));
            }
            None => self.leave(activity.age, &plan.outgoing(event)),
            Some((_, interrupting)) if what.starts_by_event() => {
                self.start_handler(event, activity.scope, activity.handles, interrupting);
            }
            Some((_, interrupting)) => {
                if interrupting {
                    self.withdraw(activity.age);
                }
                self.put(event, activity.scope, activity.handles);
            }
        }
    }

    /// A job takes up what waits for it.
    pub fn go_on(&mut self) {
        let reached = self.reached_by_itself;
        self.command();
        self.reached_by_itself = reached;
        self.moving.append(&mut self.resting);
        self.advance();
    }

    /// A job, or the firing of a timer, failed too often: an operator must look, and nothing moves until then.
    pub fn give_up(&mut self, timer: Option<Id>) {
        self.command();
        let Some(node) = timer.or_else(|| self.resting.first().map(|token| token.node)) else { return };
        let code = "JOB_FAILED";
        self.errors.push((code.to_owned(), node));
        self.incidents.push(Incident { node, code, thrown: None, at: At::Job });
        self.advance();
    }

    /// Whatever failed is done again. A task is open again; a join waits on, and is looked at when nothing else moves.
    pub fn retry(&mut self, only: Option<Id>, values: &Map<String, Value>) {
        self.command();
        self.variables.extend(values.clone());
        let mut incidents = self.incidents.clone();
        incidents.sort_by_key(Incident::age);
        // What failed twice is done again once.
        incidents.dedup_by_key(|incident| incident.at);
        for incident in incidents.into_iter().filter(|incident| only.is_none_or(|only| only == incident.node)) {
            let late = self.incidents.iter().any(|other| other.at == incident.at && other.code() == "TASK_TIMEOUT");
            self.incidents.retain(|other| other.at != incident.at);
            match incident.at {
                // What waits goes on with the last incident.
                At::Join { .. } | At::Job => {}
                At::Activity(age) => {
                    self.change(age, |activity| activity.failed = false);
                    if late {
                        self.limit_again(age);
                    }
                    self.do_again(age);
                }
            }
        }
        self.advance();
    }

    /// Whoever was late and waits on has the whole time once more; what begins again has it anyway.
    fn limit_again(&mut self, age: Age) {
        let plan = self.plan;
        let waits = |it: &&Activity| it.asks || it.turns.is_some() || it.hears(it.node);
        let Some(activity) = self.activity(age).filter(waits).cloned() else { return };
        let limits = plan.nodes.iter().filter(|limit| limit.what.attached_to() == Some(activity.node));
        for limit in limits.filter(|limit| activity.alarms.iter().all(|alarm| alarm.event != limit.id)) {
            if let What::Limit { event, completes: false, .. } = &limit.what {
                self.watch(age, limit.id, event);
            }
        }
    }

    fn do_again(&mut self, age: Age) {
        let Some(activity) = self.activity(age).cloned() else { return };
        let plan = self.plan;
        match &plan.node(activity.node).turns {
            _ if activity.asks => {}
            // Turns that wait wait on.
            Some(each) if activity.turns.is_some() => self.go_on_with_turns(age, each),
            Some(each) if !self.is_turn(&activity) => self.begin_turns(age, each),
            Some(_) | None => self.perform(age),
        }
    }

    pub fn cancel(&mut self) {
        self.command();
        self.end_early();
    }

    /// Nothing of it is left.
    pub(super) fn end_early(&mut self) {
        self.clear(None);
        self.incidents.clear();
        self.status = Status::Cancelled;
    }

    /// The boundary events of an activity begin to wait, once.
    pub(super) fn watch_boundaries(&mut self, age: Age) -> Result<(), Failure> {
        let Some(node) = self.activity(age).filter(|activity| !activity.watched).map(|activity| activity.node) else {
            return Ok(());
        };
        let plan = self.plan;
        let boundaries = plan.nodes.iter().filter(|event| event.what.attached_to() == Some(node));
        let events: Vec<(Id, &Occurs)> =
            boundaries.filter_map(|boundary| Some((boundary.id, boundary.what.event()?.0))).collect();
        if let Some(failure) = events.iter().find_map(|(_, event)| self.is_deaf(age, event)) {
            return Err(failure);
        }
        self.change(age, |activity| activity.watched = true);
        for (boundary, event) in events {
            self.watch(age, boundary, event);
        }
        Ok(())
    }

    /// An event begins to wait at an activity instance.
    pub(super) fn watch(&mut self, age: Age, event: Id, what: &Occurs) {
        match what {
            Occurs::Timer { minutes, times } => {
                let minutes = if times.is_some() { *minutes.max(&1) } else { *minutes };
                self.set_alarm(age, Alarm { event, due: self.now + i64::from(minutes) * MINUTE, nth: 1 });
            }
            Occurs::Word(what) => self.listen(age, event, what),
            Occurs::Error(_) => {}
        }
    }

    fn set_alarm(&mut self, age: Age, alarm: Alarm) {
        self.change(age, |activity| activity.alarms.push(alarm));
    }
}
