//! Takes a stored page apart: texts, placeholders and the marks of `domain::page::mark`. Fills nothing in.
//!
//! The reader of pages escapes every `{` and every quote of the source's texts and attributes, so what looks like a
//! placeholder or a mark here is one. Only the text of a `default("...")` may hold such signs, and it is skipped over
//! as part of its placeholder.

use domain::page::mark;

/// A piece of a stored page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// HTML as it is.
    Text(&'a str),
    /// `{{ ... }}`
    Placeholder(&'a str),
    Form,
    Hidden,
    Actions,
    /// The message of a field; `id` is escaped.
    Error {
        field: &'a str,
        id: &'a str,
    },
    /// Begins the preset of a field.
    Value {
        field: &'a str,
    },
    /// Begins a part of an address.
    Part,
    /// Ends a preset or a part.
    End,
    /// `checked` or `selected`, where the field has this value; the value is escaped.
    On {
        attribute: &'a str,
        field: &'a str,
        value: &'a str,
        preset: bool,
    },
    /// Descriptions of a field besides its message; `ids` is escaped.
    Describe {
        field: &'a str,
        ids: &'a str,
        group: bool,
    },
}

/// The pieces of a stored page in order.
pub(super) struct Marks<'a> {
    rest: &'a str,
}

impl<'a> Marks<'a> {
    pub(super) fn new(body: &'a str) -> Marks<'a> {
        Marks { rest: body }
    }

    /// A placeholder or mark at the start of `rest`, with its length.
    fn special(rest: &'a str) -> Option<(Token<'a>, usize)> {
        if rest.starts_with("{{") {
            let length = rest.find("}}")? + 2;
            return Some((Token::Placeholder(&rest[..length]), length));
        }
        for (text, token) in [
            (mark::FORM, Token::Form),
            (mark::HIDDEN, Token::Hidden),
            (mark::ACTIONS, Token::Actions),
            (mark::PART, Token::Part),
            (mark::END, Token::End),
        ] {
            if rest.starts_with(text) {
                return Some((token, text.len()));
            }
        }
        if let Some((inner, length)) = between(rest, mark::ERROR, mark::CLOSE) {
            let (field, id) = inner.split_once(' ')?;
            return Some((Token::Error { field, id }, length));
        }
        if let Some((field, length)) = between(rest, mark::VALUE, mark::CLOSE) {
            return Some((Token::Value { field }, length));
        }
        Self::attribute(rest)
    }

    fn attribute(rest: &'a str) -> Option<(Token<'a>, usize)> {
        let (name, value) = rest.strip_prefix(' ')?.split_once("=\"")?;
        let kind = [mark::ON, mark::ON_DEFAULT, mark::FIELD, mark::GROUP].into_iter().find(|kind| *kind == name)?;
        let value = &value[..value.find('"')?];
        let length = 1 + name.len() + 2 + value.len() + 1;
        let token = if kind == mark::ON || kind == mark::ON_DEFAULT {
            let (attribute, pair) = value.split_once(' ')?;
            let (field, value) = pair.split_once('=')?;
            Token::On { attribute, field, value, preset: kind == mark::ON_DEFAULT }
        } else {
            let (field, ids) = value.split_once(' ').unwrap_or((value, ""));
            Token::Describe { field, ids, group: kind == mark::GROUP }
        };
        Some((token, length))
    }
}

impl<'a> Iterator for Marks<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        if self.rest.is_empty() {
            return None;
        }
        let (token, length) = Self::special(self.rest).unwrap_or_else(|| {
            let starts = self.rest.match_indices(['{', '<', ' ']).map(|(at, _)| at).filter(|at| *at > 0);
            let end = starts
                .into_iter()
                .find(|at| may_begin(&self.rest[*at..]) && Self::special(&self.rest[*at..]).is_some())
                .unwrap_or(self.rest.len());
            (Token::Text(&self.rest[..end]), end)
        });
        self.rest = &self.rest[length..];
        Some(token)
    }
}

/// A quick look before the exact one.
fn may_begin(rest: &str) -> bool {
    rest.starts_with("{{") || rest.starts_with("<!--cs:") || rest.starts_with(" data-cs-")
}

fn between<'a>(rest: &'a str, open: &str, close: &str) -> Option<(&'a str, usize)> {
    let inner = rest.strip_prefix(open)?;
    let end = inner.find(close)?;
    Some((&inner[..end], open.len() + end + close.len()))
}

/// Undoes the escapes the reader of pages writes.
pub(super) fn unescape(text: &str) -> String {
    let named = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#123;", "{"),
        ("&#13;", "\r"),
        ("&nbsp;", "\u{a0}"),
        // Last, so that what it yields is not read again.
        ("&amp;", "&"),
    ];
    named.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}
