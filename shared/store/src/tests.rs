//! Tests of the store against the wire protocol of DynamoDB in process, one database a test.

mod bulk_runs;
mod commit;
mod definitions;
// The file of the crate `testkit`, which depends on this one: one starter for every crate's tests.
#[path = "../../testkit/src/dynamo.rs"]
mod dynamo;
mod erase;
mod faults;
mod fixture;
mod golden;
mod heads;
mod jobs;
mod journal;
mod keys;
mod limits;
mod list;
mod list_filters;
mod mail;
mod retention;
mod scale;
mod sessions;
mod size;
mod subscriptions;
mod template;
mod tenants;
mod units;
mod work_tasks;
