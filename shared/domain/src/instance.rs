//! The aggregate: a process instance with its live element instances, variables, incidents and tasks. State only;
//! changes happen in `apply`.

use crate::event::ElementActivated;
use crate::external_task::ExternalTask;
use crate::ids::{ElementNumber, InstanceKey, TaskNumber};
use crate::time::{Cycle, Timestamp};
use crate::variables::Variables;
use crate::work_task::WorkTask;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

/// Status of an instance, I-01 to I-07. Completed and Cancelled are absorbing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum InstanceStatus {
    /// Elements are being executed, now or by a job.
    Running,
    /// Every path waits.
    Waiting,
    /// Every path has ended.
    Completed,
    /// Something failed; nothing moves until retry or cancel.
    Error,
    /// Stopped.
    Cancelled,
}

impl InstanceStatus {
    /// All of them.
    pub const ALL: [InstanceStatus; 5] = [
        InstanceStatus::Running,
        InstanceStatus::Waiting,
        InstanceStatus::Error,
        InstanceStatus::Completed,
        InstanceStatus::Cancelled,
    ];

    /// Accepts the exact word.
    pub fn parse(text: &str) -> Option<InstanceStatus> {
        InstanceStatus::ALL.into_iter().find(|status| status.as_str() == text)
    }

    /// The word of the `/v1` API.
    pub fn as_str(self) -> &'static str {
        match self {
            InstanceStatus::Running => "RUNNING",
            InstanceStatus::Waiting => "WAITING",
            InstanceStatus::Completed => "COMPLETED",
            InstanceStatus::Error => "ERROR",
            InstanceStatus::Cancelled => "CANCELLED",
        }
    }

    /// Completed and Cancelled accept no event.
    pub fn is_final(self) -> bool {
        matches!(self, InstanceStatus::Completed | InstanceStatus::Cancelled)
    }
}

impl fmt::Display for InstanceStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One execution of an element that has not ended. What has ended lives in the journal only.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ElementInstance {
    /// Number below the instance.
    #[serde(rename = "k")]
    pub number: ElementNumber,
    /// BPMN id of the element.
    #[serde(rename = "e")]
    pub element: String,
    /// The element instance of the sub-process around it; `None` directly in the process.
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<ElementNumber>,
    /// The user task whose refused answer this path handles.
    #[serde(rename = "h", default, skip_serializing_if = "Option::is_none")]
    pub handles: Option<ElementNumber>,
    /// When it was activated.
    #[serde(rename = "s")]
    pub started_at: Timestamp,
    /// The task that it waits for.
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    pub task: Option<TaskNumber>,
    /// Timers of its boundary events that have not fired for good.
    #[serde(rename = "d", default, skip_serializing_if = "Vec::is_empty")]
    pub timers: Vec<TimerState>,
    /// The instance that a call activity started.
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    pub child: Option<InstanceKey>,
    /// Children that are gone without giving what they should.
    #[serde(rename = "g", default, skip_serializing_if = "is_zero")]
    pub children_gone: u32,
    /// Messages and signals that it or its events wait for.
    #[serde(rename = "w", default, skip_serializing_if = "Vec::is_empty")]
    pub subscriptions: Vec<Subscription>,
    /// Of a gateway that joins: the flows that arrived while it waits for the others.
    #[serde(rename = "r", default, skip_serializing_if = "BTreeSet::is_empty")]
    pub arrived: BTreeSet<Arc<str>>,
    /// Of a multi-instance activity: how far its turns are.
    #[serde(rename = "m", default, skip_serializing_if = "Option::is_none")]
    pub turns: Option<TurnsState>,
    /// Variables of its own, seen by it and by everything inside it.
    #[serde(rename = "l", default, skip_serializing_if = "Variables::is_empty")]
    pub local: Variables,
    /// Of a system task: the action that it waits for.
    #[serde(rename = "x", default, skip_serializing_if = "Option::is_none")]
    pub action: Option<ActionState>,
    /// It failed and waits for a retry; the incident says why.
    #[serde(rename = "f", default, skip_serializing_if = "std::ops::Not::not")]
    pub failed: bool,
}

