//! One request: its hops, its time, the size of its answer. Follows no redirect that was not checked like the first address.

use crate::client::Client;
use crate::credentials::Credentials;
use crate::resolver::{Checked, NotPublic, Resolve};
use crate::target::{Local, Target};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest as Wire, HttpResponse};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use domain::action::{CONNECTION_HEADERS, HttpAnswer, HttpRequest, Trouble, is_secret_header};
use domain::outbound::Outbound;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// Bytes of an answer at most.
pub const BODY_BYTES_MAX: usize = 256 * 1024;
/// Redirects followed at most, each checked like the first address.
pub const REDIRECTS_MAX: usize = 5;
/// Header fields of an answer that are kept at most, and bytes of each.
const HEADERS_MAX: usize = 64;
const HEADER_BYTES_MAX: usize = 1_024;

/// Makes requests. Clones share the clients.
#[derive(Clone, Debug)]
pub struct Caller {
    local: Local,
    resolver: Arc<dyn Resolve>,
    clients: Arc<[OnceLock<Client>; 2]>,
}

/// What one request may do.
struct Leave<'a> {
    outbound: &'a Outbound,
    credentials: Option<&'a Credentials>,
    idempotency_key: &'a str,
}

impl Caller {
    /// `local`: what the installation allows on its own machine.
    pub fn new(local: Local, resolver: Arc<dyn Resolve>) -> Caller {
        Caller { local, resolver, clients: Arc::default() }
    }

    /// Carries out a request within its time. An answer of any status is an answer.
    ///
    /// # Errors
    /// [`Trouble`] with the codes HTTP_REFUSED (an address that may not be called), HTTP_TIMEOUT, HTTP_CONNECT,
    /// HTTP_TOO_LARGE.
    pub async fn call(
        &self,
        request: &HttpRequest,
        outbound: &Outbound,
        credentials: Option<&Credentials>,
        idempotency_key: &str,
    ) -> Result<HttpAnswer, Trouble> {
        let leave = Leave { outbound, credentials, idempotency_key };
        let limit = Duration::from_millis(request.timeout_ms);
        match tokio::time::timeout(limit, self.hops(request, &leave)).await {
            Ok(answer) => answer,
            Err(_) => {
                let message = format!("there was no whole answer within {} ms", request.timeout_ms);
                Err(Trouble { code: "HTTP_TIMEOUT", message, again: true })
            }
        }
    }

    async fn hops(&self, request: &HttpRequest, leave: &Leave<'_>) -> Result<HttpAnswer, Trouble> {
        let first = Target::parse(&request.url).map_err(|error| refused(error.to_string()))?;
        if leave.credentials.is_some_and(|credentials| credentials.header(&first).is_none()) {
            return Err(refused(format!("the credentials are for another host than {}", first.host)));
        }
        let (mut target, mut method, mut body) = (first.clone(), request.method.clone(), request.body.clone());
        for _ in 0..=REDIRECTS_MAX {
            let wire = build(request, &target, &first, &method, body.as_deref(), leave)?;
            let response = self.hop(&target, wire, leave).await?;
            let status = response.status().as_u16();
            let location = response.headers().get("location").map(str::to_owned);
            let Some(location) = location.filter(|_| matches!(status, 301 | 302 | 303 | 307 | 308)) else {
                return read(response, leave.credentials).await;
            };
            target = target.join(&location).map_err(|error| refused(error.to_string()))?;
            if matches!(status, 301..=303) && method != "HEAD" {
                (method, body) = ("GET".to_owned(), None);
            }
        }
        Err(refused(format!("there were more than {REDIRECTS_MAX} redirects")))
    }

