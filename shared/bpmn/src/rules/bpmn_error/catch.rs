//! Who catches an error, as far as one process shows it: the engine's search, without an instance.

use crate::read::{FlowNode, NodeKind, Outline, boolean_attribute, error_code};
use std::collections::{BTreeMap, BTreeSet};

/// What the error events of one activity, or of one scope, catch.
#[derive(Default)]
struct Caught<'o> {
    codes: BTreeSet<&'o str>,
    any: bool,
}

impl<'o> Caught<'o> {
    fn add(&mut self, code: Option<&'o str>) {
        match code {
            Some(code) => {
                self.codes.insert(code);
            }
            None => self.any = true,
        }
    }
}

/// All error events of a process, by what they guard.
pub(super) struct Catchers<'o> {
    /// Boundary events, by the activity's id.
    activities: BTreeMap<&'o str, Caught<'o>>,
    /// Event sub-processes, by the scope in which they stand.
    scopes: BTreeMap<Option<usize>, Caught<'o>>,
    /// Of each sub-process: its id, whether it is an event sub-process that interrupts its scope, and what is around it.
    around: BTreeMap<usize, (&'o str, bool, Option<usize>)>,
}

impl<'o> Catchers<'o> {
    pub(super) fn of(outline: &'o Outline<'_, '_>) -> Catchers<'o> {
        let mut catchers = Catchers { activities: BTreeMap::new(), scopes: BTreeMap::new(), around: BTreeMap::new() };
        for (index, node) in outline.nodes.iter().enumerate() {
            if node.kind.is_scope() {
                let starts = outline.nodes.iter().filter(|start| start.parent == Some(index));
                let mut starts = starts.filter(|start| start.kind == NodeKind::EventStart);
                let interrupts = starts.any(|start| {
                    boolean_attribute(start.node, "isInterrupting") || error_code(start, outline).is_some()
                });
                catchers.around.insert(index, (&node.id, interrupts, node.parent));
            }
            let Some(code) = error_code(node, outline) else { continue };
            if node.kind == NodeKind::BoundaryEvent
                && let Some(to) = node.attached_to
            {
                catchers.activities.entry(&outline.nodes[to].id).or_default().add(code);
            } else if node.kind == NodeKind::EventStart
                && let Some(parent) = node.parent
            {
                catchers.scopes.entry(outline.nodes[parent].parent).or_default().add(code);
            }
        }
        catchers
    }

    /// True where something catches this code when the node throws it.
    pub(super) fn catches(&self, node: &FlowNode<'_, '_>, code: &str) -> bool {
        self.search(node, |caught| caught.any || caught.codes.contains(code))
    }

    /// True where something catches any error of the node.
    pub(super) fn any(&self, node: &FlowNode<'_, '_>) -> bool {
        self.search(node, |_| true)
    }

    /// Outwards from the node: its own boundary events, event sub-processes beside it, those of the scope around it.
    fn search(&self, node: &FlowNode<'_, '_>, holds: impl Fn(&Caught<'_>) -> bool) -> bool {
        let (mut id, mut handles, mut scope) = (node.id.as_str(), false, node.parent);
        loop {
            if self.activities.get(id).is_some_and(&holds) {
                return true;
            }
            // A scope that an event sub-process has interrupted has no handler left.
            if !handles && self.scopes.get(&scope).is_some_and(&holds) {
                return true;
            }
            let Some(next) = scope.and_then(|scope| self.around.get(&scope)) else { return false };
            (id, handles, scope) = *next;
        }
    }
}
