//! What must hold of every world when its deliveries are done, whatever went wrong on the way. Reads only.

use super::{TENANT, World};
use anyhow::{Context, ensure};
use app::due::DueMessage;
use domain::effect::{Due, Effect};
use domain::event::Event;
use domain::external_task::Status;
use domain::ids::{ElementNumber, InstanceKey, TaskNumber};
use domain::instance::{Aggregate, InstanceStatus};
use domain::notification::Delivery;
use std::collections::BTreeMap;
use store::JournalEntry;

/// Mails of an instance: those that were ordered and are due, and what SES took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mails {
    /// Notifications ordered by the journal.
    pub ordered: usize,
    /// Notifications whose record says that they were handed over.
    pub recorded: usize,
    /// Mails that SES took.
    pub accepted: usize,
}

impl World {
    /// Checks one instance: its tasks end once (I1), its journal replays to its state and its chain is sound (I2), it
    /// moved on once for each task (I3), mails are recorded as they went out but for `doubled` of them (I4), none began
    /// after the end (I5), and no schedule outlives its task (I6, I8).
    ///
    /// # Errors
    /// With the invariant that is broken.
    pub async fn check(&self, instance: InstanceKey, doubled: usize) -> anyhow::Result<Mails> {
        let journal = self.observer.journal(TENANT, instance).await?;
        let state = self.load(instance).await?.aggregate;
        let faults = self.observer.verify_chain(TENANT, instance).await?;
        ensure!(faults.is_empty(), "I2: the chain is broken: {faults:?}");
        ends_once(&journal, &state)?;
        replays(instance, &journal, &state)?;
        let mails = self.mails(instance, &journal, &state, doubled)?;
        self.schedules(instance, &state)?;
        Ok(mails)
    }

    fn mails(
        &self,
        instance: InstanceKey,
        journal: &[JournalEntry],
        state: &Aggregate,
        doubled: usize,
    ) -> anyhow::Result<Mails> {
        let held = self.aws.held();
        let mut sums = Mails::default();
        for entry in journal {
            for (number, effect) in entry.effects.iter().enumerate() {
                let Effect::Notify { task, .. } = effect else { continue };
                let journal: String =
                    entry.id.sk().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
                let tags = [("instance", instance.to_string()), ("journal", journal), ("effect", number.to_string())];
                let of_this =
                    |mail: &&crate::aws::Mail| tags.iter().all(|(name, value)| mail.tags.get(*name) == Some(value));
                let accepted: Vec<_> = held.mails.iter().filter(of_this).collect();
                let record = entry.mail(number);
                let ended = state.tasks.get(task).and_then(|task| task.completed_at.or(task.ended_at));
                sums.ordered += 1;
                sums.accepted += accepted.len();
                sums.recorded += usize::from(record.is_some_and(|mail| mail.delivery != Delivery::Failed));
                let id = record.and_then(|mail| mail.message_id.as_deref());
                ensure!(
                    id.is_none() || accepted.iter().any(|mail| Some(mail.id.as_str()) == id),
                    "I4: {id:?} is recorded and was never accepted"
                );
                ensure!(record.is_some() || accepted.is_empty(), "I4: a mail went out and is not recorded");
                ensure!(
                    record.is_some() || ended.is_some(),
                    "I4: the notification {number} of {} is lost",
                    entry.id.sk()
                );
                for mail in &accepted {
                    ensure!(
                        ended.is_none_or(|ended| mail.at <= ended),
                        "I5: a mail began at {} after {ended:?}",
                        mail.at
                    );
                }
            }
        }
        ensure!(
            sums.accepted <= sums.recorded + doubled,
            "I4: {} mails for {} notifications, {doubled} allowed on top",
            sums.accepted,
            sums.recorded
        );
        Ok(sums)
    }

    /// I6 and I8: what is scheduled belongs to a pending task or a live timer, and what must come back is scheduled.
    fn schedules(&self, instance: InstanceKey, state: &Aggregate) -> anyhow::Result<()> {
        let held = self.aws.held();
        let waiting = held.schedules.values().map(|schedule| schedule.input.clone());
        let scheduled: Vec<DueMessage> = waiting
            .map(serde_json::from_value)
            .collect::<Result<Vec<DueMessage>, _>>()
            .context("the input of a schedule")?
            .into_iter()
            .filter(|message| message.instance == instance)
            .collect();
        let pending = |task: &TaskNumber| state.tasks.get(task).is_some_and(|task| task.status == Status::Pending);
        for message in &scheduled {
            let lives = match &message.due {
                Some(Due::Reminder { task, .. } | Due::Expiry { task }) => pending(task),
                Some(Due::Timer { element, .. }) => state.instance.element(*element).is_some(),
                None | Some(Due::Start(_)) => true,
            };
            ensure!(lives, "I8: {message:?} is scheduled for something that has ended");
        }
        let queued: Vec<DueMessage> = held
            .messages
            .iter()
            .filter_map(|message| serde_json::from_str(&message.body).ok())
            .filter(|message: &DueMessage| message.instance == instance)
            .collect();
        let firing = |due: &Due| {
            let input = serde_json::to_value(DueMessage::new(TENANT, instance, Some(due.clone()))).ok();
            self.invocations.iter().any(|waiting| Some(&waiting.input) == input.as_ref())
        };
        for (number, task) in &state.tasks {
            let expiry = Due::Expiry { task: *number };
            let comes = scheduled.iter().chain(&queued).any(|message| message.due.as_ref() == Some(&expiry));
            ensure!(
                !pending(number) || task.expires_at.is_none() || comes || firing(&expiry),
                "I8: nothing will expire task {}",
                task.key
            );
        }
        Ok(())
    }
}

