//! Process Explorer: one instance with its picture, its cancellation and its retry; the list is in `list`. Reads and
//! commands as the API does; shows what the caller may see and no more.

mod list;

pub use list::list;

use crate::answer::Answer;
use crate::refusal::Refusal;
use crate::visit::Visit;
use app::Request;
use bpmn::diagram::{self, Mark, Marks};
use domain::command::Command;
use domain::ids::{InstanceKey, TenantId};
use domain::instance::{Instance, InstanceStatus};
use domain::permission::Permission;
use domain::variables::Variables;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use store::Loaded;
use web::console::Section;
use web::console::diagram::Diagram;
use web::console::instance::{self, Details, Entry, May, Progress, Said, State, Tab};

const REASON_CHARS_MAX: usize = 500;

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
        said: said(visit, instance),
    };
    let shell = visit.shell(instance::title(&process, &loaded.aggregate), Section::Instances);
    Ok(Answer::Page(200, instance::page(&shell, &details, &visit.zone(), visit.now)))
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
    let dialog = visit.part() == Some("dialog");
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
    let shell = visit.shell(title, Section::Instances);
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
        let dialog = visit.part() == Some("dialog");
        let html = question(visit, &loaded, reason, Some(&error), dialog).await?;
        return Ok(if dialog { Answer::Part(422, html) } else { Answer::Page(422, html) });
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
    Ok(match visit.query_one("tab") {
        Some("variables") => {
            if !may.variables {
                visit.require_visible(Permission::VariablesRead)?;
            }
            Tab::Variables
        }
        Some("history") => {
            let skipped = visit.query_one("skip").and_then(|skip| skip.parse().ok()).unwrap_or(0);
            Tab::History { skipped }
        }
        Some("timers") => Tab::Timers,
        Some(_) | None => Tab::Overview,
    })
}

/// What the last action did, as long as it is so.
fn said(visit: &Visit<'_>, instance: &Instance) -> Option<Said> {
    match (visit.query_one("done"), instance.status) {
        (Some("cancelled"), InstanceStatus::Cancelled) => Some(Said::Cancelled),
        (Some("retried"), InstanceStatus::Running | InstanceStatus::Waiting | InstanceStatus::Completed) => {
            Some(Said::Retried)
        }
        (Some(_) | None, _) => None,
    }
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
    // A page that renews itself has the drawing and takes over the marks alone.
    let svg = if visit.part() == Some("fresh") { String::new() } else { drawn.svg(&marks) };
    Ok(Some(Diagram::at(source, svg, &classes, &progress.flows)))
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
