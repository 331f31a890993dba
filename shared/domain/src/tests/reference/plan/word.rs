//! Messages and signals of random processes: who waits for what, and what is sent to whom.

use crate::ids::InstanceKey;
use crate::instance::Awaited;
use crate::process::{MessageCatch, Payload, Sent, SignalCatch, Throw, Trigger};
use crate::tests::dsl::{mapping, value};

/// What an event waits for, or sends.
#[derive(Clone, Debug, PartialEq)]
pub enum Hears {
    /// By name and the variable that is its correlation key, else the instance's own.
    Message {
        name: String,
        key: Option<String>,
    },
    Signal(String),
}

/// The same once its key is known. Equal ones find each other.
#[derive(Clone, Debug, PartialEq)]
pub enum Word {
    /// Without a key it is the instance's own.
    Message {
        name: String,
        key: Option<String>,
    },
    Signal(String),
}

impl Hears {
    pub fn is_signal(&self) -> bool {
        matches!(self, Hears::Signal(_))
    }

    pub fn trigger(&self) -> Trigger {
        match self {
            Hears::Message { name, key } => {
                let correlation_key = key.as_ref().map(|key| value(&format!("context.{key}")));
                let payload = Payload::default();
                Trigger::Message(Box::new(MessageCatch { name: name.clone(), correlation_key, payload }))
            }
            Hears::Signal(name) => {
                Trigger::Signal(Box::new(SignalCatch { name: name.clone(), payload: Payload::default() }))
            }
        }
    }

    pub fn throw(&self, brings: Option<&str>) -> Throw {
        let what = match self {
            Hears::Message { name, key } => {
                let correlation_key = key.as_ref().map(|key| value(&format!("context.{key}")));
                Sent::Message { name: name.clone(), correlation_key }
            }
            Hears::Signal(name) => Sent::Signal { name: name.clone() },
        };
        Throw { what, input_mapping: brings.map(|name| mapping("brought", name)).into_iter().collect() }
    }
}

impl Word {
    /// As it stands in commands and effects of an instance.
    pub fn awaited(&self, own: InstanceKey) -> Awaited {
        match self {
            Word::Message { name, key } => {
                Awaited::Message { name: name.clone(), key: key.clone().unwrap_or_else(|| own.to_string()) }
            }
            Word::Signal(name) => Awaited::Signal { name: name.clone() },
        }
    }
}
