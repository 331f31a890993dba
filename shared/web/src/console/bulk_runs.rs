//! What operators see of bulk runs: the question before one, its progress, its summary and the list of all runs.
//! Counts nothing and decides nothing; every sentence about a run is here, so that page, dialog and list agree.

use super::{Shell, render};
use crate::format::{self, Zone};
use domain::bulk_run::{Action, BulkRun, RunStatus};
use domain::ids::{RunKey, TaskKey};
use domain::time::Timestamp;
use serde::Serialize;

mod question;
#[cfg(test)]
mod tests;

pub(in crate::console) use question::words;
pub use question::{Question, Selection};

/// Lines of a file of failures at most: what a function may answer with has a limit.
pub const FAILURES_A_FILE: usize = 20_000;

/// A task of a run that was not done.
#[derive(Clone, Debug, Serialize)]
pub struct Failure {
    /// The task.
    pub task: TaskKey,
    /// Mail address, where it is known.
    pub recipient: Option<String>,
    /// Name of the activity, where it is known.
    pub name: Option<String>,
    /// Stable code.
    pub code: String,
    /// One sentence.
    pub message: String,
}

/// A run as a page, a dialog or the answer to a polling script shows it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    /// `preparing`, `running`, `stopping`, `stopped` or `completed`.
    pub status: &'static str,
    /// Nothing more will happen.
    pub ended: bool,
    /// `Resending`, `Resend finished`.
    pub heading: &'static str,
    /// `17 of 42 processed`; after the end the summary.
    pub text: String,
    /// `2 failed`, only where some did.
    pub failed: Option<String>,
    /// `17 of 42 processed` also after the end: the words of the bar.
    pub bar: String,
    /// Tasks processed.
    pub value: u32,
    /// All tasks; `None` while they are counted.
    pub max: Option<u32>,
    /// Why nothing happens at the moment.
    pub waiting: Option<&'static str>,
    /// It stops when the window that started it closes.
    pub attached: bool,
    /// What becomes of it when the reader's window closes.
    pub hint: &'static str,
}

#[derive(Serialize)]
struct State {
    icon: &'static str,
    tone: &'static str,
    word: &'static str,
}

/// What the page of one run shows beside the run.
#[derive(Clone, Debug, Default)]
pub struct Detail {
    /// Tasks that were not done, in the order of the run.
    pub failures: Vec<Failure>,
    /// Address of the next failures.
    pub next: Option<String>,
    /// The window that shows this keeps the run going: it was started there.
    pub holds: bool,
    /// The failures come checked.
    pub selected: bool,
    /// The reader may stop runs and start others.
    pub may_manage: bool,
}

/// What the list of runs shows beside the runs.
#[derive(Clone, Copy, Debug)]
pub struct RunList<'a> {
    /// Address of the older ones.
    pub next: Option<&'a str>,
    /// The newest ones are on this page.
    pub first: bool,
    /// Name of the time zone of all times.
    pub zone: &'a str,
    /// The reader may stop runs.
    pub may_manage: bool,
}

#[derive(Serialize)]
struct RunPage<'a> {
    key: RunKey,
    action: &'static str,
    progress: Progress,
    state: State,
    by: &'a str,
    started: When,
    finished: Option<When>,
    holds: bool,
    counts: Vec<(&'static str, u32)>,
    failures: &'a [Failure],
    next: Option<&'a str>,
    select: Option<String>,
    file: String,
    reason: Option<&'a str>,
    selected: bool,
    may_manage: bool,
}

#[derive(Serialize)]
struct RunRow<'a> {
    key: RunKey,
    action: &'static str,
    state: State,
    progress: Progress,
    /// What becomes of it when its window closes.
    rest: &'static str,
    by: &'a str,
    started: When,
}

#[derive(Serialize)]
struct RunsPage<'a> {
    rows: Vec<RunRow<'a>>,
    next: Option<&'a str>,
    first: bool,
    counted: String,
    zone: &'a str,
    may_manage: bool,
}

#[derive(Serialize)]
struct When {
    iso: String,
    text: String,
}

fn when(zone: &Zone, at: Timestamp, now: Timestamp) -> When {
    When { iso: at.to_string(), text: format::moment_short(zone, at, now) }
}

/// Where a run stands, in words. `holds`: the reader's window is the one that keeps it going.
pub fn progress(run: &BulkRun, holds: bool) -> Progress {
    let ended = run.status.is_final();
    Progress {
        status: run.status.as_str(),
        ended,
        heading: heading(run.action, run.status),
        text: text(run),
        failed: (!ended && run.failed > 0).then(|| format!("{} failed", run.failed)),
        bar: run.total.map_or_else(|| text(run), |total| format!("{} of {total} processed", run.processed)),
        value: run.processed,
        max: run.total,
        waiting: run.waiting.filter(|_| !ended).map(|waiting| waiting.reason.sentence()),
        attached: run.attached,
        hint: hint(run, holds),
    }
}

/// Progress, then the summary; while the tasks are collected, how far that is.
fn text(run: &BulkRun) -> String {
    match (run.total, run.eligible) {
        (Some(_), _) => run.summary(),
        (None, 0) => "Counting the tasks that match.".to_owned(),
        (None, found) => format!("Counting the tasks that match: {found} so far."),
    }
}

