//! One cheap pass over the raw text before the parser: nesting, attributes, namespaces, and no DTD. Accepts every
//! other mistake; the parser names those. On well-formed text both see the same tags, so the limits hold for it.

use crate::diagnostic::Fault;

const DEPTH_MAX: usize = 100;
/// Per element; the parser compares each with each.
const ATTRIBUTES_MAX: usize = 256;
/// In scope at one place; the parser copies them to every element that declares one.
const NAMESPACES_MAX: usize = 256;
/// In the whole file; the parser keeps them in one sorted list.
const DECLARATIONS_MAX: usize = 20_000;
const ELEMENTS_MAX: usize = 200_000;

pub(super) const DTD_MESSAGE: &str = "a document type declaration (DTD) is not allowed, nor are entities of one; \
                                      remove <!DOCTYPE ...> and <!ENTITY ...>";

/// Returns the start of the innermost element left open, for the message about it.
pub(super) fn check(text: &str, steps: &mut usize) -> Result<Option<usize>, Fault> {
    let mut scan = Scan { text, open: Vec::new(), elements: 0, declarations: 0 };
    let mut at = 0;
    while let Some(found) = text[at..].find('<') {
        at += found;
        let next = match scan.markup(at)? {
            Some(next) => next,
            None => break,
        };
        at = next;
    }
    *steps += text.len() + scan.elements;
    Ok(scan.open.last().map(|open| open.at))
}

struct Open {
    at: usize,
    namespaces: usize,
}

struct Scan<'t> {
    text: &'t str,
    open: Vec<Open>,
    elements: usize,
    declarations: usize,
}

impl Scan<'_> {
    /// Reads one piece of markup and gives the offset behind it; `None` when it does not end.
    fn markup(&mut self, at: usize) -> Result<Option<usize>, Fault> {
        let rest = &self.text[at..];
        let behind = |end: &str| rest.find(end).map(|found| at + found + end.len());
        if let Some(comment) = rest.strip_prefix("<!--") {
            return Ok(comment.find("-->").map(|found| at + 4 + found + 3));
        }
        if rest.starts_with("<![CDATA[") {
            return Ok(behind("]]>"));
        }
        if rest.starts_with("<?") {
            return Ok(behind("?>"));
        }
        if rest.starts_with("<!") {
            let dtd = ["<!DOCTYPE", "<!ENTITY", "<!doctype", "<!entity"].iter().any(|word| rest.starts_with(word));
            return if dtd { Err(Fault::new("DTD_NOT_ALLOWED", at, DTD_MESSAGE)) } else { Ok(None) };
        }
        if rest.starts_with("</") {
            self.open.pop();
            return Ok(behind(">"));
        }
        self.start_tag(at)
    }

    fn start_tag(&mut self, at: usize) -> Result<Option<usize>, Fault> {
        let bytes = self.text.as_bytes();
        let mut attributes = 0;
        let mut declared = 0;
        let mut place = at + 1;
        let end = loop {
            match bytes.get(place) {
                None => return Ok(None),
                Some(b'>') => break place,
                Some(quote @ (b'"' | b'\'')) => match self.text[place + 1..].find(char::from(*quote)) {
                    Some(length) => place += length + 1,
                    None => return Ok(None),
                },
                Some(b'=') => attributes += 1,
                Some(b' ' | b'\t' | b'\r' | b'\n') => {
                    declared += usize::from(bytes[place + 1..].starts_with(b"xmlns"));
                }
                Some(_) => {}
            }
            place += 1;
        };
        self.elements += 1;
        self.declarations += declared;
        let namespaces = self.open.last().map_or(0, |open| open.namespaces) + declared;
        self.within(at, attributes, namespaces)?;
        if bytes[end - 1] != b'/' {
            self.open.push(Open { at, namespaces });
        }
        Ok(Some(end + 1))
    }

    fn within(&self, at: usize, attributes: usize, namespaces: usize) -> Result<(), Fault> {
        let limits = [
            ("TOO_DEEP", self.open.len() + 1, DEPTH_MAX, "levels of elements"),
            ("TOO_MANY_ATTRIBUTES", attributes, ATTRIBUTES_MAX, "attributes on one element"),
            ("TOO_MANY_NAMESPACES", namespaces, NAMESPACES_MAX, "namespaces in scope"),
            ("TOO_MANY_NAMESPACES", self.declarations, DECLARATIONS_MAX, "namespace declarations"),
            ("TOO_MANY_ELEMENTS", self.elements, ELEMENTS_MAX, "elements"),
        ];
        match limits.into_iter().find(|(_, count, max, _)| count > max) {
            Some((code, _, max, what)) => {
                Err(Fault::new(code, at, format!("the file has more than {max} {what}; that is no process model")))
            }
            None => Ok(()),
        }
    }
}
