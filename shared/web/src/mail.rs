//! Mails about a task: subject, text part and HTML part. Addresses, headers and sending are elsewhere.

mod plain;

use crate::clean;
use crate::format;
use crate::public::{PublicView, Shown, paragraphs};
use crate::template;
use crate::text::Lang;
use domain::notification::NotificationKind;
use domain::time::Timestamp;
use serde::Serialize;

/// What a mail says.
#[derive(Clone, Debug)]
pub struct MailView {
    /// The task, as its pages show it.
    pub about: PublicView,
    /// The public link, complete. It alone is in the mail: pages decide, mails do not.
    pub link: String,
    /// Why the mail goes out.
    pub kind: NotificationKind,
    /// The moment of sending, for "3 days left".
    pub now: Timestamp,
    /// The customer's pieces.
    pub customer: CustomerMail,
}

/// A customer's mail templates, rendered. Both may be missing.
#[derive(Clone, Debug, Default)]
pub struct CustomerMail {
    /// `EmailSubject` as plain text. Reminders put the days left before it.
    pub subject: Option<String>,
    /// `EmailBody` as HTML with every value escaped. It stands in the sheet instead of the built-in text; without the
    /// link in it the button follows.
    pub body: Option<String>,
}

/// A mail to one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// One line without control characters, at most [`clean::LINE_CHARS_MAX`] characters; not encoded for a header.
    pub subject: String,
    /// Text part: lines of at most 76 characters except for the link, which stands alone on its line.
    pub text: String,
    /// HTML part.
    pub html: String,
}

/// The display name of the sender: the organisation's, fit for one header line; not encoded.
pub fn sender_name(organisation: &str) -> String {
    clean::line(organisation, clean::LINE_CHARS_MAX)
}

/// Renders the mail.
pub fn render(view: &MailView) -> Mail {
    let body = Body::of(view);
    let html = template::render("mail/mail.html", &body);
    Mail { text: plain::text(&body), subject: body.subject, html }
}

/// Serialised for `mail/mail.html`, and the source of the text part.
#[derive(Serialize)]
struct Body {
    lang: &'static str,
    dir: &'static str,
    subject: String,
    preheader: String,
    organisation: String,
    heading: String,
    salutation: String,
    paragraphs: Vec<String>,
    /// HTML of the customer's body; empty: the built-in text.
    custom: String,
    asked: String,
    asked_when: String,
    answer: String,
    answer_when: String,
    facts: Vec<(String, String)>,
    /// The customer's body brings the link itself.
    link_in_custom: bool,
    button: &'static str,
    link: String,
    button_fails: &'static str,
    foot: Vec<String>,
    sent_with: &'static str,
    #[serde(skip)]
    table: Vec<(String, String)>,
    #[serde(skip)]
    link_label: String,
    #[serde(skip)]
    personal: &'static str,
    #[serde(skip)]
    questions: Option<String>,
    #[serde(skip)]
    crossing: Option<&'static str>,
}

impl Body {
    fn of(view: &MailView) -> Body {
        let shown = Shown::new(&view.about);
        let lang = shown.lang;
        let left = view.about.expires_at.map(|end| format::days_left(&shown.zone, view.now, end));
        let is_reminder = view.kind == NotificationKind::Reminder;
        let button = if is_reminder { lang.continue_and_answer() } else { lang.read_and_answer() };
        let open = shown.open_answer(view.about.expires_at);
        let facts: Vec<(String, String)> =
            shown.facts.iter().map(|fact| (fact.label.clone(), fact.value.clone())).collect();
        let mut table = vec![(lang.asked_by().to_owned(), lang.asked_by_on(&shown.organisation, &shown.asked.when))];
        if let Some(end) = view.about.expires_at {
            let time = format::moment_with_place(lang, &shown.zone, end);
            let left = left.filter(|_| is_reminder).map(|left| left_words(lang, left));
            let value = left.map_or(time.clone(), |left| lang.time_and_left(&time, &left));
            table.push((lang.answer_by().to_owned(), value));
        }
        table.extend(facts.clone());
        let questions = shown.reply_to.as_deref().map(|address| lang.reply_goes_to(address));
        let mut foot = vec![lang.do_not_forward().to_owned()];
        foot.extend(questions.clone());
        let crossing = is_reminder.then(|| lang.crossing());
        foot.extend(crossing.map(str::to_owned));
        let custom = view.customer.body.clone().unwrap_or_default();
        Body {
            lang: lang.tag(),
            dir: lang.dir(),
            subject: subject(view, lang, left),
            preheader: preheader(view, &shown),
            heading: heading(&shown, view.kind, left),
            salutation: salutation(view, lang),
            paragraphs: text(view, &shown),
            link_in_custom: custom.contains(&template::escape(&view.link)),
            custom,
            asked: shown.asked.who.clone(),
            asked_when: shown.asked.when.clone(),
            answer: open.who,
            answer_when: open.when,
            facts,
            button,
            link: view.link.clone(),
            button_fails: lang.button_fails(),
            foot,
            sent_with: lang.sent_with(),
            table,
            link_label: lang.link_label(button),
            personal: lang.do_not_forward(),
            questions,
            crossing,
            organisation: shown.organisation,
        }
    }
}

