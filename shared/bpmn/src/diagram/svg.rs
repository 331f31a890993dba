//! Draws a diagram as SVG: classes instead of colours, so that the page's style decides, also in the dark. No script, no
//! style attribute, no reference to anything outside.

use super::outline::escape;
use super::{Activity, Bounds, Diagram, Edge, Event, Gateway, Kind, Line, Mark, Marks, Shape, Trigger};
use std::fmt::Write;

/// Room around the picture.
const MARGIN: f64 = 24.0;
/// Wider than this, a picture keeps a readable width and scrolls instead of shrinking.
const ROOMY: f64 = 860.0;
/// Width of a letter at 12 px, on average of interface fonts.
const LETTER: f64 = 6.3;
const LINE_HEIGHT: f64 = 15.0;
/// Width of a name below an event or gateway.
const LABEL_WIDTH: f64 = 96.0;

pub(super) fn write(diagram: &Diagram, marks: &Marks) -> String {
    let area = area(diagram);
    let mut out = String::with_capacity(1_024 + 400 * (diagram.shapes.len() + diagram.edges.len()));
    let roomy = if area.width > ROOMY { " class=\"roomy\"" } else { "" };
    let _ = write!(
        out,
        "<svg{roomy} viewBox=\"{} {} {} {}\" width=\"{}\" height=\"{}\" aria-hidden=\"true\"><defs>",
        number(area.x),
        number(area.y),
        number(area.width),
        number(area.height),
        number(area.width),
        number(area.height)
    );
    for (id, class) in [("flow-end", "hd"), ("flow-end-done", "hd done")] {
        let _ = write!(
            out,
            "<marker id=\"{id}\" viewBox=\"0 0 10 10\" refX=\"9\" refY=\"5\" markerWidth=\"7\" markerHeight=\"7\" \
             orient=\"auto-start-reverse\"><path class=\"{class}\" d=\"M0 1 9.5 5 0 9z\"/></marker>"
        );
    }
    out.push_str("</defs>");
    let (behind, before): (Vec<&Shape>, Vec<&Shape>) = diagram.shapes.iter().partition(|shape| is_behind(shape));
    for shape in behind {
        draw(&mut out, shape, marks);
    }
    for edge in &diagram.edges {
        connect(&mut out, edge, marks.flows.contains(&edge.id));
    }
    for shape in before {
        draw(&mut out, shape, marks);
    }
    out.push_str("</svg>");
    out
}

fn is_behind(shape: &Shape) -> bool {
    match shape.kind {
        Kind::Pool | Kind::Lane | Kind::Group => true,
        Kind::Activity(Activity::SubProcess) => shape.expanded == Some(true),
        Kind::Activity(_) | Kind::Event(..) | Kind::Gateway(_) | Kind::Note | Kind::Data => false,
    }
}

/// The rectangle around everything, names included.
fn area(diagram: &Diagram) -> Bounds {
    let (mut left, mut top, mut right, mut bottom) = (f64::MAX, f64::MAX, f64::MIN, f64::MIN);
    let mut take = |bounds: Bounds| {
        left = left.min(bounds.x);
        top = top.min(bounds.y);
        right = right.max(bounds.x + bounds.width);
        bottom = bottom.max(bounds.y + bounds.height);
    };
    for shape in &diagram.shapes {
        take(shape.bounds);
        if let (Kind::Event(..) | Kind::Gateway(_) | Kind::Data, false) = (shape.kind, shape.name.is_empty()) {
            take(shape.label.unwrap_or_else(|| below(shape)));
        }
    }
    for edge in &diagram.edges {
        edge.points.iter().for_each(|(x, y)| take(Bounds { x: *x, y: *y, width: 0.0, height: 0.0 }));
        edge.label.into_iter().for_each(&mut take);
    }
    if left > right {
        return Bounds { x: 0.0, y: 0.0, width: 1.0, height: 1.0 };
    }
    Bounds {
        x: left - MARGIN,
        y: top - MARGIN,
        width: right - left + 2.0 * MARGIN,
        height: bottom - top + 2.0 * MARGIN,
    }
}

/// Where a name stands that the file gives no place.
fn below(shape: &Shape) -> Bounds {
    let (x, _) = shape.bounds.middle();
    let lines = wrap(&shape.name, LABEL_WIDTH, 3).len().max(1);
    let height = f64::from(u8::try_from(lines).unwrap_or(3)) * LINE_HEIGHT;
    Bounds { x: x - LABEL_WIDTH / 2.0, y: shape.bounds.y + shape.bounds.height + 4.0, width: LABEL_WIDTH, height }
}

