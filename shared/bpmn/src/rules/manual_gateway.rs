//! A gateway asks nobody: one that is written like a question to a person would decide without the answer.

use crate::read::{Outline, Reader};

/// What makes a gateway a question where such gateways exist.
const ASKING: &[&str] = &[
    "FormKey",
    "UserActions",
    "Actions",
    "ResponsibleTeams",
    "ResponsibleUsers",
    "ResponsibleTeam",
    "ResponsibleUser",
];

pub(super) fn check(outline: &Outline<'_, '_>, reader: &mut Reader<'_>) {
    for gateway in outline.nodes.iter().filter(|node| node.kind.decides()) {
        // With a Condition it decides by itself, and means to.
        if gateway.properties.get("Condition").is_some() {
            continue;
        }
        // They mean nothing on a gateway and have become headers.
        let headers = gateway.properties.headers.iter().filter(|(_, value)| !value.is_empty());
        let is_asking = |name: &String| ASKING.iter().any(|known| known.eq_ignore_ascii_case(name));
        let names: Vec<&str> =
            headers.map(|(name, _)| name).filter(|name| is_asking(name)).map(String::as_str).collect();
        if names.is_empty() {
            continue;
        }
        let message = format!(
            "the gateway would ask a person ({}), which no gateway does here: put a user task with these UserActions \
             before the gateway, let the flows' conditions ask userAction, and remove the properties from the gateway",
            names.join(", ")
        );
        reader.report.error("MANUAL_GATEWAY", gateway.at, &gateway.id, message);
    }
}
