//! A time limit (`TimeoutMs`) that ran out and leads to no path of its own: the activity fails until a retry gives it its
//! time once more, or its task is completed.

use super::{Failure, Step, catcher, host, refuse, stop_timers, timer, unschedule};
use crate::event::Event;
use crate::ids::TaskNumber;
use crate::instance::ElementInstance;
use crate::process::{OnTimeout, Trigger};
use crate::rejection::Rejection;
use crate::variables::Variables;
use crate::work_task::State;
use crate::work_task::event::WorkTaskEvent;
use serde_json::Value;

/// The code of the business error.
const TASK_TIMEOUT: &str = "TASK_TIMEOUT";
/// Who completes a task whose time is over.
const SYSTEM: &str = "system";

/// The time limit of `live` ran out.
pub(super) fn ran_out(step: &mut Step<'_>, live: &ElementInstance, then: &OnTimeout) -> Result<(), Rejection> {
    match then {
        OnTimeout::Throw => {
            throw(step, live);
            Ok(())
        }
        OnTimeout::Complete(action) => complete(step, live, action),
    }
}

/// True where a retry of an element instance is about its time limit, and not about how it was reached.
pub(super) fn has_run_out(step: &Step<'_>, live: &ElementInstance) -> bool {
    let waits = live.task.is_some() || live.turns.is_some() || live.hears_itself();
    let mut incidents = step.state.instance.incidents.iter();
    waits
        && host(step, live.number) == live.number
        && incidents.any(|incident| incident.element_number == live.number && incident.code == TASK_TIMEOUT)
}

/// A retry gives the activity its time once more.
pub(super) fn begin_again(step: &mut Step<'_>, live: &ElementInstance) -> Result<(), Failure> {
    let process = step.env.process;
    let boundaries = process.element(&live.element).into_iter().flat_map(|element| process.boundaries(element));
    let limits = boundaries.filter(|(_, event)| event.on_timeout == Some(OnTimeout::Throw));
    for (event, model) in limits.filter(|(event, _)| live.timers.iter().all(|timer| timer.event != event.id)) {
        let Trigger::Timer(timer) = &model.trigger else { continue };
        if let Some(planned) = timer::plan(step, timer, live.number)? {
            // The schedule of an earlier firing may still be there: commits are counted, so this one has its own name.
            let occurrence = u32::try_from(step.state.instance.version).unwrap_or(u32::MAX).saturating_add(1);
            timer::start(step, live.number, &event.id, occurrence, planned);
        }
    }
    Ok(())
}

fn throw(step: &mut Step<'_>, live: &ElementInstance) {
    let message = format!("the time limit of \"{}\" ran out", live.element);
    let failure = Failure::catchable(TASK_TIMEOUT, message);
    let catch = catcher(step, live.number, &failure);
    // One that has failed before has failed.
    let works = |task: &TaskNumber| step.state.work_tasks.get(task).is_some_and(|task| task.state != State::Failed);
    let work = live.task.filter(works);
    refuse(step, (live.number, &live.element), failure.into(), catch, |step, failure| {
        if let Some(task) = work {
            let what = WorkTaskEvent::Failed { code: failure.code.clone(), values: Variables::new() };
            step.emit(Event::WorkTask { task, what });
        }
    });
}

fn complete(step: &mut Step<'_>, live: &ElementInstance, action: &str) -> Result<(), Rejection> {
    let text = |text: &str| Value::String(text.to_owned());
    let values =
        Variables::from_iter([("userAction".to_owned(), text(action)), ("currentUser".to_owned(), text(SYSTEM))]);
    step.set_variables_at(Some(live.number), values)
        .map_err(|failure| Rejection::Limit { message: failure.message })?;
    let (outcome, answers) = (action.to_owned(), Variables::new());
    if let Some(task) = live.task.and_then(|task| step.state.tasks.get(&task)).cloned() {
        unschedule(step, &task);
        // No page posted it.
        step.emit(Event::TaskCompleted { task: task.key.number(), outcome, answers, submission: String::new() });
    } else if let Some(task) = live.task {
        stop_timers(step, live.number);
        step.emit(Event::WorkTask { task, what: WorkTaskEvent::Completed { outcome, answers } });
    }
    // Of a multi-instance task the turns that are left.
    step.clear(Some(live.number));
    step.complete(live.number)
}
