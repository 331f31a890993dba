//! From bytes to a tree with positions, within limits. roxmltree stays behind this module and the readers;
//! nothing here knows BPMN.

mod limits;
mod lines;
mod text;

pub(crate) use lines::Lines;
pub(crate) use text::Located;

use crate::diagnostic::{Fault, Place};
use roxmltree::{Document, Error, ParsingOptions};

/// A file may have this many bytes.
pub const FILE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Nodes of the tree (elements, texts, comments).
const NODES_MAX: u32 = 600_000;

/// The text of the file without a byte order mark.
pub(crate) fn decode(source: &[u8]) -> Result<&str, (Fault, &str)> {
    let fail = |code, message: String| Err((Fault::new(code, 0, message), ""));
    if source.len() > FILE_BYTES_MAX {
        let size = source.len();
        return fail("TOO_LARGE", format!("the file has {size} bytes; at most {FILE_BYTES_MAX} (4 MiB) are read"));
    }
    if let Some(name) = foreign_encoding(source) {
        return fail("ENCODING_NOT_SUPPORTED", format!("the file is {name}; save it as UTF-8"));
    }
    let bytes = source.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(source);
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let valid = error.valid_up_to();
            let prefix = std::str::from_utf8(&bytes[..valid]).unwrap_or_default();
            let offset = valid + source.len() - bytes.len();
            let message = format!(
                "byte {offset} (0x{:02X}) is not UTF-8; save the file as UTF-8",
                bytes.get(valid).copied().unwrap_or_default()
            );
            return Err((Fault::new("NOT_UTF8", valid, message), prefix));
        }
    };
    if text.trim().is_empty() {
        return fail("EMPTY_FILE", "the file is empty; send a BPMN 2.0 XML document".to_owned());
    }
    match declared_encoding(text) {
        Some(name) if !is_utf8(name) && !text.is_ascii() => Err((
            Fault::new(
                "ENCODING_NOT_SUPPORTED",
                0,
                format!("the XML declaration says encoding \"{name}\" but the bytes are UTF-8; declare UTF-8"),
            ),
            text,
        )),
        Some(_) | None => Ok(text),
    }
}

/// Checks the limits, then parses. DTDs and entities are refused before the parser sees them.
pub(crate) fn parse<'t>(text: &'t str, steps: &mut usize) -> Result<Document<'t>, Fault> {
    let open = limits::check(text, steps)?;
    let options = ParsingOptions { nodes_limit: NODES_MAX, ..ParsingOptions::default() };
    Document::parse_with_options(text, options).map_err(|error| fault(&error, text, open))
}

fn foreign_encoding(source: &[u8]) -> Option<&'static str> {
    match source {
        [0xFF, 0xFE, 0, 0, ..] | [0, 0, 0xFE, 0xFF, ..] => Some("UTF-32"),
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] | [b'<', 0, ..] | [0, b'<', ..] => Some("UTF-16"),
        _ => None,
    }
}

fn declared_encoding(text: &str) -> Option<&str> {
    let declaration = text.strip_prefix("<?xml")?;
    let declaration = &declaration[..declaration.find("?>")?];
    let value = declaration.split_once("encoding")?.1.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    value[1..].split(quote).next()
}

fn is_utf8(name: &str) -> bool {
    ["utf-8", "utf8"].iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// The parser's finding in words that say what to write.
#[expect(clippy::wildcard_enum_match_arm, reason = "the parser's enum, not ours; its other messages say enough")]
fn fault(error: &Error, text: &str, open: Option<usize>) -> Fault {
    let mut code = "NOT_WELL_FORMED";
    let hint = match error {
        Error::InvalidAttributeValue(_) | Error::InvalidChar(b'"' | b'\'', b'<', _) => {
            "an attribute value contains \"<\"; write \"&lt;\", and \"&amp;&amp;\" for \"&&\", or put the text into \
             an element with CDATA"
                .to_owned()
        }
        Error::MalformedEntityReference(_) => {
            "\"&\" begins no character reference; write \"&amp;\" (and \"&amp;&amp;\" for \"&&\")".to_owned()
        }
        Error::UnknownEntityReference(name, _) => format!(
            "\"&{name};\" is not known in XML; write the character itself or its number, such as \"&#160;\", or \
             \"&amp;{name};\" for the text"
        ),
        Error::UnknownNamespace(prefix, _) => {
            format!("the prefix \"{prefix}\" is not declared; add xmlns:{prefix}=\"...\" to the root element")
        }
        Error::UnexpectedCloseTag(expected, found, _) => {
            format!("</{found}> closes nothing here; </{expected}> is expected first")
        }
        Error::DuplicatedAttribute(name, _) => format!("the attribute \"{name}\" stands twice on one element"),
        Error::NonXmlChar(c, _) => {
            format!("the character U+{:04X} is not allowed in XML; remove it", u32::from(*c))
        }
        Error::NoRootNode => "there is no root element; a BPMN file begins with <bpmn:definitions>".to_owned(),
        Error::UnclosedRootNode | Error::UnexpectedEndOfStream => {
            "the file ends before its last element is closed".to_owned()
        }
        Error::InvalidCharacterData(_) => "\"]]>\" is not allowed in text; write \"]]&gt;\"".to_owned(),
        Error::InvalidComment(_) => "a comment contains \"--\"; use other dashes".to_owned(),
        Error::UnexpectedDeclaration(_) => {
            "the XML declaration must be the first thing in the file, without a line or space before it".to_owned()
        }
        Error::InvalidChar2("a whitespace", _, _) => {
            "a space is missing between attributes; a quote inside a value is written \"&quot;\"".to_owned()
        }
        Error::DtdDetected => {
            code = "DTD_NOT_ALLOWED";
            limits::DTD_MESSAGE.to_owned()
        }
        Error::NodesLimitReached | Error::AttributesLimitReached | Error::NamespacesLimitReached => {
            code = "TOO_MANY_ELEMENTS";
            format!("the file has more than {NODES_MAX} nodes or too many attributes and namespaces")
        }
        // The parser appends the position, which the diagnostic has already.
        other => other.to_string().replace(&format!(" at {}", other.pos()), ""),
    };
    let message = match code {
        "NOT_WELL_FORMED" => format!("not well-formed XML: {hint}"),
        _ => hint,
    };
    let at = match error {
        Error::UnclosedRootNode | Error::UnexpectedEndOfStream | Error::NoRootNode => {
            Place::Offset(open.unwrap_or(text.len()))
        }
        other => Place::Position(other.pos().row, other.pos().col),
    };
    Fault { code, message, at }
}
