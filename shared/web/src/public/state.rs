//! The pages without a form: what became of the task, and what is wrong with an address or a post.

use super::chrome::{Chrome, CustomerPart, Foot};
use super::{Fact, PublicView, Shown, SignLine};
use crate::clean;
use crate::format;
use crate::template;
use crate::text::Lang;
use domain::time::Timestamp;
use serde::Serialize;

/// What the success page confirms.
#[derive(Clone, Debug)]
pub struct Receipt {
    /// The text of the button that was pressed.
    pub action_label: String,
    /// When the answer was accepted.
    pub answered_at: Timestamp,
    /// A number the recipient can quote: the task's key. Shown in groups of four.
    pub number: String,
}

/// Pages that belong to no task: they name no organisation and are the same for every address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// Unknown, malformed, foreign or killed link.
    NotFound,
    /// Neither GET, HEAD nor POST.
    MethodNotAllowed,
    /// The posted form cannot be read, or is of another type.
    Unreadable,
    /// The posted form is over a limit.
    TooLarge,
    /// The posted form brings a file.
    FileNotAccepted,
    /// Too many requests.
    Busy,
    /// A fault of the product.
    Unavailable,
}

/// Answer to an accepted submission (S0-65).
pub fn success(view: &PublicView, receipt: &Receipt, customer: Option<&CustomerPart<'_>>, nonce: &str) -> String {
    let shown = Shown::new(view);
    let lang = shown.lang;
    let label = clean::line(&receipt.action_label, clean::LINE_CHARS_MAX);
    let number = Fact { label: lang.receipt().to_owned(), value: grouped(&clean::line(&receipt.number, 80)) };
    let page = State {
        icon: "done",
        heading: lang.success_title(),
        text: lang.success_text(&shown.organisation),
        note: None,
        second: solid(&shown, lang.you_chose(&label), receipt.answered_at),
        extra_fact: Some(number),
        hint: Some(lang.print_hint()),
    };
    page.render(&shown, customer, nonce)
}

/// The link of a COMPLETED task (S0-67). `refused`: this answers a post that came too late.
pub fn already_completed(
    view: &PublicView,
    completed_at: Timestamp,
    refused: bool,
    customer: Option<&CustomerPart<'_>>,
    nonce: &str,
) -> String {
    let shown = Shown::new(view);
    let lang = shown.lang;
    let page = State {
        icon: "done",
        heading: lang.completed_title(),
        text: lang.completed_text(&shown.organisation),
        note: refused.then(|| lang.not_sent()),
        second: solid(&shown, lang.answered().to_owned(), completed_at),
        extra_fact: None,
        hint: None,
    };
    page.render(&shown, customer, nonce)
}

/// The link of an EXPIRED task (S0-66, S0-68). `refused`: this answers a post that came too late.
pub fn expired(
    view: &PublicView,
    expired_at: Timestamp,
    refused: bool,
    customer: Option<&CustomerPart<'_>>,
    nonce: &str,
) -> String {
    let shown = Shown::new(view);
    let lang = shown.lang;
    let time = format::moment(lang, &shown.zone, expired_at);
    let page = State {
        icon: "expired",
        heading: lang.expired_title(),
        text: lang.expired_text(&time, &shown.organisation),
        note: refused.then(|| lang.not_sent()),
        second: SignLine {
            who: lang.no_answer().to_owned(),
            when: lang.by_time(&time),
            datetime: expired_at.to_string(),
            open: true,
        },
        extra_fact: None,
        hint: None,
    };
    page.render(&shown, customer, nonce)
}

/// The link of a CANCELLED task (S0-43, S0-69). `refused`: this answers a post that came too late.
pub fn cancelled(
    view: &PublicView,
    cancelled_at: Timestamp,
    refused: bool,
    customer: Option<&CustomerPart<'_>>,
    nonce: &str,
) -> String {
    let shown = Shown::new(view);
    let lang = shown.lang;
    let mut stopped = solid(&shown, lang.request_stopped().to_owned(), cancelled_at);
    stopped.open = true;
    let page = State {
        icon: "cancelled",
        heading: lang.cancelled_title(),
        text: lang.cancelled_text(&shown.organisation, &format::day(lang, &shown.zone, cancelled_at)),
        note: refused.then(|| lang.not_sent()),
        second: stopped,
        extra_fact: None,
        hint: None,
    };
    page.render(&shown, customer, nonce)
}

