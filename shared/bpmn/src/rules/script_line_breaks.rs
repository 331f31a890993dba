//! A script with line breaks inside an attribute is read as written here; other tools turn the breaks into spaces,
//! and the first `//` comment then swallows the rest.

use crate::read::{Outline, Reader};

const SCRIPTS: &[&str] = &["Script", "ServerScript", "ClientScript", "Condition"];

pub(super) fn check(outline: &Outline<'_, '_>, reader: &mut Reader<'_>) {
    for node in &outline.nodes {
        for property in SCRIPTS.iter().filter_map(|name| node.properties.get(name)) {
            let raw_break = property.in_attribute && property.value.text.trim().contains('\n');
            if raw_break {
                let message = format!(
                    "{} keeps its line breaks here; other tools read an attribute as one line, so CDATA is safer",
                    property.name
                );
                reader.report.info("SCRIPT_IN_ATTRIBUTE", property.at, &node.id, message);
            }
        }
    }
}
