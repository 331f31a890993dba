//! HTTP/1.1 over TLS, for the clients of AWS and for whoever else a function has to call. Knows no service and no time
//! limit but that of connecting. The SDK's own client also speaks HTTP/2 and to proxies; DynamoDB and the others answer
//! in HTTP/1.1, and what is never spoken was a twentieth of each binary.

use aws_smithy_runtime_api::client::connection::{CaptureSmithyConnection, ConnectionMetadata};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::{CaptureConnection, HttpConnector as Tcp, capture_connection};
use hyper_util::client::legacy::{Client, Error};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore, crypto};
use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

/// Whose certificates a server may show.
#[derive(Debug, Clone, Copy)]
pub enum Roots {
    /// Those of this PEM file.
    Pem(&'static [u8]),
    /// The system's, or the ones `SSL_CERT_FILE` and `SSL_CERT_DIR` name. Reading them takes milliseconds.
    System,
}

/// A connector with connections of its own; its clones share them. `connect`: how long to wait for TCP.
pub fn connector(roots: Roots, connect: Duration) -> SharedHttpConnector {
    let mut tcp = Tcp::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(connect));
    let https =
        HttpsConnectorBuilder::new().with_tls_config(tls(roots)).https_or_http().enable_http1().wrap_connector(tcp);
    let client = Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).build(https);
    SharedHttpConnector::new(Https(client))
}

/// A client of the SDK with that connector: one for every call, where the SDK would make one for each of its clients.
pub fn client(roots: Roots, connect: Duration) -> SharedHttpClient {
    let connector = connector(roots, connect);
    http_client_fn(move |_, _| connector.clone())
}

fn tls(roots: Roots) -> ClientConfig {
    ClientConfig::builder_with_provider(Arc::new(crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the library's own suites serve its own versions")
        .with_root_certificates(trusted(roots))
        .with_no_client_auth()
}

/// A system may have certificates that cannot be read: they are left out. Without any, each call says so.
fn trusted(roots: Roots) -> RootCertStore {
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(match roots {
        Roots::Pem(pem) => CertificateDer::pem_slice_iter(pem).flatten().collect(),
        Roots::System => rustls_native_certs::load_native_certs().certs,
    });
    store
}

#[derive(Debug)]
struct Https(Client<HttpsConnector<Tcp>, SdkBody>);

impl HttpConnector for Https {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let mut request = match request.try_into_http1x() {
            Ok(request) => request,
            Err(error) => return HttpConnectorFuture::ready(Err(ConnectorError::user(error.into()))),
        };
        let used = capture_connection(&mut request);
        if let Some(capture) = request.extensions().get::<CaptureSmithyConnection>() {
            capture.set_connection_retriever(move || connection(&used));
        }
        let answer = self.0.request(request);
        HttpConnectorFuture::new(async move {
            let answer = answer.await.map_err(failure)?;
            HttpResponse::try_from(answer.map(SdkBody::from_body_1_x))
                .map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

/// What the SDK gives up a connection with, after an answer that says the server is not well.
fn connection(used: &CaptureConnection) -> Option<ConnectionMetadata> {
    let used = used.clone();
    used.connection_metadata().as_ref()?;
    let poison = move || {
        if let Some(connected) = used.connection_metadata().as_ref() {
            connected.poison();
        }
    };
    Some(ConnectionMetadata::builder().proxied(false).poison_fn(poison).build())
}

/// The SDK tries again after all but what our own side did wrong and what is no HTTP.
fn failure(error: Error) -> ConnectorError {
    let cause = error.source().and_then(|cause| cause.downcast_ref::<hyper::Error>());
    match cause {
        Some(cause) if cause.is_user() => ConnectorError::user(error.into()),
        Some(cause) if cause.is_parse() => ConnectorError::other(error.into(), None),
        Some(cause) if cause.is_timeout() => ConnectorError::timeout(error.into()),
        _ => ConnectorError::io(error.into()),
    }
}

#[cfg(test)]
mod tests;
