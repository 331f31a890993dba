//! Variables for a model that nobody wrote an expectation for: what its expressions read, with values that make the
//! first comparison of each hold. Reads the compiled process only.

use domain::process::{Condition, ElementKind, Process, Timer, Trigger, Turns, When};
use domain::value::ValueExpr;
use domain::variables::{Variables, is_reserved};
use serde_json::{Value, json};

/// Words of the expression language that are no variables.
const WORDS: [&str; 22] = [
    "and",
    "or",
    "not",
    "empty",
    "eq",
    "ne",
    "lt",
    "le",
    "gt",
    "ge",
    "div",
    "mod",
    "true",
    "false",
    "null",
    "if",
    "then",
    "else",
    "in",
    "between",
    "loopCounter",
    "context",
];

/// What a multi-instance activity tells by itself.
const TURNS: [&str; 3] = ["nrOfInstances", "nrOfCompletedInstances", "nrOfActiveInstances"];

/// The variables that a process reads.
pub fn variables(process: &Process) -> Variables {
    let mut found = Variables::new();
    for element in &process.elements {
        if let Some(model) = &element.multi_instance {
            match &model.turns {
                Turns::Collection(list) => whole(list, &json!(["a", "b"]), &mut found),
                Turns::Cardinality(number) => whole(number, &json!(2), &mut found),
            }
            if let Some(Condition::Expression(condition)) = &model.completion {
                whole(condition, &json!(true), &mut found);
            }
        }
        if let Some((Trigger::Timer(Timer::Once(When::Expression(time))), _)) = element.kind.trigger() {
            whole(time, &json!("PT1H"), &mut found);
        }
        if let ElementKind::CallActivity(call) = &element.kind {
            call.input_mapping.iter().for_each(|mapping| whole(&mapping.source, &json!("text"), &mut found));
        }
    }
    for flow in &process.flows {
        if let Some(Condition::Expression(condition)) = &flow.condition {
            whole(condition, &json!(true), &mut found);
        }
    }
    // Told by the engine, not by who starts.
    found.retain(|name, _| !is_reserved(name) && !TURNS.contains(&name.as_str()));
    found
}

/// One expression. `alone`: the value of a variable that is compared with nothing.
fn whole(expression: &ValueExpr, alone: &Value, found: &mut Variables) {
    match expression {
        ValueExpr::Expression(expression) => scan(expression.source(), alone, found),
        ValueExpr::Path(path) => {
            found.entry(path.root()).or_insert_with(|| alone.clone());
        }
        ValueExpr::Literal(_) | ValueExpr::Template(_) => {}
    }
}

/// The names of an expression, each with the value that it is first compared with.
fn scan(source: &str, alone: &Value, found: &mut Variables) {
    let tokens = tokens(source);
    for (at, token) in tokens.iter().enumerate() {
        let name = token.starts_with(|c: char| c.is_alphabetic() || c == '_');
        let inside = at > 0 && tokens[at - 1] == ".";
        let call = tokens.get(at + 1).is_some_and(|next| next == "(");
        if !name || inside || call || WORDS.contains(&token.as_str()) {
            continue;
        }
        let mut path = vec![token.clone()];
        let mut end = at + 1;
        while let (Some(first), Some(second)) = (tokens.get(end), tokens.get(end + 1)) {
            let taken = match first.as_str() {
                "." => 2,
                "[" => 3,
                _ => break,
            };
            path.push(second.clone());
            end += taken;
        }
        let value = compared(tokens.get(end), tokens.get(end + 1)).unwrap_or_else(|| alone.clone());
        let nested = path[1..].iter().rev().fold(value, |inner, step| match step.parse::<usize>() {
            Ok(index) => Value::Array(vec![inner; index + 1]),
            Err(_) => json!({ step.as_str(): inner }),
        });
        found.entry(path[0].clone()).or_insert(nested);
    }
}

/// A value for which a comparison with a literal holds.
fn compared(operator: Option<&String>, literal: Option<&String>) -> Option<Value> {
    let literal = literal?;
    let quoted = literal.strip_prefix(['"', '\'']).and_then(|text| text.strip_suffix(['"', '\'']));
    let value = match quoted {
        Some(text) => json!(text),
        None => serde_json::from_str(literal).ok()?,
    };
    match (operator?.as_str(), value.as_i64()) {
        ("=" | "==" | "eq" | "<=" | "le" | ">=" | "ge", _) => Some(value),
        (">" | "gt", Some(number)) => Some(json!(number + 1)),
        ("<" | "lt", Some(number)) => Some(json!(number - 1)),
        ("!=" | "ne", _) => Some(json!("another")),
        (_, _) => None,
    }
}

fn tokens(source: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    let mut rest = source.trim_start_matches(['$', '#', '{', '=']);
    while let Some(first) = rest.chars().next() {
        let length = if first == '"' || first == '\'' {
            rest[1..].find(first).map_or(rest.len(), |end| end + 2)
        } else if first.is_alphanumeric() || first == '_' {
            rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())
        } else if "=!<>&|".contains(first) {
            rest.find(|c: char| !"=!<>&|".contains(c)).unwrap_or(rest.len())
        } else {
            first.len_utf8()
        };
        let (token, behind) = rest.split_at(length);
        if !first.is_whitespace() {
            tokens.push(token.to_owned());
        }
        rest = behind;
    }
    tokens
}
