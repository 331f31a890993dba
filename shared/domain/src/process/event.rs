//! Models of events and of what they wait for or send: timers, messages, signals, errors. Waits for nothing itself.

use super::{ElementIndex, Mapping, Timer};
use crate::value::ValueExpr;
use serde::{Deserialize, Serialize};

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
