//! The functions of expressions. Total: an argument of the wrong kind gives null.

use super::ast::Function;
use super::evaluate::{Evaluation, is_in};
use super::term::{Moment, Term, number_of};
use crate::variables::VARIABLES_BYTES_MAX;
use serde_json::{Number, Value};

impl<'a> Evaluation<'a> {
    /// Calls a function with as many arguments as the parser has counted.
    pub(super) fn call(&mut self, function: Function, arguments: &[Term<'a>]) -> Term<'a> {
        self.result(function, arguments).unwrap_or(Term::Null)
    }

    fn result(&mut self, function: Function, arguments: &[Term<'a>]) -> Option<Term<'a>> {
        let one = || arguments.first();
        let text = |position: usize| arguments.get(position).and_then(Term::as_text);
        let now = Moment { at: self.now, whole_day: false };
        Some(match function {
            Function::Now => Term::Moment(now),
            Function::Today => Term::Moment(now.day()),
            Function::Duration => Term::Span(one()?.as_span()?),
            Function::DateAndTime => Term::Moment(Moment { whole_day: false, ..one()?.as_moment()? }),
            Function::Date => Term::Moment(one()?.as_moment()?.day()),
            Function::StringLength => Term::Number(Number::from(text(0)?.chars().count())),
            Function::Contains => Term::Bool(text(0)?.contains(text(1)?)),
            Function::StartsWith => Term::Bool(text(0)?.starts_with(text(1)?)),
            Function::EndsWith => Term::Bool(text(0)?.ends_with(text(1)?)),
            Function::UpperCase => self.text(text(0)?.to_uppercase()),
            Function::LowerCase => self.text(text(0)?.to_lowercase()),
            Function::Count => Term::Number(Number::from(count(one()?)?)),
            Function::IsEmpty => Term::Bool(one()?.is_empty()),
            Function::ListContains => {
                let list = one()?;
                count(list)?;
                Term::Bool(is_in(arguments.get(1)?, list)?)
            }
            Function::String => self.spelled(one()?)?,
            Function::Number => number(one()?)?,
        })
    }

    fn spelled(&mut self, term: &Term<'a>) -> Option<Term<'a>> {
        let mut bytes_left = VARIABLES_BYTES_MAX;
        match term.clone().into_json(&mut bytes_left)? {
            Value::Null => None,
            Value::String(text) => Some(self.text(text)),
            other @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                Some(self.text(other.to_string()))
            }
        }
    }
}

fn count(term: &Term<'_>) -> Option<usize> {
    if let Term::List(items) = term {
        Some(items.len())
    } else if let Term::Json(value) = term {
        value.as_array().map(Vec::len)
    } else {
        None
    }
}

/// A number as a form field spells it: digits with one dot, a sign, perhaps an exponent, blanks around.
fn number<'a>(term: &Term<'a>) -> Option<Term<'a>> {
    if let Term::Number(number) = term {
        return Some(Term::Number(number.clone()));
    }
    let text = term.as_text()?.trim();
    if let Ok(whole) = text.parse::<i64>() {
        return Some(Term::Number(Number::from(whole)));
    }
    // f64's parser also takes words such as "inf" and "nan".
    if !text.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b)) {
        return None;
    }
    number_of(text.parse().ok()?).map(Term::Number)
}
