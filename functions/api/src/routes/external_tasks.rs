//! External tasks: list, details, and the operator's actions.

use super::instances;
use crate::body::Fields;
use crate::problem::Problem;
use crate::request::{Answer, Call};
use crate::view;
use app::Error;
use app::execute::Replay;
use app::link::LinkTarget;
use domain::command::Command;
use domain::decision::Decision;
use domain::external_task::Status;
use domain::ids::TaskKey;
use domain::permission::Permission;
use domain::time::Timestamp;
use serde_json::{Value, json};
use store::ListQuery;

pub async fn list(call: &Call<'_>) -> Result<Answer, Problem> {
    call.require_visible(Permission::ExternalTasksRead, "resource")?;
    call.known_query(&["status", "createdFrom", "createdTo", "sort", "limit", "cursor"])?;
    let mut statuses = Vec::new();
    for text in call.query("status") {
        let status = Status::parse(text).ok_or_else(|| {
            Problem::field(
                "status",
                "UNKNOWN_STATUS",
                format!("There is no status \"{}\"; use PENDING, COMPLETED, CANCELLED or EXPIRED.", clip(text)),
            )
        })?;
        if !statuses.contains(&status) {
            statuses.push(status);
        }
    }
    if statuses.is_empty() {
        statuses = Status::ALL.to_vec();
    }
    let newest_first = match call.query_one("sort")? {
        None | Some("-created") => true,
        Some("created") => false,
        Some(other) => {
            let message = format!("\"{}\" is no order; use created or -created.", clip(other));
            return Err(Problem::field("sort", "SORT_UNAVAILABLE", message));
        }
    };
    let (created_from, created_to) = (moment(call, "createdFrom")?, moment(call, "createdTo")?);
    let question = format!("external-tasks {statuses:?} {newest_first} {created_from:?} {created_to:?}");
    let tenant = call.caller.tenant;
    let shards = call.api.app.store.tenant(tenant, call.now).await?.map_or(1, |record| record.shards);
    let (rows, next) = call
        .list_page(&question, |limit, after| async move {
            let query = ListQuery { statuses, created_from, created_to, newest_first, limit, after };
            let page = call.api.app.store.external_tasks(tenant, &query, shards).await?;
            Ok((page.items, page.next))
        })
        .await?;
    let mut items = Vec::with_capacity(rows.len());
    for row in &rows {
        let process = call.api.app.process(tenant, &row.process_id, row.definition_version).await?;
        items.push(view::external_task::row(&process, row, call.now));
    }
    Ok(Answer::ok(json!({ "items": items, "nextCursor": next })))
}

pub async fn get(call: &Call<'_>, key: &str) -> Result<Answer, Problem> {
    call.require_visible(Permission::ExternalTasksRead, "external task")?;
    call.known_query(&[])?;
    let key = task_key(key)?;
    Ok(Answer::ok(details(call, key).await?))
}

pub async fn act(call: &Call<'_>, key: &str, action: &str) -> Result<Answer, Problem> {
    call.require_visible(Permission::ExternalTasksRead, "external task")?;
    let key = task_key(key)?;
    let tenant = call.caller.tenant;
    let loaded = call.api.app.store.load(tenant, key.instance()).await?;
    let loaded = loaded
        .filter(|loaded| loaded.aggregate.tasks.contains_key(&key.number()))
        .ok_or_else(|| Problem::not_found("external task"))?;
    call.require(Permission::ExternalTasksManage)?;
    let body = call.json()?;
    let hash = call.request_hash(&body);
    let mut fields = Fields::new(body)?;
    let reason = if action == "cancel" { fields.text("reason", 500) } else { None };
    fields.finish()?;
    if let Some(answer) = call.replayed(hash.as_ref()).await? {
        return Ok(answer);
    }
    let command = match action {
        "resend" => Command::Resend { task: key },
        "cancel" => Command::CancelTask { task: key, reason },
        _ => {
            let process_id = &loaded.aggregate.instance.process_id;
            let pointer = call.api.app.store.deployed(tenant, process_id).await?;
            let version = pointer.map_or(loaded.aggregate.instance.definition_version, |pointer| pointer.version);
            Command::SyncTemplates { task: key, version }
        }
    };
    let process = call
        .api
        .app
        .process(tenant, &loaded.aggregate.instance.process_id, loaded.aggregate.instance.definition_version)
        .await?;
    let short = |after: &domain::instance::Aggregate| {
        let task = after.tasks.get(&key.number());
        task.map(|task| view::external_task::task(&process, &after.instance, task, call.now)).unwrap_or(Value::Null)
    };
    let answer = |decision: &Decision| (200, short(&decision.after));
    let replay = hash.clone().map(|hash| Replay { hash, answer: &answer });
    match instances::execute(call, key.instance(), command, replay).await {
        Ok(outcome) => Ok(Answer::ok(short(&outcome.after))),
        Err(Error::IdempotencyTaken) => {
            call.replayed(hash.as_ref()).await?.ok_or_else(|| Error::IdempotencyTaken.into())
        }
        Err(error) => Err(error.into()),
    }
}

/// Everything an operator sees of one task (S0-17 to S0-26).
async fn details(call: &Call<'_>, key: TaskKey) -> Result<Value, Problem> {
    let store = &call.api.app.store;
    let tenant = call.caller.tenant;
    let missing = || Problem::not_found("external task");
    let loaded = store.load(tenant, key.instance()).await?.ok_or_else(missing)?;
    let instance = &loaded.aggregate.instance;
    let task = loaded.aggregate.tasks.get(&key.number()).ok_or_else(missing)?;
    let process = call.api.app.process(tenant, &instance.process_id, instance.definition_version).await?;
    let journal = store.journal(tenant, key.instance()).await?;
    let manages = call.caller.may(Permission::ExternalTasksManage);
    let link = match store.tenant(tenant, call.now).await? {
        Some(record) if manages => {
            let link = LinkTarget { tenant, task: key, epoch: record.epoch }.sign(call.secret().await?);
            Some((format!("{}/t/{}", call.api.public_url, link.expose()), link.expose().to_owned()))
        }
        _ => None,
    };
    let shown = view::external_task::Shown {
        link,
        answers: manages || call.caller.may(Permission::VariablesRead),
        fetched_at: loaded.fetched.get(&key.number()).copied(),
    };
    Ok(view::external_task::details(&process, instance, task, &journal, shown, call.now))
}

fn task_key(text: &str) -> Result<TaskKey, Problem> {
    let key: TaskKey = text.parse().map_err(|_| Problem::not_found("external task"))?;
    if key.number().0 == 0 { Err(Problem::not_found("external task")) } else { Ok(key) }
}

fn moment(call: &Call<'_>, name: &str) -> Result<Option<Timestamp>, Problem> {
    match call.query_one(name)? {
        None => Ok(None),
        Some(text) => text.parse().map(Some).map_err(|_| {
            Problem::field(name, "NOT_A_TIME", format!("{name} must be a time such as 2026-11-20T14:00:00Z."))
        }),
    }
}

fn clip(text: &str) -> String {
    text.chars().take(60).collect()
}
