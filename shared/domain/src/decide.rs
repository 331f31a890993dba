//! The pure step: state and command give events and effects, or a rejection. Dispatches only; never mutates its input.

use crate::apply::begin;
use crate::command::{Command, Start};
use crate::decision::{Decision, Env, Reply};
use crate::engine::{
    ChildEnd, Step, child_ended, child_started, complete_action, end_task, fail_action, fire, next_start, open_at,
    order_due, receive, refuse_size, running, start_event, take_away, tell_parent, waits_for,
};
use crate::event::{EndCause, Event, InstanceStarted};
use crate::external_task::{Action, Status, answer, upkeep};
use crate::ids::{ElementNumber, TaskNumber};
use crate::instance::{Aggregate, InstanceStatus, Place};
use crate::rejection::Rejection;
use crate::variables::{Variables, is_reserved, refuse_depth};
use crate::work_task::event::CancelCause;
use crate::work_task::{arrival, completion};

/// Decides on a command. `state` is `None` for [`Command::Start`] only.
///
/// # Errors
/// A [`Rejection`] where the command is not possible; nothing has changed then.
pub fn decide(env: &Env<'_>, state: Option<&Aggregate>, command: &Command) -> Result<Decision, Rejection> {
    let state = match (state, command) {
        (None, Command::Start(start)) => return start_instance(env, start),
        (Some(_), Command::Start(_)) => return Err(Rejection::AlreadyDone),
        (None, _) => return Err(Rejection::NotFound { what: "instance" }),
        (Some(state), _) => state,
    };
    let mut step = Step::new(env, state.clone());
    let reply = match command {
        Command::Start(_) => Reply::Done,
        Command::CancelInstance { reason } => {
            refuse_final(&step, "cancel")?;
            cancel_instance(&mut step, None, reason.clone());
            Reply::Done
        }
        Command::Retry { element, variables } => {
            retry(&mut step, element.as_deref(), variables)?;
            Reply::Done
        }
        Command::Continue => {
            proceed(&mut step)?;
            Reply::Done
        }
        Command::FireTimer { element, event, occurrence } => {
            fire_timer(&mut step, *element, event, *occurrence)?;
            Reply::Done
        }
        Command::GiveUp { timer, tries } => {
            give_up(&mut step, timer.as_ref(), *tries)?;
            Reply::Done
        }
        Command::ChildStarted { element, child } => {
            refuse_final(&step, "childStarted")?;
            child_started(&mut step, *element, *child)?;
            Reply::Done
        }
        Command::ChildEnded { element, child, end } => {
            refuse_final(&step, "childEnded")?;
            match end {
                // Whoever stops a part of a tree stops the tree.
                ChildEnd::Cancelled if waits_for(&step, *element, *child) => cancel_instance(&mut step, None, None),
                ChildEnd::Cancelled => return Err(Rejection::AlreadyDone),
                ChildEnd::Completed(_) | ChildEnd::Failed { .. } | ChildEnd::NotStarted { .. } => {
                    child_ended(&mut step, *element, *child, end)?;
                }
            }
            Reply::Done
        }
        Command::Receive { element, event, awaited, variables } => {
            refuse_final(&step, "receive")?;
            refuse_variables(variables)?;
            receive(&mut step, *element, event, awaited, variables)?;
            Reply::Done
        }
        Command::CompleteAction { element, attempt, answer } => {
            complete_action(&mut step, *element, *attempt, answer)?;
            Reply::Done
        }
        Command::FailAction { element, attempt, trouble } => {
            fail_action(&mut step, *element, *attempt, trouble)?;
            Reply::Done
        }
        Command::Submit(submission) => answer::submit(&mut step, submission)?,
        Command::Complete(completion) => completion::complete(&mut step, completion)?,
        Command::SaveDraft { task, values } => answer::save_draft(&mut step, *task, values)?,
        Command::Remind { task, occurrence } => upkeep::remind(&mut step, *task, *occurrence)?,
        Command::Resend { task } => upkeep::resend(&mut step, *task)?,
        Command::SyncTemplates { task, version } => upkeep::sync_templates(&mut step, *task, *version)?,
        Command::CancelTask { task, reason } => {
            let number = upkeep::pending(&step, *task, Action::Cancel)?.key.number();
            cancel_instance(&mut step, Some(number), reason.clone());
            Reply::Done
        }
        Command::Expire { task } => upkeep::expire(&mut step, *task)?,
        Command::RecordBounce { task, delivery } => upkeep::record_bounce(&mut step, *task, *delivery)?,
    };
    Ok(step.decide(reply))
}

fn start_instance(env: &Env<'_>, start: &Start) -> Result<Decision, Rejection> {
    refuse_variables(&start.variables)?;
    let event = start_event(env.process, start)?;
    if let Some(timer) = start.timer.as_ref().filter(|timer| env.now < timer.at) {
        return Err(Rejection::TooEarly { due: timer.at });
    }
    let started = InstanceStarted {
        process_id: env.process.id.clone(),
        definition_version: start.definition_version,
        business_key: start.business_key.clone(),
        reference: start.reference.clone(),
        parent: start.parent.clone(),
        timer: start.timer.as_ref().map(|timer| timer.event.clone()),
        by: env.actor.name().to_owned(),
        variables: start.variables.clone(),
    };
    let mut step = Step::new(env, begin(start.key, env.now, &started));
    step.emit(Event::InstanceStarted(Box::new(started)));
    open_at(&mut step, None, Place::default(), Some(event));
    if start.in_background {
        step.defer();
    }
    step.run()?;
    let next = start.timer.as_ref().and_then(|timer| next_start(env, start.definition_version, timer));
    step.effects.extend(next);
    Ok(step.decide(Reply::Done))
}

