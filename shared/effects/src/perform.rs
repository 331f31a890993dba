//! Performs the effects of journal items, each so that a second time changes nothing.

use crate::channel::email::Mailer;
use crate::config::EffectsConfig;
use crate::queue::{EffectRef, Queues};
use crate::schedule::Schedules;
use crate::tally::Tally;
use crate::{Error, mail};
use app::action::ActionMessage;
use app::calls::CallJob;
use app::due::DueMessage;
use app::throws::ThrowJob;
use app::{App, Request, random};
use domain::command::Command;
use domain::effect::{CallEffect, Due, Effect};
use domain::event::Event;
use domain::external_task::Status;
use domain::ids::{InstanceKey, TaskKey, TaskNumber, TenantId};
use domain::notification::Delivery;
use domain::script::NoScripts;
use domain::time::Timestamp;
use std::time::Duration;
use store::{JournalEntry, JournalId, Mark, RunOrder, StoredTask};
use tokio::time::Instant;

/// A time not later than this is waited for in a queue: schedules may be a minute late.
const QUEUE_MS_MAX: i64 = 60_000;
/// One try of one effect; then the queue of retries takes over, or keeps its message.
const TRY_LIMIT: Duration = Duration::from_secs(3);
/// Wait before the first repetition, in seconds; each further one waits twice as long.
const BACKOFF_S: u64 = 10;
/// Longest wait between repetitions. The twenty receives of the queue then span 29 hours: longer than a daily quota that is
/// used up, or a pause of the account that takes a working day to lift.
const BACKOFF_S_MAX: u64 = 3 * 3_600;

/// Pauses between tries to mark a mail that is out; together well within [`TRY_LIMIT`].
const MARK_WAITS: [Duration; 3] = [Duration::from_millis(50), Duration::from_millis(150), Duration::from_millis(400)];

const DAY_MS: i64 = 86_400_000;

/// Whether nothing can happen to the instance behind this entry.
fn ends_instance(entry: &JournalEntry) -> bool {
    entry.events.iter().any(|event| matches!(event, Event::StatusChanged(status) if status.is_final()))
}

/// Which road an effect came by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// The table's stream: records of one aggregate come in order, so what a weak read misses is still behind us.
    Stream,
    /// The queue of retries, or an operator's replay: any order, any time later; reads are strong.
    Retry,
}

/// Performs effects.
#[derive(Clone, Debug)]
pub struct Performer {
    pub(crate) app: App,
    public_url: String,
    pub(crate) mailer: Mailer,
    pub(crate) tally: Tally,
    schedules: Schedules,
    pub(crate) queues: Queues,
}

impl Performer {
    /// With clients for mail, schedules and queues.
    pub fn new(aws: &aws_config::SdkConfig, app: App, public_url: String, config: EffectsConfig) -> Performer {
        Performer {
            app,
            public_url,
            mailer: Mailer::new(aws, config.clone()),
            schedules: Schedules::new(aws, config.clone()),
            queues: Queues::new(aws, config),
            tally: Tally::default(),
        }
    }

    /// Does every effect of a journal item, each tried once; what fails goes to the queue of retries, and so does, untried,
    /// what was not begun by `until`: a service that hangs must not keep the stream until the function's own end.
    ///
    /// # Errors
    /// Only where the queue of retries does not take an effect: the stream must then deliver the item again.
    pub async fn perform_all(&self, entry: &JournalEntry, until: Instant, now: Timestamp) -> Result<(), Error> {
        // Schedules first: the mail's own read of the task then serves as the check that it has not ended meanwhile. What
        // only lists need comes last.
        let mut order: Vec<usize> = (0..entry.effects.len()).collect();
        order.sort_by_key(|number| match entry.effects.get(*number) {
            Some(Effect::Notify { .. } | Effect::Mail { .. }) => 1,
            Some(Effect::Find { .. }) => 2,
            Some(
                Effect::Schedule { .. }
                | Effect::Unschedule { .. }
                | Effect::Act { .. }
                | Effect::Call(_)
                | Effect::Throw { .. }
                | Effect::Continue,
            )
            | None => 0,
        });
        for effect in &entry.effects {
            if effect.is_mail() {
                self.tally.count(entry.id.tenant(), Delivery::Queued, now);
            }
        }
        if ends_instance(entry) {
            order.push(entry.effects.len());
        }
        for number in order {
            let tried = if Instant::now() < until {
                self.attempt(entry, number, Path::Stream, now).await
            } else {
                Err(no_time())
            };
            let Err(failure) = tried else { continue };
            tracing::warn!(instance.id = %entry.id.instance(), effect = number, %failure, "an effect is tried again");
            self.queues.retry(&EffectRef { pk: entry.id.pk(), sk: entry.id.sk(), effect: number }).await?;
        }
        Ok(())
    }