/// I1 and I3.
fn ends_once(journal: &[JournalEntry], state: &Aggregate) -> anyhow::Result<()> {
    let mut ends: BTreeMap<TaskNumber, usize> = BTreeMap::new();
    let mut left: BTreeMap<ElementNumber, usize> = BTreeMap::new();
    let mut finals = 0;
    for event in journal.iter().flat_map(|entry| &entry.events) {
        match event {
            Event::TaskCompleted { task, .. } | Event::TaskEnded { task, .. } => *ends.entry(*task).or_default() += 1,
            Event::ElementCompleted(element) | Event::ElementTerminated(element) => {
                *left.entry(*element).or_default() += 1
            }
            Event::StatusChanged(status) if status.is_final() => finals += 1,
            Event::InstanceStarted(_)
            | Event::StatusChanged(_)
            | Event::ElementActivated(_)
            | Event::ElementPassed(_)
            | Event::TurnsBegun { .. }
            | Event::TurnGave { .. }
            | Event::LocalsSet { .. }
            | Event::FlowJoined { .. }
            | Event::FlowsTaken(_)
            | Event::FlowsResumed
            | Event::VariablesSet(_)
            | Event::EntityStateSet(_)
            | Event::TimerStarted { .. }
            | Event::TimerFired { .. }
            | Event::ChildStarted { .. }
            | Event::ChildGone { .. }
            | Event::ErrorThrown(_)
            | Event::Subscribed { .. }
            | Event::Received { .. }
            | Event::ActionOrdered { .. }
            | Event::ActionCompleted { .. }
            | Event::ActionFailed { .. }
            | Event::IncidentRaised(_)
            | Event::IncidentResolved(_)
            | Event::TaskCreated(_)
            | Event::TaskOpened(_)
            | Event::TaskDraftSaved { .. }
            | Event::TaskSubmitDenied { .. }
            | Event::FormErrorsSet { .. }
            | Event::TaskReminded { .. }
            | Event::TaskResent(_)
            | Event::TaskSynced { .. }
            | Event::TaskBounced { .. }
            | Event::WorkTask { .. }
            | Event::CancelRequested(_) => {}
        }
    }
    for (number, task) in &state.tasks {
        let ended = ends.get(number).copied().unwrap_or_default();
        let expected = usize::from(task.status != Status::Pending);
        ensure!(ended == expected, "I1: task {} is {} and ended {ended} times", task.key, task.status);
        let moved = left.get(&task.element).copied().unwrap_or_default();
        ensure!(moved <= 1, "I3: the activity of task {} was left {moved} times", task.key);
    }
    ensure!(finals <= 1, "I3: the instance ended {finals} times");
    let over = state.instance.status.is_final();
    ensure!(
        !over
            || state.tasks.values().all(|task| task.status != Status::Pending)
                && state.work_tasks.values().all(|task| task.state.is_final()),
        "I6: an ended instance has open tasks"
    );
    ensure!(
        state.instance.status != InstanceStatus::Completed || state.instance.elements.is_empty(),
        "I3: something is left"
    );
    Ok(())
}

/// I2: folding the journal gives what is stored, but for counters of the store and the delivery that mails report.
fn replays(instance: InstanceKey, journal: &[JournalEntry], stored: &Aggregate) -> anyhow::Result<()> {
    let first = journal.first().context("a journal")?;
    let Some(Event::InstanceStarted(started)) = first.events.first() else {
        anyhow::bail!("I2: the journal does not begin with a start")
    };
    let mut state = domain::begin(instance, first.at, started);
    for entry in journal {
        for event in &entry.events {
            domain::apply(&mut state, entry.at, event);
        }
    }
    let plain = |aggregate: &Aggregate| {
        let mut aggregate = aggregate.clone();
        aggregate.instance.version = 0;
        for task in aggregate.tasks.values_mut() {
            (task.version, task.delivery) = (0, Delivery::Queued);
        }
        aggregate.work_tasks.values_mut().for_each(|task| task.version = 0);
        aggregate
    };
    ensure!(plain(&state) == plain(stored), "I2: the journal replays to {state:?} and {stored:?} is stored");
    Ok(())
}
