//! The HTTP API: parses, authorises, makes one command. No business rule lives here.

// The SDK's futures nest deeper than the compiler's default limit.
#![recursion_limit = "256"]

mod body;
mod json;
mod problem;
mod request;
mod routes;
mod view;

use app::auth::Authenticator;
use app::commands::Worker;
use app::config::{CommandConfig, ExportConfig, LinkConfig};
use app::exports::presign::Files;
use app::secret::SecretSource;
use app::{App, telemetry};
use lambda_http::{Error, run, service_fn};
use script::QuickJs;
use store::Store;

/// What every route may use.
pub struct Api {
    app: App,
    authenticator: Authenticator,
    scripts: QuickJs,
    public_url: String,
    files: Files,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let (config, exports, commands) = (LinkConfig::from_env()?, ExportConfig::from_env()?, CommandConfig::from_env()?);
    let aws = store::function_config();
    let store = Store::with_config(&aws, config.table);
    let secret = SecretSource::named(&aws, config.secret_arn);
    secret.fetch_early();
    let api = Api {
        authenticator: Authenticator::new(store.clone(), config.oidc)?,
        app: App { store, secret: Some(secret), commands: Some(Worker::new(&aws, commands.worker)) },
        scripts: QuickJs::default(),
        public_url: config.public_url,
        files: Files::new(&aws, exports.bucket),
    };
    run(service_fn(async |request| Ok::<_, Error>(routes::handle(&api, request).await))).await
}
