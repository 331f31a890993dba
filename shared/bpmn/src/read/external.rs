//! The model of an external task: recipient, actions, times, channel, texts (contract: external user task in BPMN).

use super::actions::named;
use super::{FlowNode, Property, Reader, actions, list, page, timer, value};
use crate::page::PageKind;
use domain::notification::{Channel, Email};
use domain::process::{ActionModel, ExternalTaskModel, FieldKind, FieldModel, Pages, Reminders, TextRef, When};
use domain::time::{Cycle, Duration, InvalidTime, Rhythm, Timestamp};
use domain::value::ValueExpr;

/// Reminders where a cycle names no number, and the most a model may ask for.
const REMINDERS_DEFAULT: u32 = 30;
const REMINDERS_MAX: usize = 100;
const COMMENT_MAX: usize = 2_000;

/// Reads the model; `None` where the recipient is missing or unreadable. Other mistakes are in the report.
pub(crate) fn model(node: &FlowNode<'_, '_>, reader: &mut Reader<'_>) -> Option<ExternalTaskModel> {
    kind(node, reader);
    let recipient = recipient(node, reader);
    let recipient_name = expression(node, "RecipientName", reader);
    let channel = channel(node, reader);
    let language = language(node, reader);
    let expires = expires(node, reader);
    let reminders = reminders(node, expires.as_ref(), reader);
    let email_subject = node
        .properties
        .get("EmailSubject")
        .and_then(|property| value::template(&property.value, &node.id, "EmailSubject", reader));
    let email_body = page::text(&node.properties, "EmailBody", PageKind::Mail, &node.id, reader).map(|body| body.text);
    let task_page = page::text(&node.properties, "TaskPage", PageKind::Task, &node.id, reader);
    let pages = pages(node, task_page.as_ref().map(|page| page.text), reader);
    let actions = actions(node, task_page.as_ref(), reader);
    let fields = task_page.and_then(|page| page.fields).unwrap_or_else(|| vec![comment()]);
    Some(ExternalTaskModel {
        recipient: recipient?,
        recipient_name,
        channel,
        actions,
        expires,
        reminders,
        language,
        email_subject,
        email_body,
        pages,
        fields,
    })
}

/// The one field of the product's own form.
fn comment() -> FieldModel {
    FieldModel {
        name: "comment".to_owned(),
        label: None,
        kind: FieldKind::Text { max: COMMENT_MAX, multiline: true },
        required: false,
    }
}

fn expression(node: &FlowNode<'_, '_>, name: &'static str, reader: &mut Reader<'_>) -> Option<ValueExpr> {
    let property = node.properties.get(name)?;
    value::expression(&property.value, &node.id, name, reader)
}

fn recipient(node: &FlowNode<'_, '_>, reader: &mut Reader<'_>) -> Option<ValueExpr> {
    let Some(property) = node.properties.get("Recipient") else {
        let message =
            "an external task needs a Recipient: an address, a path such as context.supplierEmail or a template";
        reader.report.error("RECIPIENT_MISSING", node.at, &node.id, message);
        return None;
    };
    let value = value::expression(&property.value, &node.id, "Recipient", reader)?;
    if let ValueExpr::Literal(address) = &value
        && let Err(error) = Email::parse(address)
    {
        let message = format!("Recipient=\"{address}\": {error}; for a variable write context.name or {{{{ name }}}}");
        reader.report.error("INVALID_RECIPIENT", property.value.start(), &node.id, message);
        return None;
    }
    Some(value)
}

fn channel(node: &FlowNode<'_, '_>, reader: &mut Reader<'_>) -> Channel {
    let Some(property) = node.properties.get("Channel") else { return Channel::Email };
    let name = property.value.plain();
    let (channel, code, message) = match name.to_ascii_lowercase().as_str() {
        "email" => return Channel::Email,
        "smtp" => (Channel::Smtp, "CHANNEL_NOT_AVAILABLE", "no sender for the tenant's own mail server exists yet"),
        "graph" => (Channel::Graph, "CHANNEL_NOT_AVAILABLE", "no sender for Microsoft Graph exists yet"),
        _ => (Channel::Email, "INVALID_VALUE", "that is no channel"),
    };
    let message = format!("Channel=\"{name}\": {message}; write email or remove the property");
    reader.report.error(code, property.value.start(), &node.id, message);
    channel
}

