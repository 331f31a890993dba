//! The first tab: the diagram, every execution of an element, facts, tasks and called processes.

use super::{Details, Execution, Fact, State, is_system_task, name, path_part, system_tasks};
use crate::console::instances::{Look, Moment};
use crate::format::{self, Zone};
use crate::text::Lang;
use domain::external_task::{ExternalTask, Status};
use domain::ids::TaskNumber;
use domain::process::{Process, Trigger};
use domain::time::Timestamp;
use domain::work_task::{State as WorkState, WorkTask};
use serde::Serialize;

/// Executions in the table at most; the history has them all.
pub(super) const EXECUTIONS_MAX: usize = 200;
/// Tasks listed beside the diagram at most, and called processes.
pub const TASKS_MAX: usize = 50;

#[derive(Serialize)]
pub(super) struct Overview {
    process: String,
    version: u32,
    executions: Vec<ExecutionView>,
    executions_rest: usize,
    facts: Vec<Fact>,
    tasks: Vec<TaskView>,
    tasks_rest: usize,
    children: Vec<ChildView>,
    children_rest: usize,
}

#[derive(Serialize)]
struct ExecutionView {
    id: String,
    element: String,
    name: String,
    kind: &'static str,
    look: Look,
    who: Option<String>,
    /// What it waits for, or what it asked: the page that says more.
    more: Option<String>,
    started: Option<Moment>,
    ended: Option<Moment>,
}

#[derive(Serialize)]
pub(super) struct TaskView {
    /// Its page, where it has one.
    link: Option<String>,
    name: String,
    look: Look,
    /// Recipient, assignee or candidates.
    who: String,
}

/// An instance that a call activity started.
#[derive(Serialize)]
struct ChildView {
    name: String,
    key: String,
    /// Its page, where the reader may see it.
    link: Option<String>,
    look: Look,
    /// Where the error is, when it is further down.
    failed: Option<String>,
}

impl Overview {
    pub fn of(details: &Details<'_>, (zone, now): (&Zone, Timestamp)) -> Overview {
        let instance = &details.aggregate.instance;
        let executions = &details.progress.executions;
        let tasks = task_views(details, |_| true, |_| true, now);
        let children = &details.progress.children;
        Overview {
            process: details.process.name.clone(),
            version: instance.definition_version,
            executions: executions
                .iter()
                .enumerate()
                .rev()
                .take(EXECUTIONS_MAX)
                .map(|(place, execution)| execution_view(place, execution, details, zone, now))
                .collect(),
            executions_rest: executions.len().saturating_sub(EXECUTIONS_MAX),
            facts: facts(details, zone),
            tasks_rest: tasks.len().saturating_sub(TASKS_MAX),
            tasks: tasks.into_iter().take(TASKS_MAX).collect(),
            children: child_views(details),
            children_rest: children.len().saturating_sub(TASKS_MAX),
        }
    }
}

pub(super) fn look(state: State) -> Look {
    let (icon, tone, word) = match state {
        State::Failed => ("failed", "bad", "Failed"),
        State::Active => ("pending", "accent", "Waiting"),
        State::Next => ("half", "accent", "Next"),
        State::Completed => ("done", "ok", "Completed"),
        State::Stopped => ("cancelled", "", "Stopped"),
    };
    Look { icon, tone, word }
}

fn execution_view(
    place: usize,
    execution: &Execution,
    details: &Details<'_>,
    zone: &Zone,
    now: Timestamp,
) -> ExecutionView {
    let number = execution.number;
    let task = number
        .and_then(|number| details.aggregate.tasks.values().find(|task| task.element == number))
        .filter(|_| details.may.tasks);
    let child = details.progress.children.iter().rev().find(|(element, _)| Some(*element) == number);
    let short = |at| Moment::short(zone, at, now);
    let more = if let Some(task) = task {
        Some(format!("/external-tasks/{}", task.key))
    } else if let Some((_, child)) = child {
        details.may.list.then(|| format!("/instances/{child}"))
    } else {
        number
            .filter(|_| is_system_task(details.process, &execution.element))
            .map(|number| system_tasks::place(details, number))
    };
    ExecutionView {
        id: number.map_or_else(|| format!("next-{place}"), |number| number.0.to_string()),
        element: execution.element.clone(),
        name: name(details.process, &execution.element),
        kind: kind_word(details.process, &execution.element),
        look: look(execution.state),
        who: task.map(|task| task.recipient.as_str().to_owned()),
        more,
        started: execution.started_at.map(short),
        // What is passed at once needs no second time.
        ended: execution.ended_at.filter(|at| Some(*at) != execution.started_at).map(short),
    }
}

