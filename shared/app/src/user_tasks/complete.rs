//! Completing a task: who may is decided on the very state that the commit compares.

use super::{Address, Found, Refused, allow, pick, unknown, viewer};
use crate::auth::Caller;
use crate::commands::Recorded;
use crate::execute::{ATTEMPTS_MAX, Replay, pause};
use crate::idempotency::RequestHash;
use crate::{App, Error, Request};
use domain::command::{Command, Completion, Origin};
use domain::decision::{Decision, Reply};
use domain::event::Event;
use domain::ids::TaskKey;
use domain::instance::{Aggregate, InstanceStatus};
use domain::process::Process;
use domain::script::Scripts;
use domain::time::Timestamp;
use domain::variables::Variables;
use domain::work_task::Action;
use domain::work_task::policy::sees;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

/// An answer to a task.
pub struct Answer<'a> {
    /// The action taken; `complete` where it is missing.
    pub action: Option<String>,
    /// The values.
    pub values: Variables,
    /// Through which door and from where.
    pub origin: Origin,
    /// The moment.
    pub now: Timestamp,
    /// The script language.
    pub scripts: &'a dyn Scripts,
    /// How to keep the answer for a repeated request, where the caller sent a key.
    pub replay: Option<(RequestHash, &'a AnswerOf<'a>)>,
}

/// Status and body of the answer about a completion, as a door gives it.
pub type AnswerOf<'a> = dyn Fn(&Completed) -> (u16, Value) + Sync + 'a;

/// What a completion led to: done, refused with the task as it was, or ended in an incident.
#[derive(Clone, Debug, PartialEq)]
pub struct Completed {
    /// The task after it.
    pub found: Found,
    /// What the rules say.
    pub reply: Reply,
    /// Status of the instance after the part that ran at once.
    pub status: InstanceStatus,
    /// D-19: the first element in document order where the path stopped; `None` where it ended.
    pub next: Option<String>,
    /// The open tasks of the instance that the caller may see (S4-28).
    pub waiting: Vec<Found>,
    /// What the tasks were modelled in.
    pub process: Arc<Process>,
}

impl Completed {
    fn of(
        caller: &Caller,
        process: &Arc<Process>,
        (after, events, reply): (&Aggregate, &[Event], &Reply),
        task: TaskKey,
    ) -> Option<Completed> {
        let open = after.work_tasks.values().filter(|task| !task.state.is_final());
        let viewer = viewer(caller, &after.instance.started_by);
        Some(Completed {
            waiting: open.filter(|task| sees(&viewer, &task.responsible)).map(|task| Found::of(after, task)).collect(),
            process: process.clone(),
            found: Found::of(after, after.work_tasks.get(&task.number())?),
            reply: reply.clone(),
            status: after.instance.status,
            next: next(process, after, events),
        })
    }
}

/// Completes a task (W-16, W-17).
///
/// # Errors
/// [`domain::rejection::Rejection::NotFound`] for an unknown task, a foreign one, and for who may not see it;
/// [`Refused::Denied`] for who may not complete it; what the life cycle refuses; [`Error::IdempotencyTaken`].
pub async fn complete(
    app: &App,
    caller: &Caller,
    address: &Address,
    answer: &Answer<'_>,
) -> Result<Completed, Refused> {
    let mut recorded = Recorded::default();
    for attempt in 0..ATTEMPTS_MAX {
        if attempt > 0 {
            pause(attempt).await;
        }
        match attempt_once(app, caller, address, answer, &mut recorded).await {
            Err(Refused::Other(Error::Store(store::Error::Conflict))) => {}
            Err(Refused::Other(Error::Store(store::Error::IdempotencyTaken))) => {
                return Err(Error::IdempotencyTaken.into());
            }
            result => return result,
        }
    }
    Err(Error::Busy.into())
}

async fn attempt_once(
    app: &App,
    caller: &Caller,
    address: &Address,
    answer: &Answer<'_>,
    recorded: &mut Recorded,
) -> Result<Completed, Refused> {
    let loaded = app.store.load(caller.tenant, address.instance()).await?.ok_or_else(unknown)?;
    let task = pick(caller, &loaded.aggregate, address)?;
    allow(caller, &loaded.aggregate, &task.responsible, Action::Complete)?;
    let key = task.key;
    let instance = &loaded.aggregate.instance;
    let process = app.process(caller.tenant, &instance.process_id, instance.definition_version).await?;
    let kept = |decision: &Decision| {
        let done = (&decision.after, decision.events.as_slice(), &decision.reply);
        match (Completed::of(caller, &process, done, key), &answer.replay) {
            (Some(completed), Some((_, answer))) => answer(&completed),
            (None, _) | (_, None) => (200, Value::Null),
        }
    };
    let command =
        Command::Complete(Completion { task: key, action: answer.action.clone(), values: answer.values.clone() });
    let request = Request {
        tenant: caller.tenant,
        instance: address.instance(),
        actor: caller.actor(),
        origin: answer.origin.clone(),
        command: command.clone(),
        now: answer.now,
        scripts: answer.scripts,
        replay: answer.replay.as_ref().map(|(hash, _)| Replay { hash: hash.clone(), answer: &kept }),
    };
    let outcome = app.decide_and_commit(&request, Some(&loaded), &command, recorded).await?;
    let done = (&outcome.after, outcome.events.as_slice(), &outcome.reply);
    Completed::of(caller, &process, done, key).ok_or_else(|| unknown().into())
}

fn next(process: &Process, after: &Aggregate, events: &[Event]) -> Option<String> {
    let instance = &after.instance;
    let mut stopped: BTreeSet<&str> = BTreeSet::new();
    for event in events {
        if let Event::ElementActivated(reached) = event {
            let live = instance.element(reached.number);
            stopped.extend(live.map(|live| live.element.as_str()));
        } else if let Event::FlowJoined { element, .. } = event {
            stopped.extend(instance.element(*element).map(|live| live.element.as_str()));
        } else if let Event::FlowsTaken(ready) = event {
            stopped.extend(ready.iter().filter(|ready| instance.ready.contains(ready)).map(|r| r.element.as_str()));
        }
    }
    process.elements.iter().find(|element| stopped.contains(element.id.as_str())).map(|element| element.id.clone())
}
