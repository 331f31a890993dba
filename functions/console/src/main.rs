//! The console: pages for operators, on an origin of their own. Parses, authorises, asks the same use cases as the API;
//! no business rule lives here.

// The SDK's futures nest deeper than the compiler's default limit.
#![recursion_limit = "256"]

mod answer;
mod config;
mod cookie;
mod entry;
mod refusal;
mod routes;
#[cfg(test)]
mod tests;
mod visit;

use crate::config::ConsoleConfig;
use crate::entry::Entry;
use app::commands::Worker;
use app::config::CommandConfig;
use app::exports::presign::Files;
use app::secret::SecretSource;
use app::{App, clock, telemetry};
use lambda_http::{Error, run, service_fn};
use script::QuickJs;
use store::Store;

/// What every page may use.
pub struct Console {
    pub app: App,
    pub scripts: QuickJs,
    pub config: ConsoleConfig,
    pub entry: Entry,
    pub files: Files,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let (config, commands) = (ConsoleConfig::from_env()?, CommandConfig::from_env()?);
    let aws = store::function_config();
    let secret = SecretSource::named(&aws, config.secret_arn.clone());
    secret.fetch_early();
    let store = Store::with_config(&aws, config.table.clone());
    let entry = Entry::new(&config, &aws);
    let files = Files::new(&aws, config.export_bucket.clone());
    let app = App { store, secret: Some(secret), commands: Some(Worker::new(&aws, commands.worker)) };
    let console = Console { app, scripts: QuickJs::default(), config, entry, files };
    run(service_fn(async |request| Ok::<_, Error>(routes::handle(&console, request, clock::now()).await))).await
}
