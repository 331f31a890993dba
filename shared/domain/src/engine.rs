//! The process engine: activates elements, takes flows and settles the instance's status, in a loop with a budget.
//! What each kind of element does stands in the modules below; life cycles of tasks stand with the tasks.

mod action;
mod answer;
mod budget;
mod call;
mod command;
mod error;
mod gateway;
mod inclusive;
mod multi_instance;
mod scope;
mod script;
mod start;
mod throw;
mod timeout;
mod timer;
mod trigger;
mod user_task;

pub use action::command_answer;
pub(crate) use action::{complete as complete_action, fail as fail_action};
#[cfg(test)]
pub(crate) use answer::DRAFT_BYTES_MAX;
pub(crate) use answer::{Answer, keep_draft, refuse, take as take_answer};
pub(crate) use budget::HELD_MAX;
#[cfg(test)]
pub(crate) use budget::{READY_MAX, STEPS_MAX};
pub use call::{CALL_DEPTH_MAX, Call, ChildEnd, call};
pub(crate) use call::{ended as child_ended, started as child_started, tell_parent, waits_for};
pub(crate) use error::{Failure, catcher};
use gateway::Seen;
pub(crate) use multi_instance::host;
pub(crate) use scope::open_at;
pub(crate) use script::{ScriptCall, keep_last_result, size};
pub use start::{first_starts, next_firing};
pub(crate) use start::{next_start, start_event};
pub(crate) use timer::{due, fire, fire_before, interrupting_due, order_due, running};
pub(crate) use trigger::{plan as plan_waits, receive, wait as begin_waits};
pub(crate) use user_task::{
    end_task, refuse_too_many_tasks, reminder_due, stop_timers, take_away, unschedule, unschedule_reminder,
};

use crate::action::{JobChange, UNAWAITED};
use crate::apply::apply;
use crate::decision::{Decision, Env, Reply};
use crate::effect::Effect;
use crate::event::Event;
use crate::ids::ElementNumber;
use crate::instance::{Aggregate, ElementInstance, InstanceStatus, Place, Ready};
use crate::process::{Element, ElementKind, FlowIndex};
use crate::rejection::Rejection;
use crate::script::LogLine;
use crate::work_task::arrival::reopen;
use std::collections::VecDeque;

/// Lines of script logs kept from one command.
const LOG_LINES_MAX: usize = 100;

