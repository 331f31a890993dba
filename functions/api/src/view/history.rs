//! The journal of an instance as people read it: elements with their times, and one entry per event.

use super::{element_type, time};
use app::external_tasks::HistoryLine;
use domain::command::{Actor, Origin};
use domain::event::{ElementActivated, EndCause, Event, Writer, writer};
use domain::ids::{ElementNumber, InstanceKey};
use domain::instance::{Awaited, Instance};
use domain::process::Process;
use domain::time::Timestamp;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use store::JournalEntry;

struct Seen<'a> {
    number: ElementNumber,
    element: &'a str,
    flow: Option<&'a str>,
    state: &'static str,
    started_at: Timestamp,
    ended_at: Option<Timestamp>,
}

/// The element instances of a part of the journal and all live ones, in order of activation. With `variables`, those of
/// their own of live ones.
pub fn elements(process: &Process, instance: &Instance, journal: &[JournalEntry], variables: bool) -> Value {
    let mut seen: Vec<Seen<'_>> = Vec::new();
    for entry in journal {
        for event in &entry.events {
            match event {
                Event::ElementActivated(reached) => {
                    seen.push(Seen::of(reached, "ACTIVE", entry.at, None));
                }
                Event::ElementPassed(reached) => {
                    seen.push(Seen::of(reached, "COMPLETED", entry.at, Some(entry.at)));
                }
                Event::ElementCompleted(number) => end(&mut seen, *number, "COMPLETED", entry.at),
                Event::ElementTerminated(number) => end(&mut seen, *number, "TERMINATED", entry.at),
                Event::InstanceStarted(_)
                | Event::StatusChanged(_)
                | Event::TurnsBegun { .. }
                | Event::TurnGave { .. }
                | Event::LocalsSet { .. }
                | Event::FlowJoined { .. }
                | Event::FlowsTaken(_)
                | Event::FlowsResumed
                | Event::VariablesSet(_)
                | Event::EntityStateSet(_)
                | Event::TimerStarted { .. }
                | Event::TimerFired { .. }
                | Event::ChildStarted { .. }
                | Event::ChildGone { .. }
                | Event::ErrorThrown(_)
                | Event::Subscribed { .. }
                | Event::Received { .. }
                | Event::ActionOrdered { .. }
                | Event::ActionCompleted { .. }
                | Event::ActionFailed { .. }
                | Event::IncidentRaised(_)
                | Event::IncidentResolved(_)
                | Event::TaskCreated(_)
                | Event::TaskOpened(_)
                | Event::TaskDraftSaved { .. }
                | Event::TaskSubmitDenied { .. }
                | Event::FormErrorsSet { .. }
                | Event::TaskReminded { .. }
                | Event::TaskResent(_)
                | Event::TaskSynced { .. }
                | Event::TaskCompleted { .. }
                | Event::TaskEnded { .. }
                | Event::TaskBounced { .. }
                | Event::WorkTask { .. }
                | Event::CancelRequested(_) => {}
            }
        }
    }
    let first = seen.first().map(|seen| seen.number);
    let before = instance.elements.iter().filter(|live| first.is_none_or(|first| live.number < first));
    let before = before.map(|live| Seen {
        number: live.number,
        element: &live.element,
        flow: None,
        state: "ACTIVE",
        started_at: live.started_at,
        ended_at: None,
    });
    before.chain(seen).map(|seen| element(process, instance, &seen, variables)).collect()
}

impl<'a> Seen<'a> {
    fn of(reached: &'a ElementActivated, state: &'static str, at: Timestamp, ended_at: Option<Timestamp>) -> Seen<'a> {
        let (element, flow) = (reached.element.as_str(), reached.flow.as_deref());
        Seen { number: reached.number, element, flow, state, started_at: at, ended_at }
    }
}

fn element(process: &Process, instance: &Instance, seen: &Seen<'_>, variables: bool) -> Value {
    let live = instance.element(seen.number);
    let failed = live.is_some_and(|live| live.failed);
    let mut item = json!({
        "elementId": seen.element,
        "elementKey": instance.key.element(seen.number),
        "type": element_type(process, seen.element),
        "state": if failed { "FAILED" } else { seen.state },
        "flowId": seen.flow,
        "startedAt": seen.started_at.to_string(),
        "endedAt": time(seen.ended_at),
    });
    if let Some(live) = live.filter(|live| variables && !live.local.is_empty()) {
        item["variables"] = Value::Object(live.local.clone());
    }
    item
}

