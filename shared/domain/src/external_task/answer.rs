//! What the recipient does: answer and draft. Checks values against the page's fields and actions, runs the
//! ServerScript, and moves the process on in the same decision.

mod check;

use crate::command::Submission;
use crate::decision::{FieldError, Problem, Reply};
use crate::engine::{
    Failure, ScriptCall, Step, answer_variables, catcher, caught, keep_last_result, record, throw_to_parent, unschedule,
};
use crate::event::Event;
use crate::external_task::upkeep::{find, pending};
use crate::external_task::{Action, ExternalTask, Status};
use crate::ids::{Number, TaskKey};
use crate::process::{ExternalTaskModel, UserTask};
use crate::rejection::Rejection;
use crate::script::{ScriptKind, ScriptOutcome};
use crate::variables::{Variables, is_reserved};
use serde_json::Value;

/// A draft keeps at most this many bytes, measured as compact JSON; what is beyond is not kept.
pub const DRAFT_BYTES_MAX: usize = 32 * 1024;

/// E-07, E-08: a valid answer completes the task and moves the process on; an invalid one is kept as draft.
pub(crate) fn submit(step: &mut Step<'_>, submission: &Submission) -> Result<Reply, Rejection> {
    let task = find(step, submission.task)?;
    if task.status == Status::Completed && task.submission.as_deref() == Some(submission.id.as_str()) {
        return Ok(Reply::Submitted);
    }
    let task = pending(step, task.key, Action::Submit)?;
    refuse_failed(step, &task)?;
    let model = model(step, &task)?;
    let mut errors = Vec::new();
    if !model.actions.iter().any(|action| action.name == submission.action) {
        errors.push(FieldError { field: "action".to_owned(), problem: Problem::UnknownAction });
    }
    let answers = check::answers(&model.fields, &submission.values, &mut errors);
    if task.first_opened_at.is_none() {
        step.emit(Event::TaskOpened(task.key.number()));
    }
    if !errors.is_empty() {
        let codes = errors.iter().map(|error| error.problem.code().to_owned()).collect();
        deny(step, &task, model, submission, codes);
        return Ok(Reply::Denied(errors));
    }
    accept(step, &task, model, submission, answers)
}

/// E-06: merges what was typed into the draft.
pub(crate) fn save_draft(step: &mut Step<'_>, key: TaskKey, values: &Variables) -> Result<Reply, Rejection> {
    let task = pending(step, key, Action::SaveDraft)?;
    refuse_failed(step, &task)?;
    let model = model(step, &task)?;
    if task.first_opened_at.is_none() {
        step.emit(Event::TaskOpened(key.number()));
    }
    let values = draft(model, &task, values);
    step.emit(Event::TaskDraftSaved { task: key.number(), values });
    Ok(Reply::Done)
}

/// After a technical failure behind a submission the task waits for the retry.
fn refuse_failed(step: &Step<'_>, task: &ExternalTask) -> Result<(), Rejection> {
    match step.state.instance.element(task.element) {
        Some(element) if element.failed => Err(Rejection::InstanceInError),
        Some(_) | None => Ok(()),
    }
}

/// The model whose page the recipient sees: of the templates version, else of the instance's own.
fn model<'a>(step: &Step<'a>, task: &ExternalTask) -> Result<&'a ExternalTaskModel, Rejection> {
    let env = step.env;
    env.templates
        .external_task(&task.activity)
        .or_else(|| env.process.external_task(&task.activity))
        .ok_or(Rejection::NotFound { what: "task" })
}

fn deny(
    step: &mut Step<'_>,
    task: &ExternalTask,
    model: &ExternalTaskModel,
    submission: &Submission,
    codes: Vec<String>,
) {
    let values = draft(model, task, &submission.values);
    step.emit(Event::TaskSubmitDenied { task: task.key.number(), codes, values });
}

