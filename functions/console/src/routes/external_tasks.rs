//! External tasks: the list, the details of one, its link, and the operator's actions. Asks `app::external_tasks`, as the
//! API does; words are `web`'s.

mod choices;
mod shown;
#[cfg(test)]
mod tests;

use crate::answer::Answer;
use crate::refusal::Refusal;
use crate::visit::{Visit, is_own_path};
use app::Error;
use app::external_tasks::{self as tasks, Act as Order, Details, Listed};
use app::idempotency::RequestHash;
use domain::external_task::{Action, Status};
use domain::ids::TaskKey;
use domain::permission::Permission;
use domain::rejection::Rejection;
use serde_json::Value;
use web::console::external_tasks::{self as list_page, Checked, Filter, FilterProblem, Listing, Notice, ROWS};
use web::console::task_details::{self as details_page, Act, Task};
use web::console::{Section, Shell};

const REASON_CHARS_MAX: usize = 500;
/// Cursors of earlier pages that an address may carry.
const TRAIL_MAX: usize = 8;

/// `GET /external-tasks`; `?part=list`: what stands below the filters; `?part=rows`: the rows alone.
pub async fn list(visit: &Visit<'_>) -> Result<Answer, Refusal> {
    visit.require_visible(Permission::ExternalTasksRead)?;
    let filter = Filter::read(&visit.query);
    let part = visit.part();
    let mut listing = Listing {
        cursor: visit.query_one("cursor").map(str::to_owned),
        trail: trail(visit),
        checked: match visit.query_one("select") {
            // Fresh rows come unchecked: the page knows what is.
            Some("page") if part != Some("rows") => Checked::Page,
            Some("matching") => Checked::Matching,
            Some(_) | None => Checked::Nothing,
        },
        may_manage: visit.caller.may(Permission::ExternalTasksManage),
        may_see_instances: visit.caller.may(Permission::InstancesRead),
        may_deploy: visit.caller.may(Permission::DefinitionsDeploy),
        filter,
        ..Listing::default()
    };
    let mut status = 200;
    match ask(visit, &listing).await {
        Ok(listed) => {
            listing.rows = listed.rows.iter().map(shown::row).collect();
            listing.next = listed.next;
            listing.searched_to = listed.searched_to;
        }
        Err(Error::Invalid(problems)) => {
            status = 422;
            let problem = |problem: app::FieldProblem| FilterProblem { field: problem.field, message: problem.message };
            listing.problems = problems.into_iter().map(problem).collect();
        }
        Err(Error::InvalidCursor) => {
            return Err(
                Refusal::from(Error::InvalidCursor).back_to(listing.filter.address(&[]), "Go to the first page")
            );
        }
        Err(Error::Store(error)) if part.is_none() => {
            tracing::error!(%error, "the list could not be read");
            status = 503;
            listing.failed = Some(visit.number.clone().unwrap_or_default());
        }
        Err(error) => return Err(error.into()),
    }
    let (zone, shell) = (visit.zone(), visit.shell("External tasks", Section::ExternalTasks));
    let clock = (&zone, visit.now);
    if part == Some("rows") {
        return Ok(Answer::Part(status, list_page::rows_part(&shell, &listing, clock)));
    }
    if status != 503 {
        (listing.processes, listing.activities) = choices::of(visit, &listing.filter.process_id).await?;
    }
    Ok(match part {
        Some("list") => Answer::Part(status, list_page::list_part(&shell, &listing, clock)),
        Some(_) | None => {
            let title = if status == 422 { "Error: External tasks" } else { "External tasks" };
            Answer::Page(status, list_page::page(&Shell { title: title.to_owned(), ..shell }, &listing, clock))
        }
    })
}

/// The rows an address asks for. Days are those of the tenant's time zone; other names of the address are the page's own.
async fn ask(visit: &Visit<'_>, listing: &Listing) -> Result<Listed, Error> {
    let resolved = listing.filter.resolved(&visit.zone());
    let mut pairs: Vec<(String, String)> =
        resolved.pairs().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    // What is no status is refused and not passed over.
    let unknown = visit.query.iter().filter(|(name, value)| name == "status" && Status::parse(value.trim()).is_none());
    pairs.extend(unknown.filter(|(_, value)| !value.trim().is_empty()).cloned());
    pairs.push(("limit".to_owned(), ROWS.to_string()));
    let query = tasks::filter(&pairs).map_err(Error::Invalid)?;
    tasks::list(&visit.console.app, &visit.caller, query, listing.cursor.as_deref(), visit.now).await
}

