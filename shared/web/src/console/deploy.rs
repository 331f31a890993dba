//! Deployment in two steps: a file is checked, then deployed. Shows findings at their place in the file and what the
//! deployment would mean for open tasks; finds nothing itself.

mod excerpt;
#[cfg(test)]
mod tests;

use super::definitions::TimerStart;
use super::diagram::Diagram;
use super::{Shell, render};
use crate::format;
use crate::text::Lang;
use excerpt::Line;
use serde::Serialize;

/// Errors shown with an excerpt; further ones are counted.
const EXCERPTS_MAX: usize = 20;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// The file is refused.
    Error,
    /// Probably not meant like this.
    Warning,
    /// Worth knowing.
    Info,
    /// Was mended.
    Repaired,
}

/// Something found in a file.
#[derive(Clone, Debug)]
pub struct Finding {
    /// How bad it is.
    pub weight: Weight,
    /// Line of the checked text, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// BPMN id of the element concerned.
    pub element: Option<String>,
    /// What is wrong and what to write instead.
    pub message: String,
}

/// A file that was checked.
#[derive(Clone, Debug, Default)]
pub struct Checked {
    /// Name on the sender's machine.
    pub file_name: String,
    /// Bytes as sent.
    pub size: u64,
    /// The text that was read: as sent, or repaired.
    pub text: String,
    /// The file in the form that the next page posts back.
    pub kept: String,
    /// What can be repaired was to be repaired.
    pub lenient: bool,
    /// What was found.
    pub findings: Vec<Finding>,
    /// Its picture; the elements with errors are marked.
    pub diagram: Option<Diagram>,
}

/// The first step.
#[derive(Clone, Debug, Default)]
pub struct Choose {
    /// Why no file could be checked.
    pub problem: Option<String>,
    /// What was checked and refused.
    pub refused: Option<Checked>,
    /// What can be repaired is to be repaired.
    pub lenient: bool,
    /// Name and deployed version of the process that is to be replaced, if the file still says which.
    pub stays: Option<(String, u32)>,
}

/// The second step.
#[derive(Clone, Debug, Default)]
pub struct Confirm {
    /// The file.
    pub checked: Checked,
    /// What would be deployed.
    pub processes: Vec<Planned>,
}

/// A process that would be deployed.
#[derive(Clone, Debug, Default)]
pub struct Planned {
    /// BPMN id.
    pub process_id: String,
    /// Display name.
    pub name: String,
    /// The version deployed now.
    pub deployed: Option<u32>,
    /// The same file is deployed already.
    pub unchanged: bool,
    /// Open tasks.
    pub open_tasks: usize,
    /// There are more than were counted.
    pub more: bool,
    /// The open tasks by version and activity.
    pub affected: Vec<Affected>,
    /// What would begin instances by itself.
    pub timers: Vec<TimerStart>,
}

/// Open tasks of one activity in one version.
#[derive(Clone, Debug)]
pub struct Affected {
    /// Version of their instances.
    pub version: u32,
    /// BPMN id of the activity.
    pub activity: String,
    /// Its name.
    pub name: String,
    /// How many.
    pub tasks: usize,
    /// What Sync would do for them.
    pub sync: Sync,
}

/// What Sync would do for open tasks after the deployment.
#[derive(Clone, Debug)]
pub enum Sync {
    /// The new version has no such external task.
    Impossible,
    /// Nothing would look different.
    Unchanged,
    /// This would change.
    Changes {
        /// Words for what: `task page`, `mail`.
        what: Vec<&'static str>,
        /// Placeholders that would stay empty.
        empty: Vec<String>,
        /// New actions that no flow of the running version is made for.
        untaken: Vec<String>,
    },
}

#[derive(Serialize)]
struct ErrorView {
    place: String,
    line: u32,
    element: Option<String>,
    message: String,
    excerpt: Vec<Line>,
}

#[derive(Serialize)]
struct NoteView {
    tone: &'static str,
    icon: &'static str,
    word: &'static str,
    place: String,
    element: Option<String>,
    message: String,
}

#[derive(Serialize)]
struct ChooseView<'a> {
    file: Option<String>,
    problem: Option<&'a str>,
    heading: Option<String>,
    errors: Vec<ErrorView>,
    further: usize,
    notes: Vec<NoteView>,
    told: String,
    diagram: Option<&'a Diagram>,
    kept: Option<&'a str>,
    name: &'a str,
    lenient: bool,
}

