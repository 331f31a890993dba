//! Events and effects as short lines, so that a test reads like a history.

use crate::effect::{Due, Effect};
use crate::event::Event;
use crate::work_task::event::WorkTaskEvent;

pub fn events(events: &[Event]) -> Vec<String> {
    events.iter().map(event).collect()
}

pub fn effects(effects: &[Effect]) -> Vec<String> {
    effects.iter().map(effect).collect()
}

fn names<'a>(names: impl Iterator<Item = &'a String>) -> String {
    names.map(String::as_str).collect::<Vec<_>>().join(" ")
}

fn event(event: &Event) -> String {
    match event {
        Event::InstanceStarted(started) => format!("started {} by {}", started.process_id, started.by),
        Event::StatusChanged(status) => format!("status {status}"),
        Event::ElementActivated(reached) => format!("activated {}", reached.element),
        Event::ElementPassed(reached) => format!("passed {}", reached.element),
        Event::ElementCompleted(number) => format!("completed element {}", number.0),
        Event::FlowJoined { element, flow } => format!("joined {flow} at {}", element.0),
        Event::ElementTerminated(number) => format!("terminated element {}", number.0),
        Event::TurnsBegun { element, total } => format!("{total} turns at {}", element.0),
        Event::TurnGave { turn, value, .. } => format!("turn {turn} gave {value}"),
        Event::LocalsSet { values, .. } => format!("own variables {}", names(values.keys())),
        Event::FlowsTaken(ready) => {
            format!("waiting flows to {}", names(ready.iter().map(|ready| &ready.element)))
        }
        Event::FlowsResumed => "waiting flows go on".to_owned(),
        Event::VariablesSet(values) => format!("variables {}", names(values.keys())),
        Event::EntityStateSet(state) => format!("entity {state}"),
        Event::TimerStarted { event, occurrence, due, .. } => format!("timer {event} {occurrence} due {due}"),
        Event::TimerFired { event, occurrence, .. } => format!("fired {event} {occurrence}"),
        Event::ChildStarted { child, .. } => format!("child {child}"),
        Event::ChildGone { element } => format!("child of {} gone", element.0),
        Event::ErrorThrown(thrown) => format!("thrown {}", thrown.code),
        Event::Subscribed { subscription, .. } => format!("{} awaits {:?}", subscription.event, subscription.to),
        Event::Received { event, .. } => format!("received {event}"),
        Event::ActionOrdered { attempt, .. } => format!("action {attempt} ordered"),
        Event::ActionCompleted { attempt, .. } => format!("action {attempt} completed"),
        Event::ActionFailed { attempt, code, next: None, .. } => format!("action {attempt} failed {code}"),
        Event::ActionFailed { attempt, code, next: Some(at), .. } => {
            format!("action {attempt} failed {code}, again at {at}")
        }
        Event::IncidentRaised(incident) => format!("incident {} at {}", incident.code, incident.element),
        Event::IncidentResolved(number) => format!("resolved {}", number.0),
        Event::TaskCreated(created) => format!("task {} created for {}", created.task.0, created.activity),
        Event::TaskOpened(task) => format!("task {} opened", task.0),
        Event::TaskDraftSaved { task, values } => format!("task {} draft {}", task.0, names(values.keys())),
        Event::TaskSubmitDenied { task, codes, .. } => format!("task {} denied {}", task.0, names(codes.iter())),
        Event::FormErrorsSet { task, errors } => {
            format!("task {} form errors {}", task.0, names(errors.iter().map(|error| &error.message)))
        }
        Event::TaskReminded { task, next } => format!("task {} reminded, next {next}", task.0),
        Event::TaskResent(task) => format!("task {} resent", task.0),
        Event::TaskSynced { task, version } => format!("task {} synced to {version}", task.0),
        Event::TaskCompleted { task, outcome, .. } => format!("task {} completed {outcome}", task.0),
        Event::TaskEnded { task, status, cause, .. } => format!("task {} {status} {cause:?}", task.0),
        Event::TaskBounced { task, delivery } => format!("task {} {delivery}", task.0),
        Event::WorkTask { task, what } => format!("task {} {}", task.0, work_task(what)),
        Event::CancelRequested(reason) => format!("reason {reason}"),
    }
}

fn work_task(event: &WorkTaskEvent) -> String {
    match event {
        WorkTaskEvent::Created(created) => format!("created for {}", created.activity),
        WorkTaskEvent::Completed { outcome, .. } => format!("completed {outcome}"),
        WorkTaskEvent::CompleteDenied { codes, .. } => format!("denied {}", names(codes.iter())),
        WorkTaskEvent::Failed { code, .. } => format!("failed {code}"),
        WorkTaskEvent::Retried => "retried".to_owned(),
        WorkTaskEvent::Canceled { cause } => format!("canceled {cause:?}"),
    }
}

fn due(due: &Due) -> String {
    match due {
        Due::Reminder { task, occurrence } => format!("reminder {} {occurrence}", task.0),
        Due::Expiry { task } => format!("expiry {}", task.0),
        Due::Timer { element, event, occurrence } => format!("timer {} {event} {occurrence}", element.0),
        Due::Start(start) => format!("start {} {} {}", start.version, start.event, start.occurrence),
    }
}

fn effect(effect: &Effect) -> String {
    match effect {
        Effect::Notify { task, kind } => format!("notify {} {kind:?}", task.0),
        Effect::Schedule { due: what, at } => format!("schedule {} at {at}", due(what)),
        Effect::Unschedule { due: what } => format!("unschedule {}", due(what)),
        Effect::Find { task } => format!("find {}", task.0),
        Effect::Call(call) => format!("call {call:?}"),
        Effect::Throw { element, to, variables } => format!("throw {} {to:?} {variables:?}", element.0),
        Effect::Act { element, attempt, at } => format!("call {} attempt {attempt} at {at}", element.0),
        Effect::Mail { element, attempt, recipient } => format!("mail {} attempt {attempt} to {recipient}", element.0),
        Effect::Continue => "continue".to_owned(),
    }
}
