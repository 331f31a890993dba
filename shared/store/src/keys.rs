//! Every key of the table and of its indexes: built and parsed here and nowhere else. Knows no attribute besides keys.

mod lists;

use domain::ids::{ElementNumber, InstanceKey, RunKey, TaskNumber, TenantId};
use domain::time::Timestamp;
use std::fmt;
use std::str::FromStr;

pub(crate) use lists::{ActiveWork, ByCreation, ByDomain, ByExpiry, ByProcess, ByStatus, FollowUp, shard};

/// Bytes of a process id at most: DynamoDB takes 1,024 bytes of sort key, and escaping may triple an id.
pub(crate) const PROCESS_ID_BYTES_MAX: usize = 255;

/// Both parts of a primary key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    pub pk: String,
    pub sk: String,
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.pk, self.sk)
    }
}

/// The text is no key of this table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InvalidKey;

/// Item collections. Every one of a tenant begins with the tenant's number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Collection {
    /// `{t}#I#{instance}`: an aggregate with its journal.
    Instance(TenantId, InstanceKey),
    /// `{t}#D`: the list of processes.
    Catalogue(TenantId),
    /// `{t}#D#{process}`: versions of a process and the pointer to the deployed one.
    Process(TenantId, String),
    /// `{t}#D#{process}#{n}`: the contents of one version.
    Contents(TenantId, String, u32),
    /// `{t}#B`: the list of bulk runs.
    Runs(TenantId),
    /// `{t}#B#{run}`: the parts of a bulk run.
    Run(TenantId, RunKey),
    /// `{t}#N`: counters of mails, an item a day.
    Days(TenantId),
    /// `{t}#W#{hash}`: who waits for one message or signal.
    Awaited(TenantId, String),
    /// `{t}#K#{hash}`: a request that came with an idempotency key.
    Idempotency(TenantId, String),
    /// `T#{t}`: a tenant.
    Tenant(TenantId),
    /// `T`: the list of tenants.
    Tenants,
    /// `A#{hash}`: an API token.
    Token(String),
}

impl fmt::Display for Collection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Collection::Instance(tenant, instance) => write!(f, "{tenant}#I#{instance}"),
            Collection::Catalogue(tenant) => write!(f, "{tenant}#D"),
            Collection::Process(tenant, process) => write!(f, "{tenant}#D#{}", escape(process)),
            Collection::Contents(tenant, process, version) => write!(f, "{tenant}#D#{}#{version}", escape(process)),
            Collection::Runs(tenant) => write!(f, "{tenant}#B"),
            Collection::Run(tenant, run) => write!(f, "{tenant}#B#{run}"),
            Collection::Days(tenant) => write!(f, "{tenant}#N"),
            Collection::Awaited(tenant, hash) => write!(f, "{tenant}#W#{hash}"),
            Collection::Idempotency(tenant, hash) => write!(f, "{tenant}#K#{hash}"),
            Collection::Tenant(tenant) => write!(f, "T#{tenant}"),
            Collection::Tenants => f.write_str("T"),
            Collection::Token(hash) => write!(f, "A#{hash}"),
        }
    }
}

impl FromStr for Collection {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<Collection, InvalidKey> {
        let parts: Vec<&str> = text.split('#').collect();
        match parts.as_slice() {
            ["T"] => Ok(Collection::Tenants),
            ["T", tenant] => Ok(Collection::Tenant(parse_tenant(tenant)?)),
            ["A", hash] => Ok(Collection::Token((*hash).to_owned())),
            [tenant, "D"] => Ok(Collection::Catalogue(parse_tenant(tenant)?)),
            [tenant, "D", process] => Ok(Collection::Process(parse_tenant(tenant)?, unescape(process)?)),
            [tenant, "D", process, version] => {
                Ok(Collection::Contents(parse_tenant(tenant)?, unescape(process)?, parse(version)?))
            }
            [tenant, "I", instance] => Ok(Collection::Instance(parse_tenant(tenant)?, parse(instance)?)),
            [tenant, "B"] => Ok(Collection::Runs(parse_tenant(tenant)?)),
            [tenant, "B", run] => Ok(Collection::Run(parse_tenant(tenant)?, parse(run)?)),
            [tenant, "N"] => Ok(Collection::Days(parse_tenant(tenant)?)),
            [tenant, "W", hash] => Ok(Collection::Awaited(parse_tenant(tenant)?, (*hash).to_owned())),
            [tenant, "K", hash] => Ok(Collection::Idempotency(parse_tenant(tenant)?, (*hash).to_owned())),
            _ => Err(InvalidKey),
        }
    }
}

