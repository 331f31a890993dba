//! The list of process instances: filters, rows, where each one stands. Reads no table; the rows come as they are shown
//! to this reader.

#[cfg(test)]
mod tests;

use super::{Shell, render};
use crate::format::{self, Zone};
use domain::ids::InstanceKey;
use domain::instance::{Instance, InstanceStatus};
use domain::process::Process;
use domain::time::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

/// Steps named in one row at most.
const STEPS_MAX: usize = 3;
const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Every status, in the order of the filter.
const STATUSES: [InstanceStatus; 5] = [
    InstanceStatus::Running,
    InstanceStatus::Waiting,
    InstanceStatus::Error,
    InstanceStatus::Completed,
    InstanceStatus::Cancelled,
];

/// What is asked for: the query names of the address bar.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// `status`, repeatable; none: all.
    pub statuses: Vec<InstanceStatus>,
    /// `processId`
    pub process_id: Option<String>,
    /// `businessKey`
    pub business_key: Option<String>,
}

impl Filter {
    /// The address of the list with this filter; each filtered view can be shared.
    pub fn address(&self, cursor: Option<&str>) -> String {
        let mut fields: Vec<(&str, &str)> = self.statuses.iter().map(|status| ("status", status.as_str())).collect();
        fields.extend(self.process_id.as_deref().map(|id| ("processId", id)));
        fields.extend(self.business_key.as_deref().map(|key| ("businessKey", key)));
        fields.extend(cursor.map(|cursor| ("cursor", cursor)));
        let query: Vec<String> =
            fields.iter().map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, QUERY))).collect();
        if query.is_empty() { "/instances".to_owned() } else { format!("/instances?{}", query.join("&")) }
    }

    fn is_empty(&self) -> bool {
        *self == Filter::default()
    }
}

/// A row.
#[derive(Clone, Debug)]
pub struct Row {
    /// Key.
    pub key: InstanceKey,
    /// Status.
    pub status: InstanceStatus,
    /// Display name of the process.
    pub process_name: String,
    /// Version of the definition.
    pub version: u32,
    /// Business label.
    pub reference: Option<String>,
    /// The starter's own key.
    pub business_key: Option<String>,
    /// When it was started.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Where it stands; `None` where it has ended or could not be looked up.
    pub stands: Option<Stands>,
}

/// Where an instance stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stands {
    /// Names of steps.
    pub text: String,
    /// Something failed.
    pub failed: bool,
}

impl Stands {
    /// What failed first; else the steps that wait or run, by age; else what comes next.
    pub fn of(process: &Process, instance: &Instance) -> Option<Stands> {
        let name = |id: &str| process.element(id).map_or_else(|| id.to_owned(), |element| element.name.clone());
        if instance.status.is_final() {
            return None;
        }
        let named = |ids: Vec<&str>| {
            let mut names: Vec<String> = Vec::new();
            for id in ids {
                let name = name(id);
                if !names.contains(&name) {
                    names.push(name);
                }
            }
            let rest = names.len().saturating_sub(STEPS_MAX);
            names.truncate(STEPS_MAX);
            let shown = names.join(", ");
            if rest > 0 { format!("{shown} and {rest} more") } else { shown }
        };
        if !instance.incidents.is_empty() {
            let failed = named(instance.incidents.iter().map(|incident| incident.element.as_str()).collect());
            return Some(Stands { text: format!("{failed} failed"), failed: true });
        }
        let live: Vec<&str> = instance.elements.iter().map(|element| element.element.as_str()).collect();
        let steps = if live.is_empty() { instance.ready.iter().map(|r| r.element.as_str()).collect() } else { live };
        (!steps.is_empty()).then(|| Stands { text: named(steps), failed: false })
    }
}

/// Everything on the page.
#[derive(Clone, Debug, Default)]
pub struct List {
    /// What was asked for.
    pub filter: Filter,
    /// Newest first.
    pub rows: Vec<Row>,
    /// The processes one can filter by: id and name.
    pub processes: Vec<(String, String)>,
    /// Cursor of the next page.
    pub next: Option<String>,
    /// This is not the first page.
    pub later: bool,
}

/// Icon, colour and word of a status (ui.md section 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Look {
    /// Name of the icon.
    pub icon: &'static str,
    /// Class of the colour, or empty.
    pub tone: &'static str,
    /// Word.
    pub word: &'static str,
}

