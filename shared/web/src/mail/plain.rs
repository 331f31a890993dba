//! The text part of a mail: wrapped lines, an aligned table, and the words of a customer's HTML body.

use super::Body;

/// Lines have at most this many characters, so that quoting and encoding leave them whole (RFC 5322: 78).
const COLUMNS: usize = 76;
/// Labels longer than this do not push the values of all others aside.
const LABEL_COLUMNS: usize = 16;

/// The text part with the same content as the HTML part.
pub(super) fn text(body: &Body) -> String {
    let mut blocks: Vec<String> = Vec::new();
    if body.custom.is_empty() {
        blocks.push(wrapped(&body.salutation, ""));
    }
    blocks.extend(body.paragraphs.iter().map(|paragraph| wrapped(paragraph, "")));
    if !body.custom.is_empty() {
        blocks.extend(html_blocks(&body.custom).iter().map(|block| wrapped(block, "")));
    }
    if !body.link_in_custom {
        blocks.push(format!("{}\n{}", body.link_label, body.link));
    }
    blocks.push(table(&body.table));
    blocks.push(wrapped(body.personal, ""));
    blocks.extend(body.questions.iter().map(|text| wrapped(text, "")));
    blocks.extend(body.crossing.iter().map(|text| wrapped(text, "")));
    // "-- " and a line break begin the signature that replies leave out (RFC 3676 4.3).
    format!("{}\n\n-- \n{}\n", blocks.join("\n\n"), body.sent_with)
}

fn table(rows: &[(String, String)]) -> String {
    let width =
        rows.iter().map(|(label, _)| label.chars().count()).filter(|n| *n <= LABEL_COLUMNS).max().unwrap_or(0) + 3;
    let row = |(label, value): &(String, String)| {
        let length = label.chars().count();
        let indent = " ".repeat(width);
        let value: Vec<String> = value.lines().map(|line| wrapped(line, &indent)).collect();
        let value = value.join(&format!("\n{indent}"));
        if length > LABEL_COLUMNS {
            format!("{label}\n{indent}{value}")
        } else {
            format!("{label}{}{value}", " ".repeat(width - length))
        }
    };
    rows.iter().map(row).collect::<Vec<_>>().join("\n")
}

/// Breaks lines between words. `indent` stands before every line but the first and counts on the first too. A word
/// that is longer than a line, such as an address, gets a line of its own.
fn wrapped(text: &str, indent: &str) -> String {
    let room = COLUMNS.saturating_sub(indent.chars().count()).max(20);
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        let mut current = String::new();
        let mut length = 0;
        for word in line.split_whitespace() {
            let word_length = word.chars().count();
            if length > 0 && length + 1 + word_length > room {
                lines.push(std::mem::take(&mut current));
                length = 0;
            }
            if length > 0 {
                current.push(' ');
                length += 1;
            }
            current.push_str(word);
            length += word_length;
        }
        lines.push(current);
    }
    lines.join(&format!("\n{indent}"))
}

/// Elements that begin a new paragraph.
const BLOCKS: &[&str] = &[
    "p",
    "div",
    "table",
    "tr",
    "ul",
    "ol",
    "li",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "blockquote",
    "section",
    "article",
    "header",
    "footer",
    "hr",
    "dl",
    "dt",
    "dd",
    "pre",
];

/// The words of HTML that was written by a serialiser: every `<` opens a tag, every attribute is quoted. Links give
/// their address on a line of its own.
fn html_blocks(html: &str) -> Vec<String> {
    let mut blocks = vec![String::new()];
    let mut rest = html;
    let mut address: Option<String> = None;
    while let Some(open) = rest.find('<') {
        push(&mut blocks, &decoded(&rest[..open]));
        let tag = &rest[open..];
        let end = tag_end(tag);
        let inner = tag.get(1..end).unwrap_or_default();
        rest = tag.get(end + 1..).unwrap_or_default();
        let closing = inner.starts_with('/');
        let name: String = inner
            .trim_start_matches('/')
            .chars()
            .take_while(char::is_ascii_alphanumeric)
            .collect::<String>()
            .to_ascii_lowercase();
        match name.as_str() {
            "style" | "title" | "head" if !closing => {
                let end = rest.find(&format!("</{name}")).unwrap_or(rest.len());
                rest = &rest[end..];
            }
            "br" => push_line(&mut blocks),
            "a" if closing => {
                if let Some(address) = address.take() {
                    push_line(&mut blocks);
                    push(&mut blocks, &address);
                    push_line(&mut blocks);
                }
            }
            "a" => address = attribute(inner, "href"),
            "li" if !closing => blocks.push("- ".to_owned()),
            "td" | "th" if closing => push(&mut blocks, " "),
            // A paragraph that begins an item of a list stays behind its dash.
            name if BLOCKS.contains(&name) && blocks.last().is_none_or(|last| last != "- ") => {
                blocks.push(String::new());
            }
            _ => {}
        }
    }
    push(&mut blocks, &decoded(rest));
    joined_items(blocks.iter().map(|block| tidy(block)).filter(|block| !block.is_empty() && block != "-"))
}

fn tidy(block: &str) -> String {
    let lines = block.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

/// Items of a list stand below each other without a blank line.
fn joined_items(blocks: impl Iterator<Item = String>) -> Vec<String> {
    let mut joined: Vec<String> = Vec::new();
    for block in blocks {
        match joined.last_mut() {
            Some(last) if block.starts_with("- ") && last.starts_with("- ") => {
                last.push('\n');
                last.push_str(&block);
            }
            Some(_) | None => joined.push(block),
        }
    }
    joined
}

/// Index of the `>` that ends the tag or comment at the start of `tag`, or its length; quotes may hide a `>`.
fn tag_end(tag: &str) -> usize {
    if tag.starts_with("<!--") {
        return tag.find("-->").map_or(tag.len(), |end| end + 2);
    }
    let mut quote = None;
    for (index, c) in tag.char_indices() {
        match (quote, c) {
            (None, '>') => return index,
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            (None | Some(_), _) => {}
        }
    }
    tag.len()
}

fn attribute(inner: &str, name: &str) -> Option<String> {
    let value = inner.split_once(&format!(" {name}=\""))?.1.split_once('"')?.0;
    Some(decoded(value))
}

fn push(blocks: &mut [String], text: &str) {
    if let Some(last) = blocks.last_mut() {
        // Line breaks of the source are spaces; those of push_line are real.
        last.extend(text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }));
    }
}

fn push_line(blocks: &mut [String]) {
    if let Some(last) = blocks.last_mut() {
        last.push('\n');
    }
}

/// The entities an HTML serialiser writes, and those the renderer's escaping adds.
fn decoded(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&nbsp;", "\u{a0}")
        .replace("&amp;", "&")
}

#[cfg(test)]
mod tests;
