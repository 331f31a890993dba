//! One process instance: trouble first, the diagram, every execution of an element, tasks, variables, history and timers,
//! and the question before it is cancelled. Shows what the reader may see; decides nothing.

mod history;
mod progress;
#[cfg(test)]
mod tests;

pub use progress::{Execution, Progress, State};

use super::diagram::Diagram;
use super::instances::{Look, Moment};
use super::{Shell, render};
use crate::format::{self, Zone};
use crate::text::Lang;
use domain::command::{Actor, Origin};
use domain::event::Event;
use domain::external_task::{ExternalTask, Status};
use domain::ids::Number;
use domain::instance::{Aggregate, Incident};
use domain::process::Process;
use domain::time::Timestamp;
use domain::work_task::{State as WorkState, WorkTask};
use serde::Serialize;
use serde_json::Value;

/// Executions in the table at most; the history has them all.
const EXECUTIONS_MAX: usize = 200;
/// Entries of one page of the history.
const ENTRIES_MAX: usize = 100;
/// Tasks listed beside the diagram at most.
const TASKS_MAX: usize = 50;
/// Characters of one variable that are shown.
const VALUE_CHARS_MAX: usize = 4_000;
/// Variables that are shown.
const VARIABLES_MAX: usize = 200;

/// One command of the journal.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// When.
    pub at: Timestamp,
    /// On whose behalf.
    pub actor: &'a Actor,
    /// Through which door and from where.
    pub origin: &'a Origin,
    /// Name of the command.
    pub command: &'a str,
    /// What happened.
    pub events: &'a [Event],
}

/// What the reader may do and see.
#[derive(Clone, Copy, Debug, Default)]
pub struct May {
    /// `variables:read`
    pub variables: bool,
    /// `external-tasks:read`: recipients, and the way to their tasks.
    pub tasks: bool,
    /// `definitions:read`
    pub definitions: bool,
    /// `instances:read`: the list this page belongs to.
    pub list: bool,
    /// `instances:cancel`
    pub cancel: bool,
    /// `instances:retry`
    pub retry: bool,
}

/// A part of the page with an address of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    /// Trouble, diagram, elements, facts.
    #[default]
    Overview,
    /// Process variables.
    Variables,
    /// What was done by whom, from this many entries after the newest one on.
    History {
        /// Entries passed over.
        skipped: usize,
    },
    /// Timers that run.
    Timers,
}

/// Everything about an instance.
#[derive(Debug)]
pub struct Details<'a> {
    /// The definition it runs.
    pub process: &'a Process,
    /// Head and tasks.
    pub aggregate: &'a Aggregate,
    /// The journal, oldest first.
    pub journal: &'a [Entry<'a>],
    /// What happened at which element.
    pub progress: &'a Progress,
    /// The picture; `None` where there is nothing to draw.
    pub diagram: Option<Diagram>,
    /// What the reader may.
    pub may: May,
    /// What is shown.
    pub tab: Tab,
    /// What the last action did, shown once at the top.
    pub said: Option<Said>,
}

/// The result of an action, after the redirect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// It was cancelled.
    Cancelled,
    /// The failed step ran again, and the instance goes on.
    Retried,
}

#[derive(Serialize)]
struct Page {
    key: String,
    title: String,
    look: Look,
    list: bool,
    said: Option<&'static str>,
    tabs: Vec<TabView>,
    here: String,
    tab: &'static str,
    cancel: bool,
    retry: bool,
    ended: bool,
    incidents: Vec<IncidentView>,
    process: String,
    process_id: String,
    version: u32,
    diagram: Option<Diagram>,
    executions: Vec<ExecutionView>,
    executions_rest: usize,
    facts: Vec<Fact>,
    definition: Option<String>,
    tasks: Vec<TaskView>,
    tasks_rest: usize,
    variables: Vec<VariableView>,
    variables_rest: usize,
    history: Vec<history::Line>,
    newer: Option<String>,
    older: Option<String>,
    timers: Vec<TimerView>,
    zone: String,
}

#[derive(Serialize)]
struct TabView {
    address: String,
    word: &'static str,
    count: Option<usize>,
    here: bool,
}