fn language(node: &FlowNode<'_, '_>, reader: &mut Reader<'_>) -> Option<ValueExpr> {
    let language = expression(node, "Language", reader)?;
    if let ValueExpr::Literal(tag) = &language {
        let mut parts = tag.split('-');
        let first = parts.next().unwrap_or_default();
        let primary = (2..=3).contains(&first.len()) && first.bytes().all(|b| b.is_ascii_alphabetic());
        let rest = parts.all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()));
        if !primary || !rest {
            let message = format!("Language=\"{tag}\" is no language tag; write for example en or de-AT");
            problem(node, "Language", "INVALID_VALUE", message, reader);
        }
    }
    Some(language)
}

fn kind(node: &FlowNode<'_, '_>, reader: &mut Reader<'_>) {
    let Some(kind) = node.properties.plain("TaskKind") else { return };
    match kind.to_ascii_lowercase().as_str() {
        "form" | "approval" | "custom" => {}
        "document" => {
            let message = "TaskKind=document is not supported yet; write form, approval or custom".to_owned();
            problem(node, "TaskKind", "UNSUPPORTED_PROPERTY", message, reader);
        }
        _ => {
            let message = format!("TaskKind=\"{kind}\" is not known; write form, approval or custom");
            problem(node, "TaskKind", "INVALID_VALUE", message, reader);
        }
    }
}

fn problem(node: &FlowNode<'_, '_>, name: &str, code: &'static str, message: String, reader: &mut Reader<'_>) {
    let at = node.properties.get(name).map_or(node.at, |property| property.value.start());
    reader.report.error(code, at, &node.id, message);
}

/// `ExpiresAfter` or `ExpiresAt`; neither means that the task does not expire.
fn expires(node: &FlowNode<'_, '_>, reader: &mut Reader<'_>) -> Option<When> {
    let (after, at) = (node.properties.get("ExpiresAfter"), node.properties.get("ExpiresAt"));
    if after.is_some() && at.is_some() {
        let message = "ExpiresAfter and ExpiresAt are both given; keep one of them".to_owned();
        problem(node, "ExpiresAt", "EXPIRY_TWICE", message, reader);
    }
    if let Some(after) = after {
        let when = timer::after(&after.value, &node.id, "ExpiresAfter", reader)?;
        if matches!(&when, When::After(duration) if duration.is_zero()) {
            let message = "ExpiresAfter is zero: the task expires before anybody can answer".to_owned();
            problem(node, "ExpiresAfter", "INVALID_DURATION", message, reader);
        }
        return Some(when);
    }
    timer::date(&at?.value, &node.id, "ExpiresAt", reader)
}

/// `Reminders`: one cycle, or durations after the creation.
fn reminders(node: &FlowNode<'_, '_>, expires: Option<&When>, reader: &mut Reader<'_>) -> Reminders {
    let Some(property) = node.properties.get("Reminders") else { return Reminders::None };
    let text = property.value.plain();
    let reminders = if text.starts_with('R') { cycle(&text) } else { durations(property, node, reader) };
    let reminders = match reminders {
        Ok(reminders) => reminders,
        Err((code, message)) => {
            problem(node, "Reminders", code, format!("Reminders: {message}"), reader);
            return Reminders::None;
        }
    };
    if let Some(When::After(expires)) = expires {
        let late = match &reminders {
            Reminders::None => None,
            Reminders::At(list) => list.iter().find(|duration| !earlier(duration, expires)),
            Reminders::Every { interval, .. } => Some(interval).filter(|interval| !earlier(interval, expires)),
        };
        if let Some(late) = late {
            let message =
                format!("the reminder after {late} is not before the expiry after {expires} and never goes out");
            reader.report.warning("REMINDER_AFTER_EXPIRY", property.value.start(), &node.id, message);
        }
    }
    reminders
}

