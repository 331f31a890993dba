//! The reference interpreter: BPMN 2.0.2, chapter 13, said as plainly as it can be and without a line of the engine.
//! Tokens lie on sequence flows, at joins or before activities; activities and scopes are activity instances. Nothing is
//! fast here: every question is answered by looking at everything.
//!
//! The standard leaves open which token moves first. Where this can be seen, the product's order is meant: tokens move in
//! the order in which they were put down, each as far as the next element; a scope ends, and then an inclusive join goes
//! on, only when no token can move; of several the innermost scope and the oldest join come first. Where it cannot be seen,
//! any order must do.

mod commands;
mod errors;
mod joins;
mod requests;
mod scopes;
mod state;
mod tasks;
mod turns;
mod words;
mod work;

use super::plan::{Id, Plan, What};
use super::random::Random;
use serde_json::{Map, Value};
use state::Failure;
pub use state::{Activity, Age, Alarm, Arrived, At, Awaits, Counts, Incident, Order, Request, Status, Token, Turns};
use std::collections::BTreeMap;

/// Elements that one command reaches at most; what is left waits for a job.
pub const REACHED_BY_ONE_COMMAND: usize = 200;
/// Open tasks and awaited messages of one instance; beyond it is another rule's matter.
const HELD_AT_ONCE: usize = 90;
pub const MINUTE: i64 = 60_000;

pub struct Reference<'p> {
    plan: &'p Plan,
    /// Milliseconds.
    pub now: i64,
    pub status: Status,
    pub variables: Map<String, Value>,
    /// Oldest first, as everything here.
    moving: Vec<Token>,
    /// Before an asynchronous element, or behind one: wait for a job.
    handed_over: Vec<Token>,
    /// Wait for a job, or for the end of an error.
    pub resting: Vec<Token>,
    pub arrived: Vec<Arrived>,
    pub activities: Vec<Activity>,
    pub incidents: Vec<Incident>,
    /// Code and element of every error.
    pub errors: Vec<(String, Id)>,
    /// What is wanted of the outside, by whoever takes it.
    pub orders: Vec<Order>,
    pub counts: BTreeMap<Id, Counts>,
    born: Age,
    reached: usize,
    /// Elements reached since somebody outside decided something.
    pub reached_by_itself: usize,
    /// Who moves next is left to chance.
    pub any_order: Option<Random>,
    /// Elements that the present command reaches at most.
    pub patience: usize,
    /// Commands of scripts that are called in the time of the present command.
    pub patience_for_calls: Option<u32>,
    /// Commands that scripts called in the present command.
    pub called: u32,
    /// More waited at some time than an instance can hold.
    pub crowded: bool,
    stopped: bool,
}

impl<'p> Reference<'p> {
    /// Lets everything move until nothing can, and says what is left.
    fn advance(&mut self) {
        if self.stopped && self.incidents.is_empty() {
            self.stopped = false;
            self.moving.append(&mut self.resting);
        }
        loop {
            while self.incidents.is_empty() && !self.is_out_of_time() && !self.moving.is_empty() {
                if self.leaps() && (self.end_a_scope() || self.pass_an_inclusive_join()) {
                    continue;
                }
                let oldest = self.take_one();
                self.reached += 1;
                self.reached_by_itself += 1;
                self.crowded |= self.is_crowded();
                self.reach(oldest);
            }
            if !self.incidents.is_empty() || !self.moving.is_empty() {
                break;
            }
            if !self.end_a_scope() && !self.pass_an_inclusive_join() {
                break;
            }
        }
        self.resting.append(&mut self.moving);
        self.resting.append(&mut self.handed_over);
        self.settle();
        self.stopped = !self.incidents.is_empty();
    }

    fn settle(&mut self) {
        if matches!(self.status, Status::Cancelled) {
            return;
        }
        if self.incidents.is_empty() && self.resting.is_empty() {
            self.find_stuck_joins();
        }
        let at_rest = self.incidents.is_empty() && self.resting.is_empty() && self.arrived.is_empty();
        if at_rest && self.activities.iter().all(|activity| self.listens(activity)) {
            self.activities.clear();
        }
        self.status = if !self.incidents.is_empty() {
            Status::Error
        } else if !self.resting.is_empty() || self.activities.iter().any(Activity::is_due_at_once) {
            Status::Running
        } else if self.activities.is_empty() && self.arrived.is_empty() {
            Status::Completed
        } else {
            Status::Waiting
        };
    }

