//! What an accepted answer does to the process, whatever kind of task asked (BPMN semantics, "Submission", steps 3 to 6):
//! form data, merging, ServerScript, result; and what becomes of one that the ServerScript refuses. Knows no life cycle.

use super::call::throw_to_parent;
use super::command::FormErrors;
use super::error::{Catch, caught, record};
use super::{Failure, ScriptCall, Step, keep_last_result, script, size};
use crate::decision::{FieldError, FormError, Problem, Reply};
use crate::ids::ElementNumber;
use crate::process::UserTask;
use crate::rejection::Rejection;
use crate::script::{ScriptKind, ScriptOutcome};
use crate::variables::{Variables, is_reserved};
use serde_json::Value;

/// A draft keeps at most this many bytes, measured as compact JSON; what is beyond is not kept.
pub const DRAFT_BYTES_MAX: usize = 32 * 1024;

/// A checked answer.
pub(crate) struct Answer<'a> {
    /// The action taken.
    pub action: &'a str,
    /// The values, with their types.
    pub values: &'a Variables,
    /// Who answers.
    pub user: &'a str,
    /// A colleague is told where the instance has no room for it. Somebody outside could not mend that: an operator must.
    pub by_colleague: bool,
}

/// Why an answer is not taken, and what the ServerScript said at forms before it failed.
pub(crate) struct Refusal {
    /// The error of the script.
    pub failure: Failure,
    form_errors: FormErrors,
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Refusal {
        Refusal { failure, form_errors: FormErrors::default() }
    }
}

/// Writes what the answer gives to the process: merged values, the ServerScript's writes and its result. Everything
/// happens on a copy, so that a failure leaves nothing behind.
pub(crate) fn take(
    step: &mut Step<'_>,
    element: ElementNumber,
    model: &UserTask,
    answer: &Answer<'_>,
) -> Result<Result<(), Refusal>, Rejection> {
    script::refuse_size(answer.values)?;
    let mut form_data = answer.values.clone();
    form_data.insert("action".to_owned(), Value::String(answer.action.to_owned()));
    form_data.insert("userId".to_owned(), Value::String(answer.user.to_owned()));
    let mut values = match merged(step, element, model, answer.values, &form_data) {
        Ok(values) => values,
        Err(failure) => return Ok(Err(failure.into())),
    };
    values.insert("userAction".to_owned(), Value::String(answer.action.to_owned()));
    values.insert("currentUser".to_owned(), Value::String(answer.user.to_owned()));
    if answer.by_colleague {
        step.refuse_too_much(Some(element), &values)
            .map_err(|failure| Rejection::Limit { message: failure.message })?;
    }
    Ok(match server_script(step, element, model, answer, &form_data, &values)? {
        Ok(Some(outcome)) => {
            values.extend(outcome.writes);
            match &model.result_variable {
                Some(name) => {
                    values.insert(name.clone(), outcome.result);
                }
                None => keep_last_result(step, &mut values, "lastScriptResult", outcome.result),
            }
            step.set_variables_at(Some(element), values).map_err(Refusal::from)
        }
        Ok(None) => step.set_variables_at(Some(element), values).map_err(Refusal::from),
        Err(refusal) => Err(refusal),
    })
}

/// The values as variables: the mapped ones, or all of them without an OutputMapping. Names of the engine stay its own.
fn merged(
    step: &Step<'_>,
    element: ElementNumber,
    model: &UserTask,
    answers: &Variables,
    form_data: &Variables,
) -> Result<Variables, Failure> {
    let mut values = Variables::new();
    if model.output_mapping.is_empty() {
        values.extend(answers.clone());
        values.retain(|name, _| !is_reserved(name));
    } else {
        script::map_into(step, Some(element), &mut values, &model.output_mapping, form_data)?;
    }
    Ok(values)
}

/// Runs the ServerScript on the variables as they would be without it. A field that becomes no variable is in the form
/// data only (D-08): nobody may stand in for a variable that the script asks about, and an assignment must be a change.
fn server_script(
    step: &mut Step<'_>,
    element: ElementNumber,
    model: &UserTask,
    answer: &Answer<'_>,
    form_data: &Variables,
    merged: &Variables,
) -> Result<Result<Option<ScriptOutcome>, Refusal>, Rejection> {
    let Some(source) = &model.server_script else { return Ok(Ok(None)) };
    let mut variables = step.variables_at(Some(element)).into_owned();
    variables.extend(merged.clone());
    let call = ScriptCall {
        source,
        kind: ScriptKind::Server,
        variables: &variables,
        form_data: Some(form_data),
        user_action: Some(answer.action),
        current_user: Some(answer.user),
    };
    let judged = step.judge(&call, element)?;
    Ok(judged.map(Some).map_err(|(failure, form_errors)| Refusal { failure, form_errors }))
}

/// The ServerScript refused an answer. A boundary event that interrupts nothing leaves the task open and handles the
/// error beside it; any other one takes the task away; where nobody catches, here or in the calling instance, an operator
/// must look: `uncaught` says what that means for the task. Paths move when the caller lets them run.
pub(crate) fn refuse(
    step: &mut Step<'_>,
    (number, activity): (ElementNumber, &str),
    refusal: Refusal,
    catch: Option<Catch<'_>>,
    uncaught: impl FnOnce(&mut Step<'_>, &Failure),
) -> Reply {
    let Refusal { failure, form_errors } = refusal;
    let Some(catch) = catch else {
        if throw_to_parent(step, &failure) {
            return Reply::Interrupted { code: failure.code, message: failure.message };
        }
        uncaught(step, &failure);
        form_errors.show(step);
        step.raise(number, activity, failure);
        return Reply::Done;
    };
    form_errors.show(step);
    record(step, activity, &failure);
    let stays = !catch.interrupting;
    caught(step, &catch, stays.then_some(number));
    let problem = Problem::Refused { code: failure.code.clone(), message: failure.message.clone() };
    if stays {
        Reply::Denied(vec![FieldError { field: String::new(), problem }])
    } else {
        Reply::Interrupted { code: failure.code, message: failure.message }
    }
}

/// The reply to a refused answer with what scripts said at its form meanwhile, the ServerScript or the path that handles
/// its error; not twice where that is the error's own sentence.
pub(crate) fn with_form_errors(reply: Reply, said: &[FormError]) -> Reply {
    match reply {
        Reply::Denied(mut errors) => {
            let is_told = |told: &FieldError, error: &FormError| {
                told.field == error.field
                    && matches!(&told.problem, Problem::Refused { message, .. } if *message == error.message)
            };
            for error in said {
                if !errors.iter().any(|told| is_told(told, error)) {
                    errors.push(FieldError::from(error));
                }
            }
            Reply::Denied(errors)
        }
        Reply::Done | Reply::Submitted | Reply::Interrupted { .. } | Reply::Failed { .. } => reply,
    }
}

/// The values of a refused answer, as far as a draft has room for them, that `fits` lets through.
pub(crate) fn keep_draft(draft: &Variables, values: &Variables, fits: impl Fn(&String, &Value) -> bool) -> Variables {
    let stays = draft.iter().filter(|(name, _)| !values.contains_key(*name));
    let mut bytes: usize = stays.map(|(name, value)| size(name, value)).sum();
    values
        .iter()
        .filter(|(name, value)| fits(name, value))
        .filter(|(name, value)| {
            bytes += size(name, value);
            bytes <= DRAFT_BYTES_MAX
        })
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}