/// The process behind the answer has stopped at an error: the task is open, the draft is kept and the organisation's
/// operators see the incident. Says nothing of the cause.
pub fn could_not_process(view: &PublicView, nonce: &str) -> String {
    let shown = Shown::new(view);
    let lang = shown.lang;
    let page = State {
        icon: "failed",
        heading: lang.failed_title(),
        text: lang.failed_text(&shown.organisation),
        note: None,
        second: shown.open_answer(view.expires_at),
        extra_fact: None,
        hint: None,
    };
    page.render(&shown, None, nonce)
}

/// A page that belongs to no task.
pub fn notice(notice: Notice, lang: Lang, nonce: &str) -> String {
    let (heading, paragraphs): (&str, &[&str]) = match notice {
        Notice::NotFound => (lang.not_found_title(), &[lang.not_found_check(), lang.not_found_ask()]),
        Notice::MethodNotAllowed => (lang.method_title(), &[lang.method_text()]),
        Notice::Unreadable => (lang.unreadable_title(), &[lang.unreadable_text()]),
        Notice::TooLarge => (lang.too_large_title(), &[lang.too_large_text()]),
        Notice::FileNotAccepted => (lang.file_title(), &[lang.file_text()]),
        Notice::Busy => (lang.busy_title(), &[lang.busy_text()]),
        Notice::Unavailable => (lang.unavailable_title(), &[lang.unavailable_text()]),
    };
    let page = NoticePage { chrome: Chrome::bare(lang, heading.to_owned(), nonce), heading, paragraphs };
    template::render("public/notice.html", &page)
}

/// What one of the pages about a task says.
struct State<'a> {
    icon: &'static str,
    heading: &'static str,
    text: String,
    note: Option<&'static str>,
    second: SignLine,
    extra_fact: Option<Fact>,
    hint: Option<&'a str>,
}

#[derive(Serialize)]
struct StatePage<'a> {
    chrome: Chrome,
    icon: &'static str,
    heading: &'static str,
    text: String,
    note: Option<&'static str>,
    sign: [SignLine; 2],
    facts: Vec<Fact>,
    hint: Option<&'a str>,
}

#[derive(Serialize)]
struct NoticePage<'a> {
    chrome: Chrome,
    heading: &'a str,
    paragraphs: &'a [&'a str],
}

impl State<'_> {
    fn render(self, shown: &Shown, customer: Option<&CustomerPart<'_>>, nonce: &str) -> String {
        let mut facts = vec![Fact { label: shown.lang.question().to_owned(), value: shown.heading.clone() }];
        facts.extend(shown.facts.iter().take(1).filter(|fact| fact.label == shown.lang.reference()).cloned());
        facts.extend(self.extra_fact);
        let page = StatePage {
            chrome: Chrome::of_task(shown, self.heading, Foot::Questions, nonce, customer),
            icon: self.icon,
            heading: self.heading,
            text: self.text,
            note: self.note,
            sign: [shown.asked.clone(), self.second],
            facts,
            hint: self.hint,
        };
        template::render("public/state.html", &page)
    }
}

fn solid(shown: &Shown, who: String, at: Timestamp) -> SignLine {
    SignLine { who, when: format::moment(shown.lang, &shown.zone, at), datetime: at.to_string(), open: false }
}

/// Groups of four digits, so that a number can be read out.
fn grouped(number: &str) -> String {
    if !number.bytes().all(|b| b.is_ascii_digit()) {
        return number.to_owned();
    }
    let digits: Vec<char> = number.chars().collect();
    digits.chunks(4).map(|chunk| chunk.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}
