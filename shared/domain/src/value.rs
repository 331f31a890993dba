//! Values of BPMN properties: literal, path, template or expression, recognised by how the text is written.

use crate::template::Template;
use crate::time::Timestamp;
use crate::variables::{Path, Variables};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A property value, read at deployment and evaluated when the element is reached.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ValueExpr {
    /// Text as written.
    Literal(String),
    /// The whole value is a path that begins with `context.`.
    Path(Path),
    /// The text contains `{{ }}`.
    Template(Template),
}

impl ValueExpr {
    /// The value; a missing variable is null.
    pub fn evaluate(&self, variables: &Variables, _now: Timestamp) -> Value {
        match self {
            ValueExpr::Literal(text) => Value::String(text.clone()),
            ValueExpr::Path(path) => path.get(variables).cloned().unwrap_or(Value::Null),
            ValueExpr::Template(template) => Value::String(template.render_plain(variables)),
        }
    }
}
