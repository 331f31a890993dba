//! Bulk runs: start, list, look at, stop, hold. Everything but the wire is `app::bulk_runs`.

use crate::body::Fields;
use crate::problem::{FieldProblem, Problem};
use crate::request::{Answer, Call};
use crate::view::bulk_run as view;
use app::bulk_runs::{self, FAILURES_MAX, RunReplay, Selection, StartRun, Started};
use app::{Error, external_tasks};
use domain::bulk_run::{Action, BulkRun};
use domain::ids::{RunKey, TaskKey};
use domain::permission::Permission;
use serde_json::{Value, json};

pub async fn start(call: &Call<'_>) -> Result<Answer, Problem> {
    call.require_visible(Permission::ExternalTasksRead, "resource")?;
    call.require(Permission::ExternalTasksManage)?;
    call.known_query(&[])?;
    let body = call.json()?;
    let hash = call.request_hash(&body);
    let what = read(body)?;
    if let Some(answer) = call.replayed(hash.as_ref()).await? {
        return Ok(answer);
    }
    let answer = |run: &BulkRun| (202_u16, view::started(run));
    let replay = hash.clone().map(|hash| RunReplay { hash, answer: &answer });
    match bulk_runs::start(&call.api.app, &call.caller, what, call.origin(), call.now, replay).await {
        Ok(Started::Run(run)) => Ok(Answer { status: 202, body: view::started(&run) }),
        Ok(Started::Counted(counted)) => Ok(Answer::ok(view::counted(&counted))),
        Err(Error::IdempotencyTaken) => {
            call.replayed(hash.as_ref()).await?.ok_or_else(|| Error::IdempotencyTaken.into())
        }
        Err(error) => Err(error.into()),
    }
}

pub async fn list(call: &Call<'_>) -> Result<Answer, Problem> {
    call.require_visible(Permission::ExternalTasksRead, "resource")?;
    call.known_query(&["limit", "cursor"])?;
    let (items, next) = call
        .list_page("bulk-runs", |limit, after| async move {
            let after = after.and_then(|key| key.parse().ok());
            let page = call.api.app.store.bulk_runs(call.caller.tenant, limit, after).await?;
            Ok((page.items, page.next))
        })
        .await?;
    let items: Vec<Value> = items.iter().map(view::run).collect();
    Ok(Answer::ok(json!({ "items": items, "nextCursor": next })))
}

pub async fn get(call: &Call<'_>, key: &str) -> Result<Answer, Problem> {
    call.require_visible(Permission::ExternalTasksRead, "bulk run")?;
    call.known_query(&[])?;
    let key = run_key(key)?;
    let run = bulk_runs::get(&call.api.app, &call.caller, key).await?;
    Ok(Answer::ok(with_failures(call, &run).await?))
}

pub async fn failures(call: &Call<'_>, key: &str) -> Result<Answer, Problem> {
    call.require_visible(Permission::ExternalTasksRead, "bulk run")?;
    call.known_query(&["limit", "cursor"])?;
    let key = run_key(key)?;
    bulk_runs::get(&call.api.app, &call.caller, key).await?;
    let (items, next) = call
        .list_page(&format!("bulk-runs {key} failures"), |limit, after| async move {
            let after = after.and_then(|number| number.parse().ok());
            let page = call.api.app.store.run_failures(call.caller.tenant, key, limit, after).await?;
            Ok((page.items, page.next))
        })
        .await?;
    let items: Vec<Value> = items.iter().map(view::failure).collect();
    Ok(Answer::ok(json!({ "items": items, "nextCursor": next })))
}

pub async fn stop(call: &Call<'_>, key: &str) -> Result<Answer, Problem> {
    let key = to_change(call, key).await?;
    Fields::new(call.json()?)?.finish()?;
    let run = bulk_runs::stop(&call.api.app, &call.caller, key, call.now).await?;
    Ok(Answer::ok(with_failures(call, &run).await?))
}

