//! Shows customers' pages and mails: fills placeholders and marks of templates that were checked at deployment.
//! Every value is escaped for its place. Must not judge markup, and must not see a template that was not checked.
//!
//! What a value goes through: bidirectional controls and invisible characters are removed, a text with right-to-left
//! letters is put between isolates, then `& < > " '` are escaped, which fits texts and quoted attributes alike. Where
//! the value is a whole address it must be `https:`, `mailto:` or the task's own link; where it only adds to an address
//! it is percent-encoded.

mod marks;
#[cfg(test)]
mod tests;

use crate::clean;
use crate::format::{self, Zone};
use crate::public::PublicView;
use crate::template::escape;
use crate::text::Lang;
use domain::page::{CustomerPage, FormPlace};
use domain::template::{Filter, Placeholder, Segment, Template, plain_text};
use domain::variables::Variables;
use marks::{Marks, Token};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// A rendered page has at most this many bytes; values beyond it are left out.
pub const OUTPUT_BYTES_MAX: usize = 512 * 1024;
/// Paths of missing values that are told at most.
const MISSING_MAX: usize = 50;

/// What a value that adds to an address keeps as it is.
const ADDRESS_PART: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'@')
    .remove(b'/')
    .remove(b':')
    .remove(b',');

static NO_VALUES: LazyLock<Variables> = LazyLock::new(Variables::new);

/// What a template is filled with. [`Context::new`] has no form: add its parts for a task page.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// What placeholders name: the form context and the facts below `task` and `recipient`
    /// ([`crate::asking::placeholders`]).
    pub data: &'a Variables,
    /// The task's own link, the only address besides `https:` and `mailto:` that a value may be.
    pub link: &'a str,
    /// Language of dates and numbers.
    pub language: Lang,
    /// IANA name of the zone of times.
    pub time_zone: &'a str,
    /// HTML of the hidden fields, for a page with a form of its own.
    pub hidden: &'a str,
    /// HTML of the product's form, for a page without one.
    pub form: &'a str,
    /// HTML of the product's buttons, for a page whose own form has none.
    pub buttons: &'a str,
    /// Draft or refused answer by field. Empty, with no errors: a first visit, so that the page's own presets show.
    pub values: &'a Variables,
    /// Refused fields and their messages, as plain text.
    pub errors: &'a [(String, String)],
}

impl<'a> Context<'a> {
    /// The context of a page or mail without a form.
    pub fn new(about: &'a PublicView, data: &'a Variables, link: &'a str) -> Context<'a> {
        Context {
            data,
            link,
            language: about.language,
            time_zone: &about.time_zone,
            hidden: "",
            form: "",
            buttons: "",
            values: &NO_VALUES,
            errors: &[],
        }
    }
}

/// A template as the reader sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rendered {
    /// Title of the window as plain text, not escaped; `None` where the page has none or it came out empty.
    pub title: Option<String>,
    /// Style sheet. Cannot end the element it is put into.
    pub style: String,
    /// HTML for `main`, complete.
    pub html: String,
    /// Paths of placeholders whose value was missing and that have no `default`, for a warning in the log. Paths only:
    /// values are never logged.
    pub missing: Vec<String>,
    /// Values were left out because the page would have grown over [`OUTPUT_BYTES_MAX`].
    pub cut_off: bool,
}

/// Renders a page. Where the page has no place for the form, it goes to the end.
pub fn render(page: &CustomerPage, context: &Context<'_>) -> Rendered {
    let mut writer = Writer::new(context);
    for token in Marks::new(&page.body) {
        writer.token(token);
    }
    if page.form == FormPlace::End {
        writer.out.push_str(context.form);
    }
    let title = page.title.as_deref().map(|title| writer.title(title)).filter(|title| !title.is_empty());
    let mut style = page.style.clone();
    if page.form == FormPlace::Own && !context.errors.is_empty() {
        style.push_str("\nspan.err{display:block}");
    }
    Rendered { title, style, html: writer.out, missing: writer.missing.into_iter().collect(), cut_off: writer.cut_off }
}

