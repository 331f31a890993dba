//! Diagnostics of system tasks.

use super::{Entry, error, warning};

pub(super) const ACTIONS: &[Entry] = &[
    error(
        "NO_ACTION",
        "A service or send task does not say what it does.",
        "Write `ConnectorKey`, `Endpoint` or `Type`; on a send task `messageType`.",
    ),
    error(
        "UNKNOWN_TYPE",
        "`Type` or `messageType` is not known, or has no channel yet.",
        "Write http, graphql, javascript, email, delay or echo; on a send task email or webhook.",
    ),
    error(
        "CONNECTOR_AND_TYPE",
        "A service task names a command and a request.",
        "Keep `ConnectorKey`, or `Type` with `Endpoint`.",
    ),
    error(
        "PROPERTY_MISSING",
        "A property is missing that a system task cannot do without.",
        "Add it; the message names it.",
    ),
    error(
        "INVALID_ENDPOINT",
        "The address of a request is none.",
        "Write `https://host/path`, with `{{ path }}` for values.",
    ),
    error("INVALID_METHOD", "The method of a request is not known.", "Write GET, POST, PUT, PATCH, DELETE or HEAD."),
    error("INVALID_HEADER", "The name of a header field is none.", "Use letters, digits and `-`."),
    error("INVALID_NUMBER", "A number is malformed or too large.", "Write a whole number within the limit named."),
    warning(
        "HEADER_LEFT_OUT",
        "A header field belongs to the connection or says who is called; it is not sent as written.",
        "Remove it.",
    ),
    warning("MAIL_WITHOUT_SUBJECT", "A mail has no subject, which many filters take for spam.", "Add `subject`."),
    warning(
        "SECRET_IN_FILE",
        "A header that proves who calls stands in the file, which every designer can read.",
        "Keep the value in a secret and name that in `Credentials`.",
    ),
];
