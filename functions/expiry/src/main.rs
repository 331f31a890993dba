//! The time to answer has passed: one command. Must not decide whether it has; the stored time does.

// The SDK's futures nest deeper than the compiler's default limit.
#![recursion_limit = "256"]

use app::commands::Worker;
use app::config::{CommandConfig, TableConfig};
use app::{App, clock, due, telemetry};
use domain::effect::Due;
use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn};
use script::QuickJs;
use serde_json::Value;
use store::Store;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let config = TableConfig::from_env()?;
    let (aws, commands) = (store::function_config(), CommandConfig::from_env()?);
    let app = App {
        store: Store::with_config(&aws, config.table),
        secret: None,
        commands: Some(Worker::new(&aws, commands.worker)),
    };
    let scripts = QuickJs::default();
    run(service_fn(async |event: LambdaEvent<Value>| {
        let handled = due::handle(&app, &scripts, clock::now, event.payload, is_ours).await;
        handled
            .map(|handled| handled.answer)
            .map_err(|error| Diagnostic { error_type: error.name().to_owned(), error_message: error.to_string() })
    }))
    .await
}

fn is_ours(due: Option<&Due>) -> bool {
    matches!(due, Some(Due::Expiry { .. }))
}
