//! Runs html5ever over a page and keeps what its tree loses: where each tag stands and how attributes were quoted.
//! Repairs and removes nothing.

use super::dom::{Dom, Sink};
use html5ever::TokenizerResult;
use html5ever::buffer_queue::BufferQueue;
use html5ever::interface::TreeSink;
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};
use html5ever::tree_builder::{TreeBuilder, TreeBuilderOpts};
use std::cell::{Cell, RefCell};

/// Attributes of one tag at most: the tokenizer compares each with all before it.
const ATTRIBUTES_MAX: usize = 1000;
/// Places where a tag with text like tags before it may have begun.
const CANDIDATES_MAX: usize = 32;

/// A page as parsed.
pub(super) struct Parsed {
    pub(super) dom: Dom,
    /// Byte offsets of placeholders in tag names and unquoted attributes.
    pub(super) misplaced: Vec<(usize, Misplaced)>,
}

/// A placeholder where the tree does not show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Misplaced {
    TagName,
    Unquoted { attribute: String },
}

/// The page is nested too deeply, or has too many nodes or attributes. Byte offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooComplex(pub(super) usize);

/// Parses a page as a browser without script would.
pub(super) fn parse(source: &str) -> Result<Parsed, TooComplex> {
    let options = TreeBuilderOpts { scripting_enabled: false, ..TreeBuilderOpts::default() };
    let located = Located {
        tree: TreeBuilder::new(Sink::new(), options),
        source,
        piece: Cell::new((0, 0)),
        last_end: Cell::new(0),
        bad_character: Cell::new(false),
        misplaced: RefCell::default(),
    };
    let tokenizer = Tokenizer::new(located, TokenizerOpts { discard_bom: false, ..TokenizerOpts::default() });
    let queue = BufferQueue::default();
    let mut start = 0;
    while start < source.len() {
        let rest = &source[start..];
        let end = start + piece_length(rest);
        if begins_tag(rest) && raw_tag(rest).is_none() {
            return Err(TooComplex(start));
        }
        tokenizer.sink.piece.set((start, end));
        tokenizer.sink.bad_character.set(false);
        queue.push_back(StrTendril::from(&source[start..end]));
        // A script element suspends the tokenizer; nothing runs here, so it goes on at once.
        while let TokenizerResult::Script(_) = tokenizer.feed(&queue) {}
        if tokenizer.sink.tree.sink.overflow() {
            return Err(TooComplex(start));
        }
        if tokenizer.sink.bad_character.get() && (rest.starts_with("<{{") || rest.starts_with("</{{")) {
            tokenizer.sink.misplaced.borrow_mut().push((start, Misplaced::TagName));
        }
        start = end;
    }
    tokenizer.end();
    let located = tokenizer.sink;
    Ok(Parsed { dom: located.tree.sink.finish(), misplaced: located.misplaced.into_inner() })
}

/// Pieces end behind `>` and before `<`, so that at most one tag is finished in each.
fn piece_length(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let stop = bytes.iter().skip(1).position(|byte| matches!(byte, b'<' | b'>')).map(|at| at + 1);
    match (bytes.first(), stop) {
        (Some(b'>'), _) => 1,
        (_, Some(at)) if bytes[at] == b'>' => at + 1,
        (_, Some(at)) => at,
        (_, None) => rest.len(),
    }
}

/// The tree builder with an ear on the tokens before it.
struct Located<'a> {
    tree: TreeBuilder<usize, Sink>,
    source: &'a str,
    /// Bounds of the piece being fed.
    piece: Cell<(usize, usize)>,
    /// Behind the last tag or comment.
    last_end: Cell<usize>,
    bad_character: Cell<bool>,
    misplaced: RefCell<Vec<(usize, Misplaced)>>,
}

impl Located<'_> {
    fn start_tag(&self, name: &str) {
        let from = self.last_end.get();
        let Some((at, attributes)) = find_tag(&self.source[from..self.piece.get().1], name) else {
            self.tree.sink.set_offset(self.piece.get().0);
            return;
        };
        self.tree.sink.set_offset(from + at);
        let mut misplaced = self.misplaced.borrow_mut();
        misplaced.extend(
            attributes
                .into_iter()
                .filter(|attribute| !attribute.quoted && attribute.value.contains("{{"))
                .map(|attribute| (from + at, Misplaced::Unquoted { attribute: attribute.name.to_owned() })),
        );
    }
}

