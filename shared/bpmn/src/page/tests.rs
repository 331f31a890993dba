//! What the reader of pages accepts, rewrites and refuses. Small pages; hostile ones are in `hostile`.

mod form;
mod hostile;

use super::*;
use domain::page::{FormPlace, mark};

fn task(source: &str) -> PageReading {
    read(source, PageKind::Task)
}

fn codes(reading: &PageReading) -> Vec<&'static str> {
    reading.problems.iter().map(|problem| problem.code).collect()
}

/// Reads a page that must be without any problem.
fn clean(source: &str) -> CustomerPage {
    let reading = task(source);
    assert_eq!(reading.problems, [], "{source}");
    reading.page
}

fn refused_as(code: &str, source: &str) {
    let reading = task(source);
    assert!(reading.has_errors(), "{source}\nwas accepted as\n{}", reading.page.body);
    assert!(codes(&reading).contains(&code), "{source}\n{:?}", reading.problems);
}

#[test]
fn plain_page_is_kept() {
    // S0-86
    let page = clean(
        "<!doctype html><html lang=en><head><meta charset=utf-8><title>Order {{ order.number }}</title></head>\
         <body><h1>Order</h1><p class=\"lead\">Dear {{ recipient.name | default('customer') }},<br>see below.</p>\
         {{ form }}</body></html>",
    );
    assert_eq!(page.title.as_deref(), Some("Order {{ order.number }}"));
    assert_eq!(
        page.body,
        "<h1>Order</h1><p class=\"lead\">Dear {{ recipient.name | default(\"customer\") }},<br>see below.</p>\
         <!--cs:form-->"
    );
    assert_eq!(page.form, FormPlace::Marked);
    assert_eq!(page.style, "");
}

#[test]
fn page_without_form_gets_it_at_its_end() {
    assert_eq!(clean("<p>Hello</p>").form, FormPlace::End);
}

#[test]
fn form_mark_alone_in_a_paragraph_leaves_it() {
    assert_eq!(clean("<p> {{ form }} </p>").body.trim(), mark::FORM);
}

#[test]
fn comments_and_false_marks_fall_away() {
    let page = clean("<p>a<!--cs:hidden--><!-- {{ x }} -->b</p>");
    assert_eq!(page.body, "<p>ab</p>");
    let reading = task("<p data-cs-on=\"checked a=b\">&lt;!--cs:form--&gt;</p>");
    assert_eq!(reading.page.body, "<p>&lt;!--cs:form--&gt;</p>");
}

#[test]
fn style_attributes_become_classes_that_win() {
    let page = clean(
        "<style>p { color: red } /* note */</style><p style=\"color: blue; \" class=\"a\">x</p><b style=\"color: blue\">y</b>",
    );
    assert_eq!(page.style, "p { color: red }\n.cs-s1:not(#_):not(#_){color: blue}");
    assert_eq!(page.body, "<p class=\"a cs-s1\">x</p><b class=\"cs-s1\">y</b>");
}

#[test]
fn mails_keep_style_attributes() {
    let reading = read("<style>a{color:red}</style><p style=\"margin:0\">{{ task.link }}</p>", PageKind::Mail);
    assert_eq!(reading.problems, []);
    assert_eq!(reading.page.body, "<p style=\"margin:0\">{{ task.link }}</p>");
    assert_eq!(reading.page.style, "a{color:red}");
}

#[test]
fn style_attribute_cannot_leave_its_rule() {
    let page = clean("<p style=\"color:red} body{display:none\">x</p>");
    assert!(!page.style.trim_end_matches('}').contains('}'), "{}", page.style);
    assert_eq!(page.style.matches('{').count(), 1, "{}", page.style);
}

#[test]
fn style_sheets_are_closed_and_cannot_end_their_element() {
    let page = clean("<style>@media (width < 40em) { p::before { content: \"\\3c/style>\" } </style><p>x</p>");
    assert_eq!(page.style.matches('{').count(), page.style.matches('}').count(), "{}", page.style);
    assert!(!page.style.contains("</"), "{}", page.style);
}

#[test]
fn style_media_becomes_a_media_rule() {
    assert_eq!(clean("<style media=\"print\">p{margin:0}</style>").style, "@media print{p{margin:0}}");
}

