//! A circle of flows in which nothing waits may run without end. It is legal, because a condition may end it, but the
//! designer should know.

use crate::read::{FlowNode, NodeKind, Outline, Reader, bpmn_children, error_code};
use domain::time::Duration;

pub(super) fn check(outline: &Outline<'_, '_>, reader: &mut Reader<'_>) {
    let waits = waiting(outline);
    let mut graph = Graph::of(outline, &waits);
    graph.strip();
    let mut told = vec![false; outline.nodes.len()];
    for first in 0..outline.nodes.len() {
        reader.report.steps += 1;
        if told[first] || !graph.left[first] {
            continue;
        }
        let mut open = vec![first];
        while let Some(index) = open.pop() {
            reader.report.steps += 1;
            if !std::mem::replace(&mut told[index], true) {
                open.extend(graph.out[index].iter().chain(&graph.into[index]).filter(|next| graph.left[**next]));
            }
        }
        let node = &outline.nodes[first];
        let message = format!(
            "the path leads back to this {} without anything that waits between; make sure that a condition ends the loop",
            node.bpmn_name()
        );
        reader.report.warning("BUSY_LOOP", node.at, &node.id, message);
    }
}

/// What waits, or has something inside that does.
fn waiting(outline: &Outline<'_, '_>) -> Vec<bool> {
    let mut waits = vec![false; outline.nodes.len()];
    // What stands inside comes after what is around it.
    for (index, node) in outline.nodes.iter().enumerate().rev() {
        waits[index] |= can_wait(node.kind) && !takes_no_time(node);
        if let Some(parent) = node.parent.filter(|_| waits[index]) {
            waits[parent] = true;
        }
    }
    waits
}

/// A timer event or a delay whose literal duration is zero: it is due at once.
fn takes_no_time(node: &FlowNode<'_, '_>) -> bool {
    let is_zero = |text: &str| text.parse::<Duration>().is_ok_and(|duration| duration.is_zero());
    if node.kind == NodeKind::SystemTask {
        let is_delay = node.properties.plain("Type").is_some_and(|kind| kind.trim().eq_ignore_ascii_case("delay"));
        return is_delay && node.properties.plain("Duration").is_some_and(|text| is_zero(&text));
    }
    let timers = bpmn_children(node.node).filter(|child| child.tag_name().name() == "timerEventDefinition");
    let mut times = timers.flat_map(bpmn_children);
    node.kind == NodeKind::IntermediateCatchEvent
        && times.any(|time| time.tag_name().name() == "timeDuration" && time.text().is_some_and(is_zero))
}

fn can_wait(kind: NodeKind) -> bool {
    match kind {
        NodeKind::EventBasedGateway
        | NodeKind::CallActivity
        | NodeKind::ReceiveTask
        | NodeKind::SystemTask
        | NodeKind::UserTask
        | NodeKind::IntermediateCatchEvent
        | NodeKind::Unsupported => true,
        NodeKind::StartEvent
        | NodeKind::TimerStart
        | NodeKind::EventStart
        | NodeKind::EndEvent
        | NodeKind::Task
        | NodeKind::ManualTask
        | NodeKind::SubProcess
        | NodeKind::EventSubProcess
        | NodeKind::ExclusiveGateway
        | NodeKind::ParallelGateway
        | NodeKind::InclusiveGateway
        | NodeKind::ScriptTask
        | NodeKind::IntermediateThrowEvent
        | NodeKind::BoundaryEvent => false,
    }
}

/// The paths that are taken at once.
struct Graph {
    out: Vec<Vec<usize>>,
    into: Vec<Vec<usize>>,
    /// What was not stripped off.
    left: Vec<bool>,
}

impl Graph {
    fn of(outline: &Outline<'_, '_>, waits: &[bool]) -> Graph {
        let count = outline.nodes.len();
        let passes = |kind: NodeKind| !kind.is_start() && kind != NodeKind::EndEvent;
        let left = outline.nodes.iter().zip(waits).map(|(node, waits)| !waits && passes(node.kind)).collect();
        let mut graph = Graph { out: vec![Vec::new(); count], into: vec![Vec::new(); count], left };
        for flow in &outline.flows {
            if let (Some(source), Some(target)) = (flow.source, flow.target) {
                graph.add(source, target);
            }
        }
        // An error leaves its activity at once, whatever else the activity waits for.
        for (index, node) in outline.nodes.iter().enumerate().filter(|(_, node)| error_code(node, outline).is_some()) {
            if let Some(activity) = node.attached_to {
                graph.add(activity, index);
            }
        }
        graph
    }

    fn add(&mut self, source: usize, target: usize) {
        if self.left[source] && self.left[target] {
            self.out[source].push(target);
            self.into[target].push(source);
        }
    }

    /// Takes away what nothing leads to, then what leads nowhere: what is left is on a circle or between two.
    fn strip(&mut self) {
        Graph::strip_side(&mut self.left, &self.into, &self.out);
        Graph::strip_side(&mut self.left, &self.out, &self.into);
    }

    fn strip_side(left: &mut [bool], into: &[Vec<usize>], out: &[Vec<usize>]) {
        let mut count: Vec<usize> = into.iter().map(|from| from.iter().filter(|index| left[**index]).count()).collect();
        let mut open: Vec<usize> = (0..left.len()).filter(|index| left[*index] && count[*index] == 0).collect();
        while let Some(index) = open.pop() {
            left[index] = false;
            for next in out[index].iter().copied().filter(|next| left[*next]) {
                count[next] -= 1;
                if count[next] == 0 {
                    open.push(next);
                }
            }
        }
    }
}
