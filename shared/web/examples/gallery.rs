//! Writes every built-in page and mail to a folder, to be looked at in a browser:
//! `cargo run -p web --example gallery -- target/gallery`. Sends nothing.

use domain::decision::{FieldError, Problem};
use domain::notification::NotificationKind;
use domain::process::{ActionModel, ClientScript, FieldKind, FieldModel};
use domain::variables::Variables;
use serde_json::json;
use std::path::PathBuf;
use web::mail::{CustomerMail, MailView};
use web::public::{self, DraftNote, Notice, PageScript, PublicView, Receipt, TaskForm};
use web::text::Lang;

const NONCE: &str = "Z2FsbGVyeS1ub25jZQ";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("name a folder")?);
    std::fs::create_dir_all(&folder)?;
    for (name, content) in pages().into_iter().chain(mails()) {
        std::fs::write(folder.join(name), content)?;
    }
    Ok(())
}

fn view(language: Lang) -> PublicView {
    PublicView {
        organisation: "Norvik Harbour".to_owned(),
        reply_to: Some("purchasing@norvik.example".to_owned()),
        language,
        time_zone: "Europe/Oslo".to_owned(),
        task_name: match language {
            Lang::En => "Confirm your bank details",
            Lang::De => "Bankverbindung und Ansprechpartner bestätigen",
            Lang::Fr => "Confirmer vos coordonnées bancaires",
        }
        .to_owned(),
        reference: Some("SUP-2041 Brattli Steel AS".to_owned()),
        description: match language {
            Lang::En => Some(
                "We would like to take you on as a supplier of mooring rings. Please check what we have on file and tell us whether we may use it."
                    .to_owned(),
            ),
            Lang::De => Some("Wir möchten Sie als Lieferanten für Festmacherringe aufnehmen. Bitte prüfen Sie die Angaben.".to_owned()),
            Lang::Fr => None,
        },
        facts: vec![
            ("Company".to_owned(), "Brattli Steel AS".to_owned()),
            ("Account".to_owned(), "NO93 8601 1117 947".to_owned()),
        ],
        recipient_name: Some("Anna Lindqvist".to_owned()),
        asked_at: domain::time::Timestamp::from_millis(1_795_099_209_551),
        expires_at: Some(domain::time::Timestamp::from_millis(1_796_338_740_000)),
    }
}

fn field(name: &str, label: &str, kind: FieldKind, required: bool) -> FieldModel {
    FieldModel { name: name.to_owned(), label: Some(label.to_owned()), kind, required }
}

fn fields() -> Vec<FieldModel> {
    let list = |items: &[&str]| items.iter().map(|item| (*item).to_owned()).collect::<Vec<String>>();
    let countries =
        list(&["Denmark", "Finland", "France", "Germany", "Iceland", "Netherlands", "Norway", "Poland", "Sweden"]);
    vec![
        field("contact", "Who answers questions about invoices", FieldKind::Text { max: 120, multiline: false }, true),
        field("mail", "Their e-mail address", FieldKind::Email, true),
        field("days", "Days until payment", FieldKind::Number { min: Some("14".into()), max: Some("60".into()) }, true),
        field("from", "Valid from", FieldKind::Date, false),
        field("delivery", "How you deliver", FieldKind::Choice(list(&["By road", "By sea", "Both"])), true),
        field("country", "Country of the bank", FieldKind::Choice(countries), true),
        field(
            "certificates",
            "Certificates you hold",
            FieldKind::Choices(list(&["ISO 9001", "ISO 14001", "EN 1090"])),
            false,
        ),
        field("terms", "I have read the terms of delivery", FieldKind::Checkbox, true),
        field("remarks", "Remarks", FieldKind::Text { max: 2_000, multiline: true }, false),
    ]
}

fn actions() -> Vec<ActionModel> {
    let action =
        |name: &str, label: &str| ActionModel { name: name.to_owned(), label: Some(label.to_owned()), style: None };
    vec![action("approve", "Confirm"), action("decline", "Something is wrong")]
}