fn subject(view: &MailView, lang: Lang, left: Option<u64>) -> String {
    let task = clean::line(&view.about.task_name, clean::LINE_CHARS_MAX);
    let reference = view.about.reference.as_deref().map(|text| clean::line(text, clean::LINE_CHARS_MAX));
    let about = match reference.filter(|reference| !reference.is_empty()) {
        Some(reference) => lang.task_and_reference(&task, &reference),
        None => task,
    };
    let own = view.customer.subject.as_deref().map(|text| clean::line(text, clean::LINE_CHARS_MAX));
    let own = own.filter(|subject| !subject.is_empty());
    let subject = match (view.kind, left) {
        (NotificationKind::Initial | NotificationKind::Resend, _) => {
            own.unwrap_or_else(|| lang.subject_initial(&about))
        }
        (NotificationKind::Reminder, Some(left)) => {
            lang.subject_reminder_left(&left_words(lang, left), &own.unwrap_or(about))
        }
        (NotificationKind::Reminder, None) => lang.subject_reminder(&own.unwrap_or(about)),
    };
    clean::line(&subject, clean::LINE_CHARS_MAX)
}

fn left_words(lang: Lang, left: u64) -> String {
    if left == 0 { lang.last_day().to_owned() } else { lang.days_left(left) }
}

fn heading(shown: &Shown, kind: NotificationKind, left: Option<u64>) -> String {
    match (kind, left) {
        (NotificationKind::Reminder, Some(0)) => shown.lang.heading_last_day(&shown.heading),
        (NotificationKind::Reminder, Some(left)) => shown.lang.heading_days_left(left, &shown.heading),
        (NotificationKind::Reminder, None) | (NotificationKind::Initial | NotificationKind::Resend, _) => {
            shown.heading.clone()
        }
    }
}

fn preheader(view: &MailView, shown: &Shown) -> String {
    let end = view.about.expires_at.map(|end| format::day(shown.lang, &shown.zone, end));
    match (view.kind, end) {
        (NotificationKind::Reminder, Some(day)) => shown.lang.preheader_reminder(&day),
        (NotificationKind::Initial | NotificationKind::Resend, Some(day)) => {
            shown.lang.preheader(&shown.organisation, &day)
        }
        (NotificationKind::Initial | NotificationKind::Resend | NotificationKind::Reminder, None) => {
            shown.lang.preheader_open(&shown.organisation)
        }
    }
}

fn salutation(view: &MailView, lang: Lang) -> String {
    let name = view.about.recipient_name.as_deref().map(|name| clean::line(name, clean::LINE_CHARS_MAX));
    match name.filter(|name| !name.is_empty()) {
        Some(name) => lang.dear(&clean::isolated(&name)),
        None => lang.hello().to_owned(),
    }
}

/// The sentences between salutation and signature block. A customer's body replaces the description, not the words
/// about the reminder.
fn text(view: &MailView, shown: &Shown) -> Vec<String> {
    let lang = shown.lang;
    let day = format::day(lang, &shown.zone, view.about.asked_at);
    let mut sentences = match view.kind {
        NotificationKind::Initial => Vec::new(),
        NotificationKind::Reminder => vec![lang.intro_reminder(&shown.organisation, &day)],
        NotificationKind::Resend => vec![lang.intro_resend(&shown.organisation, &day)],
    };
    if view.customer.body.is_none() {
        sentences.extend(view.about.description.as_deref().map(paragraphs).unwrap_or_default());
        if sentences.is_empty() {
            sentences.push(lang.default_lead(&shown.organisation));
        }
    }
    sentences
}

#[cfg(test)]
mod tests;
