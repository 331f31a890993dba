//! Sequence flows should have ids: only those can be named by a Condition or as default.

use crate::read::{Outline, Reader};

pub(super) fn check(outline: &Outline<'_, '_>, reader: &mut Reader<'_>) {
    for flow in outline.flows.iter().filter(|flow| !flow.named) {
        let message =
            format!("the flow has no id and is called \"{}\" here; give it one to name it in conditions", flow.id);
        reader.report.warning("FLOW_WITHOUT_ID", flow.at, &flow.id, message);
    }
}
