//! Bulk runs: the question before one, its start, its page, stop and lease. Counts and works nothing: that is
//! `app::bulk_runs`; the sentences are `web`'s.

use crate::answer::Answer;
use crate::refusal::Refusal;
use crate::visit::Visit;
use app::bulk_runs::{self as runs, FAILURES_MAX, RunReplay, StartRun, Started};
use app::exports::csv_line;
use app::external_tasks;
use app::idempotency::RequestHash;
use domain::bulk_run::{Action, BulkRun, Filter, KEYS_MAX};
use domain::external_task::Status;
use domain::ids::{RunKey, TaskKey};
use domain::permission::Permission;
use serde_json::{Value, json};
use store::RunFailure;
use web::console::bulk_runs::{self as pages, Detail, Failure, Question, RunList, Selection};
use web::console::{Section, Shell};
use web::form::upload;

const RUNS_A_PAGE: usize = 25;
const REASON_CHARS_MAX: usize = 500;
/// Each failure costs one more read, for the address of its recipient.
const FAILURES_A_PAGE: usize = 25;
/// Failures of a summary in a dialog.
const FAILURES_A_DIALOG: usize = 5;
/// Where the tasks are that runs are about.
const TASKS: &str = "/external-tasks?status=PENDING";

/// GET /bulk-runs; `part=rows`: the rows alone.
pub async fn list(visit: &Visit<'_>) -> Result<Answer, Refusal> {
    visit.require_visible(Permission::ExternalTasksRead)?;
    let after = visit.query_one("after").map(str::parse::<RunKey>).transpose().map_err(|_| Refusal::not_found())?;
    let page = runs::list(&visit.console.app, &visit.caller, RUNS_A_PAGE, after).await?;
    let next = page.next.map(|after| format!("/bulk-runs?after={after}"));
    let zone = visit.zone();
    let list = RunList {
        next: next.as_deref(),
        first: after.is_none(),
        zone: zone.place(),
        may_manage: visit.caller.may(Permission::ExternalTasksManage),
    };
    let part = visit.part() == Some("rows");
    let html = pages::runs(&shell(visit, "Bulk runs"), &page.items, &list, (&zone, visit.now), part);
    Ok(if part { Answer::Part(200, html) } else { Answer::page(html) })
}

/// GET /bulk-runs/{key}; `part=progress`: numbers and words for a script; `part=dialog`: what a dialog holds.
pub async fn show(visit: &Visit<'_>, key: &str) -> Result<Answer, Refusal> {
    visit.require_visible(Permission::ExternalTasksRead)?;
    let key = run_key(key)?;
    let run = runs::get(&visit.console.app, &visit.caller, key).await?;
    let holds = visit.query_one("holds") == Some("yes") && run.by == visit.caller.user && run.attached;
    if visit.part() == Some("progress") {
        return Ok(progress(&run, holds));
    }
    let part = visit.part() == Some("dialog");
    // A page without script keeps its run going by being loaded again.
    if holds && !part && visit.caller.may(Permission::ExternalTasksManage) {
        runs::renew_lease(&visit.console.app, &visit.caller, key, visit.now).await?;
    }
    shown(visit, &run, holds, part).await
}

/// GET /bulk-runs/{key}/failures.csv: what failed, for a spreadsheet.
pub async fn failures(visit: &Visit<'_>, key: &str) -> Result<Answer, Refusal> {
    visit.require_visible(Permission::ExternalTasksRead)?;
    let run = runs::get(&visit.console.app, &visit.caller, run_key(key)?).await?;
    let (mut bytes, mut after, mut lines) = (Vec::new(), None, 0);
    csv_line(["number", "taskKey", "code", "message"], &mut bytes);
    loop {
        let page = runs::failures(&visit.console.app, &visit.caller, run.key, FAILURES_MAX, after).await?;
        for RunFailure { number, task, code, message } in &page.items {
            csv_line([&*number.to_string(), &*task.to_string(), &**code, &**message], &mut bytes);
        }
        lines += page.items.len();
        after = page.next.and_then(|number| number.parse().ok());
        if after.is_none() || lines >= pages::FAILURES_A_FILE {
            break;
        }
    }
    let name = Some(format!("failed-{}.csv", run.key));
    Ok(Answer::Bytes { content_type: "text/csv; charset=utf-8", name, bytes })
}

