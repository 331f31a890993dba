//! Pages are read by the reader of deployments and rendered here: what matters is what both make of hostile values.

mod hostile;

use super::*;
use bpmn::page::{PageKind, read};
use serde_json::json;

const LINK: &str = "http://127.0.0.1:3000/t/AbC";

/// Data of a demo task around the given form context.
fn data(context: Value) -> Variables {
    let mut data = context.as_object().cloned().unwrap_or_default();
    data.insert(
        "task".to_owned(),
        json!({"name": "Approve order", "reference": null, "link": LINK, "expiresAt": "2026-12-03T22:59:00Z"}),
    );
    data.insert("recipient".to_owned(), json!({"email": "ada@supplier.example", "name": "Ada"}));
    data
}

fn context<'a>(data: &'a Variables) -> Context<'a> {
    Context {
        data,
        link: LINK,
        language: Lang::En,
        time_zone: "Europe/Oslo",
        hidden: "<input type=\"hidden\" name=\"page\" value=\"p\">",
        form: "<form method=\"post\">F</form>",
        buttons: "<div class=\"acts\">B</div>",
        values: &NO_VALUES,
        errors: &[],
    }
}

fn page(source: &str) -> CustomerPage {
    let reading = read(source, PageKind::Task);
    assert!(!reading.has_errors(), "{source}\n{:?}", reading.problems);
    reading.page
}

/// Renders a page without form at its end.
fn shown(source: &str, values: Value) -> Rendered {
    let data = data(values);
    render(&page(source), &Context { form: "", ..context(&data) })
}

#[test]
fn values_are_shown_bare_and_below_context() {
    // S0-80
    let values = json!({"order": {"number": 7, "lines": [{"name": "Rail"}]}, "urgent": true});
    let html = shown("<p>{{ order.number }} {{ context.order.lines[0].name }} {{ urgent }}</p>", values).html;
    assert_eq!(html, "<p>7 Rail true</p>");
}

#[test]
fn facts_of_the_task_are_shown() {
    let rendered = shown(
        "<title>{{ task.name }} for {{ recipient.name }}</title><p>{{ task.reference }}{{ recipient.email }}, \
         {{ task.expiresAt }} <a href=\"{{ task.link }}\">open</a></p>",
        json!({}),
    );
    assert_eq!(rendered.title.as_deref(), Some("Approve order for Ada"));
    assert!(
        rendered.html.starts_with("<p>ada@supplier.example, 3 December 2026, 23:59 <a href=\""),
        "{}",
        rendered.html
    );
    assert!(rendered.html.contains(&format!("href=\"{LINK}\"")), "{}", rendered.html);
    assert_eq!(rendered.missing, [""; 0]);
}

#[test]
fn filters_use_the_readers_language_and_zone() {
    let values = json!({"day": "2026-11-30", "at": "2026-11-30T23:30:00Z", "sum": 18240.5, "who": "ada"});
    let source =
        "<p>{{ day | date }}|{{ at | date }}|{{ sum | number }}|{{ who | upper }}|{{ gone | default('none') }}</p>";
    let html = shown(source, values.clone()).html;
    assert_eq!(html, "<p>30 November 2026|1 December 2026, 00:30|18,240.5|ADA|none</p>");
    let data = data(values);
    let german = Context { form: "", language: Lang::De, ..context(&data) };
    assert!(render(&page(source), &german).html.starts_with("<p>30. November 2026|"));
    // What is no date or number is shown as it is.
    assert_eq!(shown("<p>{{ x | date }}{{ x | number }}</p>", json!({"x": "soon"})).html, "<p>soonsoon</p>");
}

#[test]
fn missing_values_are_empty_and_told() {
    let rendered = shown("<p>{{ a.b }}{{ c }}{{ d | default('x') }}{{ a.b }}</p>", json!({"c": null}));
    assert_eq!(rendered.html, "<p>x</p>");
    assert_eq!(rendered.missing, ["a.b", "c"]);
}

