//! Pages written to get something past the reader, and pages made of noise. What is judged is what a browser would
//! make of the output: it is parsed again and looked through by other code than the reader's own rules.

use super::*;
use crate::page::dom::{Content, Dom};
use crate::page::source;
use proptest::prelude::*;

/// Elements that must never be in a rewritten page, in whatever namespace.
const FORBIDDEN: &[&str] = &[
    "script",
    "iframe",
    "object",
    "embed",
    "base",
    "meta",
    "link",
    "style",
    "template",
    "noscript",
    "plaintext",
    "xmp",
    "math",
    "foreignobject",
    "animate",
    "set",
    "frame",
    "frameset",
    "applet",
    "video",
    "audio",
    "source",
    "image",
];

/// Parses rewritten HTML and says what in it a page may not have.
fn forbidden(html: &str) -> Vec<String> {
    let parsed = source::parse(html).unwrap_or_else(|error| panic!("output is too complex: {error:?}"));
    let mut found = Vec::new();
    look(&parsed.dom, Dom::ROOT, &mut found);
    found
}

fn look(dom: &Dom, id: usize, found: &mut Vec<String>) {
    let node = dom.node(id);
    if let Content::Element { name, attributes } = &node.content {
        let element = name.local.to_ascii_lowercase();
        if FORBIDDEN.contains(&&*element) {
            found.push(format!("<{element}>"));
        }
        for attribute in attributes {
            let name = attribute.name.local.to_ascii_lowercase();
            let value: String = attribute.value.to_lowercase().chars().filter(|c| !c.is_whitespace()).collect();
            let loads = matches!(&*name, "src" | "srcset" | "href" | "action" | "formaction" | "poster" | "background");
            let leads = ["https:", "http:", "mailto:", "tel:", "#", "data:image/", "{{"];
            let scheme = value.split(['/', '\\', '?', '#']).next().unwrap_or_default();
            let runs =
                name.starts_with("on") || matches!(&*name, "srcdoc" | "formaction" | "style" | "srcset" | "action");
            let elsewhere = loads && scheme.contains(':') && !leads.iter().any(|good| value.starts_with(good));
            let foreign = &*element == "img" && &*name == "src" && !value.starts_with("data:image/");
            if runs || elsewhere || foreign {
                found.push(format!("{name}={value}"));
            }
        }
    }
    for child in &node.children {
        look(dom, *child, found);
    }
}

const HOSTILE: &[&str] = &[
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<svg></p><style><a id=\"</style><img src=1 onerror=alert(1)>\">",
    "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\"></noscript>",
    "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
    "<math><annotation-xml encoding=\"text/html\"><style><img src=x onerror=alert(1)></style></annotation-xml></math>",
    "<form><div></form><form><input name=a></div></form>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<template><script>alert(1)</script></template>",
    "<template shadowrootmode=open><img src=x onerror=alert(1)></template>",
    "<plaintext><script>alert(1)</script>",
    "<xmp><img src=x onerror=alert(1)></xmp>",
    "<textarea><img title=\"</textarea><img src=x onerror=alert(1)>\"></textarea>",
    "<title><img title=\"</title><img src=x onerror=alert(1)>\"></title>",
    "<style><img title=\"</style><img src=x onerror=alert(1)>\"></style>",
    "<style>a{b:'\\3c/style\\3e\\3cscript\\3e'}</style>",
    "<noembed><img title=\"</noembed><img src=x onerror=alert(1)>\"></noembed>",
    "<select><template><img src=x onerror=alert(1)></template></select>",
    "<select><option><script>alert(1)</script></select>",
    "<table><a href=\"javascript:alert(1)\"><td>x</table>",
    "<p title='\"><img src=x onerror=alert(1)>'>x</p>",
    "<p title=`x`onclick=alert(1)>x</p>",
    "<img src=\"data:image/png,x\"onerror=alert(1)>",
    "<img/src=x/onerror=alert(1)>",
    "<img src=x \u{0}onerror=alert(1)>",
    "<img src=x on\u{0}error=alert(1)>",
    "<scr\u{0}ipt>alert(1)</scr\u{0}ipt>",
    "<a href=\"&#106;avascript:alert(1)\">x</a>",
    "<a href=\"&#x6A;avascript&colon;alert(1)\">x</a>",
    "<a href=\"java&NewLine;script:alert(1)\">x</a>",
    "<a href=\"java&Tab;script:alert(1)\">x</a>",
    "<a href=\"java\tscr\nipt:alert(1)\">x</a>",
    "<a href=\" \u{1}javascript:alert(1)\">x</a>",
    "<a href=\"\u{a0}javascript:alert(1)\">x</a>",
    "<a href=\"\u{2003}\u{feff}javascript:alert(1)\">x</a>",
    "<a href=\"JaVaScRiPt:alert(1)\">x</a>",
    "<a href=\"javascript\u{200b}:alert(1)\">x</a>",
    "<a href=\"\\\\evil.example\\x\">x</a>",
    "<a href=\"/\\evil.example\">x</a>",
    "<svg><a xlink:href=\"javascript:alert(1)\"><text>x</text></a></svg>",
    "<svg><set attributeName=onmouseover to=alert(1)>",
    "<svg><title><script>alert(1)</script></title></svg>",
    "<svg><desc><iframe src=\"javascript:alert(1)\"></iframe></desc></svg>",
    "<iframe srcdoc=\"&lt;script&gt;alert(1)&lt;/script&gt;\"></iframe>",
    "<body><body onload=alert(1)>",
    "<html onclick=alert(1)>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<!--! --!><img src=x onerror=alert(1)>",
    "<![CDATA[<img src=x onerror=alert(1)>]]>",
    "<?xml version=\"1.0\"?><img src=x onerror=alert(1)>",
    "<button form=f formaction=javascript:alert(1)>x</button>",
    "<input type=image src=https://evil.example/x name=a>",
    "<link rel=import href=data:text/html,x>",
    "<isindex action=javascript:alert(1) type=image>",
    "<marquee onstart=alert(1)>x</marquee>",
    "<details ontoggle=alert(1) open>x</details>",
    "<div style=\"background:url(javascript:alert(1))\">x</div>",
    "<div style=\"x:expression(alert(1))\">x</div>",
    "<a href=\"https://a.example\" target=\"parent\" onfocus=alert(1) autofocus>x</a>",
];

