//! Everything an operator sees of one task (S0-17 to S0-26), by permission. What a caller may not see is not in it, so no
//! door can show it by mistake.

use super::{TaskNow, WHAT};
use crate::auth::Caller;
use crate::link::LinkTarget;
use crate::{App, Error};
use domain::command::{Actor, Origin};
use domain::effect::Effect;
use domain::event::Event;
use domain::ids::{TaskKey, TaskNumber};
use domain::notification::{Channel, Delivery, Email, NotificationKind};
use domain::permission::Permission;
use domain::rejection::Rejection;
use domain::time::Timestamp;
use domain::variables::Variables;
use domain::work_task::event::WorkTaskEvent;
use store::{JournalEntry, Opened};

/// A task with everything about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Details {
    /// The task, its instance, and what may be done. Answers, draft, form context and input data are empty where this
    /// caller may not read them.
    pub now: TaskNow,
    /// The public link, for `external-tasks:manage`.
    pub link: Option<TaskLink>,
    /// Whether answers are shown.
    pub values_shown: bool,
    /// Whether the caller may open the process instance.
    pub instance_shown: bool,
    /// The deployed version of the process: what Sync would take templates from. `None`: it is not deployed.
    pub deployed_version: Option<u32>,
    /// When the link was first fetched, by a person or a scanner.
    pub first_fetched_at: Option<Timestamp>,
    /// Every notification ever ordered, oldest first (S0-24, S0-25).
    pub notifications: Vec<NotificationLine>,
    /// What happened, oldest first.
    pub history: Vec<HistoryLine>,
}

/// The public link of a task.
#[derive(Clone, PartialEq, Eq)]
pub struct TaskLink {
    /// The address.
    pub url: String,
    /// Its last part (S0-18).
    pub token: String,
}

impl std::fmt::Debug for TaskLink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TaskLink(..)")
    }
}

/// One notification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotificationLine {
    /// Initial, reminder or resend.
    pub kind: NotificationKind,
    /// How it travels.
    pub channel: Channel,
    /// To whom.
    pub to: Email,
    /// When it was ordered.
    pub ordered_at: Timestamp,
    /// When it was handed to the mail service; `None` while it is queued.
    pub sent_at: Option<Timestamp>,
    /// The newest report.
    pub delivery: Delivery,
    /// When that report was made.
    pub reported_at: Option<Timestamp>,
    /// Why it did not arrive, in the mail service's words.
    pub reason: Option<String>,
    /// When it was opened, and whether by a machine, where the mail service says so.
    pub opened: Option<Opened>,
    /// The mail service's id.
    pub message_id: Option<String>,
    /// Who ordered it: a person, or the plan.
    pub actor: Actor,
}

/// One entry of the history.
#[derive(Clone, Debug, PartialEq)]
pub struct HistoryLine {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// Through which door and from where; the address only for `external-tasks:manage`.
    pub origin: Origin,
    /// Name of the command.
    pub command: String,
    /// What happened; without values where this caller may not read them.
    pub event: Event,
}

/// The details of one task. `public_url` is the origin of public pages.
///
/// # Errors
/// [`Rejection::NotFound`] for an unknown task, a foreign one, and for who may not see external tasks.
pub async fn details(
    app: &App,
    caller: &Caller,
    key: TaskKey,
    public_url: &str,
    now: Timestamp,
) -> Result<Details, Error> {
    caller.require_visible(Permission::ExternalTasksRead, WHAT)?;
    let missing = || Error::Rejected(Rejection::NotFound { what: WHAT });
    let (store, tenant) = (&app.store, caller.tenant);
    let loaded = store.load(tenant, key.instance()).await?.ok_or_else(missing)?;
    let instance = &loaded.aggregate.instance;
    let process = app.process(tenant, &instance.process_id, instance.definition_version).await?;
    let mut shown = TaskNow::of(caller, &process, &loaded.aggregate, key, now).ok_or_else(missing)?;
    let journal = store.journal(tenant, key.instance()).await?;
    let manages = caller.may(Permission::ExternalTasksManage);
    let values = manages || caller.may(Permission::VariablesRead);
    let link = match store.tenant(tenant, now).await? {
        Some(record) if manages => {
            let link = LinkTarget { tenant, task: key, epoch: record.epoch }.sign(app.secret().await?);
            let token = link.expose().to_owned();
            Some(TaskLink { url: format!("{public_url}/t/{token}"), token })
        }
        Some(_) | None => None,
    };
    let pointer = store.deployed(tenant, &instance.process_id).await?;
    let notifications = notifications(&shown, &journal);
    let history = history(&journal, key.number(), values, manages);
    if !values {
        hide(&mut shown.task.answers);
        hide(&mut shown.task.draft);
    }
    if !caller.may(Permission::VariablesRead) {
        hide(&mut shown.task.form_context);
        hide(&mut shown.task.input_data);
    }
    Ok(Details {
        link,
        values_shown: values,
        instance_shown: caller.may(Permission::InstancesRead) || instance.started_by == caller.user,
        deployed_version: pointer.map(|pointer| pointer.version),
        first_fetched_at: loaded.fetched.get(&key.number()).copied(),
        notifications,
        history,
        now: shown,
    })
}