/// How far the turns of a multi-instance activity are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TurnsState {
    /// How many there are.
    #[serde(rename = "n")]
    pub total: u32,
    /// How many have begun.
    #[serde(rename = "s")]
    pub begun: u32,
    /// How many have ended as modelled.
    #[serde(rename = "d")]
    pub done: u32,
    /// What they gave, by number of the turn.
    #[serde(rename = "o", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub output: BTreeMap<u32, serde_json::Value>,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde asks for a reference
fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// Something from outside that is waited for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    /// BPMN id of the event that waits for it.
    #[serde(rename = "b")]
    pub event: String,
    /// What.
    #[serde(rename = "s")]
    pub to: Awaited,
}

/// What is waited for. Equal values are found by the same message or signal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Awaited {
    /// A message.
    #[serde(rename = "m")]
    Message {
        /// Its name.
        #[serde(rename = "n")]
        name: String,
        /// Its correlation key.
        #[serde(rename = "k")]
        key: String,
    },
    /// A signal.
    #[serde(rename = "s")]
    Signal {
        /// Its name.
        #[serde(rename = "n")]
        name: String,
    },
}

/// An action that the outside carries out. What it asks is kept beside the head.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionState {
    /// Number of the attempt that is under way or failed last, from 1.
    #[serde(rename = "n")]
    pub attempt: u32,
    /// Attempts that follow by themselves.
    #[serde(rename = "l", default, skip_serializing_if = "is_zero")]
    pub left: u32,
}

/// A timer that runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TimerState {
    /// BPMN id of the event that waits for it.
    #[serde(rename = "b")]
    pub event: String,
    /// Number of the firing it waits for, from 1.
    #[serde(rename = "n")]
    pub occurrence: u32,
    /// When it is due.
    #[serde(rename = "a")]
    pub due: Timestamp,
    /// What its expression gave, where the model does not say how it repeats.
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    pub cycle: Option<Box<Cycle>>,
}

/// A sequence flow taken whose target is not yet activated: work that waits for a job or for the end of an error.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ready {
    /// BPMN id of the element to activate.
    #[serde(rename = "e")]
    pub element: String,
    /// The flow that led here; `None` for a start or a boundary event.
    #[serde(rename = "f", default, skip_serializing_if = "Option::is_none")]
    pub flow: Option<String>,
    /// The scope it happens in.
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<ElementNumber>,
    /// The user task whose refused answer this path handles.
    #[serde(rename = "h", default, skip_serializing_if = "Option::is_none")]
    pub handles: Option<ElementNumber>,
}

/// Where a path runs and why. Paths are no objects: this is what one hands on from element to element.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The element instance of the sub-process around it; `None` directly in the process.
    pub scope: Option<ElementNumber>,
    /// The user task whose refused answer it handles: should it lead back there, the open task is meant and no second one.
    pub handles: Option<ElementNumber>,
}

impl ElementInstance {
    /// True for a receive task or message event that waits for its own message or signal.
    pub(crate) fn hears_itself(&self) -> bool {
        self.subscriptions.iter().any(|awaited| awaited.event == self.element)
    }

    /// Where the paths go on that leave it.
    pub fn place(&self) -> Place {
        Place { scope: self.scope, handles: self.handles }
    }
}

impl Ready {
    /// An activation that no flow leads to: a start or a boundary event.
    pub fn at(element: &str, place: Place) -> Ready {
        Ready { element: element.to_owned(), flow: None, scope: place.scope, handles: place.handles }
    }

    /// Where it happens.
    pub fn place(&self) -> Place {
        Place { scope: self.scope, handles: self.handles }
    }

