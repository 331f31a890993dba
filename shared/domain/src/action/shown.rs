//! Requests and answers as people may read them: values that only the called server may see are masked, found by their
//! names. Changes nothing of what is sent and nothing of what the process gets.

mod xml;

use super::is_secret_header;
use std::borrow::Cow;

/// Stands where something may not be read.
pub const MASK: &str = "***";

/// The value of a header field.
pub fn shown_header<'a>(name: &str, value: &'a str) -> &'a str {
    if is_secret_header(name) { MASK } else { value }
}

/// An address: user and password in front of the host and secret parameters are masked.
pub fn shown_address(address: &str) -> String {
    let (place, query) = address.split_once('?').map_or((address, None), |(place, query)| (place, Some(query)));
    let mut shown = match place.split_once("://") {
        Some((scheme, rest)) => {
            let (authority, path) = rest.split_at(rest.find(['/', '#']).unwrap_or(rest.len()));
            match authority.rsplit_once('@') {
                Some((_, host)) => format!("{scheme}://{MASK}@{host}{path}"),
                None => place.to_owned(),
            }
        }
        None => place.to_owned(),
    };
    if let Some(query) = query {
        shown.push('?');
        shown.push_str(&fields(query));
    }
    shown
}

/// A body: the texts of secret members of JSON, also where its end is cut off, secret fields of a form, and what belongs
/// to secret names in XML are masked.
pub fn shown_body(body: &str) -> String {
    match body.trim_start().chars().next() {
        Some('{' | '[') => json(body),
        Some(first) if first != '<' && body.contains('=') && !body.contains(char::is_whitespace) => {
            markup(&fields(body)).into_owned()
        }
        Some(_) | None => markup(body).into_owned(),
    }
}

/// Texts without markup are what they are.
fn markup(text: &str) -> Cow<'_, str> {
    if text.contains('<') { Cow::Owned(xml::xml(text)) } else { Cow::Borrowed(text) }
}

/// Names of members and fields are written with either stroke.
fn is_secret(name: &str) -> bool {
    is_secret_header(&name.replace('_', "-"))
}

fn fields(text: &str) -> String {
    let masked = |field: &str| match field.split_once('=') {
        Some((name, _)) if is_secret(name) => format!("{name}={MASK}"),
        Some(_) | None => field.to_owned(),
    };
    text.split('&').map(masked).collect::<Vec<String>>().join("&")
}

/// Goes from text to text: one that a colon follows is a name, one that follows a name and its colon is a value.
fn json(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let (mut rest, mut after_secret) = (text, false);
    while let Some((between, quoted)) = rest.split_once('"') {
        let end = closing_quote(quoted);
        let (content, after) = end.map_or((quoted, ""), |end| (&quoted[..end], &quoted[end + 1..]));
        let masked = after_secret && between.trim() == ":";
        shown.push_str(between);
        shown.push('"');
        shown.push_str(&if masked { Cow::Borrowed(MASK) } else { markup(content) });
        if end.is_some() {
            shown.push('"');
        }
        after_secret = !masked && after.trim_start().starts_with(':') && is_secret(content);
        rest = after;
    }
    shown.push_str(rest);
    shown
}

fn closing_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.char_indices().find_map(|(at, c)| {
        let closes = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        closes.then_some(at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_show_neither_passwords_nor_secret_parameters() {
        for (address, shown) in [
            ("https://a.example/x", "https://a.example/x"),
            ("https://u:p@a.example/x?q=1", "https://***@a.example/x?q=1"),
            ("https://a.example?api_key=k&size=2&Token=t", "https://a.example?api_key=***&size=2&Token=***"),
            ("https://a.example/u@b?x", "https://a.example/u@b?x"),
            ("nonsense", "nonsense"),
        ] {
            assert_eq!(shown_address(address), shown);
        }
    }

    #[test]
    fn bodies_show_no_secret_members_and_stay_what_they_are() {
        for (body, shown) in [
            (r#"{"client_secret": "s\"till", "n": 1}"#, r#"{"client_secret": "***", "n": 1}"#),
            (
                r#"{"a":{"accessToken":"x"},"tokens":5,"b":"token"}"#,
                r#"{"a":{"accessToken":"***"},"tokens":5,"b":"token"}"#,
            ),
            (r#"[{"password":"cut off"#, r#"[{"password":"***"#),
            (r#"{"password":null,"name":"Ann"}"#, r#"{"password":null,"name":"Ann"}"#),
            ("grant_type=x&client_secret=y", "grant_type=x&client_secret=***"),
            ("Dear Ann, your password = 5", "Dear Ann, your password = 5"),
            ("<a secret=\"b\"/>", "<a secret=\"***\"/>"),
            ("", ""),
        ] {
            assert_eq!(shown_body(body), shown);
        }
    }
}
