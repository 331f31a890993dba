//! The identity provider: authorization code flow with PKCE (RFC 6749, RFC 7636, OpenID Connect Core 1.0). Everything it
//! needs to know of a provider it finds by discovery; what comes back is believed only when it is verified.

use super::http::{Failed, Http};
use crate::config::OidcClient;
use app::identity::{Discovery, Expected, Identity, Refused, verify};
use app::session::Handshake;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::time::Timestamp;
use jsonwebtoken::jwk::JwkSet;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use std::sync::{Arc, Mutex, PoisonError};

/// What is known of the provider is asked again after an hour, and where a token names an unknown key.
const KEPT_MS: i64 = 3_600 * 1_000;
/// Unknown keys make it ask again no more often than this.
const AGAIN_MS: i64 = 60 * 1_000;
/// Characters of a code or state at most.
const PARAMETER_CHARS_MAX: usize = 2_000;

/// Why nobody is signed in.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// The provider could not be asked, or says what cannot be.
    #[error("the identity provider: {0}")]
    Provider(String),
    /// Its token is not accepted.
    #[error("the identity token: {0}")]
    Token(#[from] Refused),
}

impl From<Failed> for Problem {
    fn from(failed: Failed) -> Problem {
        Problem::Provider(failed.to_string())
    }
}

/// An identity provider and what is known of it.
#[derive(Debug)]
pub struct Provider {
    client: OidcClient,
    redirect: String,
    secret: Option<String>,
    http: Http,
    known: Mutex<Option<Arc<Known>>>,
}

#[derive(Debug)]
struct Known {
    discovery: Discovery,
    keys: JwkSet,
    at: Timestamp,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
}

impl Provider {
    /// `redirect`: where people come back to. `secret`: the client's, where it has one.
    pub fn new(client: OidcClient, redirect: String, secret: Option<String>) -> Provider {
        Provider { client, redirect, secret, http: Http::default(), known: Mutex::new(None) }
    }

    /// Where to send somebody to sign in.
    pub async fn authorization(&self, handshake: &Handshake, now: Timestamp) -> Result<String, Problem> {
        let known = self.known(now, KEPT_MS).await?;
        let endpoint = &known.discovery.authorization_endpoint;
        let challenge = handshake.challenge();
        let query = form(&[
            ("response_type", "code"),
            ("client_id", &self.client.id),
            ("redirect_uri", &self.redirect),
            ("scope", &self.client.scope),
            ("state", &handshake.state),
            ("nonce", &handshake.nonce),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ]);
        let separator = if endpoint.contains('?') { '&' } else { '?' };
        Ok(format!("{endpoint}{separator}{query}"))
    }

    /// Who came back with a code. `issuer`: the parameter `iss`, where the provider sends it (RFC 9207).
    pub async fn redeem(
        &self,
        code: &str,
        issuer: Option<&str>,
        handshake: &Handshake,
        now: Timestamp,
    ) -> Result<Identity, Problem> {
        if code.is_empty() || code.len() > PARAMETER_CHARS_MAX {
            return Err(Problem::Provider("it sent no usable code".to_owned()));
        }
        if issuer.is_some_and(|issuer| issuer != self.client.issuer) {
            return Err(Problem::Provider("another provider answered than was asked".to_owned()));
        }
        let known = self.known(now, KEPT_MS).await?;
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.redirect),
            ("code_verifier", &handshake.verifier),
        ];
        let methods = &known.discovery.token_endpoint_auth_methods_supported;
        let in_form = methods.iter().any(|method| method == "client_secret_post")
            && !methods.iter().any(|method| method == "client_secret_basic");
        let authorization = match &self.secret {
            Some(secret) if in_form => {
                fields.extend([("client_id", self.client.id.as_str()), ("client_secret", secret)]);
                None
            }
            Some(secret) => {
                let pair = format!("{}:{}", encoded(&self.client.id), encoded(secret));
                Some(format!("Basic {}", STANDARD.encode(pair)))
            }
            None => {
                fields.push(("client_id", &self.client.id));
                None
            }
        };
        let body = self.http.post(&known.discovery.token_endpoint, form(&fields), authorization).await?;
        let tokens: Tokens = read(&body)?;
        let expected = Expected { issuer: &self.client.issuer, client: &self.client.id, nonce: &handshake.nonce };
        match verify(&known.keys, &tokens.id_token, &expected, now) {
            // The provider may have changed its keys since they were read.
            Err(Refused::UnknownKey) => {
                let known = self.known(now, AGAIN_MS).await?;
                Ok(verify(&known.keys, &tokens.id_token, &expected, now)?)
            }
            verified => Ok(verified?),
        }
    }

    /// Where the session with the provider ends, if it is known and the provider has such a place.
    pub fn end_session(&self) -> Option<String> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).clone()?;
        let endpoint = known.discovery.end_session_endpoint.clone()?;
        Some(format!("{endpoint}?{}", form(&[("client_id", &self.client.id)])))
    }

    /// What the provider says about itself, not older than `age_ms`.
    async fn known(&self, now: Timestamp, age_ms: i64) -> Result<Arc<Known>, Problem> {
        let kept = self.known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(known) = kept.filter(|known| now.as_millis() - known.at.as_millis() < age_ms) {
            return Ok(known);
        }
        let issuer = self.client.issuer.trim_end_matches('/');
        let discovery: Discovery = read(&self.http.get(&format!("{issuer}/.well-known/openid-configuration")).await?)?;
        // Else one provider could speak for another (OpenID Connect Discovery 1.0, 4.3).
        if discovery.issuer != self.client.issuer {
            return Err(Problem::Provider(format!("it calls itself {}", discovery.issuer)));
        }
        let addresses = [&discovery.authorization_endpoint, &discovery.token_endpoint, &discovery.jwks_uri];
        if let Some(address) = addresses.into_iter().find(|address| !self.client.may_go_to(address)) {
            return Err(Problem::Provider(format!("{address} is not reached over TLS")));
        }
        let keys: JwkSet = read(&self.http.get(&discovery.jwks_uri).await?)?;
        let known = Arc::new(Known { discovery, keys, at: now });
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(known.clone());
        Ok(known)
    }
}

fn read<T: for<'de> Deserialize<'de>>(body: &[u8]) -> Result<T, Problem> {
    Ok(serde_json::from_slice(body).map_err(|error| Failed::Unreadable(error.to_string()))?)
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

fn form(fields: &[(&str, &str)]) -> String {
    let pairs: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    pairs.join("&")
}
