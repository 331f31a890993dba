//! The journal in sentences: one entry for one command, with who asked, through which door, and what happened then.
//! Values are never shown here; names of variables only to those who may read them.

use super::progress::Progress;
use super::{Details, Entry, May};
use crate::console::instances::Moment;
use crate::format::{self, Zone};
use domain::action::UNAWAITED;
use domain::command::{Actor, Door, Origin};
use domain::event::{EndCause, Event};
use domain::external_task::Status;
use domain::ids::{ElementNumber, TaskNumber};
use domain::instance::{Aggregate, Awaited};
use domain::notification::Delivery;
use domain::process::Process;
use domain::time::Timestamp;
use domain::variables::Variables;
use domain::work_task::event::{CancelCause, WorkTaskEvent};
use serde::Serialize;

/// Entries of one page.
const ENTRIES_MAX: usize = 100;
/// Sentences of one entry at most: a loop can pass 200 elements in one command.
const SENTENCES_MAX: usize = 30;

/// A page of the journal, the newest entry first.
#[derive(Serialize)]
pub(super) struct History {
    lines: Vec<Line>,
    newer: Option<String>,
    older: Option<String>,
}

impl History {
    /// From this many entries after the newest one on.
    pub fn of(details: &Details<'_>, skipped: usize, (zone, now): (&Zone, Timestamp)) -> History {
        let reader = Reader {
            process: details.process,
            aggregate: details.aggregate,
            progress: details.progress,
            may: details.may,
            zone,
            now,
        };
        let (journal, key) = (details.journal, details.aggregate.instance.key);
        let address = |skipped: usize| match skipped {
            0 => format!("/instances/{key}?tab=history"),
            skipped => format!("/instances/{key}?tab=history&skip={skipped}"),
        };
        History {
            lines: journal.iter().rev().skip(skipped).take(ENTRIES_MAX).map(|entry| reader.line(entry)).collect(),
            newer: (skipped > 0).then(|| address(skipped.saturating_sub(ENTRIES_MAX))),
            older: (journal.len() > skipped + ENTRIES_MAX).then(|| address(skipped + ENTRIES_MAX)),
        }
    }
}

/// Who asked.
pub(super) fn who(actor: &Actor) -> String {
    match actor {
        Actor::User(id) => id.clone(),
        Actor::Recipient => "The recipient".to_owned(),
        Actor::System => "Countersign".to_owned(),
    }
}

/// One entry of the page.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Line {
    icon: &'static str,
    tone: &'static str,
    title: String,
    who: String,
    from: Option<String>,
    run: Option<String>,
    at: Moment,
    says: Vec<String>,
    rest: usize,
}

/// Who reads, and where they are.
struct Reader<'a> {
    process: &'a Process,
    aggregate: &'a Aggregate,
    progress: &'a Progress,
    may: May,
    zone: &'a Zone,
    now: Timestamp,
}

