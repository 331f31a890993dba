//! Byte offset to line and column in constant time. Nothing else.

const BLOCK: usize = 1024;

/// Where lines begin, and how many characters stand before each block, so that many findings on one huge line
/// do not each count it from its beginning.
pub(crate) struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
    chars_before_block: Vec<usize>,
}

impl<'t> Lines<'t> {
    pub(crate) fn new(text: &'t str) -> Lines<'t> {
        let bytes = text.as_bytes();
        let mut starts = vec![0];
        let mut chars_before_block = vec![0];
        let mut chars = 0;
        for (offset, byte) in bytes.iter().enumerate() {
            if offset > 0 && offset % BLOCK == 0 {
                chars_before_block.push(chars);
            }
            chars += usize::from(!is_continuation(*byte));
            // XML 1.0, 2.11: CR LF and a lone CR are line breaks too.
            if *byte == b'\n' || (*byte == b'\r' && bytes.get(offset + 1) != Some(&b'\n')) {
                starts.push(offset + 1);
            }
        }
        Lines { text, starts, chars_before_block }
    }

    /// Line and column from 1, the column in characters. An offset behind the end means the end.
    pub(crate) fn position(&self, offset: usize) -> (u32, u32) {
        let offset = offset.min(self.text.len());
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = self.starts.get(line.saturating_sub(1)).copied().unwrap_or(0);
        let column = self.chars_before(offset) - self.chars_before(start) + 1;
        (u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(column).unwrap_or(u32::MAX))
    }

    fn chars_before(&self, offset: usize) -> usize {
        // The end of the text may begin a block that was never entered.
        let block = (offset / BLOCK).min(self.chars_before_block.len() - 1);
        let rest = &self.text.as_bytes()[block * BLOCK..offset];
        self.chars_before_block[block] + rest.iter().filter(|byte| !is_continuation(**byte)).count()
    }
}

fn is_continuation(byte: u8) -> bool {
    byte & 0xC0 == 0x80
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_characters_and_every_kind_of_line_break() {
        let text = "aé\r\nb\rc\nd";
        let lines = Lines::new(text);
        let at = |needle: &str| lines.position(text.find(needle).expect("in the text"));
        assert_eq!([at("a"), at("é"), at("b"), at("c"), at("d")], [(1, 1), (1, 2), (2, 1), (3, 1), (4, 1)]);
        assert_eq!(lines.position(999), (4, 2));
    }

    #[test]
    fn columns_agree_with_counting_on_a_line_longer_than_a_block() {
        let text = "é".repeat(5_000);
        let lines = Lines::new(&text);
        for chars in [0, 1, 511, 512, 513, 1_024, 4_999, 5_000] {
            assert_eq!(lines.position(chars * 2), (1, u32::try_from(chars).expect("small") + 1));
        }
    }
}