#[test]
fn addresses_are_shown_only_when_they_are_harmless() {
    for (value, expected) in [
        ("https://a.example/x?y=1&z", "https://a.example/x?y=1&amp;z"),
        ("HTTPS://a.example", "HTTPS://a.example"),
        ("mailto:a@b.example", "mailto:a@b.example"),
        (LINK, LINK),
        ("http://127.0.0.1:3000/t/other", ""),
        ("http://a.example", ""),
        ("javascript:alert(1)", ""),
        ("https://", ""),
        ("https:///x", ""),
        ("https:\\\\evil.example", ""),
        ("https://a.example/\" onclick=\"x", ""),
        ("//evil.example", ""),
        ("data:text/html,x", ""),
        ("/relative", ""),
    ] {
        let html = shown("<a href=\"{{ x }}\">y</a>", json!({"x": value})).html;
        assert_eq!(html, format!("<a href=\"{expected}\" rel=\"noopener noreferrer\">y</a>"), "{value}");
    }
}

#[test]
fn values_inside_an_address_cannot_change_it() {
    let source = "<a href=\"https://a.example/o/{{ id }}?m={{ mail }}\">y</a>";
    let html = shown(source, json!({"id": "7\" x?#&%é", "mail": "a@b.example&admin=1"})).html;
    assert!(html.contains("https://a.example/o/7%22%20x%3F%23%26%25%C3%A9?m=a@b.example%26admin%3D1\""), "{html}");
}

#[test]
fn right_to_left_and_control_characters_cannot_turn_the_page() {
    let html = shown("<p>{{ x }}</p>", json!({"x": "a\u{202e}b\u{0}\u{7}\u{200b}c\nd"})).html;
    assert_eq!(html, "<p>abc\nd</p>");
    let html = shown("<p title=\"{{ x }}\">y</p>", json!({"x": "שלום"})).html;
    assert_eq!(html, "<p title=\"\u{2068}שלום\u{2069}\">y</p>");
}

#[test]
fn form_goes_to_its_place() {
    let data = data(json!({}));
    assert_eq!(render(&page("<p>a</p>"), &context(&data)).html, "<p>a</p><form method=\"post\">F</form>");
    assert_eq!(
        render(&page("<p>a</p>{{ form }}<p>b</p>"), &context(&data)).html,
        "<p>a</p><form method=\"post\">F</form><p>b</p>"
    );
    assert_eq!(
        render(&page("<form><p>own</p></form>"), &context(&data)).html,
        "<form method=\"post\"><input type=\"hidden\" name=\"page\" value=\"p\"><p>own</p><div class=\"acts\">B</div></form>"
    );
}

const OWN_FORM: &str = "<form>\
    <label for=\"n\">Name</label><input id=\"n\" name=\"name\" value=\"{{ order.contact }}\" aria-describedby=\"h\">\
    <fieldset><legend>Condition</legend><label><input type=\"radio\" name=\"c\" value=\"good\" checked>Good</label>\
    <label><input type=\"radio\" name=\"c\" value=\"a&amp;b\">Worn</label></fieldset>\
    <label>Note <textarea name=\"note\">preset</textarea></label>\
    <label>Kind <select name=\"kind\"><option>x</option><option selected>y</option></select></label>\
    <label><input type=\"checkbox\" name=\"agree\">Agree</label></form>";

#[test]
fn own_form_shows_its_presets_on_the_first_visit() {
    let data = data(json!({"order": {"contact": "Ada \"A\" <L>"}}));
    let html = render(&page(OWN_FORM), &context(&data)).html;
    assert!(html.contains("aria-describedby=\"h\" maxlength=\"2000\" value=\"Ada &quot;A&quot; &lt;L&gt;\""), "{html}");
    assert!(html.contains("value=\"good\" id=\"q-c\" checked>"), "{html}");
    assert!(html.contains(">\npreset</textarea>"), "{html}");
    assert!(html.contains("<option value=\"y\" selected>"), "{html}");
    assert!(!html.contains("data-cs") && !html.contains("<!--") && !html.contains("aria-invalid"), "{html}");
}

