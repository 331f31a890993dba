//! Definitions as every door shows and deploys them. Reads no BPMN: what is compiled comes in compiled.

mod impact;

pub use impact::{Affected, Artefact, COUNTED_MAX, Impact, Sync, impact};
