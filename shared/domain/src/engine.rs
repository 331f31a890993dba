//! The process engine: takes flows to elements and settles the instance's status, in a loop with a budget. What each kind
//! of element does begins in `element`; life cycles of tasks stand with the tasks.

mod action;
mod answer;
mod budget;
mod call;
mod command;
mod element;
mod error;
mod gateway;
mod inclusive;
mod multi_instance;
mod scope;
mod script;
mod start;
mod stuck;
mod throw;
mod timeout;
mod timer;
mod trigger;
mod user_task;

pub use action::command_answer;
pub(crate) use action::{complete as complete_action, fail as fail_action};
#[cfg(test)]
pub(crate) use answer::DRAFT_BYTES_MAX;
pub(crate) use answer::{Answer, Refusal, keep_draft, refuse, take as take_answer, with_form_errors};
pub(crate) use budget::HELD_MAX;
#[cfg(test)]
pub(crate) use budget::{READY_MAX, STEPS_MAX};
pub use call::{CALL_DEPTH_MAX, Call, ChildEnd, call};
pub(crate) use call::{ended as child_ended, started as child_started, tell_parent, waits_for};
pub(crate) use error::{Failure, catcher};
pub(crate) use multi_instance::host;
pub(crate) use scope::open_at;
pub(crate) use script::{ScriptCall, keep_last_result, refuse_size, size};
pub use start::{first_starts, next_timer_start};
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
use crate::process::{Element, FlowIndex};
use crate::rejection::Rejection;
use crate::script::LogLine;
use std::collections::VecDeque;
use std::sync::Arc;

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
    queue: VecDeque<Arc<Ready>>,
    /// Flows that end at an async boundary: a job takes them up.
    for_job: Vec<Arc<Ready>>,
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
        let is_async = self.env.process.element(element).is_some_and(|target| target.async_before);
        self.lead(Ready::at(element, place), is_async);
    }

    /// Queues an activation, at once or behind an async boundary. What a job took up comes by `resume` and passes.
    fn lead(&mut self, ready: Ready, is_async: bool) {
        if is_async {
            self.for_job.push(Arc::new(ready));
        } else {
            self.queue.push_back(Arc::new(ready));
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
            let ready = Ready { flow: Some(flow.id.clone()), ..Ready::at(&target.id, place) };
            self.lead(ready, element.async_after || target.async_before);
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
                self.activate(Arc::unwrap_or_clone(ready))?;
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
        stuck::find(self);
        let process = self.env.process;
        let listens = |live: &Arc<ElementInstance>| scope::is_listener(process, live);
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
        } else if !instance.ready.is_empty() || timer::is_due_at_once(instance) {
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
