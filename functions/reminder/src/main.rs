//! A reminder is due: one command. Must not send mail; the outbox does.

// The SDK's futures nest deeper than the compiler's default limit.
#![recursion_limit = "256"]

use app::config::TableConfig;
use app::{App, clock, due, telemetry};
use domain::effect::Due;
use domain::script::NoScripts;
use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn};
use serde_json::Value;
use store::Store;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let config = TableConfig::from_env()?;
    let app = App { store: Store::with_config(&store::function_config(), config.table), secret: None, commands: None };
    let scripts = NoScripts;
    run(service_fn(async |event: LambdaEvent<Value>| {
        let handled = due::handle(&app, &scripts, clock::now, event.payload, is_ours).await;
        handled
            .map(|handled| handled.answer)
            .map_err(|error| Diagnostic { error_type: error.name().to_owned(), error_message: error.to_string() })
    }))
    .await
}

fn is_ours(due: Option<&Due>) -> bool {
    matches!(due, Some(Due::Reminder { .. }))
}
