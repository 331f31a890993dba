//! The lenient import: repairs text that people paste from documentation and modelling tools until it is well-formed
//! XML, and says what it repaired. Works on characters; interprets no BPMN and accepts nothing the strict reader refuses.
//!
//! Well-formed text without line breaks in attributes and without tags in code comes out as it went in: a quote that ends
//! a value is always followed by the end of the tag or by another attribute, so no rule finds anything to do.

#[cfg(test)]
mod tests;
mod value;

use crate::xml::Lines;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Prefixes that files use without declaring them, and what they stand for.
const WELL_KNOWN: [(&str, &str); 8] = [
    ("bpmn", MODEL),
    ("bpmndi", "http://www.omg.org/spec/BPMN/20100524/DI"),
    ("camunda", "http://camunda.org/schema/1.0/bpmn"),
    ("custom", "http://banklingo.com/schema/bpmn"),
    ("dc", "http://www.omg.org/spec/DD/20100524/DC"),
    ("di", "http://www.omg.org/spec/DD/20100524/DI"),
    ("xsi", "http://www.w3.org/2001/XMLSchema-instance"),
    ("zeebe", "http://camunda.org/schema/zeebe/1.0"),
];
const MODEL: &str = "http://www.omg.org/spec/BPMN/20100524/MODEL";
/// Elements whose text is source code, which people do not escape.
const CODE: [&str; 3] = ["script", "property", "conditionExpression"];
/// Children that BPMN's own `property` has; those in a prefix are somebody's as well. HTML has neither.
const IN_PROPERTY: [&str; 3] = ["dataState", "documentation", "extensionElements"];
/// Elements that stand below `definitions`; every other top-level element belongs into a process.
const BELOW_DEFINITIONS: [&str; 8] =
    ["process", "error", "message", "signal", "collaboration", "itemDefinition", "category", "BPMNDiagram"];
/// Repairs told one by one; a file that needs more is counted.
const TOLD_MAX: usize = 200;

/// Something that was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Repair {
    /// Which rule: `R1` namespaces and root, `R2` characters in attributes, `R3` quotes in attributes, `R4` code in
    /// elements, `R5` line breaks in attributes.
    pub code: &'static str,
    /// What was done, in a sentence.
    pub message: String,
    /// Line in the text as sent, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

/// The repaired text: what is read, and stored when it is deployed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repaired {
    /// The text.
    pub text: String,
    /// What was changed, by place; empty where nothing had to be.
    pub repairs: Vec<Repair>,
}

/// Repairs a text. Takes time linear in its length and never fails; what it cannot mend is left to the strict reader.
pub fn repair(source: &str) -> Repaired {
    let source = source.strip_prefix('\u{feff}').unwrap_or(source);
    let mut scan = Scan {
        source,
        at: 0,
        out: String::with_capacity(source.len() + source.len() / 8),
        found: Vec::new(),
        used: BTreeSet::new(),
        declared: BTreeSet::new(),
        depth: 0,
        roots: Vec::new(),
        code: code_tags(source),
        endless: Vec::new(),
    };
    scan.run();
    scan.finish()
}

/// A top-level element.
struct Root<'t> {
    name: &'t str,
    /// Where its start tag stands in the source.
    at: usize,
    /// Where it begins, where its name ends and where the element ends in the output.
    begins: usize,
    name_ends: usize,
    ends: usize,
    has_default_namespace: bool,
}

/// Where the tags of one name begin.
#[derive(Default)]
struct Tags {
    opening: Vec<usize>,
    closing: Vec<usize>,
}

struct Scan<'t> {
    source: &'t str,
    at: usize,
    out: String,
    found: Vec<(usize, &'static str, String)>,
    used: BTreeSet<&'t str>,
    declared: BTreeSet<&'t str>,
    depth: usize,
    roots: Vec<Root<'t>>,
    /// The tags of elements that hold code, by their names.
    code: BTreeMap<&'t str, Tags>,
    /// Quotes of which none ends a value any more: what was looked for to the end is not looked for again.
    endless: Vec<char>,
}

impl<'t> Scan<'t> {
    fn run(&mut self) {
        while self.at < self.source.len() {
            let rest = &self.source[self.at..];
            if !rest.starts_with('<') {
                self.copy(rest.find('<').unwrap_or(rest.len()));
            } else if let Some(closing) = opaque(rest) {
                self.copy(rest.find(closing).map_or(rest.len(), |end| end + closing.len()));
            } else if rest.starts_with("</") {
                self.copy(rest.find('>').map_or(rest.len(), |end| end + 1));
                self.depth = self.depth.saturating_sub(1);
                self.close_root();
            } else if rest[1..].starts_with(is_name_start) {
                self.start_tag();
            } else {
                self.copy(1);
            }
        }
        self.close_root();
    }

