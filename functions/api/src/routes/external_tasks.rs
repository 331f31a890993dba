//! External tasks: list, details, and the operator's actions. Everything but the wire is `app::external_tasks`.

use crate::body::Fields;
use crate::problem::Problem;
use crate::request::{Answer, Call};
use crate::view;
use app::Error;
use app::external_tasks::{self, Act, Acted};
use domain::external_task::Action;
use domain::ids::TaskKey;
use domain::permission::Permission;
use serde_json::{Value, json};

pub async fn list(call: &Call<'_>) -> Result<Answer, Problem> {
    call.require_visible(Permission::ExternalTasksRead, "resource")?;
    let query = external_tasks::filter(call.queries()).map_err(Problem::validation)?;
    let cursor = call.query_one("cursor")?;
    let listed = external_tasks::list(&call.api.app, &call.caller, query, cursor, call.now).await?;
    let items: Vec<Value> = listed.rows.iter().map(view::external_task::row).collect();
    let mut body = json!({ "items": items, "nextCursor": listed.next });
    if let Some(at) = listed.searched_to {
        body["searchedTo"] = at.to_string().into();
    }
    Ok(Answer::ok(body))
}

pub async fn get(call: &Call<'_>, key: &str) -> Result<Answer, Problem> {
    call.require_visible(Permission::ExternalTasksRead, "external task")?;
    call.known_query(&[])?;
    let key = task_key(key)?;
    let api = call.api;
    let details = external_tasks::details(&api.app, &call.caller, key, &api.public_url, call.now).await?;
    Ok(Answer::ok(view::external_task::details(&details)))
}

pub async fn act(call: &Call<'_>, key: &str, action: &str) -> Result<Answer, Problem> {
    call.require_visible(Permission::ExternalTasksRead, "external task")?;
    let key = task_key(key)?;
    external_tasks::require(&call.api.app, &call.caller, key).await?;
    call.known_query(&[])?;
    let action = match action {
        "resend" => Action::Resend,
        "cancel" => Action::Cancel,
        _ => Action::SyncTemplates,
    };
    let body = call.json()?;
    let hash = call.request_hash(&body);
    let mut fields = Fields::new(body)?;
    let reason = if action == Action::Cancel { fields.text("reason", 500) } else { None };
    fields.finish()?;
    if let Some(answer) = call.replayed(hash.as_ref()).await? {
        return Ok(answer);
    }
    let answer = |acted: &Acted| (200_u16, answered(action, acted));
    let act = Act {
        action,
        reason,
        origin: call.origin(),
        now: call.now,
        scripts: &call.api.scripts,
        replay: hash.clone().map(|hash| (hash, &answer as &external_tasks::AnswerOf<'_>)),
    };
    match external_tasks::act(&call.api.app, &call.caller, key, act).await {
        Ok(acted) => Ok(Answer::ok(answered(action, &acted))),
        Err(Error::IdempotencyTaken) => {
            call.replayed(hash.as_ref()).await?.ok_or_else(|| Error::IdempotencyTaken.into())
        }
        Err(error) => Err(error.into()),
    }
}

fn answered(action: Action, acted: &Acted) -> Value {
    let mut body = view::external_task::task(&acted.now);
    if action == Action::SyncTemplates {
        body["missingPlaceholders"] = json!(acted.missing_placeholders);
    }
    body
}

fn task_key(text: &str) -> Result<TaskKey, Problem> {
    let key: TaskKey = text.parse().map_err(|_| Problem::not_found("external task"))?;
    if key.number().0 == 0 { Err(Problem::not_found("external task")) } else { Ok(key) }
}