/// Items of an aggregate. `H` to `Z` is what a command loads; the journal sorts behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InstanceItem {
    /// `H`: the head.
    Head,
    /// `O#{task}`: when the link of a task was first fetched.
    Fetched(TaskNumber),
    /// `X#{task}`: an external task.
    Task(TaskNumber),
    /// `W#{task}`: an ordinary user task.
    WorkTask(TaskNumber),
    /// `~A#{element}`: the action of a system task.
    Job(ElementNumber),
    /// `~J#{ms}#{counter}#{n}`: the journal item of one command.
    Journal { at: Timestamp, counter: Counter, n: u64 },
}

/// The number of an element instance inside a sort key. Keys were made when it had five digits at most: larger ones are
/// written with ten behind a sign that sorts after every digit, so that the order of keys is that of numbers.
struct Sortable(ElementNumber);

impl fmt::Display for Sortable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.0 {
            number @ ..=99_999 => write!(f, "{number:05}"),
            number => write!(f, "~{number:010}"),
        }
    }
}

impl FromStr for Sortable {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<Sortable, InvalidKey> {
        Ok(Sortable(ElementNumber(parse(text.strip_prefix('~').unwrap_or(text))?)))
    }
}

/// What numbers a journal item: the version of the head, or of the one task it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Counter {
    /// The head's.
    Head,
    /// A task's.
    Task(TaskNumber),
}

impl fmt::Display for Counter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Counter::Head => f.write_str("H"),
            Counter::Task(number) => write!(f, "{:05}", number.0),
        }
    }
}

impl InstanceItem {
    /// First sort key of what a command loads.
    pub const LOAD_FROM: &'static str = "H";
    /// Last sort key of what a command loads.
    pub const LOAD_TO: &'static str = "Z";
    /// What the sort keys of journal items begin with.
    pub const JOURNAL: &'static str = "~J#";
    /// What the sort keys of actions begin with.
    pub const JOBS: &'static str = "~A#";

    pub fn key(self, tenant: TenantId, instance: InstanceKey) -> Key {
        Key { pk: Collection::Instance(tenant, instance).to_string(), sk: self.to_string() }
    }
}

impl fmt::Display for InstanceItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            InstanceItem::Head => f.write_str("H"),
            InstanceItem::Fetched(task) => write!(f, "O#{:05}", task.0),
            InstanceItem::Task(task) => write!(f, "X#{:05}", task.0),
            InstanceItem::WorkTask(task) => write!(f, "W#{:05}", task.0),
            InstanceItem::Job(element) => write!(f, "{}{}", InstanceItem::JOBS, Sortable(*element)),
            InstanceItem::Journal { at, counter, n } => {
                write!(f, "{}{:013}#{counter}#{n}", InstanceItem::JOURNAL, at.as_millis())
            }
        }
    }
}

impl FromStr for InstanceItem {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<InstanceItem, InvalidKey> {
        let parts: Vec<&str> = text.split('#').collect();
        match parts.as_slice() {
            ["H"] => Ok(InstanceItem::Head),
            ["O", task] => Ok(InstanceItem::Fetched(TaskNumber(parse(task)?))),
            ["X", task] => Ok(InstanceItem::Task(TaskNumber(parse(task)?))),
            ["W", task] => Ok(InstanceItem::WorkTask(TaskNumber(parse(task)?))),
            ["~A", element] => Ok(InstanceItem::Job(parse::<Sortable>(element)?.0)),
            ["~J", at, counter, n] => {
                let counter = match *counter {
                    "H" => Counter::Head,
                    task => Counter::Task(TaskNumber(parse(task)?)),
                };
                Ok(InstanceItem::Journal { at: Timestamp::from_millis(parse(at)?), counter, n: parse(n)? })
            }
            _ => Err(InvalidKey),
        }
    }
}

/// A bulk run in its tenant's list; padded, so that the list is in the order of keys, which is that of time.
pub(crate) fn run(tenant: TenantId, run: RunKey) -> Key {
    Key { pk: Collection::Runs(tenant).to_string(), sk: format!("{:019}", run.get()) }
}

/// Parts of a bulk run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RunItem {
    /// `E`: an export, in a partition of its own.
    Export,
    /// `F#{n}`: the task with this number failed.
    Failed(u32),
    /// `K#{n}`: a chunk of task keys, by the number of its first.
    Keys(u32),
    /// `M`: the mails that went out.
    Mails,
    /// `S#{n}`: the task with this number succeeded.
    Succeeded(u32),
    /// `~J#{ms}#{n}`: an order for the outbox; begins like a journal item, so that the stream brings it.
    Order { at: Timestamp, number: u32 },
}

