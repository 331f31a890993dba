//! Carries out the requests of system tasks, and commands for the functions whose scripts call them; only it calls other
//! systems. Must not decide what an answer means to the process, send mail or order anything.

// The SDK's futures nest deeper than the compiler's default limit.
#![recursion_limit = "256"]

mod handler;

use app::action::Secrets;
use app::config::ActionConfig;
use app::{App, clock, telemetry};
use handler::{Actions, Calls};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use outbound::{Caller, Local, System};
use script::QuickJs;
use serde_json::Value;
use std::sync::Arc;
use store::Store;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let config = ActionConfig::from_env()?;
    let aws = store::function_config();
    let store = Store::with_config(&aws, config.table);
    let calls = Arc::new(Calls {
        store: store.clone(),
        caller: Caller::new(Local::parse(&config.local_hosts), Arc::new(System)),
        secrets: Secrets::named(&aws, config.secret_prefix),
    });
    let actions = Actions { app: App { store, secret: None, commands: Some(calls.clone()) }, calls };
    let scripts = QuickJs::default();
    run(service_fn(async |event: LambdaEvent<Value>| {
        Ok::<Value, Error>(handler::handle(&actions, &scripts, clock::now, &event.payload).await)
    }))
    .await
}
