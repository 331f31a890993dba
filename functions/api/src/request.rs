//! One authenticated request: caller, path, query and body, with the limits every route shares.

use crate::Api;
use crate::body::BODY_BYTES_MAX;
use crate::json::Strict;
use crate::problem::{Problem, Shape};
use app::auth::Caller;
use app::clock;
use app::idempotency::{KEY_CHARS_MAX, RequestHash};
use domain::command::{Door, Origin};
use domain::permission::Permission;
use domain::time::Timestamp;
use lambda_http::request::RequestContext;
use lambda_http::{Body, Request, RequestExt, Response};
use serde_json::Value;

/// An authenticated request.
pub struct Call<'a> {
    pub api: &'a Api,
    pub caller: Caller,
    pub now: Timestamp,
    pub method: String,
    pub path: String,
    query: Vec<(String, String)>,
    address: Option<String>,
    idempotency_key: Option<String>,
    content_type: String,
    body: Vec<u8>,
}

/// A JSON answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
}

impl Answer {
    pub fn ok(body: Value) -> Answer {
        Answer { status: 200, body }
    }

    pub fn response(&self, shape: Shape) -> Response<Body> {
        let response = Response::builder().status(self.status).header("cache-control", "no-store");
        if self.status == 204 {
            return response.body(Body::Empty).expect("the headers are constants");
        }
        let problem = self.status >= 400 && shape == Shape::Problem;
        response
            .header("content-type", if problem { "application/problem+json" } else { "application/json" })
            .body(Body::from(self.body.to_string()))
            .expect("the headers are constants")
    }
}

