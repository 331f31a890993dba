//! The picture of a file: the shapes and edges of its diagram interchange (BPMN 2.0, chapter 12), and a copy of the
//! file with nothing in it but what a viewer draws. Judges nothing, lays nothing out, knows no state but marks given.

mod layout;
mod outline;
mod read;
mod svg;

use std::collections::{BTreeMap, BTreeSet};

/// Shapes of a diagram at most; what has more is not drawn.
pub const SHAPES_MAX: usize = 2_000;
/// Edges of a diagram at most.
pub const EDGES_MAX: usize = 4_000;
/// Waypoints of an edge at most; further ones but the last are passed over.
pub const WAYPOINTS_MAX: usize = 200;
/// Characters of a name that are drawn at most.
pub const NAME_CHARS_MAX: usize = 300;

/// Why there is no picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotDrawn {
    /// The file is no XML that can be read.
    Unreadable,
    /// The file has neither diagram interchange nor elements to lay out.
    NoDiagram,
    /// More than [`SHAPES_MAX`] shapes or [`EDGES_MAX`] edges.
    TooLarge,
}

/// What there is to draw.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagram {
    /// Nodes, containers before what they contain.
    pub shapes: Vec<Shape>,
    /// Connections.
    pub edges: Vec<Edge>,
    /// BPMN with only what is drawn: no script, property, template, condition or documentation of the file.
    pub outline: String,
    /// False where the file has no diagram interchange and this crate placed the elements.
    pub modelled: bool,
}

/// A node.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    /// BPMN id.
    pub id: String,
    /// Name, or the text of an annotation; empty where there is none.
    pub name: String,
    /// How it is drawn.
    pub kind: Kind,
    /// Where it stands.
    pub bounds: Bounds,
    /// Where its name stands, for what carries the name outside.
    pub label: Option<Bounds>,
    /// A pool or lane whose name stands sideways; an expanded sub-process.
    pub horizontal: Option<bool>,
    /// `isExpanded` of a sub-process.
    pub expanded: Option<bool>,
    /// `isMarkerVisible` of an exclusive gateway.
    pub marker: Option<bool>,
}

/// A connection.
#[derive(Clone, Debug, PartialEq)]
pub struct Edge {
    /// BPMN id.
    pub id: String,
    /// Name; empty where there is none.
    pub name: String,
    /// How it is drawn.
    pub line: Line,
    /// At least two points.
    pub points: Vec<(f64, f64)>,
    /// Where its name stands.
    pub label: Option<Bounds>,
}

/// A rectangle in the diagram's own units; all finite, width and height above zero.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// Left.
    pub x: f64,
    /// Top.
    pub y: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
}

impl Bounds {
    fn middle(&self) -> (f64, f64) {
        (self.x + self.width / 2.0, self.y + self.height / 2.0)
    }
}

/// How a node is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A rounded rectangle.
    Activity(Activity),
    /// A circle.
    Event(Event, Trigger),
    /// A diamond.
    Gateway(Gateway),
    /// A participant.
    Pool,
    /// Part of a participant.
    Lane,
    /// A text annotation.
    Note,
    /// A data object or store.
    Data,
    /// A dashed frame.
    Group,
}

/// What an activity's symbol says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activity {
    /// No symbol.
    Plain,
    /// A person.
    User,
    /// A sheet of lines.
    Script,
    /// A wheel.
    Service,
    /// An envelope.
    Message,
    /// A plus, or a frame around its parts.
    SubProcess,
    /// A thick frame.
    Call,
}

/// Where in the flow an event stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// One thin ring.
    Start,
    /// Two rings.
    Between,
    /// Two dashed rings: a boundary event that lets the activity go on.
    Beside,
    /// One thick ring.
    End,
}

/// What an event's symbol says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// No symbol.
    None,
    /// A clock.
    Timer,
    /// An envelope.
    Message,
    /// A flash.
    Error,
    /// A disc.
    Terminate,
    /// A pentagon: any other.
    Other,
}

/// What a gateway's symbol says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gateway {
    /// A cross.
    Exclusive,
    /// A plus.
    Parallel,
    /// A ring.
    Inclusive,
    /// A double ring.
    EventBased,
    /// A star.
    Complex,
}

/// How a connection is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// Solid with a filled head.
    Sequence,
    /// Dashed with a head.
    Message,
    /// Dotted.
    Association,
}

/// What happened at an element. The greater one wins where several executions differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// Stopped before its end.
    Stopped,
    /// Ended.
    Done,
    /// Going on, or waiting.
    Active,
    /// Failed, or wrong.
    Failed,
}

impl Mark {
    /// The class of its shape, also in the viewer.
    pub fn class(self) -> &'static str {
        match self {
            Mark::Stopped => "stopped",
            Mark::Done => "done",
            Mark::Active => "active",
            Mark::Failed => "failed",
        }
    }
}

/// What happened, by BPMN id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// Of flow nodes.
    pub elements: BTreeMap<String, Mark>,
    /// Sequence flows that were taken.
    pub flows: BTreeSet<String>,
}

impl Marks {
    /// Marks an element; the greater mark stays.
    pub fn add(&mut self, element: &str, mark: Mark) {
        let present = self.elements.entry(element.to_owned()).or_insert(mark);
        *present = mark.max(*present);
    }
}

/// Reads the diagram that shows `process_id`, or the file's first one where none is asked for. Where the file has no
/// diagram interchange, its process is laid out from left to right.
///
/// # Errors
/// [`NotDrawn`], with the reason. Never panics, whatever the file is.
pub fn read(source: &[u8], process_id: Option<&str>) -> Result<Diagram, NotDrawn> {
    let text = crate::xml::decode(source).map_err(|_| NotDrawn::Unreadable)?;
    let mut steps = 0;
    let document = crate::xml::parse(text, &mut steps).map_err(|_| NotDrawn::Unreadable)?;
    let file = read::File::of(document.root_element());
    let (shapes, edges, modelled) = match file.diagram(process_id)? {
        Some((shapes, edges)) => (shapes, edges, true),
        None => {
            let (shapes, edges) = layout::lay_out(&file, process_id)?;
            (shapes, edges, false)
        }
    };
    let outline = outline::write(&file, process_id, &shapes, &edges);
    Ok(Diagram { shapes, edges, outline, modelled })
}

impl Diagram {
    /// The picture as an SVG element of the console's design, with the marks as classes. Hidden from screen readers:
    /// the page says the same in a table.
    pub fn svg(&self, marks: &Marks) -> String {
        svg::write(self, marks)
    }
}

#[cfg(test)]
mod tests;
