//! Process Explorer: the list of instances, one instance with its picture, its cancellation and its retry. Reads and
//! commands as the API does; shows what the caller may see and no more.

use crate::{Answer, Refusal, Visit};
use app::{Request, cursor};
use bpmn::diagram::{self, Mark, Marks};
use domain::command::Command;
use domain::ids::{InstanceKey, TenantId};
use domain::instance::{Instance, InstanceStatus};
use domain::permission::Permission;
use domain::variables::Variables;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use store::{InstanceQuery, InstanceRow, Loaded};
use web::console::Section;
use web::console::diagram::Diagram;
use web::console::instance::{self, Details, Entry, May, Progress, Said, State, Tab};
use web::console::instances::{self, Filter, List, Row, Stands};

const PAGE_ROWS: usize = 25;
/// Processes offered in the filter; others can be asked for by address.
const PROCESSES_MAX: usize = 100;
const REASON_CHARS_MAX: usize = 500;
/// Bytes of a query value at most; ids and keys are far shorter.
const VALUE_BYTES_MAX: usize = 1_024;

/// `GET /instances`
pub async fn list(visit: &Visit<'_>) -> Result<Answer, Refusal> {
    visit.require_visible(Permission::InstancesRead)?;
    let (tenant, store) = (visit.caller.tenant, &visit.console.app.store);
    let filter = filter(visit)?;
    let question = filter.address(None);
    let secret = visit.secret().await?;
    let given = visit.query_one("cursor")?.filter(|cursor| !cursor.is_empty());
    let after = match given {
        Some(text) => Some(
            cursor::verify(secret, tenant, &question, text, visit.now).ok_or(app::Error::InvalidCursor)?,
        ),
        None => None,
    };
    let later = after.is_some();
    let query = InstanceQuery {
        statuses: filter.statuses.clone(),
        process_id: filter.process_id.clone(),
        business_key: filter.business_key.clone(),
        limit: PAGE_ROWS,
        after,
    };
    let page = store.instances(tenant, &query, visit.now).await?;
    let (entries, _) = store.definitions(tenant, PROCESSES_MAX, None).await?;
    let list = List {
        rows: rows(visit, page.items).await?,
        processes: entries.into_iter().map(|entry| (entry.process_id, entry.name)).collect(),
        next: page.next.map(|position| cursor::sign(secret, tenant, &question, &position, visit.now)),
        later,
        filter,
    };
    let shell = visit.shell("Instances", Some(Section::Instances));
    Ok(Answer::Page(200, instances::page(&shell, &list, &visit.zone().await?, visit.now)))
}

fn filter(visit: &Visit<'_>) -> Result<Filter, Refusal> {
    let mut filter = Filter::default();
    for (name, value) in visit.query.iter().filter(|(_, value)| !value.is_empty()) {
        if value.len() > VALUE_BYTES_MAX {
            return Err(Refusal::invalid(&format!("The value of {name} is too long.")));
        }
        match name.as_str() {
            "status" => {
                let status = status(value).ok_or_else(|| {
                    Refusal::invalid(&format!("There is no status \"{value}\". Choose one of the filter."))
                })?;
                if !filter.statuses.contains(&status) {
                    filter.statuses.push(status);
                }
            }
            "processId" => filter.process_id = Some(value.clone()),
            "businessKey" => filter.business_key = Some(value.trim().to_owned()),
            _ => {}
        }
    }
    Ok(filter)
}

fn status(text: &str) -> Option<InstanceStatus> {
    [
        InstanceStatus::Running,
        InstanceStatus::Waiting,
        InstanceStatus::Error,
        InstanceStatus::Completed,
        InstanceStatus::Cancelled,
    ]
    .into_iter()
    .find(|status| status.as_str() == text)
}

/// Rows with the names of their processes and where they stand: one call for all heads, definitions from memory.
async fn rows(visit: &Visit<'_>, found: Vec<InstanceRow>) -> Result<Vec<Row>, Refusal> {
    let (tenant, app) = (visit.caller.tenant, &visit.console.app);
    let open: Vec<InstanceKey> = found.iter().filter(|row| !row.status.is_final()).map(|row| row.key).collect();
    let heads = app.store.heads(tenant, &open).await?;
    let mut rows = Vec::with_capacity(found.len());
    for row in found {
        let process = app.store.process(tenant, &row.process_id, row.version).await?;
        let head: Option<&Instance> = heads.get(&row.key);
        rows.push(Row {
            key: row.key,
            // The index may be a moment behind.
            status: head.map_or(row.status, |head| head.status),
            process_name: process.as_ref().map_or_else(|| row.process_id.clone(), |process| process.name.clone()),
            version: row.version,
            reference: row.reference,
            business_key: row.business_key,
            started_at: row.started_at,
            ended_at: head.map_or(row.ended_at, |head| head.ended_at),
            stands: process.as_ref().zip(head).and_then(|(process, head)| Stands::of(process, head)),
        });
    }
    Ok(rows)
}