/// POST /bulk-runs: the question, and with the question's own value the start.
pub async fn start(visit: &Visit<'_>) -> Result<Answer, Refusal> {
    visit.require_visible(Permission::ExternalTasksRead)?;
    visit.require(Permission::ExternalTasksManage)?;
    let part = visit.part() == Some("dialog");
    let action = visit.field("action").and_then(Action::parse).ok_or_else(unknown_action)?;
    let chosen = chosen(visit).await?;
    if let Chosen::Keys(keys) = &chosen
        && keys.is_empty()
    {
        return Ok(asked(visit, &question(visit, action, &chosen, (0, 0, true)), 422, part));
    }
    match visit.field("confirmed") {
        Some(submission) => begin(visit, action, &chosen, submission, part).await,
        None => ask(visit, action, &chosen, part).await,
    }
}

/// POST /bulk-runs/{key}/stop
pub async fn stop(visit: &Visit<'_>, key: &str) -> Result<Answer, Refusal> {
    visit.require_visible(Permission::ExternalTasksRead)?;
    visit.require(Permission::ExternalTasksManage)?;
    let run = runs::stop(&visit.console.app, &visit.caller, run_key(key)?, visit.now).await?;
    if visit.part() == Some("progress") {
        return Ok(progress(&run, false));
    }
    Ok(Answer::SeeOther(visit.back().map_or_else(|| format!("/bulk-runs/{}", run.key), str::to_owned)))
}

/// POST /bulk-runs/{key}/lease: the window that holds the run is still there, is closing (`give=up`), or lets it go on
/// by itself (`attached=no`).
pub async fn lease(visit: &Visit<'_>, key: &str) -> Result<Answer, Refusal> {
    visit.require_visible(Permission::ExternalTasksRead)?;
    visit.require(Permission::ExternalTasksManage)?;
    let (app, caller, key, now) = (&visit.console.app, &visit.caller, run_key(key)?, visit.now);
    let run = match (visit.field("give"), visit.field("attached")) {
        (Some(_), _) => runs::give_up_lease(app, caller, key, now).await?,
        (None, Some(attached)) => runs::attach(app, caller, key, attached == "yes", now).await?,
        (None, None) => runs::renew_lease(app, caller, key, now).await?,
    };
    Ok(progress(&run, run.attached))
}

/// The tasks a form names.
enum Chosen {
    Keys(Vec<TaskKey>),
    /// The filter as its page wrote it, its names and values, and what it says.
    Filter(String, Vec<(String, String)>, Filter),
}

async fn chosen(visit: &Visit<'_>) -> Result<Chosen, Refusal> {
    match visit.field("selection") {
        Some("filter") => {
            let query = visit.field("filter").unwrap_or_default().to_owned();
            let read = upload::read("application/x-www-form-urlencoded", query.as_bytes());
            let pairs = read.map_err(|_| Refusal::invalid("The filter cannot be read."))?.pairs;
            let asked = external_tasks::filter(&pairs).map_err(|problems| {
                let words: Vec<String> = problems.into_iter().map(|problem| problem.message).collect();
                Refusal::invalid(&words.join(" ")).back_to(TASKS, "External tasks")
            })?;
            if !asked.statuses.contains(&Status::Pending) {
                return Ok(Chosen::Keys(Vec::new()));
            }
            Ok(Chosen::Filter(query, pairs, filter(asked)))
        }
        Some("failed") => {
            let run = run_key(visit.field("run").unwrap_or_default())?;
            runs::get(&visit.console.app, &visit.caller, run).await?;
            let failed = runs::failures(&visit.console.app, &visit.caller, run, KEYS_MAX, None).await?;
            Ok(Chosen::Keys(failed.items.into_iter().map(|failure| failure.task).collect()))
        }
        Some(_) | None => {
            let keys: Result<Vec<TaskKey>, _> = visit.field_all("taskKey").map(str::parse).collect();
            let keys = keys.map_err(|_| Refusal::invalid("One of the selected rows is not a task."))?;
            Ok(Chosen::Keys(keys))
        }
    }
}

