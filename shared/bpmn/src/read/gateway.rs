//! Exclusive and inclusive gateways and the conditions of their flows.

use super::{FlowEdge, FlowNode, Reader, value};
use crate::xml::Located;
use domain::process::{Condition, ElementKind, ExclusiveGateway, InclusiveGateway};
use domain::value::ValueExpr;

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

/// The `conditionExpression` of a flow: `=...` and `${...}` are expressions, everything else is script.
pub(crate) fn condition(flow: &FlowEdge<'_, '_>, reader: &mut Reader<'_>) -> Option<Condition> {
    let node = flow.condition?;
    let source = Located::of_content(reader.file, node);
    if source.is_blank() || node.children().any(|child| child.is_element()) {
        let message = "the conditionExpression is empty; write a condition such as =amount > 1000, or remove it";
        reader.report.error("INVALID_EXPRESSION", node.range().start, &flow.id, message);
        return None;
    }
    if let Some(ValueExpr::Expression(expression)) = braced(&source, flow, reader)? {
        return Some(Condition::Expression(ValueExpr::Expression(expression)));
    }
    Some(Condition::Script(reader.script(&source, &flow.id, "conditionExpression")))
}

/// The value behind `=`, `${` or `#{`; the inner `None` where the text is script, the outer where it is broken.
fn braced(source: &Located, flow: &FlowEdge<'_, '_>, reader: &mut Reader<'_>) -> Option<Option<ValueExpr>> {
    if !["=", "${", "#{"].iter().any(|start| source.text.trim_start().starts_with(start)) {
        return Some(None);
    }
    value::expression(source, &flow.id, "conditionExpression", reader).map(Some)
}
