//! Models of system tasks: what a service or send task does without a person. Renders and calls nothing.

use super::{Mapping, When};
use crate::template::Template;
use crate::value::ValueExpr;
use serde::{Deserialize, Serialize};

/// Milliseconds an answer is waited for where none are modelled.
pub const TIMEOUT_MS: u64 = 10_000;
/// Milliseconds an answer is waited for at most: the function that calls must end in time.
pub const TIMEOUT_MS_MAX: u64 = 30_000;
/// Milliseconds before the first repetition where none are modelled.
pub const BACKOFF_MS: u64 = 1_000;
/// The longest wait between two attempts.
pub const BACKOFF_MS_MAX: u64 = 15 * 60_000;
/// Repetitions at most.
pub const RETRIES_MAX: u32 = 10;

/// The built-in command that sends a mail: `{ to, subject, body }`.
pub const SEND_EMAIL: &str = "SendEmail";
/// The built-in command that says at a task what was wrong with its answer: `{ taskId, errors }`, where `errors` is a text,
/// a list of texts or of `{ field, message }`, or an object of field and text.
pub const SEND_FORM_ERRORS: &str = "SendFormErrors";

/// A system task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SystemTask {
    /// Which BPMN element it is.
    #[serde(default, skip_serializing_if = "SystemElement::is_service")]
    pub element: SystemElement,
    /// What it does.
    pub work: Work,
    /// Names that the work sees beside the process's variables.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub input_mapping: Vec<Mapping>,
    /// Variable that receives the result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result_variable: Option<String>,
    /// Process variable := path in the result.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub output_mapping: Vec<Mapping>,
    /// Attempts after the first one.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub retries: u32,
    /// Milliseconds before the first repetition; each further one waits twice as long.
    #[serde(default = "backoff")]
    pub backoff_ms: u64,
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

fn backoff() -> u64 {
    BACKOFF_MS
}

/// The BPMN elements that are system tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SystemElement {
    /// `serviceTask`.
    #[default]
    Service,
    /// `sendTask`.
    Send,
}

impl SystemElement {
    fn is_service(&self) -> bool {
        *self == SystemElement::Service
    }

    /// The element's BPMN name.
    pub fn bpmn_name(self) -> &'static str {
        match self {
            SystemElement::Service => "serviceTask",
            SystemElement::Send => "sendTask",
        }
    }
}

/// What a system task does. The first four wait for the outside (only [`SEND_FORM_ERRORS`] does not), a delay for its
/// time; the others end at once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Work {
    /// An HTTP request; also `messageType=webhook`.
    Http(Box<HttpCall>),
    /// A GraphQL query.
    GraphQl {
        /// Where it is sent.
        call: Box<HttpCall>,
        /// The text of the query, sent as written; its variables are the InputMapping.
        query: String,
    },
    /// A mail to each of some addresses.
    Email(Box<EmailModel>),
    /// A command of the tenant's registry, or one that is built in.
    Command {
        /// Its name.
        name: String,
        /// Milliseconds its answer is waited for.
        timeout_ms: u64,
    },
    /// A script.
    JavaScript(String),
    /// Waits for a duration or until a moment.
    Delay(When),
    /// Gives its InputMapping as result.
    Echo,
}

/// Model of an outgoing HTTP request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HttpCall {
    /// GET, POST, PUT, PATCH, DELETE or HEAD.
    pub method: String,
    /// The address. Placeholders behind the beginning are percent-encoded.
    pub endpoint: ValueExpr,
    /// Appended to the address, percent-encoded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub query: Vec<(String, ValueExpr)>,
    /// Header fields.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, ValueExpr)>,
    /// The body. Without one, a method that has a body sends the InputMapping, or all variables, as JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload: Option<ValueExpr>,
    /// Name of the secret with the credentials; never the credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credentials: Option<String>,
    /// Milliseconds the answer is waited for.
    pub timeout_ms: u64,
}

/// Model of a mail.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EmailModel {
    /// One address, a comma list or a list.
    pub to: ValueExpr,
    /// One line.
    pub subject: ValueExpr,
    /// Text, or HTML where it begins with `<`.
    pub body: Template,
    /// `templateData`: names that the body sees beside the variables.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub data: Vec<Mapping>,
}

impl SystemTask {
    /// True where its work ends later: the outside answers, or a time comes.
    pub fn waits(&self) -> bool {
        match &self.work {
            Work::Command { name, .. } => name != SEND_FORM_ERRORS,
            Work::Http(_) | Work::GraphQl { .. } | Work::Email(_) | Work::Delay(_) => true,
            Work::JavaScript(_) | Work::Echo => false,
        }
    }

    /// Milliseconds to wait after the failed attempt number `tries` (from 1).
    pub fn backoff(&self, tries: u32) -> u64 {
        self.backoff_ms.saturating_mul(1 << tries.saturating_sub(1).min(20)).min(BACKOFF_MS_MAX)
    }

    /// The work as details name it.
    pub fn work_name(&self) -> &'static str {
        match self.work {
            Work::Http(_) => "http",
            Work::GraphQl { .. } => "graphql",
            Work::Email(_) => "email",
            Work::Command { .. } => "command",
            Work::JavaScript(_) => "javascript",
            Work::Delay(_) => "delay",
            Work::Echo => "echo",
        }
    }
}
