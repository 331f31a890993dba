//! Values as written: character references decoded, line breaks kept, every character traceable to its place in
//! the file. XML would turn the line breaks of an attribute into spaces and a script's first `//` into its end.

use roxmltree::{Attribute, Node};

/// A decoded text that knows where each of its characters stands in the file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Located {
    /// Decoded, with `\n` for every line break.
    pub text: String,
    /// Pairs (offset in `text`, offset in the file) where the two begin to run in step again.
    steps: Vec<(usize, usize)>,
}

impl Located {
    /// The value of an attribute.
    pub(crate) fn of_attribute(file: &str, attribute: &Attribute<'_, '_>) -> Located {
        let range = attribute.range();
        // `range_value` clips long white space around "="; the first quote is always the value's.
        let raw = &file[range.clone()];
        let open = raw.find(['"', '\'']).map_or(0, |at| at + 1);
        let mut located = Located::starting_at(range.start + open);
        located.decode(&raw[open..raw.len().saturating_sub(1).max(open)], range.start + open);
        located
    }

    /// Another text that stands where this one does; places in it are those of its beginning.
    pub(crate) fn with_text(&self, text: String) -> Located {
        let start = self.steps.first().map_or(0, |(_, file)| *file);
        Located { text, ..Located::starting_at(start) }
    }

    /// The text of an element without child elements: character data and CDATA, comments left out.
    pub(crate) fn of_content(file: &str, node: Node<'_, '_>) -> Located {
        let range = node.range();
        let Some(first) = node.first_child() else { return Located::starting_at(range.end) };
        let start = first.range().start;
        let end = file[range.clone()].rfind("</").map_or(range.end, |at| range.start + at).max(start);
        let mut located = Located::starting_at(start);
        let mut at = start;
        while at < end {
            let rest = &file[at..end];
            let length = if rest.starts_with("<![CDATA[") {
                let length = rest.find("]]>").unwrap_or(rest.len());
                located.copy(&rest[9.min(length)..length], at + 9, false);
                length + 3
            } else if rest.starts_with("<!--") {
                rest.get(4..).and_then(|inner| inner.find("-->")).map_or(rest.len(), |found| found + 7)
            } else if rest.starts_with('<') {
                rest.find('>').map_or(rest.len(), |found| found + 1)
            } else {
                let length = rest.find('<').unwrap_or(rest.len());
                located.decode(&rest[..length], at);
                length
            };
            at += length;
        }
        located
    }

    fn starting_at(at: usize) -> Located {
        Located { text: String::new(), steps: vec![(0, at)] }
    }

    /// Where the value begins in the file.
    pub(crate) fn start(&self) -> usize {
        self.steps.first().map_or(0, |(_, at)| *at)
    }

    /// The place in the file of a byte of `text`.
    pub(crate) fn place(&self, offset: usize) -> usize {
        let index = self.steps.partition_point(|(decoded, _)| *decoded <= offset);
        match self.steps.get(index.saturating_sub(1)) {
            Some((decoded, at)) => at + offset.saturating_sub(*decoded),
            None => offset,
        }
    }

    /// The place in the file of a line and column of `text`, both from 1, the column in characters.
    pub(crate) fn place_of(&self, line: usize, column: usize) -> usize {
        let skip = line.saturating_sub(1);
        let start = match skip {
            0 => 0,
            _ => self.text.match_indices('\n').nth(skip - 1).map_or(self.text.len(), |(at, _)| at + 1),
        };
        let chars = column.saturating_sub(1);
        let rest = &self.text[start..];
        let length = rest.char_indices().nth(chars).map_or(rest.len(), |(at, _)| at);
        self.place(start + length)
    }

    /// The value as a single line without white space at its ends, for everything that is no script or template.
    pub(crate) fn plain(&self) -> String {
        self.text.replace(['\n', '\t', '\r'], " ").trim().to_owned()
    }

    /// The place in the file of a byte of [`Located::plain`].
    pub(crate) fn plain_place(&self, offset: usize) -> usize {
        let spaces = self.text.len() - self.text.trim_start().len();
        self.place(spaces + offset)
    }

    /// True when nothing but white space is there.
    pub(crate) fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }

    fn decode(&mut self, raw: &str, at: usize) {
        self.copy(raw, at, true);
    }

    fn copy(&mut self, raw: &str, at: usize, references: bool) {
        self.mark(at);
        let mut done = 0;
        while let Some(found) = raw[done..].find(|c| c == '\r' || (references && c == '&')) {
            self.text.push_str(&raw[done..done + found]);
            let special = done + found;
            let rest = &raw[special..];
            let length = if rest.starts_with('\r') {
                self.text.push('\n');
                if rest.starts_with("\r\n") { 2 } else { 1 }
            } else {
                let (c, length) = reference(rest).unwrap_or(('&', 1));
                self.text.push(c);
                length
            };
            done = special + length;
            self.mark(at + done);
        }
        self.text.push_str(&raw[done..]);
    }

    fn mark(&mut self, at: usize) {
        let entry = (self.text.len(), at);
        match self.steps.last_mut() {
            Some(last) if last.0 == entry.0 => *last = entry,
            Some(_) | None => self.steps.push(entry),
        }
    }
}

/// A character reference or one of XML's five names at the start of `text`, with its length.
fn reference(text: &str) -> Option<(char, usize)> {
    // The longest that is well-formed is far below 32 bytes, leading zeros aside.
    let end = text.find(';')?;
    let name = text.get(1..end)?;
    let c = match name {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "quot" => '"',
        "apos" => '\'',
        _ => {
            let digits = name.strip_prefix('#')?;
            let number = match digits.strip_prefix('x') {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => digits.parse().ok()?,
            };
            char::from_u32(number)?
        }
    };
    Some((c, end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attribute(file: &str) -> Located {
        let document = roxmltree::Document::parse(file).expect("well-formed");
        let attribute = document.root_element().attributes().next().expect("an attribute");
        Located::of_attribute(file, &attribute)
    }

    #[test]
    fn attribute_keeps_line_breaks_and_decodes_references() {
        let file = "<a b  =\n 'x &lt; 1 // c&#10;\r\ny &amp;&#x26; z'/>";
        let value = attribute(file);
        assert_eq!(value.text, "x < 1 // c\n\ny && z");
        for needle in ["x", "1", "c", "y", "z"] {
            let decoded = value.text.find(needle).expect("decoded");
            assert_eq!(value.place(decoded), file[3..].find(needle).expect("raw") + 3, "{needle}");
        }
    }

    #[test]
    fn long_white_space_around_the_equals_sign_does_not_shift_the_value() {
        let file = format!("<a b{}='v'/>", " ".repeat(400));
        assert_eq!(attribute(&file).text, "v");
    }

    #[test]
    fn content_joins_character_data_and_cdata_and_leaves_comments_out() {
        let file = "<a>p &lt; <![CDATA[q && \r\n]]><!-- no -->r</a>";
        let document = roxmltree::Document::parse(file).expect("well-formed");
        let value = Located::of_content(file, document.root_element());
        assert_eq!(value.text, "p < q && \nr");
        for needle in ["p", "q", "r"] {
            let decoded = value.text.find(needle).expect("decoded");
            assert_eq!(value.place(decoded), file.rfind(needle).expect("raw"), "{needle}");
        }
        assert_eq!(value.place_of(2, 1), file.rfind('r').expect("raw"));
    }
}
