//! The time to answer has passed: one command. Must not decide whether it has; the stored time does.

use app::config::TableConfig;
use app::{App, clock, due, telemetry};
use domain::command::Command;
use script::QuickJs;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;
use store::Store;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let config = TableConfig::from_env()?;
    let app = App { store: Store::connect(config.table).await, secret: None };
    let scripts = QuickJs::default();
    run(service_fn(async |event: LambdaEvent<Value>| {
        due::handle(&app, &scripts, clock::now, event.payload, is_ours).await
    }))
    .await
}

fn is_ours(command: &Command) -> bool {
    matches!(command, Command::Expire { .. })
}
