//! XML as people may read it. Walks over the markup of any text, well-formed or not, and masks what belongs to a secret
//! name; where it cannot be certain it masks more. Does not check the text and resolves nothing.

use super::{MASK, is_secret};

/// Attributes and elements that say what the value beside them is called.
const NAMING: [&str; 3] = ["name", "key", "type"];
const CDATA: &str = "<![CDATA[";

/// Masks the attributes and the content of elements with secret names, the values of attributes with secret names, and
/// comments, instructions, addresses and escaped markup in which a secret name occurs.
pub(super) fn xml(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let (mut rest, mut opened, mut named) = (text, "", false);
    while let Some(at) = rest.find('<') {
        let (before, markup) = rest.split_at(at);
        shown.push_str(between(before));
        named |= NAMING.contains(&local(opened)) && !before.trim().contains(char::is_whitespace) && is_secret(before);
        let (piece, behind) = markup.split_at(end_of(markup));
        rest = behind;
        if let Some(tag) = Tag::of(piece) {
            let secret = std::mem::take(&mut named) || tag.is_secret();
            opened = if secret || tag.empty { "" } else { tag.name };
            if secret {
                rest = tag.hide(behind, &mut shown);
            } else {
                tag.show(&mut shown);
            }
        } else if let Some(end) = piece.strip_prefix("</") {
            let more = end.trim_start_matches(is_name_char).trim_end_matches('>');
            shown.push_str(if more.trim().is_empty() { piece } else { MASK });
            opened = "";
        } else if is_declaration(piece) {
            // A DTD gives names to texts, which may then stand anywhere.
            shown.push_str(MASK);
            return shown;
        } else {
            shown.push_str(if is_secret(piece) { MASK } else { piece });
        }
    }
    shown.push_str(between(rest));
    shown
}

/// Text between tags.
fn between(text: &str) -> &str {
    if hides_a_secret(text) { MASK } else { text }
}

/// Escaped markup, or fields of an address: what of it belongs to the secret name in it is not looked for.
fn hides_a_secret(text: &str) -> bool {
    text.contains(['&', '=']) && is_secret(text)
}

fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

fn is_name_char(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, ':' | '_' | '-' | '.')
}

fn name_of(text: &str) -> &str {
    &text[..text.find(|c| !is_name_char(c)).unwrap_or(text.len())]
}

/// Length of the piece of markup at the beginning of `text`, or of all of it where the piece does not end. What CDATA
/// holds may be markup itself, so only its mark is a piece.
fn end_of(text: &str) -> usize {
    let behind = |mark: &str| text.find(mark).map_or(text.len(), |at| at + mark.len());
    if text.starts_with("<!--") {
        behind("-->")
    } else if text.starts_with(CDATA) {
        CDATA.len()
    } else if text.starts_with("<!") {
        text.find(['[', '>']).map_or(text.len(), |at| at + 1)
    } else if text.starts_with("<?") {
        behind("?>")
    } else if text.starts_with("</") {
        behind(">")
    } else if name_of(&text[1..]).is_empty() {
        1
    } else {
        let mut quote = None;
        let closes = |(_, c): &(usize, char)| {
            match quote {
                Some(open) if open == *c => quote = None,
                None if matches!(c, '"' | '\'') => quote = Some(*c),
                Some(_) | None => {}
            }
            *c == '>' && quote.is_none()
        };
        text.char_indices().find(closes).map_or(text.len(), |(at, _)| at + 1)
    }
}

/// Declares something, or could: only a DOCTYPE that ends at once does not.
fn is_declaration(piece: &str) -> bool {
    let plain = piece.ends_with('>') && piece.get(..9).is_some_and(|begin| begin.eq_ignore_ascii_case("<!DOCTYPE"));
    piece.starts_with("<!") && !piece.starts_with("<!--") && piece != CDATA && !plain
}

