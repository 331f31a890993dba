//! Folds events into state. Makes no decision: every event always applies, and a replay of the journal gives the stored state.

mod work_task;

use crate::action::UNAWAITED;
use crate::event::{ElementActivated, Event, InstanceStarted, TaskCreated};
use crate::external_task::{ExternalTask, Status};
use crate::ids::{ElementNumber, InstanceKey, TaskNumber};
use crate::instance::{ActionState, Aggregate, ElementInstance, Instance, InstanceStatus, TimerState, TurnsState};
use crate::notification::Delivery;
use crate::time::Timestamp;
use crate::variables::Variables;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The aggregate as its first event makes it.
pub fn begin(key: InstanceKey, at: Timestamp, started: &InstanceStarted) -> Aggregate {
    Aggregate {
        instance: Instance {
            key,
            version: 0,
            process_id: started.process_id.clone(),
            definition_version: started.definition_version,
            status: InstanceStatus::Running,
            business_key: started.business_key.clone(),
            reference: started.reference.clone(),
            entity_state: None,
            started_by: started.by.clone(),
            started_at: at,
            ended_at: None,
            parent: started.parent.clone(),
            thrown: None,
            variables: started.variables.clone(),
            elements: Vec::new(),
            ready: Vec::new(),
            incidents: Vec::new(),
            last_element: ElementNumber(0),
            last_task: TaskNumber(0),
            activations: 0,
        },
        tasks: BTreeMap::new(),
        work_tasks: BTreeMap::new(),
    }
}

/// Changes `state` as `event`, which happened at `at`, says.
pub fn apply(state: &mut Aggregate, at: Timestamp, event: &Event) {
    let instance = &mut state.instance;
    match event {
        // The aggregate begins with it: see `begin`.
        Event::InstanceStarted(_) | Event::CancelRequested(_) => {}
        Event::StatusChanged(status) => {
            instance.status = *status;
            instance.ended_at = status.is_final().then_some(at);
            if *status != InstanceStatus::Running {
                instance.activations = 0;
            }
            if status.is_final() {
                instance.incidents.clear();
            }
        }
        Event::ElementActivated(activated) => activate(instance, at, activated),
        Event::ElementPassed(passed) => count_activation(instance, passed.number),
        Event::ElementCompleted(number) | Event::ElementTerminated(number) => {
            if matches!(event, Event::ElementCompleted(_)) {
                count_turn(instance, *number, |turns| turns.done += 1);
            }
            if let Some(at) = instance.position(*number) {
                instance.elements.remove(at);
            }
            instance.incidents.retain(|incident| incident.element_number != *number);
            instance.ready.retain(|ready| ready.scope != Some(*number));
        }
        Event::TurnsBegun { element, total } => on_element(instance, *element, |element| {
            element.turns = Some(TurnsState { total: *total, begun: 0, done: 0, output: BTreeMap::new() });
        }),
        Event::TurnGave { element, turn, value } => on_element(instance, *element, |element| {
            if let Some(turns) = &mut element.turns {
                turns.output.insert(*turn, value.clone());
            }
        }),
        Event::LocalsSet { element, values } => {
            on_element(instance, *element, |element| merge(&mut element.local, values))
        }
        Event::FlowJoined { element, flow } => {
            on_element(instance, *element, |element| element.arrived.extend([Arc::from(flow.as_str())]));
        }
        Event::FlowsTaken(ready) => instance.ready.extend(ready.iter().cloned()),
        Event::FlowsResumed => instance.ready.clear(),
        Event::VariablesSet(values) => merge(&mut instance.variables, values),
        Event::EntityStateSet(entity_state) => instance.entity_state = Some(entity_state.clone()),
        Event::TimerStarted { element, event, occurrence, due, cycle } => {
            let timer = TimerState { event: event.clone(), occurrence: *occurrence, due: *due, cycle: cycle.clone() };
            on_element(instance, *element, |element| element.timers.push(timer));
        }
        Event::TimerFired { element, event, .. } => {
            on_element(instance, *element, |element| element.timers.retain(|timer| timer.event != *event));
        }
        Event::ChildStarted { element, child } => {
            on_element(instance, *element, |element| element.child = Some(*child))
        }
        Event::ChildGone { element } => on_element(instance, *element, |element| {
            element.child = None;
            element.children_gone += 1;
        }),
        Event::ErrorThrown(thrown) => instance.thrown = Some(thrown.clone()),
        Event::Subscribed { element, subscription } => {
            on_element(instance, *element, |element| element.subscriptions.push(subscription.clone()));
        }
        // It ends with its element, or waits for the next one.
        Event::Received { .. } => {}
        Event::ActionOrdered { element, attempt: UNAWAITED, .. } => instance.last_element = *element,
        Event::ActionOrdered { element, attempt, retries } => {
            let action = ActionState { attempt: *attempt, left: *retries };
            on_element(instance, *element, |element| element.action = Some(action));
        }
        Event::ActionCompleted { element, .. } => on_element(instance, *element, |element| element.action = None),
        Event::ActionFailed { element, next, .. } => on_element(instance, *element, |element| {
            if let Some(action) = element.action.as_mut().filter(|_| next.is_some()) {
                action.attempt += 1;
                action.left = action.left.saturating_sub(1);
            }
        }),
        Event::IncidentRaised(incident) => {
            instance.incidents.push(incident.clone());
            on_element(instance, incident.element_number, |element| element.failed = true);
        }
        Event::IncidentResolved(number) => {
            instance.incidents.retain(|incident| incident.element_number != *number);
            on_element(instance, *number, |element| element.failed = false);
        }
        Event::TaskCreated(created) => create_task(state, at, created),
        Event::TaskSubmitDenied { task, values, .. } => {
            if let Some(task) = state.tasks.get_mut(task) {
                merge(&mut task.draft, values);
                task.form_errors.clear();
            }
        }
        Event::FormErrorsSet { task, errors } => {
            let of_external = state.tasks.get_mut(task).map(|task| &mut task.form_errors);
            if let Some(shown) = of_external.or(state.work_tasks.get_mut(task).map(|task| &mut task.form_errors)) {
                shown.clone_from(errors);
            }
        }
        Event::TaskCompleted { task, .. } | Event::TaskEnded { task, .. } => {
            if let Some(element) = state.tasks.get(task).map(|task| task.element) {
                release_element(state, element);
            }
            on_task(state, *task, |task| end_task(task, at, event));
        }
        Event::TaskOpened(task) => on_task(state, *task, |task| task.first_opened_at = Some(at)),
        Event::TaskDraftSaved { task, values } => on_task(state, *task, |task| merge(&mut task.draft, values)),
        Event::TaskReminded { task, next } => on_task(state, *task, |task| {
            task.reminders += 1;
            task.next_reminder = *next;
        }),
        Event::TaskResent(task) => on_task(state, *task, |task| task.reminders += 1),
        Event::TaskSynced { task, version } => on_task(state, *task, |task| task.templates_version = *version),
        Event::TaskBounced { task, delivery } => on_task(state, *task, |task| {
            task.follow_up = true;
            task.delivery = task.delivery.raised_by(*delivery);
        }),
        Event::WorkTask { task, what } => work_task::apply(state, at, *task, what),
    }
}