/// Renders the HTML part of a mail. The style sheet is part of `html`, before the text; nothing depends on it, because
/// mails keep their `style` attributes.
pub fn render_mail(page: &CustomerPage, about: &PublicView, data: &Variables, link: &str) -> Rendered {
    let context = Context::new(about, data, link);
    let mut rendered = render(&CustomerPage { form: FormPlace::Marked, ..page.clone() }, &context);
    if !rendered.style.is_empty() {
        rendered.html = format!("<style>{}</style>{}", rendered.style, rendered.html);
    }
    rendered
}

/// The fields of a page's own form with the `id` of each first control, to which an error summary can link.
/// Empty where the product brings the form.
pub fn own_controls(page: &CustomerPage) -> Vec<(String, String)> {
    if page.form != FormPlace::Own {
        return Vec::new();
    }
    Marks::new(&page.body)
        .filter_map(|token| match token {
            Token::Error { field, id } => Some((field.to_owned(), marks::unescape(id))),
            Token::Text(_)
            | Token::Placeholder(_)
            | Token::Form
            | Token::Hidden
            | Token::Actions
            | Token::Value { .. }
            | Token::Part
            | Token::End
            | Token::On { .. }
            | Token::Describe { .. } => None,
        })
        .collect()
}

/// Where a value goes.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Text,
    /// Adds to an address.
    Part,
    /// Instead of a preset that is skipped up to its end.
    Skipped,
}

struct Writer<'a> {
    context: &'a Context<'a>,
    zone: Zone,
    out: String,
    place: Place,
    missing: BTreeSet<String>,
    cut_off: bool,
}

