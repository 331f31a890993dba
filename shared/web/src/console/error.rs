//! Pages for what could not be done: what happened, what was kept, what to do next.

use super::{Shell, render};
use serde::Serialize;

/// What went wrong, in the reader's words.
#[derive(Clone, Debug, Serialize)]
pub struct Trouble {
    /// One short sentence without a full stop.
    pub heading: String,
    /// What was kept and what to do, a sentence or two each.
    pub lines: Vec<String>,
    /// Ways on; the first is the likeliest.
    pub links: Vec<Link>,
    /// What support can find the request by.
    pub number: Option<String>,
    /// Name of the icon.
    pub icon: &'static str,
    /// Its colour; empty for none.
    pub tone: &'static str,
}

/// A way on.
#[derive(Clone, Debug, Serialize)]
pub struct Link {
    /// Where it leads.
    pub address: String,
    /// What it says.
    pub word: String,
}

impl Link {
    /// A link.
    pub fn new(address: impl Into<String>, word: impl Into<String>) -> Link {
        Link { address: address.into(), word: word.into() }
    }
}

/// The page for somebody who is signed in.
pub fn page(shell: &Shell, trouble: &Trouble) -> String {
    render("console/error.html", shell, trouble)
}

/// The page for somebody who is not.
pub fn door(shell: &Shell, trouble: &Trouble) -> String {
    render("console/door-error.html", shell, trouble)
}
