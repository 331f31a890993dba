//! What a system task cannot do without: an endpoint, a query, a script, a time, recipients and something to tell them.

use crate::read::system_task::{Action, action};
use crate::read::{NodeKind, Outline, Reader};

pub(super) fn check(outline: &Outline<'_, '_>, reader: &mut Reader<'_>) {
    for node in outline.nodes.iter().filter(|node| node.kind == NodeKind::SystemTask) {
        let has = |name: &str| node.properties.get(name).is_some();
        let mut missing: Vec<&str> = Vec::new();
        let mut need = |given: bool, what| missing.extend((!given).then_some(what));
        match action(node) {
            Some(Action::Http) => need(has("Endpoint"), "Endpoint, the address of the request"),
            Some(Action::Webhook) => need(has("Endpoint") || has("to"), "to, the address of the request"),
            Some(Action::GraphQl) => {
                need(has("Endpoint"), "Endpoint, the address of the request");
                need(has("PayloadTemplate") || has("Query"), "PayloadTemplate, the text of the query");
            }
            Some(Action::JavaScript) => need(has("Script"), "Script"),
            Some(Action::Email) => {
                need(has("to"), "to, the addresses");
                need(has("body") || has("template"), "body, the text of the mail");
            }
            Some(Action::Delay) => need(has("Duration") != has("Until"), "either Duration or Until"),
            // A missing InputMapping gives an empty object; a command needs its name only.
            Some(Action::Echo | Action::Command) | None => {}
        }
        for what in missing {
            let message = format!("the {} needs {what}", node.bpmn_name());
            reader.report.error("PROPERTY_MISSING", node.at, &node.id, message);
        }
    }
}
