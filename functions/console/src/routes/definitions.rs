//! Deployed processes: the list, one of them, its file. Deploying is `deploy`.

use crate::answer::Answer;
use crate::refusal::{Refusal, sentence};
use crate::visit::Visit;
use app::link::cursor;
use bpmn::diagram::Marks;
use domain::permission::Permission;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use store::DefinitionHead;
use web::console::Section;
use web::console::definitions::{self as pages, Activity, Definition, List, Row, Said, TimerStart, Version, Warning};
use web::console::diagram::Diagram;

const ROWS: usize = 50;
const QUESTION: &str = "console definitions";

/// `GET /definitions`
pub async fn list(visit: &Visit<'_>) -> Result<Answer, Refusal> {
    visit.require_visible(Permission::DefinitionsRead)?;
    let (store, tenant) = (&visit.console.app.store, visit.caller.tenant);
    let after = match visit.query_one("cursor") {
        None => None,
        Some(text) => {
            Some(cursor::verify(visit.secret(), tenant, QUESTION, text, visit.now).ok_or(app::Error::InvalidCursor)?)
        }
    };
    let further = after.is_some();
    let (entries, next) = store.definitions(tenant, ROWS, after).await?;
    let heads = store.definition_heads(tenant, &entries).await?;
    let rows = entries.iter().map(|entry| {
        let head = heads.iter().find(|head| head.process_id == entry.process_id);
        Row {
            process_id: entry.process_id.clone(),
            name: named(&entry.name, &entry.process_id),
            version: entry.version,
            people: head.map(|head| people(&head.activities)).unwrap_or_default(),
            warnings: head.map(|head| warnings(&head.warnings).count()).unwrap_or_default(),
            deployed_at: entry.deployed_at,
            by: head.map(|head| head.deployed_by.clone()).unwrap_or_default(),
        }
    });
    let next = next.map(|position| cursor::sign(visit.secret(), tenant, QUESTION, &position, visit.now));
    let list = List {
        rows: rows.collect(),
        next: next.map(|cursor| format!("/definitions?cursor={cursor}")),
        further,
        may_deploy: visit.caller.may(Permission::DefinitionsDeploy),
    };
    let shell = visit.shell("Definitions", Section::Definitions);
    Ok(Answer::page(pages::list(&shell, &list, &visit.zone(), visit.now)))
}

/// `GET /definitions/{id}`; `version` shows another version than the deployed one.
pub async fn show(visit: &Visit<'_>, process_id: &str) -> Result<Answer, Refusal> {
    visit.require_visible(Permission::DefinitionsRead)?;
    let (store, tenant) = (&visit.console.app.store, visit.caller.tenant);
    let pointer = store.deployed(tenant, process_id).await?.ok_or_else(Refusal::not_found)?;
    let shown = match visit.query_one("version") {
        None => pointer.version,
        Some(text) => number(text)?,
    };
    let versions = store.versions(tenant, process_id).await?;
    let head = versions.iter().find(|head| head.version == shown).ok_or_else(Refusal::not_found)?;
    let xml = store.xml(tenant, process_id, shown).await?;
    let picture = xml.and_then(|xml| bpmn::diagram::read(xml.as_bytes(), Some(process_id)).ok());
    let diagram = picture.map(|picture| {
        let svg = picture.svg(&Marks::default());
        let source = format!("{}/versions/{shown}/outline", pages::address(process_id));
        Diagram::at(source, svg, &BTreeMap::new(), &BTreeSet::new())
    });
    let timers = app::definitions::timer_starts(&visit.console.app, tenant, head, pointer.version, visit.now).await?;
    let definition = Definition {
        process_id: process_id.to_owned(),
        name: named(&head.name, process_id),
        version: shown,
        deployed: pointer.version,
        activities: activities(&head.activities),
        timers: shown_timers(visit, timers),
        warnings: warnings(&head.warnings).filter_map(warning).collect(),
        versions: versions.iter().map(version).collect(),
        diagram,
        may_deploy: visit.caller.may(Permission::DefinitionsDeploy),
        may_see_instances: visit.caller.may(Permission::InstancesRead),
        may_sync: visit.caller.may(Permission::ExternalTasksManage),
        said: match visit.query_one("said") {
            Some("deployed") => Some(Said::Deployed),
            Some("unchanged") => Some(Said::Unchanged),
            _ => None,
        },
    };
    let shell = visit.shell(definition.name.clone(), Section::Definitions);
    Ok(Answer::page(pages::page(&shell, &definition, &visit.zone(), visit.now)))
}

