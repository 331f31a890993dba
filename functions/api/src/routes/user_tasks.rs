//! Ordinary user tasks in BankLingo's shape (`/api/user-tasks`) and in Camunda's (`/v2/user-tasks`). Everything but the
//! wire is `app::user_tasks`.

use crate::body::Fields;
use crate::problem::Problem;
use crate::request::{Answer, Call};
use crate::view;
use app::Error;
use app::user_tasks::{self, Address, Completed, Refused};
use domain::decision::{Problem as FieldFault, Reply};
use domain::ids::{InstanceKey, TaskKey};
use domain::rejection::Rejection;
use domain::variables::Variables;
use domain::work_task::State;
use serde_json::{Value, json};

/// Characters of an action at most.
const ACTION_CHARS_MAX: usize = 100;

pub async fn active(call: &Call<'_>) -> Result<Answer, Problem> {
    let filter = user_tasks::filter(call.queries()).map_err(Problem::validation)?;
    let cursor = call.query_one("cursor")?;
    let listed = user_tasks::active(&call.api.app, &call.caller, &filter, cursor, call.now).await?;
    let data: Vec<Value> =
        listed.tasks.iter().map(|(process, found)| view::work_task::active(process, found)).collect();
    Ok(Answer::ok(json!({ "success": true, "data": data, "nextCursor": listed.next })))
}

pub async fn details(call: &Call<'_>, guid: &str, activity: &str) -> Result<Answer, Problem> {
    call.known_query(&["taskKey"])?;
    let task = call.query_one("taskKey")?.map(task_key).transpose()?;
    let address = Address::Activity { instance: instance(guid)?, activity: activity.to_owned(), task };
    let shown = user_tasks::get(&call.api.app, &call.caller, &address).await?;
    let data = view::work_task::details(&shown.process, &shown.found, shown.due);
    Ok(Answer::ok(json!({ "success": true, "data": data })))
}

pub async fn complete(call: &Call<'_>) -> Result<Answer, Problem> {
    call.known_query(&[])?;
    let body = call.json()?;
    let mut fields = Fields::new(body.clone())?;
    let guid = fields.required_text("instanceGuid", 100);
    let activity = fields.required_text("taskId", 255);
    let task = fields.text("taskKey", 20);
    let action = fields.text("userAction", ACTION_CHARS_MAX);
    let values = fields.variables("variables");
    fields.finish()?;
    let task = task.as_deref().map(task_key).transpose()?;
    let address = Address::Activity { instance: instance(&guid)?, activity, task };
    carry_out(call, &body, &address, action, values, &|completed| match refusal(completed) {
        None => {
            let task = &completed.found.task;
            let done = task.state == State::Completed;
            let data = json!({
                "instanceGuid": task.key.instance().guid(),
                "taskKey": task.key,
                "taskCompleted": done,
                "nextTaskId": completed.next,
                "waitingTasks": waiting(completed),
                "status": view::work_task::status(completed.status),
                "completedAt": view::time(task.ended_at.filter(|_| done)),
            });
            (200, json!({ "success": true, "data": data }))
        }
        Some(problem) => (problem.status(), problem.envelope()),
    })
    .await
}

fn waiting(completed: &Completed) -> Vec<Value> {
    completed.waiting.iter().map(|found| view::work_task::active(&completed.process, found)).collect()
}

pub async fn camunda_get(call: &Call<'_>, key: &str) -> Result<Answer, Problem> {
    call.known_query(&[])?;
    let address = Address::Key(task_key(key)?);
    let shown = user_tasks::get(&call.api.app, &call.caller, &address).await?;
    Ok(Answer::ok(view::work_task::camunda(&shown.process, &shown.found)))
}