    /// Does one effect named by a message of the queue of retries. `last` when the message will not come again.
    ///
    /// # Errors
    /// Every failure: the message must stay in the queue.
    pub async fn retry(&self, name: &EffectRef, last: bool, now: Timestamp) -> Result<(), Error> {
        if RunOrder::is_one(&name.pk, &name.sk).is_some() {
            return self.feed_again(name, now).await;
        }
        let Some(id) = JournalId::parse(&name.pk, &name.sk) else {
            return Err(Error::Refused { what: "reading the message", detail: "no journal item".to_owned() });
        };
        let Some(entry) = self.app.store.journal_item(id.tenant(), &id, true).await? else { return Ok(()) };
        let result = self.attempt(&entry, name.effect, Path::Retry, now).await;
        if let (Err(error), true, Some(Effect::Notify { task, .. })) = (&result, last, entry.effects.get(name.effect)) {
            tracing::error!(instance.id = %id.instance(), %error, "a notification is given up");
            self.give_up(&entry, name.effect, id.instance().task(*task), "NOT_TAKEN", now).await?;
        }
        if let (Err(error), true, Some(Effect::Mail { element, attempt, .. })) =
            (&result, last, entry.effects.get(name.effect))
        {
            tracing::error!(instance.id = %id.instance(), %error, "a mail of a system task is given up");
            Box::pin(self.give_up_action(&entry, name.effect, (*element, *attempt), "NOT_TAKEN", now)).await?;
        }
        result
    }

    /// Lets a message of the queue of retries that failed at its `receives`th receive wait longer than before.
    ///
    /// # Errors
    /// Where the queue refuses; the message then waits as long as the queue hides every message.
    pub async fn put_off(&self, receipt: &str, receives: u32) -> Result<(), Error> {
        self.queues.receipts.put_off(receipt, backoff_s(receives, random::number())).await
    }

    /// Writes what was counted since the last time: once for a batch. What fails is kept for the next one.
    pub async fn settle(&self, now: Timestamp) {
        self.tally.flush(&self.app.store, &self.mailer, now).await;
    }

    async fn attempt(&self, entry: &JournalEntry, number: usize, path: Path, now: Timestamp) -> Result<(), Error> {
        tokio::time::timeout(TRY_LIMIT, Box::pin(self.perform(entry, number, path, now)))
            .await
            .unwrap_or_else(|_| Err(no_time()))
    }

