//! Packing of contents: gzip, and pieces that fit an item. Sends nothing.

use crate::Error;
use crate::item::{Item, Reader};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use std::io::{Read as _, Write as _};

/// Bytes of one piece at most: the item stays well below DynamoDB's 400 KB.
pub(crate) const PIECE_BYTES_MAX: usize = 300 * 1024;
/// Unpacked bytes at most. Far above what a deployment takes in (4 MB); a broken item cannot fill the memory.
const UNPACKED_BYTES_MAX: u64 = 64 * 1024 * 1024;

pub(crate) fn pack(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("a vector takes every byte");
    encoder.finish().expect("a vector takes every byte")
}

pub(crate) fn unpack(key: &str, bytes: &[u8]) -> Result<Vec<u8>, Error> {
    let mut unpacked = Vec::new();
    GzDecoder::new(bytes)
        .take(UNPACKED_BYTES_MAX)
        .read_to_end(&mut unpacked)
        .map_err(|error| Error::Corrupt { key: key.to_owned(), problem: format!("it cannot be unpacked: {error}") })?;
    Ok(unpacked)
}

/// The unpacked contents of pieces in their order, each of which says how many there are. `None` where there are none.
pub(crate) fn join(key: &str, pieces: &[Item]) -> Result<Option<Vec<u8>>, Error> {
    let Some(first) = pieces.first() else { return Ok(None) };
    let expected: usize = Reader(first).number("of")?;
    if expected != pieces.len() {
        let problem = format!("{} of {expected} pieces are there", pieces.len());
        return Err(Error::Corrupt { key: key.to_owned(), problem });
    }
    let mut packed = Vec::new();
    for piece in pieces {
        packed.extend_from_slice(Reader(piece).bytes("b")?);
    }
    unpack(key, &packed).map(Some)
}
