//! Exclusive and inclusive gateways and the conditions of their flows.

use super::{FlowEdge, FlowNode, Reader, value};
use crate::xml::Located;
use domain::process::{Condition, ElementKind, ExclusiveGateway, InclusiveGateway};
use domain::value::ValueExpr;
use roxmltree::Node;

/// The gateway with its Condition script.
pub(crate) fn exclusive(node: &FlowNode<'_, '_>, reader: &mut Reader<'_>) -> ElementKind {
    ElementKind::ExclusiveGateway(ExclusiveGateway { condition: script(node, reader) })
}

/// The gateway with its Condition script, which may return a list.
pub(crate) fn inclusive(node: &FlowNode<'_, '_>, reader: &mut Reader<'_>) -> ElementKind {
    ElementKind::InclusiveGateway(InclusiveGateway { condition: script(node, reader) })
}

fn script(node: &FlowNode<'_, '_>, reader: &mut Reader<'_>) -> Option<String> {
    let property = node.properties.get("Condition")?;
    Some(reader.script(&property.value, &node.id, "Condition"))
}

/// The `conditionExpression` of a flow.
pub(crate) fn condition(flow: &FlowEdge<'_, '_>, reader: &mut Reader<'_>) -> Option<Condition> {
    condition_of(flow.condition?, &flow.id, "conditionExpression", reader)
}

/// A condition as an element's text: `=...` and `${...}` are expressions, everything else is script.
pub(super) fn condition_of(
    node: Node<'_, '_>,
    element: &str,
    what: &str,
    reader: &mut Reader<'_>,
) -> Option<Condition> {
    let source = Located::of_content(reader.file, node);
    if source.is_blank() || node.children().any(|child| child.is_element()) {
        let message = format!("the {what} is empty; write a condition such as =amount > 1000, or remove it");
        reader.report.error("INVALID_EXPRESSION", node.range().start, element, message);
        return None;
    }
    if ["=", "${", "#{"].iter().any(|start| source.text.trim_start().starts_with(start))
        && let ValueExpr::Expression(expression) = value::expression(&source, element, what, reader)?
    {
        return Some(Condition::Expression(ValueExpr::Expression(expression)));
    }
    Some(Condition::Script(reader.script(&source, element, what)))
}
