//! The one source of random bytes.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Fills an array with random bytes of the operating system.
///
/// # Panics
/// When the operating system gives none: nothing of this product can go on without.
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

/// A random 64-bit number.
pub fn number() -> u64 {
    u64::from_be_bytes(bytes())
}

/// A new API token: `cs_` and 256 random bits. Shown once; only its hash is stored.
pub fn api_token() -> String {
    format!("cs_{}", URL_SAFE_NO_PAD.encode(bytes::<32>()))
}
