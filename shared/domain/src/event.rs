//! What happened. Events are the history people read and the log that replays to the stored state; `apply` folds them.

mod writer;

pub use writer::{Writer, writer};

use crate::decision::FormError;
use crate::external_task::Status;
use crate::ids::{ElementNumber, InstanceKey, TaskNumber};
use crate::instance::{Incident, InstanceStatus, Parent, Ready, Subscription, Thrown};
use crate::notification::{Channel, Delivery, Email};
use crate::time::{Cycle, Timestamp};
use crate::variables::Variables;
use crate::work_task::event::WorkTaskEvent;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A fact about an aggregate. The time is that of the journal item. Stored names are short because a journal item
/// of an ordinary step must stay under 1,024 bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// I-01.
    #[serde(rename = "started")]
    InstanceStarted(Box<InstanceStarted>),
    /// The status changed; I-02 to I-07.
    #[serde(rename = "status")]
    StatusChanged(InstanceStatus),
    /// An element was reached.
    #[serde(rename = "a")]
    ElementActivated(ElementActivated),
    /// An element that does not wait was reached and left in one step.
    #[serde(rename = "p")]
    ElementPassed(ElementActivated),
    /// An element ended as modelled.
    #[serde(rename = "c")]
    ElementCompleted(ElementNumber),
    /// An element was taken away: interrupted, or its scope ended.
    #[serde(rename = "x")]
    ElementTerminated(ElementNumber),
    /// A path arrived at a parallel gateway that waits for paths on its other flows.
    #[serde(rename = "join")]
    FlowJoined {
        /// The gateway's element instance.
        #[serde(rename = "k")]
        element: ElementNumber,
        /// BPMN id of the flow.
        #[serde(rename = "f")]
        flow: String,
    },
    /// A multi-instance activity begins its turns.
    #[serde(rename = "turns")]
    TurnsBegun {
        /// The element instance around the turns.
        #[serde(rename = "k")]
        element: ElementNumber,
        /// How many there are.
        #[serde(rename = "n")]
        total: u32,
    },
    /// A turn gave something to the list of all.
    #[serde(rename = "out")]
    TurnGave {
        /// The element instance around the turns.
        #[serde(rename = "k")]
        element: ElementNumber,
        /// Number of the turn, from 0.
        #[serde(rename = "i")]
        turn: u32,
        /// What.
        #[serde(rename = "v")]
        value: serde_json::Value,
    },
    /// Variables of one element instance were written.
    #[serde(rename = "local")]
    LocalsSet {
        /// The element instance.
        #[serde(rename = "k")]
        element: ElementNumber,
        /// Each replaces the whole variable.
        #[serde(rename = "v")]
        values: Variables,
    },
    /// Flows were taken whose targets must wait for a job or for the end of an error.
    #[serde(rename = "ready")]
    FlowsTaken(Vec<Arc<Ready>>),
    /// The waiting flows go on now.
    #[serde(rename = "go")]
    FlowsResumed,
    /// Variables were written; each key replaces the whole variable.
    #[serde(rename = "vars")]
    VariablesSet(Variables),
    /// `EntityState` of an element was taken over.
    #[serde(rename = "entity")]
    EntityStateSet(String),
    /// A timer began to run.
    #[serde(rename = "timer")]
    TimerStarted {
        /// The element instance the event is attached to.
        #[serde(rename = "k")]
        element: ElementNumber,
        /// BPMN id of the event.
        #[serde(rename = "b")]
        event: String,
        /// Number of the firing, from 1.
        #[serde(rename = "n")]
        occurrence: u32,
        /// When it is due.
        #[serde(rename = "a")]
        due: Timestamp,
        /// What its expression gave, where the model does not say how it repeats.
        #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
        cycle: Option<Box<Cycle>>,
    },
    /// A timer fired.
    #[serde(rename = "fired")]
    TimerFired {
        /// The element instance the event is attached to.
        #[serde(rename = "k")]
        element: ElementNumber,
        /// BPMN id of the event.
        #[serde(rename = "b")]
        event: String,
        /// Number of the firing, from 1.
        #[serde(rename = "n")]
        occurrence: u32,
    },
    /// A call activity has its child.
    #[serde(rename = "child")]
    ChildStarted {
        /// The element instance of the call activity.
        #[serde(rename = "k")]
        element: ElementNumber,
        /// The child.
        #[serde(rename = "i")]
        child: InstanceKey,
    },
    /// The child of a call activity ended without giving what it should: a retry starts another.
    #[serde(rename = "childgone")]
    ChildGone {
        /// The element instance of the call activity.
        #[serde(rename = "k")]
        element: ElementNumber,
    },
    /// A business error left the instance; whoever called it is told.
    #[serde(rename = "thrown")]
    ErrorThrown(Thrown),
    /// A message or signal is waited for.
    #[serde(rename = "await")]
    Subscribed {
        /// The element instance that waits, or whose event does.
        #[serde(rename = "k")]
        element: ElementNumber,
        /// What for.
        #[serde(rename = "w")]
        subscription: Subscription,
    },
    /// A message or signal that was waited for came.
    #[serde(rename = "received")]
    Received {
        /// The element instance that waited, or whose event did.
        #[serde(rename = "k")]
        element: ElementNumber,
        /// BPMN id of the event.
        #[serde(rename = "b")]
        event: String,
    },
    /// The outside was asked to carry out the action of a system task.
    #[serde(rename = "act")]
    ActionOrdered {
        /// The element instance that waits for it; a number of its own where a script ordered it.
        #[serde(rename = "k")]
        element: ElementNumber,
        /// Number of the attempt, from 1; 0 where a script ordered it and nobody waits.
        #[serde(rename = "n")]
        attempt: u32,
        /// Attempts that may follow by themselves.
        #[serde(rename = "l", default, skip_serializing_if = "is_zero")]
        retries: u32,
    },
    /// The action of a system task was carried out.
    #[serde(rename = "acted")]
    ActionCompleted {
        /// The element instance that waited for it.
        #[serde(rename = "k")]
        element: ElementNumber,
        /// Number of the attempt.
        #[serde(rename = "n")]
        attempt: u32,
    },
    /// An attempt at the action of a system task failed.
    #[serde(rename = "notacted")]
    ActionFailed {
        /// The element instance that waits for it.
        #[serde(rename = "k")]
        element: ElementNumber,
        /// Number of the attempt.
        #[serde(rename = "n")]
        attempt: u32,
        /// Error code.
        #[serde(rename = "c")]
        code: String,
        /// When the next attempt begins; none where the failure leaves the task.
        #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
        next: Option<Timestamp>,
    },
    /// An element failed; the instance goes to Error.
    #[serde(rename = "incident")]
    IncidentRaised(Incident),
    /// An operator retries; the incidents of this element instance are closed.
    #[serde(rename = "resolved")]
    IncidentResolved(ElementNumber),
    /// E-01.
    #[serde(rename = "created")]
    TaskCreated(Box<TaskCreated>),
    /// E-05, the first time only.
    #[serde(rename = "opened")]
    TaskOpened(TaskNumber),
    /// E-06.
    #[serde(rename = "draft")]
    TaskDraftSaved {
        /// The task.
        #[serde(rename = "t")]
        task: TaskNumber,
        /// Merged into the draft.
        #[serde(rename = "v")]
        values: Variables,
    },
    /// E-08: an audit entry, not counted in the task's `seq`. The values are kept as draft.
    #[serde(rename = "denied")]
    TaskSubmitDenied {
        /// The task.
        #[serde(rename = "t")]
        task: TaskNumber,
        /// Codes of what was wrong.
        #[serde(rename = "w")]
        codes: Vec<String>,
        /// Merged into the draft.
        #[serde(rename = "v", default, skip_serializing_if = "Variables::is_empty")]
        values: Variables,
    },
    /// A script told the task of either kind what was wrong with its last answer.
    #[serde(rename = "formErrors")]
    FormErrorsSet {
        /// The task.
        #[serde(rename = "t")]
        task: TaskNumber,
        /// What.
        #[serde(rename = "w")]
        errors: Vec<FormError>,
    },
    /// E-03.
    #[serde(rename = "reminded")]
    TaskReminded {
        /// The task.
        #[serde(rename = "t")]
        task: TaskNumber,
        /// The occurrence of the plan that comes next; missed ones are folded into this one.
        #[serde(rename = "n")]
        next: u32,
    },
    /// E-04.
    #[serde(rename = "resent")]
    TaskResent(TaskNumber),
    /// E-09.
    #[serde(rename = "synced")]
    TaskSynced {
        /// The task.
        #[serde(rename = "t")]
        task: TaskNumber,
        /// The version whose templates hold from now on.
        #[serde(rename = "v")]
        version: u32,
    },
    /// E-07.
    #[serde(rename = "completed")]
    TaskCompleted {
        /// The task.
        #[serde(rename = "t")]
        task: TaskNumber,
        /// The action taken.
        #[serde(rename = "o")]
        outcome: String,
        /// The answers.
        #[serde(rename = "v", default, skip_serializing_if = "Variables::is_empty")]
        answers: Variables,
        /// The page's submission id.
        #[serde(rename = "s")]
        submission: String,
    },
    /// E-10, E-11, E-12: ended without an answer.
    #[serde(rename = "ended")]
    TaskEnded {
        /// The task.
        #[serde(rename = "t")]
        task: TaskNumber,
        /// CANCELLED or EXPIRED.
        #[serde(rename = "s")]
        status: Status,
        /// Why.
        #[serde(rename = "c")]
        cause: EndCause,
        /// What the operator said.
        #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// E-13.
    #[serde(rename = "bounced")]
    TaskBounced {
        /// The task.
        #[serde(rename = "t")]
        task: TaskNumber,
        /// Bounced, complained or failed.
        #[serde(rename = "d")]
        delivery: Delivery,
    },
    /// Something happened to an ordinary user task.
    #[serde(rename = "w")]
    WorkTask {
        /// The task.
        #[serde(rename = "t")]
        task: TaskNumber,
        /// What happened.
        #[serde(rename = "w")]
        what: WorkTaskEvent,
    },
    /// The operator's word on a cancelled instance.
    #[serde(rename = "reason")]
    CancelRequested(String),
}

