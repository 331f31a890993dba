//! Refusals and failures as RFC 9457 problem documents: the only place of the API that pairs a reason with a status.

use app::Error;
pub use app::FieldProblem;
use domain::ids::InstanceKey;
use domain::rejection::Rejection;
use lambda_http::{Body, Response};
use serde_json::{Map, Value, json};
use std::borrow::Cow;

/// How refusals are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// RFC 9457.
    Problem,
    /// `{success: false, error: {code, message, details}}`
    Envelope,
}

impl Shape {
    /// Of the API that a path belongs to.
    pub fn of(path: &str) -> Shape {
        if path.starts_with("/api/") { Shape::Envelope } else { Shape::Problem }
    }
}

/// A problem document in the making.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    status: u16,
    code: Cow<'static, str>,
    detail: String,
    extra: Map<String, Value>,
    retry_after_s: Option<u32>,
}

impl Problem {
    pub fn new(status: u16, code: impl Into<Cow<'static, str>>, detail: impl Into<String>) -> Problem {
        let code = code.into();
        Problem { status, code, detail: detail.into(), extra: Map::new(), retry_after_s: None }
    }

    pub fn unauthorized() -> Problem {
        Problem::new(401, "UNAUTHORIZED", "Send a valid token in the header `Authorization: Bearer ...`.")
    }

    pub fn forbidden(permission: &str) -> Problem {
        Problem::new(403, "FORBIDDEN", format!("This needs the permission {permission}. Ask an administrator for it."))
    }

    /// Also what the caller may not see.
    pub fn not_found(what: &str) -> Problem {
        Problem::new(404, "NOT_FOUND", format!("There is no {what} at this address, or you may not see it."))
    }

    pub fn validation(errors: Vec<FieldProblem>) -> Problem {
        let detail = match errors.as_slice() {
            [one] => one.message.clone(),
            many => format!("{} fields cannot be accepted.", many.len()),
        };
        let errors: Vec<Value> = errors
            .into_iter()
            .map(|error| json!({ "field": error.field, "code": error.code, "message": error.message }))
            .collect();
        Problem::new(422, "VALIDATION_FAILED", detail).with("errors", Value::Array(errors))
    }

    pub fn field(field: &str, code: &'static str, message: impl Into<String>) -> Problem {
        Problem::validation(vec![FieldProblem { field: field.to_owned(), code, message: message.into() }])
    }

    /// A command that was carried out and ended in an incident.
    pub fn failed(instance: InstanceKey, code: &str, message: &str) -> Problem {
        let problem = Problem::new(422, code.to_owned(), message);
        problem.with("instanceKey", json!(instance)).with("instanceStatus", "ERROR".into())
    }

    pub fn with(mut self, name: &str, value: Value) -> Problem {
        self.extra.insert(name.to_owned(), value);
        self
    }

    pub fn status(&self) -> u16 {
        self.status
    }

    pub fn body(&self) -> Value {
        let mut body = Map::new();
        body.insert("type".to_owned(), "about:blank".into());
        body.insert("title".to_owned(), title(self.status).into());
        body.insert("status".to_owned(), self.status.into());
        body.insert("code".to_owned(), self.code.as_ref().into());
        body.insert("detail".to_owned(), self.detail.clone().into());
        body.extend(self.extra.clone());
        Value::Object(body)
    }

    /// The same in BankLingo's envelope.
    pub fn envelope(&self) -> Value {
        let details = match self.extra.get("errors") {
            Some(errors) => errors.clone(),
            None if self.extra.is_empty() => Value::Null,
            None => Value::Object(self.extra.clone()),
        };
        json!({ "success": false, "error": { "code": self.code, "message": self.detail, "details": details } })
    }