/// A start tag.
struct Tag<'t> {
    name: &'t str,
    /// What stands between name and end.
    inside: &'t str,
    /// `None` where something else stands there than names with values in quotes.
    attributes: Option<Vec<Attribute<'t>>>,
    /// It has neither content nor an end tag.
    empty: bool,
}

struct Attribute<'t> {
    name: &'t str,
    value: &'t str,
    /// Where the value begins inside the tag.
    at: usize,
}

impl<'t> Tag<'t> {
    fn of(piece: &'t str) -> Option<Tag<'t>> {
        let text = piece.strip_prefix('<')?;
        let name = Some(name_of(text)).filter(|name| !name.is_empty())?;
        let inside = &text[name.len()..];
        let inside = inside.strip_suffix('>').unwrap_or(inside);
        let closed = inside.strip_suffix('/');
        let attributes = attributes(closed.unwrap_or(inside));
        Some(Tag { name, inside, empty: closed.is_some() && attributes.is_some(), attributes })
    }

    /// Nothing of it may be read: it is called so, an attribute says so, or a secret name stands somewhere in what cannot
    /// be told apart.
    fn is_secret(&self) -> bool {
        let says = |found: &Attribute<'_>| NAMING.contains(&local(found.name)) && is_secret(found.value);
        let inside = self.attributes.as_ref().map_or(is_secret(self.inside), |found| found.iter().any(says));
        is_secret(self.name) || inside
    }

    fn show(&self, shown: &mut String) {
        shown.push('<');
        shown.push_str(self.name);
        let mut at = 0;
        let is_masked = |attribute: &&Attribute<'_>| is_secret(attribute.name) || hides_a_secret(attribute.value);
        for secret in self.attributes.iter().flatten().filter(is_masked) {
            shown.push_str(&self.inside[at..secret.at]);
            shown.push_str(MASK);
            at = secret.at + secret.value.len();
        }
        shown.push_str(&self.inside[at..]);
        shown.push('>');
    }

    /// Shows that it is there. Gives what stands behind its content, from the end tag on.
    fn hide<'r>(&self, behind: &'r str, shown: &mut String) -> &'r str {
        let bare = self.inside.trim_matches([' ', '/']).is_empty();
        let (attributes, close) = (if bare { "" } else { " ***" }, if self.empty { "/>" } else { ">" });
        for part in ["<", self.name, attributes, close] {
            shown.push_str(part);
        }
        if self.empty {
            return behind;
        }
        shown.push_str(MASK);
        &behind[end_tag(self.name, behind)..]
    }
}

fn attributes(text: &str) -> Option<Vec<Attribute<'_>>> {
    let (mut found, mut rest) = (Vec::new(), text.trim_start());
    while !rest.is_empty() {
        let name = Some(name_of(rest)).filter(|name| !name.is_empty())?;
        let value = rest[name.len()..].trim_start().strip_prefix('=')?.trim_start();
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let (value, behind) = value[1..].split_once(quote)?;
        found.push(Attribute { name, value, at: text.len() - behind.len() - 1 - value.len() });
        rest = behind.trim_start();
    }
    Some(found)
}

/// Where the content of an element ends: at the end tag that belongs to it, else with the text.
fn end_tag(name: &str, text: &str) -> usize {
    let (mut at, mut inner) = (0, 0_usize);
    while let Some(found) = text[at..].find('<') {
        at += found;
        let markup = &text[at..];
        let length = match markup.strip_prefix(CDATA) {
            Some(_) => markup.find("]]>").unwrap_or(markup.len()),
            None => end_of(markup),
        };
        let piece = &markup[..length];
        if piece.strip_prefix("</").is_some_and(|end| name_of(end) == name) {
            let Some(outer) = inner.checked_sub(1) else { return at };
            inner = outer;
        } else if Tag::of(piece).is_some_and(|tag| tag.name == name && !tag.empty) {
            inner += 1;
        }
        at += length;
    }
    text.len()
}

#[cfg(test)]
mod tests;
