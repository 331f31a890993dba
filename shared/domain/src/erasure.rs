//! What is taken out of an ended instance when one of its recipients is erased: address, name, answers, form context.
//! What happened, when, and how often stays. Changes no status and knows no storage.

use crate::effect::Effect;
use crate::event::Event;
use crate::external_task::ExternalTask;
use crate::ids::TaskNumber;
use crate::instance::{Aggregate, Awaited, Instance};
use crate::notification::Email;
use crate::variables::Variables;
use crate::work_task::WorkTask;
use crate::work_task::event::WorkTaskEvent;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What stands in place of an erased address. Nothing is ever sent there: the domain is reserved for that (RFC 2606).
pub const ERASED_ADDRESS: &str = "erased@erased.invalid";
/// What stands in place of an erased text.
const ERASED: &str = "(erased)";

/// The erasure of one recipient from one instance.
#[derive(Clone, Debug, PartialEq)]
pub struct Erasure {
    address: String,
    names: BTreeSet<String>,
    tasks: BTreeSet<TaskNumber>,
}

impl Erasure {
    /// Of `recipient` from `aggregate`; `None` where no task of it is this recipient's.
    pub fn of(aggregate: &Aggregate, recipient: &Email) -> Option<Erasure> {
        let address = recipient.as_str().to_lowercase();
        let is_theirs = |task: &&ExternalTask| task.recipient.as_str().to_lowercase() == address;
        let theirs: Vec<&ExternalTask> = aggregate.tasks.values().filter(is_theirs).collect();
        let tasks: BTreeSet<TaskNumber> = theirs.iter().map(|task| task.key.number()).collect();
        let names = theirs.iter().filter_map(|task| task.recipient_name.clone()).filter(|name| !name.is_empty());
        let names = names.collect();
        (!tasks.is_empty()).then_some(Erasure { address, names, tasks })
    }

    /// The tasks of the recipient.
    pub fn tasks(&self) -> &BTreeSet<TaskNumber> {
        &self.tasks
    }

    /// A task of the recipient without what is known of them.
    pub fn task(&self, task: &mut ExternalTask) {
        if let Ok(erased) = Email::parse(ERASED_ADDRESS) {
            task.recipient = erased;
        }
        task.recipient_name = None;
        for values in [&mut task.form_context, &mut task.input_data, &mut task.draft, &mut task.answers] {
            *values = Variables::new();
        }
    }

    /// The instance: values that the recipient's answers became, and texts that name the recipient.
    pub fn instance(&self, instance: &mut Instance, answered: &Variables) {
        for (name, value) in &mut instance.variables {
            if answered.get(name) == Some(value) {
                *value = Value::Null;
            }
        }
        self.values(&mut instance.variables);
        for live in instance.elements.iter_mut().map(Arc::make_mut) {
            self.values(&mut live.local);
            live.turns.iter_mut().flat_map(|turns| turns.output.values_mut()).for_each(|value| self.value(value));
        }
        if let Some(thrown) = &mut instance.thrown {
            self.text(&mut thrown.message);
        }
        for incident in &mut instance.incidents {
            self.text(&mut incident.message);
        }
    }

    /// The variables that answers of the recipient became, as an entry of the journal tells.
    pub fn answered(&self, events: &[Event]) -> Variables {
        if !self.has_answer(events) {
            return Variables::new();
        }
        let set =
            events.iter().filter_map(|event| if let Event::VariablesSet(values) = event { Some(values) } else { None });
        set.flat_map(|values| values.iter().map(|(name, value)| (name.clone(), value.clone()))).collect()
    }

    fn has_answer(&self, events: &[Event]) -> bool {
        events.iter().any(|event| matches!(event, Event::TaskCompleted { task, .. } if self.tasks.contains(task)))
    }