#[derive(Serialize)]
struct IncidentView {
    element: String,
    name: String,
    at: Moment,
    message: String,
    code: String,
    line: Option<u32>,
}

#[derive(Serialize)]
struct ExecutionView {
    id: String,
    element: String,
    name: String,
    kind: &'static str,
    look: Look,
    who: Option<String>,
    task: Option<String>,
    started: Option<Moment>,
    ended: Option<Moment>,
}

#[derive(Serialize)]
struct Fact {
    name: &'static str,
    value: String,
    iso: Option<String>,
    code: bool,
}

#[derive(Serialize)]
struct TaskView {
    /// Its page, where it has one.
    link: Option<String>,
    name: String,
    look: Look,
    /// Recipient, assignee or candidates.
    who: String,
}

#[derive(Serialize)]
struct VariableView {
    name: String,
    value: String,
    block: bool,
    cut: bool,
}

#[derive(Serialize)]
struct TimerView {
    name: String,
    on: String,
    element: String,
    occurrence: u32,
    due: Moment,
}

/// The page.
pub fn page(shell: &Shell, details: &Details<'_>, zone: &Zone, now: Timestamp) -> String {
    let instance = &details.aggregate.instance;
    let mut view = Page {
        key: instance.key.to_string(),
        title: title(details.process, details.aggregate),
        look: Look::of(instance.status),
        list: details.may.list,
        said: details.said.map(|said| match said {
            Said::Cancelled => "The instance was cancelled.",
            Said::Retried => "The failed step ran again.",
        }),
        tabs: tabs(details),
        here: address(details),
        tab: match details.tab {
            Tab::Overview => "overview",
            Tab::Variables => "variables",
            Tab::History { .. } => "history",
            Tab::Timers => "timers",
        },
        cancel: details.may.cancel && !instance.status.is_final(),
        retry: details.may.retry,
        ended: instance.status.is_final(),
        incidents: instance.incidents.iter().map(|incident| incident_view(incident, details, zone, now)).collect(),
        process: details.process.name.clone(),
        process_id: instance.process_id.clone(),
        version: instance.definition_version,
        diagram: None,
        executions: Vec::new(),
        executions_rest: 0,
        facts: Vec::new(),
        definition: details.may.definitions.then(|| format!("/definitions/{}", path_part(&instance.process_id))),
        tasks: Vec::new(),
        tasks_rest: 0,
        variables: Vec::new(),
        variables_rest: 0,
        history: Vec::new(),
        newer: None,
        older: None,
        timers: Vec::new(),
        zone: zone.place().to_owned(),
    };
    match details.tab {
        Tab::Overview => overview(&mut view, details, zone, now),
        Tab::Variables => variables(&mut view, details),
        Tab::History { skipped } => entries(&mut view, details, skipped, zone, now),
        Tab::Timers => timers(&mut view, details, zone, now),
    }
    render("console/instance.html", shell, &view)
}

/// What the instance is called: its reference, else its business key, else its process.
pub fn title(process: &Process, aggregate: &Aggregate) -> String {
    let instance = &aggregate.instance;
    instance.reference.clone().or_else(|| instance.business_key.clone()).unwrap_or_else(|| process.name.clone())
}