impl RunItem {
    /// What the sort keys of failures begin with.
    pub const FAILURES: &'static str = "F#";
    /// Sorts before every chunk of keys.
    pub const KEYS_FROM: &'static str = "K#";

    pub fn key(self, tenant: TenantId, run: RunKey) -> Key {
        Key { pk: Collection::Run(tenant, run).to_string(), sk: self.to_string() }
    }
}

impl fmt::Display for RunItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RunItem::Export => f.write_str("E"),
            RunItem::Failed(n) => write!(f, "F#{n:06}"),
            RunItem::Keys(n) => write!(f, "K#{n:06}"),
            RunItem::Mails => f.write_str("M"),
            RunItem::Succeeded(n) => write!(f, "S#{n:06}"),
            RunItem::Order { at, number } => write!(f, "{}{:013}#{number}", InstanceItem::JOURNAL, at.as_millis()),
        }
    }
}

impl FromStr for RunItem {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<RunItem, InvalidKey> {
        let parts: Vec<&str> = text.split('#').collect();
        match parts.as_slice() {
            ["E"] => Ok(RunItem::Export),
            ["F", n] => Ok(RunItem::Failed(parse(n)?)),
            ["K", n] => Ok(RunItem::Keys(parse(n)?)),
            ["M"] => Ok(RunItem::Mails),
            ["S", n] => Ok(RunItem::Succeeded(parse(n)?)),
            ["~J", at, number] => Ok(RunItem::Order { at: Timestamp::from_millis(parse(at)?), number: parse(number)? }),
            _ => Err(InvalidKey),
        }
    }
}

/// Items of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProcessItem {
    /// `V#{n}`: the head of a version.
    Version(u32),
    /// `DEPLOYED`: the pointer to the deployed version.
    Deployed,
}

impl ProcessItem {
    /// What the sort keys of version heads begin with.
    pub const VERSIONS: &'static str = "V#";

    pub fn key(self, tenant: TenantId, process: &str) -> Key {
        Key { pk: Collection::Process(tenant, process.to_owned()).to_string(), sk: self.to_string() }
    }
}

impl fmt::Display for ProcessItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ProcessItem::Version(version) => write!(f, "V#{version:06}"),
            ProcessItem::Deployed => f.write_str("DEPLOYED"),
        }
    }
}

impl FromStr for ProcessItem {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<ProcessItem, InvalidKey> {
        match text.split_once('#') {
            None if text == "DEPLOYED" => Ok(ProcessItem::Deployed),
            Some(("V", version)) => Ok(ProcessItem::Version(parse(version)?)),
            Some(_) | None => Err(InvalidKey),
        }
    }
}

/// Items of the contents of one version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ContentsItem {
    /// `C#{i}`: a piece of the compiled process.
    Compiled(usize),
    /// `P#{i}`: a long text: a page or a mail.
    Text(usize),
    /// `X#{i}`: a piece of the file as deployed.
    Xml(usize),
}

impl ContentsItem {
    /// What the sort keys of pieces of the compiled process begin with.
    pub const COMPILED: &'static str = "C#";
    /// What the sort keys of pieces of the file begin with.
    pub const XML: &'static str = "X#";

    pub fn key(self, tenant: TenantId, process: &str, version: u32) -> Key {
        Key { pk: Collection::Contents(tenant, process.to_owned(), version).to_string(), sk: self.to_string() }
    }
}

impl fmt::Display for ContentsItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Padded: pieces are read in the order of their keys.
        match self {
            ContentsItem::Compiled(number) => write!(f, "C#{number:03}"),
            ContentsItem::Text(number) => write!(f, "P#{number:03}"),
            ContentsItem::Xml(number) => write!(f, "X#{number:03}"),
        }
    }
}

impl FromStr for ContentsItem {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<ContentsItem, InvalidKey> {
        match text.split_once('#') {
            Some(("C", number)) => Ok(ContentsItem::Compiled(parse(number)?)),
            Some(("P", number)) => Ok(ContentsItem::Text(parse(number)?)),
            Some(("X", number)) => Ok(ContentsItem::Xml(parse(number)?)),
            Some(_) | None => Err(InvalidKey),
        }
    }
}

/// The entry of a process in the tenant's list.
pub(crate) fn catalogue(tenant: TenantId, process: &str) -> Key {
    Key { pk: Collection::Catalogue(tenant).to_string(), sk: escape(process) }
}

/// The counters of a day such as `2026-11-21`.
pub(crate) fn day(tenant: TenantId, day: &str) -> Key {
    Key { pk: Collection::Days(tenant).to_string(), sk: day.to_owned() }
}

