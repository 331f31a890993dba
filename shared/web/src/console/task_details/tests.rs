//! The details of an external task: where they stand and what turns the page.

use super::view::turn;
use super::*;
use crate::a11y;
use domain::ids::TaskNumber;

const NOW_MS: i64 = 1_795_165_200_000;
const HOUR: i64 = 3_600_000;
const HOSTILE: &str = "\u{202e}</dd><script>alert(1)</script>\"'&lt;";

fn now() -> Timestamp {
    Timestamp::from_millis(NOW_MS)
}

fn ago(hours: i64) -> Timestamp {
    now().plus_millis(-hours * HOUR)
}

fn mail(kind: NotificationKind, hours: i64, delivery: Delivery) -> Notification {
    Notification {
        kind,
        channel: Channel::Email,
        to: "dispatch@tollgate-haulage.example".to_owned(),
        at: ago(hours),
        delivery,
        reason: None,
        opened: None,
    }
}

fn task(status: Status) -> Task {
    let instance = InstanceKey::compose(NOW_MS - 50 * HOUR, 7);
    let ended = status != Status::Pending;
    Task {
        key: instance.task(TaskNumber(1)),
        instance,
        status,
        name: "Confirm delivery note".to_owned(),
        activity_id: "Activity_confirm".to_owned(),
        process: "Goods received".to_owned(),
        process_id: "goods-received".to_owned(),
        version: 12,
        recipient: "dispatch@tollgate-haulage.example".to_owned(),
        recipient_name: None,
        channel: Channel::Email,
        reference: Some("PO-2026-04417".to_owned()),
        created_at: ago(50),
        expires_at: Some(now().plus_millis(38 * HOUR)),
        completed_at: (status == Status::Completed).then(|| ago(1)),
        ended_at: ended.then(|| ago(1)),
        first_fetched_at: None,
        first_opened_at: None,
        outcome: (status == Status::Completed).then(|| "Confirm".to_owned()),
        answers: Some(vec![("Quantity".to_owned(), "24".to_owned())]),
        templates_version: 13,
        synced_at: None,
        link: Some(("https://answer.example/t/QAAB".to_owned(), "QAAB".to_owned())),
        notifications: vec![
            mail(NotificationKind::Initial, 50, Delivery::Delivered),
            mail(NotificationKind::Reminder, 20, Delivery::Delivered),
            mail(NotificationKind::Resend, 2, Delivery::Sent),
        ],
        history: vec![Line {
            icon: "sync",
            tone: "",
            what: "Templates of version 13 taken".to_owned(),
            by: "by ingrid".to_owned(),
            from: Some("console, 203.0.113.7".to_owned()),
            note: None,
            at: ago(3),
        }],
        follow_up: false,
        instance_failed: false,
        actions: if ended { Vec::new() } else { vec![Act::Resend, Act::SyncTemplates, Act::Cancel] },
        may_see_instance: true,
    }
}

fn html(task: &Task) -> String {
    page(&Shell::sample(), task, None, "/external-tasks?status=PENDING", "c3Vi", (&Zone::named("Europe/Oslo"), now()))
}

fn fact(html: &str, name: &str) -> Option<String> {
    let elements = a11y::elements(html);
    let at = elements.iter().position(|e| e.name == "dt" && e.text == name)?;
    elements[at..].iter().find(|e| e.name == "dd").map(|e| e.text.clone())
}

fn has(html: &str, text: &str) -> bool {
    a11y::elements(html).iter().any(|e| e.text.contains(text))
}

#[test]
fn the_page_shows_every_fact_of_a_task() {
    // S0-18 to S0-23, S0-26
    let html = html(&task(Status::Pending));
    let expected = [
        ("Recipient", "dispatch@tollgate-haulage.example"),
        ("Channel", "E-mail"),
        ("Reference", "PO-2026-04417"),
        ("Process", "Goods received, version 12 goods-received"),
        ("Activity", "Confirm delivery note Activity_confirm"),
        ("Created", "18 Nov 2026, 08:00:00"),
        ("Expires", "22 Nov 2026, 00:00:00"),
        ("Templates", "Version 13"),
    ];
    for (name, text) in expected {
        assert_eq!(fact(&html, name).as_deref(), Some(text), "{name}");
    }
    assert!(html.contains("https://answer.example/t/QAAB") && has(&html, "Token QAAB."));
    assert!(html.contains(&format!("href=\"/instances/{}\"", task(Status::Pending).instance)));
}

