//! Texts with `{{ path }}` placeholders: parsing and rendering. Knows no HTML beyond escaping and no languages;
//! how a value is shown (dates, numbers) is the caller's.

use crate::variables::{Path, Variables};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A parsed text. Only `{{ path }}`, with index access and the listed filters, is live; other delimiters are plain text.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
pub struct Template(pub Vec<Segment>);

/// A piece of a template.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Segment {
    /// Text as written.
    Text(String),
    /// A live placeholder.
    Value(Placeholder),
}

/// `{{ path | filter | filter("x") }}`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Placeholder {
    /// Where the value comes from.
    pub path: Path,
    /// Applied in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub filters: Vec<Filter>,
}

/// The filters of customer templates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Filter {
    /// An ISO date or date-time in the reader's language and zone.
    Date,
    /// A number in the reader's language.
    Number,
    /// Upper case.
    Upper,
    /// Lower case.
    Lower,
    /// The value must be an `https:` or `mailto:` address, else nothing is shown. Put in by the page reader where
    /// a placeholder stands in a URL attribute; harmless where a designer writes it.
    Url,
    /// `default("text")`: stands in for a missing or empty value.
    Default(String),
}

/// A placeholder that cannot be read, with its place in the text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct InvalidTemplate {
    /// Byte offset of `{{`.
    pub offset: usize,
    /// What is wrong and what to write.
    pub message: String,
}

impl Template {
    /// Reads a text. `{{` without `}}` behind it on any later place is plain text.
    pub fn parse(text: &str) -> Result<Template, InvalidTemplate> {
        let mut segments = Vec::new();
        let mut rest = text;
        let mut offset = 0;
        while let Some(open) = rest.find("{{") {
            let Some(length) = rest[open + 2..].find("}}") else { break };
            let inner = &rest[open + 2..open + 2 + length];
            let placeholder =
                Placeholder::parse(inner).map_err(|message| InvalidTemplate { offset: offset + open, message })?;
            if open > 0 {
                segments.push(Segment::Text(rest[..open].to_owned()));
            }
            segments.push(Segment::Value(placeholder));
            let next = open + 2 + length + 2;
            offset += next;
            rest = &rest[next..];
        }
        if !rest.is_empty() {
            segments.push(Segment::Text(rest.to_owned()));
        }
        Ok(Template(segments))
    }

    /// A template without placeholders.
    pub fn literal(text: &str) -> Template {
        Template(vec![Segment::Text(text.to_owned())])
    }

    /// The placeholders in order.
    pub fn placeholders(&self) -> impl Iterator<Item = &Placeholder> {
        self.0.iter().filter_map(|segment| match segment {
            Segment::Value(placeholder) => Some(placeholder),
            Segment::Text(_) => None,
        })
    }

    /// Renders with `show` giving the text of each placeholder, escaped as its place demands.
    pub fn render(&self, mut show: impl FnMut(&Placeholder) -> String) -> String {
        self.0
            .iter()
            .map(|segment| match segment {
                Segment::Text(text) => text.clone(),
                Segment::Value(placeholder) => show(placeholder),
            })
            .collect()
    }

    /// Renders without escaping and in no particular language: for addresses, subjects' raw form and descriptions.
    /// A missing value is empty.
    pub fn render_plain(&self, variables: &Variables) -> String {
        self.render(|placeholder| placeholder.plain(variables))
    }
}

impl Placeholder {
    fn parse(inner: &str) -> Result<Placeholder, String> {
        let mut parts = split_filters(inner).into_iter();
        let path = parts.next().unwrap_or_default();
        let path: Path = path.parse().map_err(|_| {
            format!("\"{{{{{inner}}}}}\" is no placeholder: write a path such as {{{{ order.number }}}}")
        })?;
        let filters = parts
            .map(|filter| match filter.trim() {
                "date" => Ok(Filter::Date),
                "number" => Ok(Filter::Number),
                "upper" => Ok(Filter::Upper),
                "lower" => Ok(Filter::Lower),
                "url" => Ok(Filter::Url),
                other => other
                    .strip_prefix("default(")
                    .and_then(|rest| rest.strip_suffix(')'))
                    .and_then(|text| unquote(text.trim()))
                    .map(Filter::Default)
                    .ok_or_else(|| {
                        format!("\"{other}\" is no filter: use date, number, upper, lower or default(\"text\")")
                    }),
            })
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Placeholder { path, filters })
    }

    /// The value as plain text with the filters that need no language.
    pub fn plain(&self, variables: &Variables) -> String {
        let mut text = self.path.get(variables).map(plain_text).unwrap_or_default();
        for filter in &self.filters {
            text = match filter {
                Filter::Date | Filter::Number | Filter::Url => text,
                Filter::Upper => text.to_uppercase(),
                Filter::Lower => text.to_lowercase(),
                Filter::Default(other) if text.is_empty() => other.clone(),
                Filter::Default(_) => text,
            };
        }
        text
    }
}

/// A JSON value as a reader expects it: strings bare, null empty, everything else as compact JSON.
pub fn plain_text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

fn split_filters(inner: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut quote = None;
    for c in inner.chars() {
        match (quote, c) {
            (None, '|') => parts.push(String::new()),
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            (None | Some(_), _) => {}
        }
        if (c != '|' || quote.is_some())
            && let Some(last) = parts.last_mut()
        {
            last.push(c);
        }
    }
    parts
}

fn unquote(text: &str) -> Option<String> {
    ['"', '\''].iter().find_map(|quote| {
        let inner = text.strip_prefix(*quote)?.strip_suffix(*quote)?;
        (!inner.contains(*quote)).then(|| inner.to_owned())
    })
}
