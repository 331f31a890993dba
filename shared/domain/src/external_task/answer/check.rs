//! Checks posted values against the fields of a page and gives them their types. Knows neither task nor process.

use crate::decision::{FieldError, Problem};
use crate::notification::Email;
use crate::process::{FieldKind, FieldModel};
use crate::variables::Variables;
use serde_json::{Number, Value};

/// Unknown fields reported at most; a hostile form has a hundred thousand.
const UNKNOWN_MAX: usize = 10;

/// The typed answers. Every refused value adds to `errors`, in the order of the fields.
pub(super) fn answers(fields: &[FieldModel], values: &Variables, errors: &mut Vec<FieldError>) -> Variables {
    let mut answers = Variables::new();
    for field in fields {
        let given = values.get(&field.name).filter(|value| !is_blank(value));
        match (given, &field.kind) {
            (None, FieldKind::Checkbox) if !field.required => {
                answers.insert(field.name.clone(), Value::Bool(false));
            }
            (None, _) if field.required => {
                errors.push(FieldError { field: field.name.clone(), problem: Problem::Required });
            }
            (None, _) => {}
            (Some(value), kind) => match typed(kind, value) {
                Ok(value) => {
                    answers.insert(field.name.clone(), value);
                }
                Err(problem) => errors.push(FieldError { field: field.name.clone(), problem }),
            },
        }
    }
    let unknown = values.keys().filter(|name| !fields.iter().any(|field| field.name == **name)).take(UNKNOWN_MAX);
    errors.extend(
        unknown.map(|name| FieldError { field: name.chars().take(100).collect(), problem: Problem::UnknownField }),
    );
    answers
}

fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(list) => list.iter().all(is_blank),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
    }
}

fn typed(kind: &FieldKind, value: &Value) -> Result<Value, Problem> {
    if let FieldKind::Choices(options) = kind {
        let list = match value {
            Value::Array(list) => list.clone(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
                vec![value.clone()]
            }
        };
        let known = list.iter().all(|item| item.as_str().is_some_and(|text| options.iter().any(|o| o == text)));
        return if known { Ok(Value::Array(list)) } else { Err(Problem::NotAChoice) };
    }
    let Value::String(text) = value else { return Err(Problem::WrongType) };
    match kind {
        FieldKind::Text { max, .. } => {
            // Browsers post CRLF for one line break typed; it counts as one character, as in the page's maxlength.
            let text = text.replace("\r\n", "\n");
            let length = text.chars().count();
            if length > *max { Err(Problem::TooLong { max: *max, length }) } else { Ok(Value::String(text)) }
        }
        FieldKind::Email => {
            let email = Email::parse(text).map_err(|_| Problem::NotAnEmail)?;
            Ok(Value::String(email.as_str().to_owned()))
        }
        FieldKind::Number { min, max } => number(text, min.as_deref(), max.as_deref()),
        FieldKind::Date => {
            let date: jiff::civil::Date = text.trim().parse().map_err(|_| Problem::NotADate)?;
            Ok(Value::String(date.to_string()))
        }
        FieldKind::Checkbox => Ok(Value::Bool(true)),
        FieldKind::Choice(options) => {
            if options.contains(text) {
                Ok(value.clone())
            } else {
                Err(Problem::NotAChoice)
            }
        }
        FieldKind::Choices(_) => Err(Problem::WrongType),
    }
}

/// Point and comma are both accepted as decimal sign; signs of thousands are not, because 1.234 has two readings.
fn number(text: &str, min: Option<&str>, max: Option<&str>) -> Result<Value, Problem> {
    let text = text.trim().replace(',', ".");
    let plain = text.len() <= 30
        && text.bytes().all(|b| b.is_ascii_digit() || b"+-.".contains(&b))
        && text.matches('.').count() <= 1;
    let parsed: f64 = text.parse().ok().filter(|_| plain).ok_or(Problem::NotANumber)?;
    let limit = |text: Option<&str>| text.and_then(|text| text.parse::<f64>().ok());
    if let Some(least) = limit(min)
        && parsed < least
    {
        return Err(Problem::TooSmall { min: min.unwrap_or_default().to_owned() });
    }
    if let Some(most) = limit(max)
        && parsed > most
    {
        return Err(Problem::TooLarge { max: max.unwrap_or_default().to_owned() });
    }
    let whole = text.parse::<i64>().ok().map(Number::from);
    whole.or_else(|| Number::from_f64(parsed)).map(Value::Number).ok_or(Problem::NotANumber)
}