#[test]
fn a_completion_time_is_shown_only_when_there_is_one() {
    // S0-23
    assert_eq!(fact(&html(&task(Status::Completed)), "Completed").as_deref(), Some("20 Nov 2026, 09:00:00"));
    for status in [Status::Pending, Status::Cancelled, Status::Expired] {
        assert_eq!(fact(&html(&task(status)), "Completed"), None, "{status}");
    }
}

#[test]
fn the_log_names_every_mail_newest_first() {
    // S0-24, S0-25
    let html = html(&task(Status::Pending));
    let lines: Vec<String> = a11y::elements(&html)
        .into_iter()
        .filter(|e| e.name == "li" && e.text.contains("by e-mail to"))
        .map(|e| e.text)
        .collect();
    let expected = [
        "Resend by e-mail to dispatch@tollgate-haulage.example. Sent20 Nov 2026, 08:00:00",
        "Reminder by e-mail to dispatch@tollgate-haulage.example. Delivered19 Nov 2026, 14:00:00",
        "Initial by e-mail to dispatch@tollgate-haulage.example. Delivered18 Nov 2026, 08:00:00",
    ];
    assert_eq!(lines, expected);
    assert!(has(&html, "2 reminders"));
}

#[test]
fn the_history_says_who_when_and_from_where() {
    let html = html(&task(Status::Pending));
    assert!(has(&html, "Templates of version 13 taken by ingrid"));
    assert!(has(&html, "20 Nov 2026, 07:00:00, console, 203.0.113.7"));
}

#[test]
fn the_signature_block_says_whose_turn_it_is() {
    let turn =
        |status| serde_json::to_value(turn(&task(status), (&Zone::named("Europe/Oslo"), now()))).expect("serialises");
    let text = |status| turn(status)["text"].as_str().unwrap_or_default().to_owned();
    assert_eq!(text(Status::Pending), "until 22 November 2026, 00:00 (in 38 hours)");
    assert_eq!(text(Status::Completed), "20 November 2026, 09:00: Confirm");
    assert_eq!(text(Status::Cancelled), "cancelled 20 November 2026, 09:00");
    assert_eq!(text(Status::Expired), "expired 20 November 2026, 09:00");
    assert_eq!(turn(Status::Completed)["open"], false);
    assert_eq!(turn(Status::Pending)["open"], true);
}

#[test]
fn a_bounce_stands_first_with_the_way_out() {
    let mut bounced = task(Status::Pending);
    let mut last = mail(NotificationKind::Reminder, 2, Delivery::Bounced);
    last.reason = Some("mailbox unknown".to_owned());
    bounced.notifications.push(last);
    bounced.follow_up = true;
    let html = html(&bounced);
    let (trouble, facts) = (html.find("did not arrive"), html.find("<dl class=\"facts\">"));
    assert!(trouble.is_some() && trouble < facts, "trouble comes before facts");
    assert!(has(&html, "The reminder of 20 Nov did not arrive."));
    assert!(has(&html, "tollgate-haulage.example refused the address: mailbox unknown. Ask the company"));
    assert!(has(&html, "No reminder goes out any more"));
}

#[test]
fn each_kind_of_trouble_has_its_own_remedy_and_none_after_the_end() {
    let zone = Zone::named("Europe/Oslo");
    let said = |status, delivery, instance_failed| {
        let mut task = Task { instance_failed, ..task(status) };
        task.notifications = vec![mail(NotificationKind::Initial, 2, delivery)];
        trouble::of(&task, &zone, now()).map(|trouble| trouble.head)
    };
    let heads: Vec<String> = [Delivery::Bounced, Delivery::Complained, Delivery::Failed, Delivery::Delayed]
        .into_iter()
        .filter_map(|delivery| said(Status::Pending, delivery, false))
        .collect();
    let expected = [
        "The first mail of 20 Nov did not arrive.",
        "The recipient reported the mail as spam.",
        "The first mail of 20 Nov was not sent.",
        "The first mail of 20 Nov is delayed.",
    ];
    assert_eq!(heads, expected);
    assert_eq!(said(Status::Pending, Delivery::Delivered, false), None);
    assert_eq!(said(Status::Completed, Delivery::Bounced, true), None);
    let stopped = said(Status::Pending, Delivery::Delivered, true);
    assert_eq!(stopped.as_deref(), Some("The process behind this task stopped with an error."));
}