    pub fn response(&self, shape: Shape) -> Response<Body> {
        let (content_type, body) = match shape {
            Shape::Problem => ("application/problem+json", self.body()),
            Shape::Envelope => ("application/json", self.envelope()),
        };
        let mut response = Response::builder()
            .status(self.status)
            .header("content-type", content_type)
            .header("cache-control", "no-store");
        if self.status == 401 {
            response = response.header("www-authenticate", "Bearer");
        }
        if let Some(seconds) = self.retry_after_s {
            response = response.header("retry-after", seconds);
        }
        response.body(Body::from(body.to_string())).expect("the headers are constants")
    }
}

fn title(status: u16) -> &'static str {
    match status {
        400 => "Malformed request",
        401 => "No valid token",
        403 => "Not allowed",
        404 => "Not found",
        405 => "Method not allowed",
        409 => "Wrong state",
        413 => "Too large",
        415 => "Wrong content type",
        422 => "Does not validate",
        429 => "Too many requests",
        503 => "Try again",
        _ => "Something went wrong",
    }
}

impl From<Rejection> for Problem {
    fn from(rejection: Rejection) -> Problem {
        let (code, detail) = (rejection.code(), sentence(&rejection.to_string()));
        match rejection {
            Rejection::NotFound { what } => Problem::not_found(what),
            Rejection::InvalidState { state, .. } => Problem::new(409, code, detail).with("state", Value::from(state)),
            Rejection::InstanceInError => Problem::new(409, code, detail).with("state", "ERROR".into()),
            Rejection::AlreadyDone | Rejection::TooEarly { .. } | Rejection::NotInDeployed { .. } => {
                Problem::new(409, code, detail)
            }
            Rejection::InvalidInput { field, code, message } => Problem::field(&field, code, message),
            Rejection::Limit { .. } => Problem::new(422, code, detail),
            Rejection::CommandWanted(_) | Rejection::Retry => {
                Problem { retry_after_s: Some(1), ..Problem::new(503, code, detail) }
            }
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Problem {
        match error {
            Error::Rejected(rejection) => rejection.into(),
            Error::Store(error) => error.into(),
            Error::NoDefinition { .. } => Problem::not_found("definition"),
            Error::Forbidden { permission } => Problem::forbidden(permission.as_str()),
            Error::Invalid(problems) => Problem::validation(problems),
            Error::InvalidCursor => Problem::new(
                400,
                "INVALID_CURSOR",
                "This cursor belongs to another list or is older than a day. Start again without a cursor.",
            ),
            Error::NotReady => Problem {
                retry_after_s: Some(1),
                ..Problem::new(503, "UNAVAILABLE", "The service is not ready. Nothing was changed; try again.")
            },
            Error::Busy | Error::IdempotencyTaken => Problem {
                retry_after_s: Some(1),
                ..Problem::new(503, "BUSY", "Others are changing the same instance. Nothing was changed; try again.")
            },
        }
    }
}

impl From<store::Error> for Problem {
    fn from(error: store::Error) -> Problem {
        match error {
            store::Error::TooLarge { .. } => Problem::new(422, "TOO_LARGE", sentence(&error.to_string())),
            store::Error::Throttled => Problem {
                retry_after_s: Some(2),
                ..Problem::new(
                    429,
                    "TOO_MANY_REQUESTS",
                    "Too many requests. Nothing was changed; try again in 2 seconds.",
                )
            },
            store::Error::Conflict
            | store::Error::KeyTaken
            | store::Error::IdempotencyTaken
            | store::Error::NothingToCommit
            | store::Error::Corrupt { .. }
            | store::Error::Other { .. } => {
                tracing::error!(%error, "the store failed");
                Problem {
                    retry_after_s: Some(2),
                    ..Problem::new(
                        503,
                        "UNAVAILABLE",
                        "The table did not answer. Try again with the same Idempotency-Key.",
                    )
                }
            }
        }
    }
}

/// First letter capital, a full stop at the end.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_uppercase().collect::<String>()).unwrap_or_default();
    let text = format!("{first}{}", chars.as_str());
    if text.ends_with('.') { text } else { format!("{text}.") }
}
