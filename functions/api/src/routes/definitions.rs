//! Definitions: deploy BPMN files, list and read what is deployed.

use crate::problem::Problem;
use crate::request::{Answer, Call};
use crate::view;
use bpmn::{ScriptCheck, ScriptError};
use domain::permission::Permission;
use serde_json::{Value, json};
use store::{Deployed, DeploymentAnswer, NewDefinition, NewDeployment};

/// Checks scripts at deployment with the engine that will run them.
struct QuickJsCheck;

impl ScriptCheck for QuickJsCheck {
    fn check(&self, source: &str) -> Result<Vec<String>, ScriptError> {
        match script::check(source) {
            Ok(checked) => Ok(checked.warnings.into_iter().map(|warning| warning.message).collect()),
            Err(error) => Err(ScriptError { message: error.message, line: error.line, column: error.column }),
        }
    }
}

pub async fn deploy(call: &Call<'_>) -> Result<Answer, Problem> {
    call.require(Permission::DefinitionsDeploy)?;
    call.known_query(&["mode", "dryRun"])?;
    let lenient = match call.query_one("mode")? {
        None | Some("strict") => false,
        Some("lenient") => true,
        Some(_) => return Err(Problem::field("mode", "UNKNOWN_MODE", "mode is strict or lenient.")),
    };
    let dry_run = match call.query_one("dryRun")? {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(Problem::field("dryRun", "WRONG_TYPE", "dryRun is true or false.")),
    };
    let xml = call.xml()?;
    let hash = call.request_hash(&Value::from(String::from_utf8_lossy(xml).as_ref()));
    if let Some(answer) = call.replayed(hash.as_ref()).await? {
        return Ok(answer);
    }
    // What is repaired is what is stored. Bytes that are no text are the strict reader's to refuse.
    let repaired = std::str::from_utf8(xml).ok().filter(|_| lenient).map(bpmn::lenient::repair);
    let xml = repaired.as_ref().map_or(xml, |repaired| repaired.text.as_bytes());
    let repairs = json!(repaired.as_ref().map(|repaired| repaired.repairs.as_slice()).unwrap_or_default());
    let reading = bpmn::read_with(xml, &QuickJsCheck);
    let diagnostics: Vec<Value> = reading.diagnostics.iter().map(view::definition::diagnostic).collect();
    if reading.definitions.is_empty() {
        return Err(Problem::new(
            422,
            "INVALID_BPMN",
            "The file cannot be deployed. Correct what the diagnostics say and send it again.",
        )
        .with("diagnostics", Value::Array(diagnostics))
        .with("repairs", repairs));
    }
    let summaries: Vec<Value> = reading.definitions.iter().map(view::definition::activities).collect();
    if dry_run {
        let mut definitions: Vec<Value> = Vec::new();
        for (definition, activities) in reading.definitions.iter().zip(&summaries) {
            let (process, texts) = (&definition.process, &definition.texts);
            let impact = app::definitions::impact(&call.api.app, &call.caller, process, texts, call.now).await?;
            definitions.push(json!({
                "processId": process.id,
                "name": process.name,
                "activities": activities,
                "timerStarts": view::definition::timer_starts(&app::definitions::planned_timer_starts(process, call.now)),
                "impact": view::definition::impact(&impact),
            }));
        }
        let mut body = definitions.first().cloned().unwrap_or_default();
        body["dryRun"] = true.into();
        body["warnings"] = Value::Array(diagnostics);
        body["repairs"] = repairs;
        body["definitions"] = Value::Array(definitions);
        return Ok(Answer::ok(body));
    }
    let names: Vec<(String, String)> = reading
        .definitions
        .iter()
        .map(|definition| (definition.process.id.clone(), definition.process.name.clone()))
        .collect();
    let deployment = NewDeployment {
        xml,
        definitions: reading
            .definitions
            .into_iter()
            .zip(&summaries)
            .map(|(definition, activities)| NewDefinition {
                process: definition.process,
                texts: definition.texts,
                activities: activities.clone(),
                warnings: Value::Array(diagnostics.clone()),
            })
            .collect(),
        by: call.caller.user.clone(),
        now: call.now,
    };
    let answered = |deployed: &[Deployed]| {
        let definitions: Vec<Value> = deployed
            .iter()
            .zip(names.iter().zip(&summaries))
            .map(|(deployed, ((process_id, name), activities))| {
                json!({
                    "processId": process_id,
                    "version": deployed.version,
                    "definitionKey": view::definition::key(process_id, deployed.version),
                    "name": name,
                    "activities": activities,
                    "unchanged": deployed.unchanged,
                })
            })
            .collect();
        let mut body = definitions.first().cloned().unwrap_or_default();
        body["warnings"] = Value::Array(diagnostics.clone());
        body["repairs"] = repairs.clone();
        if definitions.len() > 1 {
            body["definitions"] = Value::Array(definitions);
        }
        let status = if deployed.iter().all(|deployed| deployed.unchanged) { 200 } else { 201 };
        Answer { status, body }
    };
    let record = hash.as_ref().map(|hash| {
        |deployed: &[Deployed]| {
            let Answer { status, body } = answered(deployed);
            hash.record(status, body)
        }
    });
    let record = record.as_ref().map(|record| record as &DeploymentAnswer<'_>);
    match call.api.app.store.deploy_once(call.caller.tenant, deployment, record).await {
        Ok(deployed) => Ok(answered(&deployed)),
        Err(store::Error::IdempotencyTaken) => {
            call.replayed(hash.as_ref()).await?.ok_or_else(|| app::Error::IdempotencyTaken.into())
        }
        Err(error) => Err(error.into()),
    }
}

pub async fn list(call: &Call<'_>) -> Result<Answer, Problem> {
    call.require_visible(Permission::DefinitionsRead, "resource")?;
    call.known_query(&["limit", "cursor"])?;
    let page = call.list_page("definitions", |limit, after| async move {
        call.api.app.store.definitions(call.caller.tenant, limit, after).await
    });
    let (items, next) = page.await?;
    let items: Vec<Value> = items.iter().map(view::definition::entry).collect();
    Ok(Answer::ok(json!({ "items": items, "nextCursor": next })))
}

pub async fn get(call: &Call<'_>, process_id: &str) -> Result<Answer, Problem> {
    call.require_visible(Permission::DefinitionsRead, "definition")?;
    let store = &call.api.app.store;
    let tenant = call.caller.tenant;
    let process_id = decoded(process_id)?;
    let missing = || Problem::not_found("definition");
    let pointer = store.deployed(tenant, &process_id).await?.ok_or_else(missing)?;
    let head = store.definition(tenant, &process_id, pointer.version).await?.ok_or_else(missing)?;
    let versions = store.versions(tenant, &process_id).await?;
    let timers = app::definitions::timer_starts(&call.api.app, tenant, &head, pointer.version, call.now).await?;
    let mut body = view::definition::head(&head, &timers);
    body["versions"] = versions
        .iter()
        .map(|head| json!({ "version": head.version, "deployedAt": head.deployed_at.to_string(), "deployedBy": head.deployed_by }))
        .collect();
    Ok(Answer::ok(body))
}

pub async fn version(call: &Call<'_>, process_id: &str, version: &str) -> Result<Answer, Problem> {
    call.require_visible(Permission::DefinitionsRead, "definition")?;
    let (process_id, version) = (decoded(process_id)?, number(version)?);
    let (app, tenant, missing) = (&call.api.app, call.caller.tenant, || Problem::not_found("definition"));
    let pointer = app.store.deployed(tenant, &process_id).await?.ok_or_else(missing)?;
    let head = app.store.definition(tenant, &process_id, version).await?.ok_or_else(missing)?;
    let timers = app::definitions::timer_starts(app, tenant, &head, pointer.version, call.now).await?;
    Ok(Answer::ok(view::definition::head(&head, &timers)))
}

pub async fn xml(call: &Call<'_>, process_id: &str, version: &str) -> Result<String, Problem> {
    call.require_visible(Permission::DefinitionsRead, "definition")?;
    let (process_id, version) = (decoded(process_id)?, number(version)?);
    let xml = call.api.app.store.xml(call.caller.tenant, &process_id, version).await?;
    xml.ok_or_else(|| Problem::not_found("definition"))
}

fn number(text: &str) -> Result<u32, Problem> {
    text.parse().ok().filter(|version| *version > 0).ok_or_else(|| Problem::not_found("definition"))
}

/// A process id in a path; ids of BPMN may hold letters that clients percent-encode.
fn decoded(text: &str) -> Result<String, Problem> {
    percent_encoding::percent_decode_str(text)
        .decode_utf8()
        .map(|text| text.into_owned())
        .map_err(|_| Problem::not_found("definition"))
}