type RemindersResult = Result<Reminders, (&'static str, String)>;

fn cycle(text: &str) -> RemindersResult {
    let cycle: Cycle = text.parse().map_err(|error: InvalidTime| ("INVALID_CYCLE", error.to_string()))?;
    let (Rhythm::Interval(interval), None, None) = (cycle.every, cycle.start, cycle.end) else {
        let message =
            format!("\"{text}\": reminders count from the creation of the task; write a cycle such as R3/P2D");
        return Err(("INVALID_CYCLE", message));
    };
    let times = cycle.times.unwrap_or(REMINDERS_DEFAULT);
    if usize::try_from(times).unwrap_or(usize::MAX) > REMINDERS_MAX {
        return Err(("TOO_MANY_REMINDERS", format!("\"{text}\" asks for more than {REMINDERS_MAX} reminders")));
    }
    Ok(Reminders::Every { times, interval })
}

fn durations(property: &Property, node: &FlowNode<'_, '_>, reader: &mut Reader<'_>) -> RemindersResult {
    let mut durations: Vec<Duration> = Vec::new();
    for item in list::items(property, &node.id, reader) {
        let duration: Duration = item.parse().map_err(|error: InvalidTime| {
            ("INVALID_DURATION", format!("{error}; write for example P3D, P5D or one cycle such as R3/P2D"))
        })?;
        if duration.is_zero() {
            return Err(("INVALID_DURATION", format!("\"{item}\" would remind at the moment of the first mail")));
        }
        durations.push(duration);
    }
    if durations.len() > REMINDERS_MAX {
        return Err(("TOO_MANY_REMINDERS", format!("more than {REMINDERS_MAX} reminders")));
    }
    let given = durations.len();
    durations.sort_by_key(reference);
    durations.dedup_by_key(|duration| reference(duration));
    if durations.len() < given {
        let message = "Reminders: the same time is given twice; it counts once";
        reader.report.warning("DUPLICATE_REMINDER", property.value.start(), &node.id, message);
    }
    Ok(if durations.is_empty() { Reminders::None } else { Reminders::At(durations) })
}

/// Months have no fixed length: durations are compared from one common day.
fn reference(duration: &Duration) -> Timestamp {
    duration.after(Timestamp::from_millis(0))
}

fn earlier(a: &Duration, b: &Duration) -> bool {
    reference(a) < reference(b)
}

fn pages(node: &FlowNode<'_, '_>, task: Option<TextRef>, reader: &mut Reader<'_>) -> Pages {
    let mut page = |name| page::text(&node.properties, name, PageKind::Result, &node.id, reader).map(|page| page.text);
    Pages {
        task,
        success: page("SuccessPage"),
        already_completed: page("AlreadyCompletedPage"),
        expired: page("ExpiredPage"),
        cancelled: page("CancelledPage"),
    }
}

/// The buttons: modelled ones, else those of the customer's own form, else the kind's, else one Submit.
fn actions(node: &FlowNode<'_, '_>, task_page: Option<&page::Text>, reader: &mut Reader<'_>) -> Vec<ActionModel> {
    let of_page = task_page.map(|page| page.actions.as_slice()).unwrap_or_default();
    let Some(property) = actions::property(node, reader) else {
        let approval = node.properties.plain("TaskKind").is_some_and(|kind| kind.eq_ignore_ascii_case("approval"));
        return match (of_page.is_empty(), approval) {
            (false, _) => of_page.iter().map(|name| named(name)).collect(),
            (true, true) => vec![named("Approve"), named("Reject")],
            (true, false) => vec![named("Submit")],
        };
    };
    let mut modelled = actions::modelled(node, property, reader);
    if modelled.is_empty() {
        modelled.push(named("Submit"));
    }
    for unknown in of_page.iter().filter(|name| modelled.iter().all(|action| action.name != **name)) {
        let message = format!("the TaskPage has a button \"{unknown}\" that {} does not list", property.name);
        problem(node, "TaskPage", "UNKNOWN_ACTION", message, reader);
    }
    modelled
}