#[test]
fn actions_are_offered_as_given_and_cancelling_asks_first() {
    // S0-27, S0-31, S0-33, S0-41, S0-45 to S0-47
    let pending = html(&task(Status::Pending));
    let key = task(Status::Pending).key;
    for path in ["resend", "sync-templates"] {
        assert!(pending.contains(&format!("formaction=\"/external-tasks/{key}/{path}\"")), "{path}");
    }
    assert!(pending.contains(&format!("href=\"/external-tasks/{key}/cancel\"")));
    for status in [Status::Completed, Status::Cancelled, Status::Expired] {
        let html = html(&task(status));
        assert!(
            !html.contains("/resend") && !html.contains("/sync-templates") && !html.contains("/cancel"),
            "{status}"
        );
        // Copy and open link stay in every state.
        assert!(html.contains("data-copy"), "{status}");
    }
}

#[test]
fn without_permission_neither_link_nor_actions_nor_answers_are_there() {
    // S0-76
    let mut shown = task(Status::Completed);
    (shown.link, shown.answers, shown.may_see_instance) = (None, None, false);
    let html = html(&shown);
    for gone in ["Public link", "Token", "Quantity", "/instances/", "Open process instance"] {
        assert!(!has(&html, gone) || gone == "/instances/", "{gone}");
    }
    assert!(!html.contains(&format!("/instances/{}", shown.instance)));
}

#[test]
fn the_question_before_a_cancellation_says_what_stops() {
    let html = cancel_page(&Shell::sample(), &task(Status::Pending));
    assert!(has(&html, "Cancel 1 task and stop its process?") && has(&html, "This cannot be undone."));
    assert!(has(&html, "Goods received") && html.contains(r#"name="reason""#) && html.contains(r#"name="csrf""#));
    let part = cancel_part(&Shell::sample(), &task(Status::Pending));
    // The safe button has the focus.
    assert!(part.contains("formmethod=\"dialog\" autofocus data-keep>Keep task"));
}

#[test]
fn an_action_in_the_dialog_brings_its_row_along() {
    let row = Row {
        key: task(Status::Pending).key,
        status: Status::Cancelled,
        recipient: "a@b.example".to_owned(),
        task: "T".to_owned(),
        reference: None,
        created_at: ago(50),
        expires_at: None,
        reminders: 0,
        delivery: Delivery::Sent,
        opened: false,
        follow_up: false,
    };
    let notice = Notice { tone: "ok", text: Act::Cancel.done("a@b.example") };
    let clock = (&Zone::named("Europe/Oslo"), now());
    let part = dialog_part(&Shell::sample(), &task(Status::Cancelled), Some(&notice), Some(row), clock);
    assert!(part.contains("<template data-row><table><tbody data-rows>") && part.contains("<td class=s-x>Cancelled"));
    assert!(part.contains("is cancelled and its process is stopped."));
    assert!(part.contains("data-copy=\"public-link\">"), "copying works where there is a script");
}

#[test]
fn hostile_values_stay_text() {
    let mut bad = task(Status::Completed);
    for text in [&mut bad.name, &mut bad.process, &mut bad.recipient, &mut bad.activity_id] {
        HOSTILE.clone_into(text);
    }
    bad.reference = Some(HOSTILE.to_owned());
    bad.recipient_name = Some(HOSTILE.to_owned());
    bad.outcome = Some(HOSTILE.to_owned());
    bad.answers = Some(vec![(HOSTILE.to_owned(), HOSTILE.to_owned())]);
    bad.notifications[0].reason = Some(HOSTILE.to_owned());
    bad.notifications[0].delivery = Delivery::Bounced;
    bad.history[0].note = Some(HOSTILE.to_owned());
    let html = html(&bad);
    assert!(a11y::elements(&html).iter().all(|e| e.name != "script" || e.get("src").is_some()));
    assert_eq!(fact(&html, "Name").as_deref(), Some(HOSTILE));
}