pub(super) fn path_part(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

pub(super) fn name(process: &Process, id: &str) -> String {
    process.element(id).map_or_else(|| id.to_owned(), |element| element.name.clone())
}

/// The address of what is shown.
fn address(details: &Details<'_>) -> String {
    let query = match details.tab {
        Tab::Overview => "",
        Tab::Variables => "?tab=variables",
        Tab::History { .. } => "?tab=history",
        Tab::Timers => "?tab=timers",
    };
    format!("/instances/{}{query}", details.aggregate.instance.key)
}

fn tabs(details: &Details<'_>) -> Vec<TabView> {
    let key = details.aggregate.instance.key;
    let timers: usize = details.aggregate.instance.elements.iter().map(|element| element.timers.len()).sum();
    let tab =
        |query: &str, word, count, here| TabView { address: format!("/instances/{key}{query}"), word, count, here };
    let mut tabs = vec![tab("", "Overview", None, details.tab == Tab::Overview)];
    if details.may.variables {
        tabs.push(tab("?tab=variables", "Variables", None, details.tab == Tab::Variables));
    }
    tabs.push(tab("?tab=history", "History", None, matches!(details.tab, Tab::History { .. })));
    let count = (timers > 0).then_some(timers);
    tabs.push(tab("?tab=timers", "Timers", count, details.tab == Tab::Timers));
    tabs
}

fn incident_view(incident: &Incident, details: &Details<'_>, zone: &Zone, now: Timestamp) -> IncidentView {
    IncidentView {
        element: incident.element.clone(),
        name: name(details.process, &incident.element),
        at: Moment::short(zone, incident.at, now),
        message: incident.message.clone(),
        code: incident.code.clone(),
        line: details.process.element(&incident.element).map(|element| element.line),
    }
}

fn overview(view: &mut Page, details: &Details<'_>, zone: &Zone, now: Timestamp) {
    let executions = &details.progress.executions;
    view.diagram.clone_from(&details.diagram);
    view.executions = executions
        .iter()
        .enumerate()
        .rev()
        .take(EXECUTIONS_MAX)
        .map(|(place, execution)| execution_view(place, execution, details, zone, now))
        .collect();
    view.executions_rest = executions.len().saturating_sub(EXECUTIONS_MAX);
    view.facts = facts(details, zone);
    let tasks = task_views(details, |_| true, |_| true, now);
    view.tasks_rest = tasks.len().saturating_sub(TASKS_MAX);
    view.tasks = tasks.into_iter().take(TASKS_MAX).collect();
}

fn execution_view(
    place: usize,
    execution: &Execution,
    details: &Details<'_>,
    zone: &Zone,
    now: Timestamp,
) -> ExecutionView {
    let look = |icon, tone, word| Look { icon, tone, word };
    let task = execution
        .number
        .and_then(|number| details.aggregate.tasks.values().find(|task| task.element == number))
        .filter(|_| details.may.tasks);
    let short = |at| Moment::short(zone, at, now);
    ExecutionView {
        id: execution.number.map_or_else(|| format!("next-{place}"), |number| number.0.to_string()),
        element: execution.element.clone(),
        name: name(details.process, &execution.element),
        kind: kind_word(details.process, &execution.element),
        look: match execution.state {
            State::Failed => look("failed", "bad", "Failed"),
            State::Active => look("pending", "accent", "Waiting"),
            State::Next => look("half", "accent", "Next"),
            State::Completed => look("done", "ok", "Completed"),
            State::Stopped => look("cancelled", "", "Stopped"),
        },
        who: task.map(|task| task.recipient.as_str().to_owned()),
        task: task.map(|task| task.key.to_string()),
        started: execution.started_at.map(short),
        // What is passed at once needs no second time.
        ended: execution.ended_at.filter(|at| Some(*at) != execution.started_at).map(short),
    }
}

fn kind_word(process: &Process, id: &str) -> &'static str {
    let Some(element) = process.element(id) else { return "No longer known" };
    match element.kind.bpmn_name() {
        "startEvent" => "Start",
        "endEvent" => "End",
        "boundaryEvent" => "Timer",
        "scriptTask" => "Script",
        "userTask" => "External task",
        "exclusiveGateway" | "parallelGateway" => "Gateway",
        _ => "Task",
    }
}