    /// A command reaches one element at least; and what it called outside has been of use before it is cut off.
    fn is_out_of_time(&self) -> bool {
        let called = self.patience_for_calls.is_some_and(|calls| self.called >= calls);
        self.reached >= self.patience || self.reached > 0 && called
    }

    /// The token that moves next: the oldest, or any.
    fn take_one(&mut self) -> Token {
        let moving = self.moving.len();
        self.moving.remove(self.any_order.as_mut().map_or(0, |random| random.below(moving)))
    }

    /// In any order what may happen only when nothing moves may also happen before.
    fn leaps(&mut self) -> bool {
        self.any_order.as_mut().is_some_and(|random| random.one_in(3))
    }

    /// A token reaches an element.
    fn reach(&mut self, token: Token) {
        let plan = self.plan;
        let node = plan.node(token.node);
        if self.is_absorbed(&token) {
            return;
        }
        if let Some(each) = &node.turns {
            let around = token.scope.and_then(|age| self.activity(age));
            let turn = around.is_some_and(|around| around.node == node.id && around.turns.is_some());
            let age = self.begin(&token);
            if turn {
                self.begin_turn(age, each)
            } else {
                self.begin_turns(age, each)
            }
            return;
        }
        let joins = plan.incoming(node.id).len() > 1;
        match &node.what {
            What::Start | What::Boundary { .. } | What::Limit { .. } | What::Pass | What::End => {
                let flows = plan.outgoing(node.id);
                self.pass(&token, &flows);
            }
            What::Terminate => {
                self.pass(&token, &[]);
                self.clear(token.scope);
            }
            What::EventStart { .. } if self.is_in_its_own_scope(&token) => {
                let flows = plan.outgoing(node.id);
                self.pass(&token, &flows);
            }
            What::Parallel | What::Inclusive if joins => self.arrive(token),
            What::Parallel => {
                let flows = plan.outgoing(node.id);
                self.pass(&token, &flows);
            }
            What::Exclusive | What::Inclusive | What::Script(_) | What::Say { .. } => {
                match self.work(node.id, token.scope) {
                    Ok(flows) => self.pass(&token, &flows),
                    Err(failure) => {
                        let age = self.begin(&token);
                        self.fail(age, failure);
                    }
                }
            }
            What::ErrorEnd(_)
            | What::Ask(_)
            | What::Serve(_)
            | What::Wait { .. }
            | What::Hear { .. }
            | What::First
            | What::Call
            | What::Sub
            | What::OnEvent
            | What::EventStart { .. } => {
                let age = self.begin(&token);
                self.perform(age);
            }
        }
    }

    /// What an activity instance does once it has begun, or again after a failure.
    fn perform(&mut self, age: Age) {
        let Some(activity) = self.activity(age).cloned() else { return };
        let plan = self.plan;
        let node = plan.node(activity.node);
        if let Some((_, throw)) = node.prepares.as_ref().filter(|(test, _)| self.holds(test, Some(age))) {
            self.fail(age, Failure::of(throw));
            return;
        }
        // Nothing waits before all of it can.
        let own = node.what.awaited().filter(|_| !activity.hears(node.id));
        let behind = plan.outgoing(node.id).into_iter().map(|flow| plan.node(plan.flows[flow].to));
        let first = behind.filter(|_| node.what == What::First).filter_map(|event| event.what.awaited());
        if let Some(failure) = own.into_iter().chain(first).find_map(|event| self.is_deaf(age, &event)) {
            self.fail(age, failure);
            return;
        }
        if !self.is_turn(&activity)
            && let Err(failure) = self.watch_boundaries(age)
        {
            self.fail(age, failure);
            return;
        }
        match &node.what {
            What::Ask(_) => self.open_task(age, node.ticket.flatten()),
            What::Serve(service) => self.ask(age, service),
            What::Call => self.change(age, |call| call.calls = true),
            // It waits on.
            What::Hear { .. } if activity.awaits.iter().any(|awaits| awaits.event == node.id) => {}
            What::Wait { .. } | What::Hear { .. } | What::EventStart { .. } => {
                self.watch(age, node.id, &node.what.awaited().expect("it waits"));
            }
            What::First => {
                for event in plan.outgoing(node.id).into_iter().map(|flow| plan.node(plan.flows[flow].to)) {
                    self.watch(age, event.id, &event.what.awaited().expect("events stand behind it"));
                }
            }
            What::Sub | What::OnEvent => self.open(Some(age), Some(node.id), activity.handles),
            What::ErrorEnd(code) => self.fail(age, Failure::business(code)),
            What::Start
            | What::End
            | What::Terminate
            | What::Pass
            | What::Script(_)
            | What::Say { .. }
            | What::Exclusive
            | What::Parallel
            | What::Inclusive
            | What::Boundary { .. }
            | What::Limit { .. } => match self.work(node.id, Some(age)) {
                Ok(flows) => self.leave(age, &flows),
                Err(failure) => self.fail(age, failure),
            },
        }
    }

