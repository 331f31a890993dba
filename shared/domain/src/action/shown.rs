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

/// A body: the texts of secret members of JSON, also where its end is cut off, secret fields of a form, what belongs to
/// secret names in XML, and credentials as the header `Authorization` has them are masked.
pub fn shown_body(body: &str) -> String {
    match body.trim_start().chars().next() {
        Some('{' | '[') => json(body),
        Some(first) if first != '<' && body.contains('=') && !body.contains(char::is_whitespace) => {
            markup(&fields(body)).into_owned()
        }
        Some(_) | None => markup(body).into_owned(),
    }
}

/// Texts without markup and credentials are what they are.
fn markup(text: &str) -> Cow<'_, str> {
    if text.contains('<') { Cow::Owned(credentials(&xml::xml(text)).into_owned()) } else { credentials(text) }
}

/// Masks the word behind `Bearer` and `Basic`, wherever they stand, if it does not look like one of a sentence.
fn credentials(text: &str) -> Cow<'_, str> {
    let (mut shown, mut copied, mut at) = (String::new(), 0, 0);
    while let Some(end) = scheme_end(&text[at..]).map(|end| at + end) {
        let rest = text[end..].trim_start_matches([' ', '\t']);
        let start = text.len() - rest.len();
        let length = rest.find(|c: char| !c.is_ascii_alphanumeric() && !"-._~+/=".contains(c)).unwrap_or(rest.len());
        // The point that ends a sentence is no part of it.
        let length = rest[..length].trim_end_matches('.').len();
        if start > end && is_credential(&rest[..length]) {
            shown.push_str(&text[copied..start]);
            shown.push_str(MASK);
            copied = start + length;
        }
        at = end;
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    shown.push_str(&text[copied..]);
    Cow::Owned(shown)
}

/// Where the first name of a scheme ends that is a word of its own.
fn scheme_end(text: &str) -> Option<usize> {
    const SCHEMES: [&str; 2] = ["bearer", "basic"];
    let ends = text.char_indices().filter(|(at, _)| !text[..*at].ends_with(|c: char| c.is_alphanumeric()));
    ends.into_iter().find_map(|(at, _)| {
        let names =
            |scheme: &&str| text.get(at..at + scheme.len()).is_some_and(|word| word.eq_ignore_ascii_case(scheme));
        SCHEMES.iter().find(|scheme| names(scheme)).map(|scheme| at + scheme.len())
    })
}

/// Digits, capitals behind small letters, points and `=`: words of a sentence have none of them.
fn is_credential(word: &str) -> bool {
    let mut pairs = word.chars().zip(word.chars().skip(1));
    word.len() >= 6
        && (word.contains(|c: char| c.is_ascii_digit() || matches!(c, '.' | '='))
            || pairs.any(|(c, next)| c.is_ascii_lowercase() && next.is_ascii_uppercase()))
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

    /// S2-42: what names a secret, without what only sounds like one.
    #[test]
    fn names_of_secrets_are_told_from_names_that_hold_their_letters() {
        for name in [
            "pwd",
            "userPwd",
            "dbpwd",
            "passwd",
            "private_key",
            "privateKey",
            "PrivateKey",
            "cvv",
            "CVV2",
            "card_cvc",
            "PIN",
            "pin",
            "cardPin",
            "pin_code",
            "sig",
            "x-sig",
            "signature",
            "X-Auth",
            "X-Auth-Key",
            "x-authentication",
            "X-Authorization",
            "bearer",
        ] {
            assert_eq!(shown_header(&name.replace('_', "-"), "v"), MASK, "{name}");
        }
        for name in [
            "shipping",
            "Shipping-Address",
            "pinned",
            "opinion",
            "spinOff",
            "design",
            "sign",
            "assigned",
            "X-Author",
            "X-Authored-By",
            "accept",
            "pwdless",
            "author",
            "basic",
        ] {
            assert_eq!(shown_header(name, "v"), "v", "{name}");
        }
    }

    /// S2-42: credentials in a text that has no names.
    #[test]
    fn credentials_in_texts_are_masked() {
        for (text, shown) in [
            ("Authorization: Bearer abc123 failed", "Authorization: Bearer *** failed"),
            ("bearer eyJhbGci.eyJzdWIi.x-_y", "bearer ***"),
            ("Basic dXNlcjpwYXNz, Basic dTpwYQ==.", "Basic ***, Basic ***."),
            ("<m>Basic dXNlcjpwYXNz</m>", "<m>Basic ***</m>"),
            ("Basic understanding is enough. Basic.", "Basic understanding is enough. Basic."),
            ("bearer certificates; a cupbearer Abc1234", "bearer certificates; a cupbearer Abc1234"),
            ("Bearer", "Bearer"),
        ] {
            assert_eq!(shown_body(text), shown);
        }
    }

    #[test]
    fn addresses_show_neither_passwords_nor_secret_parameters() {
        for (address, shown) in [
            ("https://a.example/x", "https://a.example/x"),
            ("https://u:p@a.example/x?q=1", "https://***@a.example/x?q=1"),
            ("https://a.example?api_key=k&size=2&Token=t", "https://a.example?api_key=***&size=2&Token=***"),
            ("https://a.example/u@b?x", "https://a.example/u@b?x"),
            ("https://a.example/x?sig=a&pin=1&page=2&design=d", "https://a.example/x?sig=***&pin=***&page=2&design=d"),
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
            (
                r#"{"pwd":"a","private_key":"b","card":{"cvv":"c"},"pin":"1"}"#,
                r#"{"pwd":"***","private_key":"***","card":{"cvv":"***"},"pin":"***"}"#,
            ),
            (
                r#"{"shipping":"by sea","sign":"+","pinned":"yes"}"#,
                r#"{"shipping":"by sea","sign":"+","pinned":"yes"}"#,
            ),
            (r#"{"log":"sent Bearer abc123, then 401"}"#, r#"{"log":"sent Bearer ***, then 401"}"#),
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
