//! Exports of the audit: start one, look at it, get its link. Everything but the wire is `app::exports`.

use crate::body::Fields;
use crate::problem::{FieldProblem, Problem};
use crate::request::{Answer, Call};
use app::exports::{self, ExportReplay, LINK_S};
use app::{Error, external_tasks};
use domain::ids::RunKey;
use domain::permission::Permission;
use serde_json::{Value, json};
use store::{Export, ExportFormat};

pub async fn start(call: &Call<'_>) -> Result<Answer, Problem> {
    call.require_visible(Permission::ExternalTasksRead, "resource")?;
    call.known_query(&[])?;
    let body = call.json()?;
    let hash = call.request_hash(&body);
    let mut fields = Fields::new(body)?;
    let word = fields.required_text("format", 20);
    let format = ExportFormat::parse(&word);
    if format.is_none() && !word.is_empty() {
        fields.refuse("format", "UNKNOWN_FORMAT", "format must be csv or json.".to_owned());
    }
    let pairs = fields.pairs("filter").unwrap_or_default();
    if let Err(problems) = external_tasks::selection(&pairs) {
        for FieldProblem { field, code, message } in problems {
            fields.refuse(&format!("filter.{field}"), code, message);
        }
    }
    fields.finish()?;
    let format = format.ok_or_else(|| Problem::field("format", "REQUIRED", "format is missing."))?;
    if let Some(answer) = call.replayed(hash.as_ref()).await? {
        return Ok(answer);
    }
    let answer = |export: &Export| (202_u16, shown(export));
    let replay = hash.clone().map(|hash| ExportReplay { hash, answer: &answer });
    match exports::start(&call.api.app, &call.caller, (format, pairs), call.origin(), call.now, replay).await {
        Ok(export) => Ok(Answer { status: 202, body: shown(&export) }),
        Err(Error::IdempotencyTaken) => {
            call.replayed(hash.as_ref()).await?.ok_or_else(|| Error::IdempotencyTaken.into())
        }
        Err(error) => Err(error.into()),
    }
}

pub async fn get(call: &Call<'_>, key: &str) -> Result<Answer, Problem> {
    call.require_visible(Permission::ExternalTasksRead, "export")?;
    call.known_query(&[])?;
    let key: RunKey = key.parse().map_err(|_| Problem::not_found("export"))?;
    let export = exports::get(&call.api.app, &call.caller, key).await?;
    let mut body = shown(&export);
    if export.ended_at.is_some() {
        let link = call.api.files.link(&exports::file_name(&export), LINK_S, call.now).await?;
        body["link"] = link.into();
        body["linkExpiresAt"] = call.now.plus_millis(i64::from(LINK_S) * 1_000).to_string().into();
    }
    Ok(Answer::ok(body))
}

fn shown(export: &Export) -> Value {
    json!({
        "exportKey": export.key,
        "status": if export.ended_at.is_some() { "completed" } else { "running" },
        "format": export.format.as_str(),
        "tasks": export.tasks,
        "entries": export.entries,
        "startedBy": export.by,
        "startedAt": export.started_at.to_string(),
        "endedAt": export.ended_at.map(|at| at.to_string()),
    })
}
