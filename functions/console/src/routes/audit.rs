//! Exports of the audit: asks in which form, starts one, shows how far it is and links to its file. Writes no file.

use crate::answer::Answer;
use crate::refusal::Refusal;
use crate::visit::Visit;
use app::exports::{self, ExportReplay, LINK_S};
use app::external_tasks;
use app::idempotency::RequestHash;
use domain::ids::RunKey;
use domain::permission::Permission;
use serde_json::json;
use store::{Export, ExportFormat};
use web::console::Section;
use web::console::audit::{self as pages, Question};
use web::form::upload;

/// Names of the list's address that do not select tasks.
const LISTING: [&str; 4] = ["sort", "limit", "cursor", "select"];

/// GET /audit, with a filter as the list's address carries it.
pub fn ask(visit: &Visit<'_>) -> Result<Answer, Refusal> {
    visit.require_visible(Permission::ExternalTasksRead)?;
    let query = visit.here.split_once('?').map_or("", |(_, query)| query);
    Ok(asked(visit, query, selecting(&visit.query)))
}

/// POST /audit
pub async fn start(visit: &Visit<'_>) -> Result<Answer, Refusal> {
    visit.require_visible(Permission::ExternalTasksRead)?;
    let query = visit.field("filter").unwrap_or_default();
    let read = upload::read("application/x-www-form-urlencoded", query.as_bytes());
    let pairs = selecting(&read.map_err(|_| Refusal::invalid("The filter cannot be read."))?.pairs);
    let word = visit.field("format").unwrap_or_default();
    let format = ExportFormat::parse(word).ok_or_else(|| Refusal::invalid("Choose CSV or JSON."))?;
    if external_tasks::selection(&pairs).is_err() {
        return Ok(asked(visit, query, pairs));
    }
    let submission = visit.field("confirmed").unwrap_or_default();
    let hash = RequestHash::new(&visit.caller, "POST", "/audit", submission, &json!([word, query]));
    if let Some(key) = first(visit, &hash).await? {
        return Ok(Answer::SeeOther(format!("/audit/{key}")));
    }
    let answer = |export: &Export| (303, json!({"key": export.key}));
    let replay = ExportReplay { hash: hash.clone(), answer: &answer };
    let (app, origin) = (&visit.console.app, visit.origin.clone());
    let key = match exports::start(app, &visit.caller, (format, pairs), origin, visit.now, Some(replay)).await {
        Ok(export) => export.key,
        Err(app::Error::IdempotencyTaken) => first(visit, &hash).await?.ok_or_else(Refusal::unavailable)?,
        Err(error) => return Err(error.into()),
    };
    Ok(Answer::SeeOther(format!("/audit/{key}")))
}

/// GET /audit/{key}
pub async fn show(visit: &Visit<'_>, key: &str) -> Result<Answer, Refusal> {
    visit.require_visible(Permission::ExternalTasksRead)?;
    let key: RunKey = key.parse().map_err(|_| Refusal::not_found())?;
    let export = exports::get(&visit.console.app, &visit.caller, key).await?;
    let link = match export.ended_at {
        Some(_) => Some(visit.console.files.link(&exports::file_name(&export), LINK_S, visit.now).await?),
        None => None,
    };
    let shown = pages::Export {
        key,
        format: export.format.as_str(),
        pairs: export.filter,
        tasks: export.tasks,
        entries: export.entries,
        started_at: export.started_at,
        ended_at: export.ended_at,
        link,
    };
    let shell = visit.shell("Export of the history", Section::ExternalTasks);
    Ok(Answer::page(pages::export(&shell, &shown, &visit.zone(), visit.now)))
}

fn asked(visit: &Visit<'_>, query: &str, pairs: Vec<(String, String)>) -> Answer {
    let problems: Vec<String> = external_tasks::selection(&pairs)
        .err()
        .map(|problems| problems.into_iter().map(|problem| problem.message).collect())
        .unwrap_or_default();
    let status = if problems.is_empty() { 200 } else { 422 };
    let submission = format!("{:016x}", app::random::number());
    let question = Question { query: query.to_owned(), pairs, submission, problems };
    let shell = visit.shell("Export the history", Section::ExternalTasks);
    Answer::Page(status, pages::question(&shell, &question))
}

fn selecting(pairs: &[(String, String)]) -> Vec<(String, String)> {
    pairs.iter().filter(|(name, value)| !LISTING.contains(&name.as_str()) && !value.is_empty()).cloned().collect()
}

/// The export that the same question has started already.
async fn first(visit: &Visit<'_>, hash: &RequestHash) -> Result<Option<RunKey>, Refusal> {
    let record = visit.console.app.store.idempotent(visit.caller.tenant, &hash.request, visit.now).await?;
    Ok(record.and_then(|record| record.response.get("key")?.as_str()?.parse().ok()))
}
