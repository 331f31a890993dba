//! Deployed processes: all of them, and one with its versions. Shows what the table says; reads no BPMN.

#[cfg(test)]
mod tests;

use super::diagram::Diagram;
use super::{Shell, render};
use crate::format::{self, Zone};
use domain::time::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The page of a process.
pub fn address(process_id: &str) -> String {
    format!("/definitions/{}", utf8_percent_encode(process_id, SEGMENT))
}

/// A process in the list.
#[derive(Clone, Debug)]
pub struct Row {
    /// BPMN id.
    pub process_id: String,
    /// Display name; the id where the model has none.
    pub name: String,
    /// The deployed version.
    pub version: u32,
    /// Steps that wait for people outside, and for people inside.
    pub people: (usize, usize),
    /// Warnings of its deployment.
    pub warnings: usize,
    /// When it was deployed.
    pub deployed_at: Timestamp,
    /// By whom.
    pub by: String,
}

/// The list and what stands around it.
#[derive(Clone, Debug, Default)]
pub struct List {
    /// Rows by id.
    pub rows: Vec<Row>,
    /// Address of the next ones.
    pub next: Option<String>,
    /// This is not the first page.
    pub further: bool,
    /// The reader may deploy.
    pub may_deploy: bool,
}

/// One process.
#[derive(Clone, Debug)]
pub struct Definition {
    /// BPMN id.
    pub process_id: String,
    /// Display name of the version shown.
    pub name: String,
    /// The version shown.
    pub version: u32,
    /// The deployed version.
    pub deployed: u32,
    /// Its activities.
    pub activities: Vec<Activity>,
    /// What begins instances by itself.
    pub timers: Vec<TimerStart>,
    /// Warnings of its deployment.
    pub warnings: Vec<Warning>,
    /// Every version, newest first.
    pub versions: Vec<Version>,
    /// Its picture.
    pub diagram: Option<Diagram>,
    /// The reader may deploy.
    pub may_deploy: bool,
    /// The reader may see instances, and so the file.
    pub may_see_instances: bool,
    /// The reader may put the templates of this version on open tasks.
    pub may_sync: bool,
    /// What was done a moment ago.
    pub said: Option<Said>,
}

/// What was done a moment ago.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// This version was deployed.
    Deployed,
    /// The same file was deployed before.
    Unchanged,
}

/// A version in the list of a process.
#[derive(Clone, Debug)]
pub struct Version {
    /// Number, from 1.
    pub number: u32,
    /// When it was deployed.
    pub deployed_at: Timestamp,
    /// By whom.
    pub by: String,
    /// Warnings of its deployment.
    pub warnings: usize,
}

/// An activity of a version.
#[derive(Clone, Debug, Serialize)]
pub struct Activity {
    /// BPMN id.
    pub id: String,
    /// Display name; the id where the model has none.
    pub name: String,
    /// What it is: `User task`.
    pub kind: String,
    /// Who does it: `External`, `Internal`; empty for work without people.
    pub who: String,
}

/// A timer start event of a version.
#[derive(Clone, Debug, Serialize)]
pub struct TimerStart {
    name: String,
    timer: String,
    next: Option<When>,
}

impl TimerStart {
    /// Its display name, when it fires as it is modelled, and when it begins the next instance, if ever.
    pub fn new(name: String, timer: String, next: Option<Timestamp>, zone: &Zone, now: Timestamp) -> TimerStart {
        // Of all spellings only a cron expression has spaces; its hours are not those of the zone beside it.
        let timer = if timer.contains(' ') { format!("{timer} (UTC)") } else { timer };
        TimerStart { name, timer, next: next.map(|at| when(zone, at, now)) }
    }
}

/// A warning that was kept with a version.
#[derive(Clone, Debug, Serialize)]
pub struct Warning {
    /// Line and column of the file, `61:9`.
    pub place: String,
    /// A sentence.
    pub message: String,
}

#[derive(Clone, Debug, Serialize)]
struct When {
    iso: String,
    text: String,
}

#[derive(Serialize)]
struct RowView<'a> {
    address: String,
    process_id: &'a str,
    name: &'a str,
    version: u32,
    people: String,
    warnings: Option<String>,
    deployed: When,
    by: &'a str,
}

#[derive(Serialize)]
struct ListView<'a> {
    rows: Vec<RowView<'a>>,
    next: Option<&'a str>,
    further: bool,
    counted: String,
    zone: &'a str,
    may_deploy: bool,
}

