//! Works on bulk runs: one command after the other, in order. Must not decide about a run or put messages on a queue.

// The SDK's futures nest deeper than the compiler's default limit.
#![recursion_limit = "256"]

mod handler;

use app::bulk_runs::worker::{Time, Worker};
use app::config::BulkConfig;
use app::{App, clock, telemetry};
use domain::time::Timestamp;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use script::QuickJs;
use serde_json::Value;
use std::time::Duration;
use store::Store;

/// Time kept free before the function's own end: a task that was begun is finished and recorded.
const RESERVE_MS: i64 = 4_000;

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
    let app = App { store: Store::with_config(&store::function_config(), config.table), secret: None };
    let worker = Worker::new(app, config.pace_percent);
    let scripts = QuickJs::default();
    run(service_fn(async |event: LambdaEvent<Value>| {
        let end = i64::try_from(event.context.deadline).unwrap_or(i64::MAX);
        let until = Timestamp::from_millis(end.saturating_sub(RESERVE_MS));
        Ok::<Value, Error>(handler::handle(&worker, &scripts, &Machine, until, &event.payload).await)
    }))
    .await
}
