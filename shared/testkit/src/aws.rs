//! The AWS services that effects need, as far as effects need them: SES, EventBridge Scheduler and SQS on 127.0.0.1.
//! Keeps what was asked and gives it back when the test's clock says so. Sends nothing, decides nothing.

mod server;

use crate::gate::Gate;
use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use domain::time::Timestamp;
use effects::EffectsConfig;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Time for which SQS knows a deduplication id.
const DEDUPLICATED_MS: i64 = 300_000;

/// The time of a test. Clones share it.
#[derive(Clone, Debug)]
pub struct Clock(Arc<AtomicI64>);

impl Clock {
    /// A clock that stands at `at`.
    pub fn at(at: Timestamp) -> Clock {
        Clock(Arc::new(AtomicI64::new(at.as_millis())))
    }

    /// The present moment.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }

    /// Moves it forward, never back.
    pub fn move_to(&self, at: Timestamp) {
        self.0.fetch_max(at.as_millis(), Ordering::SeqCst);
    }
}

/// A mail that SES took.
#[derive(Clone, Debug, PartialEq)]
pub struct Mail {
    /// SES's id.
    pub id: String,
    /// When.
    pub at: Timestamp,
    /// The one recipient.
    pub to: String,
    /// Sender with display name.
    pub from: String,
    /// Subject.
    pub subject: String,
    /// Text part.
    pub text: String,
    /// HTML part.
    pub html: String,
    /// Tags.
    pub tags: BTreeMap<String, String>,
}

/// The functions that take schedules and messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Function {
    /// Retries of effects.
    Outbox,
    /// Reminders.
    Reminder,
    /// Expiries.
    Expiry,
    /// Timers and continuations.
    Timer,
    /// Bulk runs.
    BulkWorker,
    /// Requests of system tasks.
    ActionWorker,
}

/// A schedule that has not fired.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    /// When it fires.
    pub at: Timestamp,
    /// Which function it calls.
    pub function: Function,
    /// With what.
    pub input: Value,
}

/// A message on a queue.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// SQS's id.
    pub id: String,
    /// Whose queue.
    pub function: Function,
    /// Message group, on the FIFO queue.
    pub group: Option<String>,
    /// Body.
    pub body: String,
    /// Not visible before.
    pub visible_at: Timestamp,
    /// Times it was received.
    pub receives: u32,
}

/// What SES says of the account.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Account {
    /// Mails in 24 hours.
    pub max_24h: f64,
    /// Mails of the last 24 hours.
    pub sent_24h: f64,
    /// Mails in a second.
    pub per_second: f64,
    /// False while the account is paused.
    pub sending_enabled: bool,
}

impl Default for Account {
    fn default() -> Account {
        Account { max_24h: 50_000.0, sent_24h: 0.0, per_second: 14.0, sending_enabled: true }
    }
}

/// What the services hold. Everything is public: tests look and meddle.
#[derive(Debug, Default)]
pub struct Held {
    /// What SES says of the account.
    pub account: Account,
    /// Mails taken, in order.
    pub mails: Vec<Mail>,
    /// Schedules by name.
    pub schedules: BTreeMap<String, Schedule>,
    /// Names of schedules that were ever made.
    pub made: Vec<String>,
    /// Names of schedules that fired.
    pub fired: Vec<String>,
    /// Messages on the queues, in order of arrival.
    pub messages: Vec<Message>,
    /// Messages and firings given up.
    pub dead_letters: Vec<Message>,
    /// Requests that the services did not understand: a fault of the test's services or of the product.
    pub misunderstood: Vec<String>,
    /// Credentials of tenants, by `tenant/name`; a process knows those that were there when it began.
    pub secrets: BTreeMap<String, String>,
    /// When a deduplication id was last taken.
    pub(crate) taken: BTreeMap<String, Timestamp>,
    ids: u64,
}

impl Held {
    fn id(&mut self) -> String {
        self.ids += 1;
        format!("0102018c-{:08x}-000000", self.ids)
    }

    /// Puts a message on a queue.
    pub fn put(&mut self, function: Function, body: String, visible_at: Timestamp) -> String {
        let id = self.id();
        self.messages.push(Message { id: id.clone(), function, group: None, body, visible_at, receives: 0 });
        id
    }

    /// Puts a message on the FIFO queue, unless one with its deduplication id was put there within five minutes.
    pub fn put_fifo(&mut self, group: String, deduplication_id: String, body: String, now: Timestamp) -> String {
        let id = self.id();
        let fresh = self.taken.get(&deduplication_id).is_none_or(|at| now >= at.plus_millis(DEDUPLICATED_MS));
        if fresh {
            self.taken.insert(deduplication_id, now);
            let (function, group) = (Function::BulkWorker, Some(group));
            self.messages.push(Message { id: id.clone(), function, group, body, visible_at: now, receives: 0 });
        }
        id
    }
}

/// The running services. Clones share everything.
#[derive(Clone, Debug)]
pub struct Aws {
    held: Arc<Mutex<Held>>,
    endpoint: String,
    gate: Gate,
    clock: Clock,
}

impl Aws {
    /// Starts them on a free port.
    pub async fn start(gate: Gate, clock: Clock) -> anyhow::Result<Aws> {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
        let endpoint = format!("http://{}", listener.local_addr()?);
        let aws = Aws { held: Arc::default(), endpoint, gate, clock };
        let router = server::router(aws.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(aws)
    }

    /// What they hold.
    pub fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A configuration whose clients call these services through the gate, each call once.
    pub fn config(&self) -> SdkConfig {
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .credentials_provider(SharedCredentialsProvider::new(credentials()))
            .endpoint_url(&self.endpoint)
            .http_client(self.gate.http_client())
            .retry_config(RetryConfig::disabled())
            .build()
    }

    /// Names of queues, functions and the rest, as the services know them.
    pub fn effects_config(&self) -> EffectsConfig {
        let queue = |name: &str| format!("{}/123456789012/{name}", self.endpoint);
        let function = |name: &str| format!("arn:aws:lambda:eu-west-1:123456789012:function:{name}");
        EffectsConfig {
            effects_queue: queue("effects"),
            reminder_queue: queue("reminder"),
            expiry_queue: queue("expiry"),
            timer_queue: queue("timer"),
            actions_queue: queue("actions"),
            bulk_queue: queue("bulk.fifo"),
            schedule_group: "countersign".to_owned(),
            scheduler_role: "arn:aws:iam::123456789012:role/scheduler".to_owned(),
            reminder_function: function("reminder"),
            expiry_function: function("expiry"),
            timer_function: function("timer"),
            schedule_dead_letters: "arn:aws:sqs:eu-west-1:123456789012:schedule-dead-letters".to_owned(),
            mail_from: "mail@norvik.example".to_owned(),
            configuration_set: None,
        }
    }
}

/// Nobody's.
pub fn credentials() -> Credentials {
    Credentials::new("local", "local", None, None, "local")
}