/// How many mails an address got on a day; in lower case.
pub(crate) fn recipient_day(tenant: TenantId, day: &str, address: &str) -> Key {
    Key { pk: format!("{tenant}#N#{day}#{address}"), sk: "N".to_owned() }
}

/// What the mail service lets the whole installation send.
pub(crate) fn quota() -> Key {
    Key { pk: "Q".to_owned(), sk: "Q".to_owned() }
}

/// An address, found by what its local part ends with: `{t}#R#{3 characters}` and `{suffix} {address}`. Addresses are in
/// lower case here.
pub(crate) fn address_suffix(tenant: TenantId, suffix: &str, address: &str) -> Key {
    Key { pk: address_suffixes(tenant, suffix), sk: format!("{suffix} {address}") }
}

/// The partition of the address suffixes that begin as `part` does.
pub(crate) fn address_suffixes(tenant: TenantId, part: &str) -> String {
    format!("{tenant}#R#{}", part.chars().take(3).collect::<String>())
}

/// A domain, found by what it ends with: `{t}#RD#{3 characters}` and `{suffix} {domain}`.
pub(crate) fn domain_suffix(tenant: TenantId, suffix: &str, domain: &str) -> Key {
    Key { pk: domain_suffixes(tenant, suffix), sk: format!("{suffix} {domain}") }
}

/// The partition of the domain suffixes that begin as `part` does.
pub(crate) fn domain_suffixes(tenant: TenantId, part: &str) -> String {
    format!("{tenant}#RD#{}", part.chars().take(3).collect::<String>())
}

/// The address or domain that a suffix belongs to.
pub(crate) fn whole_of_suffix(sort: &str) -> Option<&str> {
    sort.split_once(' ').map(|(_, whole)| whole)
}

/// The record of a request that came with an idempotency key.
pub(crate) fn idempotency(tenant: TenantId, hash: &str) -> Key {
    Key { pk: Collection::Idempotency(tenant, hash.to_owned()).to_string(), sk: "K".to_owned() }
}

/// An event that waits for a message or signal; padded, so that who waits longest comes first.
pub(crate) fn subscription(
    tenant: TenantId,
    hash: &str,
    instance: InstanceKey,
    element: ElementNumber,
    event: &str,
) -> Key {
    let pk = Collection::Awaited(tenant, hash.to_owned()).to_string();
    Key { pk, sk: format!("{:019}#{}#{event}", instance.get(), Sortable(element)) }
}

/// Who waits, from the sort key of a subscription.
pub(crate) fn subscriber(sk: &str) -> Result<(InstanceKey, ElementNumber, String), InvalidKey> {
    let mut parts = sk.splitn(3, '#');
    let (Some(instance), Some(element), Some(event)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(InvalidKey);
    };
    Ok((parse(instance.trim_start_matches('0'))?, parse::<Sortable>(element)?.0, event.to_owned()))
}

/// The mark of a session that was ended before its time; stands among the other values that count once only.
pub(crate) fn ended_session(tenant: TenantId, id: &str) -> Key {
    Key { pk: Collection::Idempotency(tenant, id.to_owned()).to_string(), sk: "E".to_owned() }
}

/// The record of a tenant.
pub(crate) fn tenant(tenant: TenantId) -> Key {
    Key { pk: Collection::Tenant(tenant).to_string(), sk: "T".to_owned() }
}

/// The entry of a tenant in the installation's list; padded, so that the list is in the order of numbers.
pub(crate) fn tenant_entry(tenant: TenantId) -> Key {
    Key { pk: Collection::Tenants.to_string(), sk: format!("{:010}", tenant.0) }
}

/// The tenant of an entry of the installation's list.
pub(crate) fn parse_tenant_entry(sk: &str) -> Result<TenantId, InvalidKey> {
    Ok(TenantId(parse(sk)?))
}

/// The record of an API token.
pub(crate) fn token(hash: &str) -> Key {
    Key { pk: Collection::Token(hash.to_owned()).to_string(), sk: "A".to_owned() }
}

/// `#` separates the parts of keys, so an id may not contain it; `%` marks what was replaced.
fn escape(id: &str) -> String {
    id.replace('%', "%25").replace('#', "%23")
}

fn unescape(text: &str) -> Result<String, InvalidKey> {
    let id = text.replace("%23", "#").replace("%25", "%");
    if escape(&id) == text { Ok(id) } else { Err(InvalidKey) }
}

fn parse_tenant(text: &str) -> Result<TenantId, InvalidKey> {
    Ok(TenantId(parse(text)?))
}

fn parse<T: FromStr>(text: &str) -> Result<T, InvalidKey> {
    text.parse().map_err(|_| InvalidKey)
}
