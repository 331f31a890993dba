//! The process engine: activates elements, takes flows and settles the instance's status, in a loop with a budget.
//! What each kind of element does stands in the modules below; life cycles of tasks stand with the tasks.

mod error;
mod gateway;
mod script;
mod timer;
mod user_task;

pub(crate) use error::Failure;
pub(crate) use script::{ScriptCall, keep_last_result, size};
pub(crate) use timer::{fire, fire_before, interrupting_due, running};
pub(crate) use user_task::{answer_variables, end_task, reminder_due, take_away, unschedule, unschedule_reminder};

use crate::apply::apply;
use crate::decision::{Decision, Env, Reply};
use crate::effect::Effect;
use crate::event::{ElementActivated, Event};
use crate::ids::Number;
use crate::instance::{Aggregate, Incident, InstanceStatus, Ready};
use crate::process::{Element, ElementKind};
use crate::rejection::Rejection;
use crate::script::LogLine;
use std::collections::VecDeque;

/// Elements activated by one command at most; what is left goes on as a job (BPMN semantics, "Async boundaries").
pub const STEPS_MAX: usize = 200;
/// Flows that may wait in one instance; beyond it the instance stops with an incident instead of a failed write.
pub const READY_MAX: usize = 1_000;
/// Live tasks in one instance, so that a cancel still fits one transaction.
pub const LIVE_TASKS_MAX: usize = 90;
/// Lines of script logs kept from one command.
const LOG_LINES_MAX: usize = 100;

/// A decision in the making: a copy of the state, changed only by the events it collects.
pub(crate) struct Step<'a> {
    pub env: &'a Env<'a>,
    pub state: Aggregate,
    pub events: Vec<Event>,
    pub effects: Vec<Effect>,
    log: Vec<LogLine>,
    queue: VecDeque<Ready>,
    /// Flows that end at an async boundary: a job takes them up.
    for_job: Vec<Ready>,
    activated: usize,
    failed: Option<(String, String)>,
    /// Incidents were open when the command came: nothing moves before they are closed.
    stopped: bool,
}

