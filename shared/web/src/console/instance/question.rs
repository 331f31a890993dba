//! The questions before an instance is cancelled and before a failed step runs again: what will happen, in sentences.

use super::overview::{TASKS_MAX, TaskView, task_views};
use super::{Details, name, system_tasks, title, waiting};
use crate::console::{Shell, render};
use domain::action::ActionRequest;
use domain::external_task::{ExternalTask, Status};
use domain::ids::ElementNumber;
use domain::instance::Incident;
use domain::time::Timestamp;
use serde::Serialize;

#[derive(Serialize)]
struct CancelPage {
    key: String,
    title: String,
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
    let tasks = task_views(details, pending, |task| !task.state.is_final(), now);
    let view = CancelPage {
        key: instance.key.to_string(),
        title: title(details.process, details.aggregate),
        tasks_rest: tasks.len().saturating_sub(TASKS_MAX),
        tasks: tasks.into_iter().take(TASKS_MAX).collect(),
        question: "Cancel this instance and everything that runs in it?".to_owned(),
        stops: stops(details, now),
        reason: reason.to_owned(),
        error: error.map(str::to_owned),
    };
    render(if dialog { "console/instance-cancel-part.html" } else { "console/instance-cancel.html" }, shell, &view)
}

/// What a cancellation stops.
fn stops(details: &Details<'_>, now: Timestamp) -> Vec<String> {
    let instance = &details.aggregate.instance;
    let open = details.aggregate.tasks.values().filter(|task| task.status_at(now) == Status::Pending).count();
    let work = details.aggregate.work_tasks.values().filter(|task| !task.state.is_final()).count();
    let called = instance.elements.iter().filter(|element| element.child.is_some()).count();
    let asked = instance.elements.iter().filter(|element| element.action.is_some() && !element.failed).count();
    let mut stops = vec![match open {
        0 => "No external task is open: nobody outside notices.".to_owned(),
        1 => "1 open task ends. Its recipient sees the cancelled page and can no longer answer.".to_owned(),
        count => {
            format!("{count} open tasks end. Their recipients see the cancelled page and can no longer answer.")
        }
    }];
    let mut say = |count: usize, one: &str, many: &str| match count {
        0 => {}
        1 => stops.push(format!("1 {one}")),
        count => stops.push(format!("{count} {many}")),
    };
    say(work, "task of colleagues ends.", "tasks of colleagues end.");
    say(waiting::timers(instance), "timer stops.", "timers stop.");
    say(called, "called process is cancelled too.", "called processes are cancelled too.");
    say(asked, "request to another system is not repeated.", "requests to other systems are not repeated.");
    if !instance.incidents.is_empty() {
        stops.push("What failed is not tried again.".to_owned());
    }
    stops.push("Variables and history are kept.".to_owned());
    stops
}

#[derive(Serialize)]
struct RetryPage {
    key: String,
    title: String,
    element: String,
    name: String,
    message: String,
    code: String,
    says: Vec<String>,
}

/// The question before failed steps of one element run again: what a retry does. `incident` is the first of them.
pub fn retry_page(shell: &Shell, details: &Details<'_>, incident: &Incident, dialog: bool) -> String {
    let view = RetryPage {
        key: details.aggregate.instance.key.to_string(),
        title: title(details.process, details.aggregate),
        element: incident.element.clone(),
        name: name(details.process, &incident.element),
        message: incident.message.clone(),
        code: incident.code.clone(),
        says: says(details, incident),
    };
    render(if dialog { "console/instance-retry-part.html" } else { "console/instance-retry.html" }, shell, &view)
}

fn says(details: &Details<'_>, incident: &Incident) -> Vec<String> {
    let incidents = &details.aggregate.instance.incidents;
    let same = incidents.iter().filter(|other| other.element == incident.element).count();
    let mut says = Vec::new();
    if same > 1 {
        says.push(format!("All {same} failures of this step are tried again."));
    }
    match details.calls.iter().find(|call| call.element == incident.element_number) {
        Some(call) => {
            let attempts = call.attempts.last().map_or(0, |last| last.attempt);
            says.extend(again(call.request, attempts, details.may.variables));
        }
        None => says.push(work(details, incident.element_number, &incident.element)),
    }
    says.push("When it succeeds, the process goes on from there. When it fails again, it stops here again.".to_owned());
    if incidents.len() > same {
        says.push("The process moves on only when its other failures are repaired too.".to_owned());
    }
    says
}

/// What another attempt at an action means.
fn again(request: &ActionRequest, attempts: u32, values: bool) -> [String; 2] {
    let target = if values { format!(" ({})", system_tasks::target(request)) } else { String::new() };
    let attempt = attempts + 1;
    match request {
        ActionRequest::Http(_) | ActionRequest::Command { .. } => [
            format!("The request{target} is made from the variables as they are now and sent at once: attempt {attempt}."),
            "The other system may have acted on an earlier attempt. Each attempt carries an Idempotency-Key of its own."
                .to_owned(),
        ],
        ActionRequest::Email(_) => [
            format!("The mail{target} is written from the variables as they are now and sent at once: attempt {attempt}."),
            "Recipients who got an earlier one get it again.".to_owned(),
        ],
    }
}

/// What the retry of an element does that asked nothing outside.
fn work(details: &Details<'_>, number: ElementNumber, element: &str) -> String {
    let live = details.aggregate.instance.element(number);
    let task = live.and_then(|live| live.task);
    if task.is_some_and(|task| details.aggregate.work_tasks.contains_key(&task)) {
        return "The task is open again, with what was submitted.".to_owned();
    }
    if task.is_some() {
        return "The task stays open: the recipient can answer again.".to_owned();
    }
    if details.process.external_task(element).is_some() {
        return "A new task is made, and its recipient gets a new mail.".to_owned();
    }
    let kind = details.process.element(element).map(|element| &element.kind);
    match kind.map_or("", |kind| kind.bpmn_name()) {
        "userTask" => "A new task is made.".to_owned(),
        "callActivity" => "The process is called again, with the variables as they are now.".to_owned(),
        _ => "The step runs again, with the variables as they are now.".to_owned(),
    }
}
