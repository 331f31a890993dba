//! The list of deployment rules: each judges the outline of one process. How a single property is written is judged
//! by its reader, not here.

mod action_names;
mod boundary_flow;
mod bpmn_error;
mod busy_loop;
mod condition_literals;
mod conditional_flow;
mod description;
mod event_gateway;
mod flow_ends;
mod flow_id;
mod flow_lists;
mod form_key;
mod gateway_flows;
mod manual_gateway;
mod message_receiver;
mod reachable;
mod references;
mod responsible_users;
mod returned_error;
mod script_line_breaks;
mod start_event;
mod system_action;
mod system_target;
mod time_limit;
mod unmapped_answers;

use crate::read::{FlowNode, NodeKind, Outline, Reader, bpmn_children, is_bpmn};
use crate::xml::Located;
use std::borrow::Cow;

type Rule = fn(&Outline<'_, '_>, &mut Reader<'_>);

/// Every rule. A new one is a file of its own with a line here and a folder of examples in `testdata`.
const RULES: &[Rule] = &[
    start_event::check,
    system_action::check,
    system_target::check,
    references::check,
    flow_ends::check,
    flow_id::check,
    flow_lists::check,
    conditional_flow::check,
    gateway_flows::check,
    manual_gateway::check,
    event_gateway::check,
    condition_literals::check,
    reachable::check,
    busy_loop::check,
    boundary_flow::check,
    message_receiver::check,
    time_limit::check,
    description::check,
    bpmn_error::check,
    returned_error::check,
    unmapped_answers::check,
    action_names::check,
    responsible_users::check,
    form_key::check,
    script_line_breaks::check,
];

/// Runs every rule over a process.
pub(crate) fn check(outline: &Outline<'_, '_>, reader: &mut Reader<'_>) {
    for rule in RULES {
        reader.report.steps += outline.nodes.len() + outline.flows.len();
        rule(outline, reader);
    }
}

/// The scripts of a node that run on the server, with the name of the place each stands in.
fn server_scripts<'o>(node: &'o FlowNode<'_, '_>, file: &str) -> Vec<(&'static str, Cow<'o, Located>)> {
    let property = |name| node.properties.get(name).map(|property| (name, Cow::Borrowed(&property.value)));
    let mut scripts: Vec<_> = ["Script", "ServerScript"].into_iter().filter_map(property).collect();
    if node.kind == NodeKind::ScriptTask
        && let Some(body) = bpmn_children(node.node).find(|child| is_bpmn(*child, "script"))
    {
        scripts.push(("script", Cow::Owned(Located::of_content(file, body))));
    }
    scripts
}