fn draw(out: &mut String, shape: &Shape, marks: &Marks) {
    let mark = marks.elements.get(&shape.id).copied();
    let class = mark.map(|mark| format!(" class=\"{}\"", mark.class())).unwrap_or_default();
    let _ = write!(out, "<g{class} data-element-id=\"{}\">", escape(&shape.id));
    let Bounds { x, y, width, height } = shape.bounds;
    let frame = |class: &str, round: f64| {
        let (x, y, width, height, round) = (number(x), number(y), number(width), number(height), number(round));
        format!("<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"{round}\"/>")
    };
    match shape.kind {
        Kind::Activity(activity) => {
            out.push_str(&frame(if activity == Activity::Call { "sh end" } else { "sh" }, 9.0));
            glyph(out, activity_glyph(activity, shape), x, y, 1.0);
            if shape.expanded == Some(true) {
                text(out, "start", x + 12.0, y + 20.0, &wrap(&shape.name, width - 24.0, 1), "");
            } else {
                inside(out, shape);
            }
        }
        Kind::Event(event, trigger) => draw_event(out, shape, event, trigger),
        Kind::Gateway(gateway) => {
            let ((mx, my), (hx, hy)) = (shape.bounds.middle(), (width / 2.0, height / 2.0));
            let points = [(mx, my - hy), (mx + hx, my), (mx, my + hy), (mx - hx, my)];
            let _ = write!(out, "<path class=\"sh\" d=\"{}z\"/>", path(&points));
            if shape.marker != Some(false) {
                glyph(out, gateway_glyph(gateway), mx, my, (width.min(height) / 50.0).max(0.2));
            }
            outside(out, shape);
        }
        Kind::Pool | Kind::Lane => {
            out.push_str(&frame("sh box", 0.0));
            let name = wrap(&shape.name, height, 1);
            let (tx, ty) = (number(x + 19.0), number(y + height / 2.0));
            if let Some(name) = name.first() {
                let _ = write!(
                    out,
                    "<text class=\"lb\" text-anchor=\"middle\" transform=\"translate({tx} {ty}) rotate(-90)\">{}</text>",
                    escape(name)
                );
            }
        }
        Kind::Note => {
            let points = [(x + 16.0, y), (x, y), (x, y + height), (x + 16.0, y + height)];
            let _ = write!(out, "<path class=\"fl\" d=\"{}\"/>", path(&points));
            text(out, "start", x + 8.0, y + 16.0, &wrap(&shape.name, width - 10.0, rows_in(height)), "lb");
        }
        Kind::Data => {
            let fold = (width / 3.0).min(12.0);
            let points =
                [(x, y), (x + width - fold, y), (x + width, y + fold), (x + width, y + height), (x, y + height)];
            let _ = write!(out, "<path class=\"sh\" d=\"{}z\"/>", path(&points));
            outside(out, shape);
        }
        Kind::Group => out.push_str(&frame("fl dash", 9.0)),
    }
    if let Some(mark) = mark.filter(|_| matches!(shape.kind, Kind::Activity(_))) {
        badge(out, mark, x + width, y);
    }
    out.push_str("</g>");
}

fn draw_event(out: &mut String, shape: &Shape, event: Event, trigger: Trigger) {
    let (x, y) = shape.bounds.middle();
    let radius = shape.bounds.width.min(shape.bounds.height) / 2.0;
    let mut ring = |class: &str, radius: f64| {
        let _ = write!(
            out,
            "<circle class=\"{class}\" cx=\"{}\" cy=\"{}\" r=\"{}\"/>",
            number(x),
            number(y),
            number(radius.max(1.0))
        );
    };
    match event {
        Event::Start => ring("sh", radius),
        Event::End => ring("sh end", radius),
        Event::Between => {
            ring("sh", radius);
            ring("sh", radius - 3.0);
        }
        Event::Beside => {
            ring("sh dash", radius);
            ring("sh dash", radius - 3.0);
        }
    }
    glyph(out, trigger_glyph(trigger), x, y, (radius / 18.0).max(0.2));
    outside(out, shape);
}

