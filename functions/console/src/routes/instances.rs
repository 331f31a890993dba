//! Process Explorer: one instance with its cancellation and its retry; the list is in `list`, the picture in `picture`.
//! Reads and commands as the API does; shows what the caller may see and no more.

mod list;
mod picture;

pub use list::list;
pub use picture::diagram;

use crate::answer::Answer;
use crate::refusal::Refusal;
use crate::visit::Visit;
use app::Request;
use domain::action::UNAWAITED;
use domain::command::Command;
use domain::ids::InstanceKey;
use domain::instance::{Instance, InstanceStatus};
use domain::permission::Permission;
use domain::process::Process;
use domain::variables::Variables;
use std::collections::BTreeMap;
use store::{Job, Loaded};
use web::console::Section;
use web::console::instance::{self, Call, Details, Entry, May, Progress, Said, Tab};

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
        Tab::Overview => picture::of(visit, instance, &progress).await?,
        Tab::SystemTasks | Tab::Variables | Tab::History { .. } | Tab::Waiting => None,
    };
    let jobs = match tab {
        Tab::SystemTasks => app.store.jobs(tenant, instance.key).await?,
        Tab::Overview | Tab::Variables | Tab::History { .. } | Tab::Waiting => Vec::new(),
    };
    let calls: Vec<Call<'_>> = jobs.iter().map(call).collect();
    let failed = match tab {
        Tab::Overview => failed(visit, &progress).await?,
        Tab::SystemTasks | Tab::Variables | Tab::History { .. } | Tab::Waiting => BTreeMap::new(),
    };
    let details = Details {
        process: &process,
        aggregate: &loaded.aggregate,
        journal: &entries,
        progress: &progress,
        failed,
        calls: &calls,
        diagram,
        may,
        tab,
        said: said(visit, instance),
    };
    let shell = visit.shell(instance::title(&process, &loaded.aggregate), Section::Instances);
    Ok(Answer::Page(200, instance::page(&shell, &details, &visit.zone(), visit.now)))
}

/// The called instances shown that failed, or below which one did.
async fn failed(visit: &Visit<'_>, progress: &Progress) -> Result<BTreeMap<InstanceKey, InstanceKey>, Refusal> {
    let shown = progress.children.iter().rev().take(instance::TASKS_MAX).map(|(_, child)| *child);
    let called = app::instances::called(&visit.console.app, visit.caller.tenant, shown).await?;
    Ok(called.into_iter().filter_map(|(child, called)| Some((child, called.failed?))).collect())
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
    let details = asked(visit, &process, loaded, &progress, &[]);
    let title = format!("Cancel {}", instance::title(&process, &loaded.aggregate));
    let shell = visit.shell(title, Section::Instances);
    Ok(instance::cancel_page(&shell, &details, reason, error, dialog, visit.now))
}

/// What a question is about.
fn asked<'a>(
    visit: &Visit<'_>,
    process: &'a Process,
    loaded: &'a Loaded,
    progress: &'a Progress,
    calls: &'a [Call<'a>],
) -> Details<'a> {
    Details {
        process,
        aggregate: &loaded.aggregate,
        journal: &[],
        progress,
        failed: BTreeMap::new(),
        calls,
        diagram: None,
        may: may(visit),
        tab: Tab::Overview,
        said: None,
    }
}

fn call(job: &Job) -> Call<'_> {
    Call {
        element: job.element,
        activity: &job.activity,
        unawaited: job.first == UNAWAITED,
        ordered_at: job.ordered_at,
        request: &job.request,
        attempts: &job.attempts,
    }
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

/// `GET /instances/{key}/retry?elementId=`: the question; `?part=dialog` without the page around it. Nothing failed there:
/// back to the instance.
pub async fn ask_retry(visit: &Visit<'_>, key: &str) -> Result<Answer, Refusal> {
    let loaded = load(visit, key).await?;
    visit.require(Permission::InstancesRetry)?;
    let (tenant, app) = (visit.caller.tenant, &visit.console.app);
    let instance = &loaded.aggregate.instance;
    let element = visit.query_one("elementId").unwrap_or_default();
    let Some(incident) = instance.incidents.iter().find(|incident| incident.element == element) else {
        return Ok(Answer::SeeOther(format!("/instances/{}", instance.key)));
    };
    let process = app.process(tenant, &instance.process_id, instance.definition_version).await?;
    let job = app.store.job(tenant, instance.key, incident.element_number).await?;
    let calls: Vec<Call<'_>> = job.iter().map(call).collect();
    let progress = Progress::default();
    let details = asked(visit, &process, &loaded, &progress, &calls);
    let shell = visit.shell(format!("Retry {}", instance::title(&process, &loaded.aggregate)), Section::Instances);
    let dialog = visit.part() == Some("dialog");
    let html = instance::retry_page(&shell, &details, incident, dialog);
    Ok(if dialog { Answer::Part(200, html) } else { Answer::Page(200, html) })
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
    let tab = visit.query_one("tab").and_then(Tab::parse).unwrap_or_default();
    if tab == Tab::Variables && !may.variables {
        visit.require_visible(Permission::VariablesRead)?;
    }
    Ok(match tab {
        Tab::History { .. } => {
            let skipped = visit.query_one("skip").and_then(|skip| skip.parse().ok()).unwrap_or(0);
            Tab::History { skipped }
        }
        Tab::Overview | Tab::SystemTasks | Tab::Variables | Tab::Waiting => tab,
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
