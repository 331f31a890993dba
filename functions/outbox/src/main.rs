//! Performs the effects of committed commands. Must not decide anything about a task.

// The SDK's futures nest deeper than the compiler's default limit.
#![recursion_limit = "256"]

mod handler;

use app::config::LinkConfig;
use app::secret::SecretSource;
use app::{App, clock, telemetry};
use effects::{EffectsConfig, Performer};
use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn};
use serde_json::Value;
use store::Store;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let config = LinkConfig::from_env()?;
    let aws = store::function_config();
    let secret = SecretSource::named(&aws, config.secret_arn);
    secret.fetch_early();
    let app = App { store: Store::with_config(&aws, config.table), secret: Some(secret), commands: None };
    let performer = Performer::new(&aws, app, config.public_url, EffectsConfig::from_env()?);
    run(service_fn(async |event: LambdaEvent<Value>| {
        let handled = handler::handle(&performer, clock::now, event.payload).await;
        handled.map_err(|error| Diagnostic { error_type: error.name().to_owned(), error_message: error.to_string() })
    }))
    .await
}