/// What becomes of the run when its window closes.
fn hint(run: &BulkRun, holds: bool) -> &'static str {
    match (run.status.is_final(), run.attached, holds) {
        (true, _, _) => "",
        (false, true, true) => {
            "Keep this window open. When you close it, the task in progress is finished and the rest is skipped."
        }
        (false, true, false) => "This run stops when the window that started it closes.",
        (false, false, _) => "This run goes on by itself. You can close this window and find it again under Bulk runs.",
    }
}

fn state(run: &BulkRun) -> State {
    let (icon, tone, word) = match run.status {
        RunStatus::Preparing => ("half", "accent", "Preparing"),
        RunStatus::Running => ("half", "accent", "Running"),
        RunStatus::Stopping => ("half", "accent", "Stopping"),
        RunStatus::Stopped => ("stopsq", "", "Stopped"),
        RunStatus::Completed if run.failed > 0 => ("warn", "warn", "Completed"),
        RunStatus::Completed => ("done", "ok", "Completed"),
    };
    State { icon, tone, word }
}

/// The question before a run: as a page, or as what a dialog holds.
pub fn question(shell: &Shell, question: &Question, part: bool) -> String {
    let template = if part { "console/bulk-confirm-part.html" } else { "console/bulk-confirm.html" };
    render(template, shell, &question.page())
}

/// One run: as a page, or as what a dialog holds.
pub fn run(shell: &Shell, run: &BulkRun, detail: &Detail, clock: (&Zone, Timestamp), part: bool) -> String {
    let template = if part { "console/bulk-run-part.html" } else { "console/bulk-run.html" };
    let (zone, now) = clock;
    let failed = detail.failures.len();
    let view = RunPage {
        key: run.key,
        action: action_word(run.action),
        progress: progress(run, detail.holds),
        state: state(run),
        by: &run.by,
        started: when(zone, run.started_at, now),
        finished: run.ended_at.map(|at| when(zone, at, now)),
        holds: detail.holds && !run.status.is_final(),
        counts: counts(run),
        failures: &detail.failures,
        next: detail.next.as_deref(),
        select: (detail.may_manage && failed > 0 && run.status.is_final()).then(|| select_words(run.failed)),
        file: match run.failed as usize > FAILURES_A_FILE {
            true => format!("First {FAILURES_A_FILE} as CSV"),
            false => "All as CSV".to_owned(),
        },
        reason: run.reason.as_deref(),
        selected: detail.selected,
        may_manage: detail.may_manage,
    };
    render(template, shell, &view)
}

/// The list of runs, newest first: as a page, or its rows alone for a script that keeps them fresh.
pub fn runs(shell: &Shell, runs: &[BulkRun], list: &RunList<'_>, clock: (&Zone, Timestamp), part: bool) -> String {
    let template = if part { "console/bulk-runs-part.html" } else { "console/bulk-runs.html" };
    let (zone, now) = clock;
    let rows = runs.iter().map(|run| RunRow {
        key: run.key,
        action: action_word(run.action),
        state: state(run),
        progress: progress(run, false),
        rest: rest(run),
        by: &run.by,
        started: when(zone, run.started_at, now),
    });
    let view = RunsPage {
        rows: rows.collect(),
        next: list.next,
        first: list.first,
        counted: format!(
            "{} on this page, newest first",
            if runs.len() == 1 { "1 run".to_owned() } else { format!("{} runs", runs.len()) }
        ),
        zone: list.zone,
        may_manage: list.may_manage,
    };
    render(template, shell, &view)
}

fn select_words(failed: u32) -> String {
    if failed == 1 { "Select the failed one again".to_owned() } else { "Select the failed ones again".to_owned() }
}

/// Counts worth a line of their own: those that are not nought and change no more.
fn counts(run: &BulkRun) -> Vec<(&'static str, u32)> {
    if !run.status.is_final() {
        return Vec::new();
    }
    let all = [
        ("Successful", run.succeeded),
        ("Failed", run.failed),
        ("Skipped", run.skipped),
        ("Mails sent", run.mails_sent),
    ];
    all.into_iter().filter(|(_, count)| *count > 0).collect()
}

fn rest(run: &BulkRun) -> &'static str {
    match (run.status.is_final(), run.attached) {
        (true, _) => "",
        (false, true) => "Stops when its window closes",
        (false, false) => "Goes on by itself",
    }
}

/// The word for an action in buttons and lists.
pub fn action_word(action: Action) -> &'static str {
    match action {
        Action::Resend => "Resend",
        Action::SyncTemplates => "Sync templates",
        Action::Cancel => "Cancel",
    }
}

fn heading(action: Action, status: RunStatus) -> &'static str {
    match (status, action) {
        (RunStatus::Preparing | RunStatus::Running, Action::Resend) => "Resending",
        (RunStatus::Preparing | RunStatus::Running, Action::SyncTemplates) => "Syncing templates",
        (RunStatus::Preparing | RunStatus::Running, Action::Cancel) => "Cancelling",
        (RunStatus::Stopping, _) => "Stopping",
        (RunStatus::Stopped, Action::Resend) => "Resend stopped",
        (RunStatus::Stopped, Action::SyncTemplates) => "Sync stopped",
        (RunStatus::Stopped, Action::Cancel) => "Cancel stopped",
        (RunStatus::Completed, Action::Resend) => "Resend finished",
        (RunStatus::Completed, Action::SyncTemplates) => "Sync finished",
        (RunStatus::Completed, Action::Cancel) => "Cancel finished",
    }
}