fn trail(visit: &Visit<'_>) -> Vec<String> {
    let given = visit.query.iter().filter(|(name, value)| name == "before" && !value.is_empty());
    given.map(|(_, value)| value.clone()).take(TRAIL_MAX).collect()
}

/// `GET /external-tasks/{key}`; `?part=dialog`: without the page around it.
pub async fn show(visit: &Visit<'_>, key: &str) -> Result<Answer, Refusal> {
    let details = details(visit, task_key(key)?).await?;
    let notice = visit.query_one("done").and_then(Act::of_path).and_then(|act| done(act, &details));
    Ok(details_answer(visit, &details, notice, 200, false))
}

/// `GET /external-tasks/{key}/instance`
pub async fn instance(visit: &Visit<'_>, key: &str) -> Result<Answer, Refusal> {
    let details = details(visit, task_key(key)?).await?;
    Ok(Answer::SeeOther(format!("/instances/{}", details.now.instance)))
}

/// `GET /external-tasks/{key}/link`: to the public page as the recipient sees it; as JSON for a script that copies it.
pub async fn link(visit: &Visit<'_>, key: &str) -> Result<Answer, Refusal> {
    let details = details(visit, task_key(key)?).await?;
    visit.require(Permission::ExternalTasksManage)?;
    let link = details.link.ok_or_else(Refusal::not_found)?;
    if visit.part() == Some("json") {
        return Ok(Answer::Json(200, serde_json::json!({ "link": link.url })));
    }
    Ok(Answer::SeeOther(link.url))
}

/// `GET /external-tasks/{key}/cancel`: the question; `?part=dialog` without the page around it.
pub async fn ask_cancel(visit: &Visit<'_>, key: &str) -> Result<Answer, Refusal> {
    let details = details(visit, task_key(key)?).await?;
    visit.require(Permission::ExternalTasksManage)?;
    if !details.now.actions.contains(&Action::Cancel) {
        return Ok(details_answer(visit, &details, lost(Act::Cancel, &details), 409, false));
    }
    let task = shown::task(&details);
    let shell = visit.shell(format!("Cancel {}", task.name), Section::ExternalTasks);
    Ok(match visit.part() {
        Some(_) => Answer::Part(200, details_page::cancel_part(&shell, &task)),
        None => Answer::page(details_page::cancel_page(&shell, &task)),
    })
}

