//! What the outside must do after a commit. Names the work; does none of it. Doing any effect twice is harmless.

use crate::ids::{ElementNumber, InstanceKey, TaskNumber};
use crate::instance::{Awaited, Parent};
use crate::notification::NotificationKind;
use crate::time::Timestamp;
use crate::variables::Variables;
use serde::{Deserialize, Serialize};

/// One piece of outside work, kept in the journal item of the command that ordered it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Effect {
    /// Send a notification of a task.
    #[serde(rename = "n")]
    Notify {
        /// The task.
        #[serde(rename = "t")]
        task: TaskNumber,
        /// Why.
        #[serde(rename = "k")]
        kind: NotificationKind,
    },
    /// Make sure that `due` comes back at `at`. Never moves one that exists.
    #[serde(rename = "s")]
    Schedule {
        /// What comes back.
        #[serde(rename = "d")]
        due: Due,
        /// When.
        #[serde(rename = "a")]
        at: Timestamp,
    },
    /// Make sure that `due` comes back no more. Unknown ones are success.
    #[serde(rename = "u")]
    Unschedule {
        /// What must not come back.
        #[serde(rename = "d")]
        due: Due,
    },
    /// Make the recipient of a task that was just created findable by any part of the address.
    #[serde(rename = "f")]
    Find {
        /// The task.
        #[serde(rename = "t")]
        task: TaskNumber,
    },
    /// Something between a call activity and its child.
    #[serde(rename = "call")]
    Call(CallEffect),
    /// Deliver a message or signal that an event of the instance sent.
    #[serde(rename = "w")]
    Throw {
        /// Number of the event's passing: tells one sending from every other.
        #[serde(rename = "k")]
        element: ElementNumber,
        /// For whom.
        #[serde(rename = "s")]
        to: Awaited,
        /// What it brings.
        #[serde(rename = "v", default, skip_serializing_if = "Variables::is_empty")]
        variables: Variables,
    },
    /// Carry out an attempt at the action of a system task: an HTTP request.
    #[serde(rename = "a")]
    Act {
        /// The element instance that waits for it.
        #[serde(rename = "k")]
        element: ElementNumber,
        /// Number of the attempt.
        #[serde(rename = "n")]
        attempt: u32,
        /// Not before.
        #[serde(rename = "a")]
        at: Timestamp,
    },
    /// Send the mail of a system task to one of its recipients.
    #[serde(rename = "m")]
    Mail {
        /// The element instance that waits for it.
        #[serde(rename = "k")]
        element: ElementNumber,
        /// Number of the attempt.
        #[serde(rename = "n")]
        attempt: u32,
        /// Position among the recipients.
        #[serde(rename = "r")]
        recipient: usize,
    },
    /// Go on with the instance in the background, at once.
    #[serde(rename = "c")]
    Continue,
}

/// What a call activity and its child have to do with each other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CallEffect {
    /// Start the child of a call activity.
    #[serde(rename = "s")]
    Start {
        /// The element instance of the call activity.
        #[serde(rename = "k")]
        element: ElementNumber,
    },
    /// Cancel a child whose call activity is gone.
    #[serde(rename = "x")]
    Cancel {
        /// The child.
        #[serde(rename = "i")]
        child: InstanceKey,
    },
    /// Tell the parent that its child has ended.
    #[serde(rename = "e")]
    Ended {
        /// Who waits for it.
        #[serde(rename = "p")]
        parent: Parent,
    },
}

impl Effect {
    /// True where one mail goes out, whose deliveries the journal item keeps.
    pub fn is_mail(&self) -> bool {
        matches!(self, Effect::Notify { .. } | Effect::Mail { .. })
    }
}

/// Something that becomes due. Together with tenant and instance it names exactly one schedule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Due {
    /// A reminder of a task.
    #[serde(rename = "r")]
    Reminder {
        /// The task.
        #[serde(rename = "t")]
        task: TaskNumber,
        /// Number in the model's plan, from 1.
        #[serde(rename = "n")]
        occurrence: u32,
    },
    /// The expiry of a task.
    #[serde(rename = "e")]
    Expiry {
        /// The task.
        #[serde(rename = "t")]
        task: TaskNumber,
    },
    /// A timer of an event.
    #[serde(rename = "b")]
    Timer {
        /// The element instance the event is attached to.
        #[serde(rename = "k")]
        element: ElementNumber,
        /// BPMN id of the event.
        #[serde(rename = "e")]
        event: String,
        /// Number of the firing, from 1.
        #[serde(rename = "n")]
        occurrence: u32,
    },
    /// The start of an instance by a timer start event. Of the aggregate that ordered it: the deployment, or the
    /// instance that the firing before this one began.
    #[serde(rename = "s")]
    Start(Box<TimerStart>),
}

/// A timer start event that is due.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimerStart {
    /// BPMN id of the process.
    #[serde(rename = "p")]
    pub process_id: String,
    /// The version whose timer it is: a later deployment makes it void.
    #[serde(rename = "v")]
    pub version: u32,
    /// BPMN id of the start event.
    #[serde(rename = "e")]
    pub event: String,
    /// Number of the firing, from 1.
    #[serde(rename = "n")]
    pub occurrence: u32,
    /// When it is due.
    #[serde(rename = "a")]
    pub at: Timestamp,
}
