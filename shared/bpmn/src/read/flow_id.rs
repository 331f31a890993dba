//! The ids of sequence flows that have none in the file: the same for the compiled process and for its picture.

use super::attribute;
use roxmltree::Node;
use std::collections::BTreeMap;

/// Gives ids to the flows of one process, which are asked for in document order.
#[derive(Default)]
pub(crate) struct FlowIds {
    /// How often each was wanted.
    used: BTreeMap<String, usize>,
}

impl FlowIds {
    /// `source__target`, with a number from the second such flow on, and nothing that `is_taken`.
    pub(crate) fn of(&mut self, flow: Node<'_, '_>, is_taken: impl Fn(&str) -> bool) -> String {
        let [source, target] = ["sourceRef", "targetRef"].map(|end| attribute(flow, end).unwrap_or_default());
        let base = format!("{source}__{target}");
        loop {
            let number = self.used.entry(base.clone()).and_modify(|number| *number += 1).or_insert(1);
            let id = if *number == 1 { base.clone() } else { format!("{base}_{number}") };
            // What is numbered may be what another flow's ends are called.
            let is_new = *number == 1 || self.used.insert(id.clone(), 1).is_none();
            if is_new && !is_taken(&id) {
                return id;
            }
        }
    }
}
