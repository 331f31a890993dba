//! What operators, schedules and mail receipts do to an external task: remind, resend, sync, expire, bounce.
//! Answers stand in `answer`; permissions are checked by the doors.

use crate::decision::Reply;
use crate::effect::{Due, Effect};
use crate::engine::{Failure, Step, end_task, fire_before, host, interrupting_due, reminder_due, unschedule_reminder};
use crate::event::{EndCause, Event};
use crate::external_task::{Action, ExternalTask, lifecycle};
use crate::ids::TaskKey;
use crate::instance::TimerState;
use crate::notification::{Delivery, NotificationKind};
use crate::process::Reminders;
use crate::rejection::Rejection;
use crate::time::Timestamp;

/// The task, if `action` is legal in its status, stored or by time.
pub(crate) fn pending(step: &Step<'_>, key: TaskKey, action: Action) -> Result<ExternalTask, Rejection> {
    let task = find(step, key)?;
    let status = task.status_at(step.env.now);
    match lifecycle::after(status, action) {
        Some(_) => Ok(task),
        None => Err(Rejection::InvalidState { action: action.as_str(), state: status.as_str() }),
    }
}

pub(super) fn find(step: &Step<'_>, key: TaskKey) -> Result<ExternalTask, Rejection> {
    let task = step.state.tasks.get(&key.number()).filter(|task| task.key == key);
    task.cloned().ok_or(Rejection::NotFound { what: "task" })
}

/// E-03. Reminders that were missed fold into this one.
pub(crate) fn remind(step: &mut Step<'_>, key: TaskKey, occurrence: u32) -> Result<Reply, Rejection> {
    let task = pending(step, key, Action::Remind)?;
    if task.follow_up || occurrence < task.next_reminder {
        return Err(Rejection::AlreadyDone);
    }
    let none = Reminders::None;
    let process = step.env.process;
    let plan = process.external_task(&task.activity).map_or(&none, |model| &model.reminders);
    let due = |occurrence| reminder_due(plan, occurrence, task.created_at, task.expires_at);
    let at = due(occurrence).ok_or(Rejection::AlreadyDone)?;
    if step.env.now < at {
        return Err(Rejection::TooEarly { due: at });
    }
    let mut next = occurrence + 1;
    while due(next).is_some_and(|at| at <= step.env.now) {
        next += 1;
    }
    step.emit(Event::TaskReminded { task: key.number(), next });
    if let Some(at) = due(next) {
        step.effect(Effect::Schedule { due: Due::Reminder { task: key.number(), occurrence: next }, at });
    }
    step.effect(Effect::Notify { task: key.number(), kind: NotificationKind::Reminder });
    Ok(Reply::Done)
}

/// E-04. Same link, same expiry; only the notification repeats (S0-32).
pub(crate) fn resend(step: &mut Step<'_>, key: TaskKey) -> Result<Reply, Rejection> {
    pending(step, key, Action::Resend)?;
    step.emit(Event::TaskResent(key.number()));
    step.effect(Effect::Notify { task: key.number(), kind: NotificationKind::Resend });
    Ok(Reply::Done)
}

/// E-09. Takes over templates only: no mail, no new recipient, expiry or reminder plan (S0-34 to S0-38).
pub(crate) fn sync_templates(step: &mut Step<'_>, key: TaskKey, version: u32) -> Result<Reply, Rejection> {
    let task = pending(step, key, Action::SyncTemplates)?;
    if step.env.templates.external_task(&task.activity).is_none() {
        return Err(Rejection::NotInDeployed { version, activity: task.activity });
    }
    step.emit(Event::TaskSynced { task: key.number(), version });
    Ok(Reply::Done)
}

/// E-12. By the stored time: timers that were due before it fire first, and an interrupting one among them wins (T-16).
/// An expired ticket's activity leaves by an interrupting timer that is due as well, else by the error `TASK_EXPIRED`.
pub(crate) fn expire(step: &mut Step<'_>, key: TaskKey) -> Result<Reply, Rejection> {
    let task = find(step, key)?;
    if lifecycle::after(task.status, Action::Expire).is_none() {
        return Err(Rejection::InvalidState { action: Action::Expire.as_str(), state: task.status.as_str() });
    }
    let expires = task.expires_at.ok_or(Rejection::AlreadyDone)?;
    if step.env.now < expires {
        return Err(Rejection::TooEarly { due: expires });
    }
    fire_before(step, host(step, task.element), expires)?;
    // Nothing is left to expire where one of them took the ticket away.
    if find(step, key)?.status == task.status {
        leave_expired(step, &task, expires);
        step.run()?;
    }
    Ok(Reply::Done)
}

fn leave_expired(step: &mut Step<'_>, task: &ExternalTask, expires: Timestamp) {
    let activity = host(step, task.element);
    let way_out = interrupting_due(step, activity);
    end_task(step, task.key.number(), Action::Expire, EndCause::Expire, None);
    let Some(element) = step.state.instance.element(activity).cloned() else { return };
    if let Some(TimerState { event, occurrence, .. }) = way_out {
        step.emit(Event::TimerFired { element: activity, event: event.clone(), occurrence });
        step.terminate(activity);
        step.enter(&event, element.place());
    } else {
        let message = format!("nobody answered until {expires}");
        step.fail(task.element, &element.element, Failure::catchable("TASK_EXPIRED", message));
    }
}

/// E-13. The row is flagged and no reminder goes out any more.
pub(crate) fn record_bounce(step: &mut Step<'_>, key: TaskKey, delivery: Delivery) -> Result<Reply, Rejection> {
    let task = pending(step, key, Action::Bounce)?;
    if !delivery.needs_follow_up() {
        return Err(Rejection::InvalidInput {
            field: "delivery".to_owned(),
            code: "INVALID_DELIVERY",
            message: format!("\"{delivery}\" is no reason to look at the task; bounced, complained and failed are"),
        });
    }
    if task.follow_up && task.delivery >= delivery {
        return Err(Rejection::AlreadyDone);
    }
    step.emit(Event::TaskBounced { task: key.number(), delivery });
    unschedule_reminder(step, &task);
    Ok(Reply::Done)
}
