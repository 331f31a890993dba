//! Every supported BPMN element and its model. A new element begins here; the compiler then lists the places that must care.

use super::{ElementIndex, FlowIndex, SystemTask, TextRef, Timer, When, WorkTaskModel};
use crate::notification::Channel;
use crate::template::Template;
use crate::time::Duration;
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
            ElementKind::StartEvent | ElementKind::EventStart(_) => "startEvent",
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
    /// Source.
    pub script: String,
    /// Variable that receives the result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result_variable: Option<String>,
    /// Process variable := path in the result.
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
    pub client_script: Option<String>,
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

/// Model of an external task: what the designer wrote.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExternalTaskModel {
    /// Address of the recipient: literal, path, template or expression.
    pub recipient: ValueExpr,
    /// How the recipient is addressed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipient_name: Option<ValueExpr>,
    /// How the notification travels.
    pub channel: Channel,
    /// The buttons, in order. Never empty: without a model it is one action `Submit`.
    pub actions: Vec<ActionModel>,
    /// When the task expires; `None`: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<When>,
    /// When reminders go out.
    #[serde(default, skip_serializing_if = "Reminders::is_none")]
    pub reminders: Reminders,
    /// BCP 47 language of page and mails, literal or expression; else the tenant's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<ValueExpr>,
    /// `EmailSubject`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email_subject: Option<Template>,
    /// `EmailBody`, HTML.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email_body: Option<TextRef>,
    /// Customer pages, checked and rewritten at deployment. A missing one falls back to the built-in page.
    #[serde(default, skip_serializing_if = "Pages::is_empty")]
    pub pages: Pages,
    /// Fields the task page asks for: those of the customer's own form, else the optional comment.
    pub fields: Vec<FieldModel>,
}

/// `TaskPage`, `SuccessPage`, `AlreadyCompletedPage`, `ExpiredPage`, `CancelledPage`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Pages {
    /// Shown while the task is PENDING.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<TextRef>,
    /// Answer to the submission itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub success: Option<TextRef>,
    /// Shown when the link is opened again later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub already_completed: Option<TextRef>,
    /// Shown once the time to answer has passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expired: Option<TextRef>,
    /// Shown after a cancellation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancelled: Option<TextRef>,
}

impl Pages {
    fn is_empty(&self) -> bool {
        *self == Pages::default()
    }
}

/// One entry of `Actions`: `Name`, or `Name|Label|style`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionModel {
    /// Submitted value; compared case-sensitively, never translated.
    pub name: String,
    /// Text of the button; the name where none is modelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// How the button looks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub style: Option<String>,
}

impl ActionModel {
    /// The text of the button.
    pub fn label(&self) -> &str {
        self.label.as_deref().unwrap_or(&self.name)
    }
}

/// `Reminders`: a list of durations after creation, or one cycle.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
pub enum Reminders {
    /// No reminders.
    #[default]
    None,
    /// Each duration counts from the creation; sorted ascending, no duplicates.
    At(Vec<Duration>),
    /// `R[n]/duration`: at most n (30 where n is missing) reminders.
    Every {
        /// Number of reminders.
        times: u32,
        /// Time between them; never zero.
        interval: Duration,
    },
}

impl Reminders {
    fn is_none(&self) -> bool {
        matches!(self, Reminders::None)
    }
}

/// One field of the task page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldModel {
    /// Key of the value and `name` of the input.
    pub name: String,
    /// What the label says; the name where the page has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// What values are accepted.
    pub kind: FieldKind,
    /// Must have a value.
    #[serde(default)]
    pub required: bool,
}

/// Kinds of field and their limits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FieldKind {
    /// One line or several; at most `max` characters.
    Text {
        /// Characters at most.
        max: usize,
        /// Drawn as a textarea.
        multiline: bool,
    },
    /// An e-mail address.
    Email,
    /// A number, point or comma.
    Number {
        /// Smallest value, as written in the page.
        min: Option<String>,
        /// Largest value, as written in the page.
        max: Option<String>,
    },
    /// A date (`YYYY-MM-DD`).
    Date,
    /// True when present.
    Checkbox,
    /// One of the values.
    Choice(Vec<String>),
    /// Any of the values.
    Choices(Vec<String>),
}

/// Model of a boundary event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BoundaryEvent {
    /// The activity it is attached to.
    pub attached_to: ElementIndex,
    /// `cancelActivity`: true where it is absent.
    pub interrupting: bool,
    /// What it waits for.
    pub trigger: Trigger,
    /// What becomes of the activity, where no path leads on from the event: only of a `TimeoutMs`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_timeout: Option<OnTimeout>,
}

/// What becomes of an activity whose `TimeoutMs` runs out where `OnTimeout` names no path (D-05).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OnTimeout {
    /// It fails with the business error `TASK_TIMEOUT`.
    Throw,
    /// The task is completed by `system` with this action, without ServerScript.
    Complete(String),
}

/// What an event waits for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Trigger {
    /// A timer.
    Timer(Timer),
    /// A business error with this code; `None`: any.
    Error(Option<String>),
    /// A message for this instance.
    Message(Box<MessageCatch>),
    /// A signal, for whoever waits for it.
    Signal(Box<SignalCatch>),
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
}

/// How a message is waited for and what becomes of its variables.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MessageCatch {
    /// Name of the message.
    pub name: String,
    /// What tells this instance from others that wait for the same message; the instance key where none is modelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_key: Option<ValueExpr>,
    /// What becomes of the variables it brings.
    #[serde(default)]
    pub payload: Payload,
}

/// How a signal is waited for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SignalCatch {
    /// Name of the signal.
    pub name: String,
    /// What becomes of the variables it brings.
    #[serde(default)]
    pub payload: Payload,
}

/// Model of a message or signal that is sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Throw {
    /// What is sent.
    pub what: Sent,
    /// Variable it brings := value in the sender. Empty: it brings nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub input_mapping: Vec<Mapping>,
}

/// What a throw event sends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Sent {
    /// A message, for one receiver.
    Message {
        /// Its name.
        name: String,
        /// Who is meant; the sender's own instance key where none is modelled, as with those who wait.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        correlation_key: Option<ValueExpr>,
    },
    /// A signal, for whoever waits for it.
    Signal {
        /// Its name.
        name: String,
    },
}

/// What becomes of what a message, a signal or a child brings: the result rule of script tasks.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
pub struct Payload {
    /// Variable that receives the whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result_variable: Option<String>,
    /// Process variable := path in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub output_mapping: Vec<Mapping>,
}

impl Trigger {
    /// True for an error, which needs nobody who waits.
    pub fn is_error(&self) -> bool {
        matches!(self, Trigger::Error(_))
    }
}

/// Model of the start event of an event sub-process.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EventStart {
    /// What it waits for.
    pub trigger: Trigger,
    /// `isInterrupting`: true where it is absent. An error always interrupts.
    pub interrupting: bool,
}

/// What an error end event throws.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThrownError {
    /// `errorCode`.
    pub code: String,
    /// Name of the `error` element.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}
