//! Writes a checked page as HTML with placeholders and marks. Every attribute is quoted and every text escaped, so
//! that a second parser sees the same tree; decides nothing.

use super::tree::{Element, Node, Piece};
use domain::page::mark;
use domain::template::{Filter, Placeholder};

const VOID: &[&str] = &["br", "col", "hr", "img", "input", "wbr"];

/// The page as stored.
pub(super) fn html(nodes: &[Node]) -> String {
    let mut out = String::new();
    write_nodes(&mut out, nodes);
    out
}

fn write_nodes(out: &mut String, nodes: &[Node]) {
    for node in nodes {
        match node {
            Node::Mark(text) => out.push_str(text),
            Node::Text(pieces) => write_pieces(out, pieces),
            Node::Element(element) => write_element(out, element),
        }
    }
}

fn write_element(out: &mut String, element: &Element) {
    out.push('<');
    out.push_str(&element.name);
    for (name, value) in &element.attributes {
        out.push(' ');
        out.push_str(name);
        out.push_str("=\"");
        write_pieces(out, value);
        out.push('"');
    }
    out.push('>');
    if VOID.contains(&element.name.as_str()) {
        return;
    }
    // Parsers drop one line break here; this one is for them, and a break of the text's own stays.
    if matches!(element.name.as_str(), "textarea" | "pre") {
        out.push('\n');
    }
    write_nodes(out, &element.children);
    out.push_str("</");
    out.push_str(&element.name);
    out.push('>');
}

fn write_pieces(out: &mut String, pieces: &[Piece]) {
    for piece in pieces {
        match piece {
            Piece::Text(text) => escape(out, text),
            Piece::Value(placeholder) => out.push_str(&source(placeholder)),
            Piece::Part(placeholder) => {
                out.push_str(mark::PART);
                out.push_str(&source(placeholder));
                out.push_str(mark::END);
            }
            Piece::Mark(text) => out.push_str(text),
        }
    }
}

/// A brace is escaped too: what is left of `{{` in the page is a placeholder, and nothing else is.
fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '{' => out.push_str("&#123;"),
            '\u{a0}' => out.push_str("&nbsp;"),
            '\r' => out.push_str("&#13;"),
            '\0' => {}
            c => out.push(c),
        }
    }
}

/// A text inside a mark: escaped as in an attribute.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::new();
    escape(&mut out, text);
    out
}

fn source(placeholder: &Placeholder) -> String {
    let mut text = format!("{{{{ {}", placeholder.path);
    for filter in &placeholder.filters {
        text.push_str(" | ");
        match filter {
            Filter::Date => text.push_str("date"),
            Filter::Number => text.push_str("number"),
            Filter::Upper => text.push_str("upper"),
            Filter::Lower => text.push_str("lower"),
            Filter::Url => text.push_str("url"),
            // A text in one kind of quotes cannot hold that kind, so the other is free.
            Filter::Default(other) => {
                let quote = if other.contains('"') { '\'' } else { '"' };
                text.push_str(&format!("default({quote}{other}{quote})"));
            }
        }
    }
    text.push_str(" }}");
    text
}
