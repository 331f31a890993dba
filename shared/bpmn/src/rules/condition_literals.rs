//! A Condition that returns only texts must return ids or names of outgoing flows: a misspelt one would stop an
//! instance months later with INVALID_FLOW.

use crate::javascript::{returned_texts, tokens};
use crate::read::{NodeKind, Outline, Reader};
use std::collections::BTreeSet;

pub(super) fn check(outline: &Outline<'_, '_>, reader: &mut Reader<'_>) {
    for gateway in outline.nodes.iter().filter(|node| node.kind.decides()) {
        let Some(condition) = gateway.properties.get("Condition") else { continue };
        reader.report.steps += condition.value.text.len();
        let lists = gateway.kind == NodeKind::InclusiveGateway;
        let returned = tokens(&condition.value.text).and_then(|tokens| returned_texts(&tokens, lists));
        let Some(returned) = returned else { continue };
        let mut known: BTreeSet<&str> = BTreeSet::new();
        for flow in outline.outgoing(gateway).filter(|flow| flow.named) {
            known.insert(&flow.id);
        }
        known.extend(outline.outgoing(gateway).filter_map(|flow| flow.name.as_deref()));
        for (text, at) in returned {
            if !text.is_empty() && !known.contains(text.as_str()) {
                let some: Vec<&str> = known.iter().copied().take(10).collect();
                let message = format!(
                    "the Condition returns \"{text}\", which is neither id nor name of an outgoing flow ({})",
                    if some.is_empty() { "none has an id or a name".to_owned() } else { some.join(", ") }
                );
                reader.report.error("UNKNOWN_FLOW", condition.value.place(at), &gateway.id, message);
            }
        }
    }
}
