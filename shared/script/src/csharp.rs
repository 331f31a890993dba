//! Translates the one C# idiom models carry, `return new { a = b, c };`, to an object literal of the same length, so that
//! places in the text stay true. Translates nothing else (decision D-02).

/// Deeper nesting than this is no literal anybody wrote.
const DEPTH_MAX: usize = 32;

/// The translated script, or `None` where the source is not exactly one such statement.
pub(crate) fn translate(source: &str) -> Option<String> {
    let mut reader = Reader { text: source.as_bytes(), at: 0, out: source.as_bytes().to_vec() };
    reader.space();
    reader.word("return")?;
    reader.space_required()?;
    reader.literal(0)?;
    reader.space();
    if reader.peek() == Some(b';') {
        reader.at += 1;
    }
    reader.space();
    if reader.at < reader.text.len() {
        return None;
    }
    String::from_utf8(reader.out).ok()
}

struct Reader<'s> {
    text: &'s [u8],
    at: usize,
    out: Vec<u8>,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    /// White space and comments, which both languages write alike.
    fn space(&mut self) {
        loop {
            let rest = &self.text[self.at..];
            let end = |closing: &[u8]| rest[2..].windows(closing.len()).position(|part| part == closing);
            self.at += match rest {
                [byte, ..] if byte.is_ascii_whitespace() => 1,
                [b'/', b'/', ..] => end(b"\n").map_or(rest.len(), |end| end + 3),
                [b'/', b'*', ..] => end(b"*/").map_or(rest.len(), |end| end + 4),
                _ => return,
            };
        }
    }

    fn space_required(&mut self) -> Option<()> {
        let begins = self.peek()?;
        (begins.is_ascii_whitespace() || begins == b'/').then(|| self.space())
    }

    fn word(&mut self, word: &str) -> Option<()> {
        self.text[self.at..].starts_with(word.as_bytes()).then(|| self.at += word.len())
    }

    /// `new { name = expression, ... }` from its `new`.
    fn literal(&mut self, depth: usize) -> Option<()> {
        if depth > DEPTH_MAX {
            return None;
        }
        let start = self.at;
        self.word("new")?;
        self.space();
        if self.peek()? != b'{' {
            return None;
        }
        self.out[start..self.at].fill(b' ');
        self.at += 1;
        loop {
            self.space();
            if self.peek()? == b'}' {
                self.at += 1;
                return Some(());
            }
            self.member(depth)?;
        }
    }

    /// `name = expression`, or `name` alone for the variable of that name, and the comma behind it.
    fn member(&mut self, depth: usize) -> Option<()> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte == b'_' || byte.is_ascii_alphanumeric() || byte >= 0x80) {
            self.at += 1;
        }
        if self.at == start || self.text[start].is_ascii_digit() {
            return None;
        }
        self.space();
        let equals = self.at;
        match self.peek()? {
            // JavaScript writes it alike.
            b'}' => return Some(()),
            b',' => {
                self.at += 1;
                return Some(());
            }
            _ => {}
        }
        if self.peek()? != b'=' || matches!(self.text.get(self.at + 1), Some(b'=' | b'>')) {
            return None;
        }
        self.out[equals] = b':';
        self.at += 1;
        self.expression(depth)?;
        if self.peek()? == b',' {
            self.at += 1;
        }
        Some(())
    }

    /// Up to the `,` or `}` that ends it.
    fn expression(&mut self, depth: usize) -> Option<()> {
        let mut open = Vec::new();
        let start = self.at;
        loop {
            let byte = self.peek()?;
            match byte {
                b',' | b'}' if open.is_empty() => {
                    return (!self.text[start..self.at].trim_ascii().is_empty()).then_some(());
                }
                b'(' => open.push(b')'),
                b'[' => open.push(b']'),
                b'{' => open.push(b'}'),
                b')' | b']' | b'}' if open.pop() != Some(byte) => return None,
                b'"' | b'\'' | b'`' => self.quoted(byte)?,
                b'/' if matches!(self.text.get(self.at + 1), Some(b'/' | b'*')) => {
                    self.space();
                    continue;
                }
                b'n' if self.starts_literal() => {
                    self.literal(depth + 1)?;
                    continue;
                }
                _ => {}
            }
            self.at += 1;
        }
    }

    fn starts_literal(&self) -> bool {
        let part = |byte: &u8| *byte == b'_' || *byte == b'$' || *byte == b'.' || byte.is_ascii_alphanumeric();
        let begins = self.at == 0 || !part(&self.text[self.at - 1]);
        let rest = self.text[self.at..].strip_prefix(b"new");
        begins && rest.is_some_and(|rest| rest.trim_ascii_start().first() == Some(&b'{'))
    }

    /// Moves to the closing quote.
    fn quoted(&mut self, quote: u8) -> Option<()> {
        loop {
            self.at += 1;
            match self.peek()? {
                b'\\' => self.at += 1,
                byte if byte == quote => return Some(()),
                _ => {}
            }
        }
    }
}
