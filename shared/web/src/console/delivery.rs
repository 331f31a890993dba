//! What operators see of mail: fourteen days as a drawing and as numbers, the sending quota, and who needs a person.
//! Draws in SVG on the server, so that the page is whole without its script; counts and decides nothing.

use super::{Shell, render};
use crate::format::{self, Zone};
use crate::text::Lang;
use domain::ids::TaskKey;
use domain::notification::Delivery;
use domain::time::Timestamp;
use serde::Serialize;

mod chart;
#[cfg(test)]
mod tests;

/// Mails of one day.
#[derive(Clone, Debug, Default)]
pub struct Day {
    /// The UTC day, `2026-11-20`.
    pub date: String,
    /// Ordered.
    pub queued: u64,
    /// Taken by the mail service.
    pub sent: u64,
    /// Taken by the recipients' servers.
    pub delivered: u64,
    /// The receiving server asked to wait.
    pub delayed: u64,
    /// Refused for good.
    pub bounced: u64,
    /// Reported as spam.
    pub complained: u64,
    /// Never handed over.
    pub failed: u64,
}

/// What the mail service lets the installation send.
#[derive(Clone, Debug)]
pub struct Quota {
    /// Mails in 24 hours; `None`: as many as one likes.
    pub max_24h: Option<u64>,
    /// Of those used.
    pub sent_24h: u64,
    /// Mails per second.
    pub per_second: u64,
    /// False while the mail service has paused the account.
    pub sending_enabled: bool,
    /// When this was read.
    pub read_at: Timestamp,
}

/// A task whose mail needs a person.
#[derive(Clone, Debug)]
pub struct FollowUp {
    /// The task.
    pub task: TaskKey,
    /// What became of its mail.
    pub delivery: Delivery,
    /// Mail address.
    pub recipient: String,
    /// Name of the activity.
    pub name: String,
    /// Business label of the instance.
    pub reference: Option<String>,
    /// When the task was created.
    pub created_at: Timestamp,
}

/// Everything on the page.
#[derive(Clone, Debug)]
pub struct Overview {
    /// Oldest first, today last.
    pub days: Vec<Day>,
    /// `None` until the first mail was sent.
    pub quota: Option<Quota>,
    /// Newest first; `None` where the reader may not see external tasks.
    pub follow_up: Option<Vec<FollowUp>>,
    /// There are more than these.
    pub more: bool,
}

#[derive(Serialize)]
struct Page {
    cards: Vec<Card>,
    chart: chart::Chart,
    table: Vec<DayRow>,
    quota: Option<QuotaView>,
    trouble: Option<Trouble>,
    follow_up: Option<Vec<FollowUpRow>>,
    more: bool,
    zone: String,
}

#[derive(Serialize)]
struct Card {
    icon: &'static str,
    tone: &'static str,
    label: &'static str,
    number: String,
    rest: Option<String>,
}

#[derive(Serialize)]
struct DayRow {
    date: String,
    label: String,
    numbers: Vec<String>,
}

#[derive(Serialize)]
struct QuotaView {
    used: u64,
    /// `None`: there is no limit, and no bar.
    max: Option<u64>,
    words: String,
    left: String,
    rate: String,
    read: String,
}

#[derive(Serialize)]
struct Trouble {
    tone: &'static str,
    heading: &'static str,
    text: &'static str,
}

#[derive(Serialize)]
struct FollowUpRow {
    task: TaskKey,
    icon: &'static str,
    tone: &'static str,
    word: &'static str,
    recipient: String,
    name: String,
    reference: Option<String>,
    advice: &'static str,
    iso: String,
    created: String,
}

/// The page.
pub fn page(shell: &Shell, overview: &Overview, zone: &Zone, now: Timestamp) -> String {
    let quota = overview.quota.as_ref();
    let rows = |rows: &Vec<FollowUp>| rows.iter().map(|row| follow_up_row(row, zone, now)).collect();
    let view = Page {
        cards: cards(&overview.days),
        chart: chart::draw(&overview.days),
        table: overview.days.iter().rev().map(day_row).collect(),
        quota: quota.map(|quota| quota_view(quota, zone, now)),
        trouble: quota.and_then(trouble),
        follow_up: overview.follow_up.as_ref().map(rows),
        more: overview.more,
        zone: zone.place().to_owned(),
    };
    render("console/delivery.html", shell, &view)
}

impl Day {
    /// Ordered and not yet handed over, as far as the counters of the day know.
    fn waiting(&self) -> u64 {
        self.queued.saturating_sub(self.sent + self.failed)
    }

    /// Mails that did not arrive or were unwelcome.
    fn trouble(&self) -> u64 {
        self.bounced + self.complained + self.failed
    }
}

