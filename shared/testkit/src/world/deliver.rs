//! Deliveries as AWS makes them: stream records in order and again until they are taken, messages and firings at least
//! once, each through the function's own handler. A process that dies in a delivery gets it again after its restart.

use super::{Invocation, TENANT, World};
use crate::aws::{Clock, Function, Message};
use crate::{action_worker, bulk_worker, outbox};
use anyhow::{Context, bail};
use app::bulk_runs::worker::Time;
use app::due;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::effect::Due;
use domain::script::{NoScripts, Scripts};
use domain::time::Timestamp;
use script::QuickJs;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::future::Future;
use store::{JournalId, RunOrder};

/// Time after which a failed firing is made again.
const AGAIN_MS: i64 = 60_000;
/// Receives after which the template gives a message of the delay queues to the dead letters.
const DUE_RECEIVES_MAX: u32 = 5;
/// The same of the timer's queue: after four tries the function itself gives up.
const TIMER_RECEIVES_MAX: u32 = 8;
/// Deliveries in one moment at most: more is a loop.
const ROUNDS_MAX: usize = 200;

/// Time of one invocation of the worker of runs, less its reserve.
const INVOCATION_MS: i64 = 11_000;
/// Messages that the worker of runs gets at once.
const BATCH_MAX: usize = 10;

/// The test's clock as the worker of runs sees it: it waits by moving it.
struct WorldTime(Clock);

impl Time for WorldTime {
    fn now(&self) -> Timestamp {
        self.0.move_to(self.0.now().plus_millis(1));
        self.0.now()
    }

    async fn until(&self, at: Timestamp) {
        self.0.move_to(at);
    }
}

impl World {
    /// Delivers everything that is due now, and what comes of it.
    ///
    /// # Errors
    /// Where it never ends, or a service did not understand a request.
    pub async fn drain(&mut self) -> anyhow::Result<()> {
        for _ in 0..ROUNDS_MAX {
            let commits = self.gate.commits();
            if !self.deliver_stream().await? && !self.deliver_messages().await? && !self.deliver_firings().await? {
                self.settled_commits = commits;
                let misunderstood = self.aws.held().misunderstood.clone();
                if misunderstood.is_empty() {
                    return Ok(());
                }
                bail!("the services did not understand {misunderstood:?}");
            }
        }
        bail!("deliveries never end")
    }

    /// Drains, then lets time pass until no retry of an effect waits any more.
    ///
    /// # Errors
    /// As [`World::drain`].
    pub async fn settle(&mut self) -> anyhow::Result<()> {
        self.drain().await?;
        for _ in 0..ROUNDS_MAX {
            let retries = |message: &&Message| matches!(message.function, Function::Outbox | Function::BulkWorker);
            let next = self.aws.held().messages.iter().filter(retries).map(|message| message.visible_at).min();
            let again = self.invocations.iter().filter(|waiting| waiting.tries > 0).map(|waiting| waiting.due).min();
            let Some(next) = [next, again].into_iter().flatten().min() else { return Ok(()) };
            self.clock.move_to(next);
            self.drain().await?;
        }
        bail!("retries never end")
    }

    /// Lets time pass up to `at`, delivering everything at its time.
    ///
    /// # Errors
    /// As [`World::drain`].
    pub async fn advance_to(&mut self, at: Timestamp) -> anyhow::Result<()> {
        self.drain().await?;
        while let Some(next) = self.next_due().filter(|next| *next <= at) {
            self.clock.move_to(next);
            self.drain().await?;
        }
        self.clock.move_to(at);
        self.drain().await
    }

    /// As [`World::advance_to`], by seconds.
    ///
    /// # Errors
    /// As [`World::drain`].
    pub async fn advance(&mut self, seconds: i64) -> anyhow::Result<()> {
        self.advance_to(self.clock.now().plus_millis(seconds * 1_000)).await
    }

    /// When the next delivery is due.
    pub fn next_due(&self) -> Option<Timestamp> {
        let held = self.aws.held();
        let schedules = held.schedules.values().map(|schedule| schedule.at);
        let messages = held.messages.iter().map(|message| message.visible_at);
        schedules.chain(messages).chain(self.invocations.iter().map(|waiting| waiting.due)).min()
    }

    /// Everything that was delivered by the stream so far is delivered once more, as it was then, in the order of `pick`.
    ///
    /// # Errors
    /// Where a delivery fails.
    pub async fn deliver_again(&mut self, pick: impl Fn(usize) -> usize) -> anyhow::Result<()> {
        let mut records: Vec<Value> = self.delivered.values().cloned().collect();
        records.sort_by_key(|record| record.pointer("/dynamodb/Keys/sk/S").map(Value::to_string));
        for n in 0..records.len() {
            let event = json!({ "Records": [records[pick(n) % records.len()]] });
            let (running, clock) = (self.running(), self.clock.clone());
            outbox::handle(&running.performer, || clock.now(), event).await?;
        }
        Ok(())
    }

