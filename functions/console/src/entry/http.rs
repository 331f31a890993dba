//! Calls to the identity provider: two addresses are read, one form is posted. Trusts the roots of the system, because a
//! provider may have a certificate of anybody; they are read at the first sign-in and not at the start.

use aws_smithy_runtime_api::client::http::{HttpConnector, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use std::sync::OnceLock;
use std::time::Duration;
use store::http::{Roots, connector};

const CONNECT: Duration = Duration::from_secs(2);
/// Of one call, its body included. A sign-in makes three at most, within the function's 15 s.
const CALL: Duration = Duration::from_secs(4);
const BODY_BYTES_MAX: usize = 256 * 1024;

/// Why a call gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    #[error("{0} is no address")]
    Address(String),
    #[error("no answer within {} s", CALL.as_secs())]
    Late,
    #[error("the connection failed: {0}")]
    Connection(String),
    #[error("it answered {status}: {detail}")]
    Status { status: u16, detail: String },
    #[error("its answer is longer than {BODY_BYTES_MAX} bytes")]
    TooLong,
    #[error("its answer cannot be read: {0}")]
    Unreadable(String),
}

/// The client; clones share its connections.
#[derive(Clone, Debug, Default)]
pub struct Http(OnceLock<SharedHttpConnector>);

impl Http {
    /// The body at an address.
    pub async fn get(&self, address: &str) -> Result<Vec<u8>, Failed> {
        let mut request = HttpRequest::new(SdkBody::empty());
        request.set_uri(address).map_err(|_| Failed::Address(address.to_owned()))?;
        request.headers_mut().insert("accept", "application/json");
        self.call(request).await
    }

    /// What a form is answered with. `authorization`: the header of a client that proves who it is.
    pub async fn post(&self, address: &str, form: String, authorization: Option<String>) -> Result<Vec<u8>, Failed> {
        let mut request = HttpRequest::new(SdkBody::from(form));
        request.set_method("POST").map_err(|_| Failed::Address(address.to_owned()))?;
        request.set_uri(address).map_err(|_| Failed::Address(address.to_owned()))?;
        request.headers_mut().insert("content-type", "application/x-www-form-urlencoded");
        request.headers_mut().insert("accept", "application/json");
        if let Some(authorization) = authorization {
            request.headers_mut().insert("authorization", authorization);
        }
        self.call(request).await
    }

    async fn call(&self, request: HttpRequest) -> Result<Vec<u8>, Failed> {
        let connector = self.0.get_or_init(|| connector(Roots::System, CONNECT));
        tokio::time::timeout(CALL, read(connector, request)).await.map_err(|_| Failed::Late)?
    }
}

async fn read(connector: &SharedHttpConnector, request: HttpRequest) -> Result<Vec<u8>, Failed> {
    let response = connector.call(request).await.map_err(|error| Failed::Connection(format!("{error:?}")))?;
    let status = response.status().as_u16();
    let mut stream = ByteStream::new(response.into_body());
    let mut body = Vec::new();
    while let Some(bytes) = stream.next().await {
        body.extend_from_slice(&bytes.map_err(|error| Failed::Connection(error.to_string()))?);
        if body.len() > BODY_BYTES_MAX {
            return Err(Failed::TooLong);
        }
    }
    if status != 200 {
        // Providers say what they refuse in a short document; it names no secret.
        let detail: String = String::from_utf8_lossy(&body).chars().filter(|c| !c.is_control()).take(200).collect();
        return Err(Failed::Status { status, detail });
    }
    Ok(body)
}
