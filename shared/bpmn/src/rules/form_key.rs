//! A decision needs something to decide on: an approval without a form shows its context only.

use crate::read::{NodeKind, Outline, Reader};

pub(super) fn check(outline: &Outline<'_, '_>, reader: &mut Reader<'_>) {
    for node in outline.nodes.iter().filter(|node| node.kind == NodeKind::UserTask && !node.is_external()) {
        let actions = ["Actions", "UserActions"].iter().find_map(|name| node.properties.plain(name));
        let named = |wanted: &str| {
            let actions = actions.as_deref().unwrap_or_default();
            actions.split([',', '[', ']', '"']).any(|item| item.split('|').next().unwrap_or_default().trim() == wanted)
        };
        let kind = node.properties.plain("TaskKind");
        let approval = match kind {
            Some(kind) => kind.eq_ignore_ascii_case("approval"),
            None => named("Approve") && named("Reject"),
        };
        if approval && node.properties.get("FormKey").is_none() {
            let message = "the approval has no FormKey: whoever decides sees no form; name one";
            reader.report.warning("FORM_KEY_MISSING", node.at, &node.id, message);
        }
    }
}
