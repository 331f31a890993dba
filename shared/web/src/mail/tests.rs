//! Mails as a whole: parts, headers, hostile values.

use super::*;
use crate::a11y;
use domain::notification::NotificationKind;

const LINK: &str = "https://answer.norvik.example/t/QAAAAAAAD7wAAW5mYk3vR8t2sQ1xZc9Lh0uJp6eT4aGdBw";
const KINDS: [NotificationKind; 3] = [NotificationKind::Initial, NotificationKind::Reminder, NotificationKind::Resend];

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

fn view(kind: NotificationKind, language: Lang) -> MailView {
    MailView {
        about: PublicView {
            organisation: "Norvik Harbour".to_owned(),
            reply_to: Some("works@norvik.example".to_owned()),
            language,
            time_zone: "Europe/Oslo".to_owned(),
            task_name: "Approve the inspection report".to_owned(),
            reference: Some("IR-0874".to_owned()),
            description: Some(
                "The report of 17 November on the crane rail in the north basin is ready. Please read it.".to_owned(),
            ),
            facts: vec![("Document".to_owned(), "Inspection report, 12 pages".to_owned())],
            recipient_name: Some("Anna Lindqvist".to_owned()),
            asked_at: at("2026-11-19T14:40:09.551Z"),
            expires_at: Some(at("2026-12-03T22:59:00Z")),
        },
        link: LINK.to_owned(),
        kind,
        now: at("2026-11-30T14:40:10Z"),
        customer: CustomerMail::default(),
    }
}

fn whole(mail: &Mail) -> String {
    format!("Subject: {}\n\n{}\n=====\n{}", mail.subject, mail.text, mail.html)
}

/// E-02 to E-04.
#[test]
fn mails_are_as_reviewed() {
    for kind in KINDS {
        insta::assert_snapshot!(format!("en_{kind:?}"), whole(&render(&view(kind, Lang::En))));
    }
    insta::assert_snapshot!("de_reminder", whole(&render(&view(NotificationKind::Reminder, Lang::De))));
    insta::assert_snapshot!("fr_reminder", whole(&render(&view(NotificationKind::Reminder, Lang::Fr))));
}

#[test]
fn a_reminder_says_how_long_is_left_before_anything_else() {
    let mut reminder = view(NotificationKind::Reminder, Lang::En);
    let subject = |view: &MailView| render(view).subject;
    assert_eq!(subject(&reminder), "Reminder, 3 days left: Approve the inspection report (IR-0874)");
    reminder.now = at("2026-12-02T08:00:00Z");
    assert_eq!(subject(&reminder), "Reminder, 1 day left: Approve the inspection report (IR-0874)");
    reminder.now = at("2026-12-03T08:00:00Z");
    assert_eq!(subject(&reminder), "Reminder, last day: Approve the inspection report (IR-0874)");
    reminder.about.expires_at = None;
    reminder.about.reference = None;
    assert_eq!(subject(&reminder), "Reminder: Approve the inspection report");
}

/// Mail scanners fetch every address in a mail: the only one is the page, which decides nothing.
#[test]
fn the_link_of_the_page_is_the_only_address_in_a_mail() {
    for lang in Lang::ALL {
        for kind in KINDS {
            let mail = render(&view(kind, lang));
            let links: Vec<String> = a11y::elements(&mail.html)
                .iter()
                .flat_map(|element| element.attributes.clone())
                .filter(|(name, value)| ["href", "src", "background"].contains(&name.as_str()) || value.contains("://"))
                .map(|(_, value)| value)
                .collect();
            assert_eq!(links, [LINK, LINK]);
            assert!(a11y::elements(&mail.html).iter().all(|element| element.name != "img" && element.name != "script"));
            assert_eq!(mail.text.matches("://").count(), 1);
            assert!(mail.text.lines().any(|line| line == LINK), "the link has a line of its own");
        }
    }
}

#[test]
fn lines_of_the_text_part_fit_a_terminal() {
    for lang in Lang::ALL {
        for kind in KINDS {
            let mut view = view(kind, lang);
            view.about.description = Some("Sehr geehrte Damen und Herren, wir bitten um Prüfung. ".repeat(20));
            let mail = render(&view);
            for line in mail.text.lines().filter(|line| *line != LINK) {
                assert!(line.chars().count() <= 76, "{line}");
            }
            assert!(!mail.text.contains('\r') && mail.text.contains("\n-- \n"));
        }
    }
}

