//! Places the elements of a process that has no diagram: columns from left to right along the flows, rows by branch.
//! Plain and predictable rather than beautiful; sub-processes stay closed.

use super::read::{File, depth, kind, name};
use super::{Activity, Bounds, EDGES_MAX, Edge, Gateway, Kind, Line, NotDrawn, SHAPES_MAX, Shape};
use crate::read::{attribute, bpmn_children, is_bpmn};
use roxmltree::Node;
use std::collections::{BTreeMap, BTreeSet};

const COLUMN: f64 = 160.0;
const ROW: f64 = 130.0;
/// Room around an element at least, also for lines that pass.
const GAP: f64 = 22.0;

struct Placed<'a, 'i> {
    id: &'a str,
    element: Node<'a, 'i>,
    kind: Kind,
    /// The activity that a boundary event stands on.
    host: Option<usize>,
    column: usize,
    row: usize,
    /// Left of the column, where lines go up and down.
    channel: f64,
    bounds: Bounds,
}

struct Flow<'a, 'i> {
    id: String,
    element: Node<'a, 'i>,
    from: usize,
    to: usize,
    /// Leads back to a column that was placed before.
    back: bool,
}

pub(super) fn lay_out(file: &File<'_, '_>, process_id: Option<&str>) -> Result<(Vec<Shape>, Vec<Edge>), NotDrawn> {
    let process = file.process(process_id).ok_or(NotDrawn::NoDiagram)?;
    let mut nodes = nodes(process)?;
    let mut flows = flows(file, process, &nodes)?;
    if nodes.is_empty() {
        return Err(NotDrawn::NoDiagram);
    }
    let order = columns(&mut nodes, &mut flows);
    rows(&mut nodes, &flows, &order);
    place(&mut nodes);
    let edges = edges(&nodes, &flows);
    let shapes = nodes.iter().map(|node| Shape {
        id: node.id.to_owned(),
        name: name(node.element),
        kind: node.kind,
        bounds: node.bounds,
        label: label(node),
        horizontal: None,
        expanded: matches!(node.kind, Kind::Activity(Activity::SubProcess)).then_some(false),
        marker: matches!(node.kind, Kind::Gateway(Gateway::Exclusive)).then_some(true),
    });
    let mut shapes: Vec<Shape> = shapes.collect();
    shapes.sort_by_key(|shape| depth(shape.kind));
    Ok((shapes, edges))
}

fn nodes<'a, 'i>(process: Node<'a, 'i>) -> Result<Vec<Placed<'a, 'i>>, NotDrawn> {
    let mut nodes: Vec<Placed<'a, 'i>> = Vec::new();
    let mut places = BTreeMap::new();
    for element in bpmn_children(process) {
        let (Some(id), Some(kind)) = (attribute(element, "id"), kind(element)) else { continue };
        if !matches!(kind, Kind::Activity(_) | Kind::Event(..) | Kind::Gateway(_)) || places.contains_key(id) {
            continue;
        }
        places.insert(id, nodes.len());
        let bounds = Bounds { x: 0.0, y: 0.0, width: 1.0, height: 1.0 };
        nodes.push(Placed { id, element, kind, host: None, column: 0, row: 0, channel: 0.0, bounds });
        if nodes.len() > SHAPES_MAX {
            return Err(NotDrawn::TooLarge);
        }
    }
    for (index, node) in nodes.iter_mut().enumerate().filter(|(_, node)| is_bpmn(node.element, "boundaryEvent")) {
        let host = attribute(node.element, "attachedToRef").and_then(|id| places.get(id)).copied();
        node.host = host.filter(|host| *host != index);
    }
    // No event on an event: the picture would have no end.
    let hosts: Vec<bool> = nodes.iter().map(|node| node.host.is_some()).collect();
    for node in &mut nodes {
        node.host = node.host.filter(|host| !hosts[*host]);
    }
    Ok(nodes)
}

fn flows<'a, 'i>(
    file: &File<'a, 'i>,
    process: Node<'a, 'i>,
    nodes: &[Placed<'a, 'i>],
) -> Result<Vec<Flow<'a, 'i>>, NotDrawn> {
    let places: BTreeMap<&str, usize> = nodes.iter().enumerate().map(|(index, node)| (node.id, index)).collect();
    let mut seen = BTreeSet::new();
    let mut flows = Vec::new();
    for element in bpmn_children(process).filter(|node| is_bpmn(*node, "sequenceFlow")) {
        let end = |name| attribute(element, name).and_then(|id| places.get(id)).copied();
        let (Some(id), Some(from), Some(to)) = (file.id(element), end("sourceRef"), end("targetRef")) else {
            continue;
        };
        if seen.insert(id.to_owned()) {
            flows.push(Flow { id: id.to_owned(), element, from, to, back: false });
        }
        if flows.len() > EDGES_MAX {
            return Err(NotDrawn::TooLarge);
        }
    }
    Ok(flows)
}

