//! What a route answers with, as a response: headers, cookies, compression. Decides nothing about content.

use flate2::Compression;
use flate2::write::GzEncoder;
use lambda_http::{Body, Response};
use serde_json::Value;
use std::io::Write;
use web::console::assets::Asset;

/// Nothing of another host, nothing inline, no frame around it.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; \
                      connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
/// Shorter answers do not gain by compression.
const COMPRESS_FROM_BYTES: usize = 1_000;

/// What a route answers with.
pub enum Answer {
    /// A whole page.
    Page(u16, String),
    /// A piece of a page that a script asked for.
    Part(u16, String),
    /// 303 to a path of the console.
    SeeOther(String),
    /// What scripts read.
    Json(u16, Value),
    /// A file; `name` where it is to be kept rather than shown.
    Bytes { content_type: &'static str, name: Option<String>, bytes: Vec<u8> },
    /// An embedded file.
    Asset(&'static Asset),
    /// Any of the others with cookies, or with a header such as `Refresh`.
    With(Box<Answer>, Vec<(&'static str, String)>),
}

impl Answer {
    /// 200 with a page.
    pub fn page(html: String) -> Answer {
        Answer::Page(200, html)
    }

    /// The same with one more header.
    #[must_use]
    pub fn with(self, name: &'static str, value: impl Into<String>) -> Answer {
        match self {
            Answer::With(answer, mut headers) => {
                headers.push((name, value.into()));
                Answer::With(answer, headers)
            }
            Answer::Page(..)
            | Answer::Part(..)
            | Answer::SeeOther(_)
            | Answer::Json(..)
            | Answer::Bytes { .. }
            | Answer::Asset(_) => Answer::With(Box::new(self), vec![(name, value.into())]),
        }
    }

    /// The answer and its further headers.
    fn parted(self) -> (Answer, Vec<(&'static str, String)>) {
        if let Answer::With(answer, extra) = self { (*answer, extra) } else { (self, Vec::new()) }
    }

    /// The response. `gzip`: the browser reads compressed answers; `head`: it wants no body.
    pub fn response(self, gzip: bool, head: bool) -> Response<Body> {
        let (answer, extra) = self.parted();
        let mut keep = "no-store";
        let mut response = Response::builder();
        let mut packed = false;
        let (status, content_type, bytes) = match answer {
            Answer::Page(status, html) | Answer::Part(status, html) => {
                (status, "text/html; charset=utf-8", html.into_bytes())
            }
            Answer::Json(status, value) => (status, "application/json", value.to_string().into_bytes()),
            Answer::SeeOther(location) => {
                response = response.header("location", location);
                (303, "text/html; charset=utf-8", Vec::new())
            }
            Answer::Bytes { content_type, name, bytes } => {
                if let Some(name) = name {
                    let name: String =
                        name.chars().filter(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c)).collect();
                    response = response.header("content-disposition", format!("attachment; filename=\"{name}\""));
                }
                (200, content_type, bytes)
            }
            Answer::Asset(asset) => {
                keep = "public, max-age=31536000, immutable";
                packed = gzip;
                (200, asset.content_type, if gzip { asset.gzip.to_vec() } else { asset.bytes() })
            }
            Answer::With(..) => (500, "text/html; charset=utf-8", Vec::new()),
        };
        response = response
            .status(status)
            .header("content-type", content_type)
            .header("cache-control", keep)
            .header("content-security-policy", POLICY)
            .header("referrer-policy", "same-origin")
            .header("x-robots-tag", "noindex, nofollow")
            .header("x-content-type-options", "nosniff")
            .header("x-frame-options", "DENY")
            .header("cross-origin-opener-policy", "same-origin")
            .header("cross-origin-resource-policy", "same-origin")
            .header("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=()")
            .header("strict-transport-security", "max-age=31536000")
            .header("vary", "accept-encoding");
        for (name, value) in extra {
            response = response.header(name, value);
        }
        let small = if gzip && !packed && bytes.len() >= COMPRESS_FROM_BYTES { compressed(&bytes) } else { None };
        if packed || small.is_some() {
            response = response.header("content-encoding", "gzip");
        }
        let bytes = small.unwrap_or(bytes);
        let body = match (head, String::from_utf8(bytes)) {
            (true, _) => Body::Empty,
            (false, Ok(text)) => Body::Text(text),
            (false, Err(error)) => Body::Binary(error.into_bytes()),
        };
        response.body(body).unwrap_or_else(|error| {
            // A header value that no header can carry: the address of a redirect.
            tracing::error!(%error, "an answer has an impossible header");
            let mut response = Response::new(Body::Empty);
            *response.status_mut() = lambda_http::http::StatusCode::INTERNAL_SERVER_ERROR;
            response
        })
    }
}

fn compressed(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 4), Compression::fast());
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok()
}
