//! Deployment: new immutable versions and the pointers to them, in one transaction. Checks no model.

use super::contents::{PIECE_BYTES_MAX, pack};
use super::{Pointer, VersionKey};
use crate::item::Writer;
use crate::journal::{self, JournalId, Record};
use crate::keys::{ContentsItem, Counter, PROCESS_ID_BYTES_MAX, ProcessItem, catalogue};
use crate::table::TTL;
use crate::transaction::{Condition, Refusal, Transaction};
use crate::{Error, IdempotencyRecord, Store, idempotency};
use aws_lc_rs::digest;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::command::{Actor, Origin};
use domain::effect::Effect;
use domain::ids::{InstanceKey, TenantId};
use domain::notification::Delivery;
use domain::process::Process;
use domain::time::Timestamp;
use serde_json::Value;
use std::time::Duration;

/// Times a deployment is tried again after another one of the same process was first.
const ATTEMPTS_MAX: u32 = 5;

/// Seconds for which the journal item of a deployment is kept: longer than its effects are tried.
const JOURNAL_KEPT_S: i64 = 30 * 86_400;

/// A file to deploy, with every executable process in it.
#[derive(Clone, Debug, PartialEq)]
pub struct NewDeployment<'a> {
    /// The file as it came.
    pub xml: &'a [u8],
    /// Its executable processes.
    pub definitions: Vec<NewDefinition>,
    /// Who deploys it.
    pub by: String,
    /// When.
    pub now: Timestamp,
}

/// One executable process of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct NewDefinition {
    /// Compiled.
    pub process: Process,
    /// Its pages and mails, by the numbers the process refers to them with.
    pub texts: Vec<String>,
    /// Its activities as lists show them.
    pub activities: Value,
    /// Warnings to keep with it.
    pub warnings: Value,
}

/// What a deployment did with one process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployed {
    /// BPMN id of the process.
    pub process_id: String,
    /// The version that is deployed now.
    pub version: u32,
    /// The file was deployed already: nothing was written.
    pub unchanged: bool,
}

/// Makes the record that answers a repeated request, from what the deployment did.
pub type DeploymentAnswer<'a> = dyn Fn(&[Deployed]) -> IdempotencyRecord + Sync + 'a;

impl Store {
    /// Deploys every process of a file, all or none. A process whose deployed version came with the same file stays as it
    /// is. When another deployment of the same process is first, it is tried again on top of that.
    ///
    /// # Errors
    /// [`Error::TooLarge`] where the file does not fit into one transaction, with nothing written; [`Error::Conflict`]
    /// when others were first again and again; [`Error::Throttled`] and [`Error::Other`] of the table.
    pub async fn deploy(&self, tenant: TenantId, deployment: NewDeployment<'_>) -> Result<Vec<Deployed>, Error> {
        self.deploy_once(tenant, deployment, None).await
    }

    /// As [`Store::deploy`]; the answer to a repeated request is written in the same transaction.
    ///
    /// # Errors
    /// As [`Store::deploy`]; [`Error::IdempotencyTaken`] where the request was carried out already.
    pub async fn deploy_once(
        &self,
        tenant: TenantId,
        deployment: NewDeployment<'_>,
        answer: Option<&DeploymentAnswer<'_>>,
    ) -> Result<Vec<Deployed>, Error> {
        for definition in &deployment.definitions {
            let size = definition.process.id.len();
            if size > PROCESS_ID_BYTES_MAX {
                return Err(Error::TooLarge { what: "the process id, in bytes,", size, limit: PROCESS_ID_BYTES_MAX });
            }
        }
        let digest = file_digest(deployment.xml);
        let packed_xml = pack(deployment.xml);
        for attempt in 0..ATTEMPTS_MAX {
            if attempt > 0 {
                tokio::time::sleep(Duration::from_millis(20 << attempt)).await;
            }
            match self.try_deploy(tenant, &deployment, &digest, &packed_xml, answer).await {
                Err(Error::Conflict) => {}
                result => return result,
            }
        }
        Err(Error::Conflict)
    }

    async fn try_deploy(
        &self,
        tenant: TenantId,
        deployment: &NewDeployment<'_>,
        digest: &str,
        packed_xml: &[u8],
        answer: Option<&DeploymentAnswer<'_>>,
    ) -> Result<Vec<Deployed>, Error> {
        let mut transaction = Transaction::new(&self.inner.table);
        let mut deployed = Vec::with_capacity(deployment.definitions.len());
        let mut effects = Vec::new();
        for definition in &deployment.definitions {
            let process_id = definition.process.id.clone();
            let pointer = self.deployed(tenant, &process_id).await?;
            let unchanged = pointer.as_ref().filter(|pointer| pointer.digest == digest);
            if let Some(pointer) = unchanged {
                deployed.push(Deployed { process_id, version: pointer.version, unchanged: true });
                continue;
            }
            let version = pointer.as_ref().map_or(0, |pointer| pointer.version) + 1;
            let key: VersionKey = (tenant, process_id.clone(), version);
            let next =
                Pointer { version, digest: digest.to_owned(), activities: activities(pointer.as_ref(), definition) };
            add_heads(&mut transaction, &key, deployment, definition, pointer.as_ref(), &next)?;
            add_contents(&mut transaction, &key, definition, packed_xml)?;
            effects.extend(domain::first_starts(&definition.process, version, deployment.now));
            deployed.push(Deployed { process_id, version, unchanged: false });
        }
        if !effects.is_empty() {
            add_journal(&mut transaction, tenant, deployment, digest, &effects)?;
        }
        if let Some(answer) = answer {
            idempotency::write(&mut transaction, tenant, &answer(&deployed), deployment.now)?;
        }
        if !transaction.is_empty() {
            self.transact("deploy", transaction).await?;
        }
        Ok(deployed)
    }
}

