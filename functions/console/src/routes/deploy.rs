//! Deployment in two steps. The file travels with the pages, compressed, and is read again in the second step: what is
//! deployed is what a person saw checked, and the page that carries it is trusted with nothing.

use super::definitions::named;
use crate::answer::Answer;
use crate::refusal::{Refusal, sentence};
use crate::visit::Visit;
use app::definitions as uses;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bpmn::diagram::{Mark, Marks};
use bpmn::{Diagnostic, FILE_BYTES_MAX, Reading, ScriptCheck, ScriptError, Severity};
use domain::permission::Permission;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::{Read, Write};
use store::{NewDefinition, NewDeployment};
use web::console::deploy::{self as pages, Affected, Checked, Choose, Confirm, Finding, Planned, Sync, Weight};
use web::console::diagram::Diagram;
use web::console::{Section, Shell, definitions};

/// Checks scripts with the engine that will run them.
struct QuickJsCheck;

impl ScriptCheck for QuickJsCheck {
    fn check(&self, source: &str) -> Result<Vec<String>, ScriptError> {
        match script::check(source) {
            Ok(checked) => Ok(checked.warnings.into_iter().map(|warning| warning.message).collect()),
            Err(error) => Err(ScriptError { message: error.message, line: error.line, column: error.column }),
        }
    }
}

/// A file as it came, from the file field or from the page before.
struct Sent {
    name: String,
    bytes: Vec<u8>,
}

/// `GET /deploy`
pub fn choose(visit: &Visit<'_>) -> Result<Answer, Refusal> {
    allowed(visit)?;
    Ok(Answer::page(pages::choose(&shell(visit, "Deploy a file"), &Choose::default())))
}

/// `POST /deploy`: checks a file; with `step=deploy` deploys it.
pub async fn post(visit: &Visit<'_>) -> Result<Answer, Refusal> {
    allowed(visit)?;
    let lenient = visit.field("lenient") == Some("yes");
    let sent = match sent(visit) {
        Ok(sent) => sent,
        Err(problem) => {
            let choose = Choose { problem: Some(problem), lenient, ..Choose::default() };
            return Ok(Answer::Page(422, pages::choose(&shell(visit, "Error: Deploy a file"), &choose)));
        }
    };
    // What is repaired is what is stored. Bytes that are no text are the strict reader's to refuse.
    let repaired = std::str::from_utf8(&sent.bytes).ok().filter(|_| lenient).map(bpmn::lenient::repair);
    let xml = repaired.as_ref().map_or(sent.bytes.as_slice(), |repaired| repaired.text.as_bytes());
    let reading = bpmn::read_with(xml, &QuickJsCheck);
    if reading.definitions.is_empty() {
        let mut findings = found(&reading.diagnostics);
        findings.extend(repaired.iter().flat_map(|repaired| &repaired.repairs).map(repair));
        return refused(visit, &sent, xml, findings, lenient).await;
    }
    if visit.field("step") == Some("deploy") {
        return deploy(visit, xml, reading).await;
    }
    let mut findings = found(&reading.diagnostics);
    findings.extend(repaired.iter().flat_map(|repaired| &repaired.repairs).map(repair));
    let mut processes = Vec::with_capacity(reading.definitions.len());
    for definition in &reading.definitions {
        processes.push(planned(visit, xml, &definition.process, &definition.texts).await?);
    }
    let confirm = Confirm { checked: checked(&sent, xml, findings, lenient), processes };
    Ok(Answer::page(pages::confirm(&shell(visit, "Deploy"), &confirm)))
}

fn allowed(visit: &Visit<'_>) -> Result<(), Refusal> {
    visit.require_visible(Permission::DefinitionsRead)?;
    visit.require(Permission::DefinitionsDeploy)
}

fn shell(visit: &Visit<'_>, title: &str) -> Shell {
    visit.shell(title, Section::Definitions)
}