    /// The events of one entry. True where something was taken out.
    pub fn events(&self, events: &mut [Event]) -> bool {
        let before = events.to_vec();
        let answer = self.has_answer(events);
        for event in events.iter_mut() {
            let theirs = event.task().is_some_and(|task| self.tasks.contains(&task));
            match event {
                Event::TaskCreated(created) if theirs => {
                    if let Ok(erased) = Email::parse(ERASED_ADDRESS) {
                        created.recipient = erased;
                    }
                    created.recipient_name = None;
                    created.form_context = Variables::new();
                    created.input_data = Variables::new();
                }
                Event::TaskDraftSaved { values, .. } | Event::TaskSubmitDenied { values, .. } if theirs => {
                    *values = Variables::new();
                }
                Event::FormErrorsSet { errors, .. } if theirs => errors.clear(),
                Event::FormErrorsSet { errors, .. } => {
                    errors.iter_mut().for_each(|error| self.text(&mut error.message))
                }
                Event::TaskCompleted { answers, .. } if theirs => *answers = Variables::new(),
                Event::VariablesSet(values) | Event::LocalsSet { values, .. } if answer => {
                    values.iter_mut().for_each(|(_, value)| *value = Value::Null);
                }
                Event::VariablesSet(values) | Event::LocalsSet { values, .. } => self.values(values),
                Event::TurnGave { value, .. } => self.value(value),
                Event::InstanceStarted(started) => self.values(&mut started.variables),
                Event::TaskCreated(created) => {
                    self.values(&mut created.form_context);
                    self.values(&mut created.input_data);
                }
                Event::TaskDraftSaved { values, .. } | Event::TaskSubmitDenied { values, .. } => self.values(values),
                Event::TaskCompleted { answers, .. } => self.values(answers),
                Event::WorkTask { what, .. } => self.work_task_event(what),
                Event::TaskEnded { reason: Some(text), .. } | Event::CancelRequested(text) => self.text(text),
                Event::IncidentRaised(incident) => self.text(&mut incident.message),
                Event::ErrorThrown(thrown) => self.text(&mut thrown.message),
                Event::TaskEnded { reason: None, .. }
                | Event::StatusChanged(_)
                | Event::ElementActivated(_)
                | Event::ElementPassed(_)
                | Event::ElementCompleted(_)
                | Event::ElementTerminated(_)
                | Event::TurnsBegun { .. }
                | Event::FlowJoined { .. }
                | Event::FlowsTaken(_)
                | Event::FlowsResumed
                | Event::EntityStateSet(_)
                | Event::TimerStarted { .. }
                | Event::TimerFired { .. }
                | Event::ChildStarted { .. }
                | Event::ChildGone { .. }
                | Event::Subscribed { .. }
                | Event::Received { .. }
                | Event::ActionOrdered { .. }
                | Event::ActionCompleted { .. }
                | Event::ActionFailed { .. }
                | Event::IncidentResolved(_)
                | Event::TaskOpened(_)
                | Event::TaskReminded { .. }
                | Event::TaskResent(_)
                | Event::TaskSynced { .. }
                | Event::TaskBounced { .. } => {}
            }
        }
        *events != *before
    }

    /// The effects of one entry: what its messages and signals brought. True where something was taken out.
    pub fn effects(&self, events: &[Event], effects: &mut [Effect]) -> bool {
        let before = effects.to_vec();
        let answer = self.has_answer(events);
        for effect in effects.iter_mut() {
            let Effect::Throw { to, variables, .. } = effect else { continue };
            if answer {
                variables.iter_mut().for_each(|(_, value)| *value = Value::Null);
            }
            self.values(variables);
            if let Awaited::Message { key, .. } = to {
                self.text(key);
            }
        }
        *effects != *before
    }

    /// An ordinary task of the same instance: values that name the recipient, and those that were their answers. True
    /// where something was taken out.
    pub fn work_task(&self, task: &mut WorkTask, answered: &Variables) -> bool {
        let before = task.clone();
        for values in [&mut task.form_context, &mut task.input_data] {
            for (name, value) in values.iter_mut() {
                if answered.get(name) == Some(value) {
                    *value = Value::Null;
                }
            }
        }
        for values in [&mut task.form_context, &mut task.input_data, &mut task.draft, &mut task.answers] {
            self.values(values);
        }
        // Whatever it shows stands in the middle of other words.
        task.description = None;
        *task != before
    }

    fn work_task_event(&self, event: &mut WorkTaskEvent) {
        match event {
            WorkTaskEvent::Created(created) => {
                created.description = None;
                self.values(&mut created.form_context);
                self.values(&mut created.input_data);
            }
            WorkTaskEvent::Completed { answers: values, .. }
            | WorkTaskEvent::CompleteDenied { values, .. }
            | WorkTaskEvent::Failed { values, .. } => self.values(values),
            WorkTaskEvent::Retried | WorkTaskEvent::Canceled { .. } => {}
        }
    }

    fn values(&self, values: &mut Variables) {
        values.iter_mut().for_each(|(_, value)| self.value(value));
    }

    fn value(&self, value: &mut Value) {
        match value {
            Value::String(text) => self.text(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.value(item)),
            Value::Object(map) => map.iter_mut().for_each(|(_, value)| self.value(value)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// A text that holds the address, or is a name of the recipient.
    fn text(&self, text: &mut String) {
        if text.to_lowercase().contains(&self.address) || self.names.contains(text.as_str()) {
            *text = ERASED.to_owned();
        }
    }
}
