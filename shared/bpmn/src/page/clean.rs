//! Walks a parsed page and keeps what is allowed: elements and attributes by the rules, styles as one sheet, texts
//! with their placeholders read. Knows nothing of forms beyond the place where one goes.

mod values;

use super::dom::{Content, DEPTH_MAX, Dom, NodeId};
use super::rules::{self, AttributeVerdict, Verdict};
use super::tree::{self, Element, Node, Piece};
use super::{Findings, PageKind, css, source};
use domain::page::mark;
use domain::template::{Segment, Template};
use html5ever::{Attribute, QualName, ns};

/// What is left of a page.
pub(super) struct Cleaned {
    pub(super) nodes: Vec<Node>,
    pub(super) style: String,
    pub(super) title: Option<String>,
    pub(super) findings: Findings,
}

/// Cleans a page.
pub(super) fn clean(source: &str, dom: &Dom, kind: PageKind, findings: Findings) -> Cleaned {
    let mut cleaner = Cleaner { source, dom, kind, findings, sheets: Vec::new(), inline: Vec::new(), title: None };
    let mut nodes = Vec::new();
    cleaner.children(Dom::ROOT, 0, &mut nodes);
    let mut style = cleaner.sheets.join("\n");
    for (number, declarations) in cleaner.inline.iter().enumerate() {
        if !style.is_empty() {
            style.push('\n');
        }
        // A style attribute wins over every rule of a sheet: two identifiers weigh more than what pages use.
        style.push_str(&format!(".{}:not(#_):not(#_){{{declarations}}}", inline_class(number)));
    }
    Cleaned { nodes, style, title: cleaner.title, findings: cleaner.findings }
}

fn inline_class(number: usize) -> String {
    format!("cs-s{}", number + 1)
}

struct Cleaner<'a> {
    source: &'a str,
    dom: &'a Dom,
    kind: PageKind,
    findings: Findings,
    sheets: Vec<String>,
    /// Distinct values of `style` attributes, rewritten.
    inline: Vec<String>,
    title: Option<String>,
}