/// The file of this post: a newly chosen one, else the one the page kept.
fn sent(visit: &Visit<'_>) -> Result<Sent, String> {
    if let Some(file) = visit.files.iter().find(|file| file.field == "file" && !file.bytes.is_empty()) {
        if file.bytes.len() > FILE_BYTES_MAX {
            return Err("The file is larger than 4 MB. Choose a smaller one.".to_owned());
        }
        return Ok(Sent { name: file.name.clone(), bytes: file.bytes.clone() });
    }
    match visit.field("kept") {
        Some(kept) => {
            let bytes = unpacked(kept).ok_or("The file did not come back whole. Choose it again.")?;
            Ok(Sent { name: visit.field("name").unwrap_or_default().chars().take(200).collect(), bytes })
        }
        None => Err("Choose a BPMN file first.".to_owned()),
    }
}

fn packed(bytes: &[u8]) -> String {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    let written = encoder.write_all(bytes).and_then(|()| encoder.finish());
    URL_SAFE_NO_PAD.encode(written.expect("memory takes everything"))
}

/// At most as much as a file may have: a small text can unfold into gigabytes.
fn unpacked(text: &str) -> Option<Vec<u8>> {
    let packed = URL_SAFE_NO_PAD.decode(text).ok()?;
    let limit = u64::try_from(FILE_BYTES_MAX).ok()? + 1;
    let mut bytes = Vec::new();
    GzDecoder::new(packed.as_slice()).take(limit).read_to_end(&mut bytes).ok()?;
    (bytes.len() <= FILE_BYTES_MAX).then_some(bytes)
}

async fn refused(
    visit: &Visit<'_>,
    sent: &Sent,
    xml: &[u8],
    findings: Vec<Finding>,
    lenient: bool,
) -> Result<Answer, Refusal> {
    // The picture still names the process where the file can be parsed at all.
    let stays = match process_id(xml) {
        Some(id) => match visit.console.app.store.deployed(visit.caller.tenant, &id).await? {
            Some(pointer) => {
                let head = visit.console.app.store.definition(visit.caller.tenant, &id, pointer.version).await?;
                head.map(|head| (named(&head.name, &id), pointer.version))
            }
            None => None,
        },
        None => None,
    };
    let choose = Choose { problem: None, refused: Some(checked(sent, xml, findings, lenient)), lenient, stays };
    Ok(Answer::Page(422, pages::choose(&shell(visit, "Error: Deploy a file"), &choose)))
}

/// The id of the first process of a file that is not deployable, taken from its text: good enough to say what stays.
fn process_id(xml: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(xml).ok()?;
    let at = text.match_indices("process").find(|(at, _)| {
        let before = text[..*at].rsplit(['<', ' ', '>']).next().unwrap_or_default();
        text[..*at - before.len()].ends_with('<') && (before.is_empty() || before.ends_with(':'))
    })?;
    let tag = text[at.0..].split('>').next()?;
    let id = tag.split_whitespace().find_map(|attribute| attribute.strip_prefix("id="))?;
    let quote = id.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    id[1..].split(quote).next().filter(|id| !id.is_empty() && id.len() <= 255).map(str::to_owned)
}

fn checked(sent: &Sent, xml: &[u8], findings: Vec<Finding>, lenient: bool) -> Checked {
    let text = String::from_utf8_lossy(xml).into_owned();
    let mut wrong = BTreeSet::new();
    for finding in findings.iter().filter(|finding| finding.weight == Weight::Error) {
        wrong.extend(finding.element.clone());
        wrong.extend(source_of_flow(&text, finding.line));
    }
    Checked {
        file_name: sent.name.clone(),
        size: sent.bytes.len() as u64,
        text,
        kept: packed(&sent.bytes),
        lenient,
        diagram: picture(xml, &wrong),
        findings,
    }
}

/// A flow that leads nowhere is not drawn: the error is shown where it begins, if its line says where that is.
fn source_of_flow(text: &str, line: u32) -> Option<String> {
    let line = text.lines().nth(usize::try_from(line).ok()?.checked_sub(1)?)?;
    let (_, rest) = line.split_once("sourceRef=\"")?;
    rest.split('"').next().filter(|id| !id.is_empty()).map(str::to_owned)
}

fn picture(xml: &[u8], wrong: &BTreeSet<String>) -> Option<Diagram> {
    let drawn = bpmn::diagram::read(xml, None).ok()?;
    let mut marks = Marks::default();
    for id in wrong {
        marks.elements.insert(id.clone(), Mark::Failed);
    }
    let svg = drawn.svg(&marks);
    Some(Diagram::with_errors(drawn.outline, svg, wrong))
}