/// `GET /instances/{key}`
pub async fn page(visit: &Visit<'_>, key: &str) -> Result<Answer, Refusal> {
    let loaded = load(visit, key).await?;
    let instance = &loaded.aggregate.instance;
    let (tenant, app) = (visit.caller.tenant, &visit.console.app);
    let process = app.process(tenant, &instance.process_id, instance.definition_version).await?;
    let may = may(visit);
    let tab = tab(visit, may)?;
    let journal = app.store.journal(tenant, instance.key).await?;
    let entries: Vec<Entry<'_>> = journal
        .iter()
        .map(|entry| Entry {
            at: entry.at,
            actor: &entry.actor,
            origin: &entry.origin,
            command: &entry.command,
            events: &entry.events,
        })
        .collect();
    let progress = Progress::of(instance, &entries);
    let diagram = match tab {
        Tab::Overview => picture(visit, instance, &progress).await?,
        Tab::Variables | Tab::History { .. } | Tab::Timers => None,
    };
    let details = Details {
        process: &process,
        aggregate: &loaded.aggregate,
        journal: &entries,
        progress: &progress,
        diagram,
        may,
        tab,
        said: said(visit, instance)?,
    };
    let shell = visit.shell(&instance::title(&process, &loaded.aggregate), Some(Section::Instances));
    Ok(Answer::Page(200, instance::page(&shell, &details, &visit.zone().await?, visit.now)))
}

/// `GET /instances/{key}/diagram`: what the viewer draws, and nothing else of the file.
pub async fn diagram(visit: &Visit<'_>, key: &str) -> Result<Answer, Refusal> {
    let loaded = load(visit, key).await?;
    let drawn = drawn(visit, &loaded.aggregate.instance).await?.ok_or_else(Refusal::not_found)?;
    let bytes = drawn.outline.clone().into_bytes();
    Ok(Answer::Bytes { content_type: "application/xml; charset=utf-8", name: None, bytes })
}

/// `GET /instances/{key}/cancel`: the question; `?part=dialog` without the page around it.
pub async fn ask_cancel(visit: &Visit<'_>, key: &str) -> Result<Answer, Refusal> {
    let loaded = load(visit, key).await?;
    visit.require(Permission::InstancesCancel)?;
    if loaded.aggregate.instance.status.is_final() {
        return Ok(Answer::SeeOther(format!("/instances/{}", loaded.aggregate.instance.key)));
    }
    let dialog = visit.query_one("part")? == Some("dialog");
    let html = question(visit, &loaded, "", None, dialog).await?;
    Ok(if dialog { Answer::Part(200, html) } else { Answer::Page(200, html) })
}

async fn question(
    visit: &Visit<'_>,
    loaded: &Loaded,
    reason: &str,
    error: Option<&str>,
    dialog: bool,
) -> Result<String, Refusal> {
    let instance = &loaded.aggregate.instance;
    let process =
        visit.console.app.process(visit.caller.tenant, &instance.process_id, instance.definition_version).await?;
    let progress = Progress::default();
    let details = Details {
        process: &process,
        aggregate: &loaded.aggregate,
        journal: &[],
        progress: &progress,
        diagram: None,
        may: may(visit),
        tab: Tab::Overview,
        said: None,
    };
    let title = format!("Cancel {}", instance::title(&process, &loaded.aggregate));
    let shell = visit.shell(&title, Some(Section::Instances));
    Ok(instance::cancel_page(&shell, &details, reason, error, dialog, visit.now))
}

/// `POST /instances/{key}/cancel`
pub async fn cancel(visit: &Visit<'_>, key: &str) -> Result<Answer, Refusal> {
    let loaded = load(visit, key).await?;
    visit.require(Permission::InstancesCancel)?;
    let reason = visit.field("reason").unwrap_or_default().trim();
    let length = reason.chars().count();
    if length > REASON_CHARS_MAX {
        let error = format!("Use at most {REASON_CHARS_MAX} characters; you have {length}.");
        return Ok(Answer::Page(422, question(visit, &loaded, reason, Some(&error), false).await?));
    }
    let reason = (!reason.is_empty()).then(|| reason.to_owned());
    execute(visit, loaded.aggregate.instance.key, Command::CancelInstance { reason }).await?;
    Ok(Answer::SeeOther(format!("/instances/{}?done=cancelled", loaded.aggregate.instance.key)))
}

/// `POST /instances/{key}/retry`: one failed element, or all where none is named. What fails again is shown as before.
pub async fn retry(visit: &Visit<'_>, key: &str) -> Result<Answer, Refusal> {
    let loaded = load(visit, key).await?;
    visit.require(Permission::InstancesRetry)?;
    let element = visit.field("elementId").filter(|id| !id.is_empty()).map(str::to_owned);
    let key = loaded.aggregate.instance.key;
    execute(visit, key, Command::Retry { element, variables: Variables::new() }).await?;
    Ok(Answer::SeeOther(format!("/instances/{key}?done=retried")))
}

