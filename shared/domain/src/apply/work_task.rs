//! Folds events of ordinary user tasks into state. Makes no decision.

use super::{merge, on_element, release_element};
use crate::ids::TaskNumber;
use crate::instance::Aggregate;
use crate::time::Timestamp;
use crate::variables::Variables;
use crate::work_task::event::{WorkTaskCreated, WorkTaskEvent};
use crate::work_task::{State, WorkTask};

pub(super) fn apply(state: &mut Aggregate, at: Timestamp, number: TaskNumber, event: &WorkTaskEvent) {
    if let WorkTaskEvent::Created(created) = event {
        create(state, at, number, created);
        return;
    }
    let Some(task) = state.work_tasks.get_mut(&number) else { return };
    // Every event but an audit entry counts in the task's `seq`.
    task.seq += u64::from(!matches!(event, WorkTaskEvent::CompleteDenied { .. }));
    match event {
        WorkTaskEvent::Created(_) => {}
        WorkTaskEvent::CompleteDenied { values, .. } => {
            merge(&mut task.draft, values);
            task.form_errors.clear();
        }
        WorkTaskEvent::Failed { values, .. } => {
            merge(&mut task.draft, values);
            task.form_errors.clear();
            task.failed_in = Some(task.state);
            task.state = State::Failed;
        }
        WorkTaskEvent::Retried => task.state = task.failed_in.take().unwrap_or(State::Open),
        WorkTaskEvent::Completed { outcome, answers } => {
            task.outcome = Some(outcome.clone());
            task.answers = answers.clone();
            end(state, number, State::Completed, at);
        }
        WorkTaskEvent::Canceled { .. } => end(state, number, State::Canceled, at),
    }
}

fn create(state: &mut Aggregate, at: Timestamp, number: TaskNumber, created: &WorkTaskCreated) {
    let instance = &mut state.instance;
    instance.last_task = number;
    on_element(instance, created.element, |element| element.task = Some(number));
    let task = WorkTask {
        key: instance.key.task(number),
        seq: 1,
        version: 0,
        state: State::Open,
        failed_in: None,
        activity: created.activity.clone(),
        element: created.element,
        responsible: created.responsible.clone(),
        entity_state: instance.entity_state.clone(),
        priority: created.priority,
        due_at: created.due_at,
        follow_up_at: created.follow_up_at,
        created_at: at,
        ended_at: None,
        description: created.description.clone(),
        form_context: created.form_context.clone(),
        input_data: created.input_data.clone(),
        draft: Variables::new(),
        form_errors: Vec::new(),
        answers: Variables::new(),
        outcome: None,
    };
    state.work_tasks.insert(number, task);
}

fn end(state: &mut Aggregate, number: TaskNumber, to: State, at: Timestamp) {
    let Some(task) = state.work_tasks.get_mut(&number) else { return };
    task.state = to;
    task.failed_in = None;
    task.draft.clear();
    task.form_errors.clear();
    task.ended_at = Some(at);
    let element = task.element;
    release_element(state, element);
}
