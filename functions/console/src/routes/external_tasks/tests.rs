//! What the pages of external tasks say of each event and refusal.

use super::shown;
use super::*;
use app::external_tasks::{HistoryLine, NotificationLine};
use domain::command::{Actor, Door, Origin};
use domain::event::{EndCause, Event};
use domain::ids::{RunKey, TaskNumber};
use domain::notification::{Channel, Delivery, Email, NotificationKind};
use domain::time::Timestamp;
use serde_json::json;

fn line(actor: Actor, origin: Origin, event: Event) -> web::console::task_details::Line {
    shown::line(&HistoryLine { at: Timestamp::from_millis(0), actor, origin, command: String::new(), event })
}

fn user() -> Actor {
    Actor::User("ingrid".to_owned())
}

#[test]
fn the_history_names_person_door_address_and_run() {
    let origin = Origin {
        door: Some(Door::Bulk),
        address: Some("203.0.113.7".to_owned()),
        run: Some(RunKey::compose(1_795_165_200_000, 7)),
    };
    let run = origin.run.map(|run| run.to_string()).unwrap_or_default();
    let resent = line(user(), origin, Event::TaskResent(TaskNumber(1)));
    assert_eq!(resent.by, format!("by ingrid, bulk run {run}"));
    assert_eq!(resent.from.as_deref(), Some("bulk run, 203.0.113.7"));
}

#[test]
fn what_nobody_did_is_by_schedule_by_the_mail_service_or_by_the_process() {
    let by = |event| line(Actor::System, Origin::default(), event).by;
    let ended = |status, cause| Event::TaskEnded { task: TaskNumber(1), status, cause, reason: None };
    assert_eq!(by(ended(Status::Expired, EndCause::Expire)), "by schedule");
    assert_eq!(by(ended(Status::Cancelled, EndCause::Interrupt)), "by the process");
    assert_eq!(by(Event::TaskBounced { task: TaskNumber(1), delivery: Delivery::Bounced }), "by the mail service");
    assert_eq!(line(Actor::Recipient, Origin::default(), Event::TaskOpened(TaskNumber(1))).by, "by the recipient");
    assert_eq!(line(Actor::System, Origin::default(), Event::TaskOpened(TaskNumber(1))).from, None);
}

#[test]
fn a_cancellation_keeps_its_reason_and_a_spam_report_its_word() {
    let reason = Some("Ordered twice".to_owned());
    let event = Event::TaskEnded { task: TaskNumber(1), status: Status::Cancelled, cause: EndCause::Cancel, reason };
    let cancelled = line(user(), Origin::default(), event);
    assert_eq!((cancelled.what.as_str(), cancelled.note.as_deref()), ("Cancelled", Some("Ordered twice")));
    let event = Event::TaskBounced { task: TaskNumber(1), delivery: Delivery::Complained };
    let spam = line(Actor::System, Origin::default(), event);
    assert_eq!((spam.what.as_str(), spam.tone), ("Mail reported as spam", "bad"));
}

#[test]
fn values_of_answers_are_read_by_people() {
    let shown: Vec<String> = [json!("text"), json!(true), json!(false), json!(null), json!(12.5), json!(["a", 1])]
        .iter()
        .map(shown::text)
        .collect();
    assert_eq!(shown, ["text", "Yes", "No", "", "12.5", "[\"a\",1]"]);
}

#[test]
fn a_mail_is_dated_by_its_sending_and_before_that_by_its_order() {
    let mut mail = NotificationLine {
        kind: NotificationKind::Resend,
        channel: Channel::Email,
        to: Email::parse("a@b.example").expect("an address"),
        ordered_at: Timestamp::from_millis(1_000),
        sent_at: None,
        delivery: Delivery::Queued,
        reported_at: None,
        reason: Some("mailbox unknown".to_owned()),
        opened: None,
        message_id: None,
        actor: user(),
    };
    assert_eq!(shown::notification(&mail).at, Timestamp::from_millis(1_000));
    mail.sent_at = Some(Timestamp::from_millis(2_000));
    let shown = shown::notification(&mail);
    assert_eq!((shown.at, shown.reason.as_deref()), (Timestamp::from_millis(2_000), Some("mailbox unknown")));
}

#[test]
fn only_what_another_was_faster_in_is_a_lost_race() {
    let lost = [
        Rejection::InvalidState { action: "resend", state: "COMPLETED" },
        Rejection::InstanceInError,
        Rejection::AlreadyDone,
        Rejection::NotInDeployed { version: 2, activity: "Ask".to_owned() },
    ];
    assert!(lost.iter().all(is_lost_race));
    let other = [Rejection::NotFound { what: "external task" }, Rejection::Retry];
    assert!(!other.iter().any(is_lost_race));
}

#[test]
fn what_is_no_key_of_a_task_is_not_found() {
    for text in ["", "abc", "-1", "0", "99999999999999999999999", "305937124269752320"] {
        assert_eq!(task_key(text).map_err(|refusal| refusal.status), Err(404), "{text}");
    }
}
