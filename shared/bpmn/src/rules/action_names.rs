//! Buttons should say what happens. Yes, No and Maybe make the reader look for the question.

use crate::read::{NodeKind, Outline, Reader};

pub(super) fn check(outline: &Outline<'_, '_>, reader: &mut Reader<'_>) {
    for node in outline.nodes.iter().filter(|node| node.kind == NodeKind::UserTask) {
        let Some(actions) = ["Actions", "UserActions"].iter().find_map(|name| node.properties.get(name)) else {
            continue;
        };
        let text = actions.value.plain();
        reader.report.steps += text.len();
        let mut names = text.split(',').map(|item| item.trim_matches(|c: char| !c.is_alphanumeric())).peekable();
        let vague = |name: &str| ["yes", "no", "maybe"].iter().any(|vague| name.eq_ignore_ascii_case(vague));
        if names.peek().is_some() && names.all(vague) {
            let message = format!(
                "{}: \"{text}\" says nothing by itself; name what happens, such as Approve, Reject",
                actions.name
            );
            reader.report.warning("VAGUE_ACTIONS", actions.value.start(), &node.id, message);
        }
    }
}