/// The element in whose column a node stands: a boundary event stands on its host.
fn anchor(nodes: &[Placed<'_, '_>], index: usize) -> usize {
    nodes[index].host.unwrap_or(index)
}

/// Gives each element the column behind all that lead to it, and the order in which they were placed. In a circle, the
/// element that is reached first begins.
fn columns(nodes: &mut [Placed<'_, '_>], flows: &mut [Flow<'_, '_>]) -> Vec<usize> {
    let mut waiting = vec![0_usize; nodes.len()];
    let mut out: Vec<Vec<usize>> = vec![Vec::new(); nodes.len()];
    for (index, flow) in flows.iter().enumerate() {
        let from = anchor(nodes, flow.from);
        out[from].push(index);
        waiting[anchor(nodes, flow.to)] += 1;
    }
    let mut placed = vec![false; nodes.len()];
    let mut reached = vec![false; nodes.len()];
    let mut order = Vec::new();
    let mut free: Vec<usize> =
        (0..nodes.len()).filter(|i| nodes[*i].host.is_none() && waiting[*i] == 0).rev().collect();
    loop {
        let next = free.pop().or_else(|| {
            let open = |index: &usize| nodes[*index].host.is_none() && !placed[*index];
            (0..nodes.len()).find(|index| open(index) && reached[*index]).or_else(|| (0..nodes.len()).find(open))
        });
        let Some(index) = next else { break };
        if placed[index] {
            continue;
        }
        placed[index] = true;
        order.push(index);
        for flow in &out[index] {
            let to = anchor(nodes, flows[*flow].to);
            if placed[to] {
                flows[*flow].back = true;
                continue;
            }
            reached[to] = true;
            nodes[to].column = nodes[to].column.max(nodes[index].column + 1);
            waiting[to] -= 1;
            if waiting[to] == 0 {
                free.push(to);
            }
        }
    }
    order
}

