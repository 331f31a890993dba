//! The external task: its state. What may happen to it stands in `lifecycle`, what then happens in `decide`.

pub(crate) mod answer;
pub mod lifecycle;
pub(crate) mod upkeep;

use crate::decision::FormError;
use crate::ids::{ElementNumber, TaskKey};
use crate::notification::{Channel, Delivery, Email};
use crate::time::Timestamp;
use crate::variables::Variables;
pub use lifecycle::{Action, Role, Status};
use serde::{Deserialize, Serialize};

/// A task for a person without an account. Pages, mails and names are not stored with it:
/// they come from the definition version [`ExternalTask::templates_version`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExternalTask {
    /// Key.
    pub key: TaskKey,
    /// Number of the last event, without gap from 1.
    pub seq: u64,
    /// Optimistic lock of the stored task: number of commits that changed it. Refused answers count here and not in `seq`.
    pub version: u64,
    /// Status.
    pub status: Status,
    /// BPMN id of the activity.
    pub activity: String,
    /// The element instance that waits for it.
    pub element: ElementNumber,
    /// Mail address.
    pub recipient: Email,
    /// How the recipient is addressed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipient_name: Option<String>,
    /// How notifications travel.
    pub channel: Channel,
    /// BCP 47 language; `None`: the tenant's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When the time to answer ends; never changes. `None`: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Set exactly when COMPLETED.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<Timestamp>,
    /// When CANCELLED or EXPIRED.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// First POST of the recipient.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_opened_at: Option<Timestamp>,
    /// Notifications after the initial one: scheduled reminders and resends.
    pub reminders: u32,
    /// The occurrence of the modelled reminders that comes next, from 1.
    pub next_reminder: u32,
    /// Version whose pages, actions and mail are used; rises by Sync.
    pub templates_version: u32,
    /// What the public page may show.
    #[serde(default, skip_serializing_if = "Variables::is_empty")]
    pub form_context: Variables,
    /// Data for authenticated staff only.
    #[serde(default, skip_serializing_if = "Variables::is_empty")]
    pub input_data: Variables,
    /// What the recipient typed and has not answered yet.
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
    /// The submission that was accepted: a repeated post with the same id is answered as the first was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub submission: Option<String>,
    /// The delivery state the row shows: of the newest notification that has news.
    pub delivery: Delivery,
    /// The mail bounced or was reported: no further reminders, a person must look.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub follow_up: bool,
}

impl ExternalTask {
    /// The status that holds at `now`: a PENDING task whose time has passed is expired, whether or not its timer has come.
    pub fn status_at(&self, now: Timestamp) -> Status {
        if self.status == Status::Pending && self.expires_at.is_some_and(|expires| now >= expires) {
            Status::Expired
        } else {
            self.status
        }
    }
}
