//! Configuration of the AWS clients, once for a process. Reads what AWS itself puts into the environment; sends nothing.

pub mod http;

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{SharedCredentialsProvider, SharedHttpClient};
use aws_smithy_runtime_api::client::http::SharedHttpConnector;
use http::Roots;
use std::time::Duration;

/// A connection within a Region takes milliseconds; one that takes longer is tried again.
const CONNECT: Duration = Duration::from_secs(1);
/// The table answers in tens of milliseconds; one attempt waits for far more than its slowest answers.
const ATTEMPT: Duration = Duration::from_secs(3);
/// All attempts together stay within half of a function's 15 s.
const OPERATION: Duration = Duration::from_secs(7);
const ATTEMPTS_MAX: u32 = 3;
/// The roots of Amazon Trust Services, which AWS names as those its endpoints need. Reading the system's 140 and more
/// was half of a function's start.
const ROOTS: &[u8] = include_bytes!("connect/roots.pem");
/// Whoever sets one of these (a proxy with its own root, a partition with other ones) gets the roots found there.
const OTHER_ROOTS: [&str; 2] = ["SSL_CERT_FILE", "SSL_CERT_DIR"];

/// The AWS configuration of a function: region and credentials as Lambda puts them into its environment, and this
/// product's time limits. Make it once during init and share it: the clients made of it share one HTTP client too.
/// The default chain of the SDK is not asked: it reads profile files at each start and links four more clients.
pub fn function_config() -> SdkConfig {
    let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(variable("AWS_REGION").map(Region::new))
        .credentials_provider(SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new()))
        .http_client(http_client())
        .timeout_config(timeouts())
        .retry_config(retries());
    if let Some(endpoint) = variable("AWS_ENDPOINT_URL") {
        config = config.endpoint_url(endpoint);
    }
    config.build()
}

/// The AWS configuration of an operator's machine: profiles, single sign-on and whatever else the SDK looks for.
pub async fn aws_config() -> SdkConfig {
    aws_config::defaults(BehaviorVersion::latest())
        .http_client(http_client())
        .timeout_config(timeouts())
        .retry_config(retries())
        .load()
        .await
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .operation_attempt_timeout(ATTEMPT)
        .operation_timeout(OPERATION)
        .build()
}

fn retries() -> RetryConfig {
    RetryConfig::standard().with_max_attempts(ATTEMPTS_MAX).with_initial_backoff(Duration::from_millis(25))
}

fn http_client() -> SharedHttpClient {
    http::client(roots(), CONNECT)
}

/// A connector to AWS for a call that has no client of the SDK.
pub fn aws_connector() -> SharedHttpConnector {
    http::connector(roots(), CONNECT)
}

fn roots() -> Roots {
    let other = OTHER_ROOTS.iter().any(|name| std::env::var_os(name).is_some());
    if other { Roots::System } else { Roots::Pem(ROOTS) }
}