/// The kind of an element in the words of its designer.
fn kind_word(process: &Process, id: &str) -> &'static str {
    let Some(element) = process.element(id) else { return "No longer known" };
    if let Some(task) = element.kind.as_system_task() {
        return system_tasks::kind_word(task);
    }
    if process.external_task(id).is_some() {
        return "External task";
    }
    if let Some((trigger, _)) = element.kind.trigger() {
        return match trigger {
            Trigger::Timer(_) => "Timer",
            Trigger::Error(_) => "Error",
            Trigger::Message(_) => "Message",
            Trigger::Signal(_) => "Signal",
        };
    }
    match element.kind.bpmn_name() {
        "startEvent" => "Start",
        "endEvent" => "End",
        "userTask" => "User task",
        "scriptTask" => "Script",
        "callActivity" => "Called process",
        "subProcess" => "Sub-process",
        "exclusiveGateway" | "parallelGateway" | "inclusiveGateway" | "eventBasedGateway" => "Gateway",
        _ => "Task",
    }
}

fn facts(details: &Details<'_>, zone: &Zone) -> Vec<Fact> {
    let instance = &details.aggregate.instance;
    let moment =
        |name, at: Timestamp| Fact::at(name, Moment { iso: at.to_string(), text: format::moment(Lang::En, zone, at) });
    let mut facts = Vec::new();
    facts.extend(instance.business_key.clone().map(|key| Fact::text("Business key", key)));
    facts.push(moment("Started", instance.started_at));
    facts.push(Fact::text("Started by", instance.started_by.clone()));
    facts.extend(instance.parent.as_ref().map(|parent| {
        let key = parent.instance.to_string();
        let href = details.may.list.then(|| format!("/instances/{key}#e{}", parent.element.0));
        Fact { href, ..Fact::code("Called by", key) }
    }));
    facts.extend(instance.ended_at.map(|at| moment("Ended", at)));
    facts.extend(instance.thrown.as_ref().map(|thrown| Fact::code("Ended by the error", thrown.code.clone())));
    facts.extend(instance.entity_state.clone().map(|state| Fact::text("State", state)));
    let tickets = details.aggregate.tasks.values().filter(|task| !task.status.is_final()).count();
    let open = tickets + details.aggregate.work_tasks.values().filter(|task| !task.state.is_final()).count();
    facts.push(Fact::text("Open tasks", open.to_string()));
    if !instance.incidents.is_empty() {
        facts.push(Fact::text("Incidents", instance.incidents.len().to_string()));
    }
    facts.push(Fact::code("Instance", instance.key.to_string()));
    facts.push(Fact::code("GUID", instance.key.guid()));
    let definition = format!("{}, version {}", details.process.name, instance.definition_version);
    let href = details.may.definitions.then(|| format!("/definitions/{}", path_part(&instance.process_id)));
    facts.push(Fact { href, ..Fact::text("Definition", definition) });
    facts
}

fn child_views(details: &Details<'_>) -> Vec<ChildView> {
    let newest = details.progress.children.iter().rev().take(TASKS_MAX);
    newest
        .map(|(element, child)| {
            let execution = details.progress.execution(*element);
            // One that gave nothing was followed by another.
            let last = details.progress.children.iter().rev().find(|(other, _)| other == element);
            let gone = last.is_some_and(|(_, last)| last != child);
            let state = execution.map_or(State::Stopped, |execution| execution.state);
            ChildView {
                name: execution.map_or_else(String::new, |execution| name(details.process, &execution.element)),
                key: child.to_string(),
                link: details.may.list.then(|| format!("/instances/{child}")),
                look: look(match details.failed.get(child) {
                    Some(_) => State::Failed,
                    None if gone => State::Stopped,
                    None => state,
                }),
                failed: details.failed.get(child).filter(|failed| *failed != child).map(ToString::to_string),
            }
        })
        .collect()
}

/// Tasks of both kinds, the newest first. External ones are for who may see them.
pub(super) fn task_views(
    details: &Details<'_>,
    external: impl Fn(&ExternalTask) -> bool,
    work: impl Fn(&WorkTask) -> bool,
    now: Timestamp,
) -> Vec<TaskView> {
    let tickets = details.aggregate.tasks.iter().filter(|(_, task)| details.may.tasks && external(task));
    let tickets = tickets.map(|(number, task)| (*number, task_view(task, details, now)));
    let works = details.aggregate.work_tasks.iter().filter(|(_, task)| work(task));
    let mut views: Vec<(TaskNumber, TaskView)> =
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