    /// The event of the activation itself.
    pub(crate) fn activated(self, number: ElementNumber) -> ElementActivated {
        let Ready { element, flow, scope, handles } = self;
        ElementActivated { number, element, flow, scope, handles }
    }
}

/// Something an operator must look at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// The element instance that failed; the whole instance where flows cannot be taken.
    #[serde(rename = "k")]
    pub element_number: ElementNumber,
    /// BPMN id of the element.
    #[serde(rename = "e")]
    pub element: String,
    /// Stable code, for example SCRIPT_ERROR.
    #[serde(rename = "c")]
    pub code: String,
    /// A sentence for the operator.
    #[serde(rename = "m")]
    pub message: String,
    /// When.
    #[serde(rename = "a")]
    pub at: Timestamp,
}

/// The call activity that waits for an instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parent {
    /// The calling instance.
    #[serde(rename = "i")]
    pub instance: InstanceKey,
    /// The element instance of the call activity.
    #[serde(rename = "k")]
    pub element: ElementNumber,
    /// How deep the calls are: 1 for the child of an instance that nobody called.
    #[serde(rename = "d")]
    pub depth: u32,
}

/// A business error that left its instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thrown {
    /// Code.
    #[serde(rename = "c")]
    pub code: String,
    /// Sentence.
    #[serde(rename = "m")]
    pub message: String,
}

/// A process instance. What may wait a thousand times is shared by the states before and after a command, so that copying
/// a state costs little; whoever changes one of these things copies that one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Instance {
    /// Key.
    pub key: InstanceKey,
    /// Optimistic lock of the structure: number of commits that changed the head.
    pub version: u64,
    /// BPMN id of the process.
    pub process_id: String,
    /// Version of the definition; never changes.
    pub definition_version: u32,
    /// Status.
    pub status: InstanceStatus,
    /// The caller's own key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub business_key: Option<String>,
    /// Business label, shown to people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// `EntityState` of the last element that set one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entity_state: Option<String>,
    /// Who started it.
    pub started_by: String,
    /// When it was started.
    pub started_at: Timestamp,
    /// When it completed or was cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// Whose call activity started it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Parent>,
    /// The business error that ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thrown: Option<Thrown>,
    /// Process variables.
    #[serde(default, skip_serializing_if = "Variables::is_empty")]
    pub variables: Variables,
    /// Live element instances, by age and so by number.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub elements: Vec<Arc<ElementInstance>>,
    /// Flows taken whose targets are not yet activated.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ready: Vec<Arc<Ready>>,
    /// Open incidents, by age.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub incidents: Vec<Incident>,
    /// The last number given to an element instance.
    pub last_element: ElementNumber,
    /// The last number given to a task.
    pub last_task: TaskNumber,
    /// Element instances activated since the status became RUNNING; zero in any other status.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub activations: u32,
}

impl Instance {
    /// The live element instance with this number.
    pub fn element(&self, number: ElementNumber) -> Option<&Arc<ElementInstance>> {
        self.position(number).and_then(|at| self.elements.get(at))
    }

    /// Where the live element instance with this number stands: numbers grow, so they are in order.
    pub(crate) fn position(&self, number: ElementNumber) -> Option<usize> {
        self.elements.binary_search_by_key(&number, |element| element.number).ok()
    }

    /// The multi-instance activity that an element instance is a turn of.
    pub fn around(&self, turn: &ElementInstance) -> Option<&Arc<ElementInstance>> {
        self.element(turn.scope?).filter(|around| around.element == turn.element && around.turns.is_some())
    }
}

/// What one command loads, decides on and commits: the head and its tasks.
#[derive(Clone, Debug, PartialEq)]
pub struct Aggregate {
    /// The head.
    pub instance: Instance,
    /// Its external tasks, ended ones included.
    pub tasks: BTreeMap<TaskNumber, ExternalTask>,
    /// Its ordinary user tasks, ended ones included.
    pub work_tasks: BTreeMap<TaskNumber, WorkTask>,
}
