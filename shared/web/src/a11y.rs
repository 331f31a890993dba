//! Test helper: reads a page as a browser does and checks what assistive technology needs of its HTML.

use html5ever::tendril::TendrilSink;
use html5ever::{ParseOpts, parse_document};
use markup5ever_rcdom::{Handle, NodeData, RcDom};
use std::collections::BTreeSet;

/// One element of a parsed page, in document order.
#[derive(Debug)]
pub(crate) struct Element {
    pub(crate) name: String,
    pub(crate) attributes: Vec<(String, String)>,
    /// Text of the element and everything in it, white space collapsed.
    pub(crate) text: String,
    /// Names of the elements around it, outermost first.
    pub(crate) around: Vec<String>,
    /// Text of the `label` around it.
    label: Option<String>,
}

impl Element {
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// The elements of a document.
pub(crate) fn elements(html: &str) -> Vec<Element> {
    let document = parse_document(RcDom::default(), ParseOpts::default()).one(html);
    assert!(html.to_ascii_lowercase().starts_with("<!doctype html>"), "a document starts with its doctype");
    let mut found = Vec::new();
    walk(&document.document, &[], None, &mut found);
    found
}

fn walk(node: &Handle, around: &[String], label: Option<&str>, found: &mut Vec<Element>) {
    let mut around = around.to_vec();
    let mut label = label.map(str::to_owned);
    if let NodeData::Element { name, attrs, .. } = &node.data {
        let name = name.local.to_string();
        let attributes = attrs.borrow().iter().map(|a| (a.name.local.to_string(), a.value.to_string())).collect();
        let text = text(node).split_whitespace().collect::<Vec<_>>().join(" ");
        if name == "label" {
            label = Some(text.clone());
        }
        found.push(Element { name: name.clone(), attributes, text, around: around.clone(), label: label.clone() });
        around.push(name);
    }
    for child in node.children.borrow().iter() {
        walk(child, &around, label.as_deref(), found);
    }
}

fn text(node: &Handle) -> String {
    if let NodeData::Text { contents } = &node.data {
        return contents.borrow().to_string();
    }
    node.children.borrow().iter().map(text).collect()
}

/// Fails with a sentence about the first thing that is wrong with a public page.
pub(crate) fn check(html: &str) {
    check_page(html, &|element| element.name != "script");
}

/// The same of a page that runs a ClientScript: data, and a script that its policy allows.
pub(crate) fn check_scripted(html: &str) {
    let allowed = |element: &Element| element.get("nonce").is_some_and(|nonce| !nonce.is_empty());
    let data = |element: &Element| element.get("type") == Some("application/json");
    check_page(html, &|element| element.name != "script" || allowed(element) || data(element));
}

fn check_page(html: &str, harmless: &dyn Fn(&Element) -> bool) {
    let all = elements(html);
    let of = |name: &str| all.iter().filter(move |element| element.name == name).collect::<Vec<_>>();
    let root = of("html");
    assert!(root[0].get("lang").is_some_and(|lang| !lang.is_empty()), "lang is set");
    assert!(root[0].get("dir").is_some(), "dir is set");
    assert!(of("title").iter().any(|title| !title.text.is_empty()), "the window has a title");
    assert_eq!(of("main").len(), 1, "one main");
    check_ids(&all);
    check_headings(&all);
    check_controls(&all, false);
    check_inert(&all, harmless, &|address| address.starts_with('#'));
}

/// The same of a page of the console: its frame may have headings, and it loads and leads to its own origin only.
pub(crate) fn check_console(html: &str) {
    let all = elements(html);
    let of = |name: &str| all.iter().filter(move |element| element.name == name).collect::<Vec<_>>();
    assert_eq!(of("html")[0].get("lang"), Some("en"), "lang is set");
    assert!(of("title").iter().any(|title| !title.text.is_empty()), "the window has a title");
    assert_eq!(of("main").len(), 1, "one main");
    check_ids(&all);
    check_headings(all.iter().filter(|element| element.around.iter().any(|name| name == "main")));
    check_controls(&all, true);
    let asset = |element: &Element| element.get("src").is_some_and(|src| src.starts_with("/assets/"));
    let own = |address: &str| address.starts_with('#') || address.starts_with('/') && !address.starts_with("//");
    check_inert(&all, &|element| element.name != "script" || asset(element), &own);
}

fn check_ids(all: &[Element]) {
    let mut ids = BTreeSet::new();
    for id in all.iter().filter_map(|element| element.get("id")) {
        assert!(ids.insert(id), "the id {id} is given twice");
    }
    for element in all {
        for name in ["aria-describedby", "aria-labelledby", "for"] {
            for id in element.get(name).unwrap_or_default().split_whitespace() {
                assert!(ids.contains(id), "{name} of {} names {id}, which is not there", element.name);
            }
        }
        if let Some(id) = element.get("href").and_then(|href| href.strip_prefix('#')) {
            assert!(ids.contains(id), "a link leads to {id}, which is not there");
        }
    }
}

/// One h1, and no level left out on the way down. The error summary stands before the h1 and is left aside.
fn check_headings<'a>(all: impl IntoIterator<Item = &'a Element>) {
    let in_summary = |element: &Element| element.get("id") == Some("es");
    let levels: Vec<u32> = all
        .into_iter()
        .filter(|element| !in_summary(element))
        .filter_map(|element| element.name.strip_prefix('h').and_then(|level| level.parse().ok()))
        .collect();
    assert_eq!(levels.first(), Some(&1), "the first heading is an h1");
    assert_eq!(levels.iter().filter(|level| **level == 1).count(), 1, "one h1");
    assert!(levels.windows(2).all(|pair| pair[1] <= pair[0] + 1), "a heading level is left out: {levels:?}");
}

