//! Walks a parsed page and keeps what is allowed: elements and attributes by the rules, styles as one sheet, texts
//! with their placeholders read. Knows nothing of forms beyond the place where one goes.

use super::dom::{Content, DEPTH_MAX, Dom, NodeId};
use super::rules::{self, AttributeVerdict, Verdict};
use super::tree::{self, Element, Node, Piece};
use super::{Findings, PageKind, css, source, url};
use domain::page::mark;
use domain::template::{Filter, Template};
use html5ever::{Attribute, QualName, ns};

/// Attributes that tie elements together or decide what they are; a value filled in later could not be checked.
const FIXED: &[&str] =
    &["id", "for", "name", "type", "list", "headers", "target", "aria-describedby", "aria-labelledby", "aria-controls"];

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
                piece => run.push(piece),
            }
        }
        if !run.is_empty() {
            out.push(Node::Text(run));
        }
    }

    /// Reads placeholders; a bad one is reported where the source has it.
    fn template(&mut self, text: &str, offset: usize) -> Option<Template> {
        match Template::parse(text) {
            Ok(template) => Some(template),
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

    fn html_value(&mut self, name: &str, value: &str, offset: usize) -> Option<Vec<Piece>> {
        match name {
            "style" => return self.declarations(value, offset),
            "src" => return self.image(value, offset),
            "href" => return self.link(value, offset),
            "target" => {
                let target = value.trim().to_ascii_lowercase();
                if !matches!(target.as_str(), "" | "_self" | "_blank") {
                    let message = "\"target\" may be _self or _blank".to_owned();
                    self.findings.error(offset, "TEMPLATE_NOT_ALLOWED", message);
                    return None;
                }
                return (target == "_blank").then(|| vec![Piece::Text(target)]);
            }
            _ => {}
        }
        let pieces = tree::pieces(self.template(value, offset)?);
        if tree::has_placeholder(&pieces) && FIXED.contains(&name) {
            let message = format!("a placeholder may not stand in \"{name}\"");
            self.findings.error(offset, "PLACEHOLDER_PLACE", message);
            return None;
        }
        if pieces.iter().any(|piece| matches!(piece, Piece::Value(p) if p.path.to_string() == "form")) {
            let message = "{{ form }} stands for the form and may only stand between elements".to_owned();
            self.findings.error(offset, "PLACEHOLDER_PLACE", message);
            return None;
        }
        Some(pieces)
    }

    fn svg_value(&mut self, name: &str, value: &str, offset: usize) -> Option<Vec<Piece>> {
        if name == "style" {
            return self.declarations(value, offset);
        }
        if name == "href" && !value.trim().starts_with('#') {
            let message = "use may only point to a place inside the page (#name)".to_owned();
            self.findings.error(offset, "TEMPLATE_NOT_ALLOWED", message);
            return None;
        }
        let pieces = tree::pieces(self.template(value, offset)?);
        if tree::has_placeholder(&pieces) && !name.starts_with("aria-label") {
            let message = "a placeholder may not stand in an attribute of a drawing".to_owned();
            self.findings.error(offset, "PLACEHOLDER_PLACE", message);
            return None;
        }
        // Presentation attributes are read as CSS, with escapes and url().
        if value.contains(['(', '\\']) && !name.starts_with("aria-") {
            let (rewritten, problems) = css::declarations(value);
            return self.no_problems(problems, offset).then(|| vec![Piece::Text(rewritten)]);
        }
        Some(pieces)
    }

    fn declarations(&mut self, value: &str, offset: usize) -> Option<Vec<Piece>> {
        if value.contains("{{") {
            let message = "a placeholder may not stand in a style attribute: use classes".to_owned();
            self.findings.error(offset, "PLACEHOLDER_PLACE", message);
            return None;
        }
        let (declarations, problems) = css::declarations(value);
        let good = self.no_problems(problems, offset);
        (good && !declarations.is_empty()).then(|| vec![Piece::Text(declarations)])
    }

    fn no_problems(&mut self, problems: Vec<css::CssProblem>, offset: usize) -> bool {
        let good = problems.is_empty();
        for problem in problems {
            self.findings.error(offset, "TEMPLATE_NOT_ALLOWED", problem.message);
        }
        good
    }

    fn image(&mut self, value: &str, offset: usize) -> Option<Vec<Piece>> {
        if value.contains("{{") {
            let message = "a placeholder may not be the source of an image".to_owned();
            self.findings.error(offset, "PLACEHOLDER_PLACE", message);
            return None;
        }
        let address = url::stripped(value);
        match url::check_image(&address) {
            Ok(()) => Some(vec![Piece::Text(address)]),
            Err(message) => {
                self.findings.error(offset, "TEMPLATE_NOT_ALLOWED", message);
                None
            }
        }
    }

    /// Links: a placeholder in first place must give a whole address; behind a settled host it is percent-encoded.
    fn link(&mut self, value: &str, offset: usize) -> Option<Vec<Piece>> {
        let address = url::stripped(value);
        let mut pieces = tree::pieces(self.template(&address, offset)?);
        if tree::has_placeholder(&pieces) {
            let prefix = match pieces.first() {
                Some(Piece::Text(prefix)) => prefix.clone(),
                Some(Piece::Value(_) | Piece::Part(_) | Piece::Mark(_)) | None => String::new(),
            };
            if matches!(url::classify(&prefix), url::Address::Scheme(_))
                && let Err(message) = url::check_link(&prefix)
            {
                self.findings.error(offset, "TEMPLATE_NOT_ALLOWED", message);
                return None;
            }
            if !prefix.is_empty() && !url::settles(&prefix) {
                let message = "the text before a placeholder in an address must settle where it leads, as in \
                    https://host/{{ path }}; else let the placeholder give the whole address"
                    .to_owned();
                self.findings.error(offset, "PLACEHOLDER_PLACE", message);
                return None;
            }
            let mut whole = prefix.is_empty();
            for piece in &mut pieces {
                if let Piece::Value(placeholder) = piece {
                    if whole {
                        placeholder.filters.retain(|filter| *filter != Filter::Url);
                        placeholder.filters.push(Filter::Url);
                        whole = false;
                    } else {
                        *piece = Piece::Part(placeholder.clone());
                    }
                }
            }
            return Some(pieces);
        }
        let address = tree::literal(&pieces);
        if let Err(message) = url::check_link(&address) {
            self.findings.error(offset, "TEMPLATE_NOT_ALLOWED", message);
            return None;
        }
        if url::classify(&address) == url::Address::Relative {
            let message = "the link leads to this product's own host; write the whole address".to_owned();
            self.findings.warning(offset, "LINK_NOT_ABSOLUTE", message);
        }
        Some(pieces)
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
