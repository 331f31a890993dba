//! People who find a task in a list need to read what it is about.

use crate::read::{NodeKind, Outline, Reader, bpmn_children, is_bpmn};

pub(super) fn check(outline: &Outline<'_, '_>, reader: &mut Reader<'_>) {
    for node in outline.nodes.iter().filter(|node| node.kind == NodeKind::UserTask) {
        let documented = bpmn_children(node.node).any(|child| is_bpmn(child, "documentation"));
        if !documented && node.properties.get("Description").is_none() {
            let message = "the task has no Description; say in a sentence what is to be done";
            reader.report.warning("MISSING_DESCRIPTION", node.at, &node.id, message);
        }
    }
}
