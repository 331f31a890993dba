//! The picture of an instance: the version's drawing with the marks of what happened. Versions never change, so drawings
//! stay in memory.

use super::load;
use crate::answer::Answer;
use crate::refusal::Refusal;
use crate::visit::Visit;
use bpmn::diagram::{self, Mark, Marks};
use domain::ids::TenantId;
use domain::instance::Instance;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use web::console::diagram::Diagram;
use web::console::instance::{Progress, State};

/// `GET /instances/{key}/diagram`: what the viewer draws, and nothing else of the file.
pub async fn diagram(visit: &Visit<'_>, key: &str) -> Result<Answer, Refusal> {
    let loaded = load(visit, key).await?;
    let drawn = drawn(visit, &loaded.aggregate.instance).await?.ok_or_else(Refusal::not_found)?;
    let bytes = drawn.outline.clone().into_bytes();
    Ok(Answer::Bytes { content_type: "application/xml; charset=utf-8", name: None, bytes })
}

/// The drawing with what happened; `None` where it cannot be drawn.
pub async fn of(visit: &Visit<'_>, instance: &Instance, progress: &Progress) -> Result<Option<Diagram>, Refusal> {
    let Some(drawn) = drawn(visit, instance).await? else { return Ok(None) };
    let states = progress.states();
    let mut marks = Marks { flows: progress.flows.clone(), ..Marks::default() };
    for (element, state) in &states {
        marks.add(
            element,
            match state {
                State::Stopped => Mark::Stopped,
                State::Completed => Mark::Done,
                State::Next | State::Active => Mark::Active,
                State::Failed => Mark::Failed,
            },
        );
    }
    let classes: BTreeMap<String, &str> = states.into_iter().map(|(id, state)| (id, state.class())).collect();
    let source = format!("/instances/{}/diagram", instance.key);
    // A page that renews itself has the drawing and takes over the marks alone.
    let svg = if visit.part() == Some("fresh") { String::new() } else { drawn.svg(&marks) };
    Ok(Some(Diagram::at(source, svg, &classes, &progress.flows)))
}

type Version = (TenantId, String, u32);
/// Pictures kept in memory: versions never change, and a page that refreshes itself draws the same one again and again.
static DRAWN: Mutex<VecDeque<(Version, Option<Arc<diagram::Diagram>>)>> = Mutex::new(VecDeque::new());
const DRAWN_MAX: usize = 24;

/// The picture of the instance's version; `None` where it cannot be drawn.
async fn drawn(visit: &Visit<'_>, instance: &Instance) -> Result<Option<Arc<diagram::Diagram>>, Refusal> {
    let version: Version = (visit.caller.tenant, instance.process_id.clone(), instance.definition_version);
    let kept = |known: &Version| {
        let drawn = DRAWN.lock().unwrap_or_else(PoisonError::into_inner);
        drawn.iter().find(|(version, _)| version == known).map(|(_, diagram)| diagram.clone())
    };
    if let Some(diagram) = kept(&version) {
        return Ok(diagram);
    }
    let xml = visit.console.app.store.xml(version.0, &version.1, version.2).await?;
    let diagram = xml.and_then(|xml| diagram::read(xml.as_bytes(), Some(&version.1)).ok()).map(Arc::new);
    let mut drawn = DRAWN.lock().unwrap_or_else(PoisonError::into_inner);
    drawn.truncate(DRAWN_MAX - 1);
    drawn.push_front((version, diagram.clone()));
    Ok(diagram)
}