/// Each element takes the row of what leads to it, or the next free one below in its column.
fn rows(nodes: &mut [Placed<'_, '_>], flows: &[Flow<'_, '_>], order: &[usize]) {
    let mut wished: Vec<Option<usize>> = vec![None; nodes.len()];
    let mut taken: BTreeSet<(usize, usize)> = BTreeSet::new();
    let mut out: Vec<Vec<usize>> = vec![Vec::new(); nodes.len()];
    for (index, flow) in flows.iter().enumerate().filter(|(_, flow)| !flow.back) {
        out[anchor(nodes, flow.from)].push(index);
    }
    for index in order {
        let mut row = wished[*index].unwrap_or(0);
        while taken.contains(&(nodes[*index].column, row)) {
            row += 1;
        }
        nodes[*index].row = row;
        taken.insert((nodes[*index].column, row));
        let mut branch = 0;
        for flow in &out[*index] {
            let beside = nodes[flows[*flow].from].host.is_some();
            let to = anchor(nodes, flows[*flow].to);
            let wish = row + if beside { 1 } else { branch };
            branch += usize::from(!beside);
            wished[to] = Some(wished[to].map_or(wish, |present| present.min(wish)));
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a few thousand columns and rows")]
fn place(nodes: &mut [Placed<'_, '_>]) {
    let mut widest: BTreeMap<usize, f64> = BTreeMap::new();
    for node in nodes.iter().filter(|node| node.host.is_none()) {
        let step = widest.entry(node.column).or_insert(0.0);
        *step = step.max(size(node.kind).0);
    }
    // Columns without a task are narrower.
    let mut lefts: BTreeMap<usize, f64> = BTreeMap::new();
    let mut left = 0.0;
    for (column, width) in &widest {
        lefts.insert(*column, left);
        left += (width + COLUMN - 100.0).max(110.0);
    }
    for node in nodes.iter_mut().filter(|node| node.host.is_none()) {
        let (width, height) = size(node.kind);
        let column = lefts.get(&node.column).copied().unwrap_or(0.0);
        node.channel = column - GAP;
        let middle = column + widest.get(&node.column).copied().unwrap_or(width) / 2.0;
        let y = node.row as f64 * ROW + 40.0 - height / 2.0;
        node.bounds = Bounds { x: middle - width / 2.0, y, width, height };
    }
    let mut beside: BTreeMap<usize, f64> = BTreeMap::new();
    for index in 0..nodes.len() {
        let Some(host) = nodes[index].host.map(|host| nodes[host].bounds) else { continue };
        let number = beside.entry(nodes[index].host.unwrap_or(index)).or_insert(0.0);
        let (width, height) = size(nodes[index].kind);
        let x = (host.x + host.width - 44.0 - *number * 40.0).max(host.x - width / 2.0);
        *number += 1.0;
        nodes[index].bounds = Bounds { x, y: host.y + host.height - height / 2.0, width, height };
    }
}

fn size(kind: Kind) -> (f64, f64) {
    match kind {
        Kind::Event(..) => (36.0, 36.0),
        Kind::Gateway(_) => (50.0, 50.0),
        Kind::Activity(_) | Kind::Pool | Kind::Lane | Kind::Note | Kind::Data | Kind::Group => (100.0, 80.0),
    }
}

/// Where no line leaves: above gateways, below events, at the right below boundary events.
fn label(node: &Placed<'_, '_>) -> Option<Bounds> {
    let Bounds { x, y, width, height } = node.bounds;
    let name = name(node.element);
    if name.is_empty() {
        return None;
    }
    let wide = text_width(&name);
    match node.kind {
        Kind::Gateway(_) => Some(Bounds { x: x + width / 2.0 - 48.0, y: y - 20.0, width: 96.0, height: 14.0 }),
        Kind::Event(..) if node.host.is_some() => {
            Some(Bounds { x: x + width / 2.0 + 6.0, y: y + height, width: wide, height: 14.0 })
        }
        Kind::Event(..) => Some(Bounds { x: x + width / 2.0 - 48.0, y: y + height + 5.0, width: 96.0, height: 28.0 }),
        Kind::Activity(_) | Kind::Pool | Kind::Lane | Kind::Note | Kind::Data | Kind::Group => None,
    }
}

/// About the width of a text, within what a label may take.
fn text_width(text: &str) -> f64 {
    (f64::from(u8::try_from(text.chars().count()).unwrap_or(u8::MAX)) * 7.0).clamp(20.0, 96.0)
}

#[expect(clippy::cast_precision_loss, reason = "a few thousand flows")]
fn edges(nodes: &[Placed<'_, '_>], flows: &[Flow<'_, '_>]) -> Vec<Edge> {
    let taken: BTreeSet<(usize, usize)> =
        nodes.iter().filter(|node| node.host.is_none()).map(|node| (node.row, node.column)).collect();
    let between = |row: usize, from: usize, to: usize| (from + 1..to).any(|column| taken.contains(&(row, column)));
    let upright = |column: usize, from: usize, to: usize| {
        (from.min(to) + 1..=from.max(to)).all(|row| row == from || !taken.contains(&(row, column)))
    };
    let mut backs = 0;
    let mut edges = Vec::with_capacity(flows.len());
    for flow in flows {
        let (from, to) = (&nodes[flow.from], &nodes[flow.to]);
        let (a, b) = (from.bounds, to.bounds);
        let ((ax, ay), (bx, by)) = (a.middle(), b.middle());
        let (right, left, channel) = (a.x + a.width, b.x, nodes[anchor(nodes, flow.to)].channel);
        let host = anchor(nodes, flow.from);
        let (column, row) = (nodes[host].column, nodes[host].row);
        let points = if flow.back {
            backs += 1;
            let top = -GAP - 12.0 * f64::from(backs % 8);
            vec![(ax, a.y), (ax, top), (bx, top), (bx, b.y)]
        } else if from.host.is_some() {
            // Out of the bottom of a boundary event.
            let bottom = a.y + a.height;
            if to.row > row && !between(to.row, column, to.column) && upright(column, row, to.row) {
                vec![(ax, bottom), (ax, by), (left, by)]
            } else {
                let lane = row as f64 * ROW + 40.0 + ROW / 2.0;
                vec![(ax, bottom), (ax, lane), (channel, lane), (channel, by), (left, by)]
            }
        } else if to.row == row && !between(row, column, to.column) {
            vec![(right, ay), (left, by)]
        } else if to.row != row
            && matches!(from.kind, Kind::Gateway(_))
            && !between(to.row, column, to.column)
            && upright(column, row, to.row)
        {
            let start = if to.row > row { a.y + a.height } else { a.y };
            vec![(ax, start), (ax, by), (left, by)]
        } else if to.row != row && !between(row, column, to.column) {
            vec![(right, ay), (channel, ay), (channel, by), (left, by)]
        } else {
            let lane = row as f64 * ROW + 40.0 + ROW / 2.0;
            vec![(right, ay), (right + GAP, ay), (right + GAP, lane), (channel, lane), (channel, by), (left, by)]
        };
        let name = name(flow.element);
        // Above the last stretch, where branches no longer run together.
        let label = points[..points.len() - 1].last().filter(|_| !name.is_empty()).map(|(x, _)| Bounds {
            x: x + 6.0,
            y: points.last().map_or(0.0, |(_, y)| y - 18.0),
            width: text_width(&name),
            height: 14.0,
        });
        edges.push(Edge { id: flow.id.clone(), name, line: Line::Sequence, points, label });
    }
    edges
}