    async fn hop(&self, target: &Target, wire: Wire, leave: &Leave<'_>) -> Result<HttpResponse, Trouble> {
        if !target.is_listed(leave.outbound) {
            let Target { scheme, host, port, .. } = target;
            return Err(refused(format!("{scheme}://{host}:{port} is not on the tenant's list of hosts")));
        }
        let local = self.local.names(target);
        let checked = Checked { inner: self.resolver.clone(), local };
        // An address needs no resolver, so the client would not ask ours.
        if target.literal().is_some_and(|address| !checked.accepts(address)) {
            return Err(refused(NotPublic.to_string()));
        }
        // Not encrypted only where the list says so, which was checked.
        let client = self.clients[usize::from(local)].get_or_init(|| Client::new(checked));
        client.call(wire).await.map_err(|error| {
            if is_not_public(&*error) {
                return refused(NotPublic.to_string());
            }
            tracing::info!(host = %target.host, error = ?error, "a call failed");
            Trouble {
                code: "HTTP_CONNECT",
                message: format!("there was no connection to {}:{}", target.host, target.port),
                again: true,
            }
        })
    }
}

fn refused(message: String) -> Trouble {
    Trouble { code: "HTTP_REFUSED", message, again: false }
}

/// Whether our own resolver refused somewhere behind this error.
fn is_not_public(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut error = Some(error);
    while let Some(inner) = error {
        if inner.is::<NotPublic>() {
            return true;
        }
        error = inner.source();
    }
    false
}

fn build(
    request: &HttpRequest,
    target: &Target,
    first: &Target,
    method: &str,
    body: Option<&str>,
    leave: &Leave<'_>,
) -> Result<Wire, Trouble> {
    let invalid = |what: &str| refused(format!("the request has {what} that cannot be sent"));
    let mut wire = Wire::new(body.map_or_else(SdkBody::empty, |body| SdkBody::from(body.to_owned())));
    wire.set_method(method).map_err(|_| invalid("a method"))?;
    wire.set_uri(target.url()).map_err(|_| invalid("an address"))?;
    let elsewhere = target.origin() != first.origin();
    let mut headers = vec![
        ("user-agent".to_owned(), "Countersign".to_owned()),
        ("accept".to_owned(), "application/json, text/*;q=0.9, */*;q=0.5".to_owned()),
        ("idempotency-key".to_owned(), leave.idempotency_key.to_owned()),
    ];
    for (name, value) in &request.headers {
        let name = name.to_ascii_lowercase();
        let about_body = body.is_none() && name.starts_with("content-");
        let kept_back = elsewhere && is_secret_header(&name);
        if CONNECTION_HEADERS.contains(&name.as_str()) || about_body || kept_back {
            continue;
        }
        headers.retain(|(other, _)| *other != name);
        headers.push((name, value.clone()));
    }
    if let Some((name, value)) = leave.credentials.and_then(|credentials| credentials.header(target)) {
        headers.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
        headers.push((name.to_ascii_lowercase(), value.to_owned()));
    }
    for (name, value) in headers {
        wire.headers_mut().try_insert(name, value).map_err(|_| invalid("a header"))?;
    }
    Ok(wire)
}

async fn read(response: HttpResponse, credentials: Option<&Credentials>) -> Result<HttpAnswer, Trouble> {
    let status = response.status().as_u16();
    let mask = |text: &str| credentials.map_or_else(|| text.to_owned(), |credentials| credentials.mask(text));
    let headers = response
        .headers()
        .iter()
        // What a server sets for its own sessions is nobody else's.
        .filter(|(name, value)| !is_secret_header(name) && value.len() <= HEADER_BYTES_MAX)
        .take(HEADERS_MAX)
        .map(|(name, value)| (name.to_ascii_lowercase(), mask(value)))
        .collect();
    let mut stream = ByteStream::new(response.into_body());
    let mut body = Vec::new();
    while let Some(bytes) = stream.next().await {
        body.extend_from_slice(&bytes.map_err(|error| {
            tracing::info!(%error, "an answer broke off");
            Trouble { code: "HTTP_CONNECT", message: "the answer broke off".to_owned(), again: true }
        })?);
        if body.len() > BODY_BYTES_MAX {
            let message = format!("the answer is longer than {BODY_BYTES_MAX} bytes");
            return Err(Trouble { code: "HTTP_TOO_LARGE", message, again: false });
        }
    }
    Ok(HttpAnswer { status, headers, body: mask(&String::from_utf8_lossy(&body)) })
}