fn facts(details: &Details<'_>, zone: &Zone) -> Vec<Fact> {
    let instance = &details.aggregate.instance;
    let fact = |name, value: String| Fact { name, value, iso: None, code: false };
    let moment = |name, at: Timestamp| Fact {
        name,
        value: format::moment(Lang::En, zone, at),
        iso: Some(at.to_string()),
        code: false,
    };
    let mut facts = Vec::new();
    facts.extend(instance.business_key.clone().map(|key| fact("Business key", key)));
    facts.push(moment("Started", instance.started_at));
    facts.push(fact("Started by", instance.started_by.clone()));
    facts.extend(instance.ended_at.map(|at| moment("Ended", at)));
    facts.extend(instance.entity_state.clone().map(|state| fact("State", state)));
    let tickets = details.aggregate.tasks.values().filter(|task| !task.status.is_final()).count();
    let open = tickets + details.aggregate.work_tasks.values().filter(|task| !task.state.is_final()).count();
    facts.push(fact("Open tasks", open.to_string()));
    if !instance.incidents.is_empty() {
        facts.push(fact("Incidents", instance.incidents.len().to_string()));
    }
    facts.push(Fact { name: "Instance", value: instance.key.to_string(), iso: None, code: true });
    facts.push(Fact { name: "GUID", value: instance.key.guid(), iso: None, code: true });
    facts
}

/// Tasks of both kinds, the newest first. External ones are for who may see them.
fn task_views(
    details: &Details<'_>,
    external: impl Fn(&ExternalTask) -> bool,
    work: impl Fn(&WorkTask) -> bool,
    now: Timestamp,
) -> Vec<TaskView> {
    let tickets = details.aggregate.tasks.iter().filter(|(_, task)| details.may.tasks && external(task));
    let tickets = tickets.map(|(number, task)| (*number, task_view(task, details, now)));
    let works = details.aggregate.work_tasks.iter().filter(|(_, task)| work(task));
    let mut views: Vec<(Number, TaskView)> =
        tickets.chain(works.map(|(number, task)| (*number, work_task_view(task, details)))).collect();
    views.sort_by_key(|(number, _)| std::cmp::Reverse(*number));
    views.into_iter().map(|(_, view)| view).collect()
}

/// An ordinary task. It has no page of its own yet: that is the inbox's.
fn work_task_view(task: &WorkTask, details: &Details<'_>) -> TaskView {
    let (icon, tone, word) = match task.state {
        WorkState::Open => ("pending", "accent", "To do"),
        WorkState::InProgress => ("pending", "accent", "In progress"),
        WorkState::Paused => ("pending", "accent", "Paused"),
        WorkState::Failed => ("failed", "bad", "Failed"),
        WorkState::Completed => ("done", "ok", "Completed"),
        WorkState::Canceled => ("cancelled", "", "Cancelled"),
    };
    let responsible = &task.responsible;
    let who = match &responsible.assignee {
        Some(assignee) => assignee.clone(),
        None => responsible.groups.iter().chain(&responsible.users).cloned().collect::<Vec<_>>().join(", "),
    };
    TaskView { link: None, name: name(details.process, &task.activity), look: Look { icon, tone, word }, who }
}

fn task_view(task: &ExternalTask, details: &Details<'_>, now: Timestamp) -> TaskView {
    let (icon, tone, word) = match task.status_at(now) {
        Status::Pending => ("pending", "accent", "Pending"),
        Status::Completed => ("done", "ok", "Completed"),
        Status::Cancelled => ("cancelled", "", "Cancelled"),
        Status::Expired => ("expired", "", "Expired"),
    };
    TaskView {
        link: Some(format!("/external-tasks/{}", task.key)),
        name: name(details.process, &task.activity),
        look: Look { icon, tone, word },
        who: task.recipient.as_str().to_owned(),
    }
}

fn variables(view: &mut Page, details: &Details<'_>) {
    if !details.may.variables {
        return;
    }
    let variables = &details.aggregate.instance.variables;
    view.variables_rest = variables.len().saturating_sub(VARIABLES_MAX);
    view.variables = variables
        .iter()
        .take(VARIABLES_MAX)
        .map(|(name, value)| {
            let (text, block) = match value {
                Value::String(text) => (text.clone(), text.contains('\n')),
                Value::Object(_) | Value::Array(_) => (serde_json::to_string_pretty(value).unwrap_or_default(), true),
                Value::Null | Value::Bool(_) | Value::Number(_) => (value.to_string(), false),
            };
            let shown: String = text.chars().take(VALUE_CHARS_MAX).collect();
            let cut = shown.len() < text.len();
            VariableView { name: name.clone(), value: shown, block, cut }
        })
        .collect();
}

