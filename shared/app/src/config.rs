//! Configuration: read once at start into structs, with every missing name in one message. Nothing else reads the
//! environment.

use crate::auth::OidcConfig;

/// Reads names and remembers which are missing.
#[derive(Debug, Default)]
pub struct Reader {
    missing: Vec<&'static str>,
}

/// Names that must be set and are not.
#[derive(Debug, thiserror::Error)]
#[error("these environment variables must be set: {}", .0.join(", "))]
pub struct Missing(Vec<&'static str>);

impl Reader {
    /// A value that must be there.
    pub fn required(&mut self, name: &'static str) -> String {
        match self.optional(name) {
            Some(value) => value,
            None => {
                self.missing.push(name);
                String::new()
            }
        }
    }

    /// A value that may be missing or empty.
    pub fn optional(&mut self, name: &'static str) -> Option<String> {
        std::env::var(name).ok().filter(|value| !value.trim().is_empty())
    }

    /// Ends the reading.
    pub fn finish<T>(self, config: T) -> Result<T, Missing> {
        if self.missing.is_empty() { Ok(config) } else { Err(Missing(self.missing)) }
    }
}

/// What every function needs.
#[derive(Clone, Debug)]
pub struct TableConfig {
    /// `TABLE_NAME`
    pub table: String,
}

impl TableConfig {
    /// Reads the environment.
    pub fn from_env() -> Result<TableConfig, Missing> {
        let mut reader = Reader::default();
        let config = TableConfig { table: reader.required("TABLE_NAME") };
        reader.finish(config)
    }
}

/// What functions need that run scripts: a script may call commands.
#[derive(Clone, Debug)]
pub struct CommandConfig {
    /// `ACTION_WORKER`: name of the function that carries them out.
    pub worker: String,
}

impl CommandConfig {
    /// Reads the environment.
    pub fn from_env() -> Result<CommandConfig, Missing> {
        let mut reader = Reader::default();
        let config = CommandConfig { worker: reader.required("ACTION_WORKER") };
        reader.finish(config)
    }
}

/// What the worker of bulk runs needs.
#[derive(Clone, Debug)]
pub struct BulkConfig {
    /// `TABLE_NAME`
    pub table: String,
    /// `BULK_PACE_PERCENT`: share of the account's sending rate that a run may use, 1 to 100.
    pub pace_percent: u32,
    /// `EXPORT_BUCKET`: where the files of exports are kept.
    pub export_bucket: String,
}

impl BulkConfig {
    /// Reads the environment.
    pub fn from_env() -> Result<BulkConfig, Missing> {
        let mut reader = Reader::default();
        let percent = reader.optional("BULK_PACE_PERCENT").and_then(|text| text.trim().parse().ok());
        let config = BulkConfig {
            table: reader.required("TABLE_NAME"),
            pace_percent: percent.unwrap_or(crate::bulk_runs::pace::PERCENT),
            export_bucket: reader.required("EXPORT_BUCKET"),
        };
        reader.finish(config)
    }
}

/// What the worker of actions needs.
#[derive(Clone, Debug)]
pub struct ActionConfig {
    /// `TABLE_NAME`
    pub table: String,
    /// `SECRET_PREFIX`: what the names of credentials in Secrets Manager begin with, a slash at the end.
    pub secret_prefix: String,
    /// `LOCAL_HOSTS`: places on the machine itself that may be called, such as `127.0.0.1:9000`. Never in production.
    pub local_hosts: String,
}

impl ActionConfig {
    /// Reads the environment.
    pub fn from_env() -> Result<ActionConfig, Missing> {
        let mut reader = Reader::default();
        let config = ActionConfig {
            table: reader.required("TABLE_NAME"),
            secret_prefix: reader.required("SECRET_PREFIX"),
            local_hosts: reader.optional("LOCAL_HOSTS").unwrap_or_default(),
        };
        reader.finish(config)
    }
}

/// What functions need that link to files of exports.
#[derive(Clone, Debug)]
pub struct ExportConfig {
    /// `EXPORT_BUCKET`: where the files are kept.
    pub bucket: String,
}

impl ExportConfig {
    /// Reads the environment.
    pub fn from_env() -> Result<ExportConfig, Missing> {
        let mut reader = Reader::default();
        let config = ExportConfig { bucket: reader.required("EXPORT_BUCKET") };
        reader.finish(config)
    }
}

/// What functions need that make or verify links.
#[derive(Clone, Debug)]
pub struct LinkConfig {
    /// `TABLE_NAME`
    pub table: String,
    /// `LINK_SECRET_ARN`: the installation's secret in Secrets Manager.
    pub secret_arn: String,
    /// `PUBLIC_URL`: origin of the public pages, without a slash at the end.
    pub public_url: String,
    /// `OIDC_ISSUER`, `OIDC_AUDIENCE`, `OIDC_JWKS`: an identity provider, if any.
    pub oidc: Option<OidcConfig>,
}

impl LinkConfig {
    /// Reads the environment.
    pub fn from_env() -> Result<LinkConfig, Missing> {
        let mut reader = Reader::default();
        let config = LinkConfig {
            table: reader.required("TABLE_NAME"),
            secret_arn: reader.required("LINK_SECRET_ARN"),
            public_url: reader.required("PUBLIC_URL").trim_end_matches('/').to_owned(),
            oidc: match (reader.optional("OIDC_ISSUER"), reader.optional("OIDC_AUDIENCE"), reader.optional("OIDC_JWKS"))
            {
                (Some(issuer), Some(audience), Some(jwks)) => Some(OidcConfig { issuer, audience, jwks }),
                _ => None,
            },
        };
        reader.finish(config)
    }
}
