//! Exports of the audit: the question which histories, in which form; then how far the file is, and its link. Writes no
//! file and signs no link.

use super::bulk_runs::words;
use super::{Shell, render};
use crate::format::{self, Zone};
use crate::text::Lang;
use domain::external_task::Status;
use domain::ids::RunKey;
use domain::time::Timestamp;
use serde::Serialize;

#[cfg(test)]
mod tests;

/// Which histories are asked for.
#[derive(Clone, Debug)]
pub struct Question {
    /// The filter as in the list's address.
    pub query: String,
    /// Its names and values.
    pub pairs: Vec<(String, String)>,
    /// Kept in the form: a second click on its button starts no second export.
    pub submission: String,
    /// What is wrong with the filter.
    pub problems: Vec<String>,
}

/// How far an export is.
#[derive(Clone, Debug)]
pub struct Export {
    /// Key.
    pub key: RunKey,
    /// `csv` or `json`.
    pub format: &'static str,
    /// The filter's names and values.
    pub pairs: Vec<(String, String)>,
    /// Tasks so far.
    pub tasks: u32,
    /// Entries so far.
    pub entries: u64,
    /// When it was started.
    pub started_at: Timestamp,
    /// When its file was complete.
    pub ended_at: Option<Timestamp>,
    /// Where the file is, for five minutes.
    pub link: Option<String>,
}

#[derive(Serialize)]
struct QuestionPage<'a> {
    query: &'a str,
    filter: Vec<(&'static str, String)>,
    submission: &'a str,
    problems: &'a [String],
    back: String,
}

#[derive(Serialize)]
struct ExportPage<'a> {
    key: RunKey,
    format: String,
    filter: Vec<(&'static str, String)>,
    counted: String,
    started: (String, String),
    ended: bool,
    link: Option<&'a str>,
    zone: &'a str,
}

/// The question.
pub fn question(shell: &Shell, question: &Question) -> String {
    let list = "/external-tasks";
    let view = QuestionPage {
        query: &question.query,
        filter: filter(&question.pairs),
        submission: &question.submission,
        problems: &question.problems,
        back: if question.query.is_empty() { list.to_owned() } else { format!("{list}?{}", question.query) },
    };
    render("console/audit.html", shell, &view)
}

/// One export.
pub fn export(shell: &Shell, export: &Export, zone: &Zone, now: Timestamp) -> String {
    let number = |value: u64| format::decimal(Lang::En, &value.to_string());
    let plural =
        |count: u64, one: &str, many: &str| format!("{} {}", number(count), if count == 1 { one } else { many });
    let view = ExportPage {
        key: export.key,
        format: export.format.to_uppercase(),
        filter: filter(&export.pairs),
        counted: format!(
            "{} of {}",
            plural(export.entries, "entry", "entries"),
            plural(u64::from(export.tasks), "task", "tasks")
        ),
        started: (export.started_at.to_string(), format::moment_short(zone, export.started_at, now)),
        ended: export.ended_at.is_some(),
        link: export.link.as_deref(),
        zone: zone.place(),
    };
    render("console/audit-export.html", shell, &view)
}

fn filter(pairs: &[(String, String)]) -> Vec<(&'static str, String)> {
    let status = |(name, value): &(String, String)| {
        let status = Status::parse(value).filter(|_| name == "status")?;
        Some(("Status", status_word(status).to_owned()))
    };
    pairs.iter().filter_map(status).chain(words(pairs, str::to_owned)).collect()
}

fn status_word(status: Status) -> &'static str {
    match status {
        Status::Pending => "Pending",
        Status::Completed => "Completed",
        Status::Cancelled => "Cancelled",
        Status::Expired => "Expired",
    }
}
