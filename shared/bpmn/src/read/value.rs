//! Values of properties: literal, path, template, expression; paths, mappings, names. Turns the domain's findings
//! into diagnostics at their place.

use super::properties::IoMapping;
use super::{Property, Reader};
use crate::xml::Located;
use domain::process::Mapping;
use domain::template::Template;
use domain::value::{Expression, ValueExpr};
use domain::variables::{Path, is_reserved};
use serde::Deserialize;
use serde::de::{MapAccess, Visitor};
use std::collections::BTreeSet;

/// Reads a value on one line.
pub(crate) fn expression(value: &Located, element: &str, what: &str, reader: &mut Reader<'_>) -> Option<ValueExpr> {
    let text = value.plain();
    reader.report.steps += text.len();
    match ValueExpr::parse(&text) {
        Ok(parsed) => {
            partial(&parsed, value.start(), element, what, reader);
            Some(parsed)
        }
        Err(error) => {
            let message = format!("{what}: {}", error.message);
            reader.report.error("INVALID_EXPRESSION", value.plain_place(error.offset), element, message);
            None
        }
    }
}

/// Other engines evaluate `${...}` inside a text too. Here the text stands as it is, which its author must know.
pub(crate) fn partial(value: &ValueExpr, at: usize, element: &str, what: &str, reader: &mut Reader<'_>) {
    let ValueExpr::Literal(text) = value else { return };
    if text.contains("${") || text.contains("#{") {
        let message = format!(
            "{what}: \"{text}\" is a text as it is written, because ${{...}} is an expression only as the whole value; \
             write {{{{ path }}}} for values inside a text"
        );
        reader.report.warning("PARTIAL_EXPRESSION", at, element, message);
    }
}

/// Reads a text with `{{ }}` placeholders.
pub(crate) fn template(value: &Located, element: &str, what: &str, reader: &mut Reader<'_>) -> Option<Template> {
    let text = value.plain();
    reader.report.steps += text.len();
    match Template::parse(&text) {
        Ok(template) => Some(template),
        Err(error) => {
            let message = format!("{what}: {}", error.message);
            reader.report.error("INVALID_TEMPLATE", value.plain_place(error.offset), element, message);
            None
        }
    }
}

/// A name for a variable the process writes.
pub(crate) fn variable_name(property: &Property, element: &str, reader: &mut Reader<'_>) -> Option<String> {
    variable(&property.value, element, &property.name, reader)
}

/// The same, wherever it is written.
pub(crate) fn variable(value: &Located, element: &str, what: &str, reader: &mut Reader<'_>) -> Option<String> {
    let name = value.plain();
    let problem = match name.parse::<Path>() {
        Ok(path) if path.leaf() != name => Some("a variable name without dots and brackets is needed"),
        Ok(_) if is_reserved(&name) => Some("this name belongs to the engine; choose another"),
        Ok(_) => None,
        Err(_) => Some("that is no name of a variable; use letters, digits and _"),
    };
    if let Some(problem) = problem {
        let message = format!("{what}=\"{name}\": {problem}");
        reader.report.error("INVALID_NAME", value.start(), element, message);
        return None;
    }
    Some(name)
}

/// Reads `InputMapping` or `OutputMapping`: a JSON object of destination and source.
pub(crate) fn mapping(property: &Property, element: &str, reader: &mut Reader<'_>) -> Vec<Mapping> {
    let text = &property.value.text;
    reader.report.steps += text.len();
    let pairs = match serde_json::from_str::<Pairs>(text) {
        Ok(Pairs(pairs)) => pairs,
        Err(error) => {
            let at = property.value.place_of(error.line(), error.column());
            let message = format!(
                "{} is not a JSON object such as {{\"decision\": \"action\"}}: {}",
                property.name,
                json_problem(&error)
            );
            reader.report.error("INVALID_MAPPING", at, element, message);
            return Vec::new();
        }
    };
    let mut seen = BTreeSet::new();
    let mut mappings = Vec::new();
    for (target, source) in pairs {
        reader.report.steps += 1;
        if !seen.insert(target.clone()) {
            let message = format!("{}: the destination \"{target}\" is given twice", property.name);
            reader.report.error("INVALID_MAPPING", property.value.start(), element, message);
        }
        let line = source_text(&source).and_then(|source| line(&target, &source));
        match line {
            Ok(line) => mappings.push(line),
            Err(problem) => {
                let message = format!("{}: {problem}", property.name);
                reader.report.error("INVALID_MAPPING", property.value.start(), element, message);
            }
        }
    }
    mappings
}