pub async fn camunda_complete(call: &Call<'_>, key: &str) -> Result<Answer, Problem> {
    call.known_query(&[])?;
    let address = Address::Key(task_key(key)?);
    let body = call.json()?;
    let mut fields = Fields::new(body.clone())?;
    let action = fields.text("action", ACTION_CHARS_MAX);
    let values = fields.variables("variables");
    fields.finish()?;
    carry_out(call, &body, &address, action, values, &|completed| match refusal(completed) {
        None => (204, Value::Null),
        Some(problem) => (problem.status(), problem.body()),
    })
    .await
}

async fn carry_out(
    call: &Call<'_>,
    body: &Value,
    address: &Address,
    action: Option<String>,
    values: Variables,
    answered: &user_tasks::AnswerOf<'_>,
) -> Result<Answer, Problem> {
    let hash = call.request_hash(body);
    if let Some(answer) = call.replayed(hash.as_ref()).await? {
        return Ok(answer);
    }
    let answer = user_tasks::Answer {
        action,
        values,
        origin: call.origin(),
        now: call.now,
        scripts: &call.api.scripts,
        replay: hash.clone().map(|hash| (hash, answered)),
    };
    match user_tasks::complete(&call.api.app, &call.caller, address, &answer).await {
        Ok(completed) => {
            let (status, body) = answered(&completed);
            Ok(Answer { status, body })
        }
        Err(Refused::Other(Error::IdempotencyTaken)) => {
            call.replayed(hash.as_ref()).await?.ok_or_else(|| Error::IdempotencyTaken.into())
        }
        // BPMN semantics, "Submission": a clash with the engine's own names is a malformed request.
        Err(Refused::Other(Error::Rejected(Rejection::InvalidInput {
            code: code @ "RESERVED_NAME", message, ..
        }))) => Err(Problem::new(400, code, message)),
        Err(refused) => Err(refused.into()),
    }
}

/// D-36: 422 where the task is still open or the instance is in Error; otherwise the answer says what became of it.
fn refusal(completed: &Completed) -> Option<Problem> {
    let task = &completed.found.task;
    match &completed.reply {
        Reply::Failed { code, message } => Some(Problem::failed(task.key.instance(), code, message)),
        Reply::Denied(errors) => {
            let mut refused = errors.iter().filter_map(|error| {
                if let FieldFault::Refused { code, message } = &error.problem {
                    Some((error.field.as_str(), code, message))
                } else {
                    None
                }
            });
            let Some((_, code, message)) = refused.next() else { return Some(unknown_action()) };
            let problem = Problem::new(422, code.clone(), message.as_str());
            let at_form: Vec<Value> = refused
                .map(|(field, code, message)| json!({ "field": field, "code": code, "message": message }))
                .collect();
            Some(if at_form.is_empty() { problem } else { problem.with("errors", at_form.into()) })
        }
        Reply::Done | Reply::Submitted | Reply::Interrupted { .. } => None,
    }
}

/// W-17: forms come later, so the action is all that can be wrong by itself.
fn unknown_action() -> Problem {
    let message = "The task has no such action. Use one of its user actions.";
    let errors = json!([{ "field": "action", "code": "UNKNOWN_ACTION", "message": message }]);
    Problem::new(422, "UNKNOWN_ACTION", message).with("errors", errors)
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Problem {
        let sentence = format!("{refused}.");
        match refused {
            Refused::Ambiguous(keys) => Problem::new(409, "AMBIGUOUS_TASK", sentence).with("taskKeys", json!(keys)),
            Refused::Denied(_) => Problem::new(403, "FORBIDDEN", sentence),
            Refused::Other(error) => error.into(),
        }
    }
}

fn instance(guid: &str) -> Result<InstanceKey, Problem> {
    InstanceKey::from_guid(guid).ok_or_else(|| Problem::not_found("user task"))
}

fn task_key(text: &str) -> Result<TaskKey, Problem> {
    let key: TaskKey = text.parse().map_err(|_| Problem::not_found("user task"))?;
    if key.number().0 == 0 { Err(Problem::not_found("user task")) } else { Ok(key) }
}
