//! Templates: which braces are live, filters, plain rendering, and what is refused where.

use crate::template::{Filter, Placeholder, Segment, Template, plain_text};
use crate::variables::Variables;
use proptest::prelude::*;
use serde_json::{Value, json};

fn variables() -> Variables {
    let value = json!({
        "name": "Ada", "amount": 12.5, "whole": 3, "yes": true, "nothing": null, "blank": "",
        "items": [{"label": "pen"}, {"label": "ink"}], "braces": "{{ name }}", "html": "<b>&\"'</b>",
    });
    let Value::Object(map) = value else { unreachable!("an object is written above") };
    map
}

fn render(text: &str) -> String {
    Template::parse(text).unwrap_or_else(|e| panic!("{text}: {e}")).render_plain(&variables())
}

#[test]
fn placeholders_show_variables_as_a_reader_expects_them() {
    let table = [
        ("", ""),
        ("no placeholder", "no placeholder"),
        // S4-79: the prefix may be left out.
        ("Dear {{ name }},", "Dear Ada,"),
        ("{{context.name}}", "Ada"),
        ("{{name}}{{whole}}", "Ada3"),
        ("{{\n name\t}}", "Ada"),
        ("{{ amount }} {{ yes }} [{{ nothing }}] [{{ missing.deep }}]", "12.5 true [] []"),
        ("{{ items[1].label }}", "ink"),
        ("{{ items[9].label }}", ""),
        ("{{ items }}", r#"[{"label":"pen"},{"label":"ink"}]"#),
        // A value is never read as a template again.
        ("{{ braces }}", "{{ name }}"),
        ("{{ html }}", "<b>&\"'</b>"),
        ("Größe: {{ name }} €", "Größe: Ada €"),
    ];
    for (text, expected) in table {
        assert_eq!(render(text), expected, "{text}");
    }
}

#[test]
fn filters_apply_in_their_order() {
    let table = [
        ("{{ name | upper }}", "ADA"),
        ("{{ name|lower }}", "ada"),
        ("{{ missing | default(\"you\") }}", "you"),
        ("{{ blank | default('you') }}", "you"),
        ("{{ nothing | default(\"you\") | upper }}", "YOU"),
        ("{{ missing | upper | default(\"you\") }}", "you"),
        ("{{ name | default(\"you\") }}", "Ada"),
        ("{{ missing | default(\"\") }}", ""),
        ("{{ missing | default(\"a | b\") }}", "a | b"),
        ("{{ missing | default(\"it's\") }}", "it's"),
        ("{{ missing | default( \"spaced\" ) }}", "spaced"),
        ("{{ amount | number }} {{ name | date }} {{ name | url }}", "12.5 Ada Ada"),
    ];
    for (text, expected) in table {
        assert_eq!(render(text), expected, "{text}");
    }
    let template = Template::parse("{{ a | date | default(\"-\") }}").unwrap();
    let filters: Vec<&Filter> = template.placeholders().flat_map(|placeholder| &placeholder.filters).collect();
    assert_eq!(filters, [&Filter::Date, &Filter::Default("-".to_owned())]);
}

#[test]
fn other_delimiters_and_open_braces_are_plain_text() {
    for text in [
        "{ name }",
        "{% if name %}",
        "<%= name %>",
        "${name}",
        "#{name}",
        "[[name]]",
        "{{ name",
        "{{",
        "}}",
        "name }}",
        "}} {{",
        "{# no #}",
        "{ { name } }",
    ] {
        assert_eq!(render(text), text);
        assert_eq!(Template::parse(text).unwrap(), Template::literal(text));
    }
}

#[test]
fn what_is_no_placeholder_is_refused_at_its_place() {
    let table = [
        ("{{}}", 0, "is no placeholder"),
        ("{{ }}", 0, "is no placeholder"),
        ("Hi {{ a b }}", 3, "is no placeholder"),
        ("é {{ name }} {{ 1 + 1 }}", 14, "is no placeholder"),
        ("{{ __import__('os') }}", 0, "is no placeholder"),
        ("{{ a.__class__() }}", 0, "is no placeholder"),
        ("{{{ name }}}", 0, "is no placeholder"),
        ("{{ | upper }}", 0, "is no placeholder"),
        ("{{ name | shout }}", 0, "\"shout\" is no filter"),
        ("{{ name | }}", 0, "is no filter"),
        ("{{ name || upper }}", 0, "is no filter"),
        ("{{ name | default }}", 0, "is no filter"),
        ("{{ name | default(you) }}", 0, "is no filter"),
        ("{{ name | default(\"a\", \"b\") }}", 0, "is no filter"),
        ("{{ name | default(\"open }}", 0, "is no filter"),
        ("{{ name | upper() }}", 0, "is no filter"),
    ];
    for (text, offset, sentence) in table {
        let refused = Template::parse(text).expect_err(text);
        assert!(refused.message.contains(sentence), "{text}: {}", refused.message);
        assert_eq!(refused.offset, offset, "{text}");
    }
}

#[test]
fn render_gives_each_placeholder_to_the_caller_and_no_text() {
    let template = Template::parse("<i>{{ html }}</i>{{ name }}").unwrap();
    let shown = template.render(|placeholder| format!("[{}]", placeholder.path));
    assert_eq!(shown, "<i>[html]</i>[name]");
}

#[test]
fn a_template_comes_back_equal_from_its_stored_form() {
    for text in ["", "plain", "{{ a }}", "x {{ a.b[0] | default(\"y\") | upper }} z", "{{ open"] {
        let template = Template::parse(text).unwrap();
        let stored = serde_json::to_string(&template).unwrap();
        assert_eq!(serde_json::from_str::<Template>(&stored).unwrap(), template, "{stored}");
    }
    assert!(serde_json::from_str::<Template>(r#"[{"Value":{"path":"a b"}}]"#).is_err());
}

#[test]
fn json_values_as_plain_text() {
    let table = [
        (Value::Null, ""),
        (json!(true), "true"),
        (json!(1), "1"),
        (json!(1.0), "1.0"),
        (json!("a \"b\""), "a \"b\""),
        (json!([1, "a"]), "[1,\"a\"]"),
        (json!({"a": null}), "{\"a\":null}"),
    ];
    for (value, expected) in table {
        assert_eq!(plain_text(&value), expected);
    }
}

/// The text a template was read from, up to blanks inside of braces.
fn written(template: &Template) -> String {
    template.render(|Placeholder { path, filters }| {
        let filters: String = filters
            .iter()
            .map(|filter| match filter {
                Filter::Date => " | date".to_owned(),
                Filter::Number => " | number".to_owned(),
                Filter::Upper => " | upper".to_owned(),
                Filter::Lower => " | lower".to_owned(),
                Filter::Url => " | url".to_owned(),
                Filter::Default(text) if text.contains('"') => format!(" | default('{text}')"),
                Filter::Default(text) => format!(" | default(\"{text}\")"),
            })
            .collect();
        format!("{{{{ {path}{filters} }}}}")
    })
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused_and_reads_the_same_again(text in ".{0,60}", near in "[{}a.|() \"'upper\\[0\\]]{0,40}") {
        for text in [text, near] {
            match Template::parse(&text) {
                Ok(template) => {
                    prop_assert_eq!(&Template::parse(&written(&template)).unwrap(), &template);
                    template.render_plain(&variables());
                }
                Err(refused) => prop_assert!(text[refused.offset..].starts_with("{{")),
            }
        }
    }

    #[test]
    fn text_without_braces_is_rendered_as_it_is(before in "[^{]{0,40}", after in "[^{]{0,40}") {
        prop_assert_eq!(render(&before), before.as_str());
        let both = format!("{before}{{{{ name }}}}{after}");
        prop_assert_eq!(render(&both), format!("{before}Ada{after}"));
        let segments = usize::from(!before.is_empty()) + 1 + usize::from(!after.is_empty());
        let template = Template::parse(&both).unwrap();
        prop_assert_eq!(template.0.len(), segments);
        let texts = template.0.iter().filter(|segment| matches!(segment, Segment::Text(_))).count();
        prop_assert_eq!(texts, segments - 1);
    }
}