impl<'a> Call<'a> {
    /// Authenticates a request.
    pub async fn new(api: &'a Api, request: Request) -> Result<Call<'a>, Problem> {
        let now = clock::now();
        let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let caller = api.authenticator.caller(header("authorization").as_deref(), now).await?;
        let caller = caller.ok_or_else(Problem::unauthorized)?;
        let query = request
            .query_string_parameters_ref()
            .map(|query| query.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
            .unwrap_or_default();
        let idempotency_key = header("idempotency-key");
        if idempotency_key.as_ref().is_some_and(|key| key.is_empty() || key.chars().count() > KEY_CHARS_MAX) {
            return Err(Problem::new(
                400,
                "INVALID_IDEMPOTENCY_KEY",
                format!("An Idempotency-Key has 1 to {KEY_CHARS_MAX} characters."),
            ));
        }
        let address = match request.request_context_ref() {
            Some(RequestContext::ApiGatewayV2(context)) => context.http.source_ip.clone(),
            _ => None,
        };
        let content_type = header("content-type").unwrap_or_default().to_ascii_lowercase();
        let (method, path) = (request.method().to_string(), request.raw_http_path().to_owned());
        let body = match request.into_body() {
            Body::Empty => Vec::new(),
            Body::Text(text) => text.into_bytes(),
            Body::Binary(bytes) => bytes,
            _ => Vec::new(),
        };
        if body.len() > BODY_BYTES_MAX {
            return Err(Problem::new(
                413,
                "TOO_LARGE",
                format!("The body has {} bytes; at most {BODY_BYTES_MAX} (4 MB) are accepted.", body.len()),
            ));
        }
        Ok(Call { api, caller, now, method, path, query, address, idempotency_key, content_type, body })
    }

    /// Where the call came from.
    pub fn origin(&self) -> Origin {
        Origin { door: Some(Door::Api), address: self.address.clone(), run: None }
    }

    /// Every name and value of the query, as given.
    pub fn queries(&self) -> &[(String, String)] {
        &self.query
    }

    /// Refuses with 403 what the caller may see but not do.
    pub fn require(&self, permission: Permission) -> Result<(), Problem> {
        if self.caller.may(permission) { Ok(()) } else { Err(Problem::forbidden(permission.as_str())) }
    }

    /// Refuses with 404 what the caller may not even see.
    pub fn require_visible(&self, permission: Permission, what: &str) -> Result<(), Problem> {
        if self.caller.may(permission) { Ok(()) } else { Err(Problem::not_found(what)) }
    }

    /// The only value of a query parameter, commas included.
    pub fn query_one(&self, name: &str) -> Result<Option<&str>, Problem> {
        let mut values = self.query.iter().filter(|(given, value)| given == name && !value.is_empty());
        let first = values.next().map(|(_, value)| value.as_str());
        match values.next() {
            Some(_) => Err(Problem::field(name, "GIVEN_TWICE", format!("{name} may be given once only."))),
            None => Ok(first),
        }
    }

    /// Refuses query parameters that the route does not know, so that a misspelt filter does not widen a list.
    pub fn known_query(&self, known: &[&str]) -> Result<(), Problem> {
        match self.query.iter().find(|(name, _)| !known.contains(&name.as_str())) {
            Some((name, _)) => {
                let shown: String = name.chars().take(100).collect();
                Err(Problem::field(
                    &shown,
                    "UNKNOWN_PARAMETER",
                    format!("There is no parameter \"{shown}\" here; known are {}.", known.join(", ")),
                ))
            }
            None => Ok(()),
        }
    }

    /// `limit` of a list: 1 to 100, 25 where it is missing.
    pub fn limit(&self) -> Result<usize, Problem> {
        match self.query_one("limit")? {
            None => Ok(25),
            Some(text) => {
                text.parse().ok().filter(|limit| (1..=100).contains(limit)).ok_or_else(|| {
                    Problem::field("limit", "OUT_OF_RANGE", "limit must be a whole number from 1 to 100.")
                })
            }
        }
    }

    /// The body as JSON; an empty one is null.
    pub fn json(&self) -> Result<Value, Problem> {
        if self.body.is_empty() {
            return Ok(Value::Null);
        }
        let json = self.content_type.split(';').next().is_some_and(|mime| {
            let mime = mime.trim();
            mime == "application/json" || mime.ends_with("+json")
        });
        if !json {
            return Err(Problem::new(415, "UNSUPPORTED_MEDIA_TYPE", "Send the body as application/json."));
        }
        let text = self.utf8()?;
        serde_json::from_str::<Strict>(text).map(|strict| strict.0).map_err(|error| {
            Problem::new(
                400,
                "MALFORMED",
                format!("The body is no valid JSON (line {}, column {}): {error}.", error.line(), error.column()),
            )
        })
    }

    /// The body as XML, still as bytes: its encoding is the reader's matter.
    pub fn xml(&self) -> Result<&[u8], Problem> {
        let mime = self.content_type.split(';').next().unwrap_or_default().trim();
        if matches!(mime, "application/xml" | "text/xml" | "application/bpmn+xml" | "application/octet-stream") {
            Ok(&self.body)
        } else {
            Err(Problem::new(415, "UNSUPPORTED_MEDIA_TYPE", "Send the BPMN file as application/xml."))
        }
    }

    fn utf8(&self) -> Result<&str, Problem> {
        std::str::from_utf8(&self.body).map_err(|error| {
            Problem::new(400, "NOT_UTF8", format!("The body is not UTF-8: see byte {}.", error.valid_up_to() + 1))
        })
    }

    /// The hash of the request, where it came with an `Idempotency-Key`.
    pub fn request_hash(&self, body: &Value) -> Option<RequestHash> {
        let key = self.idempotency_key.as_deref()?;
        Some(RequestHash::new(&self.caller, &self.method, &self.path, key, body))
    }

    /// The answer given before to the same request, if any.
    pub async fn replayed(&self, hash: Option<&RequestHash>) -> Result<Option<Answer>, Problem> {
        let Some(hash) = hash else { return Ok(None) };
        let Some(record) = self.api.app.store.idempotent(self.caller.tenant, &hash.request, self.now).await? else {
            return Ok(None);
        };
        if record.body_hash != hash.body {
            return Err(Problem::new(
                409,
                "IDEMPOTENCY_MISMATCH",
                "This Idempotency-Key was used with another body. Use a new key for a new request.",
            ));
        }
        Ok(Some(Answer { status: record.status, body: record.response }))
    }
}

impl Call<'_> {
    /// One page of a list whose cursor is a signed position: `fetch` gets limit and position and gives items and the
    /// next position; the answer's cursor is signed again.
    pub async fn list_page<T, F>(
        &self,
        question: &str,
        fetch: impl FnOnce(usize, Option<String>) -> F,
    ) -> Result<(Vec<T>, Option<String>), Problem>
    where
        F: Future<Output = Result<(Vec<T>, Option<String>), store::Error>>,
    {
        let secret = self.api.app.secret().await?;
        let (tenant, now) = (self.caller.tenant, self.now);
        let after = match self.query_one("cursor")? {
            None => None,
            Some(text) => {
                let position = app::link::cursor::verify(secret, tenant, question, text, now);
                Some(position.ok_or(app::Error::InvalidCursor)?)
            }
        };
        let (items, next) = fetch(self.limit()?, after).await?;
        let next = next.map(|position| app::link::cursor::sign(secret, tenant, question, &position, now));
        Ok((items, next))
    }
}
