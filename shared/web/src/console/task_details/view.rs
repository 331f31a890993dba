//! The page of a task in words: facts, whose turn it is, mails and history, each as its template reads it.

use super::{Act, Line, Notification, Task, Trouble, trouble};
use crate::console::external_tasks::{Notice, status_word};
use crate::format::{self, Zone};
use crate::text::Lang;
use domain::external_task::Status;
use domain::ids::{InstanceKey, TaskKey};
use domain::notification::{Channel, Delivery, NotificationKind};
use domain::time::Timestamp;
use serde::Serialize;

#[derive(Serialize)]
pub(super) struct TaskPage<'a> {
    key: TaskKey,
    instance: InstanceKey,
    name: &'a str,
    status: Shown,
    back: &'a str,
    asked: String,
    turn: Turn,
    trouble: Option<Trouble>,
    facts: Vec<Fact>,
    answers: Option<&'a [(String, String)]>,
    outcome: Option<&'a str>,
    link: Option<&'a (String, String)>,
    reminders: String,
    notifications: Vec<Mail>,
    next: Option<&'static str>,
    history: Vec<Entry<'a>>,
    acts: Vec<ActView>,
    see_instance: bool,
    notice: Option<&'a Notice>,
    zone: &'a str,
    pub(super) submission: &'a str,
    /// Shown by a script, so that copying works.
    pub(super) dialog: bool,
    /// The row of the list as it is now.
    pub(super) row: Option<String>,
}

#[derive(Serialize)]
struct Shown {
    word: &'static str,
    icon: &'static str,
    tone: &'static str,
}

/// The second line of the signature block.
#[derive(Serialize)]
pub(super) struct Turn {
    open: bool,
    head: &'static str,
    text: String,
}

#[derive(Serialize)]
struct Fact {
    name: &'static str,
    text: String,
    code: Option<String>,
    iso: Option<String>,
    href: Option<String>,
    quiet: bool,
}

#[derive(Serialize)]
struct Mail {
    icon: &'static str,
    tone: &'static str,
    kind: &'static str,
    to: String,
    channel: &'static str,
    /// `Bounced:` stands out.
    bad: Option<&'static str>,
    text: String,
    iso: String,
    at: String,
}

#[derive(Serialize)]
struct Entry<'a> {
    line: &'a Line,
    iso: String,
    at: String,
}

#[derive(Serialize)]
struct ActView {
    path: &'static str,
    word: &'static str,
    icon: &'static str,
    cancel: bool,
}

#[derive(Serialize)]
pub(super) struct QuestionPage<'a> {
    key: TaskKey,
    name: &'a str,
    recipient: &'a str,
    reference: Option<&'a str>,
    process: &'a str,
}

pub(super) fn question(task: &Task) -> QuestionPage<'_> {
    QuestionPage {
        key: task.key,
        name: &task.name,
        recipient: &task.recipient,
        reference: task.reference.as_deref(),
        process: &task.process,
    }
}

pub(super) fn view<'a>(
    task: &'a Task,
    notice: Option<&'a Notice>,
    back: &'a str,
    (zone, now): (&'a Zone, Timestamp),
) -> TaskPage<'a> {
    let completed = task.status == Status::Completed;
    TaskPage {
        key: task.key,
        instance: task.instance,
        name: &task.name,
        status: shown(task.status),
        back,
        asked: format!("{} by {}, version {}", long(zone, task.created_at), task.process, task.version),
        turn: turn(task, (zone, now)),
        trouble: trouble::of(task, zone, now),
        facts: facts(task, zone),
        answers: task.answers.as_deref().filter(|_| completed),
        outcome: task.outcome.as_deref().filter(|_| completed),
        link: task.link.as_ref(),
        reminders: match task.notifications.len().saturating_sub(1) {
            0 => "No reminder yet".to_owned(),
            1 => "1 reminder".to_owned(),
            more => format!("{more} reminders"),
        },
        notifications: task.notifications.iter().rev().map(|mail| mail_view(mail, zone)).collect(),
        next: (task.follow_up && task.status == Status::Pending)
            .then_some("No reminder goes out any more: the address needs a person."),
        history: task
            .history
            .iter()
            .rev()
            .map(|line| Entry { line, iso: line.at.to_string(), at: format::moment_exact(zone, line.at) })
            .collect(),
        acts: task
            .actions
            .iter()
            .map(|act| ActView { path: act.path(), word: act.word(), icon: act.icon(), cancel: *act == Act::Cancel })
            .collect(),
        see_instance: task.may_see_instance,
        notice,
        zone: zone.place(),
        submission: "",
        dialog: false,
        row: None,
    }
}

fn shown(status: Status) -> Shown {
    let (icon, tone) = match status {
        Status::Pending => ("pending", "accent"),
        Status::Completed => ("done", "ok"),
        Status::Cancelled => ("cancelled", ""),
        Status::Expired => ("expired", ""),
    };
    Shown { word: status_word(status), icon, tone }
}