#[test]
fn hostile_pages_are_refused_or_harmless() {
    for html in HOSTILE {
        for kind in [PageKind::Task, PageKind::Result] {
            let reading = read(html, kind);
            assert_eq!(forbidden(&reading.page.body), [""; 0], "{html}\n{}", reading.page.body);
            assert!(!reading.page.style.contains("</"), "{html}\n{}", reading.page.style);
        }
    }
}

#[test]
fn scripts_are_never_dropped_in_silence() {
    for html in HOSTILE.iter().filter(|html| html.contains("javascript") || html.contains("<script")) {
        assert!(task(html).has_errors(), "{html}");
    }
}

#[test]
fn rewriting_twice_changes_nothing() {
    for html in HOSTILE.iter().copied().chain(["<p>a<table>b<tr><td>c</table>", "<b><p>x</b>y</p>", "<pre>\n\nx</pre>"])
    {
        let once = read(html, PageKind::Result);
        if once.has_errors() {
            continue;
        }
        let once = once.page.body;
        let twice = read(&once, PageKind::Result).page.body;
        assert_eq!(once, twice, "{html}");
    }
}

#[test]
fn what_falls_away_in_a_sheet_leaves_no_new_token() {
    for css in [
        "@)import 'https://evil.example/a.css';",
        "@/**/import 'https://evil.example/a.css';",
        "@ import 'https://evil.example/a.css';",
        "@-->import 'https://evil.example/a.css';",
        "p{a:ur)l('https://evil.example/')}",
        "p{a:ur/**/l('https://evil.example/')}",
        "p{a:ur@l('https://evil.example/')}",
        "p{a:expr]ession(alert(1))}",
        "p{a:b} /)* p{c:d}",
        "p{a:b} //**/* p{c:d}",
        "p{-)moz-binding:x}",
    ] {
        let style = task(&format!("<style>{css}</style>")).page.style;
        let (again, problems) = css::sheet(&style);
        assert_eq!(problems, [], "{css}\n{style}");
        assert_eq!(again, style, "{css}");
        let attribute = task(&format!("<p style=\"{css}\">x</p>")).page.style;
        assert_eq!(css::sheet(&attribute).1, [], "{css}\n{attribute}");
    }
}

/// Pieces of style sheets.
fn css_soup() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "@",
            "import",
            "@import",
            "ur",
            "l(",
            "url(",
            "expression",
            "(",
            ")",
            "{",
            "}",
            "[",
            "]",
            ";",
            ":",
            "'",
            "\"",
            "/",
            "*",
            "/*",
            "*/",
            "<",
            "!--",
            "-->",
            "<!--",
            "-",
            "\\",
            "\\75",
            " ",
            "\n",
            "https://evil.example/",
            "#a",
            "1",
            ".5",
            "e3",
            "+",
            "p",
            "--x",
            "behavior",
            "-moz-binding",
            "media",
            "data:image/png;base64,AA",
            "</style>",
            "\\3c",
            "image-set(",
            "\0",
            "é",
            "$",
            "%",
            "u+25",
            "||",
            "charset",
        ])
        .prop_map(str::to_owned),
        "[ -~]{0,3}",
    ];
    prop::collection::vec(piece, 0..25).prop_map(|pieces| pieces.concat())
}