impl Reader<'_> {
    /// An entry in words.
    fn line(&self, entry: &Entry<'_>) -> Line {
        let (icon, tone, title) = self.title(entry);
        let mut says: Vec<String> =
            entry.events.iter().filter_map(|event| self.sentence(event, entry.command)).collect();
        let rest = says.len().saturating_sub(SENTENCES_MAX);
        says.truncate(SENTENCES_MAX);
        Line {
            icon,
            tone,
            title,
            who: who(entry.actor),
            from: from(entry.origin),
            run: entry.origin.run.map(|run| run.to_string()),
            at: Moment::short(self.zone, entry.at, self.now),
            says,
            rest,
        }
    }

    /// What was asked. A command that ended in an incident says so first.
    fn title(&self, entry: &Entry<'_>) -> (&'static str, &'static str, String) {
        let plain = |icon, title: &str| (icon, "", title.to_owned());
        let incident = entry
            .events
            .iter()
            .find_map(|event| if let Event::IncidentRaised(incident) = event { Some(incident) } else { None });
        if let Some(incident) = incident {
            return ("failed", "bad", format!("{} failed", self.name(&incident.element)));
        }
        match entry.command {
            "start" => plain("play", "Started the instance"),
            "cancelInstance" => plain("cancelled", "Cancelled the instance"),
            "retry" => plain("refresh", "Tried the failed step again"),
            "continue" => plain("right", "Went on"),
            "fireTimer" => plain("expired", "A timer fired"),
            "childStarted" => plain("instances", "A called process began"),
            "childEnded" => plain("instances", "A called process ended"),
            "receive" => plain("msg", "What was waited for came"),
            "complete" => {
                let denied =
                    |event: &Event| matches!(event, Event::WorkTask { what: WorkTaskEvent::CompleteDenied { .. }, .. });
                if entry.events.iter().any(denied) {
                    ("warn", "warn", "Sent an answer that was not accepted".to_owned())
                } else {
                    ("done", "ok", "Completed a task".to_owned())
                }
            }
            "completeAction" | "failAction" => self.attempt(entry),
            "submit" => {
                let denied = entry.events.iter().any(|event| matches!(event, Event::TaskSubmitDenied { .. }));
                if denied {
                    ("warn", "warn", "Sent an answer that was not accepted".to_owned())
                } else {
                    ("done", "ok", "Answered".to_owned())
                }
            }
            "saveDraft" => plain("form", "Saved what was typed"),
            "remind" => plain("send", "Reminded the recipient"),
            "resend" => plain("send", "Sent the mail again"),
            "syncTemplates" => plain("sync", "Took over the deployed templates"),
            "cancelTask" => plain("cancelled", "Cancelled a task and with it the instance"),
            "expire" => plain("expired", "The time to answer passed"),
            "recordBounce" => ("warn", "warn", "A mail needs follow-up".to_owned()),
            // A command of a newer release: its events say what happened.
            other => plain("info", other),
        }
    }

    /// How an attempt of a system task ended.
    fn attempt(&self, entry: &Entry<'_>) -> (&'static str, &'static str, String) {
        for event in entry.events {
            if let Event::ActionCompleted { element, .. } = event {
                return ("done", "ok", format!("{} was carried out", self.step(*element).unwrap_or_default()));
            }
            if let Event::ActionFailed { element, .. } = event {
                return ("warn", "warn", format!("{} did not succeed yet", self.step(*element).unwrap_or_default()));
            }
        }
        // A timer that was due before the attempt's end took the task away.
        ("info", "", "An attempt ended too late".to_owned())
    }

    /// An event in words; `None` for what only the engine needs to know.
    fn sentence(&self, event: &Event, command: &str) -> Option<String> {
        Some(match event {
            Event::InstanceStarted(started) => match &started.timer {
                Some(event) => format!("Begun by the timer {}.", self.name(event)),
                None => self.variables(&started.variables, "Started with")?,
            },
            Event::StatusChanged(status) => format!("The instance is {}.", super::Look::of(*status).word),
            Event::ElementActivated(reached) => format!("{} began.", self.name(&reached.element)),
            Event::ElementPassed(reached) => format!("{} was passed.", self.name(&reached.element)),
            Event::ElementCompleted(number) => format!("{} was completed.", self.step(*number)?),
            Event::ElementTerminated(number) => format!("{} was stopped.", self.step(*number)?),
            Event::TurnsBegun { element, total } => format!("{} is done {total} times.", self.step(*element)?),
            Event::TurnGave { .. } => return None,
            Event::LocalsSet { values, .. } => self.variables(values, "Variables of one turn:")?,
            Event::FlowJoined { element, .. } => format!("A path arrived at {}.", self.step(*element)?),
            Event::FlowsTaken(ready) => {
                let names: Vec<String> = ready.iter().map(|ready| self.name(&ready.element)).collect();
                format!("Next: {}.", names.join(", "))
            }
            Event::FlowsResumed => return None,
            Event::VariablesSet(variables) => self.variables(variables, "Variables set:")?,
            Event::EntityStateSet(state) => format!("The state became {state}."),
            Event::ChildStarted { child, .. } => format!("The called process runs as {child}."),
            Event::ChildGone { .. } => "The called process is gone.".to_owned(),
            Event::ErrorThrown(thrown) => format!("The error {} went on to the calling process.", thrown.code),
            Event::Subscribed { subscription, .. } => match &subscription.to {
                Awaited::Message { name, key } => format!("Waits for the message {name} with the key {key}."),
                Awaited::Signal { name } => format!("Waits for the signal {name}."),
            },
            Event::Received { event, .. } => format!("What {} waited for came.", self.name(event)),
            Event::TimerStarted { event, due, .. } => {
                format!("The timer {} runs until {}.", self.name(event), self.time(*due))
            }
            Event::TimerFired { event, .. } => format!("The timer {} fired.", self.name(event)),
            Event::ActionOrdered { attempt: UNAWAITED, .. } => "A script ordered a mail.".to_owned(),
            Event::ActionOrdered { element, attempt, .. } => {
                format!("{}: attempt {attempt} was ordered.", self.step(*element)?)
            }
            Event::ActionCompleted { element, attempt } => {
                format!("{}: attempt {attempt} succeeded.", self.step(*element)?)
            }
            Event::ActionFailed { element, attempt, code, next } => {
                let next = next.map(|at| format!("; the next begins at {}", self.time(at))).unwrap_or_default();
                format!("{}: attempt {attempt} failed with {code}{next}.", self.step(*element)?)
            }
            Event::IncidentRaised(incident) => incident.message.clone(),
            Event::IncidentResolved(number) => format!("{} is tried again.", self.step(*number)?),
            Event::TaskCreated(created) => {
                let until = created.expires_at.map(|at| format!(" until {}", self.time(at))).unwrap_or_default();
                let asked = if self.may.tasks { created.recipient.as_str() } else { "The recipient" };
                format!("{asked} was asked{until}.")
            }
            Event::TaskOpened(_) => "The recipient acted for the first time.".to_owned(),
            Event::TaskDraftSaved { values, .. } => {
                format!("{} kept as a draft.", counted(values.len(), "value was", "values were"))
            }
            Event::TaskSubmitDenied { codes, .. } => format!("Reason: {}.", codes.join(", ")),
            Event::FormErrorsSet { errors, .. } => {
                let said: Vec<&str> = errors.iter().map(|error| error.message.as_str()).collect();
                if self.may.tasks { said.join(" ") } else { "The form says what was wrong.".to_owned() }
            }
            Event::TaskReminded { task, .. } => format!("{}: a reminder went out.", self.task(*task)?),
            Event::TaskResent(task) => format!("{}: the mail went out again.", self.task(*task)?),
            Event::TaskSynced { task, version } => {
                format!("{} shows the templates of version {version}.", self.task(*task)?)
            }
            Event::TaskCompleted { task, outcome, .. } => format!("{}: {outcome}.", self.task(*task)?),
            Event::TaskEnded { task, status, cause, reason } => {
                let word = match (status, cause) {
                    (Status::Expired, _) => "expired",
                    (_, EndCause::Interrupt) if command.starts_with("cancel") => "was cancelled with the instance",
                    (_, EndCause::Interrupt) => "was taken away by the process",
                    (_, EndCause::Cancel | EndCause::Expire) => "was cancelled",
                };
                let reason = reason.as_deref().map(|reason| format!(" Reason: {reason}")).unwrap_or_default();
                format!("{} {word}.{reason}", self.task(*task)?)
            }
            Event::TaskBounced { task, delivery } => {
                let word = match delivery {
                    Delivery::Bounced => "the mail bounced",
                    Delivery::Complained => "the recipient reported the mail as spam",
                    Delivery::Queued | Delivery::Sent | Delivery::Delayed | Delivery::Delivered | Delivery::Failed => {
                        "the mail could not be sent"
                    }
                };
                format!("{}: {word}.", self.task(*task)?)
            }
            Event::WorkTask { task, what } => self.work_task(*task, what)?,
            Event::CancelRequested(reason) => format!("Reason: {reason}"),
        })
    }

    fn work_task(&self, task: TaskNumber, event: &WorkTaskEvent) -> Option<String> {
        let name = self.task(task)?;
        Some(match event {
            WorkTaskEvent::Created(created) => match &created.responsible.assignee {
                Some(assignee) => format!("{name} waits for {assignee}."),
                None => format!("{name} waits for somebody to take it."),
            },
            WorkTaskEvent::Completed { outcome, .. } => format!("{name}: {outcome}."),
            WorkTaskEvent::CompleteDenied { codes, .. } => format!("{name} was refused. Reason: {}.", codes.join(", ")),
            WorkTaskEvent::Failed { code, .. } => format!("{name} failed with {code}; what was submitted is kept."),
            WorkTaskEvent::Retried => format!("{name} can be done again."),
            WorkTaskEvent::Canceled { cause: CancelCause::Cancel } => {
                format!("{name} was cancelled with the instance.")
            }
            WorkTaskEvent::Canceled { cause: CancelCause::Interrupt } => {
                format!("{name} was taken away by the process.")
            }
        })
    }

    fn name(&self, element: &str) -> String {
        super::name(self.process, element)
    }

    fn step(&self, number: ElementNumber) -> Option<String> {
        self.progress.element(number).map(|element| self.name(element))
    }

    fn task(&self, number: TaskNumber) -> Option<String> {
        let external = self.aggregate.tasks.get(&number).map(|task| &task.activity);
        let activity = external.or_else(|| self.aggregate.work_tasks.get(&number).map(|task| &task.activity));
        activity.map(|activity| self.name(activity))
    }

    fn variables(&self, variables: &Variables, lead: &str) -> Option<String> {
        if variables.is_empty() {
            return None;
        }
        if !self.may.variables {
            return Some(format!("{lead} {}.", counted(variables.len(), "variable", "variables")));
        }
        let names: Vec<&str> = variables.keys().map(String::as_str).collect();
        Some(format!("{lead} {}.", names.join(", ")))
    }

    fn time(&self, at: Timestamp) -> String {
        format::moment_short(self.zone, at, self.now)
    }
}

fn counted(count: usize, one: &str, many: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {many}") }
}

fn from(origin: &Origin) -> Option<String> {
    let door = match origin.door {
        Some(Door::Api) => "through the API",
        Some(Door::Console) => "in the console",
        Some(Door::Page) => "on the public page",
        Some(Door::Bulk) => "in a bulk run",
        None => return origin.address.as_ref().map(|address| format!("from {address}")),
    };
    Some(match &origin.address {
        Some(address) => format!("{door}, from {address}"),
        None => door.to_owned(),
    })
}
