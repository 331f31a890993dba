//! System tasks: ordering what the outside must do, and what its answers and failures mean. Scripts, echo and delays
//! need no outside; what a request looks like stands in `render`.

mod render;
mod result;

use super::command::Commands;
use super::script::ResultRule;
use super::{Failure, HELD_MAX, ScriptCall, Step, script, timer, trigger};
use crate::action::{
    ActionRequest, Answer, AttemptRecord, JobChange, REQUEST_BYTES_MAX, SHOWN_CHARS_MAX, Trouble, UNAWAITED,
};
use crate::effect::Effect;
use crate::event::Event;
use crate::ids::ElementNumber;
use crate::process::{Element, SystemTask, Work};
use crate::rejection::Rejection;
use crate::script::{CommandAnswer, ScriptKind};
use crate::variables::Variables;
pub(super) use render::written_mail;
pub use result::command_answer;
use serde_json::Value;

/// Attempts of one element instance at most, repetitions by operators included.
const ATTEMPTS_MAX: u32 = 100;
/// Bytes of requests that one command may order: they are committed together.
const ORDERED_BYTES_MAX: usize = 1024 * 1024;

/// Work that needs no outside.
pub(super) fn run(
    step: &mut Step<'_>,
    task: &SystemTask,
    number: ElementNumber,
    at: Option<ElementNumber>,
) -> Result<Result<(), Failure>, Rejection> {
    match &task.work {
        Work::JavaScript(source) => run_script(step, task, source, (number, at)),
        Work::Echo => Ok(echo(step, task, at)),
        Work::Command { name, .. } if !task.waits() => run_command(step, task, name, (number, at)),
        Work::Http(_) | Work::GraphQl { .. } | Work::Email(_) | Work::Command { .. } | Work::Delay(_) => Ok(Ok(())),
    }
}

fn run_script(
    step: &mut Step<'_>,
    task: &SystemTask,
    source: &str,
    (number, at): (ElementNumber, Option<ElementNumber>),
) -> Result<Result<(), Failure>, Rejection> {
    let variables = match render::data(step, task, at) {
        Ok(variables) => variables,
        Err(failure) => return Ok(Err(failure)),
    };
    let call = ScriptCall {
        source,
        kind: ScriptKind::Task,
        variables: &variables,
        form_data: None,
        user_action: None,
        current_user: None,
    };
    Ok(match step.evaluate(&call, number)? {
        Ok(outcome) => keep_result(step, task, at, outcome.writes, &outcome.result),
        Err(failure) => Err(failure),
    })
}

/// A command that the engine carries out itself.
fn run_command(
    step: &mut Step<'_>,
    task: &SystemTask,
    name: &str,
    (number, at): (ElementNumber, Option<ElementNumber>),
) -> Result<Result<(), Failure>, Rejection> {
    let arguments = match render::handed_over(step, task, at) {
        Ok(arguments) => arguments,
        Err(failure) => return Ok(Err(failure)),
    };
    let mut commands = Commands::of(number);
    commands.answer(step, name.to_owned(), arguments)?;
    Ok(match commands.answers.pop() {
        Some(CommandAnswer::Failed { code, message }) => Err(Failure::catchable(&code, message)),
        answer @ (Some(CommandAnswer::Done(_)) | None) => {
            commands.leave(step);
            let result = if let Some(CommandAnswer::Done(result)) = answer { result } else { Value::Null };
            keep_result(step, task, at, Variables::new(), &result)
        }
    })
}

fn echo(step: &mut Step<'_>, task: &SystemTask, at: Option<ElementNumber>) -> Result<(), Failure> {
    let result = Value::Object(render::inputs(step, task, at)?);
    keep_result(step, task, at, Variables::new(), &result)
}

fn keep_result(
    step: &mut Step<'_>,
    task: &SystemTask,
    at: Option<ElementNumber>,
    mut values: Variables,
    result: &Value,
) -> Result<(), Failure> {
    let (variable, mapping) = (task.result_variable.as_deref(), task.output_mapping.as_slice());
    let rule = ResultRule { variable, mapping, fallback: "lastServiceResult", seen: None };
    script::write_result(step, at, &mut values, result, &rule)?;
    step.set_variables_at(at, values)
}

