//! Actions of system tasks as they cross the border: the request that is rendered when a task is reached, the answer
//! that comes back, and the job that keeps both for people. Sends nothing.

mod shown;

pub use shown::{MASK, shown_address, shown_body, shown_header};

use crate::ids::{ElementNumber, InstanceKey};
use crate::notification::Email;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Bytes of one rendered request at most.
pub const REQUEST_BYTES_MAX: usize = 128 * 1024;
/// Characters of an answer that are kept for people; the process gets the whole of it.
pub const SHOWN_CHARS_MAX: usize = 8_000;
/// Recipients of one mail at most.
pub const RECIPIENTS_MAX: usize = 50;

/// In place of the number of an attempt: a script ordered the action and nobody waits for its end.
pub const UNAWAITED: u32 = 0;

/// What an action asks of the outside, rendered from the variables when the task was reached.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum ActionRequest {
    /// An HTTP request.
    Http(HttpRequest),
    /// A command of the tenant's registry: an HTTP endpoint that the tenant's record names.
    #[serde(rename_all = "camelCase")]
    Command {
        /// Its name.
        name: String,
        /// What it is given.
        arguments: Value,
        /// Milliseconds its answer is waited for.
        timeout_ms: u64,
    },
    /// One mail to each recipient.
    Email(MailRequest),
}

/// An HTTP request. Credentials are named, never held.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HttpRequest {
    /// GET, POST, PUT, PATCH, DELETE or HEAD.
    pub method: String,
    /// The whole address.
    pub url: String,
    /// Header fields.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
    /// The body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// Name of the secret with the credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credentials: Option<String>,
    /// Milliseconds the answer is waited for.
    pub timeout_ms: u64,
}

/// A mail.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MailRequest {
    /// Each gets a mail of its own.
    pub to: Vec<Email>,
    /// One line.
    pub subject: String,
    /// Text part.
    pub text: String,
    /// HTML part.
    pub html: String,
}

/// What the outside answered.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// An HTTP answer of any status.
    Http(HttpAnswer),
    /// The mail service took the mails.
    Mail {
        /// Its ids, in the order of the recipients.
        message_ids: Vec<String>,
    },
}

/// An HTTP answer.
#[derive(Clone, Debug, PartialEq)]
pub struct HttpAnswer {
    /// Status.
    pub status: u16,
    /// Header fields, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body as text.
    pub body: String,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Trouble {
    /// Stable code: HTTP_TIMEOUT, HTTP_CONNECT, MAIL_REJECTED and so on.
    pub code: &'static str,
    /// A sentence for the operator, without secrets.
    pub message: String,
    /// Another attempt may succeed.
    pub again: bool,
}

/// The idempotency key that an attempt sends outside: the same however often the attempt itself is repeated.
pub fn idempotency_key(instance: InstanceKey, element: ElementNumber, attempt: u32) -> String {
    format!("{instance}/{}/{attempt}", element.0)
}

/// What a command changes of the jobs that are kept beside an instance for people and for whoever carries them out.
#[derive(Clone, Debug, PartialEq)]
pub enum JobChange {
    /// An action was ordered, the first time or by an operator's retry.
    Ordered {
        /// The element instance that waits; a number of its own where a script ordered it.
        element: ElementNumber,
        /// BPMN id of the element.
        activity: String,
        /// Number of its first attempt, or [`UNAWAITED`].
        attempt: u32,
        /// What is asked.
        request: Box<ActionRequest>,
    },
    /// An attempt ended.
    Ended {
        /// The element instance.
        element: ElementNumber,
        /// How.
        attempt: AttemptRecord,
    },
}

/// What is kept of one attempt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AttemptRecord {
    /// Its number, from 1 and over all retries.
    pub attempt: u32,
    /// When it ended.
    pub at: Timestamp,
    /// HTTP status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Error code; none where it succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What went wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// When the next attempt begins by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_at: Option<Timestamp>,
    /// The beginning of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response: Option<String>,
}

/// Header fields that belong to the connection or say who is called: nobody but the client writes them.
pub const CONNECTION_HEADERS: [&str; 10] = [
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "te",
    "trailer",
    "upgrade",
    "expect",
    "proxy-authorization",
];

/// Header fields whose values only the called server may see.
pub fn is_secret_header(name: &str) -> bool {
    const PARTS: [&str; 11] = [
        "authorization",
        "cookie",
        "token",
        "secret",
        "password",
        "passwd",
        "api-key",
        "apikey",
        "private-key",
        "privatekey",
        "signature",
    ];
    let lower = name.to_ascii_lowercase();
    // X-Auth, X-Auth-Key, X-Authentication, but not X-Author.
    let proves_who_calls = |rest: &str| !rest.starts_with("or");
    PARTS.iter().any(|part| lower.contains(part))
        || lower.strip_prefix("x-auth").is_some_and(proves_who_calls)
        || has_secret_word(name)
}

/// Words so short that they stand inside others, as `pin` in `shipping`: they count as whole words of a name only, in
/// `pin`, `card_pin`, `cardPin` and `PIN2`.
fn has_secret_word(name: &str) -> bool {
    const WORDS: [&str; 5] = ["bearer", "cvv", "cvc", "pin", "sig"];
    let (mut word, mut after_lower) = (String::new(), false);
    name.chars().chain([' ']).any(|c| {
        let ends = !c.is_alphabetic() || (after_lower && c.is_uppercase());
        let found = ends && (WORDS.contains(&word.as_str()) || word.ends_with("pwd"));
        if ends {
            word.clear();
        }
        if c.is_alphabetic() {
            word.push(c.to_ascii_lowercase());
        }
        after_lower = c.is_lowercase();
        found
    })
}
