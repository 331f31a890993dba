//! What tests across crates share: the table and the AWS services in process, and a world in which the product's own
//! handlers run against them by a clock that the test sets. Must not decide anything; a test that passes with a wrong
//! product is a fault here.

// The SDK's futures nest deeper than the compiler's default limit.
#![recursion_limit = "256"]

pub mod aws;
pub mod dynamo;
pub mod gate;
pub mod samples;
pub mod world;

// Functions are binaries: their handlers are compiled in here, so that tests run the doors and not a copy of them.
#[path = "../../../functions/action-worker/src/handler.rs"]
mod action_worker;
#[path = "../../../functions/bulk-worker/src/handler.rs"]
mod bulk_worker;
#[path = "../../../functions/public-task/src/handler.rs"]
mod handler;
#[path = "../../../functions/outbox/src/handler.rs"]
pub mod outbox;
#[path = "../../../functions/public-task/src/page.rs"]
mod page;

pub use world::World;

/// What the public page needs: the struct that its `main` keeps, by the name under which its modules look for it.
struct Public {
    app: app::App,
    secret: app::secret::SecretSource,
    scripts: script::QuickJs,
    public_url: String,
}