    /// Does one effect.
    ///
    /// # Errors
    /// [`Error::Later`] where another try may succeed.
    pub async fn perform(&self, entry: &JournalEntry, number: usize, path: Path, now: Timestamp) -> Result<(), Error> {
        let (tenant, instance) = (entry.id.tenant(), entry.id.instance());
        match entry.effects.get(number) {
            // The number behind the last effect stands for what every end of an instance brings with it.
            None if number == entry.effects.len() && ends_instance(entry) => self.retain(entry, now).await,
            None => Ok(()),
            Some(Effect::Notify { task, kind }) => {
                self.notify(entry, number, instance.task(*task), *kind, path, now).await
            }
            Some(Effect::Schedule { due, at }) => {
                self.schedule(tenant, instance, due, *at, now).await?;
                self.drop_orphan(entry, due, path).await
            }
            Some(Effect::Unschedule { due }) => self.schedules.delete(tenant, instance, due).await,
            Some(Effect::Find { task }) => self.find(entry, *task).await,
            Some(Effect::Act { element, attempt, at }) => {
                let message = ActionMessage::new(tenant, instance, *element, *attempt);
                let wait_ms = at.as_millis() - now.as_millis();
                self.queues.call(&message, wait_ms.max(0).saturating_add(999).div_euclid(1_000)).await
            }
            // Boxed: rare effects must not make the future of every other one larger.
            Some(Effect::Mail { element, attempt, recipient }) => {
                Box::pin(self.action_mail(entry, number, (*element, *attempt), *recipient, path, now)).await
            }
            Some(Effect::Call(call)) => Box::pin(self.call(tenant, instance, call, now)).await,
            Some(Effect::Throw { .. }) => {
                // What is sent stays in the journal: a queue needs only its name.
                let job = ThrowJob { journal: entry.id.sk(), effect: number };
                let message = DueMessage { thrown: Some(job), ..DueMessage::new(tenant, instance, None) };
                self.queues.delay(&message, 0).await
            }
            Some(Effect::Continue) => self.queues.delay(&DueMessage::new(tenant, instance, None), 0).await,
        }
    }

    /// Children are started and parents told by the function that has the scripts; a cancel needs none.
    async fn call(
        &self,
        tenant: TenantId,
        instance: InstanceKey,
        call: &CallEffect,
        now: Timestamp,
    ) -> Result<(), Error> {
        let (parent, job) = match call {
            CallEffect::Start { element } => (instance, CallJob::Start { element: *element }),
            CallEffect::Ended { parent } => {
                (parent.instance, CallJob::Ended { element: parent.element, child: instance })
            }
            CallEffect::Cancel { child } => {
                return Ok(app::calls::cancel(&self.app, tenant, *child, now, &NoScripts).await?);
            }
        };
        let message = DueMessage { call: Some(job), ..DueMessage::new(tenant, parent, None) };
        self.queues.delay(&message, 0).await
    }

    /// Marks an ended instance for deletion where its tenant set up for how long it is kept.
    async fn retain(&self, entry: &JournalEntry, now: Timestamp) -> Result<(), Error> {
        let (tenant, instance) = (entry.id.tenant(), entry.id.instance());
        let days = self.app.store.tenant(tenant, now).await?.and_then(|record| record.retention_days);
        let Some(days) = days else { return Ok(()) };
        Ok(self.app.store.keep_until(tenant, instance, entry.at.plus_millis(i64::from(days) * DAY_MS)).await?)
    }

    /// The address stands in the event that ordered this: no task is read.
    async fn find(&self, entry: &JournalEntry, number: TaskNumber) -> Result<(), Error> {
        let mut created = entry
            .events
            .iter()
            .filter_map(|event| if let Event::TaskCreated(created) = event { Some(created) } else { None });
        let recipient = created.find(|created| created.task == number).map(|created| &created.recipient);
        match recipient {
            Some(recipient) => Ok(self.app.store.remember_recipient(entry.id.tenant(), recipient).await?),
            None => Ok(()),
        }
    }

    async fn schedule(
        &self,
        tenant: TenantId,
        instance: InstanceKey,
        due: &Due,
        at: Timestamp,
        now: Timestamp,
    ) -> Result<(), Error> {
        let message = DueMessage::new(tenant, instance, Some(due.clone()));
        let wait_ms = at.as_millis() - now.as_millis();
        if wait_ms > QUEUE_MS_MAX {
            return self.schedules.create(&message, due, at).await;
        }
        // Rounded up: a message that arrives before its time would have to wait for another delivery.
        self.queues.delay(&message, wait_ms.max(0).div_euclid(1_000) + 1).await
    }

