//! Identity tokens of an OIDC provider (OpenID Connect Core 1.0, 3.1.3.7): what one says about who signed in, or nothing.
//! Fetches nothing: provider's document, keys and token come in as text.

use domain::time::Timestamp;
use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;
use serde_json::Value;

/// Clocks may differ by so much.
const LEEWAY_S: i64 = 60;
const TEXT_CHARS_MAX: usize = 200;
/// A session carries the roles, and a cookie has 4 KB.
const ROLES_MAX: usize = 20;

/// What a provider publishes about itself (OpenID Connect Discovery 1.0).
#[derive(Clone, Debug, Deserialize)]
pub struct Discovery {
    /// Must be the issuer that was asked.
    pub issuer: String,
    /// Where people sign in.
    pub authorization_endpoint: String,
    /// Where codes are redeemed.
    pub token_endpoint: String,
    /// Where its keys are.
    pub jwks_uri: String,
    /// Where sessions with it end.
    #[serde(default)]
    pub end_session_endpoint: Option<String>,
    /// How clients may prove who they are when they redeem a code.
    #[serde(default)]
    pub token_endpoint_auth_methods_supported: Vec<String>,
}

/// Who signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// `sub`: the actor of what they do.
    pub user: String,
    /// Name for pages.
    pub name: String,
    /// `tenant`
    pub tenant: u32,
    /// `roles`
    pub roles: Vec<String>,
}

/// Why a token is not accepted. Told to operators in the log, never to whoever brought it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// No JSON Web Token, or with a signature that everybody could make.
    #[error("it is no signed token with an asymmetric algorithm")]
    Algorithm,
    /// The provider's keys do not hold the one it names.
    #[error("it is signed with a key that the provider does not publish")]
    UnknownKey,
    /// Signature, issuer or audience are wrong.
    #[error("its signature, issuer or audience is wrong")]
    Forged,
    /// It has run out, or is not valid yet.
    #[error("it has run out or is not valid yet")]
    Expired,
    /// It answers another question.
    #[error("its nonce is not the one that was sent")]
    Nonce,
    /// Claims are missing: `sub`, and `tenant` as a number.
    #[error("it lacks the claims sub and tenant")]
    Claims,
}

/// What must hold of a token.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// Exact `iss`.
    pub issuer: &'a str,
    /// This client: `aud`, and `azp` where the token has one.
    pub client: &'a str,
    /// The nonce that was sent.
    pub nonce: &'a str,
}

/// The identity in a token that is wholly valid at `now`.
///
/// # Errors
/// For every other token; see [`Refused`].
pub fn verify(keys: &JwkSet, token: &str, expected: &Expected<'_>, now: Timestamp) -> Result<Identity, Refused> {
    let header = decode_header(token).map_err(|_| Refused::Algorithm)?;
    // With HS256 the published key would be the signing secret.
    if !matches!(
        header.alg,
        Algorithm::RS256
            | Algorithm::RS384
            | Algorithm::RS512
            | Algorithm::PS256
            | Algorithm::PS384
            | Algorithm::PS512
            | Algorithm::ES256
            | Algorithm::ES384
            | Algorithm::EdDSA
    ) {
        return Err(Refused::Algorithm);
    }
    let key = key(keys, header.kid.as_deref()).ok_or(Refused::UnknownKey)?;
    let key = DecodingKey::from_jwk(key).map_err(|_| Refused::UnknownKey)?;
    let mut validation = Validation::new(header.alg);
    validation.set_issuer(&[expected.issuer]);
    validation.set_audience(&[expected.client]);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    // Times are checked here against the caller's clock, so that a test can fix it.
    validation.validate_exp = false;
    validation.validate_nbf = false;
    let claims = decode::<Value>(token, &key, &validation).map_err(|_| Refused::Forged)?.claims;
    let text = |name: &str| claims.get(name).and_then(Value::as_str).filter(|text| !text.trim().is_empty());
    if text("azp").is_some_and(|party| party != expected.client) {
        return Err(Refused::Forged);
    }
    let seconds = now.as_millis() / 1_000;
    let at = |name: &str| claims.get(name).and_then(Value::as_i64);
    let expires = at("exp").ok_or(Refused::Claims)?;
    if expires + LEEWAY_S < seconds || at("nbf").is_some_and(|nbf| nbf - LEEWAY_S > seconds) {
        return Err(Refused::Expired);
    }
    if text("nonce") != Some(expected.nonce) {
        return Err(Refused::Nonce);
    }
    let tenant = claims.get("tenant").and_then(Value::as_u64).and_then(|tenant| u32::try_from(tenant).ok());
    let roles = claims.get("roles").and_then(Value::as_array).into_iter().flatten();
    let user = text("sub").filter(|user| user.chars().count() <= TEXT_CHARS_MAX).ok_or(Refused::Claims)?;
    let name = ["name", "preferred_username", "email"].into_iter().find_map(text).unwrap_or(user);
    Ok(Identity {
        user: user.to_owned(),
        name: name.chars().take(TEXT_CHARS_MAX).collect(),
        tenant: tenant.ok_or(Refused::Claims)?,
        roles: roles.filter_map(Value::as_str).take(ROLES_MAX).map(str::to_owned).collect(),
    })
}

/// The key a token names; one without a name may be the only one.
fn key<'k>(keys: &'k JwkSet, id: Option<&str>) -> Option<&'k Jwk> {
    match (id, keys.keys.as_slice()) {
        (Some(id), _) => keys.find(id),
        (None, [only]) => Some(only),
        (None, _) => None,
    }
}