pub(super) fn turn(task: &Task, (zone, now): (&Zone, Timestamp)) -> Turn {
    let ended = task.ended_at.map_or_else(String::new, |at| long(zone, at));
    match task.status {
        Status::Pending => {
            let text = match task.expires_at {
                Some(end) => format!("until {} ({})", long(zone, end), format::time_left(now, end)),
                None => "without a time limit".to_owned(),
            };
            Turn { open: true, head: "Answer open", text }
        }
        Status::Completed => {
            let at = task.completed_at.map_or_else(String::new, |at| long(zone, at));
            let outcome = task.outcome.as_ref().map_or_else(String::new, |outcome| format!(": {outcome}"));
            Turn { open: false, head: "Answered", text: format!("{at}{outcome}") }
        }
        Status::Cancelled => Turn { open: true, head: "No answer", text: format!("cancelled {ended}") },
        Status::Expired => {
            let at = task.ended_at.or(task.expires_at).map_or_else(String::new, |at| long(zone, at));
            Turn { open: true, head: "No answer", text: format!("expired {at}") }
        }
    }
}

fn facts(task: &Task, zone: &Zone) -> Vec<Fact> {
    let plain = |name, text: String| Fact { name, text, code: None, iso: None, href: None, quiet: false };
    let coded = |name, text: &str, code: &str| Fact { code: Some(code.to_owned()), ..plain(name, text.to_owned()) };
    let time = |name, at: Timestamp| Fact { iso: Some(at.to_string()), ..plain(name, format::moment_exact(zone, at)) };
    let or = |name, at: Option<Timestamp>, missing: &str| match at {
        Some(at) => time(name, at),
        None => Fact { quiet: true, ..plain(name, missing.to_owned()) },
    };
    let mut facts = vec![plain("Recipient", task.recipient.clone())];
    facts.extend(task.recipient_name.clone().map(|name| plain("Name", name)));
    facts.push(plain("Channel", channel(task.channel).to_owned()));
    facts.extend(task.reference.clone().map(|reference| plain("Reference", reference)));
    facts.push(Fact {
        text: format!("{}, version {}", task.process, task.version),
        ..coded("Process", "", &task.process_id)
    });
    facts.push(coded("Activity", &task.name, &task.activity_id));
    facts.push(Fact {
        href: task.may_see_instance.then(|| format!("/instances/{}", task.instance)),
        ..plain("Instance", task.instance.to_string())
    });
    facts.push(time("Created", task.created_at));
    facts.push(or("Expires", task.expires_at, "Never"));
    if task.status == Status::Completed {
        facts.extend(task.completed_at.map(|at| time("Completed", at)));
    }
    facts.push(or("Link opened", task.first_fetched_at, "Not yet"));
    facts.push(or("First answer", task.first_opened_at, "Not yet"));
    facts.push(match task.synced_at {
        Some(at) => plain("Templates", format!("Version {}, synced {}", task.templates_version, long(zone, at))),
        None => plain("Templates", format!("Version {}", task.templates_version)),
    });
    facts
}

fn mail_view(mail: &Notification, zone: &Zone) -> Mail {
    let (icon, tone, bad, text) = became(mail, zone);
    Mail {
        icon,
        tone,
        kind: kind(mail.kind),
        to: mail.to.clone(),
        channel: channel(mail.channel),
        bad,
        text,
        iso: mail.at.to_string(),
        at: format::moment_exact(zone, mail.at),
    }
}

/// Icon, tone, a word that stands out, and the rest of the sentence.
fn became(mail: &Notification, zone: &Zone) -> (&'static str, &'static str, Option<&'static str>, String) {
    let reason = mail.reason.clone().unwrap_or_default();
    let opened = match mail.opened {
        Some((at, false)) => format!(", opened {}", long(zone, at)),
        Some((at, true)) => format!(", opened by a mail scanner {}", long(zone, at)),
        None => String::new(),
    };
    match mail.delivery {
        Delivery::Queued => ("pending", "", None, "Waits to be sent".to_owned()),
        Delivery::Sent => ("send", "", None, format!("Sent{opened}")),
        Delivery::Delivered => ("check", "", None, format!("Delivered{opened}")),
        Delivery::Delayed => ("warn", "warn", Some("Delayed:"), or(reason, "the mail server asks to wait")),
        Delivery::Bounced => ("failed", "bad", Some("Bounced:"), or(reason, "the mail server refused the address")),
        Delivery::Complained => ("failed", "bad", Some("Complained:"), or(reason, "the recipient reported it as spam")),
        Delivery::Failed => ("failed", "bad", Some("Failed:"), or(reason, "it could not be handed over")),
    }
}

fn or(text: String, otherwise: &str) -> String {
    if text.is_empty() { otherwise.to_owned() } else { text }
}

fn kind(kind: NotificationKind) -> &'static str {
    match kind {
        NotificationKind::Initial => "Initial",
        NotificationKind::Reminder => "Reminder",
        NotificationKind::Resend => "Resend",
    }
}

fn channel(channel: Channel) -> &'static str {
    match channel {
        Channel::Email => "E-mail",
        Channel::Smtp => "E-mail through your own server",
        Channel::Graph => "E-mail through Microsoft 365",
    }
}

/// `18 November 2026, 08:15`
fn long(zone: &Zone, at: Timestamp) -> String {
    format::moment(Lang::En, zone, at)
}