/// Payload of [`Event::InstanceStarted`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InstanceStarted {
    /// BPMN id of the process.
    #[serde(rename = "p")]
    pub process_id: String,
    /// Version of the definition.
    #[serde(rename = "d")]
    pub definition_version: u32,
    /// The caller's own key.
    #[serde(rename = "b", default, skip_serializing_if = "Option::is_none")]
    pub business_key: Option<String>,
    /// Business label.
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Whose call activity started it.
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Parent>,
    /// BPMN id of the timer start event that began it.
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    pub timer: Option<String>,
    /// Who started it.
    #[serde(rename = "u")]
    pub by: String,
    /// Initial variables.
    #[serde(rename = "v", default, skip_serializing_if = "Variables::is_empty")]
    pub variables: Variables,
}

/// Payload of [`Event::ElementActivated`] and [`Event::ElementPassed`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ElementActivated {
    /// The number given to the element instance.
    #[serde(rename = "k")]
    pub number: ElementNumber,
    /// BPMN id.
    #[serde(rename = "e")]
    pub element: String,
    /// The flow that led here.
    #[serde(rename = "f", default, skip_serializing_if = "Option::is_none")]
    pub flow: Option<String>,
    /// The scope it happens in.
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<ElementNumber>,
    /// The user task whose refused answer this path handles.
    #[serde(rename = "h", default, skip_serializing_if = "Option::is_none")]
    pub handles: Option<ElementNumber>,
}