/// Names a caller may not set, and more bytes or levels than an instance holds.
fn refuse_variables(variables: &Variables) -> Result<(), Rejection> {
    if let Some(name) = variables.keys().find(|name| is_reserved(name)) {
        return Err(Rejection::InvalidInput {
            field: format!("variables.{name}"),
            code: "RESERVED_NAME",
            message: format!("\"{name}\" is a name only the engine writes; choose another one"),
        });
    }
    refuse_depth(variables).map_err(|message| Rejection::Limit { message })?;
    refuse_size(variables)
}

fn refuse_final(step: &Step<'_>, action: &'static str) -> Result<(), Rejection> {
    let status = step.state.instance.status;
    if status.is_final() {
        return Err(Rejection::InvalidState { action, state: status.as_str() });
    }
    Ok(())
}

/// I-07: ends every task, element and timer. `asked`: the task whose cancellation it follows from (E-10).
fn cancel_instance(step: &mut Step<'_>, asked: Option<TaskNumber>, reason: Option<String>) {
    match asked {
        Some(task) => end_task(step, task, Action::Cancel, EndCause::Cancel, reason),
        None => {
            if let Some(reason) = reason {
                step.emit(Event::CancelRequested(reason));
            }
        }
    }
    // Before their elements end, which would count as an interruption by the process.
    let work: Vec<TaskNumber> = step.state.work_tasks.keys().copied().collect();
    for task in work {
        arrival::end(step, task, CancelCause::Cancel);
    }
    step.clear(None);
    // A ticket may outlive its element only through a bug; a cancelled instance must leave none behind (S0-42).
    let open: Vec<TaskNumber> =
        step.state.tasks.iter().filter(|(_, task)| task.status == Status::Pending).map(|(number, _)| *number).collect();
    for task in open {
        take_away(step, task);
    }
    step.emit(Event::StatusChanged(InstanceStatus::Cancelled));
    tell_parent(step);
}

fn retry(step: &mut Step<'_>, element: Option<&str>, variables: &Variables) -> Result<(), Rejection> {
    let status = step.state.instance.status;
    if status != InstanceStatus::Error {
        return Err(Rejection::InvalidState { action: "retry", state: status.as_str() });
    }
    refuse_variables(variables)?;
    let mut failed: Vec<ElementNumber> = step
        .state
        .instance
        .incidents
        .iter()
        .filter(|incident| element.is_none_or(|id| incident.element == id))
        .map(|incident| incident.element_number)
        .collect();
    failed.sort_unstable();
    failed.dedup();
    if failed.is_empty() {
        return Err(Rejection::InvalidInput {
            field: "elementId".to_owned(),
            code: "NO_INCIDENT",
            message: format!("no incident is open at \"{}\"", element.unwrap_or_default()),
        });
    }
    if !variables.is_empty() {
        step.set_variables(variables.clone()).map_err(|failure| Rejection::Limit { message: failure.message })?;
    }
    for number in failed {
        step.retry(number)?;
    }
    order_due(step);
    step.run()
}

fn proceed(step: &mut Step<'_>) -> Result<(), Rejection> {
    let instance = &step.state.instance;
    if instance.ready.is_empty() || !instance.incidents.is_empty() || instance.status.is_final() {
        return Err(Rejection::AlreadyDone);
    }
    step.resume();
    step.run()
}

fn give_up(step: &mut Step<'_>, timer: Option<&(ElementNumber, String, u32)>, tries: u32) -> Result<(), Rejection> {
    let instance = &step.state.instance;
    // With an incident open a person looks at the instance already; every retry orders what is due anew.
    if instance.status.is_final() || !instance.incidents.is_empty() {
        return Err(Rejection::AlreadyDone);
    }
    let at = match timer {
        Some((element, event, occurrence)) => running(step, *element, event, *occurrence)?.event,
        None => instance.ready.first().ok_or(Rejection::AlreadyDone)?.element.clone(),
    };
    step.give_up(&at, tries);
    step.run()
}

fn fire_timer(step: &mut Step<'_>, element: ElementNumber, event: &str, occurrence: u32) -> Result<(), Rejection> {
    if step.state.instance.status.is_final() {
        return Err(Rejection::AlreadyDone);
    }
    let timer = running(step, element, event, occurrence)?;
    // T-16: of a timer and the expiry of the same task the earlier one wins, whichever arrives first.
    let expired = step.state.instance.element(element).and_then(|instance| instance.task).filter(|task| {
        let expires = step.state.tasks.get(task).and_then(|task| task.expires_at);
        expires.is_some_and(|expires| expires <= timer.due)
    });
    match expired {
        Some(task) => upkeep::expire(step, step.state.instance.key.task(task)).map(|_| ()),
        None => fire(step, element, event),
    }
}
