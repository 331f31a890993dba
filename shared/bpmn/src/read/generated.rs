//! Elements and flows that stand in no file: what is compiled into further ones needs ids of its own.

use super::Outline;
use domain::process::{Element, ElementKind, Flow, FlowIndex};
use std::collections::BTreeMap;

/// Characters of each part that a generated id keeps: ids have a greatest length.
const PART_CHARS_KEPT: usize = 50;

/// Gives ids that nothing in the file has.
pub(super) struct Ids<'o> {
    outline: &'o Outline<'o, 'o>,
    /// How often each was wanted.
    used: BTreeMap<String, usize>,
}

impl<'o> Ids<'o> {
    pub fn new(outline: &'o Outline<'o, 'o>, flows: &[Flow]) -> Ids<'o> {
        Ids { outline, used: flows.iter().map(|flow| (flow.id.clone(), 1)).collect() }
    }

    /// An id of these parts, in the spelling of flows without one.
    pub fn of(&mut self, parts: &[&str]) -> String {
        let parts: Vec<String> = parts.iter().map(|part| part.chars().take(PART_CHARS_KEPT).collect()).collect();
        let base = parts.join("__");
        loop {
            let number = self.used.entry(base.clone()).and_modify(|number| *number += 1).or_insert(1);
            let id = if *number == 1 { base.clone() } else { format!("{base}_{number}") };
            let is_new = *number == 1 || self.used.insert(id.clone(), 1).is_none();
            if is_new && !self.outline.definitions.ids.contains_key(id.as_str()) {
                return id;
            }
        }
    }
}

/// An element that stands in no file: only what its maker says of it, no boundaries and no headers.
pub(super) fn element(id: String, name: String, kind: ElementKind, of: &Element, outgoing: Vec<FlowIndex>) -> Element {
    Element {
        id,
        name,
        kind,
        outgoing,
        incoming: 0,
        default: None,
        boundaries: Vec::new(),
        parent: of.parent,
        async_before: false,
        async_after: false,
        multi_instance: None,
        entity_state: None,
        description: None,
        headers: BTreeMap::new(),
        line: of.line,
    }
}
