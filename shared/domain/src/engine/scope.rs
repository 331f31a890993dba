//! Scopes: the process itself and its sub-processes. How they open, end by themselves, and are taken away with all
//! that is in them. What happens in them is the engine's.

use super::{Step, call, timer, trigger, user_task};
use crate::event::Event;
use crate::ids::ElementNumber;
use crate::instance::{ElementInstance, Place, Ready};
use crate::process::{Element, ElementIndex, ElementKind, Process};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Opens a scope at its none start event.
pub(crate) fn open(step: &mut Step<'_>, parent: Option<ElementIndex>, place: Place) {
    let start = step.env.process.start_in(parent);
    open_at(step, parent, place, start);
}

/// Opens a scope: its event sub-processes begin to wait, and a start event is reached.
pub(crate) fn open_at(step: &mut Step<'_>, parent: Option<ElementIndex>, place: Place, at: Option<&Element>) {
    let process = step.env.process;
    for (_, start, event) in process.event_sub_processes(parent) {
        // Errors need nobody who waits: whoever throws looks for who catches.
        if !event.trigger.is_error() {
            step.enter(&start.id, place);
        }
    }
    if let Some(start) = at {
        step.enter(&start.id, place);
    }
}

/// A sub-process was reached: its boundary events begin to wait, then its scope opens.
pub(super) fn enter(step: &mut Step<'_>, element: &Element, number: ElementNumber) {
    if let Err(failure) = trigger::begin(step, element, number) {
        step.fail(number, &element.id, failure);
        return;
    }
    let handles = step.state.instance.element(number).and_then(|live| live.handles);
    open(step, step.env.process.index(&element.id), Place { scope: Some(number), handles });
}

/// The start event of an event sub-process occurred: it runs in the scope in which it waited, which goes on beside it
/// or is cleared first.
pub(super) fn enter_event_sub_process(step: &mut Step<'_>, start: &Element, place: Place, interrupting: bool) {
    let process = step.env.process;
    let Some(parent) = start.parent else { return };
    let Some(around) = process.elements.get(parent) else { return };
    if interrupting {
        step.clear(place.scope);
    }
    let Some(number) = step.next_element() else {
        step.used_up(Ready::at(&around.id, place));
        return;
    };
    let reached = Ready::at(&around.id, place);
    step.emit(Event::ElementActivated(reached.activated(number)));
    let inside = Place { scope: Some(number), handles: place.handles };
    open(step, Some(parent), inside);
    step.enter(&start.id, inside);
}

/// True where the start event of an event sub-process begins it, false where it waits in the scope around it.
pub(super) fn begins(step: &Step<'_>, start: &Element, place: Place) -> bool {
    let around = place.scope.and_then(|number| step.state.instance.element(number));
    around.and_then(|around| step.env.process.index(&around.element)).is_some_and(|around| start.parent == Some(around))
}

/// The live sub-process whose paths have all ended, if there is one.
pub(super) fn ended(step: &Step<'_>) -> Option<ElementNumber> {
    let process = step.env.process;
    let flows = || step.queue.iter().chain(&step.for_job).chain(&step.state.instance.ready);
    let mut occupied = BTreeSet::new();
    // What is in a scope is younger than it, and the innermost ones were activated last.
    for live in step.state.instance.elements.iter().rev() {
        let scope = Some(live.number);
        if is_scope(process, live) && !occupied.contains(&scope) && !flows().any(|ready| ready.scope == scope) {
            return scope;
        }
        if live.scope.is_some() && !is_listener(process, live) {
            occupied.insert(live.scope);
        }
    }
    None
}

/// A sub-process in which paths run.
pub(super) fn is_scope(process: &Process, live: &ElementInstance) -> bool {
    live.turns.is_none() && process.is_sub_process(&live.element)
}

/// The start event of an event sub-process that waits: it keeps no scope alive.
pub(super) fn is_listener(process: &Process, live: &ElementInstance) -> bool {
    matches!(process.element(&live.element).map(|element| &element.kind), Some(ElementKind::EventStart(_)))
}

impl Step<'_> {
    /// Takes everything in a scope away: paths on their way, live elements with all that is in them, tasks and timers.
    pub fn clear(&mut self, scope: Option<ElementNumber>) {
        self.forget(scope);
        let inside: Vec<ElementNumber> = self
            .state
            .instance
            .elements
            .iter()
            .filter(|element| element.scope == scope)
            .map(|element| element.number)
            .collect();
        for number in inside {
            self.terminate(number);
        }
    }

    /// Takes one element instance away with all that is in it: its task is interrupted, its timers end.
    pub fn terminate(&mut self, number: ElementNumber) {
        self.clear(Some(number));
        let Some(live) = self.state.instance.element(number).cloned() else { return };
        if let Some(task) = live.task {
            user_task::take_away(self, task);
        } else {
            timer::stop_all(self, &live);
            call::take_away(self, &live);
        }
        self.emit(Event::ElementTerminated(number));
    }

    /// Ends what waits for events of a scope that has come to its end.
    pub(super) fn dismiss_listeners(&mut self, scope: Option<ElementNumber>) {
        let process = self.env.process;
        // What is in a scope is younger than it.
        let from = scope.and_then(|number| self.state.instance.position(number)).unwrap_or_default();
        let elements = self.state.instance.elements[from..].iter();
        let waiting: Vec<ElementNumber> =
            elements.filter(|live| live.scope == scope && is_listener(process, live)).map(|live| live.number).collect();
        for number in waiting {
            self.terminate(number);
        }
    }

    /// Forgets the paths of a scope that were on their way.
    fn forget(&mut self, scope: Option<ElementNumber>) {
        self.queue.retain(|ready| ready.scope != scope);
        self.for_job.retain(|ready| ready.scope != scope);
        if self.state.instance.ready.iter().any(|ready| ready.scope == scope) {
            // Those of other scopes wait on.
            let rest: Vec<Arc<Ready>> =
                self.state.instance.ready.iter().filter(|ready| ready.scope != scope).cloned().collect();
            self.emit(Event::FlowsResumed);
            if !rest.is_empty() {
                self.emit(Event::FlowsTaken(rest));
            }
        }
    }
}
