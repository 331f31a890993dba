//! Completing an ordinary user task: W-16, W-17, W-19. What an accepted answer writes is the engine's `answer`, the same
//! for every kind of task.

use super::event::WorkTaskEvent;
use super::{Action, State, WorkTask, lifecycle};
use crate::command::Completion;
use crate::decision::{FieldError, Problem, Reply};
use crate::engine::{Answer, Refusal, Step, catcher, keep_draft, refuse, stop_timers, take_answer, with_form_errors};
use crate::event::Event;
use crate::process::{TaskProfile, UserTask, WorkTaskModel};
use crate::rejection::Rejection;
use crate::variables::{Variables, is_reserved, refuse_depth};

/// The action of an answer that names none.
pub const ACTION_DEFAULT: &str = "complete";

/// Names of `formData` that the engine sets (BPMN semantics, "Submission").
const FORM_DATA_OWN: [&str; 2] = ["action", "userId"];

/// A valid answer completes the task and moves the process on; an invalid one is kept as draft.
pub(crate) fn complete(step: &mut Step<'_>, completion: &Completion) -> Result<Reply, Rejection> {
    let task = live(step, completion)?;
    let (user_task, model) = models(step, &task)?;
    refuse_names(&completion.values)?;
    refuse_depth(&completion.values).map_err(|message| Rejection::Limit { message })?;
    let action = completion.action.as_deref().unwrap_or(ACTION_DEFAULT);
    if !model.accepts(action) {
        let errors = vec![FieldError { field: "action".to_owned(), problem: Problem::UnknownAction }];
        deny(step, &task, completion, &errors);
        return Ok(Reply::Denied(errors));
    }
    let user = step.env.actor.name().to_owned();
    let answer = Answer { action, values: &completion.values, user: &user, by_colleague: true };
    if let Err(refusal) = take_answer(step, task.element, user_task, &answer)? {
        return fail(step, &task, completion, refusal);
    }
    stop_timers(step, task.element);
    let (outcome, answers) = (action.to_owned(), completion.values.clone());
    step.emit(Event::WorkTask { task: task.key.number(), what: WorkTaskEvent::Completed { outcome, answers } });
    step.complete(task.element)?;
    step.run()?;
    Ok(Reply::Submitted)
}

/// The task, if it can be completed in its state.
fn live(step: &Step<'_>, completion: &Completion) -> Result<WorkTask, Rejection> {
    let task = step.state.work_tasks.get(&completion.task.number()).filter(|task| task.key == completion.task);
    let task = task.ok_or(Rejection::NotFound { what: "task" })?;
    match lifecycle::after(task.state, task.failed_in, Action::Complete) {
        Some(_) => Ok(task.clone()),
        None if task.state == State::Failed => Err(Rejection::InstanceInError),
        None => Err(Rejection::InvalidState { action: Action::Complete.as_str(), state: task.state.as_str() }),
    }
}

fn models<'a>(step: &Step<'a>, task: &WorkTask) -> Result<(&'a UserTask, &'a WorkTaskModel), Rejection> {
    let user_task = step.env.process.element(&task.activity).and_then(|element| element.kind.as_user_task());
    match user_task.map(|user_task| (user_task, &user_task.profile)) {
        Some((user_task, TaskProfile::Work(model))) => Ok((user_task, model)),
        Some((_, TaskProfile::External(_))) | None => Err(Rejection::NotFound { what: "task" }),
    }
}

/// D-13: who acts and how cannot be set by who submits.
fn refuse_names(values: &Variables) -> Result<(), Rejection> {
    match values.keys().find(|name| is_reserved(name) || FORM_DATA_OWN.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) => Err(Rejection::InvalidInput {
            field: format!("variables.{name}"),
            code: "RESERVED_NAME",
            message: format!("\"{name}\" is set by the engine; remove it or choose another name"),
        }),
    }
}

/// W-17: the task is as it was; what was submitted is kept as draft.
fn deny(step: &mut Step<'_>, task: &WorkTask, completion: &Completion, errors: &[FieldError]) {
    let codes = errors.iter().map(|error| error.problem.code().to_string()).collect();
    let values = keep_draft(&task.draft, &completion.values, |_, _| true);
    step.emit(Event::WorkTask { task: task.key.number(), what: WorkTaskEvent::CompleteDenied { codes, values } });
}

/// The answer could not be taken. Caught by a boundary event that interrupts nothing, the task stays as it is with the
/// answer as draft (W-17); by an interrupting one it is taken away (W-18); by nobody it fails (W-19).
fn fail(step: &mut Step<'_>, task: &WorkTask, completion: &Completion, refusal: Refusal) -> Result<Reply, Rejection> {
    let catch = catcher(step, task.element, &refusal.failure);
    let values = keep_draft(&task.draft, &completion.values, |_, _| true);
    let number = task.key.number();
    if catch.as_ref().is_some_and(|catch| !catch.interrupting) {
        let what = WorkTaskEvent::CompleteDenied { codes: vec![refusal.failure.code.clone()], values: values.clone() };
        step.emit(Event::WorkTask { task: number, what });
    }
    let reply = refuse(step, (task.element, &task.activity), refusal, catch, |step, failure| {
        let what = WorkTaskEvent::Failed { code: failure.code.clone(), values };
        step.emit(Event::WorkTask { task: number, what });
    });
    step.run()?;
    let said = step.state.work_tasks.get(&number).map(|task| task.form_errors.as_slice());
    Ok(with_form_errors(reply, said.unwrap_or_default()))
}