#[test]
fn own_form_shows_a_refused_answer_again() {
    // E-08
    let data = data(json!({"order": {"contact": "Ada"}}));
    let values = json!({"name": "<b>\"x\"", "c": "a&b", "note": "\ntwo </textarea>", "agree": "on"});
    let errors = [("name".to_owned(), "Enter <a name>".to_owned()), ("c".to_owned(), "Choose".to_owned())];
    let page = page(OWN_FORM);
    let values = values.as_object().expect("it is an object");
    let rendered = render(&page, &Context { values, errors: &errors, ..context(&data) });
    let html = &rendered.html;
    for part in [
        "<span class=\"err\" id=\"e-name\">Enter &lt;a name&gt;</span><input id=\"n\"",
        "aria-describedby=\"h e-name\" aria-invalid=\"true\"",
        "value=\"&lt;b&gt;&quot;x&quot;\"",
        "<fieldset aria-describedby=\"e-c\"><legend>Condition</legend><span class=\"err\" id=\"e-c\">Choose</span>",
        "value=\"a&amp;b\" id=\"q-c-2\" checked>",
        "value=\"good\" id=\"q-c\">",
        ">\n\ntwo &lt;/textarea&gt;</textarea>",
        "<option value=\"y\">",
        "name=\"agree\" id=\"q-agree\" checked>",
    ] {
        assert!(html.contains(part), "{part}\n{html}");
    }
    assert!(!html.contains("preset"), "{html}");
    assert!(rendered.style.contains("span.err"), "{}", rendered.style);
}

#[test]
fn error_summary_can_link_to_own_fields() {
    let controls = own_controls(&page(OWN_FORM));
    let expected = [("name", "n"), ("c", "q-c"), ("note", "q-note"), ("kind", "q-kind"), ("agree", "q-agree")];
    assert_eq!(controls, expected.map(|(name, id)| (name.to_owned(), id.to_owned())));
    assert_eq!(own_controls(&page("<p>x</p>")), []);
}

#[test]
fn marks_in_texts_of_filters_are_text() {
    let html = shown("<p>{{ x | default('&lt;!--cs:form--> data-cs-on=\"checked a=b\"') }}</p>", json!({})).html;
    assert_eq!(html, "<p>&lt;!--cs:form--&gt; data-cs-on=&quot;checked a=b&quot;</p>");
    // A value that looks like a placeholder is not read again.
    assert_eq!(shown("<p>{{ x }}</p>", json!({"x": "{{ recipient.email }}"})).html, "<p>{{ recipient.email }}</p>");
}

#[test]
fn output_is_limited_and_stays_whole() {
    let source = format!("<ul>{}</ul>", "<li>{{ x }}</li>".repeat(10));
    let rendered = shown(&source, json!({"x": "a".repeat(100 * 1024)}));
    assert!(rendered.cut_off);
    assert!(rendered.html.len() <= OUTPUT_BYTES_MAX);
    assert_eq!(rendered.html.matches("</li>").count(), 10);
    assert!(rendered.html.ends_with("<li></li></ul>"));
    assert!(!shown(&source, json!({"x": "a"})).cut_off);
}

#[test]
fn mails_carry_their_style() {
    let reading = read("<style>a{color:red}</style><p style=\"margin:0\">Hi {{ x }}</p>", PageKind::Mail);
    let data = data(json!({"x": "<Ada>"}));
    let context = context(&data);
    let rendered = render(&reading.page, &Context { form: "", ..context });
    assert_eq!(rendered.html, "<p style=\"margin:0\">Hi &lt;Ada&gt;</p>");
    assert_eq!(rendered.style, "a{color:red}");
}