/// The external tasks of all versions so far: instances of old versions still have theirs.
fn activities(before: Option<&Pointer>, definition: &NewDefinition) -> Vec<String> {
    let mut activities = before.map(|before| before.activities.clone()).unwrap_or_default();
    let process = &definition.process;
    for element in process.elements.iter().filter(|element| process.external_task(&element.id).is_some()) {
        if !activities.contains(&element.id) {
            activities.push(element.id.clone());
        }
    }
    activities
}

/// The head of the version, the pointer and the entry of the list.
fn add_heads(
    transaction: &mut Transaction,
    (tenant, process_id, version): &VersionKey,
    deployment: &NewDeployment<'_>,
    definition: &NewDefinition,
    before: Option<&Pointer>,
    next: &Pointer,
) -> Result<(), Error> {
    let name = definition.process.name.as_str();
    let head = Writer::new(&ProcessItem::Version(*version).key(*tenant, process_id), "V1")
        .number("n", version)
        .text("nm", name)
        .text("dg", &next.digest)
        .json("ac", &definition.activities)
        .json("wa", &definition.warnings)
        .text("by", &deployment.by)
        .number("at", deployment.now.as_millis())
        .done();
    transaction.put_new(
        "the summary of the definition (activities and warnings), in bytes,",
        head,
        Refusal::Conflict,
    )?;
    let pointer = Writer::new(&ProcessItem::Deployed.key(*tenant, process_id), "P1")
        .number("n", next.version)
        .text("dg", &next.digest)
        .json_unless(next.activities.is_empty(), "xa", &next.activities)
        .done();
    let condition = match before {
        None => Condition { expression: "attribute_not_exists(pk)", names: &[], values: Vec::new() },
        Some(before) => Condition {
            expression: "n = :before",
            names: &[],
            values: vec![(":before", AttributeValue::N(before.version.to_string()))],
        },
    };
    transaction.put_if("the pointer to the definition, in bytes,", pointer, Some(condition), Refusal::Conflict)?;
    let entry = Writer::new(&catalogue(*tenant, process_id), "L1")
        .text("p", process_id)
        .number("n", version)
        .text("nm", name)
        .number("at", deployment.now.as_millis())
        .json_unless(next.activities.is_empty(), "xa", &next.activities)
        .done();
    transaction.put_if("the entry of the list of definitions, in bytes,", entry, None, Refusal::Conflict)
}

/// A journal item for what the outside must do, in a partition of its own: no instance has begun. The first firing of
/// timer start events is ordered here; each later one by the instance that the one before it begins.
fn add_journal(
    transaction: &mut Transaction,
    tenant: TenantId,
    deployment: &NewDeployment<'_>,
    digest: &str,
    effects: &[Effect],
) -> Result<(), Error> {
    let drawn = digest.get(..16).and_then(|hex| u64::from_str_radix(hex, 16).ok()).unwrap_or_default();
    let key = InstanceKey::compose(deployment.now.as_millis(), drawn);
    let id = JournalId::new(tenant, key, deployment.now, Counter::Head, 1);
    let (actor, origin) = (Actor::User(deployment.by.clone()), Origin::default());
    let record =
        Record { actor: &actor, origin: &origin, command: "deploy", events: &[], effects, showed: Delivery::Queued };
    let (mut item, _) = journal::write(&id, &record, None);
    let gone_at = deployment.now.as_millis().div_euclid(1_000) + JOURNAL_KEPT_S;
    item.insert(TTL.to_owned(), AttributeValue::N(gone_at.to_string()));
    transaction.put_new("the journal item of the deployment, in bytes,", item, Refusal::Conflict)
}

/// The compiled process, its texts and the file, each packed and cut into pieces.
fn add_contents(
    transaction: &mut Transaction,
    (tenant, process_id, version): &VersionKey,
    definition: &NewDefinition,
    packed_xml: &[u8],
) -> Result<(), Error> {
    let compiled = serde_json::to_vec(&definition.process).expect("a process has text keys only");
    let compiled = pack(&compiled);
    let key = (*tenant, process_id.as_str(), *version);
    add_pieces(transaction, key, &compiled, ContentsItem::Compiled)?;
    add_pieces(transaction, key, packed_xml, ContentsItem::Xml)?;
    for (number, text) in definition.texts.iter().enumerate() {
        let item = Writer::new(&ContentsItem::Text(number).key(*tenant, process_id, *version), "C1")
            .bytes("b", pack(text.as_bytes()))
            .done();
        transaction.put_new("a page or mail of the definition, compressed, in bytes,", item, Refusal::Conflict)?;
    }
    Ok(())
}

fn add_pieces(
    transaction: &mut Transaction,
    (tenant, process_id, version): (TenantId, &str, u32),
    bytes: &[u8],
    place: fn(usize) -> ContentsItem,
) -> Result<(), Error> {
    let pieces = bytes.chunks(PIECE_BYTES_MAX);
    let count = pieces.len();
    for (number, piece) in pieces.enumerate() {
        let item = Writer::new(&place(number).key(tenant, process_id, version), "C1")
            .number("of", count)
            .bytes("b", piece.to_vec())
            .done();
        transaction.put_new("a piece of the definition, in bytes,", item, Refusal::Conflict)?;
    }
    Ok(())
}

/// What tells files apart: [`Pointer::digest`] of the version a file came with.
pub fn file_digest(xml: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, xml).as_ref())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
