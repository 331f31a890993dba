//! Credentials as secrets hold them: which header they are, and the one host they are for. Printed redacted.

use crate::target::Target;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::outbound::HostRule;
use serde::Deserialize;

/// What is sent to prove who calls.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    host: HostRule,
    header: String,
    value: String,
    /// What must not be seen: the value and, of a password, its plain form.
    secrets: Vec<String>,
}

/// The secret cannot be used. Says nothing of its contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the secret is no JSON object with \"host\" and either \"header\" and \"value\" or \"username\" and \"password\""
)]
pub struct InvalidCredentials;

#[derive(Deserialize)]
struct Written {
    host: String,
    header: Option<String>,
    value: Option<String>,
    username: Option<String>,
    password: Option<String>,
}

impl Credentials {
    /// Reads the text of a secret.
    ///
    /// # Errors
    /// [`InvalidCredentials`].
    pub fn parse(text: &str) -> Result<Credentials, InvalidCredentials> {
        let written: Written = serde_json::from_str(text).map_err(|_| InvalidCredentials)?;
        let host = written.host.parse().map_err(|_| InvalidCredentials)?;
        let (header, value, mut secrets) = match (written.header, written.value, written.username, written.password) {
            (Some(header), Some(value), None, None) => (header, value, Vec::new()),
            (None, None, Some(username), Some(password)) => {
                let value = format!("Basic {}", STANDARD.encode(format!("{username}:{password}")));
                ("authorization".to_owned(), value, vec![password])
            }
            _ => return Err(InvalidCredentials),
        };
        let token =
            |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        if !token(&header) || value.chars().any(char::is_control) {
            return Err(InvalidCredentials);
        }
        secrets.push(value.split_once(' ').map_or(value.as_str(), |(_, token)| token).to_owned());
        Ok(Credentials { host, header, value, secrets })
    }

    /// The header, for their own host only.
    pub(crate) fn header(&self, target: &Target) -> Option<(&str, &str)> {
        self.host
            .matches(target.scheme, &target.host, target.port)
            .then_some((self.header.as_str(), self.value.as_str()))
    }

    /// Takes what must not be seen out of a text that comes back.
    pub(crate) fn mask(&self, text: &str) -> String {
        // A very short secret would tear every text apart, and hides nothing.
        self.secrets
            .iter()
            .filter(|secret| secret.len() >= 4)
            .fold(text.to_owned(), |text, secret| text.replace(secret, "***"))
    }
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credentials")
    }
}
