//! Exports of the audit: who did what, when and from where, for the tasks of any filter. Starts and shows exports and
//! writes the lines of their files; where files are kept is the worker's and `presign`'s matter.

mod lines;
pub mod presign;

pub use lines::{begin, csv_line, end};

use crate::auth::Caller;
use crate::execute::{App, Error};
use crate::external_tasks;
use crate::idempotency::RequestHash;
use crate::random;
use domain::command::Origin;
use domain::ids::{InstanceKey, RunKey};
use domain::permission::Permission;
use domain::rejection::Rejection;
use domain::time::Timestamp;
use serde_json::Value;
use store::{Export, ExportFormat, JournalEntry, TaskRow};

/// Times a clash of keys is drawn again.
const DRAWS_MAX: usize = 5;
/// Tasks read at once.
const PAGE: usize = 50;
/// Seconds for which a link to a file can be used (issue: five minutes).
pub const LINK_S: u32 = 300;

/// How the answer of a start is kept for a repeated request.
pub struct ExportReplay<'a> {
    /// Names the request.
    pub hash: RequestHash,
    /// Status and body of the answer.
    pub answer: &'a (dyn Fn(&Export) -> (u16, Value) + Sync),
}

/// Starts an export. `pairs` is a filter as `external_tasks::selection` reads it.
///
/// # Errors
/// [`Rejection::NotFound`] for who may not see external tasks; [`Error::Invalid`]; [`Error::IdempotencyTaken`].
pub async fn start(
    app: &App,
    caller: &Caller,
    (format, pairs): (ExportFormat, Vec<(String, String)>),
    origin: Origin,
    now: Timestamp,
    replay: Option<ExportReplay<'_>>,
) -> Result<Export, Error> {
    caller.require_visible(Permission::ExternalTasksRead, "resource")?;
    external_tasks::selection(&pairs).map_err(Error::Invalid)?;
    for _ in 0..DRAWS_MAX {
        let export = Export {
            tenant: caller.tenant,
            key: RunKey::compose(now.as_millis(), random::number()),
            format,
            filter: pairs.clone(),
            addresses: caller.may(Permission::ExternalTasksManage),
            by: caller.user.clone(),
            origin: origin.clone(),
            started_at: now,
            ended_at: None,
            steps: 0,
            tasks: 0,
            entries: 0,
            position: None,
            upload: None,
            parts: Vec::new(),
            rest: false,
            version: 0,
        };
        let record = replay.as_ref().map(|replay| {
            let (status, response) = (replay.answer)(&export);
            replay.hash.record(status, response)
        });
        match app.store.put_export(&export, record, now).await {
            Ok(()) => return Ok(export),
            Err(store::Error::KeyTaken) => {}
            Err(store::Error::IdempotencyTaken) => return Err(Error::IdempotencyTaken),
            Err(error) => return Err(error.into()),
        }
    }
    Err(Error::Busy)
}

/// One export of the caller's own: its file holds what this person may see.
///
/// # Errors
/// [`Rejection::NotFound`] for an unknown one, and for one that somebody else started.
pub async fn get(app: &App, caller: &Caller, key: RunKey) -> Result<Export, Error> {
    caller.require_visible(Permission::ExternalTasksRead, "export")?;
    let export = app.store.export(caller.tenant, key).await?;
    let own = export.filter(|export| export.by == caller.user);
    own.ok_or_else(|| Rejection::NotFound { what: "export" }.into())
}

/// The name of an export's file in the bucket.
pub fn file_name(export: &Export) -> String {
    format!("{}/{}.{}", export.tenant, export.key, export.format.as_str())
}

/// The name of what a step left that was too little for a part of the file.
pub fn rest_name(export: &Export, step: u32) -> String {
    format!("{}/{}.rest{step}", export.tenant, export.key)
}

/// A piece of an export.
#[derive(Debug, Default)]
pub struct Piece {
    /// Lines, to be put behind what there is.
    pub bytes: Vec<u8>,
    /// Tasks in it.
    pub tasks: u32,
    /// Entries in it.
    pub entries: u64,
    /// Where the next piece begins; `None` at the end.
    pub next: Option<String>,
}

/// The next piece of an export from `position`: one page of the list with the histories of its tasks. `first` where no
/// entry was written before.
///
/// # Errors
/// Those of the table.
pub async fn piece(
    app: &App,
    export: &Export,
    position: Option<String>,
    first: bool,
    now: Timestamp,
) -> Result<Piece, Error> {
    let mut query = external_tasks::selection(&export.filter).map_err(Error::Invalid)?;
    (query.limit, query.after) = (PAGE, position);
    let page = app.store.external_tasks(export.tenant, &query, now).await?;
    let mut piece = Piece { next: page.next, ..Piece::default() };
    let mut last: Option<(InstanceKey, Vec<JournalEntry>)> = None;
    for row in &page.items {
        let journal = journal(app, export, row, &mut last).await?;
        let process = app.process(export.tenant, &row.process_id, row.definition_version).await?;
        let name = process.element(&row.activity).map_or(row.activity.as_str(), |element| element.name.as_str());
        for line in lines::of_task(row, name, journal, export.addresses) {
            line.write(export.format, first && piece.entries == 0, &mut piece.bytes);
            piece.entries += 1;
        }
        piece.tasks += 1;
    }
    Ok(piece)
}

/// The journal of a row's instance; tasks of one instance often stand together.
async fn journal<'l>(
    app: &App,
    export: &Export,
    row: &TaskRow,
    last: &'l mut Option<(InstanceKey, Vec<JournalEntry>)>,
) -> Result<&'l [JournalEntry], Error> {
    let instance = row.task.instance();
    if last.as_ref().is_none_or(|(key, _)| *key != instance) {
        *last = Some((instance, app.store.journal(export.tenant, instance).await?));
    }
    Ok(last.as_ref().map(|(_, journal)| journal.as_slice()).unwrap_or_default())
}