fn filter(asked: external_tasks::TaskQuery) -> Filter {
    Filter {
        activity: asked.activity,
        process_id: asked.process_id,
        recipient: asked.recipient,
        created_from: asked.created_from,
        created_to: asked.created_to,
        follow_up: asked.follow_up,
        oldest_first: asked.order == external_tasks::Order::Oldest,
    }
}

/// The question: what would happen, and to how many.
async fn ask(visit: &Visit<'_>, action: Action, chosen: &Chosen, part: bool) -> Result<Answer, Refusal> {
    let dry = StartRun { action, reason: None, selection: selection(chosen), attached: false, dry_run: true };
    let started = runs::start(&visit.console.app, &visit.caller, dry, visit.origin.clone(), visit.now, None).await?;
    let counts = match started {
        Started::Counted(counted) => (counted.selected, counted.eligible, counted.exact),
        Started::Run(run) => (run.selected, run.eligible, true),
    };
    Ok(asked(visit, &question(visit, action, chosen, counts), 200, part))
}

fn question(visit: &Visit<'_>, action: Action, chosen: &Chosen, counts: (u32, u32, bool)) -> Question {
    let (total, eligible, exact) = counts;
    let selection = match chosen {
        Chosen::Keys(keys) => Selection::Keys(keys.clone()),
        Chosen::Filter(query, pairs, _) => Selection::filter(query.clone(), pairs, str::to_owned),
    };
    Question {
        action,
        selection,
        total,
        eligible,
        at_least: !exact,
        submission: format!("{:016x}", app::random::number()),
        back: visit.back().unwrap_or(TASKS).to_owned(),
    }
}

fn asked(visit: &Visit<'_>, question: &Question, status: u16, part: bool) -> Answer {
    let html = pages::question(&shell(visit, pages::action_word(question.action)), question, part);
    if part { Answer::Part(status, html) } else { Answer::Page(status, html) }
}

fn selection(chosen: &Chosen) -> runs::Selection {
    match chosen {
        Chosen::Keys(keys) => runs::Selection::Keys(keys.clone()),
        Chosen::Filter(_, _, filter) => runs::Selection::Filter(filter.clone()),
    }
}

/// Starts the run. A second click on the question's button finds the run of the first.
async fn begin(
    visit: &Visit<'_>,
    action: Action,
    chosen: &Chosen,
    submission: &str,
    part: bool,
) -> Result<Answer, Refusal> {
    let attached = visit.field("detached") != Some("yes");
    let start =
        StartRun { action, reason: reason(visit, action)?, selection: selection(chosen), attached, dry_run: false };
    let hash = RequestHash::new(&visit.caller, "POST", "/bulk-runs", submission, &Value::Null);
    let (app, caller) = (&visit.console.app, &visit.caller);
    let key = match first(visit, &hash).await? {
        Some(key) => key,
        None => {
            let answer = |run: &BulkRun| (303, json!({"key": run.key}));
            let replay = RunReplay { hash: hash.clone(), answer: &answer };
            match runs::start(app, caller, start, visit.origin.clone(), visit.now, Some(replay)).await {
                Ok(Started::Run(run)) => run.key,
                Ok(Started::Counted(_)) => return Err(Refusal::unavailable()),
                Err(app::Error::IdempotencyTaken) => first(visit, &hash).await?.ok_or_else(Refusal::unavailable)?,
                Err(error) => return Err(error.into()),
            }
        }
    };
    if part {
        let run = runs::get(app, caller, key).await?;
        return shown(visit, &run, run.attached, true).await;
    }
    let holds = if attached { "?holds=yes" } else { "" };
    Ok(Answer::SeeOther(format!("/bulk-runs/{key}{holds}")))
}

