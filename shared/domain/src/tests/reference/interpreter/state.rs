//! What the reference interpreter remembers of an instance. Does nothing with it.

use crate::tests::reference::plan::{Id, Word};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Names an activity instance and tells how old it is.
pub type Age = u64;

/// Before the element that it reaches next.
#[derive(Clone, Debug)]
pub struct Token {
    pub node: Id,
    /// The flow it came by.
    pub flow: Option<usize>,
    /// The sub-process instance, or the multi-instance activity, that it is in.
    pub scope: Option<Age>,
    /// The task whose refused answer it handles.
    pub handles: Option<Age>,
}

/// An element that is being done, or an event that is waited for.
#[derive(Clone, Debug)]
pub struct Activity {
    pub age: Age,
    /// When it began.
    pub since: i64,
    pub node: Id,
    pub scope: Option<Age>,
    pub handles: Option<Age>,
    pub alarms: Vec<Alarm>,
    /// Events that wait for a message or signal.
    pub awaits: Vec<Awaits>,
    /// Somebody is asked.
    pub asks: bool,
    /// When that ends without an answer.
    pub expires: Option<i64>,
    /// Another instance is awaited.
    pub calls: bool,
    /// Another system was asked.
    pub request: Option<Request>,
    /// The boundary events have begun to wait.
    pub(super) watched: bool,
    pub failed: bool,
    /// Of a multi-instance activity as a whole.
    pub turns: Option<Turns>,
    /// Variables of its own.
    pub local: Map<String, Value>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Alarm {
    pub event: Id,
    pub due: i64,
    /// From 1.
    pub nth: u32,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Awaits {
    pub event: Id,
    pub word: Word,
}

/// What another system was asked and has not answered; of an activity that failed the last one.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// From 1.
    pub attempt: u32,
    /// Attempts that follow by themselves.
    pub left: u32,
    /// When it is made.
    pub at: i64,
}

/// What a command wants of the outside.
#[derive(Clone, Debug, PartialEq)]
pub enum Order {
    Ask {
        age: Age,
        request: Request,
    },
    Say {
        word: Word,
        values: Map<String, Value>,
    },
    /// The next instance of a timer start event.
    Begin {
        nth: u32,
        at: i64,
    },
}

#[derive(Clone, Debug)]
pub struct Turns {
    pub total: u32,
    pub begun: u32,
    pub done: u32,
    pub given: BTreeMap<u32, Value>,
}

/// A token that waits at a join.
#[derive(Clone, Debug)]
pub struct Arrived {
    pub token: Token,
    pub since: Age,
}

#[derive(Clone, Debug)]
pub struct Incident {
    pub node: Id,
    pub code: &'static str,
    /// Of business errors the code that nobody caught.
    pub thrown: Option<String>,
    pub at: At,
}

impl Incident {
    pub fn code(&self) -> &str {
        self.thrown.as_deref().unwrap_or(self.code)
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum At {
    Activity(Age),
    /// What waits for a job, or a timer.
    Job,
    /// The tokens that would pass a join together; named by the oldest of them.
    Join {
        scope: Option<Age>,
        since: Age,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Running,
    Waiting,
    Completed,
    Error,
    Cancelled,
}

/// How often an element was reached, left as modelled and taken away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub reached: usize,
    pub left: usize,
    pub withdrawn: usize,
}

/// Why an element could not do its work.
pub struct Failure {
    pub(super) code: &'static str,
    /// The code of a business error or of another system's refusal.
    pub(super) thrown: Option<String>,
    /// The class of such a refusal, which an event may name instead of its code.
    pub(super) class: Option<&'static str>,
}

impl Activity {
    /// Time did not have to pass: nothing has waited before it fires.
    pub(super) fn is_due_at_once(&self) -> bool {
        self.alarms.iter().any(|alarm| alarm.due <= self.since)
    }

    pub fn hears(&self, event: Id) -> bool {
        self.awaits.iter().any(|awaits| awaits.event == event)
    }
}
