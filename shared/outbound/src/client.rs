//! The HTTP client: one connection for one request, to an address that its resolver checked. Follows no redirect, asks no
//! proxy, keeps nothing.

use crate::resolver::Checked;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as Hyper;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::{ClientConfig, RootCertStore, crypto};
use std::sync::Arc;

/// A client whose names are resolved by one [`Checked`].
#[derive(Clone, Debug)]
pub(crate) struct Client(Hyper<HttpsConnector<HttpConnector<Checked>>, SdkBody>);

impl Client {
    /// Trusts the roots of the system, because a server may have a certificate of anybody.
    pub fn new(resolver: Checked) -> Client {
        let mut tcp = HttpConnector::new_with_resolver(resolver);
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        let https =
            HttpsConnectorBuilder::new().with_tls_config(tls()).https_or_http().enable_http1().wrap_connector(tcp);
        // A connection that was kept would have been checked for another call.
        Client(Hyper::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build(https))
    }

    pub async fn call(&self, request: HttpRequest) -> Result<HttpResponse, Box<dyn std::error::Error + Send + Sync>> {
        let answer = self.0.request(request.try_into_http1x()?).await?;
        Ok(HttpResponse::try_from(answer.map(SdkBody::from_body_1_x))?)
    }
}

fn tls() -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    ClientConfig::builder_with_provider(Arc::new(crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the library's own suites serve its own versions")
        .with_root_certificates(roots)
        .with_no_client_auth()
}
