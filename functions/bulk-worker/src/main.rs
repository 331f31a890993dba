//! Works on bulk runs, one command after the other, and on exports, one step after the other. Must not decide about a run
//! or put messages on a queue.

// The SDK's futures nest deeper than the compiler's default limit.
#![recursion_limit = "256"]

mod export;
mod handler;

use app::bulk_runs::worker::{Time, Worker};
use app::config::BulkConfig;
use app::{App, clock, telemetry};
use aws_config::SdkConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use domain::time::Timestamp;
use export::Bucket;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use script::QuickJs;
use serde_json::Value;
use std::sync::LazyLock;
use std::time::Duration;
use store::Store;

/// Time kept free before the function's own end: a task that was begun is finished and recorded.
const RESERVE_MS: i64 = 4_000;

/// A part of a file takes longer than an answer of the table.
const PART: Duration = Duration::from_secs(6);

/// A client of S3 with its own time limits. The local installation knows its buckets by path.
fn s3(aws: &SdkConfig) -> Client {
    let timeouts = TimeoutConfig::builder().operation_attempt_timeout(PART).operation_timeout(PART * 2).build();
    let config = aws_sdk_s3::config::Builder::from(aws).timeout_config(timeouts);
    Client::from_conf(config.force_path_style(aws.endpoint_url().is_some()).build())
}

/// The clock of the machine.
struct Machine;

impl Time for Machine {
    fn now(&self) -> Timestamp {
        clock::now()
    }

    async fn until(&self, at: Timestamp) {
        let wait_ms = u64::try_from(at.as_millis() - clock::now().as_millis()).unwrap_or(0);
        tokio::time::sleep(Duration::from_millis(wait_ms)).await;
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let config = BulkConfig::from_env()?;
    let aws = store::function_config();
    let app = App { store: Store::with_config(&aws, config.table), secret: None, commands: None };
    let bucket = Bucket { client: LazyLock::new(Box::new(move || s3(&aws))), name: config.export_bucket };
    let worker = Worker::new(app.clone(), config.pace_percent);
    let scripts = QuickJs::default();
    run(service_fn(async |event: LambdaEvent<Value>| {
        let end = i64::try_from(event.context.deadline).unwrap_or(i64::MAX);
        let until = Timestamp::from_millis(end.saturating_sub(RESERVE_MS));
        let (exports, runs) = export::split(&event.payload);
        let answer = handler::handle(&worker, &scripts, &Machine, until, &runs).await;
        Ok::<Value, Error>(export::handle(&app, &bucket, &Machine, until, (exports, answer)).await)
    }))
    .await
}