#[test]
fn style_sheets_that_load_or_run_are_refused() {
    for css in [
        "@import url(https://evil.example/a.css);",
        "@IMPORT 'a.css'; p{}",
        "@im\\70ort 'a.css';",
        "p{background:url(https://evil.example/a.png)}",
        "p{background:url('//evil.example/a.png')}",
        "p{background:u\\72l(\"https://evil.example/\")}",
        "p{background:url(a.png)}",
        "p{background:url(data:image/svg+xml,<svg/>)}",
        "p{background:image-set('https://evil.example/a.png' 1x)}",
        "p{width:expression(alert(1))}",
        "p{width:expr/**/ession(1);width:e\\78pression(1)}",
        "p{behavior:url(a.htc)}",
        "p{-moz-binding:url(a.xml)}",
        "@font-face{font-family:x;src:url(https://evil.example/f.woff)}",
    ] {
        refused_as("TEMPLATE_NOT_ALLOWED", &format!("<style>{css}</style>"));
    }
    refused_as("TEMPLATE_NOT_ALLOWED", "<p style=\"background:url(https://evil.example/x)\">x</p>");
    refused_as("PLACEHOLDER_PLACE", "<style>p{color:{{ colour }}}</style>");
    refused_as("PLACEHOLDER_PLACE", "<p style=\"color:{{ colour }}\">x</p>");
}

#[test]
fn what_runs_or_loads_is_refused() {
    for html in [
        "<script>alert(1)</script>",
        "<p onclick=\"alert(1)\">x</p>",
        "<body onload=\"alert(1)\"><p>x</p>",
        "<a href=\"javascript:alert(1)\">x</a>",
        "<a href=\"data:text/html,<p>\">x</a>",
        "<a href=\"vbscript:x\">x</a>",
        "<a href=\"//evil.example/\">x</a>",
        "<base href=\"https://evil.example/\">",
        "<meta http-equiv=\"refresh\" content=\"0;url=https://evil.example/\">",
        "<iframe src=\"https://evil.example/\"></iframe>",
        "<iframe srcdoc=\"<p>\"></iframe>",
        "<object data=\"x.swf\"></object>",
        "<embed src=\"x.swf\">",
        "<link rel=\"stylesheet\" href=\"https://evil.example/a.css\">",
        "<form action=\"https://evil.example/\"><button name=\"action\" value=\"a\">a</button></form>",
        "<form><button name=\"action\" value=\"a\" formaction=\"https://evil.example/\">a</button></form>",
        "<a href=\"https://good.example/\" target=\"_top\">x</a>",
        "<img src=\"https://evil.example/pixel.gif\">",
        "<img src=\"logo.png\">",
        "<img srcset=\"https://evil.example/a.png 2x\">",
        "<img src=\"data:image/svg+xml;base64,PHN2Zz4=\">",
        "<table background=\"https://evil.example/a.png\"><tr><td>x</td></tr></table>",
        "<video src=\"a.mp4\" poster=\"b.png\"></video>",
        "<audio src=\"a.mp3\"></audio>",
        "<svg><script>alert(1)</script></svg>",
        "<svg><foreignObject><p>x</p></foreignObject></svg>",
        "<svg><use href=\"https://evil.example/a.svg#x\"/></svg>",
        "<svg><use xlink:href=\"https://evil.example/a.svg#x\"/></svg>",
        "<svg><rect fill=\"url(https://evil.example/a.svg#x)\"/></svg>",
        "<svg><image href=\"https://evil.example/a.png\"/></svg>",
        "<svg><a href=\"javascript:alert(1)\"><text>x</text></a></svg>",
        "<svg><animate attributeName=\"href\" to=\"javascript:alert(1)\"/></svg>",
        "<svg onload=\"alert(1)\"></svg>",
    ] {
        refused_as("TEMPLATE_NOT_ALLOWED", html);
    }
}

