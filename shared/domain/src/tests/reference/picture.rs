//! What both interpreters can be asked about an instance, in the same words. Order of what happens side by side is left
//! out; what is left differs only where the interpreters differ.

use super::interpreter::{Activity, Age, At, Counts, MINUTE, Order, Reference, Status};
use super::plan::{Plan, What};
use crate::effect::{Due, Effect};
use crate::event::Event;
use crate::ids::ElementNumber;
use crate::instance::{Awaited, ElementInstance, InstanceStatus};
use crate::process::{ElementKind, Process};
use crate::tests::dsl::{NINE, World, key};
use crate::time::Timestamp;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    status: Status,
    /// What is live, with the scopes around it and what it waits for.
    live: Vec<String>,
    /// Flows that were taken and wait for a job or for the end of an error.
    resting: Vec<String>,
    incidents: Vec<String>,
    variables: Map<String, Value>,
    errors: Vec<String>,
    counts: BTreeMap<String, Counts>,
}

impl Picture {
    /// Without what says in which order things happened.
    pub fn outcome(mut self) -> Picture {
        self.variables.retain(|name, _| !name.starts_with("last") && name != "currentUser");
        self.errors.sort();
        self
    }

    /// What the other one says differently, line by line.
    pub fn differences(&self, engine: &Picture) -> Option<String> {
        let words = |picture: &Picture| {
            let mut lines = vec![format!("status {:?}", picture.status)];
            lines.extend(picture.live.iter().map(|line| format!("live {line}")));
            lines.extend(picture.resting.iter().map(|line| format!("resting {line}")));
            lines.extend(picture.incidents.iter().map(|line| format!("incident {line}")));
            lines.extend(picture.variables.iter().map(|(name, value)| format!("variable {name} = {value}")));
            lines.extend(picture.errors.iter().enumerate().map(|(number, line)| format!("error {number} {line}")));
            lines.extend(picture.counts.iter().map(|(name, counts)| format!("{name} {counts:?}")));
            lines
        };
        let (mut expected, mut found) = (words(self), words(engine));
        for line in words(self) {
            if let Some(at) = found.iter().position(|other| *other == line) {
                found.remove(at);
                expected.retain({
                    let mut once = true;
                    move |other| *other != line || !std::mem::take(&mut once)
                });
            }
        }
        let lines = expected.iter().map(|line| format!("  reference: {line}"));
        let lines: Vec<String> = lines.chain(found.iter().map(|line| format!("  engine:    {line}"))).collect();
        (!lines.is_empty()).then(|| lines.join("\n"))
    }
}

/// One live thing in words. Times in minutes since the start.
fn live(
    path: &str,
    waits: &[&str],
    alarms: Vec<(String, i64, u32)>,
    awaits: Vec<String>,
    local: &Map<String, Value>,
) -> String {
    let mut alarms: Vec<String> = alarms
        .into_iter()
        .map(|(event, due, nth)| format!("{event}@{}#{nth}", (due - NINE) as f64 / MINUTE as f64))
        .collect();
    alarms.extend(awaits);
    alarms.sort();
    format!("{path} {} {} {}", waits.join(" "), alarms.join(" "), Value::Object(local.clone()))
}

pub fn of_reference(reference: &Reference<'_>, plan: &Plan) -> Picture {
    let mut lives = Vec::new();
    for activity in &reference.activities {
        // Who listens for nothing any more only stays until its scope ends.
        if matches!(plan.node(activity.node).what, What::EventStart { .. })
            && activity.alarms.is_empty()
            && activity.awaits.is_empty()
        {
            continue;
        }
        let mut waits = Vec::new();
        waits.extend(activity.asks.then_some("asks"));
        waits.extend(activity.failed.then_some("failed"));
        waits.extend(activity.calls.then_some("calls"));
        let request = activity.request.as_ref().map(|request| request_in_words(request.attempt, request.left));
        waits.extend(request.as_deref());
        let turns = activity.turns.as_ref().map(|turns| turns_in_words(turns.total, turns.begun, turns.done));
        waits.extend(turns.as_deref());
        let alarms = activity.alarms.iter().map(|alarm| (plan.name(alarm.event), alarm.due, alarm.nth));
        let expires = activity.expires.map(|expires| ("expiry".to_owned(), expires, 1));
        let alarms = alarms.chain(expires).collect();
        let own = key();
        let awaits = activity.awaits.iter();
        let awaits = awaits.map(|awaits| awaits_in_words(&plan.name(awaits.event), &awaits.word.awaited(own)));
        lives.push(live(&path(reference, plan, activity), &waits, alarms, awaits.collect(), &activity.local));
    }
    for (node, scope) in reference.joins() {
        for round in reference.rounds(node, scope) {
            let at = At::Join { scope, since: round[0].since };
            let failed = reference.incidents.iter().any(|incident| incident.at == at);
            let flows = round.iter().filter_map(|arrived| arrived.token.flow).map(|flow| plan.flow_name(flow));
            let path = format!("{}{}", around(reference, plan, scope), plan.name(node));
            lives.push(join(&path, failed, flows.collect()));
        }
    }
    let resting = reference.resting.iter().map(|token| {
        let flow = token.flow.map(|flow| plan.flow_name(flow)).unwrap_or_default();
        format!("{}{} by {flow}", around(reference, plan, token.scope), plan.name(token.node))
    });
    let incidents =
        reference.incidents.iter().map(|incident| format!("{} {}", plan.name(incident.node), incident.code()));
    let counts = reference.counts.iter().filter(|(node, _)| !listens(plan, **node));
    Picture {
        status: reference.status,
        live: sorted(lives),
        resting: sorted(resting.collect()),
        incidents: sorted(incidents.collect()),
        variables: reference.variables.clone(),
        errors: reference
            .errors
            .iter()
            .rev()
            .take(50)
            .rev()
            .map(|(code, node)| format!("{} {code}", plan.name(*node)))
            .collect(),
        counts: counts.map(|(node, counts)| (plan.name(*node), *counts)).collect(),
    }
}