/// Reads a JSON object of names and values, each value a text with placeholders, an expression or a literal.
pub(crate) fn values(property: &Property, element: &str, reader: &mut Reader<'_>) -> Vec<(String, ValueExpr)> {
    let text = &property.value.text;
    reader.report.steps += text.len();
    let pairs = match serde_json::from_str::<Pairs>(text) {
        Ok(Pairs(pairs)) => pairs,
        Err(error) => {
            let at = property.value.place_of(error.line(), error.column());
            let message =
                format!("{} is not a JSON object of names and values: {}", property.name, json_problem(&error));
            reader.report.error("INVALID_MAPPING", at, element, message);
            return Vec::new();
        }
    };
    let mut values = Vec::new();
    for (name, value) in pairs {
        reader.report.steps += 1;
        let text = match &value {
            serde_json::Value::String(text) => text.clone(),
            other @ (serde_json::Value::Null
            | serde_json::Value::Bool(_)
            | serde_json::Value::Number(_)
            | serde_json::Value::Array(_)
            | serde_json::Value::Object(_)) => other.to_string(),
        };
        match ValueExpr::parse(&text) {
            Ok(value) => values.push((name, value)),
            Err(error) => {
                let message = format!("{}: the value of \"{name}\": {}", property.name, error.message);
                reader.report.error("INVALID_MAPPING", property.value.start(), element, message);
            }
        }
    }
    values
}

/// One line of a mapping. The source is a path unless it is written as an expression or template.
pub(crate) fn line(target: &str, source: &str) -> Result<Mapping, String> {
    let target: Path = target.parse().map_err(|error: domain::variables::InvalidPath| error.to_string())?;
    if is_reserved(target.root()) {
        return Err(format!("the destination \"{target}\" belongs to the engine; choose another name"));
    }
    let what = format!("the source of \"{target}\"");
    let written = source.trim();
    let source = path_or_other(written, &what).map_err(|(problem, _)| problem)?;
    Ok(Mapping { target, source: if written.starts_with("context.") { no_text(source) } else { source } })
}

/// A source that says itself that it is a variable. A bare word alone could be a text where a process is called; an
/// expression is none. A name that no expression can hold stays a path.
fn no_text(source: ValueExpr) -> ValueExpr {
    let ValueExpr::Path(path) = &source else { return source };
    let expression = path.bare().and_then(|name| {
        let read = Expression::parse(&format!("={name}")).ok()?;
        (read.variable() == Some(name)).then_some(read)
    });
    expression.map_or(source, ValueExpr::Expression)
}

/// A value that is a path unless it is written as expression, template or quoted text.
pub(crate) fn path_or_expression(
    value: &Located,
    element: &str,
    what: &str,
    reader: &mut Reader<'_>,
) -> Option<ValueExpr> {
    let text = value.plain();
    reader.report.steps += text.len();
    match path_or_other(&text, what) {
        Ok(value) => Some(value),
        Err((problem, offset)) => {
            reader.report.error("INVALID_EXPRESSION", value.plain_place(offset), element, problem);
            None
        }
    }
}

/// The sentence of the error has its offset.
fn path_or_other(text: &str, what: &str) -> Result<ValueExpr, (String, usize)> {
    let quoted = ['"', '\''].iter().find_map(|quote| text.strip_prefix(*quote)?.strip_suffix(*quote));
    if let Some(text) = quoted {
        return Ok(ValueExpr::Literal(text.to_owned()));
    }
    if ["=", "${", "#{"].iter().any(|start| text.starts_with(start)) || text.contains("{{") {
        return ValueExpr::parse(text).map_err(|error| (format!("{what}: {}", error.message), error.offset));
    }
    text.parse::<Path>()
        .map(ValueExpr::Path)
        .map_err(|_| (format!("{what} is \"{text}\"; write a path, an expression \"=...\" or a text in 'quotes'"), 0))
}

/// One line of a vendor's mapping. Camunda 7 writes texts as they are; elsewhere a bare word is a path.
pub(crate) fn vendor_line(mapping: &IoMapping) -> Result<Mapping, String> {
    let (target, source) = (mapping.target.plain(), mapping.source.plain());
    let bare = !["=", "${", "#{"].iter().any(|start| source.trim_start().starts_with(start));
    let mut read = line(&target, if mapping.literal && bare { "''" } else { &source })?;
    if mapping.literal && bare {
        read.source = ValueExpr::Literal(source);
    }
    // Only this product's own spelling takes words for texts.
    read.source = no_text(read.source);
    Ok(read)
}

fn source_text(source: &serde_json::Value) -> Result<String, String> {
    match source {
        serde_json::Value::String(text) => Ok(text.clone()),
        serde_json::Value::Number(_) | serde_json::Value::Bool(_) | serde_json::Value::Null => Ok(format!("={source}")),
        serde_json::Value::Array(_) | serde_json::Value::Object(_) => {
            Err("a source is a path or an expression, no list and no object".to_owned())
        }
    }
}

/// What is wrong with a JSON text, without its own line and column: the diagnostic has those of the file.
pub(crate) fn json_problem(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or_else(|| text.clone(), |(problem, _)| problem.to_owned())
}

/// A JSON object with its order, and with a key that stands twice kept twice.
struct Pairs(Vec<(String, serde_json::Value)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Pairs, D::Error> {
        struct PairsVisitor;

        impl<'de> Visitor<'de> for PairsVisitor {
            type Value = Pairs;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object of destination and source")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }

        deserializer.deserialize_map(PairsVisitor)
    }
}