#[test]
fn problems_say_where_they_are() {
    let reading =
        task("<h1>Hello</h1>\n<p>\n  <img alt=\"x\"\n       onerror=\"alert(1)\">{{ a..b }}</p>\n<script></script>");
    let places: Vec<_> = reading.problems.iter().map(|problem| (problem.code, problem.line, problem.column)).collect();
    assert_eq!(places, [("TEMPLATE_NOT_ALLOWED", 4, 8), ("PLACEHOLDER_SYNTAX", 4, 27), ("TEMPLATE_NOT_ALLOWED", 5, 1)]);
}

#[test]
fn problem_behind_tag_like_text_is_placed() {
    let reading = task("a < b &amp <b title='x<p'>ok</b>\n<p title={{x}}>");
    assert_eq!(codes(&reading), ["PLACEHOLDER_PLACE"]);
    assert_eq!((reading.problems[0].line, reading.problems[0].column), (2, 1));
}

#[test]
fn placeholders_are_refused_where_they_cannot_be_escaped() {
    for html in [
        "<p title={{ x }}>y</p>",
        "<p title={{x}}>y</p>",
        "<p title=a{{x}}>y</p>",
        "<p {{ x }}>y</p>",
        "<p {{x}}=\"1\">y</p>",
        "<h{{ n }}>y</h1>",
        "<{{ tag }}>y</{{ tag }}>",
        "<p title=\"{{ x | default(\"a\") }}\">y</p>",
        "<p id=\"{{ x }}\">y</p>",
        "<input name=\"{{ x }}\">",
        "<img src=\"{{ x }}\">",
        "<a href=\"https://{{ host }}/\">y</a>",
        "<a href=\"/{{ x }}\">y</a>",
        "<p title=\"{{ form }}\">y</p>",
        "<svg><path d=\"{{ x }}\"/></svg>",
        "<meta name=\"description\" content=\"{{ x }}\">",
    ] {
        refused_as("PLACEHOLDER_PLACE", html);
    }
    refused_as("TEMPLATE_NOT_ALLOWED", "<p onclick=\"{{ x }}\">y</p>");
    refused_as("TEMPLATE_NOT_ALLOWED", "<a href=\"javascript:{{ x }}\">y</a>");
}

#[test]
fn bad_placeholders_are_named() {
    refused_as("PLACEHOLDER_SYNTAX", "<p>{{ a..b }}</p>");
    refused_as("PLACEHOLDER_SYNTAX", "<p>{{ a | shout }}</p>");
    refused_as("PLACEHOLDER_SYNTAX", "<p title=\"{{ 1a }}\">x</p>");
    refused_as("PLACEHOLDER_SYNTAX", "<title>{{ }}</title>");
}

#[test]
fn other_delimiters_are_text() {
    let page = clean("<p>{% if x %} ${x} {x}</p><p>}} <b>{ {x} }</b></p>");
    assert_eq!(page.body, "<p>&#123;% if x %} $&#123;x} &#123;x}</p><p>}} <b>&#123; &#123;x} }</b></p>");
    let reading = task("<p>{{ <b>x</b> }}</p>\n<p title=\"}}\">{{ y</p><p>}}</p>");
    assert_eq!(codes(&reading), ["PLACEHOLDER_OPEN", "PLACEHOLDER_OPEN"]);
    assert_eq!(reading.page.body, "<p>&#123;&#123; <b>x</b> }}</p>\n<p title=\"}}\">&#123;&#123; y</p><p>}}</p>");
    let page = reading.page;
    assert_eq!(domain::template::Template::parse(&page.body).unwrap().placeholders().count(), 0);
}

#[test]
fn link_placeholders_are_guarded() {
    let page = clean(
        "<a href=\"{{ link | url }}\">a</a><a href=\"https://a.example/{{ id }}?q={{ q }}\">b</a>\
         <a href=\"mailto:{{ mail }}\">c</a>",
    );
    assert!(page.body.contains("href=\"{{ link | url }}\""), "{}", page.body);
    assert!(
        page.body.contains(
            "href=\"https://a.example/<!--cs:part-->{{ id }}<!--cs:end-->?q=<!--cs:part-->{{ q }}<!--cs:end-->\""
        ),
        "{}",
        page.body
    );
    assert!(page.body.contains("href=\"mailto:<!--cs:part-->{{ mail }}<!--cs:end-->\""), "{}", page.body);
    let page = clean("<a href=\"{{ link | default('https://a.example/') }}\">a</a>");
    assert!(page.body.contains("{{ link | default(\"https://a.example/\") | url }}"), "{}", page.body);
}