/// `bare`: a field in a table may be named by its attribute alone.
fn check_controls(all: &[Element], bare: bool) {
    for element in all {
        match element.name.as_str() {
            "input" if element.get("type") == Some("hidden") => {}
            "input" | "select" | "textarea" => {
                let id = element.get("id").unwrap_or_default();
                let named_by = all.iter().find(|label| label.name == "label" && label.get("for") == Some(id));
                let label = element.label.as_deref().or(named_by.map(|label| label.text.as_str()));
                let label = label.or(element.get("aria-label").filter(|_| bare));
                assert!(label.is_some_and(|label| !label.is_empty()), "the field {id:?} has no label");
                assert!(element.get("name").is_some_and(|name| !name.is_empty()), "{id} has no name");
                let invalid = element.get("aria-invalid") == Some("true");
                assert!(!invalid || element.get("aria-describedby").is_some(), "{id} is invalid and does not say why");
            }
            "button" => assert!(!element.text.is_empty(), "a button has no words"),
            "fieldset" => {
                let has_legend = all.iter().any(|legend| {
                    legend.name == "legend" && !legend.text.is_empty() && element.text.starts_with(&legend.text)
                });
                assert!(has_legend, "a fieldset has no legend");
            }
            "svg" if element.get("role") == Some("img") => {
                let named = element.get("aria-label").or(element.get("aria-labelledby"));
                assert!(named.is_some_and(|name| !name.is_empty()), "a drawing has no name");
            }
            "svg" => assert_eq!(element.get("aria-hidden"), Some("true"), "an icon is not hidden"),
            "img" => assert!(element.get("alt").is_some(), "an image has no alternative text"),
            _ => {}
        }
    }
}

/// Nothing the content security policy would refuse, and nothing of another host.
fn check_inert(all: &[Element], harmless: &dyn Fn(&Element) -> bool, own: &dyn Fn(&str) -> bool) {
    for element in all {
        assert!(harmless(element), "there is a script");
        if element.name == "style" {
            assert!(element.get("nonce").is_some_and(|nonce| !nonce.is_empty()), "a style has no nonce");
            assert!(!element.text.contains("url("), "a style loads something");
        }
        for (name, value) in &element.attributes {
            assert!(!name.starts_with("on"), "{} has the handler {name}", element.name);
            assert!(name != "style", "{} has a style attribute", element.name);
            let loads = ["src", "href", "action", "srcset", "formaction", "poster"].contains(&name.as_str());
            assert!(!loads || own(value), "{} loads {value}", element.name);
        }
    }
}
