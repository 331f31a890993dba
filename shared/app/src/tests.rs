//! Tests of what needs no table: links, cursors, request hashes, due messages, OIDC tokens.

mod due;
mod filter;
mod identity;
mod link;
mod oidc;
mod request_hash;
mod session;