fn number(value: u64) -> String {
    format::decimal(Lang::En, &value.to_string())
}

/// `98.3 %` of the whole; none where there is no whole.
fn share(part: u64, whole: u64) -> Option<String> {
    if whole == 0 {
        return None;
    }
    let rounded = |of: u64| (part * 2 * of + whole) / (whole * 2);
    let (tenths, hundredths) = (rounded(1_000), rounded(10_000));
    // One in five thousand is not none.
    if tenths == 0 && hundredths > 0 {
        return Some(format!("0.{hundredths:02}\u{a0}%"));
    }
    Some(format!("{}.{}\u{a0}%", tenths / 10, tenths % 10))
}

fn cards(days: &[Day]) -> Vec<Card> {
    let sum = |of: fn(&Day) -> u64| days.iter().map(of).sum::<u64>();
    let sent = sum(|day| day.sent);
    // A mail ordered before midnight and sent after it is waiting on one day and missing on the next: only the sum tells.
    let waiting = sum(|day| day.queued).saturating_sub(sent + sum(|day| day.failed));
    let card = |icon, tone, label, value, rest| Card { icon, tone, label, number: number(value), rest };
    let of_sent = |value| share(value, sent);
    let (delivered, bounced) = (sum(|day| day.delivered), sum(|day| day.bounced));
    let (complained, failed) = (sum(|day| day.complained), sum(|day| day.failed));
    let mut cards = vec![
        card("send", "", "Sent", sent, None),
        card("check", "ok", "Delivered", delivered, of_sent(delivered)),
        card("pending", "", "Waiting", waiting, None),
        card("failed", "bad", "Bounced", bounced, of_sent(bounced)),
        card("warn", "warn", "Complaints", complained, of_sent(complained)),
    ];
    if failed > 0 {
        cards.push(card("failed", "bad", "Not sent", failed, None));
    }
    cards
}

fn day_row(day: &Day) -> DayRow {
    let numbers = [day.sent, day.delivered, day.waiting(), day.delayed, day.bounced, day.complained, day.failed];
    DayRow {
        date: day.date.clone(),
        label: chart::label(&day.date),
        numbers: numbers.into_iter().map(number).collect(),
    }
}

fn quota_view(quota: &Quota, zone: &Zone, now: Timestamp) -> QuotaView {
    let rate = if quota.per_second == 1 { "mail" } else { "mails" };
    let used = number(quota.sent_24h);
    let (left, words) = match quota.max_24h {
        Some(max) => (
            format!("{} left", number(max.saturating_sub(quota.sent_24h))),
            format!("{used} of {} used in the last 24 hours", number(max)),
        ),
        None => ("No limit".to_owned(), format!("{used} sent in the last 24 hours")),
    };
    QuotaView {
        used: quota.max_24h.map_or(0, |max| quota.sent_24h.min(max)),
        max: quota.max_24h.map(|max| max.max(1)),
        words,
        left,
        rate: format!("{} {rate} per second", number(quota.per_second)),
        read: format::moment_short(zone, quota.read_at, now),
    }
}

fn trouble(quota: &Quota) -> Option<Trouble> {
    if !quota.sending_enabled {
        return Some(Trouble {
            tone: "bad",
            heading: "Sending is paused",
            text: "The mail service has paused this installation's account. Mails wait and go out when it sends again; none is lost. Whoever runs the AWS account finds the reason in the SES console.",
        });
    }
    quota.max_24h.is_some_and(|max| quota.sent_24h >= max).then_some(Trouble {
        tone: "warn",
        heading: "The sending quota is used up",
        text: "Mails wait and go out as the quota of the last 24 hours becomes free; none is lost. A larger quota is asked for in the SES console.",
    })
}

fn follow_up_row(row: &FollowUp, zone: &Zone, now: Timestamp) -> FollowUpRow {
    let (icon, tone, word, advice) = match row.delivery {
        Delivery::Bounced => (
            "failed",
            "bad",
            "Bounced",
            "The address refuses mail. Cancel the task and start again with the right one.",
        ),
        Delivery::Complained => {
            ("warn", "warn", "Complained", "The recipient reported it as spam. Telephone before you send again.")
        }
        Delivery::Failed => ("failed", "bad", "Failed", "It was not sent. The task says why; then send it again."),
        Delivery::Queued | Delivery::Sent | Delivery::Delayed | Delivery::Delivered => {
            ("warn", "warn", "Earlier mail failed", "The task says which mail failed and why.")
        }
    };
    FollowUpRow {
        task: row.task,
        icon,
        tone,
        word,
        recipient: row.recipient.clone(),
        name: row.name.clone(),
        reference: row.reference.clone(),
        advice,
        iso: row.created_at.to_string(),
        created: format::moment_short(zone, row.created_at, now),
    }
}
