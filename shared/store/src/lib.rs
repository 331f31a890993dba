//! The one table: everything the product keeps. The only crate that knows the DynamoDB SDK; decides nothing, reads no
//! clock, performs no effect.
//!
//! # Access patterns
//!
//! Units by DynamoDB's rules for items of ordinary size: a strong read costs 1 for each 4 KB, a weak one half; a write 1
//! for each KB, twice in a transaction; an index write 1, twice where its key changes.
//!
//! | pattern | function | operation | table units | index units |
//! |---|---|---|---|---|
//! | an aggregate for a command | [`Store::load`] | Query `H`..`Z`, strong | 1 read | |
//! | where the rows of a list stand | [`Store::heads`] | BatchGetItem, strong | 1 read for 4 KB and instance | |
//! | a command's commit | [`Store::commit`] | TransactWriteItems: head, tasks touched, journal item, idempotency record | 2 writes an item | 1 a row written, 2 where the status changes |
//! | one task | [`Store::task`] | GetItem | 0.5 read, strong 1 | |
//! | first fetch of a link | [`Store::first_fetch`] | PutItem if absent | 1 write | |
//! | a report on a mail | [`Store::mark_mail`] | UpdateItem if the rank rises | 1 write | |
//! | the delivery a row shows | [`Store::show_delivery`] | UpdateItem if the rank rises | 1 write | 1 |
//! | an open that the mail service reports | [`Store::mark_opened`] | UpdateItem if it is news | 1 write | |
//! | mails by day | [`Store::count_mails`], [`Store::delivery_days`] | UpdateItem a batch; Query | 1 write; 0.5 read | |
//! | the sending quota | [`Store::put_quota`], [`Store::quota`] | PutItem once a minute; memory for 30 s, else GetItem | 1 write; 0, else 0.5 read | |
//! | mails of one recipient on one day, where the tenant limits them | [`Store::take_recipient_mail`] | UpdateItem | 1 write | |
//! | history | [`Store::journal`], [`Store::journal_page`] | Query `~J#` | 0.5 read for 4 KB | |
//! | one command's journal item | [`Store::journal_item`] | GetItem | 0.5 read, strong 1 | |
//! | proof of the history | [`Store::verify_chain`] | Query `~J#`, strong, and load | 1 read for 4 KB | |
//! | list of external tasks | [`Store::external_tasks`] | Query of `ByStatus`, or of `ByProcess` for each activity, for each status and shard | | 0.5 read for 4 KB and stream |
//! | the same by expiry | [`Store::external_tasks`] | Query of `ByExpiry`, BatchGetItem | 0.5 read a task | 0.5 read for 4 KB and shard |
//! | the same that need a person | [`Store::external_tasks`] | Query of `FollowUp` | | 0.5 read for 4 KB |
//! | search for a recipient | [`Store::external_tasks`] | two Queries of suffixes, Query of `ByDomain` for each domain, status and shard, BatchGetItem; with many domains the list itself | 0.5 read for 4 KB and for each task | 0.5 read for 4 KB and stream |
//! | a new address, a new domain | [`Store::remember_recipient`] | GetItem; BatchWriteItem | 0.5 read; once 1 write a character | |
//! | list of instances | [`Store::instances`] | Query of `ByProcess` for each process, status and shard, or of `ByDomain` for a business key | | 0.5 read for 4 KB and stream |
//! | active ordinary tasks | [`Store::active_work_tasks`] | Query of `ByStatus`, or of `ByProcess` for one process, for each shard; BatchGetItem | 0.5 read a task | 0.5 read for 4 KB and shard |
//! | answer of a repeated request | [`Store::idempotent`] | GetItem, strong | 1 read | |
//! | deployment | [`Store::deploy`], [`Store::deploy_once`] | GetItem a process, TransactWriteItems | 1 read, 2 writes for each KB and item | |
//! | version for a new instance | [`Store::deployed`] | GetItem, strong | 1 read | |
//! | compiled process | [`Store::process`] | memory, else Query `C#`, strong | 0, else 1 read for 4 KB packed | |
//! | a page or mail | [`Store::text`] | memory, else GetItem, strong | 0, else 1 read for 4 KB packed | |
//! | the file as deployed | [`Store::xml`] | Query `X#`, strong | 1 read for 4 KB packed | |
//! | one version | [`Store::definition`] | GetItem, strong | 1 read | |
//! | versions of a process | [`Store::versions`] | Query `V#`, strong | 1 read for 4 KB | |
//! | list of processes | [`Store::definitions`] | Query of the catalogue | 0.5 read for 4 KB | |
//! | tenant, token | [`Store::tenant`], [`Store::token`] | memory for 30 s, else GetItem | 0, else 0.5 read | |
//! | sessions ended before their time | [`Store::end_session`], [`Store::session_ended`] | PutItem; memory for 30 s, else GetItem | 1 write; 0, else 0.5 read | |
//! | change of tenants and tokens | [`Store::put_tenant`], [`Store::raise_epoch`], [`Store::put_token`], [`Store::delete_token`] | PutItem, UpdateItem, DeleteItem | 1 or 2 writes | |
//! | list of tenants, for operators | [`Store::tenants`] | Query, GetItem a tenant | 1 read and 1 a tenant | |
//! | a bulk run, strong | [`Store::run_at_work`], [`Store::bulk_run`] | GetItem, with its mails another | 1 read, 1.5 | |
//! | start or change of a run, its parts with it | [`Store::put_run`], [`Store::save_run`] | TransactWriteItems: run, result, order, keys | 2 writes an item and KB | |
//! | runs of a tenant, newest first | [`Store::bulk_runs`] | Query of the list | 0.5 read for 4 KB | |
//! | task keys of a run | [`Store::run_keys`] | Query of one chunk of 1,000, strong; kept by the worker | 2 reads | |
//! | failures of a run | [`Store::run_failures`] | Query `F#` | 0.5 read for 4 KB | |
//! | which of many tasks are PENDING | [`Store::pending`] | BatchGetItem, strong | 1 read a task | |
//! | what happened since a run began | [`Store::journal_since`] | Query, strong | 1 read for 4 KB | |
//! | end of what is kept, where the tenant set it up | [`Store::keep_until`] | Query, strong, UpdateItem an item | 1 read for 4 KB, 1 write for each KB and item | |
//! | erasure of a recipient | [`Store::erase_recipient`], [`Store::forget_recipient`] | load, Query `~J#`, UpdateItem an entry, TransactWriteItems; DeleteItem a suffix | 1 write for each KB of each entry, 2 for head and tasks | as a commit |
//! | start or step of an export | [`Store::put_export`], [`Store::save_export`] | TransactWriteItems: export, order | 2 writes an item and KB | |
//! | an export | [`Store::export`] | GetItem, strong | 1 read | |
//! | who waits for a message or signal | [`Store::subscribers`] | Query, strong | 1 read for 4 KB | |
//! | a mail of a run went out | [`Store::count_run_mail`] | UpdateItem | 1 write | |
//!
//! There is no Scan. A new list is a new index in [`table`], an attribute on the item it lists and a row here.

