//! BPMN's own words for who does a user task: `humanPerformer` and `potentialOwner` with an assignment expression.
//! Evaluates nothing.

use super::{Reader, bpmn_children, is_bpmn};
use crate::xml::Located;
use roxmltree::Node;

/// Who does it, as the property it stands for.
pub(crate) struct Assignment {
    pub property: &'static str,
    /// The element, for messages.
    pub tag: &'static str,
    pub value: Located,
    pub at: usize,
}

/// Everything that a task says this way. Several elements of one kind are joined; `user(a), group(b)` names users and
/// groups apart, and a bare name is a group, as Camunda 7 reads it.
pub(crate) fn read(node: Node<'_, '_>, reader: &mut Reader<'_>) -> Vec<Assignment> {
    let mut found: Vec<Assignment> = Vec::new();
    for child in bpmn_children(node) {
        let performer = is_bpmn(child, "humanPerformer") || is_bpmn(child, "performer");
        if !performer && !is_bpmn(child, "potentialOwner") {
            continue;
        }
        let expressions = child.descendants().filter(|node| is_bpmn(*node, "formalExpression"));
        for expression in expressions {
            reader.report.steps += 1;
            let value = Located::of_content(reader.file, expression);
            let at = expression.range().start;
            if performer {
                push(&mut found, Assignment { property: "Assignee", tag: "humanPerformer", value, at });
                continue;
            }
            let (mut users, mut groups) = (Vec::new(), Vec::new());
            let text = value.plain();
            // An expression is one name, whatever commas it has.
            let whole = ["=", "${", "#{"].iter().any(|start| text.starts_with(start));
            let items = if whole { vec![text.as_str()] } else { text.split(',').map(str::trim).collect() };
            for item in items.into_iter().filter(|item| !item.is_empty()) {
                let inside = |word: &str| item.strip_prefix(word)?.strip_prefix('(')?.strip_suffix(')');
                match (inside("user"), inside("group")) {
                    (Some(user), _) => users.push(user.trim().to_owned()),
                    (None, Some(group)) => groups.push(group.trim().to_owned()),
                    (None, None) => groups.push(item.to_owned()),
                }
            }
            for (property, names) in [("ResponsibleUsers", users), ("ResponsibleTeams", groups)] {
                if !names.is_empty() {
                    let value = value.with_text(names.join(","));
                    push(&mut found, Assignment { property, tag: "potentialOwner", value, at });
                }
            }
        }
    }
    found
}

fn push(found: &mut Vec<Assignment>, more: Assignment) {
    let same = found.iter_mut().find(|known| known.property == more.property && known.property != "Assignee");
    match same {
        Some(known) => known.value = known.value.with_text(format!("{},{}", known.value.text, more.value.text)),
        None => found.push(more),
    }
}
