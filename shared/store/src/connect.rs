//! Configuration of the AWS clients, once for a process. Sends nothing.

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use std::time::Duration;

/// A connection within a Region takes milliseconds; one that takes longer is tried again.
const CONNECT: Duration = Duration::from_secs(1);
/// The table answers in tens of milliseconds; one attempt waits for far more than its slowest answers.
const ATTEMPT: Duration = Duration::from_secs(3);
/// All attempts together stay within half of a function's 15 s.
const OPERATION: Duration = Duration::from_secs(7);
const ATTEMPTS_MAX: u32 = 3;

/// The AWS configuration of the environment with this product's time limits. Fetch it once during init and share it.
pub async fn aws_config() -> SdkConfig {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .operation_attempt_timeout(ATTEMPT)
        .operation_timeout(OPERATION)
        .build();
    let retries =
        RetryConfig::standard().with_max_attempts(ATTEMPTS_MAX).with_initial_backoff(Duration::from_millis(25));
    aws_config::defaults(BehaviorVersion::latest()).timeout_config(timeouts).retry_config(retries).load().await
}
