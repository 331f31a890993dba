//! Tests of what needs no table: links, cursors, request hashes, due messages.

mod due;
mod link;
mod request_hash;