impl TokenSink for Located<'_> {
    type Handle = usize;

    fn process_token(&self, token: Token, line: u64) -> TokenSinkResult<usize> {
        match &token {
            Token::TagToken(tag) => {
                if tag.kind == TagKind::StartTag {
                    self.start_tag(&tag.name);
                }
                self.last_end.set(self.piece.get().1);
            }
            Token::CommentToken(_) | Token::DoctypeToken(_) => self.last_end.set(self.piece.get().1),
            Token::CharacterTokens(_) => self.tree.sink.set_offset(self.piece.get().0),
            Token::ParseError(_) => self.bad_character.set(true),
            Token::NullCharacterToken | Token::EOFToken => {}
        }
        self.tree.process_token(token, line)
    }

    fn end(&self) {
        self.tree.end();
    }

    fn adjusted_current_node_present_but_not_in_html_namespace(&self) -> bool {
        self.tree.adjusted_current_node_present_but_not_in_html_namespace()
    }
}

/// An attribute as written.
struct RawAttribute<'a> {
    name: &'a str,
    value: &'a str,
    quoted: bool,
}

/// Byte offset of an attribute of the tag at `tag`; the tag itself where it cannot be found.
pub(super) fn attribute_offset(source: &str, tag: usize, name: &str) -> usize {
    let Some((_, attributes)) = source.get(tag..).filter(|text| begins_tag(text)).and_then(raw_tag) else { return tag };
    attributes
        .iter()
        .find(|attribute| attribute.name.eq_ignore_ascii_case(name))
        .map_or(tag, |attribute| attribute.name.as_ptr().addr() - source.as_ptr().addr())
}

/// The tag that ends with `region`: its offset and attributes. Text before it may look like tags, so the first
/// place counts from where a tag of this name reaches exactly to the end.
fn find_tag<'a>(region: &'a str, name: &str) -> Option<(usize, Vec<RawAttribute<'a>>)> {
    region.match_indices('<').take(CANDIDATES_MAX).find_map(|(at, _)| {
        let text = &region[at..];
        let written = text[1..].get(..name.len())?;
        let (end, attributes) =
            if written.eq_ignore_ascii_case(name) && begins_tag(text) { raw_tag(text)? } else { return None };
        (end == text.len()).then_some((at, attributes))
    })
}

fn begins_tag(text: &str) -> bool {
    text.starts_with('<') && text[1..].starts_with(|c: char| c.is_ascii_alphabetic())
}

/// Reads a start tag by the tokenizer's rules for quotes: its length and attributes, or `None` where they are too many.
fn raw_tag(text: &str) -> Option<(usize, Vec<RawAttribute<'_>>)> {
    let bytes = text.as_bytes();
    let is_space = |byte: u8| byte.is_ascii_whitespace();
    let until = |from: usize, stop: &dyn Fn(u8) -> bool| {
        bytes[from..].iter().position(|byte| stop(*byte)).map_or(bytes.len(), |at| from + at)
    };
    let mut attributes = Vec::new();
    let mut at = until(1, &|byte| is_space(byte) || matches!(byte, b'/' | b'>'));
    loop {
        at = until(at, &|byte| !is_space(byte) && byte != b'/');
        if at >= bytes.len() {
            return Some((bytes.len(), attributes));
        }
        if bytes[at] == b'>' {
            return Some((at + 1, attributes));
        }
        let name_start = at;
        // An equals sign in first place belongs to the name.
        at = until(at + 1, &|byte| is_space(byte) || matches!(byte, b'/' | b'>' | b'='));
        let name = text.get(name_start..at).unwrap_or_default();
        let equals = until(at, &|byte| !is_space(byte));
        let mut attribute = RawAttribute { name, value: "", quoted: true };
        if bytes.get(equals) == Some(&b'=') {
            let value_start = until(equals + 1, &|byte| !is_space(byte));
            match bytes.get(value_start) {
                Some(quote @ (b'"' | b'\'')) => {
                    let end = until(value_start + 1, &|byte| byte == *quote);
                    attribute.value = text.get(value_start + 1..end).unwrap_or_default();
                    at = (end + 1).min(bytes.len());
                }
                Some(_) | None => {
                    at = until(value_start, &|byte| is_space(byte) || byte == b'>');
                    attribute.value = text.get(value_start..at).unwrap_or_default();
                    attribute.quoted = false;
                }
            }
        }
        attributes.push(attribute);
        if attributes.len() > ATTRIBUTES_MAX {
            return None;
        }
    }
}
