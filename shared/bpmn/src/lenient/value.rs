//! Attribute values and code as people write them: where a value ends, and what has to be escaped in it. Knows no
//! element.

/// Characters of an attribute's name that are looked at when a quote may end a value.
const NAME_CHARS_MAX: usize = 100;

/// A value with what was changed in it.
pub(super) struct Value {
    pub text: String,
    characters: usize,
    quotes: usize,
    line_breaks: usize,
}

impl Value {
    /// The repairs of an attribute with this name, as rule and sentence.
    pub fn told(&self, name: &str) -> Vec<(&'static str, String)> {
        let times = |count: usize, what: &str| match count {
            1 => format!("a {what}"),
            many => format!("{many} {what}s"),
        };
        [("R2", self.characters, "< or &"), ("R3", self.quotes, "quote"), ("R5", self.line_breaks, "line break")]
            .into_iter()
            .filter(|(_, count, _)| *count > 0)
            .map(|(code, count, what)| {
                let done = match code {
                    "R2" => format!("escaped {count} of < and &"),
                    "R3" => format!("escaped {}", times(count, what)),
                    _ => format!("kept {}", times(count, what)),
                };
                (code, format!("{done} in the value of \"{name}\""))
            })
            .collect()
    }
}

/// Where the quote stands that ends a value: one that is followed by the end of the tag or by another attribute.
pub(super) fn end(rest: &str, quote: char) -> Option<usize> {
    rest.match_indices(quote).map(|(at, _)| at).find(|at| ends_here(&rest[at + 1..]))
}

fn ends_here(after: &str) -> bool {
    let after = after.trim_start();
    if after.starts_with("/>") || after.starts_with('>') || after.starts_with("?>") {
        return true;
    }
    let name = after
        .char_indices()
        .take(NAME_CHARS_MAX)
        .find(|(_, c)| !(c.is_alphanumeric() || matches!(c, '_' | ':' | '-' | '.')))
        .map_or("", |(end, _)| &after[..end]);
    if !name.starts_with(super::is_name_start) {
        return false;
    }
    let value = after[name.len()..].trim_start().strip_prefix('=').map(str::trim_start);
    value.is_some_and(|value| value.starts_with(['"', '\'']))
}

/// Escapes what may not stand in a value; entities stay.
pub(super) fn repair(raw: &str, quote: char) -> Value {
    let mut value = Value { text: String::with_capacity(raw.len()), characters: 0, quotes: 0, line_breaks: 0 };
    let mut chars = raw.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '<' => {
                value.text.push_str("&lt;");
                value.characters += 1;
            }
            '&' if !begins_entity(&raw[at..]) => {
                value.text.push_str("&amp;");
                value.characters += 1;
            }
            '\r' | '\n' => {
                if c == '\r' {
                    chars.next_if(|(_, next)| *next == '\n');
                }
                value.text.push_str("&#10;");
                value.line_breaks += 1;
            }
            c if c == quote => {
                value.text.push_str(if quote == '"' { "&quot;" } else { "&apos;" });
                value.quotes += 1;
            }
            c => value.text.push(c),
        }
    }
    value
}

/// Whether text of an element would not be read as it is meant.
pub(super) fn needs_escaping(text: &str) -> bool {
    text.contains('<') || text.match_indices('&').any(|(at, _)| !begins_entity(&text[at..]))
}

/// The text with its entities resolved, for CDATA, where they would be plain text.
pub(super) fn decode(text: &str) -> String {
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        decoded.push_str(&rest[..at]);
        rest = &rest[at..];
        match entity(rest) {
            Some((length, c)) => {
                decoded.push(c);
                rest = &rest[length..];
            }
            None => {
                decoded.push('&');
                rest = &rest[1..];
            }
        }
    }
    decoded.push_str(rest);
    decoded
}

fn begins_entity(text: &str) -> bool {
    entity(text).is_some()
}

/// Length and meaning of the entity at the start of `text`: one of the five of XML, or a character's number.
fn entity(text: &str) -> Option<(usize, char)> {
    let body = text.strip_prefix('&')?;
    let end = body.bytes().take(10).position(|b| b == b';')?;
    let c = match &body[..end] {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "quot" => '"',
        "apos" => '\'',
        number => {
            let number = number.strip_prefix('#')?;
            let code = match number.strip_prefix('x') {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)?
        }
    };
    Some((end + 2, c))
}