pub async fn lease(call: &Call<'_>, key: &str) -> Result<Answer, Problem> {
    let key = to_change(call, key).await?;
    let mut fields = Fields::new(call.json()?)?;
    let give_up = fields.flag("giveUp").unwrap_or(false);
    fields.finish()?;
    let (app, caller, now) = (&call.api.app, &call.caller, call.now);
    let run = if give_up {
        bulk_runs::give_up_lease(app, caller, key, now).await?
    } else {
        bulk_runs::renew_lease(app, caller, key, now).await?
    };
    Ok(Answer::ok(with_failures(call, &run).await?))
}

/// The run that is to be changed: 404 before 403, so that nobody learns of a run by being refused.
async fn to_change(call: &Call<'_>, key: &str) -> Result<RunKey, Problem> {
    call.require_visible(Permission::ExternalTasksRead, "bulk run")?;
    call.known_query(&[])?;
    let key = run_key(key)?;
    bulk_runs::get(&call.api.app, &call.caller, key).await?;
    call.require(Permission::ExternalTasksManage)?;
    Ok(key)
}

async fn with_failures(call: &Call<'_>, run: &BulkRun) -> Result<Value, Problem> {
    let mut body = view::run(run);
    let page = if run.failed == 0 {
        Vec::new()
    } else {
        bulk_runs::failures(&call.api.app, &call.caller, run.key, FAILURES_MAX, None).await?.items
    };
    body["failures"] = page.iter().map(view::failure).collect();
    Ok(body)
}

fn run_key(text: &str) -> Result<RunKey, Problem> {
    text.parse().map_err(|_| Problem::not_found("bulk run"))
}

fn read(body: Value) -> Result<StartRun, Problem> {
    let mut fields = Fields::new(body)?;
    let word = fields.required_text("action", 50);
    let action = Action::parse(&word);
    if action.is_none() && !word.is_empty() {
        let message = "action must be resend, syncTemplates or cancel.".to_owned();
        fields.refuse("action", "UNKNOWN_ACTION", message);
    }
    let keys = fields.list("taskKeys").map(|items| task_keys(&mut fields, &items));
    let filter = fields.pairs("filter").map(|pairs| selected(&mut fields, &pairs));
    let selection = match (keys, filter) {
        (Some(keys), None) => Selection::Keys(keys),
        (None, Some(filter)) => filter,
        (Some(_), Some(_)) => {
            fields.refuse("filter", "KEYS_OR_FILTER", "Send either taskKeys or filter, not both.".to_owned());
            Selection::Nothing
        }
        (None, None) => {
            fields.one_of(["taskKeys", "filter"], "Send taskKeys or filter: what is the run about?");
            Selection::Nothing
        }
    };
    let reason = if action == Some(Action::Cancel) { fields.text("reason", 500) } else { None };
    let attached = fields.flag("attached").unwrap_or(false);
    let dry_run = fields.flag("dryRun").unwrap_or(false);
    fields.finish()?;
    let action = action.ok_or_else(|| Problem::field("action", "REQUIRED", "action is missing."))?;
    Ok(StartRun { action, reason, selection, attached, dry_run })
}

fn task_keys(fields: &mut Fields, items: &[Value]) -> Vec<TaskKey> {
    let keys: Vec<Option<TaskKey>> = items.iter().map(|item| item.as_str()?.parse().ok()).collect();
    if let Some(at) = keys.iter().position(Option::is_none) {
        let message = format!("taskKeys[{at}] is no key: keys are decimal numbers, written as texts.");
        fields.refuse("taskKeys", "INVALID_KEY", message);
    }
    keys.into_iter().flatten().collect()
}

/// The filter as the list's own names and values, so that both accept and refuse the same.
fn selected(fields: &mut Fields, pairs: &[(String, String)]) -> Selection {
    match external_tasks::selection(pairs) {
        Ok(query) => Selection::of_query(&query),
        Err(problems) => {
            for FieldProblem { field, code, message } in problems {
                fields.refuse(&format!("filter.{field}"), code, message);
            }
            Selection::Nothing
        }
    }
}
