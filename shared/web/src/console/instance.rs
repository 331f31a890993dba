//! One process instance: trouble first, then what the chosen tab is about; each tab and question is a module. Shows what
//! the reader may see; decides nothing.

mod history;
mod overview;
mod progress;
mod question;
mod system_tasks;
#[cfg(test)]
mod tests;
mod variables;
mod waiting;

pub use overview::TASKS_MAX;
pub use progress::{Execution, Progress, State};
pub use question::{cancel_page, retry_page};
pub use system_tasks::Call;

use super::diagram::Diagram;
use super::instances::{Look, Moment};
use super::{Shell, render};
use crate::format::Zone;
use domain::command::{Actor, Origin};
use domain::event::Event;
use domain::ids::InstanceKey;
use domain::instance::{Aggregate, Incident};
use domain::process::Process;
use domain::time::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use std::collections::BTreeMap;

/// Ids of elements in addresses.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

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
    /// `instances:read`: the list this page belongs to, and any other instance.
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
    /// What system tasks asked of other systems and what came of it.
    SystemTasks,
    /// Process variables and the values they had.
    Variables,
    /// What was done by whom, from this many entries after the newest one on.
    History {
        /// Entries passed over.
        skipped: usize,
    },
    /// Timers that run, messages and signals that are awaited.
    Waiting,
}

impl Tab {
    /// Accepts the word of an address.
    pub fn parse(word: &str) -> Option<Tab> {
        [Tab::Overview, Tab::SystemTasks, Tab::Variables, Tab::History { skipped: 0 }, Tab::Waiting]
            .into_iter()
            .find(|tab| tab.as_str() == word)
    }

    fn as_str(self) -> &'static str {
        match self {
            Tab::Overview => "overview",
            Tab::SystemTasks => "system-tasks",
            Tab::Variables => "variables",
            Tab::History { .. } => "history",
            Tab::Waiting => "waiting",
        }
    }
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
    /// Called instances that stopped at an error, or one below them did; and which one that is.
    pub failed: BTreeMap<InstanceKey, InstanceKey>,
    /// What system tasks asked of the outside, by number; read for the tab and the question that show it.
    pub calls: &'a [Call<'a>],
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
    diagram: Option<Diagram>,
    part: Part,
    zone: String,
}

/// What the tab shows.
#[derive(Serialize)]
#[serde(untagged)]
enum Part {
    Overview(Box<overview::Overview>),
    SystemTasks(system_tasks::SystemTasks),
    Variables(variables::VariablesPart),
    History(history::History),
    Waiting(waiting::Waiting),
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
    retry: String,
    /// What was asked and answered, where the element is a system task.
    call: Option<String>,
}

#[derive(Serialize)]
struct Fact {
    name: &'static str,
    value: String,
    iso: Option<String>,
    code: bool,
    href: Option<String>,
}

impl Fact {
    fn text(name: &'static str, value: impl Into<String>) -> Fact {
        Fact { name, value: value.into(), iso: None, code: false, href: None }
    }

    fn code(name: &'static str, value: impl Into<String>) -> Fact {
        Fact { code: true, ..Fact::text(name, value) }
    }

    fn at(name: &'static str, moment: Moment) -> Fact {
        Fact { iso: Some(moment.iso), ..Fact::text(name, moment.text) }
    }
}

/// The page.
pub fn page(shell: &Shell, details: &Details<'_>, zone: &Zone, now: Timestamp) -> String {
    let instance = &details.aggregate.instance;
    let clock = (zone, now);
    let view = Page {
        key: instance.key.to_string(),
        title: title(details.process, details.aggregate),
        look: Look::of(instance.status),
        list: details.may.list,
        said: details.said.map(|said| match said {
            Said::Cancelled => "The instance was cancelled.",
            Said::Retried => "The failed step runs again.",
        }),
        tabs: tabs(details),
        here: address(details, details.tab),
        tab: details.tab.as_str(),
        cancel: details.may.cancel && !instance.status.is_final(),
        retry: details.may.retry,
        ended: instance.status.is_final(),
        incidents: instance.incidents.iter().map(|incident| incident_view(incident, details, zone, now)).collect(),
        diagram: details.diagram.clone().filter(|_| details.tab == Tab::Overview),
        part: match details.tab {
            Tab::Overview => Part::Overview(Box::new(overview::Overview::of(details, clock))),
            Tab::SystemTasks => Part::SystemTasks(system_tasks::SystemTasks::of(details, clock)),
            Tab::Variables => Part::Variables(variables::VariablesPart::of(details, clock)),
            Tab::History { skipped } => Part::History(history::History::of(details, skipped, clock)),
            Tab::Waiting => Part::Waiting(waiting::Waiting::of(details, clock)),
        },
        zone: zone.place().to_owned(),
    };
    render("console/instance.html", shell, &view)
}

/// What the instance is called: its reference, else its business key, else its process.
pub fn title(process: &Process, aggregate: &Aggregate) -> String {
    let instance = &aggregate.instance;
    instance.reference.clone().or_else(|| instance.business_key.clone()).unwrap_or_else(|| process.name.clone())
}

pub(super) fn path_part(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

pub(super) fn name(process: &Process, id: &str) -> String {
    process.element(id).map_or_else(|| id.to_owned(), |element| element.name.clone())
}

/// True where a reader who sees the process finds it among the system tasks.
fn is_system_task(process: &Process, id: &str) -> bool {
    process.element(id).is_some_and(|element| element.kind.as_system_task().is_some())
}

/// The address of a tab.
fn address(details: &Details<'_>, tab: Tab) -> String {
    let query = if tab == Tab::Overview { String::new() } else { format!("?tab={}", tab.as_str()) };
    format!("/instances/{}{query}", details.aggregate.instance.key)
}

fn tabs(details: &Details<'_>) -> Vec<TabView> {
    let tab = |tab: Tab, word, count: usize| TabView {
        address: address(details, tab),
        word,
        count: (count > 0).then_some(count),
        here: std::mem::discriminant(&tab) == std::mem::discriminant(&details.tab),
    };
    let mut tabs = vec![tab(Tab::Overview, "Overview", 0)];
    let modelled = details.process.elements.iter().any(|element| element.kind.as_system_task().is_some());
    if modelled || details.progress.asked {
        tabs.push(tab(Tab::SystemTasks, "System tasks", 0));
    }
    if details.may.variables {
        tabs.push(tab(Tab::Variables, "Variables", 0));
    }
    tabs.push(tab(Tab::History { skipped: 0 }, "History", 0));
    tabs.push(tab(Tab::Waiting, "Waiting for", waiting::count(&details.aggregate.instance)));
    tabs
}

fn incident_view(incident: &Incident, details: &Details<'_>, zone: &Zone, now: Timestamp) -> IncidentView {
    let key = details.aggregate.instance.key;
    let system_task = is_system_task(details.process, &incident.element);
    IncidentView {
        element: incident.element.clone(),
        name: name(details.process, &incident.element),
        at: Moment::short(zone, incident.at, now),
        message: incident.message.clone(),
        code: incident.code.clone(),
        line: details.process.element(&incident.element).map(|element| element.line),
        retry: format!("/instances/{key}/retry?elementId={}", utf8_percent_encode(&incident.element, QUERY)),
        call: system_task.then(|| system_tasks::place(details, incident.element_number)),
    }
}
