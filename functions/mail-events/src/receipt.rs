//! Reads what SES publishes. The words of SES are mapped here and nowhere else; nothing is stored or decided.

use domain::ids::{InstanceKey, TenantId};
use domain::notification::Delivery;
use domain::time::Timestamp;
use serde_json::Value;
use store::{JournalId, Mark, Opened};

/// Characters of a reason that are kept.
const REASON_CHARS_MAX: usize = 60;

/// A report about one notification.
#[derive(Clone, Debug, PartialEq)]
pub struct Receipt {
    /// The tenant that sent it.
    pub tenant: TenantId,
    /// The journal item that ordered it.
    pub journal: JournalId,
    /// Position of the order among the item's effects.
    pub effect: usize,
    /// What is reported.
    pub news: News,
}

/// What SES reports.
#[derive(Clone, Debug, PartialEq)]
pub enum News {
    /// What became of the mail.
    Mark(Mark),
    /// A picture or a link of it was fetched.
    Opened(Opened),
    /// Nothing that is kept: a subscription, or a complaint that says the mail was welcome.
    Nothing,
}

/// Why a message is not about one of our notifications. None of these gets better by waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// The body is no event of SES.
    #[error("the message is no event of SES")]
    NoEvent,
    /// Its tags name no notification: another product sends through the same configuration set.
    #[error("the event's tags name no notification")]
    NoNotification,
    /// A kind of event that this version does not know.
    #[error("the kind of event is not known")]
    UnknownKind,
}

/// What SES says of a mail, what it means, and where the event says when and why.
struct Kind {
    /// `eventType`, as events of SES have it.
    name: &'static str,
    /// The part of the event with its details.
    part: &'static str,
    meaning: Meaning,
}

enum Meaning {
    Delivery(Delivery),
    /// `bounceType` decides.
    Bounce,
    /// `complaintFeedbackType` decides.
    Complaint,
    Open,
    Nothing,
}

const KINDS: &[Kind] = &[
    Kind { name: "Send", part: "send", meaning: Meaning::Delivery(Delivery::Sent) },
    Kind { name: "DeliveryDelay", part: "deliveryDelay", meaning: Meaning::Delivery(Delivery::Delayed) },
    Kind { name: "Delivery", part: "delivery", meaning: Meaning::Delivery(Delivery::Delivered) },
    Kind { name: "Reject", part: "reject", meaning: Meaning::Delivery(Delivery::Failed) },
    Kind { name: "Rendering Failure", part: "failure", meaning: Meaning::Delivery(Delivery::Failed) },
    Kind { name: "Bounce", part: "bounce", meaning: Meaning::Bounce },
    Kind { name: "Complaint", part: "complaint", meaning: Meaning::Complaint },
    Kind { name: "Open", part: "open", meaning: Meaning::Open },
    Kind { name: "Click", part: "click", meaning: Meaning::Open },
    Kind { name: "Subscription", part: "subscription", meaning: Meaning::Nothing },
];

/// Reads the body of a queue's message: an event of EventBridge, a notification of SNS, or the bare event of SES.
pub fn read(body: &str, now: Timestamp) -> Result<Receipt, Unreadable> {
    let body: Value = serde_json::from_str(body).map_err(|_| Unreadable::NoEvent)?;
    let inner = body.get("Message").and_then(Value::as_str).and_then(|text| serde_json::from_str::<Value>(text).ok());
    let event = inner.as_ref().or_else(|| body.get("detail")).unwrap_or(&body);
    let name = event.get("eventType").and_then(Value::as_str).ok_or(Unreadable::NoEvent)?;
    let kind = KINDS.iter().find(|kind| kind.name == name).ok_or(Unreadable::UnknownKind)?;
    let tag = |name: &str| event.pointer(&format!("/mail/tags/{name}/0")).and_then(Value::as_str);
    let numbers = || {
        let tenant = TenantId(tag("tenant")?.parse().ok()?);
        let instance: InstanceKey = tag("instance")?.parse().ok()?;
        let journal = JournalId::from_tag(tenant, instance, tag("journal")?)?;
        Some((tenant, journal, tag("effect")?.parse().ok()?))
    };
    let (tenant, journal, effect) = numbers().ok_or(Unreadable::NoNotification)?;
    Ok(Receipt { tenant, journal, effect, news: news(kind, event, now) })
}

fn news(kind: &Kind, event: &Value, now: Timestamp) -> News {
    let part = event.get(kind.part);
    let text = |name: &str| part.and_then(|part| part.get(name)).and_then(Value::as_str);
    let stamped = text("timestamp").or_else(|| event.pointer("/mail/timestamp").and_then(Value::as_str));
    // A clock that runs ahead must not show the future.
    let at = stamped.and_then(|text| text.parse().ok()).map_or(now, |at: Timestamp| at.min(now));
    let mark = |delivery, reason: Option<String>| {
        let message_id = event.pointer("/mail/messageId").and_then(Value::as_str).map(str::to_owned);
        let reason = reason.map(|reason| reason.chars().take(REASON_CHARS_MAX).collect());
        News::Mark(Mark { delivery, message_id, reason, at })
    };
    match kind.meaning {
        Meaning::Nothing => News::Nothing,
        Meaning::Open => News::Opened(Opened { at, machine: part.is_some_and(by_machine) }),
        Meaning::Delivery(delivery) => {
            mark(delivery, text("delayType").or(text("reason")).or(text("errorMessage")).map(str::to_owned))
        }
        Meaning::Bounce => {
            // Transient and undetermined ones are tried again by SES, or were answered by a machine.
            let delivery = match text("bounceType") {
                Some("Permanent") => Delivery::Bounced,
                Some(_) | None => Delivery::Delayed,
            };
            mark(delivery, text("bounceSubType").or(text("bounceType")).map(str::to_owned))
        }
        Meaning::Complaint => match text("complaintFeedbackType") {
            Some("not-spam") => News::Nothing,
            kind => mark(Delivery::Complained, kind.map(str::to_owned)),
        },
    }
}

/// True where SES marks an open or a click as a machine's, in whatever words: a flag whose name speaks of bots or machines.
fn by_machine(part: &Value) -> bool {
    let flags = part.as_object().into_iter().flatten();
    flags.into_iter().any(|(name, value)| {
        let name = name.to_ascii_lowercase();
        (name.contains("bot") || name.contains("machine")) && (value == &Value::Bool(true) || value == "true")
    })
}
