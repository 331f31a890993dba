//! The compiled process: elements, flows and their models as the engine reads them. Immutable once deployed;
//! knows neither XML nor where it is stored.

mod client_script;
pub mod element;
mod event;
mod external_task;
pub mod system_task;
mod work;

use crate::time::{Cycle, Duration};
use crate::value::ValueExpr;
pub use client_script::ClientScript;
pub use element::*;
pub use event::*;
pub use external_task::*;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
pub use system_task::*;
pub use work::{TaskKind, WorkTaskModel};

/// Position of an element in [`Process::elements`].
pub type ElementIndex = usize;
/// Position of a flow in [`Process::flows`].
pub type FlowIndex = usize;
/// Position of a long text (page or mail template) in the definition's texts, stored as items of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TextRef(pub usize);

/// One executable process of a deployed file.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
pub struct Process {
    /// BPMN id of the process.
    pub id: String,
    /// Display name; the id where none is modelled.
    pub name: String,
    /// In document order.
    pub elements: Vec<Element>,
    /// In document order.
    pub flows: Vec<Flow>,
    #[serde(skip)]
    by_id: BTreeMap<String, ElementIndex>,
    /// Their ids by themselves: whether it is one is asked of every live element instance.
    #[serde(skip)]
    sub_processes: BTreeSet<String>,
}

/// A sequence flow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Flow {
    /// BPMN id, or `source__target` with a counter where none is modelled.
    pub id: String,
    /// Name; only ids and names that are modelled can be returned by a Condition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// False where the id was generated.
    pub named: bool,
    /// Where it leaves.
    pub source: ElementIndex,
    /// Where it arrives.
    pub target: ElementIndex,
    /// `conditionExpression`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<Condition>,
}

impl Process {
    /// Puts a process together and builds its index.
    pub fn new(id: String, name: String, elements: Vec<Element>, flows: Vec<Flow>) -> Process {
        Process { id, name, elements, flows, by_id: BTreeMap::new(), sub_processes: BTreeSet::new() }.indexed()
    }

    /// Rebuilds the index after deserialising.
    #[must_use]
    pub fn indexed(mut self) -> Process {
        self.by_id = self.elements.iter().enumerate().map(|(index, element)| (element.id.clone(), index)).collect();
        let is_scope =
            |element: &&Element| matches!(element.kind, ElementKind::SubProcess | ElementKind::EventSubProcess);
        self.sub_processes = self.elements.iter().filter(is_scope).map(|element| element.id.clone()).collect();
        self
    }

    /// The element with this BPMN id.
    pub fn element(&self, id: &str) -> Option<&Element> {
        self.by_id.get(id).and_then(|index| self.elements.get(*index))
    }

    /// Whether the element with this BPMN id is a sub-process, of whichever kind.
    pub fn is_sub_process(&self, id: &str) -> bool {
        self.sub_processes.contains(id)
    }

    /// The none start event of the process itself.
    pub fn start(&self) -> Option<&Element> {
        self.start_in(None)
    }

    /// The none start event of a sub-process, or of the process itself.
    pub fn start_in(&self, parent: Option<ElementIndex>) -> Option<&Element> {
        self.within(parent).find(|(_, element)| matches!(element.kind, ElementKind::StartEvent)).map(|(_, start)| start)
    }

    /// The timer start events, in document order.
    pub fn timer_starts(&self) -> impl Iterator<Item = (&Element, &Timer)> {
        self.elements.iter().filter_map(|element| Some((element, element.kind.as_timer_start()?)))
    }

    /// The elements directly in a sub-process, or in the process itself, in document order.
    pub fn within(&self, parent: Option<ElementIndex>) -> impl Iterator<Item = (ElementIndex, &Element)> {
        self.elements.iter().enumerate().filter(move |(_, element)| element.parent == parent)
    }

    /// The event sub-processes of a scope with their start events, in document order.
    pub fn event_sub_processes(
        &self,
        parent: Option<ElementIndex>,
    ) -> impl Iterator<Item = (&Element, &Element, &EventStart)> {
        self.within(parent).filter(|(_, element)| matches!(element.kind, ElementKind::EventSubProcess)).filter_map(
            |(index, around)| {
                self.within(Some(index)).find_map(|(_, start)| {
                    if let ElementKind::EventStart(event) = &start.kind { Some((around, start, event)) } else { None }
                })
            },
        )
    }

    /// Position of the element with this BPMN id.
    pub fn index(&self, id: &str) -> Option<ElementIndex> {
        self.by_id.get(id).copied()
    }

    /// The outgoing flows of an element, in document order.
    pub fn outgoing<'a>(&'a self, element: &'a Element) -> impl Iterator<Item = &'a Flow> {
        element.outgoing.iter().filter_map(|index| self.flows.get(*index))
    }

    /// The boundary events attached to an element, in document order.
    pub fn boundaries<'a>(&'a self, element: &'a Element) -> impl Iterator<Item = (&'a Element, &'a BoundaryEvent)> {
        element.boundaries.iter().filter_map(|index| {
            let boundary = self.elements.get(*index)?;
            Some((boundary, boundary.kind.as_boundary()?))
        })
    }

    /// The model of an external task, or `None` where the element is missing or of another kind.
    pub fn external_task(&self, id: &str) -> Option<&ExternalTaskModel> {
        match &self.element(id)?.kind.as_user_task()?.profile {
            TaskProfile::External(model) => Some(model),
            TaskProfile::Work(_) => None,
        }
    }

    /// The model of an ordinary user task, or `None` where the element is missing or of another kind.
    pub fn work_task(&self, id: &str) -> Option<&WorkTaskModel> {
        match &self.element(id)?.kind.as_user_task()?.profile {
            TaskProfile::Work(model) => Some(model),
            TaskProfile::External(_) => None,
        }
    }
}

/// When something is due, relative to the creation of the activity or absolute.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum When {
    /// A fixed duration.
    After(Duration),
    /// An expression that gives a duration or a date-time.
    Expression(ValueExpr),
}

/// A timer: when it fires and how often.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Timer {
    /// `timeDuration` or `timeDate`: fires once.
    Once(When),
    /// `timeCycle`.
    Cycle(Cycle),
    /// `timeCycle` as an expression, evaluated when the timer starts.
    CycleOf(ValueExpr),
}

impl fmt::Display for Timer {
    /// As it is written in the model; for an expression only that it is one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Timer::Once(When::After(duration)) => duration.fmt(f),
            Timer::Once(When::Expression(ValueExpr::Literal(text))) => f.write_str(text),
            Timer::Cycle(cycle) => cycle.fmt(f),
            Timer::Once(When::Expression(_)) | Timer::CycleOf(_) => f.write_str("an expression"),
        }
    }
}
