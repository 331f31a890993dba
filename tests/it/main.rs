//! Tests across crates, in one binary: whole lives over the table and the AWS services in process. No test waits for the
//! clock of the machine, and none leaves 127.0.0.1.

// The SDK's futures nest deeper than the compiler's default limit.
#![recursion_limit = "256"]

mod actions;
mod budget;
mod bulk_runs;
mod call_activities;
mod commands;
mod crash;
mod delivery;
mod drawn_processes;
mod engine_conformance;
mod events;
mod faults;
mod loan;
mod messages;
mod throw_events;
mod timer_starts;
mod user_tasks;
mod vectors;

// The API is a binary: its modules are compiled in here, under the names by which they look for each other.
#[path = "../../functions/api/src"]
mod api {
    pub mod body;
    pub mod json;
    pub mod problem;
    pub mod request;
    pub mod routes;
    pub mod view;
}

// And the function that takes receipts.
#[path = "../../functions/mail-events/src"]
mod mail_events {
    pub mod handler;
    pub mod receipt;
}
use mail_events::receipt;

use api::{body, json, problem, request, routes, view};

/// What every route of the API may use: the struct that its `main` keeps.
struct Api {
    app: app::App,
    authenticator: app::auth::Authenticator,
    scripts: script::QuickJs,
    public_url: String,
    files: app::exports::presign::Files,
}