/// Why tasks are cancelled, where the form says so.
fn reason(visit: &Visit<'_>, action: Action) -> Result<Option<String>, Refusal> {
    let reason = visit.field("reason").map(str::trim).filter(|text| !text.is_empty() && action == Action::Cancel);
    match reason.map(|text| text.chars().count()) {
        Some(length) if length > REASON_CHARS_MAX => Err(Refusal::invalid(&format!(
            "Use at most {REASON_CHARS_MAX} characters for the reason; you have {length}."
        ))),
        Some(_) | None => Ok(reason.map(str::to_owned)),
    }
}

/// The run that the same question has started already.
async fn first(visit: &Visit<'_>, hash: &RequestHash) -> Result<Option<RunKey>, Refusal> {
    let record = visit.console.app.store.idempotent(visit.caller.tenant, &hash.request, visit.now).await?;
    Ok(record.and_then(|record| record.response.get("key")?.as_str()?.parse().ok()))
}

async fn shown(visit: &Visit<'_>, run: &BulkRun, holds: bool, part: bool) -> Result<Answer, Refusal> {
    let may_manage = visit.caller.may(Permission::ExternalTasksManage);
    let mut detail = Detail { holds, may_manage, ..Detail::default() };
    if run.failed > 0 && (run.status.is_final() || !part) {
        let after = visit.query_one("after").and_then(|text| text.parse().ok());
        let limit = if part { FAILURES_A_DIALOG } else { FAILURES_A_PAGE };
        let page = runs::failures(&visit.console.app, &visit.caller, run.key, limit, after).await?;
        for failure in page.items {
            detail.failures.push(described(visit, failure).await?);
        }
        detail.selected = visit.query_one("select") == Some("failed") && may_manage;
        detail.next = page.next.map(|after| format!("/bulk-runs/{}?after={after}", run.key));
    }
    let zone = visit.zone();
    let title = pages::progress(run, holds).heading;
    let html = pages::run(&shell(visit, title), run, &detail, (&zone, visit.now), part);
    Ok(if part { Answer::Part(200, html) } else { Answer::page(html) })
}

/// A failure with the recipient and the name of its task, as far as the task still exists.
async fn described(visit: &Visit<'_>, failure: RunFailure) -> Result<Failure, Refusal> {
    let (app, tenant) = (&visit.console.app, visit.caller.tenant);
    let RunFailure { task, code, message, .. } = failure;
    let mut described = Failure { task, recipient: None, name: None, code, message };
    let Some(loaded) = app.store.load(tenant, task.instance()).await? else { return Ok(described) };
    let instance = &loaded.aggregate.instance;
    if let Some(stored) = loaded.aggregate.tasks.get(&task.number()) {
        let process = app.process(tenant, &instance.process_id, instance.definition_version).await?;
        described.recipient = Some(stored.recipient.as_str().to_owned());
        described.name = process.element(&stored.activity).map(|element| element.name.clone());
    }
    Ok(described)
}

fn progress(run: &BulkRun, holds: bool) -> Answer {
    match serde_json::to_value(pages::progress(run, holds)) {
        Ok(value) => Answer::Json(200, value),
        Err(_) => Answer::Json(500, Value::Null),
    }
}

fn shell(visit: &Visit<'_>, title: &str) -> Shell {
    visit.shell(title, Section::BulkRuns)
}

fn run_key(text: &str) -> Result<RunKey, Refusal> {
    text.parse().map_err(|_| Refusal::not_found())
}

fn unknown_action() -> Refusal {
    Refusal::invalid("Choose what to do with the selected tasks: Resend, Sync templates or Cancel.")
}
