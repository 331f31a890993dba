//! JSON answers: domain and stored shapes become wire shapes here; never a domain type on the wire.

pub mod bulk_run;
pub mod definition;
pub mod external_task;
pub mod history;
mod job;
pub mod work_task;

use domain::decision::{FormError, Reply};
use domain::ids::InstanceKey;
use domain::instance::{Aggregate, Instance};
use domain::process::Process;
use domain::time::Timestamp;
use domain::work_task::WorkTask;
use serde_json::{Map, Value, json};
use store::{InstanceRow, Job, JournalEntry};

/// What a script said about an answer.
pub(crate) fn form_errors(errors: &[FormError]) -> Value {
    errors.iter().map(|error| json!({ "field": error.field, "message": error.message })).collect()
}

/// The answer to a start.
pub fn started(process: &Process, after: &Aggregate, reply: &Reply, variables: bool) -> Value {
    let instance = &after.instance;
    if let Some((code, message)) = reply.failure() {
        return failed(instance.key, code, message);
    }
    json!({
        "instanceKey": instance.key,
        "instanceGuid": instance.key.guid(),
        "processId": instance.process_id,
        "version": instance.definition_version,
        "status": instance.status.as_str(),
        "businessKey": instance.business_key,
        "reference": instance.reference,
        "waitingTasks": waiting_tasks(process, after, variables),
    })
}

fn waiting_tasks(process: &Process, after: &Aggregate, variables: bool) -> Vec<Value> {
    after
        .tasks
        .values()
        .filter(|task| !task.status.is_final())
        .map(|task| {
            let mut item = json!({
                "taskKey": task.key,
                "activityId": task.activity,
                "name": element_name(process, &task.activity),
                "profile": "external",
                "status": task.status.as_str(),
            });
            if variables {
                item["formContext"] = Value::Object(task.form_context.clone());
            }
            item
        })
        .chain(after.work_tasks.values().filter(|task| !task.state.is_final()).map(|task| {
            let mut item = work_task(process, task);
            if variables {
                item["formContext"] = Value::Object(task.form_context.clone());
            }
            item
        }))
        .collect()
}

/// A command that was carried out and ended in an incident.
pub fn failed(key: InstanceKey, code: &str, message: &str) -> Value {
    json!({
        "type": "about:blank",
        "title": "The process stopped at an error",
        "status": "ERROR",
        "code": code,
        "detail": message,
        "instanceKey": key,
    })
}

/// One row of the list of instances.
pub fn instance_row(row: &InstanceRow) -> Value {
    json!({
        "instanceKey": row.key,
        "status": row.status.as_str(),
        "processId": row.process_id,
        "version": row.version,
        "businessKey": row.business_key,
        "reference": row.reference,
        "startedAt": row.started_at.to_string(),
        "endedAt": time(row.ended_at),
    })
}

/// Everything about one instance.
pub fn instance(
    process: &Process,
    aggregate: &Aggregate,
    journal: &[JournalEntry],
    actions: &[Job],
    (variables, addresses): (bool, bool),
    now: Timestamp,
) -> Value {
    let instance = &aggregate.instance;
    let mut body = Map::new();
    let mut put = |name: &str, value: Value| body.insert(name.to_owned(), value);
    put("instanceKey", json!(instance.key));
    put("instanceGuid", instance.key.guid().into());
    put("status", instance.status.as_str().into());
    put("processId", instance.process_id.as_str().into());
    put("version", instance.definition_version.into());
    put("businessKey", json!(instance.business_key));
    put("reference", json!(instance.reference));
    put("entityState", json!(instance.entity_state));
    put("startedBy", instance.started_by.as_str().into());
    put("startedAt", instance.started_at.to_string().into());
    put("endedAt", time(instance.ended_at));
    put("elements", history::elements(process, instance, journal, variables));
    put("tasks", tasks(process, aggregate, now));
    put("incidents", incidents(process, instance));
    if variables {
        put("variables", Value::Object(instance.variables.clone()));
    }
    put("timers", timers(instance));
    put("awaited", awaited(instance));
    put(
        "parent",
        json!(instance.parent.as_ref().map(|parent| {
            json!({ "instanceKey": parent.instance, "elementKey": parent.instance.element(parent.element) })
        })),
    );
    put("jobs", job::all(process, instance, actions, variables));
    put("history", history::entries(instance, journal, variables, addresses).into());
    Value::Object(body)
}

fn tasks(process: &Process, aggregate: &Aggregate, now: Timestamp) -> Value {
    aggregate
        .tasks
        .values()
        .map(|task| {
            json!({
                "taskKey": task.key,
                "activityId": task.activity,
                "name": element_name(process, &task.activity),
                "profile": "external",
                "status": task.status_at(now).as_str(),
            })
        })
        .chain(aggregate.work_tasks.values().map(|task| work_task(process, task)))
        .collect()
}

fn work_task(process: &Process, task: &WorkTask) -> Value {
    json!({
        "taskKey": task.key,
        "activityId": task.activity,
        "name": element_name(process, &task.activity),
        "profile": "work",
        "status": task.state.as_str(),
    })
}

fn incidents(process: &Process, instance: &Instance) -> Value {
    instance
        .incidents
        .iter()
        .map(|incident| {
            json!({
                "code": incident.code,
                "message": incident.message,
                "elementId": incident.element,
                "elementKey": instance.key.element(incident.element_number),
                "elementName": element_name(process, &incident.element),
                "line": process.element(&incident.element).map(|element| element.line),
                "at": incident.at.to_string(),
            })
        })
        .collect()
}

fn timers(instance: &Instance) -> Value {
    instance
        .elements
        .iter()
        .flat_map(|element| {
            element.timers.iter().map(|timer| {
                json!({
                    "elementId": timer.event,
                    "attachedTo": element.element,
                    "elementKey": instance.key.element(element.number),
                    "occurrence": timer.occurrence,
                    "dueAt": timer.due.to_string(),
                })
            })
        })
        .collect()
}

/// Messages and signals that are waited for.
fn awaited(instance: &Instance) -> Value {
    instance
        .elements
        .iter()
        .flat_map(|element| {
            element.subscriptions.iter().map(|subscription| {
                let mut item = history::awaited(&subscription.event, &subscription.to);
                item["attachedTo"] = element.element.as_str().into();
                item["elementKey"] = json!(instance.key.element(element.number));
                item["since"] = element.started_at.to_string().into();
                item
            })
        })
        .collect()
}

/// The display name of an element, its id where the definition has none.
pub fn element_name<'a>(process: &'a Process, id: &'a str) -> &'a str {
    process.element(id).map_or(id, |element| element.name.as_str())
}

/// The BPMN name of an element.
pub fn element_type(process: &Process, id: &str) -> &'static str {
    process.element(id).map_or("unknown", |element| element.kind.bpmn_name())
}

/// A time, or null.
pub fn time(at: Option<Timestamp>) -> Value {
    at.map_or(Value::Null, |at| at.to_string().into())
}
