//! What surrounds the content of every public page: window title, style, the organisation's name, foot.

use super::Shown;
use super::script::Script;
use crate::clean;
use crate::text::Lang;
use serde::Serialize;

/// The product's stylesheet.
const CSS: &str = include_str!("../../assets/public.css");
/// Looks of what the built-in pages never contain (tables, lists, pictures): only customers' pages carry it, so that the
/// others stay small.
const CUSTOMER_CSS: &str = include_str!("../../assets/customer.css");

/// A customer's page, rendered: it is placed inside `main` and stands instead of the built-in text.
#[derive(Clone, Copy, Debug, Default)]
pub struct CustomerPart<'a> {
    /// Title of the window, as plain text; else the built-in one.
    pub title: Option<&'a str>,
    /// Stylesheet, checked at deployment.
    pub style: &'a str,
    /// HTML with every value escaped.
    pub html: &'a str,
}

/// Serialised for `public/page.html`.
#[derive(Serialize)]
pub(super) struct Chrome {
    lang: &'static str,
    dir: &'static str,
    title: String,
    nonce: String,
    css: &'static str,
    style: String,
    organisation: Option<String>,
    foot: Vec<String>,
    /// HTML of the customer's page; empty: the built-in text is shown.
    custom: String,
    /// What the page runs; only the page of a pending task has any.
    script: Option<Script>,
}

/// What a page says below its sheet.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Foot {
    /// The link still opens something: whose it is and what to do when it came to the wrong person.
    Personal,
    /// Where questions go.
    Questions,
}

impl Chrome {
    /// The chrome of a page about a task. `heading` becomes the window's title where the customer gives none.
    pub(super) fn of_task(
        shown: &Shown,
        heading: &str,
        foot: Foot,
        nonce: &str,
        customer: Option<&CustomerPart<'_>>,
    ) -> Chrome {
        let lang = shown.lang;
        let own_title = customer.and_then(|part| part.title).map(|title| clean::line(title, clean::LINE_CHARS_MAX));
        let heading = own_title.filter(|title| !title.is_empty()).unwrap_or_else(|| heading.to_owned());
        let mut lines = Vec::new();
        match (foot, shown.reply_to.as_deref()) {
            (Foot::Personal, Some(address)) => {
                lines.extend([lang.link_is_personal().to_owned(), lang.not_for_you(address)]);
            }
            (Foot::Personal, None) => lines.push(lang.link_is_personal().to_owned()),
            (Foot::Questions, Some(address)) => lines.push(lang.questions_to(address)),
            (Foot::Questions, None) => {}
        }
        let mut chrome = Chrome::bare(lang, lang.window_title(&heading, &shown.organisation), nonce);
        chrome.organisation = Some(shown.organisation.clone());
        lines.append(&mut chrome.foot);
        chrome.foot = lines;
        if let Some(part) = customer {
            // Inside a style element only this sequence could end it; in CSS the backslash changes nothing else.
            chrome.style = format!("{CUSTOMER_CSS}{}", part.style.replace("</", "<\\/"));
            chrome.custom = part.html.to_owned();
        }
        chrome
    }

    /// The chrome of a page that belongs to no task and names no organisation.
    pub(super) fn bare(lang: Lang, title: String, nonce: &str) -> Chrome {
        Chrome {
            lang: lang.tag(),
            dir: lang.dir(),
            title,
            nonce: nonce.to_owned(),
            css: CSS.trim_end(),
            style: String::new(),
            organisation: None,
            foot: vec![lang.sent_with().to_owned()],
            custom: String::new(),
            script: None,
        }
    }

    pub(super) fn runs(&mut self, script: Option<Script>) {
        self.script = script;
    }

    /// Says in the window's title that something is to be corrected: the first words a screen reader speaks.
    pub(super) fn mark_error(&mut self, lang: Lang) {
        self.title = lang.error_title(&self.title);
    }
}
