//! The public pages: what a recipient without an account sees behind the link. Makes every decision about content
//! before the template; decides nothing about tasks and knows no HTTP beyond the headers of its own answers.

mod chrome;
mod headers;
mod script;
mod state;
mod task;

use crate::clean;
use crate::format::{self, Zone};
use crate::text::Lang;
use domain::time::Timestamp;
use serde::Serialize;

pub use chrome::CustomerPart;
pub use headers::{csp, headers};
pub use script::PageScript;
pub use state::{Notice, Receipt, already_completed, cancelled, could_not_process, expired, notice, success};
pub use task::{DraftNote, FormParts, TaskForm, action_label, form_parts, task};

/// What every page and mail about one task says. Texts are as stored: they are cleaned and escaped here.
#[derive(Clone, Debug)]
pub struct PublicView {
    /// The asking organisation: the tenant's name as recipients know it.
    pub organisation: String,
    /// Where questions go; also the reply address of mails. `None` leaves the sentence out.
    pub reply_to: Option<String>,
    /// Language of the page.
    pub language: Lang,
    /// IANA name of the zone in which times are shown; UTC where it is unknown.
    pub time_zone: String,
    /// The question, as the task is named in the model.
    pub task_name: String,
    /// Business label of the instance.
    pub reference: Option<String>,
    /// What is asked, in sentences; blank lines make paragraphs. `None`: one sentence of the product.
    pub description: Option<String>,
    /// Further facts, label and value, in order.
    pub facts: Vec<(String, String)>,
    /// How the recipient is addressed in mails.
    pub recipient_name: Option<String>,
    /// When the task was created.
    pub asked_at: Timestamp,
    /// Until when it can be answered. `None`: no end.
    pub expires_at: Option<Timestamp>,
}

/// A [`PublicView`] with its texts cleaned and its times written out.
pub(crate) struct Shown {
    pub(crate) lang: Lang,
    pub(crate) zone: Zone,
    pub(crate) organisation: String,
    pub(crate) heading: String,
    pub(crate) reply_to: Option<String>,
    pub(crate) facts: Vec<Fact>,
    pub(crate) asked: SignLine,
}

/// Label and value of a fact.
#[derive(Clone, Serialize)]
pub(crate) struct Fact {
    pub(crate) label: String,
    pub(crate) value: String,
}

/// One line of the signature block: solid when it happened, dashed while it is open.
#[derive(Clone, Serialize)]
pub(crate) struct SignLine {
    pub(crate) who: String,
    pub(crate) when: String,
    /// RFC 3339, for the `datetime` attribute; empty where there is no time.
    pub(crate) datetime: String,
    pub(crate) open: bool,
}

impl Shown {
    pub(crate) fn new(view: &PublicView) -> Shown {
        let lang = view.language;
        let zone = Zone::named(&view.time_zone);
        let organisation = clean::isolated(&clean::line(&view.organisation, clean::LINE_CHARS_MAX));
        let mut facts = Vec::new();
        if let Some(reference) = view.reference.as_deref().map(|text| clean::line(text, clean::LINE_CHARS_MAX)) {
            facts.push(Fact { label: lang.reference().to_owned(), value: reference });
        }
        facts.extend(view.facts.iter().map(|(label, value)| Fact {
            label: clean::line(label, clean::LINE_CHARS_MAX),
            value: clean::lines(value),
        }));
        facts.retain(|fact| !fact.value.is_empty());
        Shown {
            lang,
            organisation: organisation.clone(),
            heading: clean::line(&view.task_name, clean::LINE_CHARS_MAX),
            reply_to: view.reply_to.as_deref().map(|text| clean::line(text, 254)).filter(|text| !text.is_empty()),
            facts,
            asked: SignLine {
                who: lang.asked(&organisation),
                when: format::moment(lang, &zone, view.asked_at),
                datetime: view.asked_at.to_string(),
                open: false,
            },
            zone,
        }
    }

    /// The dashed line of an answer that is still to come.
    pub(crate) fn open_answer(&self, expires_at: Option<Timestamp>) -> SignLine {
        let who = self.lang.your_answer().to_owned();
        match expires_at {
            Some(end) => {
                let when = self.lang.by_time(&format::moment_with_place(self.lang, &self.zone, end));
                SignLine { who, when, datetime: end.to_string(), open: true }
            }
            None => SignLine { who, when: self.lang.no_deadline().to_owned(), datetime: String::new(), open: true },
        }
    }
}

/// Paragraphs of a text: blank lines separate them, single line breaks are spaces.
pub(crate) fn paragraphs(text: &str) -> Vec<String> {
    clean::lines(text)
        .split("\n\n")
        .map(|paragraph| paragraph.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|paragraph| !paragraph.is_empty())
        .collect()
}

#[cfg(test)]
mod tests;
