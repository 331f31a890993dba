//! Process instances: start, look at, cancel, retry.

use crate::body::Fields;
use crate::problem::Problem;
use crate::request::{Answer, Call};
use crate::view;
use app::execute::Replay;
use app::{Error, Outcome, Request, random};
use domain::command::{Command, Start};
use domain::decision::{Decision, Reply};
use domain::ids::InstanceKey;
use domain::instance::{Aggregate, Instance};
use domain::permission::Permission;
use domain::process::Process;
use serde_json::{Value, json};
use store::{JournalEntry, JournalId};

/// Times a clash of keys is drawn again.
const DRAWS_MAX: usize = 5;

pub async fn start(call: &Call<'_>) -> Result<Answer, Problem> {
    call.require(Permission::InstancesStart)?;
    let body = call.json()?;
    let hash = call.request_hash(&body);
    let mut fields = Fields::new(body)?;
    let process_id = fields.required_text("processId", 255);
    let version = fields.version("version");
    let business_key = fields.text("businessKey", 255);
    let reference = fields.text("reference", 255);
    let in_background = fields.choice("mode", &[("synchronous", false), ("fireAndForget", true)]).unwrap_or(false);
    let variables = fields.variables("variables");
    fields.finish()?;
    if let Some(answer) = call.replayed(hash.as_ref()).await? {
        return Ok(answer);
    }
    let unknown = || {
        Problem::field(
            "processId",
            "UNKNOWN_PROCESS",
            format!("No process \"{process_id}\" is deployed. Deploy it first, or correct the id."),
        )
    };
    let version = match version {
        Some(version) => version,
        None => {
            let pointer = call.api.app.store.deployed(call.caller.tenant, &process_id).await?;
            pointer.ok_or_else(unknown)?.version
        }
    };
    let process = match call.api.app.process(call.caller.tenant, &process_id, version).await {
        Ok(process) => process,
        Err(Error::NoDefinition { .. }) => return Err(unknown()),
        Err(error) => return Err(error.into()),
    };
    let visible = call.caller.may(Permission::VariablesRead);
    let answer = |decision: &Decision| started(&process, &decision.after, &decision.reply, visible, in_background);
    for _ in 0..DRAWS_MAX {
        let key = InstanceKey::compose(call.now.as_millis(), random::number());
        let start = Start {
            business_key: business_key.clone(),
            reference: reference.clone(),
            in_background,
            variables: variables.clone(),
            ..Start::new(key, process_id.clone(), version)
        };
        let replay = hash.clone().map(|hash| Replay { hash, answer: &answer });
        match execute(call, key, Command::Start(start), replay).await {
            Ok(outcome) => {
                let (status, body) = started(&process, &outcome.after, &outcome.reply, visible, in_background);
                return Ok(Answer { status, body });
            }
            Err(Error::Store(store::Error::KeyTaken)) => {}
            Err(Error::IdempotencyTaken) => {
                return call.replayed(hash.as_ref()).await?.ok_or_else(|| Error::IdempotencyTaken.into());
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(Error::Busy.into())
}

/// The answer to a start. What goes on in the background is a job, which is looked at as the instance.
fn started(process: &Process, after: &Aggregate, reply: &Reply, variables: bool, in_background: bool) -> (u16, Value) {
    let mut body = view::started(process, after, reply, variables);
    if in_background {
        body["jobId"] = json!(after.instance.key);
        return (202, body);
    }
    (if reply.failure().is_some() { 422 } else { 201 }, body)
}

/// Of the history an instance's answer shows so many commands and, counted by whole commands, so many events: an answer of
/// Lambda holds 6 MB.
const HISTORY_COMMANDS: usize = 1_000;
const HISTORY_EVENTS: usize = 2_000;
/// Called instances whose status is looked up.
const CHILDREN_LOOKED_AT: usize = 50;

pub async fn list(call: &Call<'_>) -> Result<Answer, Problem> {
    call.require_visible(Permission::InstancesRead, "resource")?;
    let query = app::instances::filter(call.queries()).map_err(Problem::validation)?;
    let cursor = call.query_one("cursor")?;
    let listed = app::instances::list(&call.api.app, &call.caller, query, cursor, call.now).await?;
    let items: Vec<Value> = listed.rows.iter().map(view::instance_row).collect();
    Ok(Answer::ok(json!({ "items": items, "nextCursor": listed.next })))
}

pub async fn get(call: &Call<'_>, key: &str) -> Result<Answer, Problem> {
    call.known_query(&[])?;
    let key = instance_key(key)?;
    let loaded = load(call, key).await?;
    let process = call
        .api
        .app
        .process(
            call.caller.tenant,
            &loaded.aggregate.instance.process_id,
            loaded.aggregate.instance.definition_version,
        )
        .await?;
    let store = &call.api.app.store;
    let (mut journal, more) =
        store.journal_newest(call.caller.tenant, key, (HISTORY_COMMANDS, HISTORY_EVENTS), None).await?;
    journal.reverse();
    let jobs = store.jobs(call.caller.tenant, key).await?;
    let mut body = view::instance(&process, &loaded.aggregate, &journal, &jobs, rights(call), call.now);
    body["historyComplete"] = more.is_none().into();
    body["children"] = children(call, &loaded.aggregate.instance, &journal).await?;
    Ok(Answer::ok(body))
}

/// The called instances, and where the newest of them stand.
async fn children(call: &Call<'_>, instance: &Instance, journal: &[JournalEntry]) -> Result<Value, Problem> {
    let mut children = view::history::children(instance, journal);
    let newest = children.iter().rev().map(|(key, _)| *key).take(CHILDREN_LOOKED_AT);
    let called = app::instances::called(&call.api.app, call.caller.tenant, newest).await?;
    for (key, child) in &mut children {
        if let Some(called) = called.get(key) {
            child["status"] = called.status.as_str().into();
            child["failedInstanceKey"] = json!(called.failed);
        }
    }
    Ok(children.into_iter().map(|(_, child)| child).collect())
}

/// Newest first, page after page: for instances whose history is longer than what `get` shows of it.
pub async fn history(call: &Call<'_>, key: &str) -> Result<Answer, Problem> {
    call.known_query(&["limit", "cursor"])?;
    let key = instance_key(key)?;
    let loaded = load(call, key).await?;
    let tenant = call.caller.tenant;
    let (journal, next) = call
        .list_page(&format!("instances {key} history"), |limit, after| async move {
            let before = after.and_then(|tag| JournalId::from_tag(tenant, key, &tag));
            let page = call.api.app.store.journal_newest(tenant, key, (limit, HISTORY_EVENTS), before.as_ref()).await?;
            Ok((page.0, page.1.map(|id| id.tag())))
        })
        .await?;
    let (variables, addresses) = rights(call);
    let mut items: Vec<Value> = Vec::new();
    for entry in &journal {
        let entries =
            view::history::entries(&loaded.aggregate.instance, std::slice::from_ref(entry), variables, addresses);
        items.extend(entries.into_iter().rev());
    }
    Ok(Answer::ok(json!({ "items": items, "nextCursor": next })))
}

/// Whether the caller may read variables, and addresses of members.
fn rights(call: &Call<'_>) -> (bool, bool) {
    (call.caller.may(Permission::VariablesRead), call.caller.may(Permission::ExternalTasksManage))
}

pub async fn cancel(call: &Call<'_>, key: &str) -> Result<Answer, Problem> {
    let key = instance_key(key)?;
    load(call, key).await?;
    call.require(Permission::InstancesCancel)?;
    let body = call.json()?;
    let hash = call.request_hash(&body);
    let mut fields = Fields::new(body)?;
    let reason = fields.text("reason", 500);
    fields.finish()?;
    change(call, key, Command::CancelInstance { reason }, hash).await
}

pub async fn retry(call: &Call<'_>, key: &str) -> Result<Answer, Problem> {
    let key = instance_key(key)?;
    load(call, key).await?;
    call.require(Permission::InstancesRetry)?;
    let body = call.json()?;
    let hash = call.request_hash(&body);
    let mut fields = Fields::new(body)?;
    let element = fields.text("elementId", 255);
    let variables = fields.variables("variables");
    fields.finish()?;
    change(call, key, Command::Retry { element, variables }, hash).await
}

/// Carries out a command of the instance and answers with its short form.
async fn change(
    call: &Call<'_>,
    key: InstanceKey,
    command: Command,
    hash: Option<app::idempotency::RequestHash>,
) -> Result<Answer, Problem> {
    if let Some(answer) = call.replayed(hash.as_ref()).await? {
        return Ok(answer);
    }
    let answer = |decision: &Decision| answered(&decision.after.instance, &decision.reply);
    let replay = hash.clone().map(|hash| Replay { hash, answer: &answer });
    match execute(call, key, command, replay).await {
        Ok(outcome) => {
            let (status, body) = answered(&outcome.after.instance, &outcome.reply);
            Ok(Answer { status, body })
        }
        Err(Error::IdempotencyTaken) => {
            call.replayed(hash.as_ref()).await?.ok_or_else(|| Error::IdempotencyTaken.into())
        }
        Err(error) => Err(error.into()),
    }
}

fn answered(instance: &Instance, reply: &Reply) -> (u16, Value) {
    match reply.failure() {
        Some((code, message)) => (422, view::failed(instance.key, code, message)),
        None => (200, json!({ "instanceKey": instance.key, "status": instance.status.as_str() })),
    }
}

pub async fn execute(
    call: &Call<'_>,
    instance: InstanceKey,
    command: Command,
    replay: Option<Replay<'_>>,
) -> Result<Outcome, Error> {
    let request = Request {
        tenant: call.caller.tenant,
        instance,
        actor: call.caller.actor(),
        origin: call.origin(),
        command,
        now: call.now,
        scripts: &call.api.scripts,
        replay,
    };
    call.api.app.execute(&request).await
}

fn instance_key(text: &str) -> Result<InstanceKey, Problem> {
    text.parse().ok().filter(|key: &InstanceKey| key.is_instance()).ok_or_else(|| Problem::not_found("instance"))
}

/// The instance, if the caller may see it: whoever may read instances, and whoever started it.
async fn load(call: &Call<'_>, key: InstanceKey) -> Result<store::Loaded, Problem> {
    let loaded = call.api.app.store.load(call.caller.tenant, key).await?;
    loaded
        .filter(|loaded| {
            call.caller.may(Permission::InstancesRead) || loaded.aggregate.instance.started_by == call.caller.user
        })
        .ok_or_else(|| Problem::not_found("instance"))
}
