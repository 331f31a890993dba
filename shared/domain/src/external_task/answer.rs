//! What the recipient does: answer and draft. Checks values against the page's fields and actions, and moves the process
//! on in the same decision; what an accepted answer writes is the engine's `answer`.

mod check;

use crate::command::Submission;
use crate::decision::{FieldError, Problem, Reply};
use crate::engine::{Answer, Step, catcher, keep_draft, refuse, take_answer, unschedule, with_form_errors};
use crate::event::Event;
use crate::external_task::upkeep::{find, pending};
use crate::external_task::{Action, ExternalTask, Status};
use crate::ids::TaskKey;
use crate::process::ExternalTaskModel;
use crate::rejection::Rejection;
use crate::variables::Variables;
use serde_json::Value;

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
    keep_draft(&task.draft, values, |name, value| {
        is_posted(value) && model.fields.iter().any(|field| field.name == *name)
    })
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
    let user = task.recipient.as_str();
    let answer = Answer { action: &submission.action, values: &answers, user, by_colleague: false };
    if let Err(refusal) = take_answer(step, task.element, user_task, &answer)? {
        deny(step, task, model, submission, vec![refusal.failure.code.clone()]);
        let catch = catcher(step, task.element, &refusal.failure);
        let reply = refuse(step, (task.element, &task.activity), refusal, catch, |_, _| {});
        step.run()?;
        let said = step.state.tasks.get(&task.key.number()).map(|task| task.form_errors.as_slice());
        return Ok(with_form_errors(reply, said.unwrap_or_default()));
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