#[test]
fn links_of_the_allowed_kinds_are_kept() {
    let page = clean("<a href=\" https://a.example/x?y=1&amp;z=2 \" target=\"_blank\">x</a><a href=\"#top\">y</a>");
    assert!(
        page.body.contains("href=\"https://a.example/x?y=1&amp;z=2\" target=\"_blank\" rel=\"noopener noreferrer\"")
    );
    assert_eq!(codes(&task("<a href=\"help.html\">x</a>")), ["LINK_NOT_ABSOLUTE"]);
}

#[test]
fn images_inside_the_page_are_kept_up_to_their_limit() {
    let image = |bytes: usize| format!("<img alt=\"\" src=\"data:image/png;base64,{}\">", "A".repeat(bytes * 4 / 3));
    let reading = task(&image(60 * 1024));
    assert_eq!(codes(&reading), ["PAGE_TOO_BIG"]);
    assert!(!reading.has_errors());
    assert!(reading.page.body.starts_with("<img alt=\"\" src=\"data:image/png;base64,AAAA"));
    refused_as("TEMPLATE_NOT_ALLOWED", &image(66 * 1024));
}

#[test]
fn drawings_are_kept() {
    let svg = "<svg viewBox=\"0 0 16 16\" aria-hidden=\"true\"><path d=\"M9 2v3\"></path>\
               <linearGradient id=\"g\"></linearGradient><rect fill=\"url(&quot;#g&quot;)\"></rect></svg>";
    assert_eq!(clean(svg).body, svg);
}

#[test]
fn sizes_are_judged() {
    let page = |size: usize| format!("<p>{}</p>", "x".repeat(size));
    assert_eq!(codes(&task(&page(14 * 1024 - 7))), [""; 0]);
    assert_eq!(codes(&task(&page(14 * 1024))), ["PAGE_TOO_BIG"]);
    assert!(!task(&page(14 * 1024)).has_errors());
    assert!(task(&page(256 * 1024)).has_errors());
}

#[test]
fn unknown_elements_lose_their_tags_only() {
    let reading = task("<x-card><p>kept</p></x-card>");
    assert_eq!(codes(&reading), ["ELEMENT_DROPPED"]);
    assert_eq!(reading.page.body, "<p>kept</p>");
}

#[test]
fn body_attributes_stay_around_the_page() {
    assert_eq!(clean("<body class=\"dark\"><p>x</p></body>").body, "<div class=\"dark\"><p>x</p></div>");
}

#[test]
fn result_pages_and_mails_have_no_form() {
    for kind in [PageKind::Result, PageKind::Mail] {
        for html in ["<form></form>", "<input name=\"a\">", "<button>x</button>", "{{ form }}"] {
            assert!(read(html, kind).has_errors(), "{html}");
        }
    }
}

#[test]
fn line_breaks_at_the_start_of_pre_survive() {
    let page = clean("<pre>\n\ntext</pre>");
    assert_eq!(page.body, "<pre>\n\ntext</pre>");
    assert_eq!(clean("<pre>text</pre>").body, "<pre>\ntext</pre>");
}

#[test]
fn realistic_page_is_rewritten_as_expected() {
    // S0-85, S0-86. The snapshot is what recipients get before values are filled in.
    let reading = task(include_str!("../../testdata/page/supplier-approval.html"));
    assert_eq!(reading.problems, []);
    assert_eq!(reading.actions, ["Confirm", "Decline"]);
    insta::assert_snapshot!(format!(
        "{}\n\n{}\n\n{}\n\n{:#?}",
        reading.page.title.unwrap_or_default(),
        reading.page.style,
        reading.page.body,
        reading.fields.unwrap_or_default()
    ));
}

#[test]
fn page_that_grows_too_much_is_refused() {
    let reading = task(&format!("<p>{}</p>", "\"".repeat(100 * 1024)));
    assert!(reading.has_errors());
    assert_eq!(codes(&reading), ["PAGE_TOO_BIG", "PAGE_TOO_BIG"]);
}
