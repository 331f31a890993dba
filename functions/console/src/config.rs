//! What the console needs of its environment.

use app::config::{Missing, Reader};
use serde::Deserialize;

/// The environment, read once.
#[derive(Clone, Debug)]
pub struct Config {
    /// `TABLE_NAME`
    pub table: String,
    /// `LINK_SECRET_ARN`: the installation's secret.
    pub secret_arn: String,
    /// `PUBLIC_URL`: origin of the public pages, without a slash at the end.
    pub public_url: String,
    /// `CONSOLE_URL`: origin of the console, without a slash at the end.
    pub console_url: String,
    /// `DEMO_USERS`: users that sign in without proof. Local installations only.
    pub demo_users: Vec<DemoUser>,
}

/// A user of a local installation.
#[derive(Clone, Debug, Deserialize)]
pub struct DemoUser {
    pub tenant: u32,
    pub user: String,
    pub name: String,
    pub roles: Vec<String>,
}

/// Why the console cannot start.
#[derive(Debug, thiserror::Error)]
pub enum Invalid {
    #[error(transparent)]
    Missing(#[from] Missing),
    #[error("DEMO_USERS is not a list of users: {0}")]
    DemoUsers(serde_json::Error),
    #[error("DEMO_USERS lets anybody in: it is accepted only where CONSOLE_URL is on this machine")]
    DemoUsersElsewhere,
}

impl Config {
    pub fn from_env() -> Result<Config, Invalid> {
        let mut reader = Reader::default();
        let origin = |text: String| text.trim_end_matches('/').to_owned();
        let demo = reader.optional("DEMO_USERS");
        let config = Config {
            table: reader.required("TABLE_NAME"),
            secret_arn: reader.required("LINK_SECRET_ARN"),
            public_url: origin(reader.required("PUBLIC_URL")),
            console_url: origin(reader.required("CONSOLE_URL")),
            demo_users: Vec::new(),
        };
        let mut config = reader.finish(config)?;
        if let Some(text) = demo {
            config.demo_users = serde_json::from_str(&text).map_err(Invalid::DemoUsers)?;
            if !config.demo_users.is_empty() && !config.local() {
                return Err(Invalid::DemoUsersElsewhere);
            }
        }
        Ok(config)
    }

    /// Whether the console is reached over TLS; cookies are then bound to it.
    pub fn secure(&self) -> bool {
        self.console_url.starts_with("https://")
    }

    /// Whether the console is reached on the machine it runs on.
    pub fn local(&self) -> bool {
        let host = self.console_url.strip_prefix("http://").unwrap_or_default();
        let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
        matches!(host, "127.0.0.1" | "localhost" | "[::1]")
    }
}
