//! The hash chain of the journal: each item names the hash of its forerunner of the same counter. Hashes; reads nothing.

use crate::keys::Key;
use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::fmt;

/// Bytes of SHA-256 that are kept.
const HASH_BYTES: usize = 16;

/// The hash of a journal item: the first 16 bytes of SHA-256 in base64url without padding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ChainHash(String);

impl ChainHash {
    /// The hash as it stands in an item.
    pub fn stored(text: &str) -> ChainHash {
        ChainHash(text.to_owned())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The hash of a journal item: of its key and of every part that never changes, as stored. The mail part is not
    /// among them: receipts write it.
    pub fn of(key: &Key, parts: &[&[u8]]) -> ChainHash {
        let mut context = digest::Context::new(&digest::SHA256);
        for part in [key.pk.as_bytes(), key.sk.as_bytes()].iter().chain(parts) {
            // With its length, so that bytes cannot wander from one part to the next.
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        ChainHash(URL_SAFE_NO_PAD.encode(&context.finish().as_ref()[..HASH_BYTES]))
    }
}

impl fmt::Display for ChainHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
