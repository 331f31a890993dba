//! User tasks as the engine sees them: arrival and the ways they leave. Answers and operator actions stand in
//! `external_task`.

use super::{Failure, HELD_MAX, ScriptCall, Step, script, timer, trigger};
use crate::effect::{Due, Effect};
use crate::event::{EndCause, Event, TaskCreated};
use crate::external_task::{Action, ExternalTask, Status, lifecycle};
use crate::ids::{ElementNumber, TaskNumber};
use crate::instance::Ready;
use crate::notification::{Email, NotificationKind};
use crate::process::{Element, ElementKind, ExternalTaskModel, Reminders, TaskProfile, UserTask};
use crate::rejection::Rejection;
use crate::script::ScriptKind;
use crate::template::plain_text;
use crate::time::Timestamp;
use crate::variables::{Variables, refuse_depth};
use crate::work_task::arrival;
use serde_json::Value;

/// Reminders of one cycle at most, so that a missed year of a one-second cycle is folded in bounded time.
const REMINDERS_MAX: u32 = 1_000;

type Arrival = Result<Result<(), Failure>, Rejection>;

/// The path that handles a refused answer leads back to the task that is still open: no second one (D-11).
pub(super) fn is_absorbed(step: &Step<'_>, ready: &Ready) -> bool {
    let task = ready.handles.and_then(|number| step.state.instance.element(number));
    task.is_some_and(|task| task.element == ready.element && task.task.is_some())
}

/// A user task was reached: prepare its data, create the task, start its timers (BPMN semantics, "Arrival").
pub(super) fn arrive(step: &mut Step<'_>, element: &Element, number: ElementNumber) -> Arrival {
    let ElementKind::UserTask(model) = &element.kind else { return Ok(Ok(())) };
    let (form_context, input_data) = match prepare(step, model, number)? {
        Ok(data) => data,
        Err(failure) => return Ok(Err(failure)),
    };
    match &model.profile {
        TaskProfile::External(external) => Ok(create(step, element, external, number, form_context, input_data)),
        TaskProfile::Work(work) => Ok(arrival::create(step, element, work, number, form_context, input_data)),
    }
}

/// Form context and input data: the Script's result, else the FormVariables, else nothing.
fn prepare(
    step: &mut Step<'_>,
    model: &UserTask,
    number: ElementNumber,
) -> Result<Result<(Variables, Variables), Failure>, Rejection> {
    let variables = step.variables_at(Some(number)).into_owned();
    let input_data = match script::mapped(&model.input_mapping, &variables, step.env.now) {
        Ok(data) => data,
        Err(failure) => return Ok(Err(failure)),
    };
    let form_context = match &model.pre_script {
        Some(source) => {
            let call = ScriptCall {
                source,
                kind: ScriptKind::Pre,
                variables: &variables,
                form_data: None,
                user_action: None,
                current_user: None,
            };
            match step.evaluate(&call, number)? {
                Ok(outcome) => match outcome.result {
                    Value::Null => Variables::new(),
                    Value::Object(map) => map,
                    other @ (Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) => {
                        Variables::from_iter([("value".to_owned(), other)])
                    }
                },
                Err(failure) => return Ok(Err(failure)),
            }
        }
        None => model
            .form_variables
            .iter()
            .filter_map(|path| Some((path.leaf().to_owned(), path.get(&variables)?.clone())))
            .collect(),
    };
    let too_deep = refuse_depth(&form_context).and_then(|()| refuse_depth(&input_data)).err();
    Ok(match too_deep {
        Some(message) => Err(Failure::new("LIMIT", message)),
        None => Ok((form_context, input_data)),
    })
}

/// E-01: creates the ticket with its schedules and orders the first notification.
fn create(
    step: &mut Step<'_>,
    element: &Element,
    model: &ExternalTaskModel,
    number: ElementNumber,
    form_context: Variables,
    input_data: Variables,
) -> Result<(), Failure> {
    refuse_too_many_tasks(step)?;
    let task = step.next_task()?;
    let now = step.env.now;
    // A recipient may be prepared by the Script; where both have a name, the process's own variable is meant.
    let mut data = form_context.clone();
    data.extend(step.variables_at(Some(number)).into_owned());
    let address = plain_text(&model.recipient.evaluate(&data, now));
    let recipient = Email::parse(&address).map_err(|error| {
        let shown: String = address.chars().filter(|c| !c.is_control()).take(80).collect();
        Failure::new("INVALID_RECIPIENT", format!("the recipient is \"{shown}\"; {error}"))
    })?;
    let text = |expression: &Option<crate::value::ValueExpr>| {
        expression
            .as_ref()
            .map(|expression| plain_text(&expression.evaluate(&data, now)))
            .filter(|text| !text.trim().is_empty())
            .map(|text| text.chars().take(200).collect::<String>())
    };
    let recipient_name = text(&model.recipient_name);
    let language = text(&model.language);
    let expires_at = match &model.expires {
        Some(when) => Some(timer::due(when, now, &data).map_err(|message| Failure::new("INVALID_EXPIRY", message))?),
        None => None,
    };
    let waits = trigger::plan(step, element, number)?;
    step.emit(Event::TaskCreated(Box::new(TaskCreated {
        task,
        element: number,
        activity: element.id.clone(),
        recipient,
        recipient_name,
        channel: model.channel,
        language,
        expires_at,
        form_context,
        input_data,
    })));
    if let Some(at) = expires_at {
        step.effect(Effect::Schedule { due: Due::Expiry { task }, at });
    }
    if let Some(at) = reminder_due(&model.reminders, 1, now, expires_at) {
        step.effect(Effect::Schedule { due: Due::Reminder { task, occurrence: 1 }, at });
    }
    trigger::wait(step, number, waits);
    step.effect(Effect::Notify { task, kind: NotificationKind::Initial });
    step.effect(Effect::Find { task });
    Ok(())
}