#[derive(Serialize)]
struct AffectedView<'a> {
    version: u32,
    activity: &'a str,
    name: &'a str,
    tasks: usize,
    tone: &'static str,
    icon: &'static str,
    word: &'static str,
    details: Vec<String>,
}

#[derive(Serialize)]
struct PlannedView<'a> {
    process_id: &'a str,
    name: &'a str,
    next: u32,
    deployed: Option<u32>,
    unchanged: bool,
    open: String,
    any_open: bool,
    changes: usize,
    unchanged_tasks: usize,
    impossible: usize,
    affected: Vec<AffectedView<'a>>,
    timers: &'a [TimerStart],
    tasks: String,
}

#[derive(Serialize)]
struct ConfirmView<'a> {
    title: String,
    file: String,
    verdict: String,
    tone: &'static str,
    icon: &'static str,
    notes: Vec<NoteView>,
    diagram: Option<&'a Diagram>,
    processes: Vec<PlannedView<'a>>,
    nothing: bool,
    kept: &'a str,
    name: &'a str,
    lenient: bool,
    go: String,
}

/// The first step: choose a file, and why the last one was refused.
pub fn choose(shell: &Shell, choose: &Choose) -> String {
    let checked = choose.refused.as_ref();
    let errors: Vec<&Finding> =
        checked.iter().flat_map(|checked| &checked.findings).filter(|found| found.weight == Weight::Error).collect();
    let stays = match &choose.stays {
        Some((name, version)) => format!("Version {version} of {name} stays deployed."),
        None => "Nothing was deployed.".to_owned(),
    };
    let heading = checked.map(|_| match errors.len() {
        1 => format!("1 error stops this file. {stays}"),
        many => format!("{many} errors stop this file. {stays}"),
    });
    let view = ChooseView {
        file: checked.map(file),
        problem: choose.problem.as_deref(),
        heading,
        further: errors.len().saturating_sub(EXCERPTS_MAX),
        errors: match checked {
            Some(checked) => errors.iter().take(EXCERPTS_MAX).map(|found| error_view(found, &checked.text)).collect(),
            None => Vec::new(),
        },
        notes: checked.map(|checked| notes(&checked.findings)).unwrap_or_default(),
        told: checked.map(|checked| told(&checked.findings)).unwrap_or_default(),
        diagram: checked.and_then(|checked| checked.diagram.as_ref()),
        kept: checked.map(|checked| checked.kept.as_str()),
        name: checked.map_or("", |checked| checked.file_name.as_str()),
        lenient: choose.lenient,
    };
    render("console/deploy.html", shell, &view)
}

/// The second step: what deploying would mean.
pub fn confirm(shell: &Shell, confirm: &Confirm) -> String {
    let checked = &confirm.checked;
    let processes: Vec<PlannedView<'_>> = confirm.processes.iter().map(planned_view).collect();
    let nothing = confirm.processes.iter().all(|planned| planned.unchanged);
    let (tone, icon) = if checked.findings.iter().any(|found| found.weight == Weight::Warning) {
        ("warn", "warn")
    } else {
        ("ok", "done")
    };
    let (title, go) = match processes.as_slice() {
        [one] if one.unchanged => (format!("{} is deployed already", one.name), String::new()),
        [one] => (format!("Deploy {}, version {}", one.name, one.next), format!("Deploy version {}", one.next)),
        many => (format!("Deploy {} processes", many.len()), format!("Deploy {} processes", many.len())),
    };
    let view = ConfirmView {
        title,
        file: file(checked),
        verdict: verdict(&checked.findings, nothing),
        tone: if nothing { "" } else { tone },
        icon: if nothing { "info" } else { icon },
        notes: notes(&checked.findings),
        diagram: checked.diagram.as_ref(),
        processes,
        nothing,
        kept: &checked.kept,
        name: &checked.file_name,
        lenient: checked.lenient,
        go,
    };
    render("console/deploy-confirm.html", shell, &view)
}

fn file(checked: &Checked) -> String {
    let name = if checked.file_name.is_empty() { "The file" } else { &checked.file_name };
    format!("{name}, {}", format::size(Lang::En, checked.size))
}

fn verdict(findings: &[Finding], nothing: bool) -> String {
    let told = told(findings);
    let rest = if told.is_empty() { String::new() } else { format!(" {told}.") };
    if nothing {
        format!("This very file is deployed already; deploying it again changes nothing.{rest}")
    } else {
        format!("The file can be deployed.{rest}")
    }
}