/// Orders the work of an element instance that waits for it.
pub(super) fn order(
    step: &mut Step<'_>,
    element: &Element,
    task: &SystemTask,
    number: ElementNumber,
) -> Result<(), Failure> {
    let before = step.state.instance.element(number).and_then(|live| live.action.clone());
    let waits = if before.is_none() { Some(trigger::plan(step, element, number)?) } else { None };
    if let Work::Delay(when) = &task.work {
        let data = render::data(step, task, Some(number))?;
        let at = timer::due(when, step.env.now, &data).map_err(|message| Failure::new("INVALID_TIMER", message))?;
        timer::start(step, number, &element.id, 1, timer::Planned { due: at, cycle: None });
    } else {
        let attempt = before.map_or(0, |action| action.attempt) + 1;
        let request = ordered_request(step, task, number, attempt)?;
        step.emit(Event::ActionOrdered { element: number, attempt, retries: task.retries });
        match &request {
            ActionRequest::Http(_) | ActionRequest::Command { .. } => {
                step.effect(Effect::Act { element: number, attempt, at: step.env.now });
            }
            ActionRequest::Email(mail) => {
                for recipient in (0..).take(mail.to.len()) {
                    step.effect(Effect::Mail { element: number, attempt, recipient });
                }
            }
        }
        let activity = element.id.clone();
        step.jobs.push(JobChange::Ordered { element: number, activity, attempt, request: Box::new(request) });
    }
    if let Some(waits) = waits {
        trigger::wait(step, number, waits);
    }
    Ok(())
}

/// The rendered request, if it fits what one instance and one commit can hold.
fn ordered_request(
    step: &Step<'_>,
    task: &SystemTask,
    number: ElementNumber,
    attempt: u32,
) -> Result<ActionRequest, Failure> {
    if attempt > ATTEMPTS_MAX {
        let message = format!("the action was tried {ATTEMPTS_MAX} times; no further attempt is possible");
        return Err(Failure::new("LIMIT", message));
    }
    let request = render::request(step, task, number)?;
    room(step, &[], &request)?;
    Ok(request)
}

/// Whether a request fits beside what one instance holds, what one commit writes, and `others`, which are still to be
/// ordered by it.
pub(super) fn room(step: &Step<'_>, others: &[ActionRequest], request: &ActionRequest) -> Result<(), Failure> {
    let limit = |message: String| Err(Failure::new("LIMIT", message));
    let ordered = |job: &JobChange| match job {
        JobChange::Ordered { request, attempt, .. } => Some((*attempt == UNAWAITED, size(request))),
        JobChange::Ended { .. } => None,
    };
    // A job is an item like a task. Those that are awaited count as long as their elements wait.
    let live = step.state.instance.elements.iter().filter(|live| live.action.is_some() && !live.failed).count();
    let unawaited = step.jobs.iter().filter_map(ordered).filter(|(unawaited, _)| *unawaited).count();
    let held = step.held() + live + unawaited + others.len();
    if held >= HELD_MAX {
        return limit(format!(
            "the instance has {held} open tasks, awaited messages and actions under way; at most {HELD_MAX} are possible"
        ));
    }
    let bytes = size(request);
    if bytes > REQUEST_BYTES_MAX {
        return limit(format!("the request takes {bytes} bytes; at most {REQUEST_BYTES_MAX} are possible"));
    }
    let before: usize = step.jobs.iter().filter_map(ordered).map(|(_, bytes)| bytes).sum();
    let bytes = before + others.iter().map(size).sum::<usize>() + bytes;
    if bytes > ORDERED_BYTES_MAX {
        return limit(format!(
            "the requests of one step would take {bytes} bytes; at most {ORDERED_BYTES_MAX} are possible"
        ));
    }
    Ok(())
}

fn size(request: &ActionRequest) -> usize {
    serde_json::to_string(request).map_or(0, |json| json.len())
}

/// The system task that waits for this very attempt. Late and repeated reports are ordinary rejections.
fn waiting<'a>(
    step: &Step<'a>,
    number: ElementNumber,
    attempt: u32,
) -> Result<(&'a Element, &'a SystemTask), Rejection> {
    if step.state.instance.status.is_final() {
        return Err(Rejection::AlreadyDone);
    }
    let live = step.state.instance.element(number).ok_or(Rejection::AlreadyDone)?;
    let waits = !live.failed && live.action.as_ref().is_some_and(|action| action.attempt == attempt);
    let element = step.env.process.element(&live.element).filter(|_| waits).ok_or(Rejection::AlreadyDone)?;
    let task = element.kind.as_system_task().ok_or(Rejection::AlreadyDone)?;
    Ok((element, task))
}

