//! Every supported BPMN element and its model. A new element begins here; the compiler then lists the places that must care.

use super::{
    BoundaryEvent, ClientScript, ElementIndex, EventStart, ExternalTaskModel, FlowIndex, Payload, SystemTask, Throw,
    ThrownError, Timer, Trigger, WorkTaskModel,
};
use crate::template::Template;
use crate::value::ValueExpr;
use crate::variables::Path;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A flow node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Element {
    /// BPMN id.
    pub id: String,
    /// Display name; the id where none is modelled.
    pub name: String,
    /// What it is.
    pub kind: ElementKind,
    /// Outgoing flows in document order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outgoing: Vec<FlowIndex>,
    /// Number of incoming flows.
    #[serde(default)]
    pub incoming: usize,
    /// The default flow of a gateway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<FlowIndex>,
    /// Boundary events attached to it, in document order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub boundaries: Vec<ElementIndex>,
    /// The sub-process around it; `None` directly in the process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<ElementIndex>,
    /// `asyncBefore`: what led here is committed first, and a job goes on with the element.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub async_before: bool,
    /// `asyncAfter`: the element's own work is committed before its flows are taken by a job.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub async_after: bool,
    /// `multiInstanceLoopCharacteristics`: the activity is done once for each item of a collection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub multi_instance: Option<Box<MultiInstance>>,
    /// `EntityState`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entity_state: Option<String>,
    /// `Description`, else the documentation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Template>,
    /// Unknown properties, kept and shown as custom headers.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Line in the deployed file, for incidents.
    pub line: u32,
}

/// How often an activity is done and with what. Each time it is done is a turn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MultiInstance {
    /// One turn after the other; else all side by side.
    pub sequential: bool,
    /// How many turns there are.
    pub turns: Turns,
    /// Local variable of each turn that holds its item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub element_variable: Option<String>,
    /// Variable that receives the list of what the turns gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_collection: Option<String>,
    /// What a turn gives, seen from inside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_element: Option<ValueExpr>,
    /// Asked after each turn: when it holds the others are taken away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completion: Option<Condition>,
}

/// How many turns a multi-instance activity has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Turns {
    /// `loopCardinality`: that many.
    Cardinality(ValueExpr),
    /// One for each item of a list. The list is looked up anew for each turn; how many turns there are is fixed before
    /// the first.
    Collection(ValueExpr),
}

/// The kinds of element the engine runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ElementKind {
    /// None start event.
    StartEvent,
    /// Timer start event of the process: begins an instance whenever it is due.
    TimerStart(Timer),
    /// Start event of an event sub-process: waits as long as the scope around the sub-process runs.
    EventStart(EventStart),
    /// None end event: ends this path.
    EndEvent,
    /// Terminate end event: ends every path of its scope.
    TerminateEndEvent,
    /// Error end event: throws a code to whoever catches it around its scope.
    ErrorEndEvent(ThrownError),
    /// Message or signal end event: sends it and ends this path.
    ThrowEndEvent(Box<Throw>),
    /// Embedded sub-process: a scope for boundary events; variables are those of the instance.
    SubProcess,
    /// Sub-process with `triggeredByEvent`: begins when its start event occurs.
    EventSubProcess,
    /// `task`: passes through.
    Task,
    /// `manualTask`: done outside of any system; passes through.
    ManualTask,
    /// Takes exactly one outgoing flow.
    ExclusiveGateway(ExclusiveGateway),
    /// Waits for a path on each incoming flow, then takes every outgoing one.
    ParallelGateway,
    /// Takes every outgoing flow whose condition holds; with several incoming flows it first waits until no other path
    /// can arrive.
    InclusiveGateway(InclusiveGateway),
    /// Takes the path of the event that occurs first.
    EventBasedGateway,
    /// Runs a script.
    ScriptTask(ScriptTask),
    /// Service and send tasks: done without a person.
    SystemTask(Box<SystemTask>),
    /// Waits for a person.
    UserTask(Box<UserTask>),
    /// Waits for something on a path of its own.
    IntermediateCatchEvent(Trigger),
    /// Sends a message or signal, where one is modelled, and goes on.
    IntermediateThrowEvent(Option<Box<Throw>>),
    /// Starts an instance of another process and waits for its end.
    CallActivity(Box<CallActivity>),
    /// Waits for a message, as an activity to which events may be attached.
    ReceiveTask(Trigger),
    /// Waits beside an activity.
    BoundaryEvent(BoundaryEvent),
}

