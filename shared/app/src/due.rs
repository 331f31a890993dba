//! What comes back when something is due, from a schedule or from a queue, and the command it becomes.
//! Knows the shape of both events; decides nothing.

use crate::calls::{CallJob, Job};
use crate::execute::{App, Error, Request};
use crate::throws::{Delivery, ThrowJob};
use crate::timer_starts;
use domain::command::Command;
use domain::effect::Due;
use domain::ids::{InstanceKey, TenantId};
use domain::script::Scripts;
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Payload of schedules and of the delay queues.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DueMessage {
    /// Tenant.
    pub tenant: TenantId,
    /// The aggregate.
    pub instance: InstanceKey,
    /// What is due; nothing: the instance goes on where a budget stopped it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Due>,
    /// Something to be done for a call activity of the instance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<CallJob>,
    /// A message or signal of the instance that is to be delivered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thrown: Option<ThrowJob>,
}

impl DueMessage {
    /// Something that is due, or nothing: the instance goes on.
    pub fn new(tenant: TenantId, instance: InstanceKey, due: Option<Due>) -> DueMessage {
        DueMessage { tenant, instance, due, call: None, thrown: None }
    }
}

/// Times background work is tried before it is given up: the first try and three more (BPMN semantics, "Async
/// boundaries").
const TRIES_MAX: u32 = 4;
/// Seconds until the next try, after the first, the second and so on. Those beyond [`TRIES_MAX`] are for what nobody could
/// retry by hand, which the queue itself gives up in the end.
const PAUSES_S: [i32; 6] = [1, 5, 25, 125, 625, 900];

/// A batch of the delay queue, as far as it is needed.
#[derive(Deserialize)]
struct SqsEvent {
    #[serde(rename = "Records")]
    records: Vec<SqsRecord>,
}

#[derive(Deserialize)]
struct SqsRecord {
    #[serde(rename = "messageId")]
    message_id: String,
    #[serde(rename = "receiptHandle", default)]
    receipt: String,
    body: String,
    #[serde(default)]
    attributes: SqsAttributes,
}

#[derive(Default, Deserialize)]
struct SqsAttributes {
    /// A number, as text.
    #[serde(rename = "ApproximateReceiveCount", default)]
    receives: String,
}

/// The event is neither a schedule's payload nor a batch of the queue, or it is for another function.
#[derive(Debug, thiserror::Error)]
pub enum HandleError {
    /// Cannot be read.
    #[error("the event is not one of this function's: {0}")]
    Unreadable(String),
    /// The command must be tried again.
    #[error(transparent)]
    Failed(#[from] Error),
}

impl HandleError {
    /// The name an alarm can look for.
    pub fn name(&self) -> &'static str {
        match self {
            HandleError::Unreadable(_) => "UnreadableEvent",
            HandleError::Failed(_) => "CommandFailed",
        }
    }
}

/// What became of an event.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Handled {
    /// The function's answer.
    pub answer: Value,
    /// Messages of a batch that are to be tried again.
    pub returned: Vec<Returned>,
}

/// A message that goes back to its queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Returned {
    /// How the queue knows it.
    pub receipt: String,
    /// Seconds until it is to come again. Where nobody tells the queue, it comes as the queue says.
    pub pause_s: i32,
}

/// Which messages a function handles: by what is due, `None` where an instance goes on in the background. Jobs of call
/// activities and what events throw go that way, too.
pub type Accepts = fn(Option<&Due>) -> bool;

/// Handles an event of the functions `reminder`, `expiry` and `timer`. A schedule's payload that must be tried again is
/// an error (Lambda retries it); of a batch only the failed messages return to the queue.
///
/// # Errors
/// [`HandleError`] for a schedule's payload; a batch never fails as a whole.
pub async fn handle(
    app: &App,
    scripts: &dyn Scripts,
    now: impl Fn() -> Timestamp,
    event: Value,
    accepts: Accepts,
) -> Result<Handled, HandleError> {
    if event.get("Records").is_none() {
        let message = read(event, accepts)?;
        execute(app, scripts, now(), &message).await?;
        return Ok(Handled::default());
    }
    let batch: SqsEvent = serde_json::from_value(event).map_err(|error| HandleError::Unreadable(error.to_string()))?;
    let (mut failures, mut returned) = (Vec::new(), Vec::new());
    for record in batch.records {
        let message = serde_json::from_str(&record.body)
            .map_err(|error| HandleError::Unreadable(error.to_string()))
            .and_then(|body| read(body, accepts));
        let receives = record.attributes.receives.parse().unwrap_or(1);
        let result = match message {
            Ok(message) => handle_message(app, scripts, &now, &message, receives).await.map_err(HandleError::from),
            Err(error) => Err(error),
        };
        if let Err(error) = result {
            tracing::warn!(%error, "a due message returns to the queue");
            failures.push(json!({ "itemIdentifier": record.message_id }));
            let tries = usize::try_from(receives).unwrap_or(PAUSES_S.len()).clamp(1, PAUSES_S.len());
            returned.push(Returned { receipt: record.receipt, pause_s: PAUSES_S[tries - 1] });
        }
    }
    Ok(Handled { answer: json!({ "batchItemFailures": failures }), returned })
}

