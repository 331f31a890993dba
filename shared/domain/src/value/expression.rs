//! An expression with its source: the form in which it is kept, stored and compared. Evaluation is in `evaluate`.

use super::InvalidExpression;
use super::ast::{Base, Node};
use super::evaluate::Evaluation;
use super::{lexer, parser};
use crate::time::Timestamp;
use crate::variables::{VARIABLES_BYTES_MAX, Variables};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use std::fmt;

/// An expression's source has at most this many characters.
pub const SOURCE_CHARS_MAX: usize = 10_000;

/// `=...`, `${...}` or `#{...}`, parsed. Stored as its source and parsed again when it is read.
#[derive(Clone, PartialEq)]
pub struct Expression {
    source: String,
    root: Node,
}

impl Expression {
    /// Reads a whole value. All three spellings are one language.
    ///
    /// # Errors
    /// What is wrong and its byte offset in `text`: syntax, an unknown function, more than
    /// [`SOURCE_CHARS_MAX`] characters or 64 levels of nesting, or a text that is no expression at all.
    pub fn parse(text: &str) -> Result<Expression, InvalidExpression> {
        let start = text.len() - text.trim_start().len();
        let fail = |message: String| InvalidExpression { message, offset: start };
        if text.chars().count() > SOURCE_CHARS_MAX {
            return Err(fail(format!("an expression has at most {SOURCE_CHARS_MAX} characters; use a script")));
        }
        let source = text.trim();
        let (inner, prefix) = if let Some(inner) = source.strip_prefix('=') {
            (inner, 1)
        } else if let Some(inner) = source.strip_prefix("${").or(source.strip_prefix("#{")) {
            (inner.strip_suffix('}').ok_or_else(|| fail("the closing } is missing".to_owned()))?, 2)
        } else {
            return Err(fail("an expression begins with = or stands between ${ and }".to_owned()));
        };
        if inner.trim().is_empty() {
            return Err(fail("the expression is empty; write for example =amount > 1000".to_owned()));
        }
        let tokens = lexer::tokens(inner, start + prefix)?;
        Ok(Expression { source: source.to_owned(), root: parser::parse(&tokens)? })
    }

    /// The text as written, without blanks around it.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The variable that it is nothing more than.
    pub fn variable(&self) -> Option<&str> {
        let Node::Access(Base::Variable(name), steps) = &self.root else { return None };
        steps.is_empty().then_some(name)
    }

    /// The value for these variables. Missing values, operands of the wrong kind, divisions by zero, texts beyond
    /// 1 MiB on the way and results beyond [`VARIABLES_BYTES_MAX`] are null.
    pub fn evaluate(&self, variables: &Variables, now: Timestamp) -> Value {
        let mut bytes_left = VARIABLES_BYTES_MAX;
        Evaluation::new(variables, now).node(&self.root).into_json(&mut bytes_left).unwrap_or(Value::Null)
    }
}

/// True where the trimmed text is one `${...}` or `#{...}` and not a text that contains some.
pub(super) fn is_braced(text: &str) -> bool {
    let Some(inner) = text.strip_prefix("${").or(text.strip_prefix("#{")) else { return false };
    let mut quote = None;
    let mut escaped = false;
    for (at, c) in inner.char_indices() {
        match quote {
            Some(_) if escaped => escaped = false,
            Some(_) if c == '\\' => escaped = true,
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None if c == '}' => return at + 1 == inner.len(),
            None if c == '"' || c == '\'' => quote = Some(c),
            None => {}
        }
    }
    // No brace closes it outside a string: an expression with a mistake, which parsing will name.
    inner.ends_with('}')
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}

impl Serialize for Expression {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.source)
    }
}

impl<'de> Deserialize<'de> for Expression {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Expression, D::Error> {
        Expression::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}