fn pages() -> Vec<(&'static str, String)> {
    let (fields, actions, none) = (fields(), actions(), Variables::new());
    let comment = [FieldModel {
        name: "comment".to_owned(),
        label: None,
        kind: FieldKind::Text { max: 2_000, multiline: true },
        required: false,
    }];
    let first = TaskForm {
        fields: &comment,
        actions: &actions,
        chosen: None,
        hidden: &[("page", "eyJn.6Jp0"), ("submission", "c3VibWlzc2lvbg")],
        values: &none,
        errors: &[],
        draft: DraftNote::None,
        own_form: None,
        script: None,
    };
    let typed: Variables = json!({"contact": "Anna", "mail": "anna", "days": "nine", "delivery": "By sea", "remarks": "Joint 14\nwas under water."})
        .as_object()
        .cloned()
        .unwrap_or_default();
    let wrong = |field: &str, problem: Problem| FieldError { field: field.to_owned(), problem };
    let errors = [
        wrong("action", Problem::UnknownAction),
        wrong("mail", Problem::NotAnEmail),
        wrong("days", Problem::NotANumber),
        wrong("country", Problem::Required),
        wrong("terms", Problem::Required),
        wrong("gone", Problem::UnknownField),
    ];
    let every = TaskForm { fields: &fields, ..first };
    let refused = TaskForm { values: &typed, errors: &errors, ..every };
    let saved = TaskForm { values: &typed, draft: DraftNote::JustSaved, chosen: Some("decline"), ..every };
    let script = ClientScript {
        source: "if (days > 30) { showWarning('More than 30 days need the consent of our treasurer.'); requireField('remarks'); \
                 highlightField('days', 'orange') }\nif (delivery !== 'By sea') hideField('certificates'); showField('remarks')"
            .to_owned(),
        shows: Vec::new(),
    };
    let typing: Variables = json!({"days": "45"}).as_object().cloned().unwrap_or_default();
    let scripted = TaskForm { script: PageScript::new(&script, &none), values: &typing, ..every };
    let (en, de) = (view(Lang::En), view(Lang::De));
    let at = en.asked_at.plus_millis(86_400_000);
    let receipt =
        Receipt { action_label: "Confirm".to_owned(), answered_at: at, number: "4611686018427390988".to_owned() };
    let end = en.expires_at.unwrap_or(at);
    vec![
        ("task.html", public::task(&en, &first, None, NONCE)),
        ("task-de.html", public::task(&de, &first, None, NONCE)),
        ("task-fr.html", public::task(&view(Lang::Fr), &first, None, NONCE)),
        ("task-fields.html", public::task(&en, &every, None, NONCE)),
        ("task-errors.html", public::task(&en, &refused, None, NONCE)),
        ("task-errors-de.html", public::task(&de, &refused, None, NONCE)),
        ("task-script.html", public::task(&en, &scripted, None, NONCE)),
        ("task-saved.html", public::task(&en, &saved, None, NONCE)),
        ("success.html", public::success(&en, &receipt, None, NONCE)),
        ("completed.html", public::already_completed(&en, at, false, None, NONCE)),
        ("completed-refused.html", public::already_completed(&en, at, true, None, NONCE)),
        ("expired.html", public::expired(&en, end, false, None, NONCE)),
        ("cancelled.html", public::cancelled(&en, at, true, None, NONCE)),
        ("failed.html", public::could_not_process(&en, NONCE)),
        ("not-found.html", public::notice(Notice::NotFound, Lang::En, NONCE)),
        ("method.html", public::notice(Notice::MethodNotAllowed, Lang::De, NONCE)),
    ]
}

fn mails() -> Vec<(&'static str, String)> {
    let view = |kind, language, customer| MailView {
        about: view(language),
        link: "https://answer.norvik.example/t/AQAAAAAAD7wAAW5mYk3vR8t2sQ1xZc9Lh0uJp6eT4aGdBw".to_owned(),
        kind,
        now: domain::time::Timestamp::from_millis(1_796_079_540_000),
        customer,
    };
    let initial = web::mail::render(&view(NotificationKind::Initial, Lang::En, CustomerMail::default()));
    let reminder = web::mail::render(&view(NotificationKind::Reminder, Lang::En, CustomerMail::default()));
    let german = web::mail::render(&view(NotificationKind::Reminder, Lang::De, CustomerMail::default()));
    let body = "<h1>Dear Anna</h1><p>We ask <b>Brattli Steel AS</b> to confirm.</p><ul><li>Account NO93</li><li>Terms 30 days</li></ul>";
    let own =
        CustomerMail { subject: Some("Bank details of Brattli Steel AS".to_owned()), body: Some(body.to_owned()) };
    let custom = web::mail::render(&view(NotificationKind::Resend, Lang::En, own));
    let text = |mail: &web::mail::Mail| format!("Subject: {}\n\n{}", mail.subject, mail.text);
    vec![
        ("mail-initial.txt", text(&initial)),
        ("mail-initial.html", initial.html),
        ("mail-reminder.txt", text(&reminder)),
        ("mail-reminder.html", reminder.html),
        ("mail-reminder-de.txt", text(&german)),
        ("mail-reminder-de.html", german.html),
        ("mail-custom.txt", text(&custom)),
        ("mail-custom.html", custom.html),
    ]
}