    /// Does `work` in the present process; `None` where the process died, and a new one has taken over.
    pub async fn until_death<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        let gate = self.gate.clone();
        // Apart: handlers of tests nest deep, and a thread of tests has a small stack.
        let work = Box::pin(work);
        let done = tokio::select! {
            biased;
            done = work => Some(done),
            () = gate.death() => None,
        };
        if done.is_none() {
            self.deaths += 1;
            self.restart();
        }
        done
    }

    async fn deliver_stream(&mut self) -> anyhow::Result<bool> {
        let mut worked = false;
        let mut held_up = BTreeSet::new();
        for (key, record) in self.undelivered().await? {
            if held_up.contains(&key.0) {
                continue;
            }
            worked = true;
            let (running, clock) = (self.running(), self.clock.clone());
            let event = json!({ "Records": [record] });
            let handled = self.until_death(outbox::handle(&running.performer, || clock.now(), event)).await;
            match handled {
                Some(Ok(_)) => {
                    self.delivered.insert(key, record);
                }
                Some(Err(_)) => {
                    self.stream_failures += 1;
                    held_up.insert(key.0);
                }
                None => {
                    held_up.insert(key.0);
                }
            }
        }
        Ok(worked)
    }

    /// Journal inserts that the outbox has not taken, in the order of each aggregate.
    async fn undelivered(&self) -> anyhow::Result<Vec<((String, String), Value)>> {
        let mut records = Vec::new();
        let items = self.table.client.scan().table_name(&self.table.name).consistent_read(true).send().await?;
        for item in items.items() {
            let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned().unwrap_or_default();
            let key = (text(store::table::PARTITION_KEY), text(store::table::SORT_KEY));
            let id = JournalId::parse(&key.0, &key.1).filter(|id| id.tenant() == TENANT);
            let of_run = RunOrder::is_one(&key.0, &key.1) == Some(TENANT);
            if (id.is_none() && !of_run) || self.delivered.contains_key(&key) {
                continue;
            }
            let image: Map<String, Value> = item.iter().map(|(name, value)| (name.clone(), wire(value))).collect();
            let record = json!({
                "eventID": key.1, "eventName": "INSERT", "eventSource": "aws:dynamodb", "awsRegion": "eu-west-1",
                "dynamodb": {
                    "Keys": { "pk": { "S": key.0 }, "sk": { "S": key.1 } },
                    "NewImage": image, "StreamViewType": "NEW_IMAGE",
                },
            });
            // Orders of runs are in the order of their keys.
            let order = id.map(|id| (id.instance(), id.at(), id.counter(), id.n()));
            records.push(((order, key.clone()), key, record));
        }
        records.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(records.into_iter().map(|(_, key, record)| (key, record)).collect())
    }

    async fn deliver_messages(&mut self) -> anyhow::Result<bool> {
        let now = self.clock.now();
        let batch = self.receive(now);
        let Some(function) = batch.first().map(|message| message.function) else { return Ok(false) };
        let records: Vec<Value> = batch.iter().map(sqs_record).collect();
        let failures: Vec<String> = match self.invoke(function, json!({ "Records": records })).await {
            // The messages come back by themselves when they become visible again.
            None => return Ok(true),
            Some(Ok(answer)) => {
                let failures =
                    answer.get("batchItemFailures").and_then(Value::as_array).context("failures of a batch")?;
                let ids = failures.iter().map(|failure| Some(failure.get("itemIdentifier")?.as_str()?.to_owned()));
                ids.collect::<Option<_>>().context("names of the failed messages")?
            }
            Some(Err(error)) => bail!("a batch failed as a whole: {error:#}"),
        };
        let mut held = self.aws.held();
        for message in batch {
            let at = held.messages.iter().position(|other| other.id == message.id).context("the message")?;
            if !failures.contains(&message.id) {
                held.messages.remove(at);
            } else if message.receives >= receives_max(message.function) {
                let message = held.messages.remove(at);
                held.dead_letters.push(message);
            }
        }
        Ok(true)
    }

    /// Receives a batch as SQS gives it out: one message, or up to ten of one group in order. A group of which a message
    /// is being worked on gives out none.
    fn receive(&self, now: Timestamp) -> Vec<Message> {
        let mut held = self.aws.held();
        let mut held_up: BTreeSet<String> = BTreeSet::new();
        let mut batch: Vec<usize> = Vec::new();
        for (at, message) in held.messages.iter().enumerate() {
            let begins = batch.first().map(|first| &held.messages[*first]);
            let visible = message.visible_at <= now;
            match (&message.group, begins) {
                (None, None) if visible => {
                    batch.push(at);
                    break;
                }
                (Some(group), _) if !visible || held_up.contains(group) => {
                    held_up.insert(group.clone());
                }
                (Some(_), None) => batch.push(at),
                (Some(_), Some(first)) if first.group == message.group => batch.push(at),
                (None, _) | (Some(_), Some(_)) => {}
            }
            if batch.len() == BATCH_MAX {
                break;
            }
        }
        let mut taken = Vec::new();
        for at in batch {
            let message = &mut held.messages[at];
            message.receives += 1;
            message.visible_at = now.plus_millis(hidden_ms(message.function));
            taken.push(message.clone());
        }
        taken
    }

    async fn deliver_firings(&mut self) -> anyhow::Result<bool> {
        let now = self.clock.now();
        {
            let mut held = self.aws.held();
            let due: Vec<String> = held
                .schedules
                .iter()
                .filter(|(_, schedule)| schedule.at <= now)
                .map(|(name, _)| name.clone())
                .collect();
            for name in due {
                if let Some(schedule) = held.schedules.remove(&name) {
                    let (function, input) = (schedule.function, schedule.input);
                    self.invocations.push(Invocation { function, input, due: now, tries: 0 });
                    held.fired.push(name);
                }
            }
        }
        let Some(at) = self.invocations.iter().position(|waiting| waiting.due <= now) else { return Ok(false) };
        let waiting = self.invocations.remove(at);
        let taken = self.invoke(waiting.function, waiting.input.clone()).await;
        if !matches!(taken, Some(Ok(_))) {
            // Scheduler and Lambda try again; what fails for a day goes to the dead letters.
            let again = Invocation { due: now.plus_millis(AGAIN_MS), tries: waiting.tries + 1, ..waiting };
            if again.tries > 185 {
                let (function, body) = (again.function, again.input.to_string());
                let (id, group) = ("firing".to_owned(), None);
                let dead = Message { id, function, group, body, visible_at: now, receives: again.tries };
                self.aws.held().dead_letters.push(dead);
            } else {
                self.invocations.push(again);
            }
        }
        Ok(true)
    }

    /// Calls a function with an event; `None` where its process died.
    pub async fn invoke(&mut self, function: Function, event: Value) -> Option<anyhow::Result<Value>> {
        let (running, clock) = (self.running(), self.clock.clone());
        let now = || {
            clock.move_to(clock.now().plus_millis(1));
            clock.now()
        };
        let quick_js = QuickJs::default();
        let (scripts, accepts): (&dyn Scripts, due::Accepts) = match function {
            Function::Outbox => {
                let handled = self.until_death(outbox::handle(&running.performer, now, event)).await?;
                return Some(handled.map_err(Into::into));
            }
            Function::BulkWorker => {
                let (time, until) = (WorldTime(clock.clone()), clock.now().plus_millis(INVOCATION_MS));
                let handled = bulk_worker::handle(&running.worker, &quick_js, &time, until, &event);
                return Some(Ok(self.until_death(handled).await?));
            }
            Function::ActionWorker => {
                let handled = Box::pin(action_worker::handle(&running.actions, &quick_js, now, &event));
                return Some(Ok(self.until_death(handled).await?));
            }
            Function::Reminder => (&NoScripts, |due| matches!(due, Some(Due::Reminder { .. }))),
            Function::Expiry => (&quick_js, |due| matches!(due, Some(Due::Expiry { .. }))),
            Function::Timer => (&quick_js, |due| matches!(due, None | Some(Due::Timer { .. } | Due::Start(_)))),
        };
        let handled = async {
            let handled = due::handle(&running.app, scripts, now, event, accepts).await?;
            if function == Function::Timer {
                running.receipts.put_off_all(&handled.returned).await;
            }
            Ok(handled.answer)
        };
        self.until_death(handled).await
    }
}