/// A decision in the making: a copy of the state, changed only by the events it collects.
pub(crate) struct Step<'a> {
    pub env: &'a Env<'a>,
    pub state: Aggregate,
    pub events: Vec<Event>,
    pub effects: Vec<Effect>,
    /// What is kept beside the state for people and for whoever carries actions out.
    pub jobs: Vec<JobChange>,
    log: Vec<LogLine>,
    queue: VecDeque<Ready>,
    /// Flows that end at an async boundary: a job takes them up.
    for_job: Vec<Ready>,
    activated: usize,
    /// Bytes of the process's variables, where they were counted.
    variables_bytes: Option<usize>,
    failed: Option<(String, String)>,
    /// Commands that scripts called in this decision.
    called: usize,
    /// BPMN id of the element that was activated last.
    activating: &'a str,
    /// Incidents were open when the command came, or since the last run: nothing moves before they are closed.
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
            jobs: Vec::new(),
            log: Vec::new(),
            queue: VecDeque::new(),
            for_job: Vec::new(),
            activated: 0,
            variables_bytes: None,
            failed: None,
            called: 0,
            activating: "",
        }
    }

    /// The only way the state changes.
    pub fn emit(&mut self, event: Event) {
        apply(&mut self.state, self.env.now, &event);
        if matches!(event, Event::VariablesSet(_)) {
            self.variables_bytes = None;
        }
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
    pub fn enter(&mut self, element: &str, place: Place) {
        self.lead(None, Ready::at(element, place));
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

    /// Leaves what is queued to a job.
    pub fn defer(&mut self) {
        self.for_job.extend(self.queue.drain(..));
    }

    /// Queues the targets of an element's outgoing flows: more than one is an implicit parallel split.
    pub fn take_flows(&mut self, element: &Element, place: Place) {
        for index in &element.outgoing {
            self.take_flow(element, *index, place);
        }
    }

    fn take_flow(&mut self, element: &Element, flow: FlowIndex, place: Place) {
        let process = self.env.process;
        let Some(flow) = process.flows.get(flow) else { return };
        if let Some(target) = process.elements.get(flow.target) {
            self.lead(Some(element), Ready { flow: Some(flow.id.clone()), ..Ready::at(&target.id, place) });
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
        loop {
            while let Some(ready) = self.queue.pop_front() {
                if !self.state.instance.incidents.is_empty() || self.has_done_enough() {
                    self.queue.push_front(ready);
                    break;
                }
                self.activated += 1;
                self.activate(ready)?;
            }
            let done = !self.queue.is_empty() || !self.state.instance.incidents.is_empty();
            if done {
                break;
            }
            if let Some(number) = scope::ended(self) {
                self.dismiss_listeners(Some(number));
                self.complete(number)?;
            } else if !inclusive::proceed(self)? {
                break;
            }
        }
        self.park();
        self.settle();
        // Of several timers that are due at once a later one may close the incident of an earlier one.
        self.stopped = !self.state.instance.incidents.is_empty();
        Ok(())
    }

    /// I-02 to I-05: the status follows from what is left.
    fn settle(&mut self) {
        gateway::find_stuck(self);
        let process = self.env.process;
        let listens = |live: &ElementInstance| scope::is_listener(process, live);
        let instance = &self.state.instance;
        if instance.status.is_final() {
            return;
        }
        let at_rest = instance.incidents.is_empty() && instance.ready.is_empty();
        if at_rest && instance.elements.iter().all(listens) {
            self.dismiss_listeners(None);
        }
        let instance = &self.state.instance;
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
            if status.is_final() {
                tell_parent(self);
            }
        }
    }

    fn activate(&mut self, ready: Ready) -> Result<(), Rejection> {
        let process = self.env.process;
        let (Some(number), true) = (self.next_element(), self.may_activate()) else {
            self.used_up(ready);
            return Ok(());
        };
        let Some(element) = process.element(&ready.element) else {
            // Only a damaged definition leads here: flows are checked when it is deployed.
            let message = format!("the process has no element \"{}\"", ready.element);
            self.raise(ElementNumber::WHOLE_INSTANCE, &ready.element, Failure::new("UNKNOWN_ELEMENT", message));
            self.queue.push_front(ready);
            return Ok(());
        };
        self.activating = &element.id;
        if user_task::is_absorbed(self, &ready) {
            return Ok(());
        }
        if let Some(entity_state) = &element.entity_state {
            self.emit(Event::EntityStateSet(entity_state.clone()));
        }
        if let Some(model) = &element.multi_instance {
            let turn = multi_instance::is_turn(self, &ready);
            self.emit(Event::ElementActivated(ready.activated(number)));
            if !turn {
                return multi_instance::begin(self, element, model, number);
            }
            multi_instance::begin_turn(self, model, number);
            return self.execute(number);
        }
        let place = ready.place();
        match &element.kind {
            ElementKind::StartEvent
            | ElementKind::TimerStart(_)
            | ElementKind::BoundaryEvent(_)
            | ElementKind::Task
            | ElementKind::ManualTask => {
                self.emit(Event::ElementPassed(ready.activated(number)));
                self.take_flows(element, place);
            }
            ElementKind::EndEvent => self.emit(Event::ElementPassed(ready.activated(number))),
            ElementKind::TerminateEndEvent => {
                self.emit(Event::ElementPassed(ready.activated(number)));
                self.clear(place.scope);
            }
            ElementKind::ErrorEndEvent(error) => {
                self.emit(Event::ElementActivated(ready.activated(number)));
                self.fail(number, &element.id, error::thrown(element, error));
            }
            ElementKind::ParallelGateway => gateway::synchronise(self, element, ready, number)?,
            ElementKind::InclusiveGateway(_) if element.incoming > 1 => {
                inclusive::arrive(self, element, ready, number);
            }
            ElementKind::ExclusiveGateway(_)
            | ElementKind::InclusiveGateway(_)
            | ElementKind::ScriptTask(_)
            | ElementKind::IntermediateThrowEvent(_)
            | ElementKind::ThrowEndEvent(_) => self.pass(element, ready, number)?,
            ElementKind::SystemTask(task) if !task.waits() => self.pass(element, ready, number)?,
            // Reached by its occurrence, in the scope of the sub-process that it starts, it is passed like any start.
            ElementKind::EventStart(_) if scope::begins(self, element, place) => {
                self.emit(Event::ElementPassed(ready.activated(number)));
                self.take_flows(element, place);
            }
            ElementKind::SubProcess | ElementKind::EventSubProcess => {
                self.emit(Event::ElementActivated(ready.activated(number)));
                scope::enter(self, element, number);
            }
            ElementKind::CallActivity(_)
            | ElementKind::EventStart(_)
            | ElementKind::IntermediateCatchEvent(_)
            | ElementKind::ReceiveTask(_)
            | ElementKind::EventBasedGateway
            | ElementKind::SystemTask(_)
            | ElementKind::UserTask(_) => {
                self.emit(Event::ElementActivated(ready.activated(number)));
                if let Err(failure) = self.arrive(element, number)? {
                    self.fail(number, &element.id, failure);
                }
            }
        }
        Ok(())
    }

    /// Does the work of an element that does not wait and leaves it.
    fn pass(&mut self, element: &Element, ready: Ready, number: ElementNumber) -> Result<(), Rejection> {
        let place = ready.place();
        match self.work(element, number, place.scope)? {
            Ok(flows) => {
                self.emit(Event::ElementPassed(ready.activated(number)));
                self.leave(element, flows, place);
            }
            Err(failure) => {
                self.emit(Event::ElementActivated(ready.activated(number)));
                self.fail(number, &element.id, failure);
            }
        }
        Ok(())
    }

    /// An element that waits was reached, or is tried again after a failure.
    fn arrive(&mut self, element: &Element, number: ElementNumber) -> Result<Result<(), Failure>, Rejection> {
        Ok(if matches!(element.kind, ElementKind::UserTask(_)) {
            user_task::arrive(self, element, number)?
        } else if let ElementKind::SystemTask(task) = &element.kind {
            action::order(self, element, task, number)
        } else if matches!(element.kind, ElementKind::EventBasedGateway) {
            trigger::begin_first(self, element, number)
        } else if matches!(element.kind, ElementKind::CallActivity(_)) {
            call::arrive(self, element, number)
        } else {
            trigger::begin(self, element, number)
        })
    }

    /// The work of an element that does not wait. The inner result: the flow a gateway chose, or why it failed.
    fn work(
        &mut self,
        element: &Element,
        number: ElementNumber,
        at: Option<ElementNumber>,
    ) -> Result<Result<Chosen, Failure>, Rejection> {
        let seen = Seen { number, at };
        if let ElementKind::ExclusiveGateway(model) = &element.kind {
            gateway::choose_one(self, element, model.condition.as_deref(), seen)
        } else if let ElementKind::InclusiveGateway(model) = &element.kind {
            gateway::choose_all(self, element, model.condition.as_deref(), seen)
        } else if let ElementKind::ScriptTask(task) = &element.kind {
            Ok(script::run_task(self, task, number, at)?.map(|()| Chosen::All))
        } else if let ElementKind::SystemTask(task) = &element.kind {
            Ok(action::run(self, task, number, at)?.map(|()| Chosen::All))
        } else if let Some(model) = element.kind.as_throw() {
            Ok(throw::order(self, model, number, at).map(|()| Chosen::All))
        } else {
            Ok(Ok(Chosen::All))
        }
    }

    fn leave(&mut self, element: &Element, chosen: Chosen, place: Place) {
        match chosen {
            Chosen::All => self.take_flows(element, place),
            Chosen::These(flows) => {
                for index in flows {
                    self.take_flow(element, index, place);
                }
            }
        }
    }

    /// I-06: runs a failed element again. A task that is still open is simply answered again.
    pub fn retry(&mut self, number: ElementNumber) -> Result<(), Rejection> {
        self.emit(Event::IncidentResolved(number));
        let has_message =
            |live: &ElementInstance| live.subscriptions.iter().any(|awaited| awaited.event == live.element);
        if self.state.instance.element(number).is_some_and(|live| !live.arrived.is_empty() || has_message(live)) {
            // A join waits on: `run` looks whether it can go on now. So does what waits for a message of its own.
            return Ok(());
        }
        // An incident without an element instance is about flows that wait; they go on when all incidents are closed.
        match self.state.instance.element(number).map(|live| live.task) {
            Some(Some(task)) => {
                reopen(self, task);
                Ok(())
            }
            Some(None) => self.execute(number),
            None => Ok(()),
        }
    }

    /// Does the work of an element that is live already: a join that goes on, or what failed before.
    fn execute(&mut self, number: ElementNumber) -> Result<(), Rejection> {
        let Some(live) = self.state.instance.element(number).cloned() else { return Ok(()) };
        let Some(element) = self.env.process.element(&live.element) else { return Ok(()) };
        if let Some(model) = element.multi_instance.as_ref().filter(|_| self.state.instance.around(&live).is_none()) {
            return if live.turns.is_some() {
                multi_instance::go_on(self, element, model, number)
            } else {
                multi_instance::begin(self, element, model, number)
            };
        }
        let failure = match &element.kind {
            // It waits on: `settle` says again what it waits for in vain.
            ElementKind::ParallelGateway => None,
            ElementKind::ErrorEndEvent(error) => Some(error::thrown(element, error)),
            ElementKind::SubProcess | ElementKind::EventSubProcess => {
                scope::enter(self, element, number);
                None
            }
            ElementKind::IntermediateCatchEvent(_)
            | ElementKind::ReceiveTask(_)
            | ElementKind::CallActivity(_)
            | ElementKind::EventStart(_)
            | ElementKind::EventBasedGateway
            | ElementKind::UserTask(_) => self.arrive(element, number)?.err(),
            ElementKind::SystemTask(task) if task.waits() => self.arrive(element, number)?.err(),
            ElementKind::ExclusiveGateway(_)
            | ElementKind::InclusiveGateway(_)
            | ElementKind::ScriptTask(_)
            | ElementKind::SystemTask(_)
            | ElementKind::StartEvent
            | ElementKind::TimerStart(_)
            | ElementKind::EndEvent
            | ElementKind::TerminateEndEvent
            | ElementKind::ThrowEndEvent(_)
            | ElementKind::IntermediateThrowEvent(_)
            | ElementKind::Task
            | ElementKind::ManualTask
            | ElementKind::BoundaryEvent(_) => match self.work(element, number, Some(number))? {
                Ok(Chosen::All) => {
                    self.complete(number)?;
                    None
                }
                Ok(chosen @ Chosen::These(_)) => {
                    self.emit(Event::ElementCompleted(number));
                    self.leave(element, chosen, live.place());
                    None
                }
                Err(failure) => Some(failure),
            },
        };
        if let Some(failure) = failure {
            self.fail(number, &element.id, failure);
        }
        Ok(())
    }

    /// An activity ended as modelled: its flows are taken, unless it was a turn of several.
    pub fn complete(&mut self, number: ElementNumber) -> Result<(), Rejection> {
        let Some(live) = self.state.instance.element(number).cloned() else { return Ok(()) };
        let Some(element) = self.env.process.element(&live.element) else { return Ok(()) };
        timer::stop_all(self, &live);
        if self.state.instance.around(&live).is_some() {
            return multi_instance::turn_ended(self, element, &live);
        }
        self.emit(Event::ElementCompleted(number));
        self.take_flows(element, live.place());
        Ok(())
    }

    /// BPMN id of an element instance that lives, or is being activated.
    fn activity(&self, number: ElementNumber) -> String {
        self.state.instance.element(number).map_or(self.activating, |live| &live.element).to_owned()
    }

    /// Ends the decision; an incident raised on the way outweighs `reply`.
    pub fn decide(self, reply: Reply) -> Decision {
        let reply = match self.failed {
            Some((code, message)) => Reply::Failed { code, message },
            None => reply,
        };
        let effects = still_wanted(self.effects, &self.state);
        Decision { after: self.state, events: self.events, effects, jobs: self.jobs, reply, log: self.log }
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
        Effect::Mail { attempt: UNAWAITED, .. } => true,
        Effect::Act { element, .. } | Effect::Mail { element, .. } => state.instance.element(*element).is_some(),
        Effect::Schedule { .. }
        | Effect::Unschedule { .. }
        | Effect::Find { .. }
        | Effect::Call(_)
        | Effect::Throw { .. }
        | Effect::Continue => true,
    });
    wanted
}

/// Which flows an element takes when it is left.
pub(crate) enum Chosen {
    /// Every outgoing flow.
    All,
    /// The flows a gateway chose.
    These(Vec<FlowIndex>),
}
