//! The waist of Countersign: load, decide, commit, retry on conflict; and what every door shares (links, callers,
//! configuration, clock). Must not know HTTP, HTML, Lambda events or the SDKs of mail, queues and schedules.

pub mod auth;
pub mod clock;
pub mod config;
pub mod due;
pub mod execute;
pub mod idempotency;
pub mod keys;
pub mod link;
pub mod random;
pub mod secret;
pub mod telemetry;

pub use execute::{App, Error, Outcome, Request};

#[cfg(test)]
mod tests;