    fn copy(&mut self, bytes: usize) {
        self.out.push_str(&self.source[self.at..self.at + bytes]);
        self.at += bytes;
    }

    fn close_root(&mut self) {
        if self.depth == 0
            && let Some(root) = self.roots.last_mut()
        {
            root.ends = self.out.len();
        }
    }

    fn start_tag(&mut self) {
        let (begins, at) = (self.out.len(), self.at);
        let name = name_at(&self.source[self.at + 1..]);
        self.copy(1 + name.len());
        self.note_prefix(name);
        if self.depth == 0 {
            let name_ends = self.out.len();
            self.roots.push(Root { name, at, begins, name_ends, ends: name_ends, has_default_namespace: false });
        }
        loop {
            let rest = &self.source[self.at..];
            let space = rest.len() - rest.trim_start().len();
            self.copy(space);
            let rest = &self.source[self.at..];
            if rest.is_empty() {
                return;
            } else if rest.starts_with("/>") {
                self.copy(2);
                return self.close_root();
            } else if rest.starts_with('>') {
                self.copy(1);
                self.depth += 1;
                return self.code(name);
            } else if rest.starts_with(is_name_start) {
                self.attribute();
            } else {
                self.copy(rest.chars().next().map_or(1, char::len_utf8));
            }
        }
    }

    fn attribute(&mut self) {
        let name = name_at(&self.source[self.at..]);
        self.copy(name.len());
        match name.strip_prefix("xmlns:") {
            Some(prefix) => _ = self.declared.insert(prefix),
            None if name == "xmlns" => {
                let top = self.depth == 0;
                if let Some(root) = self.roots.last_mut().filter(|_| top) {
                    root.has_default_namespace = true;
                }
            }
            None => self.note_prefix(name),
        }
        let rest = &self.source[self.at..];
        let after = rest.trim_start();
        let Some(value) = after.strip_prefix('=').map(str::trim_start) else { return };
        let Some(quote) = value.chars().next().filter(|c| matches!(c, '"' | '\'')) else { return };
        self.copy(rest.len() - value.len() + 1);
        let raw = self.raw_value(quote);
        let repaired = value::repair(raw, quote);
        let place = self.at;
        for (code, message) in repaired.told(name) {
            self.found.push((place, code, message));
        }
        self.out.push_str(&repaired.text);
        self.at += raw.len();
        self.copy(self.source[self.at..].chars().next().map_or(0, char::len_utf8));
    }

