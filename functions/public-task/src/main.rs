//! The public page of an external task: shows it, takes the answer. GET and HEAD decide nothing.

// The SDK's futures nest deeper than the compiler's default limit.
#![recursion_limit = "256"]

mod handler;
mod page;

use app::commands::Worker;
use app::config::{CommandConfig, LinkConfig};
use app::secret::SecretSource;
use app::{App, clock, telemetry};
use lambda_http::{Error, run, service_fn};
use script::QuickJs;
use store::Store;

/// What the pages need.
pub struct Public {
    app: App,
    secret: SecretSource,
    scripts: QuickJs,
    public_url: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let (config, commands) = (LinkConfig::from_env()?, CommandConfig::from_env()?);
    let aws = store::function_config();
    let secret = SecretSource::named(&aws, config.secret_arn);
    secret.fetch_early();
    let public = Public {
        app: App {
            store: Store::with_config(&aws, config.table),
            secret: None,
            commands: Some(Worker::new(&aws, commands.worker)),
        },
        secret,
        scripts: QuickJs::default(),
        public_url: config.public_url,
    };
    run(service_fn(async |request| Ok::<_, Error>(handler::handle(&public, request, clock::now()).await))).await
}