/// The outside answered: the result goes to the variables and the process goes on, or the answer is a failure.
pub(crate) fn complete(
    step: &mut Step<'_>,
    number: ElementNumber,
    attempt: u32,
    answer: &Answer,
) -> Result<(), Rejection> {
    let (element, task) = waiting(step, number, attempt)?;
    if interrupted(step, number)? {
        return Ok(());
    }
    let (result, mut record) = match result::of(task, answer) {
        Ok(result) => (result, record(step, attempt, Some(answer))),
        Err(failed) => {
            let record = record(step, attempt, Some(answer));
            return end(step, (element, task), number, record, failed);
        }
    };
    if let Err(failure) = keep_result(step, task, Some(number), Variables::new(), &result) {
        step.emit(Event::ActionFailed { element: number, attempt, code: failure.code.clone(), next: None });
        (record.code, record.message) = (Some(failure.code.clone()), Some(failure.message.clone()));
        step.jobs.push(JobChange::Ended { element: number, attempt: record });
        step.fail(number, &element.id, failure);
        return step.run();
    }
    step.emit(Event::ActionCompleted { element: number, attempt });
    step.jobs.push(JobChange::Ended { element: number, attempt: record });
    step.complete(number)?;
    step.run()
}

/// The outside could not be reached, or refused before it answered.
pub(crate) fn fail(
    step: &mut Step<'_>,
    number: ElementNumber,
    attempt: u32,
    trouble: &Trouble,
) -> Result<(), Rejection> {
    let waits = waiting(step, number, attempt)?;
    if interrupted(step, number)? {
        return Ok(());
    }
    let Trouble { code, message, again } = trouble;
    let failed = Failed { code: (*code).to_owned(), class: None, message: message.clone(), again: *again };
    let record = record(step, attempt, None);
    end(step, waits, number, record, failed)
}

/// Carries out an interrupting boundary timer that was due before the answer came: the stored time decides.
fn interrupted(step: &mut Step<'_>, number: ElementNumber) -> Result<bool, Rejection> {
    let host = super::host(step, number);
    let Some(due) = timer::interrupting_due(step, host) else { return Ok(false) };
    timer::fire(step, host, &due.event)?;
    Ok(true)
}

/// Why an attempt failed.
struct Failed {
    code: String,
    /// The class of codes it belongs to, which a boundary event may name instead.
    class: Option<&'static str>,
    message: String,
    again: bool,
}

/// An attempt failed: the next one is ordered, or the failure leaves the task.
fn end(
    step: &mut Step<'_>,
    (element, task): (&Element, &SystemTask),
    number: ElementNumber,
    mut record: AttemptRecord,
    failed: Failed,
) -> Result<(), Rejection> {
    let action = step.state.instance.element(number).and_then(|live| live.action.clone());
    let left = action.map_or(0, |action| action.left);
    let attempt = record.attempt;
    let next = (failed.again && left > 0 && attempt < ATTEMPTS_MAX).then(|| {
        let wait_ms = task.backoff(task.retries.saturating_sub(left) + 1);
        step.env.now.plus_millis(i64::try_from(wait_ms).unwrap_or(0))
    });
    let failure = Failure::of_action(&failed.code, failed.class, failed.message);
    record.code = Some(failure.code.clone());
    record.message = Some(failure.message.clone());
    record.retry_at = next;
    step.emit(Event::ActionFailed { element: number, attempt, code: failure.code.clone(), next });
    step.jobs.push(JobChange::Ended { element: number, attempt: record });
    match next {
        Some(at) => step.effect(Effect::Act { element: number, attempt: attempt + 1, at }),
        None => step.fail(number, &element.id, failure),
    }
    step.run()
}

fn record(step: &Step<'_>, attempt: u32, answer: Option<&Answer>) -> AttemptRecord {
    AttemptRecord {
        attempt,
        at: step.env.now,
        status: match answer {
            Some(Answer::Http(http)) => Some(http.status),
            Some(Answer::Mail { .. }) | None => None,
        },
        code: None,
        message: None,
        retry_at: None,
        response: answer.map(shown),
    }
}

/// The beginning of an answer, for people.
fn shown(answer: &Answer) -> String {
    let text = match answer {
        Answer::Http(http) => http.body.as_str().into(),
        Answer::Mail { message_ids } => std::borrow::Cow::Owned(message_ids.join(", ")),
    };
    text.chars().take(SHOWN_CHARS_MAX).collect()
}