pub fn of_engine(world: &World) -> Picture {
    let instance = &world.state().instance;
    let scope = |number| around_live(world, number);
    let waits = |live: &ElementInstance| !live.timers.is_empty() || !live.subscriptions.is_empty();
    let shown = |live: &ElementInstance| !is_listener(&world.process, &live.element) || waits(live);
    let lives = instance.elements.iter().filter(|live| shown(live)).map(|element| {
        let path = format!("{}{}", scope(element.scope), element.element);
        if !element.arrived.is_empty() {
            return join(&path, element.failed, element.arrived.iter().map(ToString::to_string).collect());
        }
        let mut waits = Vec::new();
        waits.extend(element.task.is_some().then_some("asks"));
        waits.extend(element.failed.then_some("failed"));
        let request = element.action.as_ref().map(|action| request_in_words(action.attempt, action.left));
        waits.extend(request.as_deref());
        let calls = matches!(
            world.process.element(&element.element).map(|element| &element.kind),
            Some(ElementKind::CallActivity(_))
        );
        // What is around the turns of a call activity calls nobody itself.
        waits.extend((calls && !element.failed && element.turns.is_none()).then_some("calls"));
        let turns = element.turns.as_ref().map(|turns| turns_in_words(turns.total, turns.begun, turns.done));
        waits.extend(turns.as_deref());
        let timers = element.timers.iter();
        let alarms = timers.map(|timer| (timer.event.clone(), timer.due.as_millis(), timer.occurrence));
        let expires = element.task.and_then(|task| world.state().tasks.get(&task)?.expires_at);
        let expires = expires.map(|expires| ("expiry".to_owned(), expires.as_millis(), 1));
        let alarms = alarms.chain(expires).collect();
        let awaits = element.subscriptions.iter().map(|awaits| awaits_in_words(&awaits.event, &awaits.to)).collect();
        live(&path, &waits, alarms, awaits, &element.local)
    });
    let resting = instance
        .ready
        .iter()
        .map(|ready| format!("{}{} by {}", scope(ready.scope), ready.element, ready.flow.clone().unwrap_or_default()));
    let incidents = instance.incidents.iter().map(|incident| format!("{} {}", incident.element, incident.code));
    let mut variables = instance.variables.clone();
    variables.retain(|name, _| !name.starts_with('_'));
    let text = |error: &Value, name: &str| error[name].as_str().unwrap_or_default().to_owned();
    let errors = match instance.variables.get("_errorHistory") {
        Some(Value::Array(errors)) => {
            errors.iter().map(|error| format!("{} {}", text(error, "taskId"), text(error, "errorCode"))).collect()
        }
        _ => Vec::new(),
    };
    Picture {
        status: match instance.status {
            InstanceStatus::Running => Status::Running,
            InstanceStatus::Waiting => Status::Waiting,
            InstanceStatus::Completed => Status::Completed,
            InstanceStatus::Error => Status::Error,
            InstanceStatus::Cancelled => Status::Cancelled,
        },
        live: sorted(lives.collect()),
        resting: sorted(resting.collect()),
        incidents: sorted(incidents.collect()),
        variables,
        errors,
        counts: counts(world),
    }
}