fn end(seen: &mut [Seen<'_>], number: ElementNumber, state: &'static str, at: Timestamp) {
    if let Ok(place) = seen.binary_search_by_key(&number, |element| element.number) {
        let element = &mut seen[place];
        element.state = state;
        element.ended_at = Some(at);
    }
}

/// One entry per event, oldest first. Values only for those who may read variables, addresses of members only for those
/// who manage external tasks.
pub fn entries(instance: &Instance, journal: &[JournalEntry], variables: bool, addresses: bool) -> Vec<Value> {
    let reached = reached(instance, journal);
    let entries = journal.iter().flat_map(|entry| (0..entry.events.len()).map(move |place| (entry, place)));
    entries
        .map(|(entry, place)| {
            let event = &entry.events[place];
            let head = head(entry.at, &entry.actor, &entry.origin, &entry.command, addresses);
            let mut item = with_event(head, instance.key, event, variables);
            if let Event::VariablesSet(_) = event {
                let wrote = match writer(&entry.events, place) {
                    Some(Writer::Instance(number)) => reached.get(&number).copied(),
                    Some(Writer::Element(id)) => Some(id),
                    None => None,
                };
                item["elementId"] = json!(wrote);
            }
            item
        })
        .collect()
}

/// The element of each element instance that waits, or waited in a part of the journal.
fn reached<'a>(instance: &'a Instance, journal: &'a [JournalEntry]) -> BTreeMap<ElementNumber, &'a str> {
    let events = journal.iter().flat_map(|entry| &entry.events);
    let reached =
        events.filter_map(|event| if let Event::ElementActivated(reached) = event { Some(reached) } else { None });
    let live = instance.elements.iter().map(|live| (live.number, live.element.as_str()));
    live.chain(reached.map(|reached| (reached.number, reached.element.as_str()))).collect()
}

/// The instances that call activities wait for or, in a part of the journal, waited for; by age of the activity.
pub fn children(instance: &Instance, journal: &[JournalEntry]) -> Vec<(InstanceKey, Value)> {
    let reached = reached(instance, journal);
    let events = journal.iter().flat_map(|entry| &entry.events);
    let started = events.filter_map(|event| {
        if let Event::ChildStarted { element, child } = event { Some((*element, *child)) } else { None }
    });
    let live = instance.elements.iter().filter_map(|live| Some((live.number, live.child?)));
    let children: BTreeSet<(ElementNumber, InstanceKey)> = live.chain(started).collect();
    children
        .into_iter()
        .map(|(element, child)| {
            let key = instance.key.element(element);
            (child, json!({ "instanceKey": child, "elementId": reached.get(&element), "elementKey": key }))
        })
        .collect()
}

/// One entry of a task's history.
pub fn line(instance: InstanceKey, line: &HistoryLine, values: bool) -> Value {
    // Who may not see addresses was given none.
    with_event(head(line.at, &line.actor, &line.origin, &line.command, true), instance, &line.event, values)
}

/// When, who, from where, and what was asked.
fn head(at: Timestamp, actor: &Actor, origin: &Origin, command: &str, addresses: bool) -> Value {
    let mut head = json!({ "at": at.to_string(), "actor": actor.name(), "command": command });
    let from = [
        ("door", origin.door.map(|door| Value::from(door.as_str()))),
        ("address", origin.address.as_deref().filter(|_| addresses).map(Value::from)),
        ("bulkRunKey", origin.run.map(|run| json!(run))),
    ];
    let from: Map<String, Value> =
        from.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
    if !from.is_empty() {
        head["origin"] = Value::Object(from);
    }
    head
}

fn with_event(mut item: Value, key: InstanceKey, event: &Event, values: bool) -> Value {
    let (name, details) = describe(key, event, values);
    item["type"] = name.into();
    if let (Value::Object(item), Value::Object(details)) = (&mut item, details) {
        item.extend(details);
    }
    item
}

/// A message or signal that an event waits for.
pub fn awaited(event: &str, awaited: &Awaited) -> Value {
    match awaited {
        Awaited::Message { name, key } => json!({ "elementId": event, "message": name, "correlationKey": key }),
        Awaited::Signal { name } => json!({ "elementId": event, "signal": name }),
    }
}

fn describe(key: InstanceKey, event: &Event, values: bool) -> (&'static str, Value) {
    let shown = |map: &domain::variables::Variables| {
        if values { Value::Object(map.clone()) } else { map.keys().cloned().collect() }
    };
    let element = |reached: &ElementActivated| json!({ "elementId": reached.element, "elementKey": key.element(reached.number), "flowId": reached.flow });
    match event {
        Event::InstanceStarted(started) => {
            ("instanceStarted", json!({ "variables": shown(&started.variables), "elementId": started.timer }))
        }
        Event::StatusChanged(status) => ("statusChanged", json!({ "status": status.as_str() })),
        Event::ElementActivated(reached) => ("elementActivated", element(reached)),
        Event::ElementPassed(reached) => ("elementPassed", element(reached)),
        Event::ElementCompleted(number) => ("elementCompleted", json!({ "elementKey": key.element(*number) })),
        Event::ElementTerminated(number) => ("elementTerminated", json!({ "elementKey": key.element(*number) })),
        Event::TurnsBegun { element, total } => {
            ("turnsBegun", json!({ "elementKey": key.element(*element), "total": total }))
        }
        Event::TurnGave { element, turn, value } => {
            ("turnGave", json!({ "elementKey": key.element(*element), "turn": turn, "value": values.then_some(value) }))
        }
        Event::LocalsSet { element, values } => {
            ("variablesSet", json!({ "elementKey": key.element(*element), "variables": shown(values) }))
        }
        Event::FlowJoined { element, flow } => {
            ("flowJoined", json!({ "elementKey": key.element(*element), "flowId": flow }))
        }
        Event::FlowsTaken(ready) => {
            ("flowsWaiting", json!({ "elementIds": ready.iter().map(|ready| &ready.element).collect::<Vec<_>>() }))
        }
        Event::FlowsResumed => ("flowsResumed", json!({})),
        Event::VariablesSet(map) => ("variablesSet", json!({ "variables": shown(map) })),
        Event::EntityStateSet(state) => ("entityStateSet", json!({ "entityState": state })),
        Event::TimerStarted { event, occurrence, due, .. } => {
            ("timerStarted", json!({ "elementId": event, "occurrence": occurrence, "dueAt": due.to_string() }))
        }
        Event::ChildStarted { element, child } => {
            ("childStarted", json!({ "elementKey": key.element(*element), "instanceKey": child }))
        }
        Event::ChildGone { element } => ("childGone", json!({ "elementKey": key.element(*element) })),
        Event::ErrorThrown(thrown) => ("errorThrown", json!({ "code": thrown.code, "message": thrown.message })),
        Event::Subscribed { subscription, .. } => ("subscribed", awaited(&subscription.event, &subscription.to)),
        Event::Received { event, .. } => ("received", json!({ "elementId": event })),
        Event::TimerFired { event, occurrence, .. } => {
            ("timerFired", json!({ "elementId": event, "occurrence": occurrence }))
        }
        Event::ActionOrdered { element, attempt, .. } => {
            ("actionOrdered", json!({ "elementKey": key.element(*element), "attempt": attempt }))
        }
        Event::ActionCompleted { element, attempt } => {
            ("actionCompleted", json!({ "elementKey": key.element(*element), "attempt": attempt }))
        }
        Event::ActionFailed { element, attempt, code, next } => (
            "actionFailed",
            json!({ "elementKey": key.element(*element), "attempt": attempt, "code": code, "nextAt": time(*next) }),
        ),
        Event::IncidentRaised(incident) => (
            "incidentRaised",
            json!({ "elementId": incident.element, "code": incident.code, "message": incident.message }),
        ),
        Event::IncidentResolved(number) => ("incidentResolved", json!({ "elementKey": key.element(*number) })),
        Event::TaskCreated(created) => (
            "taskCreated",
            json!({ "taskKey": key.task(created.task), "activityId": created.activity,
                    "expiresAt": time(created.expires_at) }),
        ),
        Event::TaskOpened(task) => ("taskOpened", json!({ "taskKey": key.task(*task) })),
        Event::TaskDraftSaved { task, values } => {
            ("draftSaved", json!({ "taskKey": key.task(*task), "fields": values.keys().collect::<Vec<_>>() }))
        }
        Event::TaskSubmitDenied { task, codes, .. } => {
            ("submitDenied", json!({ "taskKey": key.task(*task), "codes": codes }))
        }
        Event::FormErrorsSet { task, errors } => {
            ("formErrors", json!({ "taskKey": key.task(*task), "errors": super::form_errors(errors) }))
        }
        Event::TaskReminded { task, .. } => ("reminded", json!({ "taskKey": key.task(*task) })),
        Event::TaskResent(task) => ("resent", json!({ "taskKey": key.task(*task) })),
        Event::TaskSynced { task, version } => {
            ("templatesSynced", json!({ "taskKey": key.task(*task), "templatesVersion": version }))
        }
        Event::TaskCompleted { task, outcome, answers, .. } => {
            ("taskCompleted", json!({ "taskKey": key.task(*task), "outcome": outcome, "answers": shown(answers) }))
        }
        Event::TaskEnded { task, status, cause, reason } => (
            "taskEnded",
            json!({ "taskKey": key.task(*task), "status": status.as_str(), "cause": cause_name(*cause),
                    "reason": reason }),
        ),
        Event::TaskBounced { task, delivery } => {
            ("mailBounced", json!({ "taskKey": key.task(*task), "delivery": delivery.as_str() }))
        }
        Event::WorkTask { task, what } => super::work_task::event(key.task(*task), what, &shown),
        Event::CancelRequested(reason) => ("cancelRequested", json!({ "reason": reason })),
    }
}

fn cause_name(cause: EndCause) -> &'static str {
    match cause {
        EndCause::Cancel => "cancel",
        EndCause::Interrupt => "interrupt",
        EndCause::Expire => "expire",
    }
}
