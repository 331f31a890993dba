//! Hostile values in every place a placeholder can stand. What comes out is parsed as a browser would and looked
//! through for anything that runs, loads or leads away.

use super::*;
use html5ever::tendril::TendrilSink;
use html5ever::{ParseOpts, parse_document};
use markup5ever_rcdom::{Handle, NodeData, RcDom};
use proptest::prelude::*;

/// Every place: text, quoted attributes, addresses whole and in part, the window's title, elements whose text is read in
/// another way, tables, drawings, and the fields of an own form.
const PLACES: &str = "<title>T {{ x }}</title><h1>{{ x }}</h1><p title='{{ x }}' class=\"a {{ x }}\" data-x=\"{{ x | upper }}\">\
    {{ x | lower }}</p><a href=\"{{ x }}\">{{ x }}</a><a href='https://a.example/{{ x }}?q={{ x }}#{{ x }}'>b</a>\
    <a href=\"mailto:{{ x }}\">c</a><img alt=\"{{ x }}\" src=\"data:image/png;base64,AA\"><pre>{{ x }}</pre>\
    <table><caption>{{ x }}</caption><tr><td>{{ x }}</td></tr></table><svg aria-label=\"{{ x }}\"><title>{{ x }}</title>\
    <text>{{ x }}</text></svg><ul><li>{{ x | date }}{{ x | number }}{{ missing | default('&lt;b&gt;') }}</ul>\
    <form><label>L {{ x }} <input name=\"i\" value=\"{{ x }}\" placeholder=\"{{ x }}\"></label>\
    <label>T <textarea name=\"t\">{{ x }}</textarea></label><label>S <select name=\"s\"><option value=\"1\">{{ x }}\
    </select></label><label><input type=\"checkbox\" name=\"c\" value=\"v\">{{ x }}</label></form>";

const HOSTILE: &[&str] = &[
    "<script>alert(1)</script>",
    "\"><script>alert(1)</script>",
    "'><img src=x onerror=alert(1)>",
    "\" onmouseover=\"alert(1)",
    "' onmouseover='alert(1)",
    "</textarea><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "</pre></td></table></svg></form><iframe srcdoc=x>",
    "</option></select><script>alert(1)</script>",
    "--><script>alert(1)</script>",
    "<!--",
    "<!--cs:form-->",
    " data-cs-on=\"checked c=v\"",
    "javascript:alert(1)",
    " javascript:alert(1)",
    "JAVASCRIPT:alert(1)",
    "java\tscript:alert(1)",
    "\u{1}javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    "//evil.example/",
    "https://a.example/\"><script>alert(1)</script>",
    "https://a.example/?x=<script>",
    "mailto:a@b.example\" onclick=\"alert(1)",
    "&#106;avascript:alert(1)",
    "&lt;script&gt;",
    "{{ task.link }}",
    "}}{{",
    "<svg/onload=alert(1)>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "\u{0}<script\u{0}>",
    "\u{202e}<script>\u{2066}",
    "\r\nSet-Cookie: a=b",
    "../../../etc/passwd?x#y",
];

/// Elements the page above has; no value may add another.
const KNOWN: &[&str] = &[
    "html", "head", "body", "h1", "p", "a", "img", "pre", "table", "caption", "tbody", "tr", "td", "svg", "title",
    "text", "ul", "li", "form", "label", "input", "textarea", "select", "option", "span", "div",
];

fn look(node: &Handle, found: &mut Vec<String>) {
    if let NodeData::Element { name, attrs, .. } = &node.data {
        let element: &str = &name.local;
        if !KNOWN.contains(&element) {
            found.push(format!("<{element}>"));
        }
        for attribute in attrs.borrow().iter() {
            let name = attribute.name.local.to_ascii_lowercase();
            let name: &str = &name;
            let value: String = attribute.value.chars().filter(|c| !c.is_whitespace() && !c.is_control()).collect();
            let leads = ["https://", "mailto:", "data:image/png;base64,AA"];
            let fine = value.is_empty() || value == LINK || leads.iter().any(|good| value.starts_with(good));
            let runs = name.starts_with("on") || ["srcdoc", "style", "formaction", "action", "srcset"].contains(&name);
            let leads_away = ["href", "src"].contains(&name) && !fine;
            if runs || leads_away {
                found.push(format!("{name}={value}"));
            }
        }
    }
    for child in node.children.borrow().iter() {
        look(child, found);
    }
}