/// The values of known fields that a form can post, as far as a draft has room for them.
fn draft(model: &ExternalTaskModel, task: &ExternalTask, values: &Variables) -> Variables {
    let mut bytes: usize = task
        .draft
        .iter()
        .filter(|(name, _)| !values.contains_key(*name))
        .map(|(name, value)| crate::engine::size(name, value))
        .sum();
    values
        .iter()
        .filter(|(name, value)| is_posted(value) && model.fields.iter().any(|field| field.name == **name))
        .filter(|(name, value)| {
            bytes += crate::engine::size(name, value);
            bytes <= DRAFT_BYTES_MAX
        })
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// A text or a list of texts, as forms post them.
fn is_posted(value: &Value) -> bool {
    match value {
        Value::String(_) => true,
        Value::Array(list) => list.iter().all(Value::is_string),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
    }
}

fn accept(
    step: &mut Step<'_>,
    task: &ExternalTask,
    model: &ExternalTaskModel,
    submission: &Submission,
    answers: Variables,
) -> Result<Reply, Rejection> {
    let process = step.env.process;
    let user_task = process.element(&task.activity).and_then(|element| element.kind.as_user_task());
    let Some(user_task) = user_task else { return Err(Rejection::NotFound { what: "task" }) };
    let mut form_data = answers.clone();
    form_data.insert("action".to_owned(), Value::String(submission.action.clone()));
    form_data.insert("userId".to_owned(), Value::String(task.recipient.as_str().to_owned()));
    let mut values = answer_variables(step, user_task, &answers, &form_data);
    values.insert("userAction".to_owned(), Value::String(submission.action.clone()));
    values.insert("currentUser".to_owned(), Value::String(task.recipient.as_str().to_owned()));

    let written = match run_server_script(step, task, user_task, submission, &answers, &form_data, &values)? {
        Ok(Some(outcome)) => {
            values.extend(outcome.writes);
            match &user_task.result_variable {
                Some(name) => {
                    values.insert(name.clone(), outcome.result);
                }
                None => keep_last_result(step, &mut values, "lastScriptResult", outcome.result),
            }
            step.set_variables_at(Some(task.element), values)
        }
        Ok(None) => step.set_variables_at(Some(task.element), values),
        Err(failure) => Err(failure),
    };
    if let Err(failure) = written {
        deny(step, task, model, submission, vec![failure.code.clone()]);
        return refuse(step, task.element, &task.activity, failure);
    }
    unschedule(step, task);
    step.emit(Event::TaskCompleted {
        task: task.key.number(),
        outcome: submission.action.clone(),
        answers,
        submission: submission.id.clone(),
    });
    step.complete(task.element)?;
    step.run()?;
    Ok(Reply::Submitted)
}

/// The ServerScript refused an answer. A boundary event that interrupts nothing leaves the task open and handles the
/// error beside it; any other one takes the task away; where nobody catches, an operator must look.
fn refuse(step: &mut Step<'_>, number: Number, activity: &str, failure: Failure) -> Result<Reply, Rejection> {
    let Some(catch) = catcher(step, number, &failure) else {
        if throw_to_parent(step, &failure) {
            return Ok(Reply::Interrupted { code: failure.code, message: failure.message });
        }
        step.raise(number, activity, failure);
        step.run()?;
        return Ok(Reply::Done);
    };
    record(step, activity, &failure);
    let stays = !catch.interrupting;
    caught(step, &catch, stays.then_some(number));
    step.run()?;
    let problem = Problem::Refused { code: failure.code.clone(), message: failure.message.clone() };
    Ok(if stays {
        Reply::Denied(vec![FieldError { field: String::new(), problem }])
    } else {
        Reply::Interrupted { code: failure.code, message: failure.message }
    })
}

/// Runs the ServerScript on a copy: variables with the answers merged in, so that a failure leaves nothing behind.
fn run_server_script(
    step: &mut Step<'_>,
    task: &ExternalTask,
    model: &UserTask,
    submission: &Submission,
    answers: &Variables,
    form_data: &Variables,
    merged: &Variables,
) -> Result<Result<Option<ScriptOutcome>, Failure>, Rejection> {
    let Some(source) = &model.server_script else { return Ok(Ok(None)) };
    let mut variables = step.variables_at(Some(task.element)).into_owned();
    variables.extend(answers.clone().into_iter().filter(|(name, _)| !is_reserved(name)));
    variables.extend(merged.clone());
    let call = ScriptCall {
        source,
        kind: ScriptKind::Server,
        variables: &variables,
        form_data: Some(form_data),
        user_action: Some(&submission.action),
        current_user: Some(task.recipient.as_str()),
    };
    Ok(step.evaluate(&call, task.element)?.map(Some))
}
