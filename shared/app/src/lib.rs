//! The waist of Countersign: load, decide, commit, retry on conflict; and what every door shares (links, callers,
//! configuration, clock). Must not know HTTP, HTML, Lambda events or the SDKs of mail, queues and schedules.

pub mod action;
pub mod auth;
mod begin;
pub mod bulk_runs;
pub mod calls;
pub mod clock;
pub mod commands;
pub mod config;
pub mod definitions;
pub mod due;
pub mod execute;
pub mod exports;
pub mod external_tasks;
pub mod idempotency;
pub mod identity;
mod in_time;
pub mod instances;
pub mod keys;
pub mod link;
pub mod messages;
mod placeholders;
mod question;
pub mod random;
pub mod recipients;
pub mod secret;
pub mod session;
mod signature;
pub mod telemetry;
pub mod throws;
mod timer_starts;
pub mod user_tasks;

pub use execute::{App, Error, FieldProblem, Outcome, Request};

#[cfg(test)]
mod tests;