#[cfg(test)]
extern crate self as store;

mod aggregate;
mod bulk_runs;
mod cache;
mod chain;
mod commit;
mod connect;
mod definitions;
mod delivery;
mod erase;
mod error;
mod exports;
mod heads;
mod idempotency;
mod instances;
mod item;
mod jobs;
mod journal;
mod keys;
mod list;
mod mail;
mod meter;
mod ops;
mod recipients;
mod retention;
mod sessions;
pub mod size;
mod subscriptions;
pub mod table;
mod tenants;
mod transaction;
mod work_tasks;

#[cfg(test)]
mod tests;

pub use aggregate::{Loaded, StoredTask};
pub use bulk_runs::{KEPT_DAYS as RUN_KEPT_DAYS, KeyChunk, RunFailure, RunOrder, RunParts};
pub use commit::{CommitRequest, Committed};
pub use connect::{aws_config, aws_connector, function_config, http};
pub use definitions::{
    DefinitionEntry, DefinitionHead, Deployed, DeploymentAnswer, NewDefinition, NewDeployment, PROCESSES_BYTES_MAX,
    Pointer, TEXTS_BYTES_MAX, file_digest,
};
pub use delivery::{DAYS_MAX, DayCounts, Quota};
pub use domain::bulk_run::BulkRun;
pub use erase::Erased;
pub use error::Error;
pub use exports::{Export, ExportFormat};
pub use heads::HEADS_MAX;
pub use idempotency::IdempotencyRecord;
pub use instances::{InstanceQuery, InstanceRow};
pub use jobs::Job;
pub use journal::{ChainFault, JournalEntry, JournalId};
pub use keys::Counter;
pub use list::{Order, PAGE_MAX, Page, TaskPage, TaskQuery, TaskRow};
pub use mail::{Mail, Mark, Opened, Reported};
pub use meter::{Call, Meter, Units};
pub use recipients::PART_CHARS_MIN;
pub use subscriptions::Subscriber;
pub use tenants::{CACHED_MS, SHARDS_MAX, TenantRecord, TokenRecord};
pub use work_tasks::{ActiveQuery, ActiveRow, StoredWorkTask};

use cache::{LruCache, TimedCache};
use definitions::VersionKey;
use domain::ids::TenantId;
use domain::process::Process;
use std::sync::Arc;

/// The table, with what this process keeps of it. Cheap to clone; clones share memory and connections.
#[derive(Clone, Debug)]
pub struct Store {
    inner: Arc<Inner>,
    meter: Option<Meter>,
}

#[derive(Debug)]
struct Inner {
    client: aws_sdk_dynamodb::Client,
    table: String,
    processes: LruCache<VersionKey, Arc<Process>>,
    texts: LruCache<(VersionKey, usize), Arc<str>>,
    tenants: TimedCache<TenantId, TenantRecord>,
    tokens: TimedCache<String, TokenRecord>,
    sessions: TimedCache<(TenantId, String), bool>,
    quota: TimedCache<(), Quota>,
}

impl Store {
    /// With a client of the caller's making: tests, tools.
    pub fn new(client: aws_sdk_dynamodb::Client, table: impl Into<String>) -> Store {
        let inner = Inner {
            client,
            table: table.into(),
            processes: LruCache::new(PROCESSES_BYTES_MAX),
            texts: LruCache::new(TEXTS_BYTES_MAX),
            tenants: TimedCache::new(CACHED_MS),
            tokens: TimedCache::new(CACHED_MS),
            sessions: TimedCache::new(CACHED_MS),
            quota: TimedCache::new(CACHED_MS),
        };
        Store { inner: Arc::new(inner), meter: None }
    }

    /// With a configuration that the function shares among its clients.
    pub fn with_config(config: &aws_config::SdkConfig, table: impl Into<String>) -> Store {
        Store::new(aws_sdk_dynamodb::Client::new(config), table)
    }

    /// With the configuration of the environment ([`aws_config`]).
    pub async fn connect(table: impl Into<String>) -> Store {
        Store::with_config(&aws_config().await, table)
    }

    /// The same store, with a meter that counts what its calls consume. Calls of the original are not counted.
    pub fn metered(&self) -> (Store, Meter) {
        let meter = Meter::default();
        (Store { inner: self.inner.clone(), meter: Some(meter.clone()) }, meter)
    }
}
