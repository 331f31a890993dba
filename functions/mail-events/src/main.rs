//! What SES reports of mails: one plain update each, and one command where a person must look. Must not send mail.

// The SDK's futures nest deeper than the compiler's default limit.
#![recursion_limit = "256"]

mod handler;
mod receipt;

use app::config::TableConfig;
use app::{App, clock, telemetry};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;
use store::Store;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let config = TableConfig::from_env()?;
    let app = App { store: Store::with_config(&store::function_config(), config.table), secret: None, commands: None };
    run(service_fn(async |event: LambdaEvent<Value>| {
        Ok::<Value, Error>(handler::handle(&app, clock::now, &event.payload).await)
    }))
    .await
}