/// Timer start events as pages show them.
pub fn shown_timers(visit: &Visit<'_>, timers: Vec<app::definitions::TimerStart>) -> Vec<TimerStart> {
    let zone = visit.zone();
    timers.into_iter().map(|start| TimerStart::new(start.name, start.timer, start.next, &zone, visit.now)).collect()
}

/// `GET /definitions/{id}/versions/{n}/xml`: the file as it was deployed.
pub async fn xml(visit: &Visit<'_>, process_id: &str, version: &str) -> Result<Answer, Refusal> {
    let (xml, version) = file(visit, process_id, version).await?;
    let name = Some(format!("{process_id}-v{version}.bpmn"));
    Ok(Answer::Bytes { content_type: "application/xml; charset=utf-8", name, bytes: xml.into_bytes() })
}

/// `GET /definitions/{id}/versions/{n}/outline`: what the viewer draws, and nothing else of the file.
pub async fn outline(visit: &Visit<'_>, process_id: &str, version: &str) -> Result<Answer, Refusal> {
    let (xml, _) = file(visit, process_id, version).await?;
    let picture = bpmn::diagram::read(xml.as_bytes(), Some(process_id)).map_err(|_| Refusal::not_found())?;
    let bytes = picture.outline.into_bytes();
    Ok(Answer::Bytes { content_type: "application/xml; charset=utf-8", name: None, bytes })
}

async fn file(visit: &Visit<'_>, process_id: &str, version: &str) -> Result<(String, u32), Refusal> {
    visit.require_visible(Permission::DefinitionsRead)?;
    let version = number(version)?;
    let xml = visit.console.app.store.xml(visit.caller.tenant, process_id, version).await?;
    Ok((xml.ok_or_else(Refusal::not_found)?, version))
}

fn number(text: &str) -> Result<u32, Refusal> {
    text.parse().ok().filter(|version| *version > 0).ok_or_else(Refusal::not_found)
}

/// A model may leave its names out; people still have to call it something.
pub fn named(name: &str, id: &str) -> String {
    if name.trim().is_empty() { id.to_owned() } else { name.to_owned() }
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_default()
}

fn list_of(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// Steps that wait for people outside, and inside.
fn people(activities: &Value) -> (usize, usize) {
    let of = |wanted: fn(&str) -> bool| {
        list_of(activities)
            .filter(|activity| text(activity, "type") == "userTask" && wanted(text(activity, "profile")))
            .count()
    };
    (of(|profile| profile == "external"), of(|profile| profile != "external"))
}

fn activities(value: &Value) -> Vec<Activity> {
    let activity = |activity: &Value| {
        let (id, kind, profile) = (text(activity, "id"), text(activity, "type"), text(activity, "profile"));
        Activity {
            id: id.to_owned(),
            name: named(text(activity, "name"), id),
            kind: words(kind),
            who: match (kind, profile) {
                ("userTask", "external") => "Somebody outside".to_owned(),
                ("userTask", _) => "A member".to_owned(),
                _ => String::new(),
            },
        }
    };
    list_of(value).map(activity).collect()
}

/// `serviceTask` becomes `Service task`.
fn words(kind: &str) -> String {
    let mut words = String::new();
    for c in kind.chars() {
        match c {
            c if c.is_uppercase() => words.extend([' ', c.to_ascii_lowercase()]),
            c if words.is_empty() => words.extend(c.to_uppercase()),
            c => words.push(c),
        }
    }
    words
}

/// The findings kept with a version that ask for something.
fn warnings(value: &Value) -> impl Iterator<Item = &Value> {
    list_of(value).filter(|finding| text(finding, "severity") == "warning")
}

fn warning(value: &Value) -> Option<Warning> {
    let place = format!("{}:{}", value["line"].as_u64()?, value["column"].as_u64()?);
    Some(Warning { place, message: sentence(text(value, "message")) })
}

fn version(head: &DefinitionHead) -> Version {
    Version {
        number: head.version,
        deployed_at: head.deployed_at,
        by: head.deployed_by.clone(),
        warnings: warnings(&head.warnings).count(),
    }
}