/// What the journal says was reached, left and taken away.
fn counts(world: &World) -> BTreeMap<String, Counts> {
    let mut names: BTreeMap<ElementNumber, &str> = BTreeMap::new();
    let mut counts: BTreeMap<String, Counts> = BTreeMap::new();
    for event in world.journal.iter().flat_map(|(_, events, _)| events) {
        if let Event::ElementActivated(reached) = event {
            names.insert(reached.number, &reached.element);
            counts.entry(reached.element.clone()).or_default().reached += 1;
        } else if let Event::ElementPassed(passed) = event {
            let counts = counts.entry(passed.element.clone()).or_default();
            counts.reached += 1;
            counts.left += 1;
        } else if let Event::ElementCompleted(number) = event {
            counts.entry(names[number].to_owned()).or_default().left += 1;
        } else if let Event::ElementTerminated(number) = event {
            counts.entry(names[number].to_owned()).or_default().withdrawn += 1;
        }
    }
    counts.retain(|element, _| !is_listener(&world.process, element));
    counts
}

/// What the outside is to do for what is still there, in words.
pub fn orders_of_reference(reference: &Reference<'_>, plan: &Plan) -> Vec<String> {
    let words = |order: &Order| match order {
        Order::Ask { age, request } => {
            let task = reference.activity(*age)?;
            Some(format!("{} attempt {} at {}", path(reference, plan, task), request.attempt, request.at))
        }
        Order::Begin { nth, at } => Some(format!("begin {nth} at {at}")),
        Order::Say { word, values } => Some(said_in_words(&word.awaited(key()), values)),
    };
    sorted(reference.orders.iter().filter_map(words).collect())
}

/// The same of what the engine has committed since a position in the journal.
pub fn orders_of_engine(world: &World, since: usize) -> Vec<String> {
    let instance = &world.state().instance;
    let path = |number: ElementNumber| match instance.element(number) {
        Some(live) => format!("{}{}", around_live(world, live.scope), live.element),
        None => "what is gone".to_owned(),
    };
    let words = |now: Timestamp, effect: &Effect| match effect {
        Effect::Act { element, attempt, at } => {
            Some(format!("{} attempt {attempt} at {}", path(*element), at.as_millis()))
        }
        Effect::Mail { element, attempt, .. } => {
            Some(format!("{} attempt {attempt} at {}", path(*element), now.as_millis()))
        }
        Effect::Throw { to, variables, .. } => Some(said_in_words(to, variables)),
        Effect::Schedule { due: Due::Start(start), .. } => {
            Some(format!("begin {} at {}", start.occurrence, start.at.as_millis()))
        }
        Effect::Schedule { due: Due::Timer { .. } | Due::Reminder { .. } | Due::Expiry { .. }, .. }
        | Effect::Unschedule { .. }
        | Effect::Notify { .. }
        | Effect::Find { .. }
        | Effect::Call(_)
        | Effect::Continue => None,
    };
    let commits = world.journal[since..].iter();
    sorted(commits.flat_map(|(now, _, effects)| effects.iter().filter_map(|effect| words(*now, effect))).collect())
}

fn around_live(world: &World, number: Option<ElementNumber>) -> String {
    let instance = &world.state().instance;
    let mut words = String::new();
    let mut around = number.and_then(|number| instance.element(number));
    while let Some(live) = around {
        words = format!("{}/{words}", live.element);
        around = live.scope.and_then(|number| instance.element(number));
    }
    words
}

fn is_listener(process: &Process, element: &str) -> bool {
    process.element(element).is_some_and(|element| matches!(element.kind, ElementKind::EventStart(_)))
}

fn listens(plan: &Plan, node: usize) -> bool {
    matches!(plan.node(node).what, What::EventStart { .. })
}

fn path(reference: &Reference<'_>, plan: &Plan, activity: &Activity) -> String {
    format!("{}{}", around(reference, plan, activity.scope), plan.name(activity.node))
}

fn around(reference: &Reference<'_>, plan: &Plan, scope: Option<Age>) -> String {
    match scope.and_then(|age| reference.activity(age)) {
        Some(activity) => format!("{}/", path(reference, plan, activity)),
        None => String::new(),
    }
}

fn join(path: &str, failed: bool, mut flows: Vec<String>) -> String {
    flows.sort();
    format!("{path} has {}{}", flows.join(" "), if failed { " failed" } else { "" })
}

fn said_in_words(what: &Awaited, values: &Map<String, Value>) -> String {
    format!("say {what:?} {}", Value::Object(values.clone()))
}

fn awaits_in_words(event: &str, what: &Awaited) -> String {
    format!("{event} {what:?}")
}

fn request_in_words(attempt: u32, left: u32) -> String {
    format!("attempt {attempt} and {left} more")
}

fn turns_in_words(total: u32, begun: u32, done: u32) -> String {
    format!("{done} of {begun} of {total}")
}

fn sorted(mut lines: Vec<String>) -> Vec<String> {
    lines.sort();
    lines
}