    /// Puts a token on each flow.
    fn send(&mut self, flows: &[usize], scope: Option<Age>, handles: Option<Age>) {
        for flow in flows {
            let (from, to) = (self.plan.flows[*flow].from, self.plan.flows[*flow].to);
            let token = Token { node: to, flow: Some(*flow), scope, handles };
            let job = self.plan.node(from).job_after || self.plan.node(to).job_before;
            if job { self.handed_over.push(token) } else { self.moving.push(token) }
        }
    }

    /// Puts a token before an element that no flow leads to.
    fn put(&mut self, node: Id, scope: Option<Age>, handles: Option<Age>) {
        let token = Token { node, flow: None, scope, handles };
        if self.plan.node(node).job_before { self.handed_over.push(token) } else { self.moving.push(token) }
    }

    /// Reached and left at once.
    fn pass(&mut self, token: &Token, flows: &[usize]) {
        let counts = self.counts.entry(token.node).or_default();
        counts.reached += 1;
        counts.left += 1;
        self.send(flows, token.scope, token.handles);
    }

    fn begin(&mut self, token: &Token) -> Age {
        self.counts.entry(token.node).or_default().reached += 1;
        self.born += 1;
        self.activities.push(Activity {
            age: self.born,
            since: self.now,
            node: token.node,
            scope: token.scope,
            handles: token.handles,
            alarms: Vec::new(),
            awaits: Vec::new(),
            asks: false,
            expires: None,
            calls: false,
            request: None,
            watched: false,
            failed: false,
            turns: None,
            local: Map::new(),
        });
        self.born
    }

    /// Ends as modelled.
    fn leave(&mut self, age: Age, flows: &[usize]) {
        let Some(activity) = self.activity(age).cloned() else { return };
        if self.is_turn(&activity) {
            self.end_turn(&activity);
            return;
        }
        self.activities.retain(|other| other.age != age);
        self.incidents.retain(|incident| incident.at != At::Activity(age));
        self.counts.entry(activity.node).or_default().left += 1;
        self.send(flows, activity.scope, activity.handles);
    }

    /// The path that handles a refused answer came back to the task that is still open.
    fn is_absorbed(&self, token: &Token) -> bool {
        let task = token.handles.and_then(|age| self.activity(age));
        task.is_some_and(|task| task.node == token.node && task.asks)
    }

    fn is_crowded(&self) -> bool {
        let held = |activity: &Activity| {
            activity.awaits.len() + usize::from(activity.asks) + usize::from(activity.request.is_some())
        };
        self.activities.iter().map(held).sum::<usize>() + 5 > HELD_AT_ONCE
    }

    /// Something waits for a job, and nothing is in its way.
    pub fn has_job(&self) -> bool {
        self.status == Status::Running && !self.resting.is_empty()
    }

    pub fn activity(&self, age: Age) -> Option<&Activity> {
        self.activities.iter().find(|activity| activity.age == age)
    }

    fn change(&mut self, age: Age, how: impl FnOnce(&mut Activity)) {
        if let Some(activity) = self.activities.iter_mut().find(|activity| activity.age == age) {
            how(activity);
        }
    }
}
