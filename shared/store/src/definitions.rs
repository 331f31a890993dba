//! Definitions: what is deployed, in immutable versions. Reads heads, pointers and contents; knows neither XML nor BPMN.
//!
//! Contents are kept in the process: versions never change. What is kept is bounded by [`PROCESSES_BYTES_MAX`] and
//! [`TEXTS_BYTES_MAX`], measured on the stored JSON and text.

pub(crate) mod contents;
mod deploy;

pub use deploy::{Deployed, DeploymentAnswer, NewDefinition, NewDeployment, file_digest};

use crate::item::{Item, Reader};
use crate::keys::{Collection, ContentsItem, ProcessItem};
use crate::table::{PARTITION_KEY, SORT_KEY};
use crate::{Error, Store};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::ids::TenantId;
use domain::process::{Process, TextRef};
use domain::time::Timestamp;
use serde_json::Value;
use std::sync::Arc;

/// Compiled processes kept in memory: bytes of their JSON.
pub const PROCESSES_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Pages and mails kept in memory: bytes.
pub const TEXTS_BYTES_MAX: usize = 2 * 1024 * 1024;

/// Names one version of a process.
pub(crate) type VersionKey = (TenantId, String, u32);

/// Which version new instances use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pointer {
    /// Version.
    pub version: u32,
    /// Hexadecimal SHA-256 of the file it came with.
    pub digest: String,
    /// BPMN ids of the external tasks of all versions so far.
    pub activities: Vec<String>,
}

/// What is known of a version without reading its contents.
#[derive(Clone, Debug, PartialEq)]
pub struct DefinitionHead {
    /// BPMN id of the process.
    pub process_id: String,
    /// Version, from 1.
    pub version: u32,
    /// Display name.
    pub name: String,
    /// Hexadecimal SHA-256 of the file.
    pub digest: String,
    /// Activities, as the deployer described them.
    pub activities: Value,
    /// Warnings of the deployment.
    pub warnings: Value,
    /// Who deployed it.
    pub deployed_by: String,
    /// When.
    pub deployed_at: Timestamp,
}

/// A process in the tenant's list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefinitionEntry {
    /// BPMN id of the process.
    pub process_id: String,
    /// The deployed version.
    pub version: u32,
    /// Its display name.
    pub name: String,
    /// When it was deployed.
    pub deployed_at: Timestamp,
    /// BPMN ids of the external tasks of all its versions.
    pub activities: Vec<String>,
}

impl Store {
    /// The deployed version of a process, strongly consistent, with one GetItem. `None`: no such process.
    ///
    /// # Errors
    /// [`Error::Corrupt`] where an item cannot be read; [`Error::Throttled`] and [`Error::Other`] of the table.
    pub async fn deployed(&self, tenant: TenantId, process_id: &str) -> Result<Option<Pointer>, Error> {
        let item = self.get("deployed", &ProcessItem::Deployed.key(tenant, process_id), true).await?;
        item.map(|item| {
            let reader = Reader(&item);
            Ok(Pointer {
                version: reader.number("n")?,
                digest: reader.text("dg")?.to_owned(),
                activities: reader.json_or_default("xa")?,
            })
        })
        .transpose()
    }

    /// A compiled process, from memory or with one Query of its pieces. `None`: no such version.
    ///
    /// # Errors
    /// As [`Store::deployed`].
    pub async fn process(
        &self,
        tenant: TenantId,
        process_id: &str,
        version: u32,
    ) -> Result<Option<Arc<Process>>, Error> {
        let key: VersionKey = (tenant, process_id.to_owned(), version);
        if let Some(process) = self.inner.processes.get(&key) {
            return Ok(Some(process));
        }
        let pk = Collection::Contents(tenant, process_id.to_owned(), version).to_string();
        // Strong: a version may be asked for in the moment after its deployment, and no answer may be cached or final.
        let query = self.beginning(pk.clone(), ContentsItem::COMPILED).consistent_read(true);
        let pieces = self.query_all("process", query).await?;
        let Some(json) = contents::join(&pk, &pieces)? else { return Ok(None) };
        let process: Process = serde_json::from_slice(&json)
            .map_err(|error| Error::Corrupt { key: pk, problem: format!("the compiled process: {error}") })?;
        let process = Arc::new(process.indexed());
        self.inner.processes.put(key, process.clone(), json.len());
        Ok(Some(process))
    }

    /// A long text of a version (a page or a mail), from memory or with one GetItem. `None`: no such text.
    ///
    /// # Errors
    /// As [`Store::deployed`].
    pub async fn text(
        &self,
        tenant: TenantId,
        process_id: &str,
        version: u32,
        text: TextRef,
    ) -> Result<Option<Arc<str>>, Error> {
        let key = ((tenant, process_id.to_owned(), version), text.0);
        if let Some(text) = self.inner.texts.get(&key) {
            return Ok(Some(text));
        }
        let item_key = ContentsItem::Text(text.0).key(tenant, process_id, version);
        let Some(item) = self.get("text", &item_key, true).await? else { return Ok(None) };
        let bytes = contents::unpack(&item_key.to_string(), Reader(&item).bytes("b")?)?;
        let text: Arc<str> = String::from_utf8(bytes)
            .map_err(|_| Error::Corrupt { key: item_key.to_string(), problem: "the text is not UTF-8".to_owned() })?
            .into();
        self.inner.texts.put(key, text.clone(), text.len());
        Ok(Some(text))
    }

