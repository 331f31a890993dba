//! Values of BPMN properties: literal, path, template or expression, recognised by how the text is written.
//! Runs no script and reads no clock.
//!
//! # Expressions
//!
//! A defined part of FEEL (DMN 1.5), with the operators of Camunda 7's expressions beside FEEL's own:
//!
//! - `or ||`, `and &&`, then one comparison `= == eq`, `!= ne`, `< lt`, `<= le`, `> gt`, `>= ge`, `in`, `between`,
//!   then `+ -`, `* / % div mod`, `**` (from the left), and the prefixes `-`, `!`, `not`, `empty`, which bind tightest;
//! - `if a then b else c` and `a ? b : c`; lists `[1, 2]`; contexts `{amount: 1, "due by": x}`, whose entries do not
//!   see one another; strings in double or single quotes with JSON's escapes;
//! - variables `name`, `context.name`, `a.b[0].c`, `a["b-c"]`. List items count from **0**, as in the product's
//!   paths and scripts, where FEEL counts from 1. A hyphen is always a minus;
//! - the functions of FEEL `now`, `today`, `duration`, `date and time`, `date`, `string length`, `contains`,
//!   `starts with`, `ends with`, `upper case`, `lower case`, `count`, `is empty`, `list contains`, `string`, `number`.
//!
//! `and`, `or` and `not` know three values; what has no value or operands of different kinds is null. Numbers are
//! f64, and whole ones are written as integers. Moments are in UTC and become JSON strings; beside a moment or a
//! duration a string is read as one. A day plus hours is a moment, so that no hour is lost.

mod ast;
mod evaluate;
mod expression;
mod functions;
mod lexer;
mod parser;
mod term;
#[cfg(test)]
mod tests;

pub use expression::{Expression, SOURCE_CHARS_MAX};

use crate::template::Template;
use crate::time::Timestamp;
use crate::variables::{Path, Variables};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A property value, read at deployment and evaluated when the element is reached.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ValueExpr {
    /// Text as written.
    Literal(String),
    /// The whole value is a path that begins with `context.`.
    Path(Path),
    /// The text contains `{{ }}`.
    Template(Template),
    /// The whole value is `=...`, `${...}` or `#{...}`.
    #[serde(rename = "x")]
    Expression(Expression),
}

/// A value that cannot be read, with its place in the text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct InvalidExpression {
    /// What is wrong and what to write.
    pub message: String,
    /// Byte offset in the whole value.
    pub offset: usize,
}

impl ValueExpr {
    /// Reads a property value by how it is written. A text that only contains `${...}` somewhere is a literal.
    ///
    /// # Errors
    /// An expression or a placeholder that cannot be read; nothing else is refused.
    pub fn parse(text: &str) -> Result<ValueExpr, InvalidExpression> {
        let trimmed = text.trim();
        if trimmed.starts_with('=') || expression::is_braced(trimmed) {
            return Expression::parse(text).map(ValueExpr::Expression);
        }
        if trimmed.starts_with("context.")
            && let Ok(path) = trimmed.parse()
        {
            return Ok(ValueExpr::Path(path));
        }
        let template = Template::parse(text)
            .map_err(|invalid| InvalidExpression { message: invalid.message, offset: invalid.offset })?;
        let live = template.placeholders().next().is_some();
        Ok(if live { ValueExpr::Template(template) } else { ValueExpr::Literal(text.to_owned()) })
    }

    /// The value; a missing variable is null. Never fails: what cannot be computed is null.
    pub fn evaluate(&self, variables: &Variables, now: Timestamp) -> Value {
        match self {
            ValueExpr::Literal(text) => Value::String(text.clone()),
            ValueExpr::Path(path) => path.get(variables).cloned().unwrap_or(Value::Null),
            ValueExpr::Template(template) => Value::String(template.render_plain(variables)),
            ValueExpr::Expression(expression) => expression.evaluate(variables, now),
        }
    }
}
