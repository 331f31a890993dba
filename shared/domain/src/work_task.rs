//! The ordinary user task of a colleague (profile `work`): its state. What may happen to it stands in `lifecycle`, who
//! may do it in `policy`, how it arrives and is completed in the modules below.

pub(crate) mod arrival;
pub(crate) mod completion;
pub mod event;
pub mod lifecycle;
pub mod policy;
pub mod priority;

use crate::decision::FormError;
use crate::ids::{ElementNumber, TaskKey};
use crate::instance::Instance;
use crate::process::Process;
use crate::time::Timestamp;
use crate::variables::Variables;
pub use lifecycle::{Action, Role, State};
pub use priority::Priority;
use serde::{Deserialize, Serialize};

/// A task for colleagues. Name, form and actions are not stored with it: they come from the instance's definition
/// version. So does a description without values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorkTask {
    /// Key.
    pub key: TaskKey,
    /// Number of the last event, without gap from 1.
    pub seq: u64,
    /// Optimistic lock of the stored task: number of commits that changed it.
    pub version: u64,
    /// State.
    pub state: State,
    /// The state before the failure, while FAILED: where a retry leads back to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed_in: Option<State>,
    /// BPMN id of the activity.
    pub activity: String,
    /// The element instance that waits for it.
    pub element: ElementNumber,
    /// Who may do it and who does.
    #[serde(default, skip_serializing_if = "Responsible::is_empty")]
    pub responsible: Responsible,
    /// `EntityState`: that of its instance when it was created, after its own element set it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entity_state: Option<String>,
    /// From 0 to 100.
    pub priority: Priority,
    /// `DueDate`; says nothing about timers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// `FollowUpDate`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follow_up_at: Option<Timestamp>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was completed or canceled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// What its description says with the values of the moment; only of one that shows values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What the form may show.
    #[serde(default, skip_serializing_if = "Variables::is_empty")]
    pub form_context: Variables,
    /// The result of the InputMapping.
    #[serde(default, skip_serializing_if = "Variables::is_empty")]
    pub input_data: Variables,
    /// What was typed and is not accepted: of a refused or failed submission.
    #[serde(default, skip_serializing_if = "Variables::is_empty")]
    pub draft: Variables,
    /// What a script said about the last answer; gone with the next one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub form_errors: Vec<FormError>,
    /// The accepted answer.
    #[serde(default, skip_serializing_if = "Variables::is_empty")]
    pub answers: Variables,
    /// The action of the accepted answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
}

/// Who may do a task, and who does.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Responsible {
    /// Who does it.
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    pub assignee: Option<String>,
    /// Who may claim it.
    #[serde(rename = "u", default, skip_serializing_if = "Vec::is_empty")]
    pub users: Vec<String>,
    /// Whose members may claim it.
    #[serde(rename = "g", default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
}

impl Responsible {
    /// Nobody is named.
    pub fn is_empty(&self) -> bool {
        *self == Responsible::default()
    }

    /// Assigned to the user, or listed for them.
    pub fn names_user(&self, user: &str) -> bool {
        self.assignee.as_deref() == Some(user) || self.users.iter().any(|candidate| candidate == user)
    }

    /// Listed for the group.
    pub fn names_group(&self, group: &str) -> bool {
        self.groups.iter().any(|candidate| candidate == group)
    }
}

impl WorkTask {
    /// D-30: when it is due. Its own date, else the earliest interrupting timer beside its activity.
    pub fn due(&self, process: &Process, instance: &Instance) -> Option<Timestamp> {
        let interrupting = |event: &str| {
            let boundary = process.element(event).and_then(|element| element.kind.as_boundary());
            boundary.is_some_and(|boundary| boundary.interrupting)
        };
        self.due_at.or_else(|| {
            let timers = instance.element(self.element)?.timers.iter();
            timers.filter(|timer| interrupting(&timer.event)).map(|timer| timer.due).min()
        })
    }
}
