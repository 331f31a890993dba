//! The engine of the built-in templates: embedded at build time, escaped by default, strict about names.
//! Customers' templates never come here.

use crate::console;
use flate2::read::GzDecoder;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, ErrorKind, UndefinedBehavior, filters};
use serde::Serialize;
use std::io::Read;
use std::sync::LazyLock;

/// Steps of one rendering at most. A form of 10,000 fields, more than a page of 256 KB can bring, takes a tenth of it.
const FUEL: u64 = 20_000_000;

/// Names and sources of all templates, one after the other: `build.rs` compresses them to a quarter.
const PACKED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/templates.gz"));

/// Names and sources. They live as long as the engine that borrows them: as the process.
static TEMPLATES: LazyLock<Vec<(&str, &str)>> = LazyLock::new(|| {
    let mut text = String::new();
    GzDecoder::new(PACKED).read_to_string(&mut text).expect("the build compressed it");
    let mut parts = text.leak().split('\0');
    std::iter::from_fn(|| Some((parts.next()?, parts.next()?))).collect()
});

static ENGINE: LazyLock<Environment<'static>> = LazyLock::new(|| {
    // The engine's own hundred filters, tests and functions would be linked whether a template uses them or not.
    let mut engine = Environment::empty();
    engine.add_filter("length", filters::length);
    engine.add_filter("replace", filters::replace);
    engine.add_filter("safe", filters::safe);
    engine.add_test("none", minijinja::tests::is_none);
    engine.set_undefined_behavior(UndefinedBehavior::Strict);
    engine.set_fuel(Some(FUEL));
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    engine.set_syntax(syntax.expect("the delimiters are the engine's own"));
    engine.set_auto_escape_callback(|_| AutoEscape::Html);
    engine.set_formatter(|out, _, value| {
        if value.is_safe() {
            return write!(out, "{value}").map_err(minijinja::Error::from);
        }
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        out.write_str(&escape(&text)).map_err(minijinja::Error::from)
    });
    engine.add_function("asset", |name: &str| {
        console::assets::address(name)
            .ok_or_else(|| minijinja::Error::new(ErrorKind::InvalidOperation, format!("there is no asset {name}")))
    });
    for (name, source) in TEMPLATES.iter() {
        engine.add_template(name, source).expect("every built-in template is parsed by a test");
    }
    engine
});

/// Renders a built-in template.
pub(crate) fn render(name: &str, view: &impl Serialize) -> String {
    ENGINE
        .get_template(name)
        .and_then(|template| template.render(Value::from(Serde(view))))
        .expect("a built-in template reads only what its own view model has, within the fuel of the largest form")
}

/// Escapes text for HTML content and quoted attributes. The engine's own escaping also turns every slash into an
/// entity, which makes addresses unreadable to whoever looks at a mail's source.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + text.len() / 8);
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_embedded_template_parses() {
        for (name, _) in TEMPLATES.iter() {
            assert!(ENGINE.get_template(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn templates_use_only_the_filters_and_tests_that_the_engine_has() {
        for (name, source) in TEMPLATES.iter() {
            // What stands before the first tag is text.
            let tags = source.split("{{").flat_map(|rest| rest.split("{%")).skip(1);
            for tag in tags.filter_map(|rest| rest.split(['}', '%']).next()) {
                for filter in tag.split('|').skip(1) {
                    let word: String = filter.trim_start().chars().take_while(|c| c.is_alphanumeric()).collect();
                    assert!(["length", "replace", "safe"].contains(&word.as_str()), "{name}: {word}");
                }
                for test in tag.split(" is ").skip(1) {
                    assert!(test.trim_start_matches("not ").starts_with("none"), "{name}: {test}");
                }
            }
        }
    }

    #[test]
    fn markup_and_quotes_are_escaped_and_addresses_stay_readable() {
        assert_eq!(escape("<a href=\"x\">'&"), "&lt;a href=&quot;x&quot;&gt;&#39;&amp;");
        assert_eq!(escape("https://answer.example/t/A?b"), "https://answer.example/t/A?b");
    }
}