    /// Deletes a schedule just made if its task has ended meanwhile, so that none outlives it. On the stream path the
    /// item of a later end is still behind us and deletes it; only a retry can come after that.
    async fn drop_orphan(&self, entry: &JournalEntry, due: &Due, path: Path) -> Result<(), Error> {
        if path == Path::Stream {
            return Ok(());
        }
        let (tenant, instance) = (entry.id.tenant(), entry.id.instance());
        let ended = match due {
            Due::Reminder { task, .. } | Due::Expiry { task } => self
                .app
                .store
                .task(tenant, instance.task(*task), true)
                .await?
                .is_none_or(|stored| stored.task.status != Status::Pending),
            Due::Timer { element, .. } => self
                .app
                .store
                .load(tenant, instance)
                .await?
                .is_none_or(|loaded| loaded.aggregate.instance.element(*element).is_none()),
            Due::Start(start) => {
                let pointer = self.app.store.deployed(tenant, &start.process_id).await?;
                pointer.is_none_or(|pointer| pointer.version != start.version)
            }
        };
        if ended { self.schedules.delete(tenant, instance, due).await } else { Ok(()) }
    }

    async fn notify(
        &self,
        entry: &JournalEntry,
        number: usize,
        key: TaskKey,
        kind: domain::notification::NotificationKind,
        path: Path,
        now: Timestamp,
    ) -> Result<(), Error> {
        let tenant = entry.id.tenant();
        if self.went_out(entry, number, path).await? {
            return Ok(());
        }
        let Some(stored) = self.task(tenant, key, path).await? else { return Ok(()) };
        if stored.task.status_at(now) != Status::Pending {
            tracing::info!(task.id = %key, "no mail is started for a task that has ended");
            return Ok(());
        }
        let mail = mail::compose(&self.app, &self.public_url, entry, number, &stored, kind, now).await?;
        if let Some(reason) = self.over_limit(tenant, &mail.to, now).await? {
            tracing::warn!(task.id = %key, reason, "a mail is not sent: the tenant's limit is reached");
            return self.give_up(entry, number, key, reason, now).await;
        }
        if !self.hand_over(entry, number, &mail, now).await? {
            return self.give_up(entry, number, key, "REFUSED", now).await;
        }
        self.count_for_run(entry, now).await;
        tracing::info!(task.id = %key, effect.kind = "notify", "mail handed over");
        Ok(())
    }

    /// Whether the journal says of a mail what became of it.
    pub(crate) async fn went_out(&self, entry: &JournalEntry, number: usize, path: Path) -> Result<bool, Error> {
        // The item as the stream or queue brought it may be older than a mail that went out: ask the table.
        let stored = match path {
            Path::Stream => self.app.store.journal_item(entry.id.tenant(), &entry.id, true).await?,
            Path::Retry => Some(entry.clone()),
        };
        Ok(stored.is_some_and(|stored| stored.mail(number).is_some()))
    }

    /// Sends a mail and records that it went out. False where it is refused for good.
    pub(crate) async fn hand_over(
        &self,
        entry: &JournalEntry,
        number: usize,
        mail: &crate::channel::email::Outgoing,
        now: Timestamp,
    ) -> Result<bool, Error> {
        match self.mailer.send(mail).await {
            Ok(message_id) => {
                let mark = Mark { delivery: Delivery::Sent, message_id: Some(message_id), reason: None, at: now };
                self.mark_sent(entry, number, &mark).await?;
                self.tally.count(entry.id.tenant(), Delivery::Sent, now);
                Ok(true)
            }
            Err(Error::Refused { what, detail }) => {
                tracing::error!(instance.id = %entry.id.instance(), what, detail, "the mail was refused for good");
                Ok(false)
            }
            Err(error) => {
                self.tally.tried();
                Err(error)
            }
        }
    }

    /// A mail that a bulk run ordered counts for the run as well.
    async fn count_for_run(&self, entry: &JournalEntry, now: Timestamp) {
        let Some(run) = entry.origin.run else { return };
        if let Err(error) = self.app.store.count_run_mail(entry.id.tenant(), run, now).await {
            tracing::warn!(run.id = %run, %error, "a mail of a run is not counted");
        }
    }