impl<'a> Writer<'a> {
    fn new(context: &'a Context<'a>) -> Writer<'a> {
        Writer {
            context,
            zone: Zone::named(context.time_zone),
            out: String::new(),
            place: Place::Text,
            missing: BTreeSet::new(),
            cut_off: false,
        }
    }

    fn token(&mut self, token: Token<'_>) {
        if self.place == Place::Skipped {
            if token == Token::End {
                self.place = Place::Text;
            }
            return;
        }
        match token {
            Token::Text(text) => self.out.push_str(text),
            Token::Placeholder(source) => {
                let text = self.placeholder(source);
                self.value(&text);
            }
            Token::Form => self.out.push_str(self.context.form),
            Token::Hidden => self.out.push_str(self.context.hidden),
            Token::Actions => self.out.push_str(self.context.buttons),
            Token::Error { field, .. } => {
                if let Some(message) = self.message(field) {
                    let html =
                        format!("<span class=\"err\" id=\"e-{field}\">{}</span>", escape(&clean::lines(message)));
                    self.out.push_str(&html);
                }
            }
            Token::Value { field } => {
                if self.answered() {
                    let given = self.context.values.get(field).map(plain_text).unwrap_or_default();
                    // As typed: only what cannot be typed is taken out.
                    let given: String = given.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
                    self.value(&escape(&given));
                    self.place = Place::Skipped;
                }
            }
            Token::Part => self.place = Place::Part,
            Token::End => self.place = Place::Text,
            Token::On { attribute, field, value, preset } => {
                let given = self.context.values.get(field);
                let value = marks::unescape(value);
                let on = if self.answered() { given.is_some_and(|given| is_on(given, &value)) } else { preset };
                if on {
                    self.out.push(' ');
                    self.out.push_str(attribute);
                }
            }
            Token::Describe { field, ids, group } => self.describe(field, ids, group),
        }
    }

    /// True when the form shows what the recipient gave, not what the page presets.
    fn answered(&self) -> bool {
        !self.context.values.is_empty() || !self.context.errors.is_empty()
    }

    fn message(&self, field: &str) -> Option<&'a str> {
        self.context.errors.iter().find(|(name, _)| name == field).map(|(_, message)| message.as_str())
    }

    fn describe(&mut self, field: &str, ids: &str, group: bool) {
        let wrong = self.message(field).is_some();
        let mut all = ids.to_owned();
        if wrong {
            let space = if ids.is_empty() { "" } else { " " };
            all = format!("{ids}{space}e-{field}");
        }
        if !all.is_empty() {
            self.out.push_str(&format!(" aria-describedby=\"{all}\""));
        }
        if wrong && !group {
            self.out.push_str(" aria-invalid=\"true\"");
        }
    }

    /// Adds a value that is escaped already.
    fn value(&mut self, text: &str) {
        if self.out.len() + text.len() > OUTPUT_BYTES_MAX {
            self.cut_off = true;
        } else {
            self.out.push_str(text);
        }
    }

    /// The value of a placeholder, escaped for its place. A stored template was parsed at deployment, so one that cannot
    /// be read now is damaged and shows nothing.
    fn placeholder(&mut self, source: &str) -> String {
        let Ok(template) = Template::parse(source) else { return String::new() };
        template
            .0
            .iter()
            .map(|segment| match segment {
                Segment::Text(_) => String::new(),
                Segment::Value(placeholder) => {
                    let text = self.filtered(placeholder);
                    if placeholder.filters.contains(&Filter::Url) {
                        escape(address(&text, self.context.link))
                    } else if self.place == Place::Part {
                        utf8_percent_encode(&text, ADDRESS_PART).to_string()
                    } else {
                        escape(&clean::isolated(&text))
                    }
                }
            })
            .collect()
    }

    /// The value as plain text behind its filters, without characters nobody can see.
    fn filtered(&mut self, placeholder: &Placeholder) -> String {
        let path = placeholder.path.to_string();
        let value = placeholder.path.get(self.context.data).filter(|value| !value.is_null());
        let has_default = placeholder.filters.iter().any(|filter| matches!(filter, Filter::Default(_)));
        if value.is_none() && !has_default && !is_fact(placeholder) && self.missing.len() < MISSING_MAX {
            self.missing.insert(path.clone());
        }
        let (language, zone) = (self.context.language, &self.zone);
        let date = |value: &Value| format::date_value(language, zone, value);
        let mut text = match value {
            // A time as machines write it is no text for a reader.
            Some(value) if path == "task.expiresAt" => date(value).unwrap_or_else(|| plain_text(value)),
            Some(value) => plain_text(value),
            None => String::new(),
        };
        for filter in &placeholder.filters {
            text = match filter {
                Filter::Date => value.and_then(date).unwrap_or(text),
                Filter::Number => value.and_then(|value| format::number_value(language, value)).unwrap_or(text),
                Filter::Upper => text.to_uppercase(),
                Filter::Lower => text.to_lowercase(),
                Filter::Default(other) if text.is_empty() => other.clone(),
                Filter::Default(_) | Filter::Url => text,
            };
        }
        clean::lines(&text)
    }

    fn title(&mut self, title: &str) -> String {
        let Ok(template) = Template::parse(title) else { return String::new() };
        let text = template.render(|placeholder| clean::isolated(&self.filtered(placeholder)));
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// Facts of the task may be missing without a fault in the template: a task need not have a reference.
fn is_fact(placeholder: &Placeholder) -> bool {
    matches!(placeholder.path.root(), "task" | "recipient")
}

/// The text where it may be a whole address, else nothing.
fn address<'t>(text: &'t str, link: &str) -> &'t str {
    let text = text.trim();
    let readable = !text.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '\\' | '<' | '>' | '"'));
    let starts = |scheme: &str| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    let host = || text["https://".len()..].chars().next().is_some_and(|c| !matches!(c, '/' | '?' | '#' | '@' | ':'));
    let allowed = text == link || (starts("https://") && host()) || (starts("mailto:") && text.contains('@'));
    if readable && allowed { text } else { "" }
}

fn is_on(given: &Value, value: &str) -> bool {
    match given {
        Value::String(text) => text == value,
        Value::Array(list) => list.iter().any(|item| item.as_str() == Some(value)),
        Value::Bool(on) => *on,
        Value::Null | Value::Number(_) | Value::Object(_) => false,
    }
}
