//! Where a tenant's system tasks may call: its list of hosts and its registry of commands. Resolves no name and calls
//! nothing.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::str::FromStr;

/// Hosts of one tenant at most.
pub const HOSTS_MAX: usize = 100;
/// Commands of one tenant at most.
pub const COMMANDS_MAX: usize = 100;

/// What a tenant set up for outgoing calls.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Outbound {
    /// Hosts that may be called. None: no call leaves.
    #[serde(rename = "h", default, skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<HostRule>,
    /// Commands by name.
    #[serde(rename = "c", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub commands: BTreeMap<String, CommandEndpoint>,
}

impl Outbound {
    /// True where nothing is set up.
    pub fn is_empty(&self) -> bool {
        *self == Outbound::default()
    }

    /// Whether a call may go to this place by the list alone.
    pub fn allows(&self, scheme: &str, host: &str, port: u16) -> bool {
        self.hosts.iter().any(|rule| rule.matches(scheme, host, port))
    }
}

/// Where a command of the registry is carried out: POST of its arguments as JSON, the answer is its result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandEndpoint {
    /// The address; its host must be on the list too.
    #[serde(rename = "u")]
    pub url: String,
    /// Name of the secret with the credentials.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub credentials: Option<String>,
}

/// One entry of the list of hosts: `api.example.com`, `*.example.com`, `api.example.com:8443`, `http://localhost:9000`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HostRule {
    /// The entry says `http://`: the call can then be read by anybody on its way.
    plain: bool,
    host: String,
    port: u16,
}

impl HostRule {
    /// The host as written, in lower case.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether the call is not encrypted.
    pub fn is_plain(&self) -> bool {
        self.plain
    }

    /// Whether it allows this place. A star stands for one or more labels, never for the domain itself.
    pub fn matches(&self, scheme: &str, host: &str, port: u16) -> bool {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let named = match self.host.strip_prefix("*.") {
            Some(domain) => host.strip_suffix(domain).is_some_and(|labels| labels.len() > 1 && labels.ends_with('.')),
            None => self.host == host,
        };
        let own = if self.plain { "http" } else { "https" };
        named && scheme == own && self.port == port
    }
}

/// The text is no entry of the list of hosts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no host; write api.example.com, *.example.com or api.example.com:8443, without path and user")]
pub struct InvalidHost(pub String);

impl FromStr for HostRule {
    type Err = InvalidHost;

    fn from_str(text: &str) -> Result<HostRule, InvalidHost> {
        let invalid = || InvalidHost(text.to_owned());
        let trimmed = text.trim();
        let (plain, rest) = match trimmed.split_once("://") {
            None => (false, trimmed),
            Some(("https", rest)) => (false, rest),
            Some(("http", rest)) => (true, rest),
            Some(_) => return Err(invalid()),
        };
        let (host, port) = match rest.rsplit_once(':') {
            Some((host, port)) => (host, port.parse().ok().filter(|port| *port > 0).ok_or_else(invalid)?),
            None => (rest, if plain { 80 } else { 443 }),
        };
        let host = host.to_ascii_lowercase();
        let bare = host.strip_prefix("*.").unwrap_or(&host);
        let label = |label: &str| {
            !label.is_empty()
                && label.len() <= 63
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        };
        // A star needs a domain below a top level: `*.com` would be everybody.
        let labels: Vec<&str> = bare.split('.').collect();
        if bare.len() > 253 || !labels.iter().all(|text| label(text)) || (bare != host && labels.len() < 2) {
            return Err(invalid());
        }
        Ok(HostRule { plain, host, port })
    }
}

impl TryFrom<String> for HostRule {
    type Error = InvalidHost;

    fn try_from(text: String) -> Result<HostRule, InvalidHost> {
        text.parse()
    }
}

impl From<HostRule> for String {
    fn from(rule: HostRule) -> String {
        let default = if rule.is_plain() { 80 } else { 443 };
        let scheme = if rule.is_plain() { "http://" } else { "" };
        let port = if rule.port == default { String::new() } else { format!(":{}", rule.port) };
        format!("{scheme}{}{port}", rule.host)
    }
}