async fn execute(visit: &Visit<'_>, instance: InstanceKey, command: Command) -> Result<(), Refusal> {
    let request = Request {
        tenant: visit.caller.tenant,
        instance,
        actor: visit.caller.actor(),
        origin: visit.origin.clone(),
        command,
        now: visit.now,
        scripts: &visit.console.scripts,
        replay: None,
    };
    visit.console.app.execute(&request).await?;
    Ok(())
}

/// The instance, if the caller may see it: whoever may read instances, and whoever started it.
async fn load(visit: &Visit<'_>, key: &str) -> Result<Loaded, Refusal> {
    let key: InstanceKey =
        key.parse().ok().filter(|key: &InstanceKey| key.is_instance()).ok_or_else(Refusal::not_found)?;
    let loaded = visit.console.app.store.load(visit.caller.tenant, key).await?;
    loaded
        .filter(|loaded| {
            visit.caller.may(Permission::InstancesRead) || loaded.aggregate.instance.started_by == visit.caller.user
        })
        .ok_or_else(Refusal::not_found)
}

fn may(visit: &Visit<'_>) -> May {
    let may = |permission| visit.caller.may(permission);
    May {
        variables: may(Permission::VariablesRead),
        tasks: may(Permission::ExternalTasksRead),
        definitions: may(Permission::DefinitionsRead),
        list: may(Permission::InstancesRead),
        cancel: may(Permission::InstancesCancel),
        retry: may(Permission::InstancesRetry),
    }
}

fn tab(visit: &Visit<'_>, may: May) -> Result<Tab, Refusal> {
    Ok(match visit.query_one("tab")? {
        Some("variables") => {
            if !may.variables {
                visit.require_visible(Permission::VariablesRead)?;
            }
            Tab::Variables
        }
        Some("history") => {
            let skipped = visit.query_one("skip")?.and_then(|skip| skip.parse().ok()).unwrap_or(0);
            Tab::History { skipped }
        }
        Some("timers") => Tab::Timers,
        Some(_) | None => Tab::Overview,
    })
}

/// What the last action did, as long as it is so.
fn said(visit: &Visit<'_>, instance: &Instance) -> Result<Option<Said>, Refusal> {
    Ok(match (visit.query_one("done")?, instance.status) {
        (Some("cancelled"), InstanceStatus::Cancelled) => Some(Said::Cancelled),
        (Some("retried"), InstanceStatus::Running | InstanceStatus::Waiting | InstanceStatus::Completed) => {
            Some(Said::Retried)
        }
        (Some(_) | None, _) => None,
    })
}

async fn picture(visit: &Visit<'_>, instance: &Instance, progress: &Progress) -> Result<Option<Diagram>, Refusal> {
    let Some(drawn) = drawn(visit, instance).await? else { return Ok(None) };
    let states = progress.states();
    let mut marks = Marks { flows: progress.flows.clone(), ..Marks::default() };
    for (element, state) in &states {
        marks.add(
            element,
            match state {
                State::Stopped => Mark::Stopped,
                State::Completed => Mark::Done,
                State::Next | State::Active => Mark::Active,
                State::Failed => Mark::Failed,
            },
        );
    }
    let classes: BTreeMap<String, &str> = states.into_iter().map(|(id, state)| (id, state.class())).collect();
    let source = format!("/instances/{}/diagram", instance.key);
    Ok(Some(Diagram::at(source, drawn.svg(&marks), &classes, &progress.flows)))
}

type Version = (TenantId, String, u32);
/// Pictures kept in memory: versions never change, and a page that refreshes itself draws the same one again and again.
static DRAWN: Mutex<VecDeque<(Version, Option<Arc<diagram::Diagram>>)>> = Mutex::new(VecDeque::new());
const DRAWN_MAX: usize = 24;

/// The picture of the instance's version; `None` where it cannot be drawn.
async fn drawn(visit: &Visit<'_>, instance: &Instance) -> Result<Option<Arc<diagram::Diagram>>, Refusal> {
    let version: Version = (visit.caller.tenant, instance.process_id.clone(), instance.definition_version);
    let kept = |known: &Version| {
        let drawn = DRAWN.lock().unwrap_or_else(PoisonError::into_inner);
        drawn.iter().find(|(version, _)| version == known).map(|(_, diagram)| diagram.clone())
    };
    if let Some(diagram) = kept(&version) {
        return Ok(diagram);
    }
    let xml = visit.console.app.store.xml(version.0, &version.1, version.2).await?;
    let diagram = xml.and_then(|xml| diagram::read(xml.as_bytes(), Some(&version.1)).ok()).map(Arc::new);
    let mut drawn = DRAWN.lock().unwrap_or_else(PoisonError::into_inner);
    drawn.truncate(DRAWN_MAX - 1);
    drawn.push_front((version, diagram.clone()));
    Ok(diagram)
}