fn found(diagnostics: &[Diagnostic]) -> Vec<Finding> {
    let finding = |diagnostic: &Diagnostic| Finding {
        weight: match diagnostic.severity {
            Severity::Error => Weight::Error,
            Severity::Warning => Weight::Warning,
            Severity::Info => Weight::Info,
        },
        line: diagnostic.line,
        column: diagnostic.column,
        element: diagnostic.element_id.clone(),
        message: sentence(&diagnostic.message),
    };
    diagnostics.iter().map(finding).collect()
}

fn repair(repair: &bpmn::lenient::Repair) -> Finding {
    Finding {
        weight: Weight::Repaired,
        line: repair.line,
        column: repair.column,
        element: None,
        message: sentence(&repair.message),
    }
}

async fn planned(
    visit: &Visit<'_>,
    xml: &[u8],
    process: &domain::process::Process,
    texts: &[String],
) -> Result<Planned, Refusal> {
    let app = &visit.console.app;
    let impact = uses::impact(app, &visit.caller, process, texts, visit.now).await?;
    let unchanged = match app.store.deployed(visit.caller.tenant, &process.id).await? {
        Some(pointer) => pointer.digest == store::file_digest(xml),
        None => false,
    };
    let affected = impact.affected.into_iter().map(|affected| Affected {
        version: affected.version,
        name: named(&affected.task_name, &affected.activity),
        activity: affected.activity,
        tasks: affected.tasks,
        sync: match affected.sync {
            uses::Sync::Impossible => Sync::Impossible,
            uses::Sync::Unchanged => Sync::Unchanged,
            uses::Sync::Changes { artefacts, missing_placeholders, untaken_actions } => Sync::Changes {
                what: artefacts.into_iter().map(artefact).collect(),
                empty: missing_placeholders,
                untaken: untaken_actions,
            },
        },
    });
    Ok(Planned {
        process_id: process.id.clone(),
        name: named(&process.name, &process.id),
        deployed: impact.deployed,
        unchanged,
        open_tasks: impact.open_tasks,
        more: impact.more,
        affected: affected.collect(),
        timers: super::definitions::shown_timers(visit, uses::planned_timer_starts(process, visit.now)),
    })
}

fn artefact(artefact: uses::Artefact) -> &'static str {
    match artefact {
        uses::Artefact::TaskPage => "task page",
        uses::Artefact::SuccessPage => "success page",
        uses::Artefact::AlreadyCompletedPage => "page after completion",
        uses::Artefact::ExpiredPage => "page after expiry",
        uses::Artefact::CancelledPage => "page after cancellation",
        uses::Artefact::Actions => "actions",
        uses::Artefact::Mail => "mail",
    }
}

async fn deploy(visit: &Visit<'_>, xml: &[u8], reading: Reading) -> Result<Answer, Refusal> {
    let warnings = json!(reading.diagnostics);
    let definitions = reading.definitions.into_iter().map(|definition| NewDefinition {
        activities: activities(&definition),
        process: definition.process,
        texts: definition.texts,
        warnings: warnings.clone(),
    });
    let deployment =
        NewDeployment { xml, definitions: definitions.collect(), by: visit.caller.user.clone(), now: visit.now };
    let deployed = visit.console.app.store.deploy(visit.caller.tenant, deployment).await?;
    let unchanged = deployed.iter().all(|deployed| deployed.unchanged);
    let said = if unchanged { "unchanged" } else { "deployed" };
    Ok(Answer::SeeOther(match deployed.as_slice() {
        // The version this deployment made: somebody else's may be the deployed one by now.
        [one] => format!("{}?version={}&said={said}", definitions::address(&one.process_id), one.version),
        _ => "/definitions".to_owned(),
    }))
}

/// Activities in the shape that lists and the API show.
fn activities(definition: &bpmn::CompiledProcess) -> Value {
    let activity = |activity: &bpmn::Activity| json!({ "id": activity.id, "name": activity.name, "type": activity.kind, "profile": activity.profile });
    definition.activities.iter().map(activity).collect()
}
