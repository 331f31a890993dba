//! People leave and fall ill; a team stays. A task for named persons alone waits when they are away.

use crate::read::{NodeKind, Outline, Reader};

pub(super) fn check(outline: &Outline<'_, '_>, reader: &mut Reader<'_>) {
    for node in outline.nodes.iter().filter(|node| node.kind == NodeKind::UserTask && !node.is_external()) {
        let Some(users) = node.properties.get("ResponsibleUsers") else { continue };
        if node.properties.get("ResponsibleTeams").is_none() {
            let message = "the task is for named persons only and waits while they are away; add ResponsibleTeams";
            reader.report.warning("USERS_WITHOUT_TEAM", users.at, &node.id, message);
        }
    }
}
