//! A service or send task says exactly once what it does: a command, a type, or an endpoint.

use crate::read::system_task::{TYPES, action};
use crate::read::{NodeKind, Outline, Reader};

pub(super) fn check(outline: &Outline<'_, '_>, reader: &mut Reader<'_>) {
    for node in outline.nodes.iter().filter(|node| node.kind == NodeKind::SystemTask) {
        let properties = &node.properties;
        let (id, tag) = (&node.id, node.bpmn_name());
        if let (Some(key), Some(other)) =
            (properties.get("ConnectorKey"), properties.get("Type").or(properties.get("Endpoint")))
        {
            let message = format!(
                "{} and {} are given: the first runs a command, the second a request; keep one of them",
                key.name, other.name
            );
            reader.report.error("CONNECTOR_AND_TYPE", other.at, id, message);
            continue;
        }
        if action(node).is_some() {
            continue;
        }
        let (at, code, message) = match (tag, properties.get("messageType"), properties.get("Type")) {
            ("sendTask", Some(word), _) => {
                let written = word.value.plain();
                let message = match written.to_ascii_lowercase().as_str() {
                    "sms" | "notification" => {
                        format!("messageType=\"{written}\" has no channel yet; use email or webhook")
                    }
                    _ => format!("messageType=\"{written}\" is not known; write email or webhook"),
                };
                (word.value.start(), "UNKNOWN_TYPE", message)
            }
            ("sendTask", None, _) => {
                (node.at, "NO_ACTION", "the sendTask sends nothing; write messageType=email or webhook".to_owned())
            }
            (_, _, Some(word)) if !word.of_task_definition => {
                let message = format!("Type=\"{}\" is not known; write {TYPES}", word.value.plain());
                (word.value.start(), "UNKNOWN_TYPE", message)
            }
            (_, _, Some(_) | None) => {
                let message = format!("the {tag} does nothing; write ConnectorKey, Endpoint, or Type with {TYPES}");
                (node.at, "NO_ACTION", message)
            }
        };
        reader.report.error(code, at, id, message);
    }
}
