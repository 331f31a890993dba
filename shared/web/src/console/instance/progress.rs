//! What the journal says about the elements of an instance: each execution with its times, the state the diagram shows
//! and the flows that were taken. Pure; knows no HTML.

use super::Entry;
use domain::event::{ElementActivated, Event};
use domain::ids::{ElementNumber, InstanceKey};
use domain::instance::Instance;
use domain::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// What happened at an element. The greater one is shown where several executions differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Stopped before its end.
    Stopped,
    /// Ended.
    Completed,
    /// Comes next, as soon as the instance goes on.
    Next,
    /// Going on, or waiting.
    Active,
    /// Failed.
    Failed,
}

impl State {
    /// The class in the diagram.
    pub fn class(self) -> &'static str {
        match self {
            State::Stopped => "stopped",
            State::Completed => "done",
            State::Next | State::Active => "active",
            State::Failed => "failed",
        }
    }
}

/// One execution of an element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Execution {
    /// Number below the instance; `None` for what comes next.
    pub number: Option<ElementNumber>,
    /// BPMN id.
    pub element: String,
    /// What became of it.
    pub state: State,
    /// When it was reached.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

/// All of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// By age.
    pub executions: Vec<Execution>,
    /// BPMN ids of the flows that were taken.
    pub flows: BTreeSet<String>,
    /// Element instances of call activities and what they started, by age.
    pub children: Vec<(ElementNumber, InstanceKey)>,
    /// Something was asked of other systems, by a system task or a script.
    pub asked: bool,
    places: BTreeMap<ElementNumber, usize>,
}

impl Progress {
    /// Follows the journal, oldest first, to the present state.
    pub fn of(instance: &Instance, journal: &[Entry<'_>]) -> Progress {
        let mut progress = Progress::default();
        for entry in journal {
            for event in entry.events {
                match event {
                    Event::ElementActivated(reached) => progress.reach(reached, entry.at, None),
                    Event::ElementPassed(reached) => progress.reach(reached, entry.at, Some(entry.at)),
                    Event::ElementCompleted(number) => progress.end(*number, State::Completed, entry.at),
                    Event::ElementTerminated(number) => progress.end(*number, State::Stopped, entry.at),
                    Event::FlowJoined { flow, .. } => {
                        progress.flows.insert(flow.clone());
                    }
                    Event::FlowsTaken(ready) => {
                        progress.flows.extend(ready.iter().filter_map(|ready| ready.flow.clone()));
                    }
                    Event::ChildStarted { element, child } => progress.children.push((*element, *child)),
                    Event::ActionOrdered { .. } => progress.asked = true,
                    Event::InstanceStarted(_)
                    | Event::StatusChanged(_)
                    | Event::FlowsResumed
                    | Event::TurnsBegun { .. }
                    | Event::TurnGave { .. }
                    | Event::LocalsSet { .. }
                    | Event::VariablesSet(_)
                    | Event::EntityStateSet(_)
                    | Event::TimerStarted { .. }
                    | Event::TimerFired { .. }
                    | Event::ChildGone { .. }
                    | Event::ErrorThrown(_)
                    | Event::Subscribed { .. }
                    | Event::Received { .. }
                    | Event::ActionCompleted { .. }
                    | Event::ActionFailed { .. }
                    | Event::IncidentRaised(_)
                    | Event::IncidentResolved(_)
                    | Event::TaskCreated(_)
                    | Event::TaskOpened(_)
                    | Event::TaskDraftSaved { .. }
                    | Event::TaskSubmitDenied { .. }
                    | Event::FormErrorsSet { .. }
                    | Event::TaskReminded { .. }
                    | Event::TaskResent(_)
                    | Event::TaskSynced { .. }
                    | Event::TaskCompleted { .. }
                    | Event::TaskEnded { .. }
                    | Event::TaskBounced { .. }
                    | Event::WorkTask { .. }
                    | Event::CancelRequested(_) => {}
                }
            }
        }
        let failed = instance.elements.iter().filter(|element| element.failed).map(|element| element.number);
        let stuck = instance.incidents.iter().map(|incident| incident.element_number);
        for number in failed.chain(stuck) {
            if let Some(place) = progress.places.get(&number) {
                progress.executions[*place].state = State::Failed;
            }
        }
        if !instance.status.is_final() {
            let next = instance.ready.iter().map(|ready| Execution {
                number: None,
                element: ready.element.clone(),
                state: State::Next,
                started_at: None,
                ended_at: None,
            });
            progress.executions.extend(next);
        }
        progress
    }

    /// The state the diagram shows for each element.
    pub fn states(&self) -> BTreeMap<String, State> {
        let mut states: BTreeMap<String, State> = BTreeMap::new();
        for execution in &self.executions {
            let state = states.entry(execution.element.clone()).or_insert(execution.state);
            *state = execution.state.max(*state);
        }
        states
    }

    /// The element of an execution, ended ones included.
    pub fn element(&self, number: ElementNumber) -> Option<&str> {
        Some(&self.execution(number)?.element)
    }

    /// An execution, ended ones included.
    pub fn execution(&self, number: ElementNumber) -> Option<&Execution> {
        self.executions.get(*self.places.get(&number)?)
    }

    fn reach(&mut self, reached: &ElementActivated, at: Timestamp, ended_at: Option<Timestamp>) {
        self.flows.extend(reached.flow.clone());
        self.places.insert(reached.number, self.executions.len());
        self.executions.push(Execution {
            number: Some(reached.number),
            element: reached.element.clone(),
            state: if ended_at.is_some() { State::Completed } else { State::Active },
            started_at: Some(at),
            ended_at,
        });
    }

    fn end(&mut self, number: ElementNumber, state: State, at: Timestamp) {
        if let Some(execution) = self.places.get(&number).and_then(|place| self.executions.get_mut(*place)) {
            execution.state = state;
            execution.ended_at = Some(at);
        }
    }
}
