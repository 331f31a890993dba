//! Keys derived from the installation's one secret, each for one purpose, tenant and epoch. Signs and verifies;
//! what is signed is the callers' matter.

use aws_lc_rs::{constant_time, hkdf, hmac};
use domain::ids::TenantId;

/// Bytes of a signature that are kept: 128 bits.
pub const SIGNATURE_BYTES: usize = 16;

/// What a key is for. A signature of one purpose is worthless for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Public links.
    Link,
    /// The value a public page posts back.
    Page,
    /// Cursors of lists.
    Cursor,
    /// Sessions of the console. Of no tenant: the session says whose it is.
    Session,
    /// The value that the console's forms post back.
    Form,
    /// What the console remembers while somebody signs in at the identity provider.
    Handshake,
}

/// The installation's secret. `Debug` shows nothing of it.
#[derive(Clone)]
pub struct Secret(std::sync::Arc<hkdf::Prk>);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl Secret {
    /// From the secret's text, at least 32 bytes of it.
    pub fn new(text: &str) -> Option<Secret> {
        (text.len() >= 32).then(|| {
            Secret(std::sync::Arc::new(hkdf::Salt::new(hkdf::HKDF_SHA256, b"countersign").extract(text.as_bytes())))
        })
    }

    fn key(&self, purpose: Purpose, tenant: TenantId, epoch: u16) -> hmac::Key {
        let label: &[u8] = match purpose {
            Purpose::Link => b"link",
            Purpose::Page => b"page",
            Purpose::Cursor => b"cursor",
            Purpose::Session => b"session",
            Purpose::Form => b"form",
            Purpose::Handshake => b"handshake",
        };
        let (tenant, epoch) = (tenant.0.to_be_bytes(), epoch.to_be_bytes());
        let info = [label, &tenant, &epoch];
        let okm = self.0.expand(&info, hmac::HMAC_SHA256).expect("32 bytes are within HKDF's limit");
        hmac::Key::from(okm)
    }

    /// The signature of `message`.
    pub fn sign(&self, purpose: Purpose, tenant: TenantId, epoch: u16, message: &[u8]) -> [u8; SIGNATURE_BYTES] {
        let tag = hmac::sign(&self.key(purpose, tenant, epoch), message);
        let mut signature = [0; SIGNATURE_BYTES];
        signature.copy_from_slice(&tag.as_ref()[..SIGNATURE_BYTES]);
        signature
    }

    /// Whether `signature` is that of `message`, in constant time.
    pub fn verify(&self, purpose: Purpose, tenant: TenantId, epoch: u16, message: &[u8], signature: &[u8]) -> bool {
        constant_time::verify_slices_are_equal(&self.sign(purpose, tenant, epoch, message), signature).is_ok()
    }
}
