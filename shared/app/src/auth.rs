//! Who is calling: API tokens and OIDC bearer tokens behind one interface. What a caller may do is `domain::permission`.

use crate::Error;
use aws_lc_rs::digest;
use domain::command::Actor;
use domain::ids::TenantId;
use domain::permission::{Permission, Permissions, Role, Setup};
use domain::rejection::Rejection;
use domain::time::Timestamp;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;
use store::Store;

/// An authenticated caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Tenant.
    pub tenant: TenantId,
    /// User or client id.
    pub user: String,
    /// Roles within the tenant.
    pub roles: Vec<Role>,
    /// Groups (teams), as candidates of tasks name them.
    pub groups: Vec<String>,
    /// What the tenant's setup allows these roles.
    pub permissions: Permissions,
}

impl Caller {
    /// Somebody with `roles` in a tenant whose setup is `setup`.
    pub fn new(tenant: TenantId, user: String, roles: Vec<Role>, setup: &Setup) -> Caller {
        let permissions = setup.permissions(&roles);
        Caller { tenant, user, roles, groups: Vec::new(), permissions }
    }

    /// The same as a member of `groups`.
    #[must_use]
    pub fn in_groups(self, groups: Vec<String>) -> Caller {
        Caller { groups, ..self }
    }

    /// Whether a role of the caller carries the permission.
    pub fn may(&self, permission: Permission) -> bool {
        self.permissions.contains(permission)
    }

    /// Refuses what the caller may see but not do.
    ///
    /// # Errors
    /// [`Error::Forbidden`].
    pub fn require(&self, permission: Permission) -> Result<(), Error> {
        if self.may(permission) { Ok(()) } else { Err(Error::Forbidden { permission }) }
    }

    /// Refuses what the caller may not even see, as if it did not exist.
    ///
    /// # Errors
    /// [`Rejection::NotFound`].
    pub fn require_visible(&self, permission: Permission, what: &'static str) -> Result<(), Error> {
        if self.may(permission) { Ok(()) } else { Err(Rejection::NotFound { what }.into()) }
    }

    /// The actor of the caller's commands.
    pub fn actor(&self) -> Actor {
        Actor::User(self.user.clone())
    }
}

/// An identity provider whose tokens are accepted. The keys are configuration: no call leaves the request path.
#[derive(Clone, Debug)]
pub struct OidcConfig {
    /// Exact `iss`.
    pub issuer: String,
    /// Required `aud`.
    pub audience: String,
    /// JSON Web Key Set of the issuer.
    pub jwks: String,
}

/// Verifies bearer tokens.
#[derive(Clone, Debug)]
pub struct Authenticator {
    store: Store,
    oidc: Option<Oidc>,
}

/// A configured identity provider with its keys read.
#[derive(Clone, Debug)]
pub(crate) struct Oidc {
    issuer: String,
    audience: String,
    keys: JwkSet,
}

/// The configured key set is no JSON Web Key Set.
#[derive(Debug, thiserror::Error)]
#[error("OIDC_JWKS is no JSON Web Key Set: {0}")]
pub struct InvalidJwks(#[from] serde_json::Error);

/// What a valid token says.
#[derive(Debug, Deserialize)]
pub(crate) struct Claims {
    pub sub: String,
    pub tenant: u32,
    #[serde(default)]
    pub roles: Vec<String>,
    #[serde(default)]
    pub groups: Vec<String>,
}

impl Authenticator {
    /// With the tenant's API tokens, and an identity provider where one is configured.
    pub fn new(store: Store, oidc: Option<OidcConfig>) -> Result<Authenticator, InvalidJwks> {
        let oidc = oidc.map(Oidc::new).transpose()?;
        Ok(Authenticator { store, oidc })
    }

    /// The caller behind an `Authorization` header, or `None`: 401.
    ///
    /// # Errors
    /// Only when the store cannot be asked.
    pub async fn caller(&self, header: Option<&str>, now: Timestamp) -> Result<Option<Caller>, store::Error> {
        let Some(token) = header.and_then(bearer) else { return Ok(None) };
        if token.starts_with("cs_") {
            let Some(record) = self.store.token(&hash_token(token), now).await? else { return Ok(None) };
            let caller = member(&self.store, record.tenant, record.user, &record.roles, now).await?;
            return Ok(caller.map(|caller| caller.in_groups(record.groups)));
        }
        let Some(claims) = self.oidc.as_ref().and_then(|oidc| oidc.verify(token, now)) else { return Ok(None) };
        let caller = member(&self.store, TenantId(claims.tenant), claims.sub, &claims.roles, now).await?;
        Ok(caller.map(|caller| caller.in_groups(claims.groups)))
    }
}

/// Somebody whose tenant and roles are known, with what the tenant's setup of today allows. `None`: no such tenant (a
/// provider may know tenants that this installation does not). Words that are no roles allow nothing.
///
/// # Errors
/// Only when the store cannot be asked.
pub async fn member(
    store: &Store,
    tenant: TenantId,
    user: String,
    roles: &[String],
    now: Timestamp,
) -> Result<Option<Caller>, store::Error> {
    let Some(record) = store.tenant(tenant, now).await? else { return Ok(None) };
    let roles = roles.iter().filter_map(|role| Role::parse(role)).collect();
    Ok(Some(Caller::new(tenant, user, roles, &record.setup)))
}

/// SHA-256 of an API token in hexadecimal: what is stored.
pub fn hash_token(token: &str) -> String {
    hex(digest::digest(&digest::SHA256, token.as_bytes()).as_ref())
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() && token.len() <= 8_192).then_some(token)
}

impl Oidc {
    pub(crate) fn new(config: OidcConfig) -> Result<Oidc, InvalidJwks> {
        let keys = serde_json::from_str(&config.jwks)?;
        Ok(Oidc { issuer: config.issuer, audience: config.audience, keys })
    }

    /// What a token says, or `None` for every token that is not wholly valid at `now`.
    pub(crate) fn verify(&self, token: &str, now: Timestamp) -> Option<Claims> {
        let header = decode_header(token).ok()?;
        // Asymmetric signatures only: with HS256 the public key would be the signing secret.
        if !matches!(header.alg, Algorithm::RS256 | Algorithm::PS256 | Algorithm::ES256 | Algorithm::EdDSA) {
            return None;
        }
        let jwk = self.keys.find(header.kid.as_deref()?)?;
        let key = DecodingKey::from_jwk(jwk).ok()?;
        let mut validation = Validation::new(header.alg);
        validation.set_issuer(&[&self.issuer]);
        validation.set_audience(&[&self.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // Times are checked here against the caller's clock, so that a test can fix it.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        let claims = decode::<serde_json::Value>(token, &key, &validation).ok()?.claims;
        let seconds = now.as_millis() / 1_000;
        let at = |name: &str| claims.get(name).and_then(serde_json::Value::as_i64);
        const LEEWAY_S: i64 = 60;
        if at("exp")? + LEEWAY_S < seconds || at("nbf").is_some_and(|nbf| nbf - LEEWAY_S > seconds) {
            return None;
        }
        serde_json::from_value(claims).ok()
    }
}