/// `2 warnings, 1 repair`: what was found besides errors.
fn told(findings: &[Finding]) -> String {
    let kinds = [
        (Weight::Warning, "warning", "warnings"),
        (Weight::Repaired, "repair", "repairs"),
        (Weight::Info, "note", "notes"),
    ];
    let told = kinds.map(|(weight, one, more)| match findings.iter().filter(|found| found.weight == weight).count() {
        0 => None,
        1 => Some(format!("1 {one}")),
        many => Some(format!("{many} {more}")),
    });
    told.into_iter().flatten().collect::<Vec<String>>().join(", ")
}

fn place(found: &Finding) -> String {
    format!("{}:{}", found.line, found.column)
}

fn error_view(found: &Finding, text: &str) -> ErrorView {
    ErrorView {
        place: format!("Line {}, column {}", found.line, found.column),
        line: found.line,
        element: found.element.clone(),
        message: found.message.clone(),
        excerpt: excerpt::around(text, found.line, found.column),
    }
}

/// Everything but errors, which have places of their own.
fn notes(findings: &[Finding]) -> Vec<NoteView> {
    let note = |found: &Finding| {
        let (tone, icon, word) = match found.weight {
            Weight::Error => return None,
            Weight::Warning => ("warn", "warn", "Warning"),
            Weight::Info => ("", "info", "Note"),
            Weight::Repaired => ("", "sync", "Repaired"),
        };
        let (element, message) = (found.element.clone(), found.message.clone());
        Some(NoteView { tone, icon, word, place: place(found), element, message })
    };
    findings.iter().filter_map(note).collect()
}

fn planned_view(planned: &Planned) -> PlannedView<'_> {
    let sum = |wanted: fn(&Sync) -> bool| {
        planned.affected.iter().filter(|affected| wanted(&affected.sync)).map(|affected| affected.tasks).sum()
    };
    let open = match (planned.open_tasks, planned.more) {
        (1, false) => "1 open task".to_owned(),
        (many, false) => format!("{} open tasks", format::count(Lang::En, many)),
        (many, true) => format!("{} open tasks or more", format::count(Lang::En, many)),
    };
    PlannedView {
        process_id: &planned.process_id,
        name: &planned.name,
        next: planned.deployed.unwrap_or(0) + u32::from(!planned.unchanged),
        deployed: planned.deployed,
        unchanged: planned.unchanged,
        open,
        any_open: planned.open_tasks > 0,
        changes: sum(|sync| matches!(sync, Sync::Changes { .. })),
        unchanged_tasks: sum(|sync| matches!(sync, Sync::Unchanged)),
        impossible: sum(|sync| matches!(sync, Sync::Impossible)),
        affected: planned.affected.iter().map(affected_view).collect(),
        timers: &planned.timers,
        tasks: format!(
            "/external-tasks?status=PENDING&processId={}",
            percent_encoding::utf8_percent_encode(&planned.process_id, percent_encoding::NON_ALPHANUMERIC)
        ),
    }
}

fn affected_view(affected: &Affected) -> AffectedView<'_> {
    let (tone, icon, word, details) = match &affected.sync {
        Sync::Impossible => {
            let gone = "The new version has no such external task. These tasks keep their pages and can be answered.";
            ("bad", "blocked", "Cannot be synced", vec![gone.to_owned()])
        }
        Sync::Unchanged => ("", "check", "No difference", Vec::new()),
        Sync::Changes { what, empty, untaken } => {
            let mut details = vec![format!("Sync changes: {}.", what.join(", "))];
            if !empty.is_empty() {
                details.push(format!("Would be empty: {}.", empty.join(", ")));
            }
            if !untaken.is_empty() {
                details.push(format!(
                    "No flow of version {} takes {}: such an answer ends in an incident.",
                    affected.version,
                    untaken.join(", ")
                ));
            }
            let doubtful = !(empty.is_empty() && untaken.is_empty());
            if doubtful {
                ("warn", "warn", "Look before you sync", details)
            } else {
                ("ok", "sync", "Sync changes it", details)
            }
        }
    };
    AffectedView {
        version: affected.version,
        activity: &affected.activity,
        name: &affected.name,
        tasks: affected.tasks,
        tone,
        icon,
        word,
        details,
    }
}