/// Background work and timers that failed again and again stop the instance with an incident, which a person sees and
/// may retry; everything else is tried until the queue itself gives it up.
async fn handle_message(
    app: &App,
    scripts: &dyn Scripts,
    now: impl Fn() -> Timestamp,
    message: &DueMessage,
    receives: u32,
) -> Result<(), Error> {
    let given_up = given_up(message).filter(|_| receives >= TRIES_MAX);
    // The tries before may have died without a word: then nothing but the number of receives tells of them.
    if receives <= TRIES_MAX || given_up.is_none() {
        let tried = execute(app, scripts, now(), message).await;
        if tried.is_ok() || given_up.is_none() {
            return tried;
        }
    }
    let Some(command) = given_up else { return Ok(()) };
    tracing::error!(instance.id = %message.instance, due = ?message.due, "background work is given up");
    app.deliver(&Request::of_engine(message.tenant, message.instance, command, now(), scripts)).await
}

/// The command that gives a message's work up, where a person can retry it.
fn given_up(message: &DueMessage) -> Option<Command> {
    let timer = match &message.due {
        None if message.call.is_none() && message.thrown.is_none() => None,
        Some(Due::Timer { element, event, occurrence }) => Some((*element, event.clone(), *occurrence)),
        None | Some(Due::Reminder { .. } | Due::Expiry { .. } | Due::Start(_)) => return None,
    };
    Some(Command::GiveUp { timer, tries: TRIES_MAX })
}

/// A message, also as Lambda wraps one that a schedule brought and that failed again and again.
fn read(mut event: Value, accepts: Accepts) -> Result<DueMessage, HandleError> {
    let payload = match event.get_mut("requestPayload") {
        Some(payload) => payload.take(),
        None => event,
    };
    let message: DueMessage =
        serde_json::from_value(payload).map_err(|error| HandleError::Unreadable(error.to_string()))?;
    if accepts(message.due.as_ref()) {
        Ok(message)
    } else {
        Err(HandleError::Unreadable(format!("{:?} belongs to another function", message.due)))
    }
}

/// A late, repeated or orphaned firing is an ordinary refusal and counts as handled; one that fires before its time or
/// could not be decided is tried again.
async fn execute(app: &App, scripts: &dyn Scripts, now: Timestamp, message: &DueMessage) -> Result<(), Error> {
    if let Some(job) = &message.call {
        let (tenant, parent) = (message.tenant, message.instance);
        // Boxed: a rare way must not make the future of every other one larger.
        return Box::pin(Job { app, scripts, now, tenant, parent }.perform(job)).await;
    }
    if let Some(job) = &message.thrown {
        let (tenant, sender) = (message.tenant, message.instance);
        return Box::pin(Delivery { app, scripts, now, tenant, sender }.perform(job)).await;
    }
    let instance = message.instance;
    let command = match &message.due {
        None => Command::Continue,
        Some(Due::Reminder { task, occurrence }) => {
            Command::Remind { task: instance.task(*task), occurrence: *occurrence }
        }
        Some(Due::Expiry { task }) => Command::Expire { task: instance.task(*task) },
        Some(Due::Timer { element, event, occurrence }) => {
            Command::FireTimer { element: *element, event: event.clone(), occurrence: *occurrence }
        }
        Some(Due::Start(fired)) => {
            return Box::pin(timer_starts::fire(app, scripts, now, (message.tenant, instance), fired)).await;
        }
    };
    app.deliver(&Request::of_engine(message.tenant, instance, command, now, scripts)).await
}