    /// Why a mail may not go out today, by the tenant's own limits.
    pub(crate) async fn over_limit(
        &self,
        tenant: TenantId,
        to: &str,
        now: Timestamp,
    ) -> Result<Option<&'static str>, Error> {
        let store = &self.app.store;
        let Some(record) = store.tenant(tenant, now).await? else { return Ok(None) };
        if let Some(limit) = record.mails_per_day {
            let sent = store.delivery_days(tenant, now, 1).await?.first().map_or(0, |today| today.sent);
            if sent >= u64::from(limit) {
                return Ok(Some("DAILY_CAP"));
            }
        }
        match record.mails_per_recipient_day {
            Some(limit) if !store.take_recipient_mail(tenant, to, now, limit).await? => Ok(Some("RECIPIENT_CAP")),
            Some(_) | None => Ok(None),
        }
    }

    /// Marks a mail that is out. Until the mark stands, another try would send the mail again, so a table that refuses
    /// it for the moment is asked once more and once more.
    pub(crate) async fn mark_sent(&self, entry: &JournalEntry, number: usize, mark: &Mark) -> Result<(), Error> {
        for wait in MARK_WAITS {
            match self.app.store.mark_mail(entry.id.tenant(), &entry.id, number, mark).await {
                Ok(_) => return Ok(()),
                Err(error) => {
                    tracing::warn!(instance.id = %entry.id.instance(), %error, "a sent mail is not marked yet")
                }
            }
            tokio::time::sleep(wait).await;
        }
        self.app.store.mark_mail(entry.id.tenant(), &entry.id, number, mark).await?;
        Ok(())
    }

    /// The task as the mail needs it. A weak read may be older than the task itself; then a strong one decides.
    async fn task(&self, tenant: TenantId, key: TaskKey, path: Path) -> Result<Option<StoredTask>, Error> {
        if path == Path::Stream
            && let Some(task) = self.app.store.task(tenant, key, false).await?
        {
            return Ok(Some(task));
        }
        Ok(self.app.store.task(tenant, key, true).await?)
    }

    /// The notification failed for good: its record says so, and the row asks for a person (E-13).
    async fn give_up(
        &self,
        entry: &JournalEntry,
        number: usize,
        key: TaskKey,
        reason: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        let tenant = entry.id.tenant();
        let mark = Mark { delivery: Delivery::Failed, message_id: None, reason: Some(reason.to_owned()), at: now };
        if self.app.store.mark_mail(tenant, &entry.id, number, &mark).await? {
            self.tally.count(tenant, Delivery::Failed, now);
        }
        let command = Command::RecordBounce { task: key, delivery: Delivery::Failed };
        let request = Request::of_engine(tenant, key.instance(), command, now, &NoScripts);
        match self.app.execute(&request).await {
            Ok(_) | Err(app::Error::Rejected(_)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

pub(crate) fn no_time() -> Error {
    Error::Later { what: "an effect", detail: "no answer in the time for one try".to_owned() }
}

/// Seconds until the next receive after `receives` of them failed; up to a quarter more by chance, so that the mails of
/// one outage do not all come back at one moment.
fn backoff_s(receives: u32, chance: u64) -> i32 {
    let wait = BACKOFF_S.saturating_mul(1 << receives.saturating_sub(1).min(20)).min(BACKOFF_S_MAX);
    i32::try_from(wait + chance % (wait / 4 + 1)).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repetitions_wait_longer_each_time_and_outlast_a_day() {
        // Between twenty receives lie nineteen waits.
        let waits: Vec<i32> = (1..=19).map(|receives| backoff_s(receives, 0)).collect();
        assert_eq!(waits[..12], [10, 20, 40, 80, 160, 320, 640, 1_280, 2_560, 5_120, 10_240, 10_800]);
        assert!(waits.iter().sum::<i32>() > 24 * 3_600, "{waits:?}");
        for receives in [0, 1, 11, 12, 100, u32::MAX] {
            for chance in [0, 1, u64::MAX] {
                let wait = backoff_s(receives, chance);
                // SQS hides a message for 12 hours at most.
                assert!((10..=43_200).contains(&wait), "{wait}");
            }
        }
    }
}