#[derive(Serialize)]
struct VersionView<'a> {
    number: u32,
    address: String,
    xml: String,
    deployed: When,
    by: &'a str,
    warnings: Option<String>,
    shown: bool,
    current: bool,
}

#[derive(Serialize)]
struct DefinitionView<'a> {
    process_id: &'a str,
    name: &'a str,
    version: u32,
    deployed: u32,
    current: bool,
    here: String,
    instances: Option<String>,
    xml: String,
    sync: Option<String>,
    said: Option<String>,
    unchanged: bool,
    activities: &'a [Activity],
    timers: &'a [TimerStart],
    never: String,
    warnings: &'a [Warning],
    versions: Vec<VersionView<'a>>,
    diagram: Option<&'a Diagram>,
    may_deploy: bool,
    zone: &'a str,
}

/// The list.
pub fn list(shell: &Shell, list: &List, zone: &Zone, now: Timestamp) -> String {
    let rows = list.rows.iter().map(|row| RowView {
        address: address(&row.process_id),
        process_id: &row.process_id,
        name: &row.name,
        version: row.version,
        people: people(row.people),
        warnings: warnings(row.warnings),
        deployed: when(zone, row.deployed_at, now),
        by: &row.by,
    });
    let many = list.rows.len();
    let view = ListView {
        rows: rows.collect(),
        next: list.next.as_deref(),
        further: list.further,
        counted: if many == 1 { "1 process".to_owned() } else { format!("{many} processes") },
        zone: zone.place(),
        may_deploy: list.may_deploy,
    };
    render("console/definitions.html", shell, &view)
}

/// One process.
pub fn page(shell: &Shell, definition: &Definition, zone: &Zone, now: Timestamp) -> String {
    let here = address(&definition.process_id);
    let versions = definition.versions.iter().map(|version| VersionView {
        number: version.number,
        address: if version.number == definition.deployed {
            here.clone()
        } else {
            format!("{here}?version={}", version.number)
        },
        xml: xml_address(&here, version.number),
        deployed: when(zone, version.deployed_at, now),
        by: &version.by,
        warnings: warnings(version.warnings),
        shown: version.number == definition.version,
        current: version.number == definition.deployed,
    });
    let id = utf8_percent_encode(&definition.process_id, SEGMENT);
    let view = DefinitionView {
        process_id: &definition.process_id,
        name: &definition.name,
        version: definition.version,
        deployed: definition.deployed,
        current: definition.version == definition.deployed,
        instances: definition.may_see_instances.then(|| format!("/instances?processId={id}")),
        xml: xml_address(&here, definition.version),
        sync: definition.may_sync.then(|| format!("processId={id}&status=PENDING")),
        said: definition.said.map(|said| match said {
            Said::Deployed if definition.version != definition.deployed => format!(
                "Version {} was deployed, and after it version {}: new instances use that one.",
                definition.version, definition.deployed
            ),
            Said::Deployed => format!("Version {} is deployed. New instances use it.", definition.version),
            Said::Unchanged => {
                format!("Nothing changed: this file is deployed as version {} already.", definition.version)
            }
        }),
        unchanged: definition.said == Some(Said::Unchanged),
        activities: &definition.activities,
        timers: &definition.timers,
        never: if definition.version == definition.deployed {
            "Will not begin another instance".to_owned()
        } else {
            format!("Off: version {} is deployed", definition.deployed)
        },
        warnings: &definition.warnings,
        versions: versions.collect(),
        diagram: definition.diagram.as_ref(),
        may_deploy: definition.may_deploy,
        zone: zone.place(),
        here,
    };
    render("console/definition.html", shell, &view)
}

fn xml_address(here: &str, version: u32) -> String {
    format!("{here}/versions/{version}/xml")
}

fn when(zone: &Zone, at: Timestamp, now: Timestamp) -> When {
    When { iso: at.to_string(), text: format::moment_short(zone, at, now) }
}

fn people((external, internal): (usize, usize)) -> String {
    match (external, internal) {
        (0, 0) => String::new(),
        (external, 0) => format!("{external} external"),
        (0, internal) => format!("{internal} internal"),
        (external, internal) => format!("{external} external, {internal} internal"),
    }
}

fn warnings(many: usize) -> Option<String> {
    match many {
        0 => None,
        1 => Some("1 warning".to_owned()),
        many => Some(format!("{many} warnings")),
    }
}
