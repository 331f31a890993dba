//! What an instance may use up, and what happens when it has: the rest waits for a job, or an incident says the number.

use super::{Failure, Step, multi_instance};
use crate::effect::Effect;
use crate::event::Event;
use crate::ids::{ElementNumber, TaskNumber};
use crate::instance::Ready;
use std::sync::Arc;

/// Elements activated by one command at most; what is left goes on as a job (BPMN semantics, "Async boundaries").
pub const STEPS_MAX: usize = 200;
/// Elements that an instance activates at most while it runs without a wait; then it stops with an incident. What the
/// command activates that finds it waiting or stopped, [`STEPS_MAX`] at most, comes on top: jobs count, and the start.
pub const ACTIVATIONS_MAX: u32 = 100_000;
/// Flows that may wait in one instance; beyond it the instance stops with an incident instead of a failed write.
pub const READY_MAX: usize = 1_000;
/// Open tasks and awaited messages in one instance: each is an item, and a cancel must fit one transaction.
pub const HELD_MAX: usize = 90;

impl Step<'_> {
    /// Items that belong to the instance and end with it.
    pub(super) fn held(&self) -> usize {
        let tickets = self.state.tasks.values().filter(|task| !task.status.is_final()).count();
        let open = tickets + self.state.work_tasks.values().filter(|task| !task.state.is_final()).count();
        open + self.state.instance.elements.iter().map(|live| live.subscriptions.len()).sum::<usize>()
    }

    pub(crate) fn next_element(&self) -> Option<ElementNumber> {
        self.state.instance.last_element.0.checked_add(1).map(ElementNumber)
    }

    pub(crate) fn next_task(&self) -> Result<TaskNumber, Failure> {
        let number = self.state.instance.last_task.0.checked_add(1).map(TaskNumber);
        number.ok_or_else(|| Failure::new("LIMIT", "the instance has used all 65,535 numbers of its tasks".to_owned()))
    }

    /// Whether what is left is a job's. Each command activates one element at least, however late it is, and the scripts
    /// whose commands have been carried out: a job would have them carried out once more.
    pub(super) fn has_done_enough(&self) -> bool {
        let is_over = self.activated > 0 && self.env.scripts.is_time_over();
        self.activated == STEPS_MAX || is_over && self.called >= self.env.commands.len()
    }

    /// A job that failed again and again: the instance stops with an incident. A retry goes on where it stopped.
    pub(crate) fn give_up(&mut self, at: &str, tries: u32) {
        let message = format!(
            "background work failed {tries} times; the log says why. When the cause is mended, a retry goes on here."
        );
        self.raise(ElementNumber::WHOLE_INSTANCE, at, Failure::new("JOB_FAILED", message));
    }

    /// False where the instance has run too long without a wait.
    pub(super) fn may_activate(&self) -> bool {
        self.state.instance.activations < ACTIVATIONS_MAX
    }

    /// The instance stops before it activates what has no number left, or what a cycle brings that never ends; a retry lets
    /// that one turn on as long again.
    pub(super) fn used_up(&mut self, ready: Ready) {
        let message = if self.may_activate() {
            "the instance has used all 4,294,967,295 numbers of its elements"
        } else {
            "100,000 elements were activated without a wait. Look for a cycle in which nothing waits; a timer that is due at \
             once is no wait."
        };
        let failure = Failure::new("LIMIT", message.to_owned());
        self.raise(ElementNumber::WHOLE_INSTANCE, &ready.element, failure);
        self.queue.push_front(Arc::new(ready));
    }

    /// Keeps what could not be activated with the instance; a job goes on with it unless the instance is in Error.
    pub(super) fn park(&mut self) {
        let rest: Vec<Arc<Ready>> = self.queue.drain(..).chain(self.for_job.drain(..)).collect();
        if rest.is_empty() {
            return;
        }
        let waiting = self.state.instance.ready.len() + rest.len();
        let first = rest.first().cloned();
        self.emit(Event::FlowsTaken(rest));
        if let Some(first) = first.filter(|_| waiting > READY_MAX) {
            let message = format!(
                "{waiting} flows wait to be taken at once; at most {READY_MAX} are possible. {}",
                self.who_takes_so_many(&first)
            );
            self.raise(ElementNumber::WHOLE_INSTANCE, &first.element, Failure::new("LIMIT", message));
        } else if self.state.instance.incidents.is_empty() && !self.effects.contains(&Effect::Continue) {
            self.effect(Effect::Continue);
        }
    }

    /// Where the designer should look: at the turns of an activity that all begin at once, or else at what splits.
    fn who_takes_so_many(&self, first: &Ready) -> String {
        let around = first.scope.and_then(|number| self.state.instance.element(number));
        match around.filter(|_| multi_instance::is_turn(self, first)).and_then(|around| around.turns.as_ref()) {
            Some(turns) => format!(
                "\"{}\" begins {} turns at once; let it do one after the other (isSequential), or fewer.",
                first.element, turns.total
            ),
            None => "Look for a loop around a split.".to_owned(),
        }
    }
}