fn entries(view: &mut Page, details: &Details<'_>, skipped: usize, zone: &Zone, now: Timestamp) {
    let reader = history::Reader {
        process: details.process,
        aggregate: details.aggregate,
        progress: details.progress,
        may: details.may,
        zone,
        now,
    };
    let journal = details.journal;
    view.history = journal.iter().rev().skip(skipped).take(ENTRIES_MAX).map(|entry| reader.line(entry)).collect();
    let address = |skipped: usize| match skipped {
        0 => format!("/instances/{}?tab=history", view.key),
        skipped => format!("/instances/{}?tab=history&skip={skipped}", view.key),
    };
    view.newer = (skipped > 0).then(|| address(skipped.saturating_sub(ENTRIES_MAX)));
    view.older = (journal.len() > skipped + ENTRIES_MAX).then(|| address(skipped + ENTRIES_MAX));
}

fn timers(view: &mut Page, details: &Details<'_>, zone: &Zone, now: Timestamp) {
    let mut timers: Vec<(Timestamp, TimerView)> = details
        .aggregate
        .instance
        .elements
        .iter()
        .flat_map(|element| {
            element.timers.iter().map(|timer| {
                let view = TimerView {
                    name: name(details.process, &timer.event),
                    on: name(details.process, &element.element),
                    element: timer.event.clone(),
                    occurrence: timer.occurrence,
                    due: Moment::short(zone, timer.due, now),
                };
                (timer.due, view)
            })
        })
        .collect();
    timers.sort_by_key(|(due, _)| *due);
    view.timers = timers.into_iter().map(|(_, view)| view).collect();
}

#[derive(Serialize)]
struct CancelPage {
    key: String,
    title: String,
    process: String,
    tasks: Vec<TaskView>,
    tasks_rest: usize,
    question: String,
    stops: Vec<String>,
    reason: String,
    error: Option<String>,
}

/// The question before an instance is cancelled: what stops with it. `error` and `reason` where it is asked again.
pub fn cancel_page(
    shell: &Shell,
    details: &Details<'_>,
    reason: &str,
    error: Option<&str>,
    dialog: bool,
    now: Timestamp,
) -> String {
    let instance = &details.aggregate.instance;
    let pending = |task: &ExternalTask| task.status_at(now) == Status::Pending;
    let open = details.aggregate.tasks.values().filter(|task| pending(task)).count();
    let work = details.aggregate.work_tasks.values().filter(|task| !task.state.is_final()).count();
    let tasks = task_views(details, pending, |task| !task.state.is_final(), now);
    let timers: usize = instance.elements.iter().map(|element| element.timers.len()).sum();
    let mut stops = Vec::new();
    match open {
        0 => stops.push("No external task is open: nobody outside notices.".to_owned()),
        1 => stops.push("1 open task ends. Its recipient sees the cancelled page and can no longer answer.".to_owned()),
        count => stops
            .push(format!("{count} open tasks end. Their recipients see the cancelled page and can no longer answer.")),
    }
    match work {
        0 => {}
        1 => stops.push("1 task of colleagues ends.".to_owned()),
        count => stops.push(format!("{count} tasks of colleagues end.")),
    }
    match timers {
        0 => {}
        1 => stops.push("1 timer stops.".to_owned()),
        count => stops.push(format!("{count} timers stop.")),
    }
    if !instance.incidents.is_empty() {
        stops.push("What failed is not tried again.".to_owned());
    }
    stops.push("Variables and history are kept.".to_owned());
    let view = CancelPage {
        key: instance.key.to_string(),
        title: title(details.process, details.aggregate),
        process: details.process.name.clone(),
        tasks_rest: tasks.len().saturating_sub(TASKS_MAX),
        tasks: tasks.into_iter().take(TASKS_MAX).collect(),
        question: "Cancel this instance and everything that runs in it?".to_owned(),
        stops,
        reason: reason.to_owned(),
        error: error.map(str::to_owned),
    };
    render(if dialog { "console/instance-cancel-part.html" } else { "console/instance-cancel.html" }, shell, &view)
}