impl Look {
    /// Of an instance.
    pub fn of(status: InstanceStatus) -> Look {
        let (icon, tone, word) = match status {
            InstanceStatus::Running => ("half", "accent", "Running"),
            InstanceStatus::Waiting => ("pending", "accent", "Waiting"),
            InstanceStatus::Error => ("failed", "bad", "Error"),
            InstanceStatus::Completed => ("done", "ok", "Completed"),
            InstanceStatus::Cancelled => ("cancelled", "", "Cancelled"),
        };
        Look { icon, tone, word }
    }
}

/// A moment as the page shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Moment {
    /// RFC 3339.
    pub iso: String,
    /// At the zone's place.
    pub text: String,
}

impl Moment {
    /// `20 Nov, 09:02`
    pub fn short(zone: &Zone, at: Timestamp, now: Timestamp) -> Moment {
        Moment { iso: at.to_string(), text: format::moment_short(zone, at, now) }
    }
}

#[derive(Serialize)]
struct Page {
    statuses: Vec<Choice>,
    processes: Vec<Choice>,
    business_key: String,
    chips: Vec<Chip>,
    rows: Vec<RowView>,
    counted: String,
    zone: String,
    here: String,
    newest: Option<String>,
    older: Option<String>,
    filtered: bool,
}

#[derive(Serialize)]
struct Choice {
    value: String,
    word: String,
    chosen: bool,
}

#[derive(Serialize)]
struct Chip {
    name: &'static str,
    value: String,
    without: String,
}

#[derive(Serialize)]
struct RowView {
    key: String,
    look: Look,
    title: String,
    business_key: Option<String>,
    process: String,
    version: u32,
    stands: Option<Stands>,
    started: Moment,
    ended: Option<Moment>,
}

/// The page.
pub fn page(shell: &Shell, list: &List, zone: &Zone, now: Timestamp) -> String {
    let filter = &list.filter;
    let choice = |value: &str, word: &str, chosen| Choice { value: value.to_owned(), word: word.to_owned(), chosen };
    let statuses = STATUSES
        .iter()
        .map(|status| choice(status.as_str(), Look::of(*status).word, filter.statuses.contains(status)))
        .collect();
    let known = |id: &String| list.processes.iter().any(|(known, _)| known == id);
    let unknown = filter.process_id.iter().filter(|id| !known(id)).map(|id| choice(id, id, true));
    let listed =
        list.processes.iter().map(|(id, name)| choice(id, name, filter.process_id.as_deref() == Some(id.as_str())));
    let view = Page {
        statuses,
        processes: unknown.chain(listed).collect(),
        business_key: filter.business_key.clone().unwrap_or_default(),
        chips: chips(list),
        rows: list.rows.iter().map(|row| row_view(row, zone, now)).collect(),
        counted: match list.rows.len() {
            1 => "1 instance on this page".to_owned(),
            count => format!("{count} instances on this page"),
        },
        zone: zone.place().to_owned(),
        here: filter.address(None),
        newest: list.later.then(|| filter.address(None)),
        older: list.next.as_deref().map(|cursor| filter.address(Some(cursor))),
        filtered: !filter.is_empty(),
    };
    render("console/instances.html", shell, &view)
}

fn chips(list: &List) -> Vec<Chip> {
    let filter = &list.filter;
    let mut chips = Vec::new();
    for status in &filter.statuses {
        let mut without = filter.clone();
        without.statuses.retain(|kept| kept != status);
        chips.push(Chip { name: "Status", value: Look::of(*status).word.to_owned(), without: without.address(None) });
    }
    if let Some(id) = &filter.process_id {
        let name = list.processes.iter().find(|(known, _)| known == id).map_or(id, |(_, name)| name);
        let without = Filter { process_id: None, ..filter.clone() };
        chips.push(Chip { name: "Process", value: name.clone(), without: without.address(None) });
    }
    if let Some(key) = &filter.business_key {
        let without = Filter { business_key: None, ..filter.clone() };
        chips.push(Chip { name: "Business key", value: key.clone(), without: without.address(None) });
    }
    chips
}

fn row_view(row: &Row, zone: &Zone, now: Timestamp) -> RowView {
    let title = row.reference.as_ref().or(row.business_key.as_ref());
    RowView {
        key: row.key.to_string(),
        look: Look::of(row.status),
        title: title.cloned().unwrap_or_else(|| row.process_name.clone()),
        business_key: row.business_key.clone(),
        process: row.process_name.clone(),
        version: row.version,
        stands: row.stands.clone(),
        started: Moment::short(zone, row.started_at, now),
        ended: row.ended_at.map(|at| Moment::short(zone, at, now)),
    }
}