/// Payload of [`Event::TaskCreated`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskCreated {
    /// The number given to the task.
    #[serde(rename = "t")]
    pub task: TaskNumber,
    /// The element instance that waits for it.
    #[serde(rename = "k")]
    pub element: ElementNumber,
    /// BPMN id of the activity.
    #[serde(rename = "e")]
    pub activity: String,
    /// Mail address.
    #[serde(rename = "r")]
    pub recipient: Email,
    /// How the recipient is addressed.
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    pub recipient_name: Option<String>,
    /// How notifications travel.
    #[serde(rename = "h", default, skip_serializing_if = "is_default_channel")]
    pub channel: Channel,
    /// Language.
    #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// When the time to answer ends.
    #[serde(rename = "x", default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// What the public page may show.
    #[serde(rename = "v", default, skip_serializing_if = "Variables::is_empty")]
    pub form_context: Variables,
    /// Data for authenticated staff only.
    #[serde(rename = "i", default, skip_serializing_if = "Variables::is_empty")]
    pub input_data: Variables,
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

fn is_default_channel(channel: &Channel) -> bool {
    *channel == Channel::Email
}

/// Why a task ended without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EndCause {
    /// E-10: an operator cancelled it.
    Cancel,
    /// E-11: the process took it away.
    Interrupt,
    /// E-12: the time to answer has passed.
    Expire,
}

