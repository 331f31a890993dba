//! Public links: signed, never stored. Builds and verifies them and the value a page posts back; loads nothing.

use crate::keys::{Purpose, SIGNATURE_BYTES, Secret};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::ids::{TaskKey, TenantId};
use std::fmt;

const VERSION: u8 = 1;
const BODY_BYTES: usize = 1 + 4 + 8 + 2;
const LINK_BYTES: usize = BODY_BYTES + SIGNATURE_BYTES;
/// Characters of a link.
pub const LINK_CHARS: usize = (LINK_BYTES * 8).div_ceil(6);

/// What a verified link says. Whether its epoch is still the tenant's is checked with the tenant's record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkTarget {
    /// Tenant.
    pub tenant: TenantId,
    /// Task.
    pub task: TaskKey,
    /// The tenant's key epoch when the link was made.
    pub epoch: u16,
}

/// The last part of a public address. Whoever has it can answer: `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Link(String);

impl Link {
    /// The text of the link, for a mail or for whoever holds `external-tasks:manage`.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Link(..)")
    }
}

impl LinkTarget {
    fn body(&self) -> [u8; BODY_BYTES] {
        let mut body = [0; BODY_BYTES];
        body[0] = VERSION;
        body[1..5].copy_from_slice(&self.tenant.0.to_be_bytes());
        body[5..13].copy_from_slice(&self.task.get().to_be_bytes());
        body[13..15].copy_from_slice(&self.epoch.to_be_bytes());
        body
    }

    /// The link, the same each time: copy link and resend show what the first mail showed.
    pub fn sign(&self, secret: &Secret) -> Link {
        let body = self.body();
        let mut bytes = body.to_vec();
        bytes.extend(secret.sign(Purpose::Link, self.tenant, self.epoch, &body));
        Link(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Verifies a link by computation only. `None` for everything that this installation did not sign,
    /// and for every spelling but the canonical one.
    pub fn verify(secret: &Secret, link: &str) -> Option<LinkTarget> {
        if link.len() != LINK_CHARS {
            return None;
        }
        // The engine refuses padding and unused bits that are not zero, so each link has one spelling.
        let bytes = URL_SAFE_NO_PAD.decode(link).ok()?;
        let (body, signature) = bytes.split_at_checked(BODY_BYTES)?;
        let target = LinkTarget {
            tenant: TenantId(u32::from_be_bytes(body.get(1..5)?.try_into().ok()?)),
            task: TaskKey::new(u64::from_be_bytes(body.get(5..13)?.try_into().ok()?))?,
            epoch: u16::from_be_bytes(body.get(13..15)?.try_into().ok()?),
        };
        let genuine = secret.verify(Purpose::Link, target.tenant, target.epoch, body, signature);
        (genuine && body.first() == Some(&VERSION)).then_some(target)
    }
}

/// The value a public page carries and posts back: it proves that the post comes from a page of this task, says which
/// templates the page showed, and makes a repeated post recognisable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageValue {
    /// Version of the templates the page showed.
    pub templates_version: u32,
    /// Random; the submission's id.
    pub nonce: [u8; 12],
}

impl PageValue {
    /// For a page shown now.
    pub fn draw(templates_version: u32) -> PageValue {
        PageValue { templates_version, nonce: crate::random::bytes() }
    }

    /// The submission's id as text.
    pub fn submission(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.nonce)
    }

    fn message(&self, target: &LinkTarget) -> Vec<u8> {
        let mut message = target.body().to_vec();
        message.extend(self.templates_version.to_be_bytes());
        message.extend(self.nonce);
        message
    }

    /// The hidden field's text.
    pub fn sign(&self, secret: &Secret, target: &LinkTarget) -> String {
        let mut bytes = self.templates_version.to_be_bytes().to_vec();
        bytes.extend(self.nonce);
        bytes.extend(secret.sign(Purpose::Page, target.tenant, target.epoch, &self.message(target)));
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads a posted value; `None` for one that no page of this task carried.
    pub fn verify(secret: &Secret, target: &LinkTarget, text: &str) -> Option<PageValue> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (body, signature) = bytes.split_at_checked(16)?;
        let (version, nonce) = body.split_at_checked(4)?;
        let value = PageValue {
            templates_version: u32::from_be_bytes(version.try_into().ok()?),
            nonce: nonce.try_into().ok()?,
        };
        let genuine = secret.verify(Purpose::Page, target.tenant, target.epoch, &value.message(target), signature);
        genuine.then_some(value)
    }
}

/// Opaque, signed cursors: the position in a list together with what was asked, so that a cursor of another list,
/// tenant or filter is refused. A cursor lives for a day: a page is walked through in minutes.
pub mod cursor {
    use super::{Engine, Purpose, SIGNATURE_BYTES, Secret, TenantId, URL_SAFE_NO_PAD};
    use domain::time::Timestamp;

    /// Minutes for which a cursor may be used.
    pub const LIFE_MINUTES: u32 = 24 * 60;
    /// Bytes of a cursor at most; positions are far shorter.
    const TEXT_MAX: usize = 4_096;
    const TIME_BYTES: usize = 4;

    fn minutes(now: Timestamp) -> u32 {
        u32::try_from(now.as_millis() / 60_000).unwrap_or(0)
    }

    fn message(body: &[u8], question: &str) -> Vec<u8> {
        let mut message = body.to_vec();
        message.push(0);
        message.extend(question.as_bytes());
        message
    }

    /// The cursor for going on behind `position` of the list that `question` describes.
    pub fn sign(secret: &Secret, tenant: TenantId, question: &str, position: &str, now: Timestamp) -> String {
        let mut body = minutes(now).to_be_bytes().to_vec();
        body.extend(position.as_bytes());
        let mut bytes = secret.sign(Purpose::Cursor, tenant, 0, &message(&body, question)).to_vec();
        bytes.extend(body);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The position, or `None` for a foreign, forged or stale cursor.
    pub fn verify(secret: &Secret, tenant: TenantId, question: &str, cursor: &str, now: Timestamp) -> Option<String> {
        if cursor.len() > TEXT_MAX {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (signature, body) = bytes.split_at_checked(SIGNATURE_BYTES)?;
        let (made, position) = body.split_at_checked(TIME_BYTES)?;
        if !secret.verify(Purpose::Cursor, tenant, 0, &message(body, question), signature) {
            return None;
        }
        let made = u32::from_be_bytes(made.try_into().ok()?);
        let fresh = minutes(now) <= made.saturating_add(LIFE_MINUTES);
        fresh.then(|| String::from_utf8(position.to_vec()).ok()).flatten()
    }
}