/// `POST /external-tasks/{key}/{action}`: the answer is the task as the action left it. `?part=row`: its row of the list;
/// `?part=dialog`: its details with that row; else the page of its details.
pub async fn act(visit: &Visit<'_>, key: &str, action: &str) -> Result<Answer, Refusal> {
    let (key, act) = (task_key(key)?, Act::of_path(action).ok_or_else(Refusal::not_found)?);
    let reason = visit.field("reason").map(str::trim).filter(|reason| !reason.is_empty() && act == Act::Cancel);
    if let Some(reason) = reason
        && reason.chars().count() > REASON_CHARS_MAX
    {
        tasks::require(&visit.console.app, &visit.caller, key).await?;
        let length = reason.chars().count();
        return Err(Refusal::invalid(&format!("Use at most {REASON_CHARS_MAX} characters; you have {length}.")));
    }
    // A second press of the same button finds the first one's mark.
    let answer = |_: &tasks::Acted| (200_u16, Value::Null);
    let replay = visit.field("submission").map(|submission| {
        let path = format!("/external-tasks/{key}/{action}");
        (RequestHash::new(&visit.caller, "POST", &path, submission, &Value::Null), &answer as &tasks::AnswerOf<'_>)
    });
    let order = Order {
        action: match act {
            Act::Resend => Action::Resend,
            Act::SyncTemplates => Action::SyncTemplates,
            Act::Cancel => Action::Cancel,
        },
        reason: reason.map(str::to_owned),
        origin: visit.origin.clone(),
        now: visit.now,
        scripts: &visit.console.scripts,
        replay,
    };
    match tasks::act(&visit.console.app, &visit.caller, key, order).await {
        Ok(acted) => acted_answer(visit, key, act, &acted).await,
        Err(Error::IdempotencyTaken) => Ok(Answer::SeeOther(format!("/external-tasks/{key}?done={}", act.path()))),
        Err(Error::Rejected(rejection)) if is_lost_race(&rejection) => {
            let details = details(visit, key).await?;
            let notice = if matches!(rejection, Rejection::NotInDeployed { .. }) {
                Some(bad(
                    "The deployed version of this process has no such task any more. The templates were not changed.",
                ))
            } else {
                lost(act, &details)
            };
            Ok(details_answer(visit, &details, notice, 409, true))
        }
        Err(error) => Err(error.into()),
    }
}

async fn acted_answer(visit: &Visit<'_>, key: TaskKey, act: Act, acted: &tasks::Acted) -> Result<Answer, Refusal> {
    let mut text = act.done(acted.now.task.recipient.as_str());
    let missing = &acted.missing_placeholders;
    if !missing.is_empty() {
        text = format!("{text} These placeholders stay empty: {}.", missing.join(", "));
    }
    let notice = Notice { tone: if missing.is_empty() { "ok" } else { "warn" }, text };
    match visit.part() {
        None if missing.is_empty() => Ok(Answer::SeeOther(format!("/external-tasks/{key}?done={}", act.path()))),
        Some("row") => {
            let (zone, shell) = (visit.zone(), visit.shell("", Section::ExternalTasks));
            let row = shown::acted_row(&acted.now);
            Ok(Answer::Part(200, list_page::row_part(&shell, row, Some(notice), true, (&zone, visit.now))))
        }
        Some(_) | None => Ok(details_answer(visit, &details(visit, key).await?, Some(notice), 200, true)),
    }
}

async fn details(visit: &Visit<'_>, key: TaskKey) -> Result<Details, Refusal> {
    let (app, public_url) = (&visit.console.app, &visit.console.config.public_url);
    Ok(tasks::details(app, &visit.caller, key, public_url, visit.now).await?)
}

/// The details in the shape the request asks for. `acted`: with the row of the list, which an action changed.
fn details_answer(visit: &Visit<'_>, details: &Details, notice: Option<Notice>, status: u16, acted: bool) -> Answer {
    let task: Task = shown::task(details);
    let (zone, shell) = (visit.zone(), visit.shell(title(&task), Section::ExternalTasks));
    let clock = (&zone, visit.now);
    match visit.part() {
        Some("row") => {
            let manages = visit.caller.may(Permission::ExternalTasksManage);
            Answer::Part(status, list_page::row_part(&shell, shown::acted_row(&details.now), notice, manages, clock))
        }
        Some(_) => {
            let row = acted.then(|| shown::acted_row(&details.now));
            Answer::Part(status, details_page::dialog_part(&shell, &task, notice.as_ref(), row, clock))
        }
        None => {
            let submission = format!("{:016x}", app::random::number());
            let back = visit.query_one("back").filter(|path| is_own_path(path)).unwrap_or("/external-tasks");
            let html = details_page::page(&shell, &task, notice.as_ref(), back, &submission, clock);
            Answer::Page(status, html)
        }
    }
}

fn title(task: &Task) -> String {
    format!("{}, {}", task.name, task.recipient)
}

/// What the address says was done, as long as the task shows it.
fn done(act: Act, details: &Details) -> Option<Notice> {
    let happened = match act {
        Act::Resend | Act::SyncTemplates => details.now.status == Status::Pending,
        Act::Cancel => details.now.status == Status::Cancelled,
    };
    happened.then(|| Notice { tone: "ok", text: act.done(details.now.task.recipient.as_str()) })
}

/// Somebody was faster, or the state never allowed it.
fn is_lost_race(rejection: &Rejection) -> bool {
    match rejection {
        Rejection::InvalidState { .. }
        | Rejection::InstanceInError
        | Rejection::AlreadyDone
        | Rejection::NotInDeployed { .. } => true,
        Rejection::NotFound { .. }
        | Rejection::TooEarly { .. }
        | Rejection::InvalidInput { .. }
        | Rejection::Limit { .. }
        | Rejection::CommandWanted(_)
        | Rejection::Retry => false,
    }
}

fn lost(act: Act, details: &Details) -> Option<Notice> {
    let happened = match details.now.status {
        Status::Completed => "This task was answered a moment ago.",
        Status::Cancelled => "This task was cancelled a moment ago.",
        Status::Expired => "The time to answer this task has passed.",
        Status::Pending => "The process behind this task stopped with an error; an administrator can retry it.",
    };
    let kept = match act {
        Act::Resend => "The mail was not sent again.",
        Act::SyncTemplates => "Its templates were not changed.",
        Act::Cancel => "It was not cancelled.",
    };
    let already = act == Act::Cancel && details.now.status == Status::Cancelled;
    Some(bad(&if already { happened.to_owned() } else { format!("{happened} {kept}") }))
}

fn bad(text: &str) -> Notice {
    Notice { tone: "bad", text: text.to_owned() }
}

fn task_key(text: &str) -> Result<TaskKey, Refusal> {
    let key: TaskKey = text.parse().map_err(|_| Refusal::not_found())?;
    if key.number().0 == 0 { Err(Refusal::not_found()) } else { Ok(key) }
}