fn sqs_record(message: &Message) -> Value {
    json!({
        "messageId": message.id, "receiptHandle": message.id, "body": message.body, "eventSource": "aws:sqs",
        "attributes": { "ApproximateReceiveCount": message.receives.to_string(), "MessageGroupId": message.group },
    })
}

fn receives_max(function: Function) -> u32 {
    match function {
        Function::Outbox => outbox::RECEIVES_MAX,
        Function::Timer => TIMER_RECEIVES_MAX,
        Function::Reminder | Function::Expiry | Function::BulkWorker | Function::ActionWorker => DUE_RECEIVES_MAX,
    }
}

/// Time for which a received message is hidden from others, by the template: six times the function's timeout.
fn hidden_ms(function: Function) -> i64 {
    match function {
        Function::Outbox => 180_000,
        Function::Reminder | Function::Expiry | Function::Timer | Function::BulkWorker => 90_000,
        Function::ActionWorker => 360_000,
    }
}

/// An attribute as streams deliver it.
fn wire(value: &AttributeValue) -> Value {
    match value {
        AttributeValue::S(text) => json!({ "S": text }),
        AttributeValue::N(number) => json!({ "N": number }),
        AttributeValue::Bool(flag) => json!({ "BOOL": flag }),
        AttributeValue::Null(_) => json!({ "NULL": true }),
        AttributeValue::B(bytes) => {
            use base64::Engine;
            json!({ "B": base64::engine::general_purpose::STANDARD.encode(bytes) })
        }
        AttributeValue::L(list) => json!({ "L": list.iter().map(wire).collect::<Vec<_>>() }),
        AttributeValue::M(map) => {
            let map: Map<String, Value> = map.iter().map(|(name, value)| (name.clone(), wire(value))).collect();
            json!({ "M": map })
        }
        AttributeValue::Ss(list) => json!({ "SS": list }),
        AttributeValue::Ns(list) => json!({ "NS": list }),
        // Binary sets, and kinds the SDK may add, are not used by the store.
        AttributeValue::Bs(_) | _ => Value::Null,
    }
}