impl ElementKind {
    /// The element's BPMN name, as in the standard's XML.
    pub fn bpmn_name(&self) -> &'static str {
        match self {
            ElementKind::StartEvent | ElementKind::TimerStart(_) | ElementKind::EventStart(_) => "startEvent",
            ElementKind::EndEvent
            | ElementKind::TerminateEndEvent
            | ElementKind::ErrorEndEvent(_)
            | ElementKind::ThrowEndEvent(_) => "endEvent",
            ElementKind::SubProcess | ElementKind::EventSubProcess => "subProcess",
            ElementKind::Task => "task",
            ElementKind::ManualTask => "manualTask",
            ElementKind::ExclusiveGateway(_) => "exclusiveGateway",
            ElementKind::ParallelGateway => "parallelGateway",
            ElementKind::InclusiveGateway(_) => "inclusiveGateway",
            ElementKind::EventBasedGateway => "eventBasedGateway",
            ElementKind::ScriptTask(_) => "scriptTask",
            ElementKind::SystemTask(task) => task.element.bpmn_name(),
            ElementKind::UserTask(_) => "userTask",
            ElementKind::IntermediateCatchEvent(_) => "intermediateCatchEvent",
            ElementKind::IntermediateThrowEvent(_) => "intermediateThrowEvent",
            ElementKind::ReceiveTask(_) => "receiveTask",
            ElementKind::CallActivity(_) => "callActivity",
            ElementKind::BoundaryEvent(_) => "boundaryEvent",
        }
    }

    /// The model of a user task, `None` for every other kind.
    pub fn as_user_task(&self) -> Option<&UserTask> {
        if let ElementKind::UserTask(task) = self { Some(task) } else { None }
    }

    /// The model of a call activity, `None` for every other kind.
    pub fn as_call_activity(&self) -> Option<&CallActivity> {
        if let ElementKind::CallActivity(call) = self { Some(call) } else { None }
    }

    /// The model of a boundary event, `None` for every other kind.
    pub fn as_boundary(&self) -> Option<&BoundaryEvent> {
        if let ElementKind::BoundaryEvent(event) = self { Some(event) } else { None }
    }

    /// When a timer start event begins instances.
    pub fn as_timer_start(&self) -> Option<&Timer> {
        if let ElementKind::TimerStart(timer) = self { Some(timer) } else { None }
    }

    /// The model of a system task.
    pub fn as_system_task(&self) -> Option<&SystemTask> {
        if let ElementKind::SystemTask(task) = self { Some(task) } else { None }
    }

    /// The message or signal that an event throws.
    pub fn as_throw(&self) -> Option<&Throw> {
        if let ElementKind::IntermediateThrowEvent(Some(throw)) | ElementKind::ThrowEndEvent(throw) = self {
            Some(throw)
        } else {
            None
        }
    }

    /// What an event waits for, and whether its occurrence takes away what it belongs to.
    pub fn trigger(&self) -> Option<(&Trigger, bool)> {
        if let ElementKind::BoundaryEvent(BoundaryEvent { trigger, interrupting, .. })
        | ElementKind::EventStart(EventStart { trigger, interrupting }) = self
        {
            Some((trigger, *interrupting))
        } else if let ElementKind::IntermediateCatchEvent(trigger) | ElementKind::ReceiveTask(trigger) = self {
            Some((trigger, true))
        } else {
            None
        }
    }
}

/// How a condition is written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Condition {
    /// A script whose result decides (an optional leading `return` is allowed).
    Script(String),
    /// `=...` (FEEL-like) or `${...}`: only `true` is true.
    Expression(ValueExpr),
}

/// Model of an exclusive gateway.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
pub struct ExclusiveGateway {
    /// `Condition`: a script that returns the id or name of the flow to take. Wins over conditionExpressions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
}

/// Model of an inclusive gateway.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
pub struct InclusiveGateway {
    /// `Condition`: a script that returns the id or name of a flow, or a list of them. Wins over conditionExpressions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
}

/// Model of a script task.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
pub struct ScriptTask {
    /// Source; empty where there is an expression.
    pub script: String,
    /// What gives the result instead of a script, and writes nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expression: Option<ValueExpr>,
    /// Variable that receives the result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result_variable: Option<String>,
    /// Name that the script has for itself while it runs := value.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub input_mapping: Vec<Mapping>,
    /// Process variable := path in the result, or an expression that sees what the script saw as well.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub output_mapping: Vec<Mapping>,
}

/// One line of an InputMapping or OutputMapping: destination := source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mapping {
    /// Destination path.
    pub target: Path,
    /// Source value.
    pub source: ValueExpr,
}

/// Model of a user task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UserTask {
    /// Who does it, and by which life cycle.
    pub profile: TaskProfile,
    /// `Script`, run when the task is reached; its result is the form context.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pre_script: Option<String>,
    /// `ServerScript`, run after a submission.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_script: Option<String>,
    /// `ClientScript`, run in the browser.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_script: Option<ClientScript>,
    /// Receives the ServerScript's result; `lastScriptResult` where none is modelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result_variable: Option<String>,
    /// Variables shown to the form when there is no Script.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub form_variables: Vec<Path>,
    /// Data for authenticated staff, never for the public page.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub input_mapping: Vec<Mapping>,
    /// Process variable := submitted field. Empty: every submitted field becomes a variable.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub output_mapping: Vec<Mapping>,
    /// `FormKey`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form_key: Option<String>,
}

/// `TaskProfile`. The profile `contract` finds its place here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum TaskProfile {
    /// A colleague, by assignment.
    Work(Box<WorkTaskModel>),
    /// A person without an account, on a public page.
    External(Box<ExternalTaskModel>),
}

/// Model of a call activity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CallActivity {
    /// `calledElement`: BPMN id of the process whose deployed version is started.
    pub called: ValueExpr,
    /// Child variable := value in the parent. Empty: the child gets all of the parent's variables.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub input_mapping: Vec<Mapping>,
    /// What becomes of the child's variables.
    #[serde(default)]
    pub payload: Payload,
    /// What goes over beside the mappings.
    #[serde(default, skip_serializing_if = "Handover::is_nothing")]
    pub handover: Handover,
}

/// What a call activity hands over without naming each variable.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Handover {
    /// The child gets all of the parent's variables, whatever the mapping gives it.
    #[serde(default)]
    pub all_in: bool,
    /// The parent gets all of the child's variables under their own names.
    #[serde(default)]
    pub all_out: bool,
    /// The child's business key; `None`: it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub business_key: Option<ValueExpr>,
}

impl Handover {
    fn is_nothing(&self) -> bool {
        *self == Handover::default()
    }
}