fn parse(html: &str, scripting_enabled: bool) -> Handle {
    let mut options = ParseOpts::default();
    options.tree_builder.scripting_enabled = scripting_enabled;
    parse_document(RcDom::default(), options).one(html).document
}

/// Parses with and without scripting, because browsers read some elements differently.
fn harmful(html: &str) -> Vec<String> {
    let mut found = Vec::new();
    look(&parse(html, true), &mut found);
    look(&parse(html, false), &mut found);
    found
}

fn elements(html: &str) -> usize {
    fn count(node: &Handle) -> usize {
        let children: usize = node.children.borrow().iter().map(count).sum();
        children + usize::from(!matches!(node.data, NodeData::Text { .. }))
    }
    count(&parse(html, false))
}

/// What holds for every value: nothing harmful, and as many elements as with a harmless value.
fn check(value: &str) {
    let (hostile, harmless) = (data(json!({"x": value})), data(json!({"x": "a"})));
    let page = page(PLACES);
    let values = json!({"i": value, "t": value, "s": value, "c": value});
    let errors = [("i".to_owned(), value.to_owned()), ("c".to_owned(), value.to_owned())];
    let first = render(&page, &context(&hostile));
    let again = render(
        &page,
        &Context { values: values.as_object().expect("it is an object"), errors: &errors, ..context(&hostile) },
    );
    for rendered in [&first, &again] {
        assert_eq!(harmful(&rendered.html), [""; 0], "{value:?}\n{}", rendered.html);
    }
    assert_eq!(elements(&first.html), elements(&render(&page, &context(&harmless)).html), "{value:?}");
}

#[test]
fn hostile_values_stay_text_everywhere() {
    for value in HOSTILE {
        check(value);
    }
}

#[test]
fn check_finds_what_it_looks_for() {
    for html in ["<script></script>", "<p onclick=x>", "<a href='javascript:x'>", "<a href='//x'>", "<img src=x>"] {
        assert_ne!(harmful(html), [""; 0], "{html}");
    }
}

/// What the input `i` and the textarea `t` of a page hold.
fn typed(node: &Handle, found: &mut Vec<String>) {
    if let NodeData::Element { name, attrs, .. } = &node.data {
        let attributes = attrs.borrow();
        let value = |key: &str| attributes.iter().find(|a| &*a.name.local == key).map(|a| a.value.to_string());
        match (&*name.local, value("name").as_deref()) {
            ("input", Some("i")) => found.extend(value("value")),
            ("textarea", Some("t")) => {
                let children = node.children.borrow();
                let texts = children.iter().filter_map(|child| {
                    let NodeData::Text { contents } = &child.data else { return None };
                    Some(contents.borrow().to_string())
                });
                found.push(texts.collect());
            }
            _ => {}
        }
    }
    for child in node.children.borrow().iter() {
        typed(child, found);
    }
}

#[test]
fn typed_text_comes_back_unchanged_after_a_refusal() {
    // E-08
    let data = data(json!({}));
    let page = page(PLACES);
    for text in ["<b>&amp; \"x\" 'y' {{ z }}", "\n\n two", "\u{5d0}\u{5d1}"] {
        let values = json!({"t": text, "i": text});
        let html =
            render(&page, &Context { values: values.as_object().expect("it is an object"), ..context(&data) }).html;
        let mut found = Vec::new();
        typed(&parse(&html, false), &mut found);
        assert_eq!(found, [text, text]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_value_stays_text(value in "[<>\"'&{}=/: a-zA-Z;#\\PC]{0,40}") {
        check(&value);
    }

    #[test]
    fn damaged_pages_never_panic(
        body in "([<>\"'{} =a-z-]|<!--cs:|-->| data-cs-on=\"|error |value |\\{\\{|\\}\\}){0,60}",
    ) {
        let data = data(json!({}));
        let page = CustomerPage { body, title: Some("{{".to_owned()), form: FormPlace::Own, ..CustomerPage::default() };
        prop_assert!(!render(&page, &context(&data)).cut_off);
        own_controls(&page);
    }
}
