//! A time limit (`TimeoutMs`) that ran out and leads to no path of its own: the activity fails, or its task is completed.

use super::{Failure, Step, catcher, refuse, stop_timers, unschedule};
use crate::event::Event;
use crate::ids::TaskNumber;
use crate::instance::ElementInstance;
use crate::process::OnTimeout;
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
