//! The script a page runs in the browser. Holds its text; runs nothing.

use serde::{Deserialize, Serialize};

/// `ClientScript` of a user task: shows, hides, requires and marks fields of its form; changes nothing else (S4-34, S4-36).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Stored")]
pub struct ClientScript {
    /// JavaScript, the body of a function in strict mode.
    pub source: String,
    /// Fields that the script shows with `showField`, as far as their names stand in it: they are hidden until it does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shows: Vec<String>,
}

impl ClientScript {
    /// What cannot stand in the script element of an HTML page, because it ends the element or changes how its end is
    /// found (HTML, "Restrictions for contents of script elements"). In lower case; the page compares without case.
    pub const NOT_IN_A_PAGE: [&str; 3] = ["</script", "<script", "<!--"];

    /// The offset of the first [`Self::NOT_IN_A_PAGE`] in a script, and which it is.
    pub fn not_in_a_page(source: &str) -> Option<(usize, &'static str)> {
        let lower = source.to_ascii_lowercase();
        let found = Self::NOT_IN_A_PAGE.iter().filter_map(|text| Some((lower.find(text)?, *text)));
        found.min()
    }
}

/// Definitions that were deployed before pages ran scripts hold the text alone.
#[derive(Deserialize)]
#[serde(untagged)]
enum Stored {
    Text(String),
    Read {
        source: String,
        #[serde(default)]
        shows: Vec<String>,
    },
}

impl From<Stored> for ClientScript {
    fn from(stored: Stored) -> ClientScript {
        match stored {
            Stored::Text(source) => ClientScript { source, shows: Vec::new() },
            Stored::Read { source, shows } => ClientScript { source, shows },
        }
    }
}
