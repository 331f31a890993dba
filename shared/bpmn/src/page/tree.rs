//! A page after the check: only what is allowed, placeholders read. Knows nothing of parsing and of rules.

use domain::template::{Placeholder, Segment, Template};

/// A node of the rewritten page.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    Element(Element),
    Text(Vec<Piece>),
    /// One of `domain::page::mark`, written as it is.
    Mark(String),
}

/// An allowed element.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Element {
    pub(super) name: String,
    /// In source order, names in lower case except in SVG.
    pub(super) attributes: Vec<(String, Vec<Piece>)>,
    pub(super) children: Vec<Node>,
    /// Byte offset of the tag in the source.
    pub(super) offset: usize,
}

/// A piece of a text or attribute value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Piece {
    Text(String),
    Value(Placeholder),
    /// A placeholder inside an address whose host is settled: percent-encoded when shown.
    Part(Placeholder),
    /// One of `domain::page::mark`.
    Mark(String),
}

impl Element {
    /// The attribute's text without placeholders and marks; `None` where it is missing.
    pub(super) fn literal(&self, name: &str) -> Option<String> {
        self.pieces(name).map(literal)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.pieces(name).is_some()
    }

    pub(super) fn pieces(&self, name: &str) -> Option<&[Piece]> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_slice())
    }

    /// Sets the attribute, in its old place where it has one.
    pub(super) fn set(&mut self, name: &str, value: Vec<Piece>) {
        match self.attributes.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => *old = value,
            None => self.attributes.push((name.to_owned(), value)),
        }
    }

    pub(super) fn set_text(&mut self, name: &str, value: &str) {
        self.set(name, vec![Piece::Text(value.to_owned())]);
    }

    /// Removes the attribute and gives its value.
    pub(super) fn take(&mut self, name: &str) -> Option<Vec<Piece>> {
        let at = self.attributes.iter().position(|(known, _)| known == name)?;
        Some(self.attributes.remove(at).1)
    }
}

/// The pieces of a template.
pub(super) fn pieces(template: Template) -> Vec<Piece> {
    template
        .0
        .into_iter()
        .map(|segment| match segment {
            Segment::Text(text) => Piece::Text(text),
            Segment::Value(placeholder) => Piece::Value(placeholder),
        })
        .collect()
}

/// The literal text of some pieces.
pub(super) fn literal(pieces: &[Piece]) -> String {
    pieces
        .iter()
        .filter_map(|piece| match piece {
            Piece::Text(text) => Some(text.as_str()),
            Piece::Value(_) | Piece::Part(_) | Piece::Mark(_) => None,
        })
        .collect()
}

/// True when there is a placeholder among the pieces.
pub(super) fn has_placeholder(pieces: &[Piece]) -> bool {
    pieces.iter().any(|piece| matches!(piece, Piece::Value(_) | Piece::Part(_)))
}

/// What a reader sees of some nodes, without placeholders, blanks made single.
pub(super) fn visible_text(nodes: &[Node]) -> String {
    let mut text = String::new();
    collect_text(nodes, &mut text);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn collect_text(nodes: &[Node], text: &mut String) {
    for node in nodes {
        match node {
            Node::Text(pieces) => text.push_str(&literal(pieces)),
            Node::Element(element) => {
                if !matches!(element.name.as_str(), "select" | "textarea" | "option" | "datalist" | "button") {
                    text.push(' ');
                    collect_text(&element.children, text);
                }
            }
            Node::Mark(_) => {}
        }
    }
}