fn connect(out: &mut String, edge: &Edge, taken: bool) {
    let class = match (edge.line, taken) {
        (Line::Sequence, true) => "fl done",
        (Line::Sequence, false) => "fl",
        (Line::Message, _) => "fl dash",
        (Line::Association, _) => "fl dots",
    };
    let end = match (edge.line, taken) {
        (Line::Sequence, true) => " marker-end=\"url(#flow-end-done)\"",
        (Line::Sequence, false) | (Line::Message, _) => " marker-end=\"url(#flow-end)\"",
        (Line::Association, _) => "",
    };
    let _ = write!(
        out,
        "<g data-element-id=\"{}\"><path class=\"{class}\" d=\"{}\"{end}/>",
        escape(&edge.id),
        path(&edge.points)
    );
    if !edge.name.is_empty() {
        match edge.label {
            Some(label) => {
                let (x, _) = label.middle();
                text(out, "middle", x, label.y + 12.0, &wrap(&edge.name, label.width.max(LABEL_WIDTH), 3), "lb");
            }
            None => {
                let (x, y) = first_free_place(&edge.points);
                text(out, "start", x, y, &wrap(&edge.name, 160.0, 1), "lb");
            }
        }
    }
    out.push_str("</g>");
}

/// Beside the longest part of a line.
fn first_free_place(points: &[(f64, f64)]) -> (f64, f64) {
    let length = |pair: &&[(f64, f64)]| (pair[1].0 - pair[0].0).abs() + (pair[1].1 - pair[0].1).abs();
    let longest = points.windows(2).max_by(|a, b| length(a).total_cmp(&length(b)));
    match longest {
        Some([a, b]) if (b.0 - a.0).abs() >= (b.1 - a.1).abs() => (a.0.min(b.0) + 10.0, a.1 - 6.0),
        Some([a, b]) => (a.0 + 8.0, f64::midpoint(a.1, b.1)),
        Some(_) | None => (0.0, 0.0),
    }
}

/// The name in the middle of an activity.
fn inside(out: &mut String, shape: &Shape) {
    let Bounds { width, height, .. } = shape.bounds;
    let lines = wrap(&shape.name, width - 12.0, rows_in(height - 18.0));
    let (x, y) = shape.bounds.middle();
    let count = f64::from(u8::try_from(lines.len()).unwrap_or(u8::MAX));
    text(out, "middle", x, y - (count - 1.0) * LINE_HEIGHT / 2.0 + 4.5, &lines, "");
}

/// The name beside what has no room inside.
fn outside(out: &mut String, shape: &Shape) {
    if shape.name.is_empty() {
        return;
    }
    let place = shape.label.unwrap_or_else(|| below(shape));
    let (x, _) = place.middle();
    text(out, "middle", x, place.y + 12.0, &wrap(&shape.name, place.width.max(LABEL_WIDTH), 3), "lb");
}