fn hide(values: &mut Variables) {
    *values = Variables::new();
}

fn notifications(shown: &TaskNow, journal: &[JournalEntry]) -> Vec<NotificationLine> {
    let task = &shown.task;
    let ordered = journal.iter().flat_map(|entry| {
        entry.effects.iter().enumerate().filter_map(move |(number, effect)| match effect {
            Effect::Notify { task: about, kind } if *about == task.key.number() => Some((entry, number, *kind)),
            Effect::Notify { .. }
            | Effect::Schedule { .. }
            | Effect::Unschedule { .. }
            | Effect::Find { .. }
            | Effect::Call(_)
            | Effect::Throw { .. }
            | Effect::Act { .. }
            | Effect::Mail { .. }
            | Effect::Continue => None,
        })
    });
    ordered
        .map(|(entry, number, kind)| {
            let mail = entry.mail(number);
            NotificationLine {
                kind,
                channel: task.channel,
                to: task.recipient.clone(),
                ordered_at: entry.at,
                sent_at: mail.map(|mail| mail.at),
                delivery: mail.map_or(Delivery::Queued, |mail| mail.delivery),
                reported_at: mail.map(|mail| mail.reported_at),
                reason: mail.and_then(|mail| mail.reason.clone()),
                opened: mail.and_then(|mail| mail.opened),
                message_id: mail.and_then(|mail| mail.message_id.clone()),
                actor: entry.actor.clone(),
            }
        })
        .collect()
}

fn history(journal: &[JournalEntry], task: TaskNumber, values: bool, addresses: bool) -> Vec<HistoryLine> {
    let events = journal.iter().flat_map(|entry| {
        entry.events.iter().filter(|event| event.task() == Some(task)).map(move |event| (entry, event))
    });
    events
        .map(|(entry, event)| {
            let mut origin = entry.origin.clone();
            if !addresses {
                origin.address = None;
            }
            HistoryLine {
                at: entry.at,
                actor: entry.actor.clone(),
                origin,
                command: entry.command.clone(),
                event: if values { event.clone() } else { without_values(event.clone()) },
            }
        })
        .collect()
}

/// The event without what the recipient or the process put into it.
fn without_values(mut event: Event) -> Event {
    match &mut event {
        Event::TaskCreated(created) => {
            hide(&mut created.form_context);
            hide(&mut created.input_data);
        }
        Event::TaskDraftSaved { values, .. } | Event::TaskSubmitDenied { values, .. } => hide(values),
        Event::FormErrorsSet { errors, .. } => errors.clear(),
        Event::TaskCompleted { answers, .. } => hide(answers),
        Event::InstanceStarted(started) => hide(&mut started.variables),
        Event::WorkTask { what, .. } => match what {
            WorkTaskEvent::Created(created) => {
                hide(&mut created.form_context);
                hide(&mut created.input_data);
            }
            WorkTaskEvent::Completed { answers: values, .. }
            | WorkTaskEvent::CompleteDenied { values, .. }
            | WorkTaskEvent::Failed { values, .. } => hide(values),
            WorkTaskEvent::Retried | WorkTaskEvent::Canceled { .. } => {}
        },
        Event::VariablesSet(variables) => hide(variables),
        Event::StatusChanged(_)
        | Event::ElementActivated(_)
        | Event::ElementPassed(_)
        | Event::ElementCompleted(_)
        | Event::ElementTerminated(_)
        | Event::TurnsBegun { .. }
        | Event::TurnGave { .. }
        | Event::LocalsSet { .. }
        | Event::FlowJoined { .. }
        | Event::FlowsTaken(_)
        | Event::FlowsResumed
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
        | Event::TaskOpened(_)
        | Event::TaskReminded { .. }
        | Event::TaskResent(_)
        | Event::TaskSynced { .. }
        | Event::TaskEnded { .. }
        | Event::TaskBounced { .. }
        | Event::CancelRequested(_) => {}
    }
    event
}