impl Cleaner<'_> {
    fn children(&mut self, id: NodeId, depth: usize, out: &mut Vec<Node>) {
        // Misnested formatting can end up a little deeper than it was when it was parsed.
        if depth > DEPTH_MAX + 64 {
            let offset = self.dom.node(id).offset;
            self.findings.error(offset, "PAGE_TOO_COMPLEX", "the page is nested too deeply here".to_owned());
            return;
        }
        let dom = self.dom;
        for child in &dom.node(id).children {
            let node = dom.node(*child);
            match &node.content {
                Content::Element { name, attributes } => self.element(*child, name, attributes, depth, out),
                Content::Text(text) => self.text(text, node.offset, out),
                Content::Document | Content::Nothing => {}
            }
        }
    }

    fn element(&mut self, id: NodeId, name: &QualName, attributes: &[Attribute], depth: usize, out: &mut Vec<Node>) {
        let offset = self.dom.node(id).offset;
        let local: &str = &name.local;
        if local.contains("{{") {
            self.findings.error(
                offset,
                "PLACEHOLDER_PLACE",
                "a placeholder may not be the name of an element".to_owned(),
            );
            return;
        }
        let html = name.ns == ns!(html);
        match (html, local) {
            (true, "title") => return self.page_title(id, offset),
            (true, "style") => return self.style_element(id, attributes, offset),
            (true, "meta") => return self.meta(attributes, offset),
            (true, "body") => return self.body(id, attributes, offset, depth, out),
            _ => {}
        }
        let verdict =
            if html { rules::html_element(local) } else { rules::foreign_element(name.ns == ns!(svg), local) };
        match verdict {
            Verdict::Keep => {}
            Verdict::Drop => return,
            Verdict::Unwrap | Verdict::Unknown => {
                if verdict == Verdict::Unknown {
                    let message = format!("<{local}> is not supported; its content is kept without it");
                    self.findings.warning(offset, "ELEMENT_DROPPED", message);
                }
                // For their errors only.
                self.attributes(local, html, attributes, offset);
                return self.children(id, depth + 1, out);
            }
            Verdict::Refuse(reason) => {
                self.findings.error(offset, "TEMPLATE_NOT_ALLOWED", format!("<{local}> is not allowed: {reason}"));
                return;
            }
        }
        let attributes = self.attributes(local, html, attributes, offset);
        let mut children = Vec::new();
        self.children(id, depth + 1, &mut children);
        if local == "p" && is_form_mark_alone(&children) {
            // A form cannot stand inside a paragraph: browsers would close it.
            out.extend(children);
            return;
        }
        // The page itself goes into the product's main element, and there can be only one.
        let name = if html && local == "main" { "div" } else { local };
        out.push(Node::Element(Element { name: name.to_owned(), attributes, children, offset }));
    }

    /// The body's own attributes stay on an element around the page.
    fn body(&mut self, id: NodeId, attributes: &[Attribute], offset: usize, depth: usize, out: &mut Vec<Node>) {
        let mut attributes = self.attributes("body", true, attributes, offset);
        attributes.retain(|(name, _)| matches!(name.as_str(), "class" | "id" | "style" | "lang" | "dir"));
        if attributes.is_empty() {
            return self.children(id, depth + 1, out);
        }
        let mut children = Vec::new();
        self.children(id, depth + 1, &mut children);
        out.push(Node::Element(Element { name: "div".to_owned(), attributes, children, offset }));
    }

    fn raw_text(&self, id: NodeId) -> (String, usize) {
        let mut text = String::new();
        let mut offset = None;
        for child in &self.dom.node(id).children {
            let node = self.dom.node(*child);
            if let Content::Text(part) = &node.content {
                offset.get_or_insert(node.offset);
                text.push_str(part);
            }
        }
        (text, offset.unwrap_or(self.dom.node(id).offset))
    }

    fn page_title(&mut self, id: NodeId, offset: usize) {
        let (text, start) = self.raw_text(id);
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if self.title.is_some() || text.is_empty() {
            return;
        }
        if self.template(&text, start.max(offset)).is_some() {
            self.title = Some(text);
        }
    }

    fn meta(&mut self, attributes: &[Attribute], offset: usize) {
        if attributes.iter().any(|attribute| &*attribute.name.local == "http-equiv") {
            let message = "<meta http-equiv> is not allowed: the headers of the page are the product's".to_owned();
            self.findings.error(offset, "TEMPLATE_NOT_ALLOWED", message);
        }
        // For their errors only; encoding, viewport and description are the product's.
        for attribute in attributes {
            if attribute.name.local.contains("{{") || attribute.value.contains("{{") {
                self.findings.error(offset, "PLACEHOLDER_PLACE", "a placeholder may not stand in <meta>".to_owned());
            }
        }
    }

    fn style_element(&mut self, id: NodeId, attributes: &[Attribute], offset: usize) {
        let (text, start) = self.raw_text(id);
        if let Some(at) = text.find("{{") {
            let message = "a placeholder may not stand in a style element: use classes".to_owned();
            self.findings.error(start + at, "PLACEHOLDER_PLACE", message);
            return;
        }
        let (mut sheet, problems) = css::sheet(&text);
        for problem in problems {
            self.findings.error(start + problem.offset, "TEMPLATE_NOT_ALLOWED", problem.message);
        }
        let media = attributes.iter().find(|attribute| &*attribute.name.local == "media");
        if let Some(media) = media.filter(|media| !media.value.trim().is_empty()) {
            let (media, problems) = css::declarations(&media.value);
            for problem in problems {
                self.findings.error(offset, "TEMPLATE_NOT_ALLOWED", problem.message);
            }
            sheet = format!("@media {}{{{sheet}}}", media.replace(';', ""));
        }
        let sheet = sheet.trim();
        if !sheet.is_empty() {
            self.sheets.push(sheet.to_owned());
        }
    }

    fn text(&mut self, text: &str, offset: usize, out: &mut Vec<Node>) {
        let Some(template) = self.template(text, offset) else { return };
        let mut run = Vec::new();
        for piece in tree::pieces(template) {
            match piece {
                Piece::Value(placeholder) if placeholder.path.to_string() == "form" => {
                    if !run.is_empty() {
                        out.push(Node::Text(std::mem::take(&mut run)));
                    }
                    out.push(Node::Mark(mark::FORM.to_owned()));
                }
                piece @ (Piece::Text(_) | Piece::Value(_) | Piece::Part(_) | Piece::Mark(_)) => run.push(piece),
            }
        }
        if !run.is_empty() {
            out.push(Node::Text(run));
        }
    }

    /// Reads placeholders; a bad one is reported where the source has it.
    fn template(&mut self, text: &str, offset: usize) -> Option<Template> {
        match Template::parse(text) {
            Ok(template) => {
                let open =
                    template.0.iter().any(|segment| matches!(segment, Segment::Text(text) if text.contains("{{")));
                if open {
                    let at = self.source.get(offset..).and_then(|rest| rest.find("{{")).unwrap_or(0);
                    let message = "\"{{\" without \"}}\" in the same text is shown as it is; write signs such as < \
                        inside a placeholder as &lt;"
                        .to_owned();
                    self.findings.warning(offset + at, "PLACEHOLDER_OPEN", message);
                }
                Some(template)
            }
            Err(error) => {
                let written = &text[error.offset..];
                let written = written.find("}}").map_or(written, |end| &written[..end + 2]);
                let at = self.source.get(offset..).and_then(|rest| rest.find(written));
                self.findings.error(at.map_or(offset, |at| offset + at), "PLACEHOLDER_SYNTAX", error.message);
                None
            }
        }
    }

    fn attributes(
        &mut self,
        element: &str,
        html: bool,
        attributes: &[Attribute],
        tag: usize,
    ) -> Vec<(String, Vec<Piece>)> {
        let mut kept: Vec<(String, Vec<Piece>)> = Vec::new();
        for attribute in attributes {
            let name: &str = &attribute.name.local;
            if name.contains("{{") || name.contains("}}") {
                let message = "a placeholder may not stand among the attributes; inside one, put the value into \
                    double quotes and texts of filters into single ones"
                    .to_owned();
                self.findings.error(tag, "PLACEHOLDER_PLACE", message);
                continue;
            }
            let value: &str = &attribute.value;
            let offset = source::attribute_offset(self.source, tag, name);
            if element == "form" && name == "action" {
                if !value.trim().is_empty() {
                    let message = "a form may not point elsewhere: leave out the action".to_owned();
                    self.findings.error(offset, "TEMPLATE_NOT_ALLOWED", message);
                }
                continue;
            }
            let verdict = if html { rules::html_attribute(element, name) } else { rules::svg_attribute(element, name) };
            match verdict {
                AttributeVerdict::Keep => {}
                AttributeVerdict::Drop => continue,
                AttributeVerdict::Unknown => {
                    let message = format!("the attribute \"{name}\" is not supported here and left out");
                    self.findings.warning(offset, "ATTRIBUTE_DROPPED", message);
                    continue;
                }
                AttributeVerdict::Refuse(reason) => {
                    let message = format!("\"{name}\" is not allowed: {reason}");
                    self.findings.error(offset, "TEMPLATE_NOT_ALLOWED", message);
                    continue;
                }
            }
            let value = if html { self.html_value(name, value, offset) } else { self.svg_value(name, value, offset) };
            if let Some(value) = value {
                kept.push((name.to_owned(), value));
            }
        }
        self.styles_to_classes(&mut kept);
        if element == "a" && self.kind != PageKind::Mail && kept.iter().any(|(name, _)| name == "href") {
            kept.push(("rel".to_owned(), vec![Piece::Text("noopener noreferrer".to_owned())]));
        }
        kept
    }

    /// Pages forbid style attributes by their content security policy, so each becomes a class. Mails keep them.
    fn styles_to_classes(&mut self, attributes: &mut Vec<(String, Vec<Piece>)>) {
        if self.kind == PageKind::Mail {
            return;
        }
        let Some(at) = attributes.iter().position(|(name, _)| name == "style") else { return };
        let (_, value) = attributes.remove(at);
        let declarations = tree::literal(&value);
        let number = self.inline.iter().position(|known| *known == declarations).unwrap_or_else(|| {
            self.inline.push(declarations);
            self.inline.len() - 1
        });
        let class = inline_class(number);
        match attributes.iter_mut().find(|(name, _)| name == "class") {
            Some((_, value)) => value.push(Piece::Text(format!(" {class}"))),
            None => attributes.push(("class".to_owned(), vec![Piece::Text(class)])),
        }
    }
}

fn is_form_mark_alone(children: &[Node]) -> bool {
    let mut marks = 0;
    children.iter().all(|node| match node {
        Node::Mark(_) => {
            marks += 1;
            true
        }
        Node::Text(pieces) => !tree::has_placeholder(pieces) && tree::literal(pieces).trim().is_empty(),
        Node::Element(_) => false,
    }) && marks > 0
}
