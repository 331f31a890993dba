//! The diagnostics of customer pages and mails in words.

use super::{Entry, error, on, warning};
use crate::diagnostic::Severity::{Error, Warning};

pub(super) const PAGES: &[Entry] = &[
    error(
        "TEMPLATE_NOT_ALLOWED",
        "A page or mail contains what could run, load or lead elsewhere: scripts, event attributes, frames, foreign resources, other addresses.",
        "Remove it.",
    ),
    on(
        &[Error, Warning],
        "PAGE_TOO_BIG",
        "A page is bigger than can be stored (error), or than opens quickly on a weak connection (warning).",
        "Make pictures smaller and remove unused styles.",
    ),
    error("PAGE_TOO_COMPLEX", "A page is nested too deeply or has too many parts.", "Simplify its markup."),
    error(
        "PLACEHOLDER_SYNTAX",
        "A placeholder cannot be read.",
        "Write `{{ path }}` with at most the filters that exist.",
    ),
    error(
        "PLACEHOLDER_PLACE",
        "A placeholder stands where its value could not be made safe.",
        "Put it into a text or a quoted attribute.",
    ),
    warning(
        "PLACEHOLDER_OPEN",
        "Braces look like a placeholder that is not closed.",
        "Close it, or write the braces apart.",
    ),
    warning("ELEMENT_DROPPED", "An element is left out; what is in it stays.", "Nothing, if the page looks right."),
    warning("ATTRIBUTE_DROPPED", "An attribute is left out.", "Nothing, if the page looks right."),
    warning("LINK_NOT_ABSOLUTE", "A link leads to this product's own host.", "Write the whole address."),
    error("FORM_NOT_UNIQUE", "A page has more than one form.", "Keep one, or `{{ form }}`."),
    error("FIELD_OUTSIDE_FORM", "A field or button stands outside of the form and is never sent.", "Put it inside."),
    error(
        "FIELD_NOT_SUPPORTED",
        "A field of this kind, or with such values, cannot be checked on the server.",
        "Use another kind of field.",
    ),
    error("FIELD_NAME", "A field has a name it cannot have, or two kinds of field share one.", "Rename it."),
    warning("FIELD_WITHOUT_NAME", "A field has no name and is left out.", "Name it."),
    warning(
        "FIELD_WITHOUT_LABEL",
        "A field has no label, so not everybody can know what to enter.",
        "Add a `<label>`.",
    ),
    error("ACTION_WITHOUT_VALUE", "A button does not say which action it submits.", "Write it as a literal `value`."),
    warning("BUTTON_WITHOUT_ACTION", "A button submits no action and is left out.", "Call it `action`, with a value."),
];
