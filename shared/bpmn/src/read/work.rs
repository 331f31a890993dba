//! The model of an ordinary user task: who may do it, until when, how urgent, by which actions.

use super::{FlowNode, Property, Reader, actions, list, timer, value};
use domain::process::{TaskKind, When, WorkTaskModel};
use domain::time::Duration;
use domain::value::ValueExpr;
use domain::work_task::Priority;

/// Reads the model. Mistakes are in the report.
pub(crate) fn model(node: &FlowNode<'_, '_>, reader: &mut Reader<'_>) -> WorkTaskModel {
    let modelled = match actions::property(node, reader) {
        Some(property) => actions::modelled(node, property, reader),
        None => Vec::new(),
    };
    let named = |name: &str| modelled.iter().any(|action| action.name == name);
    let by_actions = if named("Approve") && named("Reject") { TaskKind::Approval } else { TaskKind::Form };
    let kind = kind(node, reader).unwrap_or(by_actions);
    let actions = if modelled.is_empty() && kind == TaskKind::Approval {
        vec![actions::named("Approve"), actions::named("Reject")]
    } else {
        modelled
    };
    WorkTaskModel {
        kind,
        actions,
        assignee: node
            .properties
            .get("Assignee")
            .and_then(|property| value::expression(&property.value, &node.id, "Assignee", reader)),
        candidate_users: names(node, "ResponsibleUsers", reader),
        candidate_groups: names(node, "ResponsibleTeams", reader),
        priority: priority(node, reader),
        due: moment(node, "DueDate", reader),
        follow_up: moment(node, "FollowUpDate", reader),
    }
}

fn kind(node: &FlowNode<'_, '_>, reader: &mut Reader<'_>) -> Option<TaskKind> {
    let property = node.properties.get("TaskKind")?;
    let text = property.value.plain();
    let kind = TaskKind::parse(&text);
    if kind.is_none() {
        let message = format!("TaskKind=\"{text}\" is not known; write form, approval, document or custom");
        reader.report.error("INVALID_VALUE", property.value.start(), &node.id, message);
    }
    kind
}

/// Each item is a literal or an expression; a whole value that is an expression is one item, whatever commas it has.
fn names(node: &FlowNode<'_, '_>, name: &'static str, reader: &mut Reader<'_>) -> Vec<ValueExpr> {
    let Some(property) = node.properties.get(name) else { return Vec::new() };
    let text = property.value.plain();
    let whole = text.starts_with('=') || ((text.starts_with("${") || text.starts_with("#{")) && text.ends_with('}'));
    let single = whole && (text.starts_with('=') || text.matches('{').count() == 1);
    if single {
        return value::expression(&property.value, &node.id, name, reader).into_iter().collect();
    }
    let items = list::items(property, &node.id, reader);
    items.iter().filter_map(|item| item_expression(item, property, node, reader)).collect()
}

fn item_expression(
    item: &str,
    property: &Property,
    node: &FlowNode<'_, '_>,
    reader: &mut Reader<'_>,
) -> Option<ValueExpr> {
    match ValueExpr::parse(item) {
        Ok(expression) => {
            value::partial(&expression, property.value.start(), &node.id, &property.name, reader);
            Some(expression)
        }
        Err(error) => {
            let message = format!("{}: \"{item}\": {}", property.name, error.message);
            reader.report.error("INVALID_EXPRESSION", property.value.start(), &node.id, message);
            None
        }
    }
}

fn priority(node: &FlowNode<'_, '_>, reader: &mut Reader<'_>) -> Option<ValueExpr> {
    let property = node.properties.get("Priority")?;
    let expression = value::expression(&property.value, &node.id, "Priority", reader)?;
    if let ValueExpr::Literal(text) = &expression
        && Priority::parse(text).is_none()
    {
        let message = format!("Priority=\"{text}\": write 0 to 100, LOW, NORMAL, HIGH or CRITICAL");
        reader.report.error("INVALID_VALUE", property.value.start(), &node.id, message);
    }
    Some(expression)
}

/// A duration from the creation, a date and time, or an expression that gives one of them.
fn moment(node: &FlowNode<'_, '_>, name: &'static str, reader: &mut Reader<'_>) -> Option<When> {
    let property = node.properties.get(name)?;
    match property.value.plain().parse::<Duration>() {
        Ok(duration) => Some(When::After(duration)),
        Err(_) => timer::date(&property.value, &node.id, name, reader),
    }
}