#[test]
fn deep_and_wide_pages_end_early() {
    let deep = "<div>".repeat(40_000);
    let fonts: String = (0..200).map(|n| format!("<font size={n}>")).collect();
    let formatting = format!("<p>{fonts}{}", "</p><p>x".repeat(20_000));
    let attributes = format!("<p {}>", (0..30_000).map(|n| format!("a{n} ")).collect::<String>());
    for page in [deep, formatting, attributes] {
        assert!(codes(&task(&page)).contains(&"PAGE_TOO_COMPLEX"));
    }
    // Long, and allowed.
    assert!(!task(&"<br>".repeat(60_000)).has_errors());
    assert!(!task(&format!("<table>{}</table>", "x<tr>".repeat(20_000))).has_errors());
    assert!(task(&"<".repeat(200_000)).problems.len() < 10);
    assert!(task(&"<a b='".repeat(40_000)).problems.len() < 200);
}

#[test]
fn problems_are_limited() {
    assert_eq!(task(&"<script></script>".repeat(1000)).problems.len(), 100);
}

/// Pieces that, thrown together, meet most states of the parser.
fn soup() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "<",
            ">",
            "\"",
            "'",
            "=",
            "/",
            "&",
            ";",
            "{{",
            "}}",
            "{{ a }}",
            "{{ form }}",
            "{{ a | default('<b>') }}",
            " ",
            "\n",
            "\0",
            "-->",
            "<!--",
            "<p",
            "<p>",
            "</p>",
            "<svg>",
            "</svg>",
            "<math>",
            "<style>",
            "</style>",
            "<script>",
            "</script>",
            "<title>",
            "</title>",
            "<textarea name=a>",
            "</textarea>",
            "<form>",
            "</form>",
            "<table>",
            "<tr>",
            "<td>",
            "</table>",
            "<select name=b>",
            "<option>",
            "</select>",
            "<a href=\"",
            "<a href='",
            "javascript:alert(1)",
            "https://a.example/",
            " onclick=",
            " style=\"",
            "url(",
            ")",
            "expression(",
            "\\",
            "{",
            "}",
            "@import",
            "<b>",
            "</b>",
            "<i>",
            "<template>",
            "</template>",
            "<noscript>",
            "</noscript>",
            "<img src=",
            "data:image/png;base64,AA",
            "<input type=radio name=c value=",
            "<fieldset>",
            "<legend>",
            "<label>",
            "</label>",
            "<button name=action value=x>",
            "<!--cs:form-->",
            " data-cs-on=\"checked a=b\"",
            "<foreignObject>",
            "<annotation-xml encoding=text/html>",
            "<mtext>",
            "<mglyph>",
            "&lt;",
            "&#x6a;",
            "é",
            "\u{202e}",
        ])
        .prop_map(str::to_owned),
        "[ -~]{0,6}",
        any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn noise_never_panics_and_comes_out_harmless(html in soup()) {
        for kind in [PageKind::Task, PageKind::Result, PageKind::Mail] {
            let reading = read(&html, kind);
            let mut found = forbidden(&reading.page.body);
            if kind == PageKind::Mail {
                found.retain(|what| !what.starts_with("style="));
            }
            prop_assert_eq!(found, Vec::<String>::new(), "{}", reading.page.body);
            prop_assert!(!reading.page.style.contains("</"));
            for placeholders in [&reading.page.body, reading.page.title.as_ref().unwrap_or(&String::new())] {
                prop_assert!(domain::template::Template::parse(placeholders).is_ok());
            }
        }
    }

    #[test]
    fn rewritten_sheets_hold_nothing_that_was_not_looked_at(css in css_soup()) {
        for (once, problems) in [css::sheet(&css), css::declarations(&css)] {
            prop_assert!(!once.contains("</"), "{}", once);
            // Whatever follows stands on its own: nothing is left open.
            let followed = css::sheet(&format!("{once}\nq{{r:s}}")).0;
            prop_assert!(followed.ends_with("q{r:s}"), "{}", followed);
            if problems.is_empty() {
                let (twice, problems) = css::sheet(&once);
                prop_assert_eq!(problems, vec![], "{}", once);
                prop_assert_eq!(css::sheet(&twice).0, twice);
            }
        }
    }

    #[test]
    fn bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let reading = task(&String::from_utf8_lossy(&bytes));
        prop_assert_eq!(forbidden(&reading.page.body), Vec::<String>::new());
    }
}
