//! Sessions of the console: who signed in, kept by the browser and signed by this installation. Makes and verifies the
//! values; cookies are the door's, and whether the person still may come in is asked of the table with each request.

use crate::keys::{Purpose, SIGNATURE_BYTES, Secret};
use crate::random;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::ids::TenantId;
use domain::time::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// A session ends after 12 hours, used or not.
pub const SESSION_MS: i64 = 12 * 3_600 * 1_000;
/// Whoever starts to sign in has this long to finish.
pub const HANDSHAKE_MS: i64 = 10 * 60 * 1_000;
/// Sessions and handshakes belong to the installation, not to a tenant.
const NO_TENANT: TenantId = TenantId(0);
const MASK_BYTES: usize = 16;

/// How somebody proved who they are; decides what is asked again with each request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Proof {
    /// At the identity provider.
    Provider,
    /// With an API token; its hash. The session ends with the token.
    Token(String),
    /// Not at all: a demo user of a local installation.
    Demo,
}

/// Who signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Tenant.
    #[serde(rename = "t")]
    pub tenant: TenantId,
    /// User id: the actor of what they do.
    #[serde(rename = "u")]
    pub user: String,
    /// Name on the pages.
    #[serde(rename = "n")]
    pub name: String,
    /// Roles as the identity provider named them.
    #[serde(rename = "r")]
    pub roles: Vec<String>,
    /// Proof.
    #[serde(rename = "p")]
    pub proof: Proof,
    /// Random.
    #[serde(rename = "i")]
    pub id: String,
    /// When it ends.
    #[serde(rename = "x")]
    pub until: Timestamp,
}

/// What is remembered between leaving for the identity provider and coming back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handshake {
    /// Comes back with the answer: it belongs to this browser's question.
    #[serde(rename = "s")]
    pub state: String,
    /// Comes back inside the identity token.
    #[serde(rename = "n")]
    pub nonce: String,
    /// PKCE (RFC 7636): proves that whoever redeems the code asked for it.
    #[serde(rename = "v")]
    pub verifier: String,
    /// Path that is opened afterwards.
    #[serde(rename = "g")]
    pub next: String,
    /// When it is worthless.
    #[serde(rename = "x")]
    pub until: Timestamp,
}

impl Session {
    /// A session that begins now.
    pub fn begin(
        tenant: TenantId,
        user: String,
        name: String,
        roles: Vec<String>,
        proof: Proof,
        now: Timestamp,
    ) -> Session {
        let until = Timestamp::from_millis(now.as_millis() + SESSION_MS);
        Session { tenant, user, name, roles, proof, id: token(), until }
    }

    /// The cookie's value.
    pub fn sign(&self, secret: &Secret) -> String {
        seal(secret, Purpose::Session, self)
    }

    /// Reads a cookie's value; `None` for everything that this installation did not sign or that has ended.
    pub fn verify(secret: &Secret, text: &str, now: Timestamp) -> Option<Session> {
        open::<Session>(secret, Purpose::Session, text).filter(|session| session.until > now)
    }

    /// What forms of this session post back. Each page carries another text, so that the length of a compressed page
    /// tells nobody what it is.
    pub fn form_value(&self, secret: &Secret) -> String {
        let mask: [u8; MASK_BYTES] = random::bytes();
        let mut bytes = mask.to_vec();
        bytes.extend(self.form_signature(secret).iter().zip(mask).map(|(byte, mask)| byte ^ mask));
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Whether a posted value is one of this session's.
    pub fn accepts(&self, secret: &Secret, posted: &str) -> bool {
        let Ok(bytes) = URL_SAFE_NO_PAD.decode(posted) else { return false };
        let Some((mask, masked)) = bytes.split_at_checked(MASK_BYTES) else { return false };
        let signature: Vec<u8> = masked.iter().zip(mask).map(|(byte, mask)| byte ^ mask).collect();
        masked.len() == SIGNATURE_BYTES && secret.verify(Purpose::Form, self.tenant, 0, self.id.as_bytes(), &signature)
    }

    fn form_signature(&self, secret: &Secret) -> [u8; SIGNATURE_BYTES] {
        secret.sign(Purpose::Form, self.tenant, 0, self.id.as_bytes())
    }
}

impl Handshake {
    /// The values of one attempt to sign in.
    pub fn begin(next: String, now: Timestamp) -> Handshake {
        let until = Timestamp::from_millis(now.as_millis() + HANDSHAKE_MS);
        Handshake { state: token(), nonce: token(), verifier: token(), next, until }
    }

    /// The cookie's value.
    pub fn sign(&self, secret: &Secret) -> String {
        seal(secret, Purpose::Handshake, self)
    }

    /// Reads a cookie's value; `None` for everything that this installation did not sign or that has run out.
    pub fn verify(secret: &Secret, text: &str, now: Timestamp) -> Option<Handshake> {
        open::<Handshake>(secret, Purpose::Handshake, text).filter(|handshake| handshake.until > now)
    }

    /// The challenge of the verifier: its SHA-256 (method `S256`).
    pub fn challenge(&self) -> String {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, self.verifier.as_bytes());
        URL_SAFE_NO_PAD.encode(digest.as_ref())
    }
}

/// 256 random bits: as much as the longest verifier brings.
fn token() -> String {
    URL_SAFE_NO_PAD.encode(random::bytes::<32>())
}

fn seal(secret: &Secret, purpose: Purpose, value: &impl Serialize) -> String {
    let body = serde_json::to_vec(value).expect("texts and numbers are always JSON");
    let signature = secret.sign(purpose, NO_TENANT, 0, &body);
    format!("{}.{}", URL_SAFE_NO_PAD.encode(&body), URL_SAFE_NO_PAD.encode(signature))
}

fn open<T: DeserializeOwned>(secret: &Secret, purpose: Purpose, text: &str) -> Option<T> {
    let (body, signature) = text.split_once('.')?;
    let (body, signature) = (URL_SAFE_NO_PAD.decode(body).ok()?, URL_SAFE_NO_PAD.decode(signature).ok()?);
    secret.verify(purpose, NO_TENANT, 0, &body, &signature).then_some(())?;
    serde_json::from_slice(&body).ok()
}