/// When reminder `occurrence` (from 1) of a task created at `created` goes out; `None` when there is none before the expiry.
pub(crate) fn reminder_due(
    reminders: &Reminders,
    occurrence: u32,
    created: Timestamp,
    expires: Option<Timestamp>,
) -> Option<Timestamp> {
    let at = match reminders {
        Reminders::None => None,
        Reminders::At(list) => {
            let index = usize::try_from(occurrence.checked_sub(1)?).ok()?;
            list.get(index).map(|duration| duration.after(created))
        }
        Reminders::Every { times, interval } => (1..=REMINDERS_MAX.min(*times))
            .contains(&occurrence)
            .then(|| (0..occurrence).fold(created, |at, _| interval.after(at))),
    }?;
    expires.is_none_or(|expires| at < expires).then_some(at)
}

/// One more task of any kind must leave room for a cancel in one transaction.
pub(crate) fn refuse_too_many_tasks(step: &Step<'_>) -> Result<(), Failure> {
    let held = step.held();
    if held < HELD_MAX {
        return Ok(());
    }
    let message = format!("the instance has {held} open tasks and awaited messages; at most {HELD_MAX} are possible");
    Err(Failure::new("LIMIT", message))
}

/// The task's element or instance ends. The stored time decides: a ticket whose time has passed has expired (E-12), any
/// other one is interrupted (E-11), and so is an ordinary task.
pub(crate) fn take_away(step: &mut Step<'_>, task: TaskNumber) {
    let expired = step.state.tasks.get(&task).is_some_and(|task| task.status_at(step.env.now) == Status::Expired);
    if expired {
        end_task(step, task, Action::Expire, EndCause::Expire, None);
    } else {
        interrupt(step, task);
    }
}

/// E-11, W-18: the process takes the task away.
pub(super) fn interrupt(step: &mut Step<'_>, task: TaskNumber) {
    arrival::take_away(step, task);
    end_task(step, task, Action::Interrupt, EndCause::Interrupt, None);
}

/// Ends a pending ticket without an answer: its schedules go with it. A ticket that has ended stays as it is.
pub(crate) fn end_task(
    step: &mut Step<'_>,
    number: TaskNumber,
    action: Action,
    cause: EndCause,
    reason: Option<String>,
) {
    let Some(task) = step.state.tasks.get(&number).cloned() else { return };
    let Some(status) = lifecycle::after(task.status, action) else { return };
    unschedule(step, &task);
    step.emit(Event::TaskEnded { task: number, status, cause, reason });
}

/// Orders away whatever is scheduled for a ticket and for the boundary events of its activity.
pub(crate) fn unschedule(step: &mut Step<'_>, task: &ExternalTask) {
    let number = task.key.number();
    if task.expires_at.is_some() {
        step.effect(Effect::Unschedule { due: Due::Expiry { task: number } });
    }
    unschedule_reminder(step, task);
    stop_timers(step, task.element);
}

/// Ends the timers of an activity's boundary events.
pub(crate) fn stop_timers(step: &mut Step<'_>, element: ElementNumber) {
    if let Some(instance) = step.state.instance.element(element).cloned() {
        timer::stop_all(step, &instance);
    }
}

/// Orders the next reminder away, if there is one: after a bounce there is none (E-13).
pub(crate) fn unschedule_reminder(step: &mut Step<'_>, task: &ExternalTask) {
    let (occurrence, number) = (task.next_reminder, task.key.number());
    let plan = step.env.process.external_task(&task.activity).map(|model| &model.reminders);
    let planned = plan.and_then(|plan| reminder_due(plan, occurrence, task.created_at, task.expires_at));
    if planned.is_some() && !task.follow_up {
        step.effect(Effect::Unschedule { due: Due::Reminder { task: number, occurrence } });
    }
}
