//! What the console needs of its environment.

use app::config::{Missing, Reader};
use serde::Deserialize;

/// The environment, read once.
#[derive(Clone, Debug)]
pub struct ConsoleConfig {
    /// `TABLE_NAME`
    pub table: String,
    /// `LINK_SECRET_ARN`: the installation's secret.
    pub secret_arn: String,
    /// `PUBLIC_URL`: origin of the public pages, without a slash at the end.
    pub public_url: String,
    /// `CONSOLE_URL`: origin of the console, without a slash at the end.
    pub console_url: String,
    /// `OIDC_ISSUER`, `OIDC_CLIENT_ID`: the identity provider people sign in at, if any.
    pub oidc: Option<OidcClient>,
    /// `EXPORT_BUCKET`: where the files of exports are kept.
    pub export_bucket: String,
    /// `DEMO_USERS`: users that sign in without proof. Local installations only.
    pub demo_users: Vec<DemoUser>,
}

/// This console at its identity provider.
#[derive(Clone, Debug)]
pub struct OidcClient {
    /// Exact `iss`.
    pub issuer: String,
    /// `OIDC_CLIENT_ID`
    pub id: String,
    /// `OIDC_CLIENT_SECRET_ARN`: name of the client's secret in Secrets Manager, where it has one.
    pub secret_arn: Option<String>,
    /// `OIDC_SCOPE`: what is asked for, `openid profile email` where nothing is said.
    pub scope: String,
}

impl OidcClient {
    /// Codes and tokens go over TLS; only a provider on this very machine may do without.
    pub fn may_go_to(&self, address: &str) -> bool {
        address.starts_with("https://") || (is_local(&self.issuer) && is_local(address))
    }
}

/// A user of a local installation.
#[derive(Clone, Debug, Deserialize)]
pub struct DemoUser {
    pub tenant: u32,
    pub user: String,
    pub name: String,
    pub roles: Vec<String>,
    /// Name of the tenant, for the list of users.
    #[serde(rename = "tenantName", default)]
    pub tenant_name: String,
}

/// Why the console cannot start.
#[derive(Debug, thiserror::Error)]
pub enum Invalid {
    #[error(transparent)]
    Missing(#[from] Missing),
    #[error("DEMO_USERS is not a list of users: {0}")]
    DemoUsers(serde_json::Error),
    #[error("OIDC_ISSUER must begin with https://")]
    Issuer,
    #[error("DEMO_USERS lets anybody in: it is accepted only where CONSOLE_URL is on this machine")]
    DemoUsersElsewhere,
}

impl ConsoleConfig {
    pub fn from_env() -> Result<ConsoleConfig, Invalid> {
        let mut reader = Reader::default();
        let origin = |text: String| text.trim_end_matches('/').to_owned();
        let demo = reader.optional("DEMO_USERS");
        let config = ConsoleConfig {
            table: reader.required("TABLE_NAME"),
            secret_arn: reader.required("LINK_SECRET_ARN"),
            public_url: origin(reader.required("PUBLIC_URL")),
            console_url: origin(reader.required("CONSOLE_URL")),
            export_bucket: reader.required("EXPORT_BUCKET"),
            oidc: match (reader.optional("OIDC_ISSUER"), reader.optional("OIDC_CLIENT_ID")) {
                (Some(issuer), Some(id)) => Some(OidcClient {
                    issuer,
                    id,
                    secret_arn: reader.optional("OIDC_CLIENT_SECRET_ARN"),
                    scope: reader.optional("OIDC_SCOPE").unwrap_or_else(|| "openid profile email".to_owned()),
                }),
                _ => None,
            },
            demo_users: Vec::new(),
        };
        let mut config = reader.finish(config)?;
        if config.oidc.as_ref().is_some_and(|oidc| !oidc.may_go_to(&oidc.issuer)) {
            return Err(Invalid::Issuer);
        }
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
        is_local(&self.console_url)
    }
}

fn is_local(address: &str) -> bool {
    let Some(rest) = address.strip_prefix("http://") else { return false };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = if host.ends_with(']') { host } else { host.rsplit_once(':').map_or(host, |(host, _)| host) };
    matches!(host, "127.0.0.1" | "localhost" | "[::1]")
}