fn merge(into: &mut Variables, values: &Variables) {
    for (name, value) in values {
        into.insert(name.clone(), value.clone());
    }
}

fn activate(instance: &mut Instance, at: Timestamp, activated: &ElementActivated) {
    count_activation(instance, activated.number);
    instance.elements.push(Arc::new(ElementInstance {
        number: activated.number,
        element: activated.element.clone(),
        scope: activated.scope,
        handles: activated.handles,
        started_at: at,
        task: None,
        timers: Vec::new(),
        child: None,
        children_gone: 0,
        subscriptions: Vec::new(),
        arrived: BTreeSet::new(),
        turns: None,
        local: Variables::new(),
        action: None,
        failed: false,
    }));
    count_turn(instance, activated.number, |turns| turns.begun += 1);
}

fn count_activation(instance: &mut Instance, number: ElementNumber) {
    // A script may have used further numbers before its element is written down.
    instance.last_element = instance.last_element.max(number);
    instance.activations += u32::from(instance.status == InstanceStatus::Running);
}

/// Counts in the multi-instance activity that an element instance is a turn of, if it is one.
fn count_turn(instance: &mut Instance, number: ElementNumber, count: impl FnOnce(&mut TurnsState)) {
    let Some(around) = instance.element(number).and_then(|turn| instance.around(turn)).map(|around| around.number)
    else {
        return;
    };
    on_element(instance, around, |around| around.turns.as_mut().map(count).unwrap_or_default());
}

fn on_element(instance: &mut Instance, number: ElementNumber, change: impl FnOnce(&mut ElementInstance)) {
    if let Some(at) = instance.position(number) {
        change(Arc::make_mut(&mut instance.elements[at]));
    }
}

/// Every task event but an audit entry counts in the task's `seq`.
fn on_task(state: &mut Aggregate, task: TaskNumber, change: impl FnOnce(&mut ExternalTask)) {
    if let Some(task) = state.tasks.get_mut(&task) {
        task.seq += 1;
        change(task);
    }
}

fn create_task(state: &mut Aggregate, at: Timestamp, created: &TaskCreated) {
    let instance = &mut state.instance;
    instance.last_task = created.task;
    on_element(instance, created.element, |element| element.task = Some(created.task));
    let task = ExternalTask {
        key: instance.key.task(created.task),
        seq: 1,
        version: 0,
        status: Status::Pending,
        activity: created.activity.clone(),
        element: created.element,
        recipient: created.recipient.clone(),
        recipient_name: created.recipient_name.clone(),
        channel: created.channel,
        language: created.language.clone(),
        created_at: at,
        expires_at: created.expires_at,
        completed_at: None,
        ended_at: None,
        first_opened_at: None,
        reminders: 0,
        next_reminder: 1,
        templates_version: instance.definition_version,
        form_context: created.form_context.clone(),
        input_data: created.input_data.clone(),
        draft: Variables::new(),
        form_errors: Vec::new(),
        answers: Variables::new(),
        outcome: None,
        submission: None,
        delivery: Delivery::Queued,
        follow_up: false,
    };
    state.tasks.insert(created.task, task);
}

/// The element instance no longer waits for its task, and its timers have ended with it.
fn release_element(state: &mut Aggregate, element: ElementNumber) {
    on_element(&mut state.instance, element, |element| {
        element.task = None;
        element.timers.clear();
        element.subscriptions.clear();
    });
}

fn end_task(task: &mut ExternalTask, at: Timestamp, event: &Event) {
    task.draft.clear();
    task.form_errors.clear();
    if let Event::TaskCompleted { outcome, answers, submission, .. } = event {
        task.status = Status::Completed;
        task.completed_at = Some(at);
        task.outcome = Some(outcome.clone());
        task.answers = answers.clone();
        task.submission = Some(submission.clone());
    } else if let Event::TaskEnded { status, .. } = event {
        task.status = *status;
        task.ended_at = Some(at);
    }
}