impl<'a> Step<'a> {
    pub fn new(env: &'a Env<'a>, state: Aggregate) -> Step<'a> {
        Step {
            stopped: !state.instance.incidents.is_empty(),
            env,
            state,
            events: Vec::new(),
            effects: Vec::new(),
            log: Vec::new(),
            queue: VecDeque::new(),
            for_job: Vec::new(),
            activated: 0,
            failed: None,
        }
    }

    /// The only way the state changes.
    pub fn emit(&mut self, event: Event) {
        apply(&mut self.state, self.env.now, &event);
        self.events.push(event);
    }

    pub fn effect(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    fn note(&mut self, lines: Vec<LogLine>) {
        let room = LOG_LINES_MAX.saturating_sub(self.log.len());
        self.log.extend(lines.into_iter().take(room));
    }

    /// Queues the activation of an element that no flow leads to: a start or a boundary event.
    pub fn enter(&mut self, element: &str, scope: Option<Number>) {
        self.lead(None, Ready { element: element.to_owned(), flow: None, scope });
    }

    /// Queues an activation, at once or behind an async boundary. What a job took up comes by `resume` and passes.
    fn lead(&mut self, source: Option<&Element>, ready: Ready) {
        let before = self.env.process.element(&ready.element).is_some_and(|target| target.async_before);
        if before || source.is_some_and(|source| source.async_after) {
            self.for_job.push(ready);
        } else {
            self.queue.push_back(ready);
        }
    }

    /// Queues the targets of an element's outgoing flows: more than one is an implicit parallel split.
    pub fn take_flows(&mut self, element: &Element, scope: Option<Number>) {
        let process = self.env.process;
        for flow in process.outgoing(element) {
            if let Some(target) = process.elements.get(flow.target) {
                self.lead(Some(element), Ready { element: target.id.clone(), flow: Some(flow.id.clone()), scope });
            }
        }
    }

    /// Takes up the flows that waited for a job or for the end of an error.
    pub fn resume(&mut self) {
        if !self.state.instance.ready.is_empty() {
            self.queue.extend(self.state.instance.ready.clone());
            self.emit(Event::FlowsResumed);
        }
    }

    /// Runs until every path waits, ended or must wait for a job, then settles the status.
    pub fn run(&mut self) -> Result<(), Rejection> {
        if self.stopped && self.state.instance.incidents.is_empty() {
            // Closed by a retry, or gone with an element that a timer took away.
            self.stopped = false;
            self.resume();
        }
        while let Some(ready) = self.queue.pop_front() {
            let stopped = !self.state.instance.incidents.is_empty();
            if stopped || self.activated == STEPS_MAX {
                self.queue.push_front(ready);
                break;
            }
            self.activated += 1;
            self.activate(ready)?;
        }
        self.park();
        self.settle();
        Ok(())
    }

    /// Keeps what could not be activated with the instance; a job goes on with it unless the instance is in Error.
    fn park(&mut self) {
        let rest: Vec<Ready> = self.queue.drain(..).chain(self.for_job.drain(..)).collect();
        if rest.is_empty() {
            return;
        }
        let waiting = self.state.instance.ready.len() + rest.len();
        let first = rest.first().cloned();
        self.emit(Event::FlowsTaken(rest));
        if let Some(first) = first.filter(|_| waiting > READY_MAX) {
            let message = format!(
                "{waiting} flows wait to be taken at once; at most {READY_MAX} are possible. Look for a loop around a split."
            );
            self.raise(self.state.instance.last_number, &first.element, Failure::new("LIMIT", message));
        } else if self.state.instance.incidents.is_empty() && !self.effects.contains(&Effect::Continue) {
            self.effect(Effect::Continue);
        }
    }

    /// I-02 to I-05: the status follows from what is left.
    fn settle(&mut self) {
        gateway::find_stuck(self);
        let instance = &self.state.instance;
        if instance.status.is_final() {
            return;
        }
        let status = if !instance.incidents.is_empty() {
            InstanceStatus::Error
        } else if !instance.ready.is_empty() {
            InstanceStatus::Running
        } else if instance.elements.is_empty() {
            InstanceStatus::Completed
        } else {
            InstanceStatus::Waiting
        };
        if status != instance.status {
            self.emit(Event::StatusChanged(status));
        }
    }

    fn activate(&mut self, ready: Ready) -> Result<(), Rejection> {
        let process = self.env.process;
        let Some(number) = self.next_number() else {
            let message = "the instance has used all 65,535 numbers for its elements and tasks".to_owned();
            self.raise(self.state.instance.last_number, &ready.element, Failure::new("LIMIT", message));
            self.queue.push_front(ready);
            return Ok(());
        };
        let Some(element) = process.element(&ready.element) else {
            // Only a damaged definition leads here: flows are checked when it is deployed.
            let message = format!("the process has no element \"{}\"", ready.element);
            self.raise(self.state.instance.last_number, &ready.element, Failure::new("UNKNOWN_ELEMENT", message));
            self.queue.push_front(ready);
            return Ok(());
        };
        if let Some(entity_state) = &element.entity_state {
            self.emit(Event::EntityStateSet(entity_state.clone()));
        }
        let reached = ElementActivated { number, element: ready.element, flow: ready.flow, scope: ready.scope };
        match &element.kind {
            ElementKind::StartEvent | ElementKind::BoundaryEvent(_) | ElementKind::Task | ElementKind::ManualTask => {
                self.emit(Event::ElementPassed(reached));
                self.take_flows(element, ready.scope);
            }
            ElementKind::EndEvent => self.emit(Event::ElementPassed(reached)),
            ElementKind::TerminateEndEvent => {
                self.emit(Event::ElementPassed(reached));
                self.terminate_scope(ready.scope);
            }
            ElementKind::ParallelGateway => gateway::synchronise(self, element, reached),
            ElementKind::ExclusiveGateway(_) | ElementKind::ScriptTask(_) => {
                let outcome = self.work(element, number)?;
                match outcome {
                    Ok(flows) => {
                        self.emit(Event::ElementPassed(reached));
                        self.leave(element, flows, ready.scope);
                    }
                    Err(failure) => {
                        self.emit(Event::ElementActivated(reached));
                        self.raise(number, &element.id, failure);
                    }
                }
            }
            ElementKind::IntermediateCatchEvent(trigger) => {
                self.emit(Event::ElementActivated(reached));
                if let Err(failure) = timer::wait(self, element, trigger, number) {
                    self.raise(number, &element.id, failure);
                }
            }
            ElementKind::UserTask(_) => {
                self.emit(Event::ElementActivated(reached));
                if let Err(failure) = user_task::arrive(self, element, number)? {
                    self.raise(number, &element.id, failure);
                }
            }
        }
        Ok(())
    }

    /// The work of an element that does not wait. The inner result: the flow a gateway chose, or why it failed.
    fn work(&mut self, element: &Element, number: Number) -> Result<Result<Chosen, Failure>, Rejection> {
        match &element.kind {
            ElementKind::ExclusiveGateway(gateway) => gateway::choose(self, element, gateway, number),
            ElementKind::ScriptTask(task) => {
                let ran = script::run_task(self, task, number)?;
                Ok(ran.map(|()| Chosen::All))
            }
            ElementKind::StartEvent
            | ElementKind::EndEvent
            | ElementKind::TerminateEndEvent
            | ElementKind::Task
            | ElementKind::ManualTask
            | ElementKind::ParallelGateway
            | ElementKind::UserTask(_)
            | ElementKind::IntermediateCatchEvent(_)
            | ElementKind::BoundaryEvent(_) => Ok(Ok(Chosen::All)),
        }
    }

    fn leave(&mut self, element: &Element, chosen: Chosen, scope: Option<Number>) {
        match chosen {
            Chosen::All => self.take_flows(element, scope),
            Chosen::One { flow, target } => {
                self.lead(Some(element), Ready { element: target, flow: Some(flow), scope });
            }
        }
    }

    /// I-06: runs a failed element again. A task that is still open is simply answered again.
    pub fn retry(&mut self, number: Number) -> Result<(), Rejection> {
        self.emit(Event::IncidentResolved(number));
        // An incident without an element instance is about flows that wait; they go on when all incidents are closed.
        let Some(instance) = self.state.instance.element(number).cloned() else { return Ok(()) };
        let Some(element) = self.env.process.element(&instance.element) else { return Ok(()) };
        if instance.task.is_some() {
            return Ok(());
        }
        let failure = match &element.kind {
            // It waits on: `settle` says again what it waits for in vain.
            ElementKind::ParallelGateway => None,
            ElementKind::IntermediateCatchEvent(trigger) => timer::wait(self, element, trigger, number).err(),
            ElementKind::UserTask(_) => user_task::arrive(self, element, number)?.err(),
            ElementKind::ExclusiveGateway(_)
            | ElementKind::ScriptTask(_)
            | ElementKind::StartEvent
            | ElementKind::EndEvent
            | ElementKind::TerminateEndEvent
            | ElementKind::Task
            | ElementKind::ManualTask
            | ElementKind::BoundaryEvent(_) => match self.work(element, number)? {
                Ok(chosen) => {
                    self.emit(Event::ElementCompleted(number));
                    self.leave(element, chosen, instance.scope);
                    None
                }
                Err(failure) => Some(failure),
            },
        };
        if let Some(failure) = failure {
            self.raise(number, &element.id, failure);
        }
        Ok(())
    }

    /// An activity ended as modelled: its flows are taken.
    pub fn complete(&mut self, number: Number) {
        let Some(instance) = self.state.instance.element(number).cloned() else { return };
        self.emit(Event::ElementCompleted(number));
        if let Some(element) = self.env.process.element(&instance.element) {
            self.take_flows(element, instance.scope);
        }
    }

    /// Takes every live element of a scope away, with tasks and timers, and forgets flows that were on their way.
    pub fn terminate_scope(&mut self, scope: Option<Number>) {
        self.queue.retain(|ready| scope.is_some() && ready.scope != scope);
        self.for_job.retain(|ready| scope.is_some() && ready.scope != scope);
        let live: Vec<Number> = self
            .state
            .instance
            .elements
            .iter()
            .filter(|element| scope.is_none() || element.scope == scope)
            .map(|element| element.number)
            .collect();
        for number in live {
            self.terminate(number);
        }
        if scope.is_none() && !self.state.instance.ready.is_empty() {
            self.emit(Event::FlowsResumed);
        }
    }

    /// Takes one element instance away: its task is interrupted, its timers end.
    pub fn terminate(&mut self, number: Number) {
        let Some(instance) = self.state.instance.element(number).cloned() else { return };
        if let Some(task) = instance.task {
            take_away(self, task);
        } else {
            timer::stop_all(self, &instance);
        }
        self.emit(Event::ElementTerminated(number));
    }

    /// I-05: opens an incident at an element instance. Scripts find the error in `_lastError`.
    pub fn raise(&mut self, number: Number, element: &str, failure: Failure) {
        error::record(self, element, &failure);
        self.failed = Some((failure.code.clone(), failure.message.clone()));
        self.emit(Event::IncidentRaised(Incident {
            element_number: number,
            element: element.to_owned(),
            code: failure.code,
            message: failure.message,
            at: self.env.now,
        }));
    }

    pub fn next_number(&self) -> Option<Number> {
        self.state.instance.last_number.0.checked_add(1).map(Number)
    }

    /// Ends the decision; an incident raised on the way outweighs `reply`.
    pub fn decide(self, reply: Reply) -> Decision {
        let reply = match self.failed {
            Some((code, message)) => Reply::Failed { code, message },
            None => reply,
        };
        let effects = still_wanted(self.effects, &self.state);
        Decision { after: self.state, events: self.events, effects, reply, log: self.log }
    }
}

/// What one decision orders and makes void again needs nothing from the outside: no mail for a ticket that has ended,
/// no schedule that is deleted at once (its deletion could overtake it).
fn still_wanted(effects: Vec<Effect>, state: &Aggregate) -> Vec<Effect> {
    let mut wanted: Vec<Effect> = Vec::with_capacity(effects.len());
    for effect in effects {
        if let Effect::Unschedule { due: void } = &effect
            && let Some(at) = wanted.iter().position(|made| matches!(made, Effect::Schedule { due, .. } if due == void))
        {
            wanted.remove(at);
            continue;
        }
        wanted.push(effect);
    }
    wanted.retain(|effect| match effect {
        Effect::Notify { task, .. } => state.tasks.get(task).is_some_and(|task| !task.status.is_final()),
        Effect::Schedule { .. } | Effect::Unschedule { .. } | Effect::Find { .. } | Effect::Continue => true,
    });
    wanted
}

/// Which flows an element takes when it is left.
pub(crate) enum Chosen {
    /// Every outgoing flow.
    All,
    /// The flow a gateway chose.
    One { flow: String, target: String },
}