    fn raw_value(&mut self, quote: char) -> &'t str {
        let rest = &self.source[self.at..];
        let end = if self.endless.contains(&quote) { None } else { value::end(rest, quote) };
        if end.is_none() {
            self.endless.push(quote);
        }
        &rest[..end.or_else(|| rest.find(quote)).unwrap_or(rest.len())]
    }

    /// Wraps the text of an element that holds code into CDATA, where it contains what would be markup.
    fn code(&mut self, name: &str) {
        let Some(end) = self.closing_tag(name) else { return };
        let text = &self.source[self.at..end];
        if !value::needs_escaping(text) || is_markup(text) {
            return;
        }
        // Who writes tags means HTML, and its entities are those of HTML.
        let html = local(name) == "property" && text.contains("</");
        let code = if html { text.to_owned() } else { value::decode(text) };
        self.out.push_str("<![CDATA[");
        self.out.push_str(&code.replace("]]>", "]]]]><![CDATA[>"));
        self.out.push_str("]]>");
        self.found.push((self.at, "R4", format!("put the text of <{name}> into CDATA, because it contains < or &")));
        self.at = end;
    }

    /// Where the closing tag begins. `None` where another element of this name begins before it, whose tag it is.
    fn closing_tag(&self, name: &str) -> Option<usize> {
        let tags = self.code.get(name)?;
        let next = |places: &[usize]| places.get(places.partition_point(|place| *place < self.at)).copied();
        let end = next(&tags.closing)?;
        next(&tags.opening).is_none_or(|again| again > end).then_some(end)
    }

    fn note_prefix(&mut self, name: &'t str) {
        if let Some((prefix, _)) = name.split_once(':') {
            self.used.insert(prefix);
        }
    }

    fn finish(mut self) -> Repaired {
        let missing: Vec<(&str, &str)> = WELL_KNOWN
            .into_iter()
            .filter(|(prefix, _)| self.used.contains(prefix) && !self.declared.contains(prefix))
            .collect();
        let whole = matches!(self.roots.as_slice(), [root] if local(root.name) == "definitions");
        if whole {
            self.declare(&missing);
        } else if !self.roots.is_empty() {
            self.wrap(&missing);
        }
        self.found.sort_by_key(|(at, _, _)| *at);
        let lines = Lines::new(self.source);
        let more = self.found.len().saturating_sub(TOLD_MAX);
        let mut repairs: Vec<Repair> = Vec::with_capacity(self.found.len().min(TOLD_MAX + 1));
        for (at, code, message) in self.found.drain(..).take(TOLD_MAX) {
            let (line, column) = lines.position(at);
            repairs.push(Repair { code, message, line, column });
        }
        if more > 0 {
            let message = format!("and {more} more repairs of the same kinds");
            repairs.push(Repair { code: "R0", message, line: 1, column: 1 });
        }
        Repaired { text: self.out, repairs }
    }

    fn declare(&mut self, missing: &[(&str, &str)]) {
        let Some(root) = self.roots.first().filter(|_| !missing.is_empty()) else { return };
        self.found.push((root.at, "R1", format!("declared {} on <{}>", listed(missing), root.name)));
        self.out.insert_str(root.name_ends, &declarations(missing));
    }

    /// Puts a fragment into `definitions`, and what belongs into a process into one.
    fn wrap(&mut self, missing: &[(&str, &str)]) {
        let (Some(first), Some(last)) = (self.roots.first(), self.roots.last()) else { return };
        let mut names: Vec<(&str, &str)> = missing.to_vec();
        if !names.iter().any(|(prefix, _)| *prefix == "bpmn") {
            names.insert(0, ("bpmn", MODEL));
        }
        let plain = self.roots.iter().any(|root| !root.name.contains(':') && !root.has_default_namespace);
        let default = if plain { format!(" xmlns=\"{MODEL}\"") } else { String::new() };
        let in_process = self.roots.iter().any(|root| !BELOW_DEFINITIONS.contains(&local(root.name)));
        let (opening, closing) = if in_process {
            ("<bpmn:process id=\"Imported\" isExecutable=\"true\">", "</bpmn:process>")
        } else {
            ("", "")
        };
        let words = if in_process { "definitions and a process with the id Imported" } else { "definitions" };
        self.found.push((first.at, "R1", format!("put the fragment into {words}, and declared {}", listed(&names))));
        let (begins, ends) = (first.begins, last.ends);
        self.out.insert_str(ends, &format!("{closing}</bpmn:definitions>"));
        self.out.insert_str(begins, &format!("<bpmn:definitions{}{default}>{opening}", declarations(&names)));
    }
}

/// The tags of elements that hold code, found once for all.
fn code_tags(source: &str) -> BTreeMap<&str, Tags> {
    let mut found: BTreeMap<&str, Tags> = BTreeMap::new();
    for (at, _) in source.match_indices('<') {
        let tag = &source[at + 1..];
        let closes = tag.starts_with('/');
        let name = name_at(tag.strip_prefix('/').unwrap_or(tag));
        if !CODE.contains(&local(name)) {
            continue;
        }
        let tags = found.entry(name).or_default();
        if !closes {
            tags.opening.push(at);
        } else if tag[1 + name.len()..].trim_start().starts_with('>') {
            tags.closing.push(at);
        }
    }
    found
}

/// Text that is XML already: CDATA, a comment, or child elements that are no HTML.
fn is_markup(text: &str) -> bool {
    let Some(first) = text.find('<') else { return false };
    let (before, tag) = (&text[..first], &text[first..]);
    let child = name_at(&tag[1..]);
    let element = child.starts_with(is_name_start) && (child.contains(':') || IN_PROPERTY.contains(&child));
    let doctype = tag.get(..9).is_some_and(|start| start.eq_ignore_ascii_case("<!doctype"));
    tag.starts_with("<!") && !doctype || element && before.trim().is_empty()
}

/// What ends a part that is copied as it stands: a comment, CDATA, a processing instruction.
fn opaque(rest: &str) -> Option<&'static str> {
    [("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>"), ("<!", ">")]
        .into_iter()
        .find(|(opening, _)| rest.starts_with(opening))
        .map(|(_, closing)| closing)
}

fn declarations(names: &[(&str, &str)]) -> String {
    names.iter().map(|(prefix, uri)| format!(" xmlns:{prefix}=\"{uri}\"")).collect()
}

fn listed(names: &[(&str, &str)]) -> String {
    names.iter().map(|(prefix, _)| *prefix).collect::<Vec<_>>().join(", ")
}

fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

fn name_at(text: &str) -> &str {
    let ends = |c: char| c.is_whitespace() || matches!(c, '=' | '/' | '>' | '<' | '"' | '\'');
    &text[..text.find(ends).unwrap_or(text.len())]
}

fn is_name_start(c: char) -> bool {
    c.is_alphabetic() || c == '_' || c == ':'
}