/// Bad input: CR and LF in subject and names.
#[test]
fn subject_and_names_cannot_begin_a_header() {
    let mut view = view(NotificationKind::Initial, Lang::En);
    view.customer.subject = Some("Hello\r\nBcc: victim@example.org\u{2028}x\u{202e}".to_owned());
    view.about.organisation = "Norvik\r\nReply-To: evil@example.org".to_owned();
    view.about.recipient_name = Some("Anna\r\n\r\n<h1>".to_owned());
    let mail = render(&view);
    assert_eq!(mail.subject, "Hello Bcc: victim@example.org x");
    assert!(mail.text.starts_with("Dear Anna <h1>,\n"), "{}", mail.text);
    assert_eq!(sender_name(&view.about.organisation), "Norvik Reply-To: evil@example.org");
    view.customer.subject = Some("ü".repeat(1_000));
    assert_eq!(render(&view).subject.chars().count(), clean::LINE_CHARS_MAX);
    view.customer.subject = Some(" \r\n ".to_owned());
    assert_eq!(
        render(&view).subject,
        "Please answer: Approve the inspection report (IR-0874)",
        "an empty one falls back"
    );
}

#[test]
fn hostile_text_changes_no_structure_of_the_html_part() {
    let attack = "\"'><script>alert(1)</script><a href=//evil.example>{{ x }}</title>";
    let plain = view(NotificationKind::Reminder, Lang::En);
    let mut hostile = plain.clone();
    hostile.about.organisation = attack.to_owned();
    hostile.about.reply_to = Some(attack.to_owned());
    hostile.about.task_name = attack.to_owned();
    hostile.about.reference = Some(attack.to_owned());
    hostile.about.description = Some(attack.to_owned());
    hostile.about.facts = vec![(attack.to_owned(), attack.to_owned())];
    hostile.about.recipient_name = Some(attack.to_owned());
    let shape = |view: &MailView| -> Vec<String> {
        a11y::elements(&render(view).html)
            .iter()
            .map(|element| format!("{}{}", element.name, element.attributes.len()))
            .collect()
    };
    assert_eq!(shape(&hostile), shape(&plain));
}

#[test]
fn a_customers_body_stands_in_the_sheet_and_the_button_follows() {
    let mut view = view(NotificationKind::Reminder, Lang::En);
    view.customer = CustomerMail {
        subject: Some("Report IR-0874".to_owned()),
        body: Some("<p>Dear <b>Anna</b> &amp; team</p>".to_owned()),
    };
    let mail = render(&view);
    assert_eq!(mail.subject, "Reminder, 3 days left: Report IR-0874");
    assert!(mail.html.contains("<p>Dear <b>Anna</b> &amp; team</p>"));
    assert!(!mail.html.contains("crane rail") && !mail.text.contains("crane rail"), "the description is replaced");
    assert!(mail.text.contains("has no answer yet") && mail.text.contains("\nDear Anna & team\n"), "{}", mail.text);
    assert_eq!(mail.html.matches(LINK).count(), 3);
    view.customer.body = Some(format!("<p><a href=\"{LINK}\">Answer here</a></p>"));
    let mail = render(&view);
    assert_eq!(mail.html.matches(LINK).count(), 1, "a body that brings the link needs no second button");
    assert!(mail.text.contains(&format!("\nAnswer here\n{LINK}\n")), "{}", mail.text);
    assert_eq!(mail.text.matches(LINK).count(), 1);
}

#[test]
fn a_mail_without_names_deadline_and_description_still_makes_sense() {
    let mut view = view(NotificationKind::Initial, Lang::De);
    view.about.recipient_name = Some("  ".to_owned());
    (view.about.expires_at, view.about.reply_to, view.about.description, view.about.reference) =
        (None, None, None, None);
    view.about.facts = Vec::new();
    let mail = render(&view);
    assert!(mail.text.starts_with("Guten Tag,\n\nNorvik Harbour bittet Sie um Ihre Antwort."), "{}", mail.text);
    assert!(mail.html.contains("ohne Frist"));
    assert!(!mail.text.contains("Antwort bis"));
}