impl Event {
    /// The task whose item changes, if any.
    pub fn task(&self) -> Option<TaskNumber> {
        match self {
            Event::TaskCreated(created) => Some(created.task),
            Event::TaskOpened(task) | Event::TaskResent(task) => Some(*task),
            Event::TaskDraftSaved { task, .. }
            | Event::TaskSubmitDenied { task, .. }
            | Event::FormErrorsSet { task, .. }
            | Event::TaskReminded { task, .. }
            | Event::TaskSynced { task, .. }
            | Event::TaskCompleted { task, .. }
            | Event::TaskEnded { task, .. }
            | Event::TaskBounced { task, .. }
            | Event::WorkTask { task, .. } => Some(*task),
            Event::InstanceStarted(_)
            | Event::StatusChanged(_)
            | Event::ElementActivated(_)
            | Event::ElementPassed(_)
            | Event::ElementCompleted(_)
            | Event::ElementTerminated(_)
            | Event::FlowJoined { .. }
            | Event::TurnsBegun { .. }
            | Event::TurnGave { .. }
            | Event::LocalsSet { .. }
            | Event::FlowsTaken(_)
            | Event::FlowsResumed
            | Event::VariablesSet(_)
            | Event::EntityStateSet(_)
            | Event::TimerStarted { .. }
            | Event::TimerFired { .. }
            | Event::ChildStarted { .. }
            | Event::ChildGone { .. }
            | Event::ErrorThrown(_)
            | Event::Subscribed { .. }
            | Event::Received { .. }
            | Event::ActionOrdered { .. }
            | Event::ActionCompleted { .. }
            | Event::ActionFailed { .. }
            | Event::IncidentRaised(_)
            | Event::IncidentResolved(_)
            | Event::CancelRequested(_) => None,
        }
    }

    /// False where only the task's own item changes, so that the head needs neither lock nor write.
    pub fn changes_head(&self) -> bool {
        match self {
            Event::TaskOpened(_)
            | Event::TaskResent(_)
            | Event::TaskDraftSaved { .. }
            | Event::TaskSubmitDenied { .. }
            | Event::FormErrorsSet { .. }
            | Event::TaskReminded { .. }
            | Event::TaskSynced { .. }
            | Event::TaskBounced { .. } => false,
            Event::WorkTask { what, .. } => what.changes_head(),
            Event::InstanceStarted(_)
            | Event::StatusChanged(_)
            | Event::ElementActivated(_)
            | Event::ElementPassed(_)
            | Event::ElementCompleted(_)
            | Event::ElementTerminated(_)
            | Event::FlowJoined { .. }
            | Event::TurnsBegun { .. }
            | Event::TurnGave { .. }
            | Event::LocalsSet { .. }
            | Event::FlowsTaken(_)
            | Event::FlowsResumed
            | Event::VariablesSet(_)
            | Event::EntityStateSet(_)
            | Event::TimerStarted { .. }
            | Event::TimerFired { .. }
            | Event::ChildStarted { .. }
            | Event::ChildGone { .. }
            | Event::ErrorThrown(_)
            | Event::Subscribed { .. }
            | Event::Received { .. }
            | Event::ActionOrdered { .. }
            | Event::ActionCompleted { .. }
            | Event::ActionFailed { .. }
            | Event::IncidentRaised(_)
            | Event::IncidentResolved(_)
            | Event::TaskCreated(_)
            | Event::TaskCompleted { .. }
            | Event::TaskEnded { .. }
            | Event::CancelRequested(_) => true,
        }
    }
}
