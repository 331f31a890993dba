//! Keys of the indexes that lists are read from. Equal sort keys in every index of tasks, so that streams can be merged.

use super::{InvalidKey, escape, parse, parse_tenant};
use domain::external_task::Status;
use domain::ids::{InstanceKey, TaskKey, TenantId};
use domain::instance::InstanceStatus;
use domain::time::Timestamp;
use std::fmt;
use std::str::FromStr;

/// Partition key of index `ByStatus`: `{t}#{status}#{shard}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ByStatus {
    pub tenant: TenantId,
    pub status: Status,
    pub shard: u32,
}

impl fmt::Display for ByStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}#{}", self.tenant, self.status, self.shard)
    }
}

impl FromStr for ByStatus {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<ByStatus, InvalidKey> {
        let parts: Vec<&str> = text.split('#').collect();
        let [tenant, status, shard] = parts.as_slice() else { return Err(InvalidKey) };
        let status = Status::parse(status).ok_or(InvalidKey)?;
        Ok(ByStatus { tenant: parse_tenant(tenant)?, status, shard: parse(shard)? })
    }
}

/// Partition key of index `ByProcess`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ByProcess<'a> {
    /// `{t}#t#{process}#{activity}#{status}#{shard}`: tasks of one activity.
    Tasks { tenant: TenantId, process: &'a str, activity: &'a str, status: Status, shard: u32 },
    /// `{t}#i#{process}#{status}#{shard}`: instances of one process.
    Instances { tenant: TenantId, process: &'a str, status: InstanceStatus, shard: u32 },
}

impl ByProcess<'_> {
    /// The status that the partition of an instance's row says.
    pub fn status_of_instance(text: &str) -> Result<InstanceStatus, InvalidKey> {
        let parts: Vec<&str> = text.split('#').collect();
        let [_, "i", _, status, _] = parts.as_slice() else { return Err(InvalidKey) };
        InstanceStatus::parse(status).ok_or(InvalidKey)
    }

    /// The shard of an instance's row.
    pub fn shard_of_instance(text: &str) -> Result<u32, InvalidKey> {
        let parts: Vec<&str> = text.split('#').collect();
        let [_, "i", _, _, shard] = parts.as_slice() else { return Err(InvalidKey) };
        parse(shard)
    }
}

impl fmt::Display for ByProcess<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ByProcess::Tasks { tenant, process, activity, status, shard } => {
                write!(f, "{tenant}#t#{}#{}#{status}#{shard}", escape(process), escape(activity))
            }
            ByProcess::Instances { tenant, process, status, shard } => {
                write!(f, "{tenant}#i#{}#{status}#{shard}", escape(process))
            }
        }
    }
}

/// Partitions of active ordinary user tasks. They share the indexes with external tasks and no partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ActiveWork<'a> {
    /// In `ByStatus`, `{t}#w#{shard}`: all of a tenant.
    All { tenant: TenantId, shard: u32 },
    /// In `ByProcess`, `{t}#w#{process}#{shard}`: those of one process.
    Process { tenant: TenantId, process: &'a str, shard: u32 },
}

impl fmt::Display for ActiveWork<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ActiveWork::All { tenant, shard } => write!(f, "{tenant}#w#{shard}"),
            ActiveWork::Process { tenant, process, shard } => write!(f, "{tenant}#w#{}#{shard}", escape(process)),
        }
    }
}

/// Partition key of index `ByDomain`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ByDomain<'a> {
    /// `{t}#d#{domain}#{status}#{shard}`: tasks by the domain of their recipient.
    Tasks { tenant: TenantId, domain: &'a str, status: Status, shard: u32 },
    /// `{t}#b#{business key}`: instances by the caller's own key.
    Instances { tenant: TenantId, business_key: &'a str },
}

impl fmt::Display for ByDomain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ByDomain::Tasks { tenant, domain, status, shard } => write!(f, "{tenant}#d#{domain}#{status}#{shard}"),
            ByDomain::Instances { tenant, business_key } => write!(f, "{tenant}#b#{}", escape(business_key)),
        }
    }
}

/// Both keys of index `ByExpiry`: pending tasks that expire, `{t}#E#{shard}` and `{expires ms}#{task}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ByExpiry {
    pub tenant: TenantId,
    pub shard: u32,
}

impl ByExpiry {
    pub fn sort(expires_at: Timestamp, task: TaskKey) -> String {
        ByCreation { created_at: expires_at, task }.to_string()
    }
}

impl fmt::Display for ByExpiry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#E#{}", self.tenant, self.shard)
    }
}

/// Partition key of index `FollowUp`: pending tasks that a person must look at, `{t}#F`. Few: no shards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FollowUp(pub TenantId);

impl fmt::Display for FollowUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#F", self.0)
    }
}

/// Sort key of the lists of tasks: `{created ms}#{task}`. Equal in every stream that is merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ByCreation {
    pub created_at: Timestamp,
    pub task: TaskKey,
}

impl ByCreation {
    /// Sorts before everything created at or after `at`.
    pub fn bound(at: Timestamp) -> String {
        format!("{:013}", at.as_millis().max(0))
    }
}

impl fmt::Display for ByCreation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:013}#{}", self.created_at.as_millis().max(0), self.task)
    }
}

impl FromStr for ByCreation {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<ByCreation, InvalidKey> {
        let (created, task) = text.split_once('#').ok_or(InvalidKey)?;
        Ok(ByCreation { created_at: Timestamp::from_millis(parse(created)?), task: parse(task)? })
    }
}

impl ByCreation {
    /// As [`ByCreation`], for an instance: its key takes the place of the task's.
    pub fn of_instance(started_at: Timestamp, key: InstanceKey) -> String {
        format!("{:013}#{key}", started_at.as_millis().max(0))
    }

    /// Start and key of an instance's row.
    pub fn parse_instance(text: &str) -> Result<(Timestamp, InstanceKey), InvalidKey> {
        let (started, key) = text.split_once('#').ok_or(InvalidKey)?;
        Ok((Timestamp::from_millis(parse(started)?), parse(key)?))
    }
}

/// The shard of a task (or instance) among `shards`, fixed at its creation. Keys of one moment differ in few bits: they are mixed
/// (finalizer of SplitMix64) so that neighbours spread.
pub(crate) fn shard(key: u64, shards: u32) -> u32 {
    let mut bits = key;
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^= bits >> 31;
    u32::try_from(bits % u64::from(shards.max(1))).unwrap_or(0)
}
