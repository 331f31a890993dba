//! What the partial `console/diagram.html` needs: the server's drawing, and what the script gives to the viewer that takes
//! its place. Draws nothing itself.

use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// A picture of a process in a page, as `view.diagram`.
#[derive(Clone, Debug, Serialize)]
pub struct Diagram {
    /// SVG made by this product, put into the page as it is.
    pub svg: String,
    /// Where the script fetches the BPMN; `None` where it stands in the page.
    pub source: Option<String>,
    /// The BPMN itself, for a file that has no address yet.
    pub xml: Option<String>,
    /// JSON of element id to class: `done`, `active`, `failed`, `stopped`.
    pub marks: String,
    /// JSON list of the flows taken.
    pub flows: String,
    /// Start of the ids of the rows that belong to elements (`data-element`), for the region's name.
    pub name: String,
}

impl Diagram {
    /// With the BPMN at an address.
    pub fn at(source: String, svg: String, marks: &BTreeMap<String, &str>, flows: &BTreeSet<String>) -> Diagram {
        Diagram { source: Some(source), ..Diagram::new(svg, marks, flows) }
    }

    /// With the BPMN in the page: the elements with these ids are wrong.
    pub fn with_errors(xml: String, svg: String, wrong: &BTreeSet<String>) -> Diagram {
        let marks = wrong.iter().map(|id| (id.clone(), "failed")).collect();
        Diagram { xml: Some(xml), ..Diagram::new(svg, &marks, &BTreeSet::new()) }
    }

    fn new(svg: String, marks: &BTreeMap<String, &str>, flows: &BTreeSet<String>) -> Diagram {
        Diagram {
            svg,
            source: None,
            xml: None,
            marks: serde_json::json!(marks).to_string(),
            flows: serde_json::json!(flows).to_string(),
            name: "Process diagram".to_owned(),
        }
    }
}