fn text(out: &mut String, anchor: &str, x: f64, y: f64, lines: &[String], class: &str) {
    let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
    let mut y = y;
    for line in lines {
        let (x, at) = (number(x), number(y));
        let _ = write!(out, "<text{class} text-anchor=\"{anchor}\" x=\"{x}\" y=\"{at}\">{}</text>", escape(line));
        y += LINE_HEIGHT;
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to a few rows")]
fn rows_in(height: f64) -> usize {
    (height / LINE_HEIGHT).clamp(1.0, 12.0) as usize
}

/// Words on lines of about `width`; what does not fit ends with an ellipsis.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to a name's length")]
fn wrap(name: &str, width: f64, rows: usize) -> Vec<String> {
    let letters = (width / LETTER).clamp(3.0, 300.0) as usize;
    let mut lines: Vec<String> = Vec::new();
    let mut cut = false;
    'words: for word in name.split_whitespace() {
        let mut rest: Vec<char> = word.chars().collect();
        while !rest.is_empty() {
            let used = lines.last().map_or(0, |line| line.chars().count());
            if let Some(line) = lines.last_mut().filter(|_| used + 1 + rest.len() <= letters) {
                line.push(' ');
                line.extend(rest.drain(..));
            } else if lines.len() == rows {
                cut = true;
                break 'words;
            } else {
                let take = rest.len().min(letters);
                lines.push(rest.drain(..take).collect());
            }
        }
    }
    if let Some(last) = lines.last_mut().filter(|_| cut) {
        let keep: String = last.chars().take(letters.saturating_sub(1)).collect();
        *last = format!("{}\u{2026}", keep.trim_end());
    }
    lines
}

fn badge(out: &mut String, mark: Mark, x: f64, y: f64) {
    let sign = match mark {
        Mark::Done => "m-3.8.2 2.6 2.7 4.8-5.4",
        Mark::Active => "m0-4v4.3l3 2",
        Mark::Failed => "m0-4.5v5m0 3.5v.01",
        Mark::Stopped => "m-3.5 3.5 7-7",
    };
    let (x, y) = (number(x), number(y));
    let _ = write!(out, "<circle class=\"mk\" cx=\"{x}\" cy=\"{y}\" r=\"9\"/><path d=\"M{x} {y}{sign}\"/>");
}

fn glyph(out: &mut String, drawing: &str, x: f64, y: f64, scale: f64) {
    if drawing.is_empty() {
        return;
    }
    let scale = if (scale - 1.0).abs() < 0.05 { String::new() } else { format!(" scale({})", number(scale)) };
    let _ =
        write!(out, "<path class=\"gl\" transform=\"translate({} {}){scale}\" d=\"{drawing}\"/>", number(x), number(y));
}

/// Around the upper left corner.
fn activity_glyph(activity: Activity, shape: &Shape) -> &'static str {
    match activity {
        Activity::Plain | Activity::Call => "",
        Activity::SubProcess if shape.expanded == Some(true) => "",
        Activity::SubProcess => "M8 8h12v12H8zM14 10.5v7M10.5 14h7",
        Activity::User => "M13 12.4a3.2 3.2 0 1 1 .1 0M7 22c.6-4 3-5.6 6-5.6s5.4 1.6 6 5.6",
        Activity::Script => "M9 7h10c-3 4 3 8 0 12H9c3-4-3-8 0-12M11 11h5M12.5 15h4",
        Activity::Service => {
            "M13 10a3 3 0 1 1 0 6 3 3 0 0 1 0-6M13 6.5v2M13 17.5v2M6.5 13h2M17.5 13h2M8.4 8.4l1.4 1.4M16.2 16.2l1.4 \
             1.4M17.6 8.4l-1.4 1.4M9.8 16.2l-1.4 1.4"
        }
        Activity::Message => "M7 8h13v10H7zM7.5 9l6 5 6-5",
    }
}

/// Around the middle of a gateway of 50.
fn gateway_glyph(gateway: Gateway) -> &'static str {
    match gateway {
        Gateway::Exclusive => "M-7-7 7 7M7-7-7 7",
        Gateway::Parallel => "M0-11v22M-11 0h22",
        Gateway::Inclusive => "M0-10a10 10 0 1 1 0 20 10 10 0 0 1 0-20",
        Gateway::EventBased => "M0-12a12 12 0 1 1 0 24 12 12 0 0 1 0-24M0-6 6-1.5 4 5.5h-8l-2-7z",
        Gateway::Complex => "M0-11v22M-11 0h22M-7-7 7 7M7-7-7 7",
    }
}

/// Around the middle of an event of 36.
fn trigger_glyph(trigger: Trigger) -> &'static str {
    match trigger {
        Trigger::None => "",
        Trigger::Timer => "M0-10a10 10 0 1 1 0 20 10 10 0 0 1 0-20M0-6.5V0l4.5 2.5",
        Trigger::Message => "M-9-6H9V6H-9zM-8.5-5.5 0 1l8.5-6.5",
        Trigger::Error => "M-8 8-3-7 3 3 8-8 4 8-2-1z",
        Trigger::Terminate => "M0-9a9 9 0 1 1 0 18 9 9 0 0 1 0-18M0-6a6 6 0 1 1 0 12 6 6 0 0 1 0-12M0-3a3 3 0 1 1 0 6",
        Trigger::Other => "M0-9 9-2 5.5 8h-11L-9-2z",
    }
}

fn path(points: &[(f64, f64)]) -> String {
    let mut path = String::new();
    for (index, (x, y)) in points.iter().enumerate() {
        let _ = write!(path, "{}{} {}", if index == 0 { "M" } else { "L" }, number(*x), number(*y));
    }
    path
}

/// At most one decimal.
fn number(value: f64) -> String {
    let rounded = (value * 10.0).round() / 10.0;
    // No minus before a nought.
    format!("{}", if rounded == 0.0 { 0.0 } else { rounded })
}
