//! What each kind of element does: when a path reaches it, when it is done, when it is tried again. The families of
//! elements stand in the modules beside this one; the loop that brings paths here is the engine's.

use super::gateway::Seen;
use super::{
    Failure, Step, action, call, error, gateway, inclusive, multi_instance, scope, script, throw, timeout, timer,
    trigger, user_task,
};
use crate::event::Event;
use crate::ids::ElementNumber;
use crate::instance::{Place, Ready};
use crate::process::{Element, ElementKind, FlowIndex};
use crate::rejection::Rejection;
use crate::work_task::arrival::reopen;
use std::sync::Arc;

/// Which flows an element takes when it is left.
pub(crate) enum Chosen {
    /// Every outgoing flow.
    All,
    /// The flows a gateway chose.
    These(Vec<FlowIndex>),
}

impl Step<'_> {
    pub(super) fn activate(&mut self, ready: Ready) -> Result<(), Rejection> {
        let process = self.env.process;
        let (Some(number), true) = (self.next_element(), self.may_activate()) else {
            self.used_up(ready);
            return Ok(());
        };
        let Some(element) = process.element(&ready.element) else {
            // Only a damaged definition leads here: flows are checked when it is deployed.
            let message = format!("the process has no element \"{}\"", ready.element);
            self.raise(ElementNumber::WHOLE_INSTANCE, &ready.element, Failure::new("UNKNOWN_ELEMENT", message));
            self.queue.push_front(Arc::new(ready));
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
    pub(crate) fn retry(&mut self, number: ElementNumber) -> Result<(), Rejection> {
        let live = self.state.instance.element(number).cloned();
        let has_run_out = live.as_ref().is_some_and(|live| timeout::has_run_out(self, live));
        self.emit(Event::IncidentResolved(number));
        // An incident without an element instance is about flows that wait; they go on when all incidents are closed.
        let Some(live) = live else { return Ok(()) };
        if has_run_out && let Err(failure) = timeout::begin_again(self, &live) {
            self.fail(number, &live.element, failure);
            return Ok(());
        }
        if !live.arrived.is_empty() || live.hears_itself() {
            // A join waits on: `run` looks whether it can go on now. So does what waits for a message of its own.
            return Ok(());
        }
        match live.task {
            Some(task) => {
                reopen(self, task);
                Ok(())
            }
            None => self.execute(number),
        }
    }

    /// Does the work of an element that is live already: a join that goes on, or what failed before.
    pub(super) fn execute(&mut self, number: ElementNumber) -> Result<(), Rejection> {
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
    pub(crate) fn complete(&mut self, number: ElementNumber) -> Result<(), Rejection> {
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
}