    /// The file of a version as it was deployed. `None`: no such version.
    ///
    /// # Errors
    /// As [`Store::deployed`].
    pub async fn xml(&self, tenant: TenantId, process_id: &str, version: u32) -> Result<Option<String>, Error> {
        let pk = Collection::Contents(tenant, process_id.to_owned(), version).to_string();
        let query = self.beginning(pk.clone(), ContentsItem::XML).consistent_read(true);
        let pieces = self.query_all("xml", query).await?;
        let Some(bytes) = contents::join(&pk, &pieces)? else { return Ok(None) };
        String::from_utf8(bytes)
            .map(Some)
            .map_err(|_| Error::Corrupt { key: pk, problem: "the file is not UTF-8".to_owned() })
    }

    /// The head of a version, with one GetItem. `None`: no such version.
    ///
    /// # Errors
    /// As [`Store::deployed`].
    pub async fn definition(
        &self,
        tenant: TenantId,
        process_id: &str,
        version: u32,
    ) -> Result<Option<DefinitionHead>, Error> {
        let item = self.get("definition", &ProcessItem::Version(version).key(tenant, process_id), true).await?;
        item.map(|item| read_head(process_id, &item)).transpose()
    }

    /// The heads of deployed versions, in no order and a moment old at most, with one BatchGetItem for half a unit each.
    /// What is not there is left out; at most a page of the list may be asked for at once.
    ///
    /// # Errors
    /// As [`Store::deployed`].
    pub async fn definition_heads(
        &self,
        tenant: TenantId,
        entries: &[DefinitionEntry],
    ) -> Result<Vec<DefinitionHead>, Error> {
        let entries = &entries[..entries.len().min(crate::list::PAGE_MAX)];
        if entries.is_empty() {
            return Ok(Vec::new());
        }
        let key = |entry: &DefinitionEntry| ProcessItem::Version(entry.version).key(tenant, &entry.process_id);
        let items = self.batch_get_weak("definition heads", entries.iter().map(key).collect()).await?;
        let mut heads = Vec::with_capacity(items.len());
        for item in items {
            let pk = Reader(&item).text(PARTITION_KEY)?;
            if let Ok(Collection::Process(_, process_id)) = pk.parse() {
                heads.push(read_head(&process_id, &item)?);
            }
        }
        Ok(heads)
    }

    /// Every version of a process, newest first.
    ///
    /// # Errors
    /// As [`Store::deployed`].
    pub async fn versions(&self, tenant: TenantId, process_id: &str) -> Result<Vec<DefinitionHead>, Error> {
        let pk = Collection::Process(tenant, process_id.to_owned()).to_string();
        let query = self.beginning(pk, ProcessItem::VERSIONS).consistent_read(true).scan_index_forward(false);
        self.query_all("versions", query).await?.iter().map(|item| read_head(process_id, item)).collect()
    }

    /// Every process of the tenant, by id: what lists over several of them merge. Half a read unit for 4 KB.
    pub(crate) async fn catalogue(&self, tenant: TenantId) -> Result<Vec<DefinitionEntry>, Error> {
        let query = self.partition(Collection::Catalogue(tenant).to_string()).key_condition_expression("#pk = :pk");
        self.query_all("definitions", query).await?.iter().map(read_entry).collect()
    }

    /// A page of the tenant's processes by id: at most `limit` behind the position `after`, and the next position.
    ///
    /// # Errors
    /// As [`Store::deployed`].
    pub async fn definitions(
        &self,
        tenant: TenantId,
        limit: usize,
        after: Option<String>,
    ) -> Result<(Vec<DefinitionEntry>, Option<String>), Error> {
        let pk = Collection::Catalogue(tenant).to_string();
        let limit = i32::try_from(limit.clamp(1, crate::list::PAGE_MAX)).unwrap_or(1);
        let query = match after {
            None => self.partition(pk).key_condition_expression("#pk = :pk"),
            Some(after) => self
                .partition(pk)
                .key_condition_expression("#pk = :pk AND #sk > :after")
                .expression_attribute_names("#sk", SORT_KEY)
                .expression_attribute_values(":after", AttributeValue::S(after)),
        };
        let page = self.query_page("definitions", query.limit(limit), None).await?;
        let entries: Result<Vec<DefinitionEntry>, Error> = page.items.iter().map(read_entry).collect();
        let next = page.last.as_ref().and_then(|last| Reader(last).owned_opt(SORT_KEY));
        Ok((entries?, next))
    }
}

pub(crate) fn read_head(process_id: &str, item: &Item) -> Result<DefinitionHead, Error> {
    let reader = Reader(item);
    Ok(DefinitionHead {
        process_id: process_id.to_owned(),
        version: reader.number("n")?,
        name: reader.text("nm")?.to_owned(),
        digest: reader.text("dg")?.to_owned(),
        activities: reader.json("ac")?,
        warnings: reader.json("wa")?,
        deployed_by: reader.text("by")?.to_owned(),
        deployed_at: Timestamp::from_millis(reader.number("at")?),
    })
}

pub(crate) fn read_entry(item: &Item) -> Result<DefinitionEntry, Error> {
    let reader = Reader(item);
    Ok(DefinitionEntry {
        process_id: reader.text("p")?.to_owned(),
        version: reader.number("n")?,
        name: reader.text("nm")?.to_owned(),
        deployed_at: Timestamp::from_millis(reader.number("at")?),
        activities: reader.json_or_default("xa")?,
    })
}
