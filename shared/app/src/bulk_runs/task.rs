//! One task of a run: done once, whoever asks how often. Knows no queue and no counters.

use crate::commands::Recorded;
use crate::execute::{ATTEMPTS_MAX, App, Error, Request, pause};
use domain::bulk_run::{Action, BulkRun, Outcome};
use domain::command::{Actor, Door, Origin};
use domain::event::Event;
use domain::ids::TaskKey;
use domain::rejection::Rejection;
use domain::script::Scripts;
use domain::time::Timestamp;
use store::JournalEntry;

/// Clocks of two machines may differ by so much: a run looks for its own deeds a little before its start.
const CLOCKS_MS: i64 = 5_000;

/// Does the action of `run` to `task`, unless the journal shows that this or another run has done it since `run` began.
/// The journal is read after the state that the commit compares: whoever comes between makes the commit fail, and the
/// journal is read again. So no record beside the journal is needed, and no time after which it is forgotten.
///
/// # Errors
/// Whatever another try may mend; refusals for good are an [`Outcome`].
pub async fn perform(
    app: &App,
    scripts: &dyn Scripts,
    run: &BulkRun,
    task: TaskKey,
    now: Timestamp,
) -> Result<Outcome, Error> {
    for attempt in 0..ATTEMPTS_MAX {
        if attempt > 0 {
            pause(attempt).await;
        }
        match attempt_once(app, scripts, run, task, now).await {
            Err(Error::Store(store::Error::Conflict)) => {}
            Err(error) => return refused(run.action, error),
            Ok(outcome) => return Ok(outcome),
        }
    }
    Err(Error::Busy)
}

async fn attempt_once(
    app: &App,
    scripts: &dyn Scripts,
    run: &BulkRun,
    task: TaskKey,
    now: Timestamp,
) -> Result<Outcome, Error> {
    let (tenant, instance) = (run.tenant, task.instance());
    let loaded = app.store.load(tenant, instance).await?.ok_or(Rejection::NotFound { what: "task" })?;
    let since = run.started_at.plus_millis(-CLOCKS_MS);
    let journal = app.store.journal_since(tenant, instance, since).await?;
    if let Some(outcome) = done_before(run, task, &journal) {
        return Ok(outcome);
    }
    let deployed = match run.action {
        Action::SyncTemplates => {
            let process_id = &loaded.aggregate.instance.process_id;
            let missing = || Error::NoDefinition { process_id: process_id.clone(), version: 0 };
            app.store.deployed(tenant, process_id).await?.ok_or_else(missing)?.version
        }
        Action::Resend | Action::Cancel => 0,
    };
    let command = run.command(task, deployed);
    let request = Request {
        tenant,
        instance,
        actor: Actor::User(run.by.clone()),
        origin: Origin { door: Some(Door::Bulk), address: run.address.clone(), run: Some(run.key) },
        command,
        now,
        scripts,
        replay: None,
    };
    app.decide_and_commit(&request, Some(&loaded), &request.command, &mut Recorded::default()).await?;
    Ok(Outcome::Done)
}

/// What the journal says about this action on this task: done by this very run, whose process then died, or by another.
fn done_before(run: &BulkRun, task: TaskKey, journal: &[JournalEntry]) -> Option<Outcome> {
    let same = |event: &Event| {
        event.task() == Some(task.number())
            && match run.action {
                Action::Resend => matches!(event, Event::TaskResent(_)),
                Action::SyncTemplates => matches!(event, Event::TaskSynced { .. }),
                Action::Cancel => matches!(event, Event::TaskEnded { .. }),
            }
    };
    let by_runs = journal.iter().filter_map(|entry| Some((entry.origin.run?, entry)));
    let mut deeds = by_runs.filter(|(_, entry)| entry.events.iter().any(same));
    deeds.find_map(|(other, entry)| {
        if other == run.key {
            Some(Outcome::Done)
        } else {
            (entry.at >= run.started_at).then_some(Outcome::AlreadyDone)
        }
    })
}

/// A refusal for good is what became of the task; anything else may be tried again.
fn refused(action: Action, error: Error) -> Result<Outcome, Error> {
    let failed = |code: &str, message: String| Ok(Outcome::Failed { code: code.to_owned(), message });
    match error {
        Error::Rejected(Rejection::Retry) => Err(Rejection::Retry.into()),
        Error::Rejected(Rejection::AlreadyDone) => Ok(Outcome::AlreadyDone),
        Error::Rejected(Rejection::InvalidState { state, .. }) => {
            let done = match action {
                Action::Resend => "sent again",
                Action::SyncTemplates => "synchronised",
                Action::Cancel => "cancelled",
            };
            failed("NOT_PENDING", format!("The task is {state}; only a pending task can be {done}."))
        }
        Error::Rejected(Rejection::NotInDeployed { version, .. }) => failed(
            "NOT_IN_DEPLOYED",
            format!(
                "The deployed version {version} has no such task any more. Deploy one that has it, or cancel the task."
            ),
        ),
        Error::Rejected(rejection) => failed(rejection.code(), sentence(&rejection.to_string())),
        Error::NoDefinition { process_id, .. } => {
            failed("NO_DEFINITION", format!("The process \"{process_id}\" is not deployed. Deploy it first."))
        }
        Error::Store(error @ store::Error::TooLarge { .. }) => failed("TOO_LARGE", sentence(&error.to_string())),
        Error::Busy
        | Error::IdempotencyTaken
        | Error::Store(_)
        | Error::Forbidden { .. }
        | Error::Invalid(_)
        | Error::InvalidCursor
        | Error::NotReady => Err(error),
    }
}

fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_uppercase().collect::<String>()).unwrap_or_default();
    format!("{first}{}.", chars.as_str().trim_end_matches('.'))
}
