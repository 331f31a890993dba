//! CSS tokens after CSS Syntax Level 3, section 4, as far as a rewriter needs them, and how they are written.
//! Judges nothing.

/// A token. Names and texts have their escapes resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Comment,
    Space,
    Ident(String),
    /// A name with `(` behind it.
    Function(String),
    AtKeyword(String),
    Hash(String),
    /// A quoted string.
    Text(String),
    /// `url(unquoted)`
    Url(String),
    /// Digits with sign, point and exponent; units and `%` follow as tokens of their own.
    Number(String),
    Open(char),
    Close(char),
    Delim(char),
}

/// The tokens of a text with their byte offsets.
pub(super) struct Tokens<'a> {
    css: &'a str,
    at: usize,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(css: &'a str) -> Tokens<'a> {
        Tokens { css, at: 0 }
    }

    /// Skips to behind the next semicolon that stands outside strings and brackets.
    pub(super) fn skip_statement(&mut self) {
        let mut depth = 0_usize;
        while let Some((start, token)) = self.next() {
            match token {
                Token::Delim(';') if depth == 0 => return,
                Token::Open(_) | Token::Function(_) => depth += 1,
                // The block around it ends first: its brace is still to come.
                Token::Close('}') if depth == 0 => {
                    self.at = start;
                    return;
                }
                Token::Close(_) => depth = depth.saturating_sub(1),
                Token::Comment
                | Token::Space
                | Token::Ident(_)
                | Token::AtKeyword(_)
                | Token::Hash(_)
                | Token::Text(_)
                | Token::Url(_)
                | Token::Number(_)
                | Token::Delim(_) => {}
            }
        }
    }

    fn rest(&self) -> &'a str {
        &self.css[self.at..]
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        self.rest().chars().nth(ahead)
    }

    fn bump(&mut self) -> Option<char> {
        let c = self.rest().chars().next()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn eat(&mut self, text: &str) -> bool {
        let found = self.rest().starts_with(text);
        if found {
            self.at += text.len();
        }
        found
    }

    fn skip_space(&mut self) {
        while self.peek(0).is_some_and(is_space) {
            self.bump();
        }
    }

    fn escape_starts(&self, ahead: usize) -> bool {
        self.peek(ahead) == Some('\\') && self.peek(ahead + 1).is_some_and(|c| !is_newline(c))
    }

    fn ident_starts(&self) -> bool {
        match self.peek(0) {
            Some('-') => self.peek(1).is_some_and(|c| c == '-' || is_name_start(c)) || self.escape_starts(1),
            Some(c) => is_name_start(c) || self.escape_starts(0),
            None => false,
        }
    }

    fn number_starts(&self) -> bool {
        let digit = |ahead: usize| self.peek(ahead).is_some_and(|c| c.is_ascii_digit());
        match self.peek(0) {
            Some('+' | '-') => digit(1) || (self.peek(1) == Some('.') && digit(2)),
            Some('.') => digit(1),
            Some(c) => c.is_ascii_digit(),
            None => false,
        }
    }

    fn name(&mut self) -> String {
        let mut name = String::new();
        while let Some(c) = self.peek(0) {
            if is_name(c) {
                name.push(c);
                self.bump();
            } else if self.escape_starts(0) {
                self.bump();
                name.push(self.escaped());
            } else {
                break;
            }
        }
        name
    }

    /// What stands behind a backslash.
    fn escaped(&mut self) -> char {
        let digits = self.rest().bytes().take(6).take_while(u8::is_ascii_hexdigit).count();
        if digits == 0 {
            return self.bump().unwrap_or('\u{fffd}');
        }
        let code = u32::from_str_radix(&self.rest()[..digits], 16).unwrap_or(0);
        self.at += digits;
        if !self.eat("\r\n") && self.peek(0).is_some_and(is_space) {
            self.bump();
        }
        char::from_u32(code).filter(|c| *c != '\0').unwrap_or('\u{fffd}')
    }

    fn number(&mut self) -> String {
        let start = self.at;
        let bytes = self.css.as_bytes();
        let digits = |at: &mut usize| {
            while bytes.get(*at).is_some_and(u8::is_ascii_digit) {
                *at += 1;
            }
        };
        let mut at = start;
        if matches!(bytes.get(at), Some(b'+' | b'-')) {
            at += 1;
        }
        digits(&mut at);
        if bytes.get(at) == Some(&b'.') && bytes.get(at + 1).is_some_and(u8::is_ascii_digit) {
            at += 1;
            digits(&mut at);
        }
        self.at = at;
        self.css[start..at].to_owned()
    }

    fn string(&mut self, quote: char) -> String {
        let mut text = String::new();
        while let Some(c) = self.peek(0) {
            if c == quote {
                self.bump();
                break;
            }
            // An unclosed string ends with its line.
            if is_newline(c) {
                break;
            }
            self.bump();
            match (c, self.peek(0)) {
                ('\\', Some(next)) if is_newline(next) => {
                    if !self.eat("\r\n") {
                        self.bump();
                    }
                }
                ('\\', Some(_)) => text.push(self.escaped()),
                ('\\', None) => {}
                (c, _) => text.push(c),
            }
        }
        text
    }

    /// Behind `url(`: an unquoted address, or `None` with nothing read where a string follows.
    fn unquoted_url(&mut self) -> Option<String> {
        let rest = self.rest().trim_start_matches(is_space);
        if rest.starts_with(['"', '\'']) {
            return None;
        }
        let mut text = String::new();
        while let Some(c) = self.bump() {
            match c {
                ')' => break,
                '\\' if self.peek(0).is_some_and(|c| !is_newline(c)) => text.push(self.escaped()),
                c => text.push(c),
            }
        }
        Some(text.trim_matches(is_space).to_owned())
    }

    fn name_token(&mut self) -> Token {
        let name = self.name();
        if !self.eat("(") {
            return Token::Ident(name);
        }
        if name.eq_ignore_ascii_case("url")
            && let Some(address) = self.unquoted_url()
        {
            return Token::Url(address);
        }
        Token::Function(name)
    }
}

impl Iterator for Tokens<'_> {
    type Item = (usize, Token);

    fn next(&mut self) -> Option<(usize, Token)> {
        let start = self.at;
        let c = self.peek(0)?;
        let token = if self.eat("/*") {
            let end = self.rest().find("*/").map_or(self.css.len(), |at| self.at + at + 2);
            self.at = end;
            Token::Comment
        } else if self.eat("<!--") || self.eat("-->") {
            Token::Space
        } else if is_space(c) {
            self.skip_space();
            Token::Space
        } else if self.number_starts() {
            Token::Number(self.number())
        } else if self.ident_starts() {
            self.name_token()
        } else {
            self.bump();
            match c {
                '"' | '\'' => Token::Text(self.string(c)),
                '@' if self.ident_starts() => Token::AtKeyword(self.name()),
                '#' if self.peek(0).is_some_and(is_name) || self.escape_starts(0) => Token::Hash(self.name()),
                '(' | '[' | '{' => Token::Open(c),
                ')' | ']' | '}' => Token::Close(c),
                // A backslash before a line break and NUL mean nothing.
                '\\' | '\0' => Token::Space,
                c => Token::Delim(c),
            }
        };
        Some((start, token))
    }
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{c}')
}

fn is_newline(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{c}')
}

fn is_name_start(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_' || !c.is_ascii()
}

fn is_name(c: char) -> bool {
    is_name_start(c) || c.is_ascii_digit() || c == '-'
}

/// Writes an identifier: a digit in first place is escaped, and so is a hyphen that only hyphens follow, because `-->`
/// is something else.
pub(super) fn write_ident(out: &mut String, name: &str) {
    let body = name.strip_prefix('-').unwrap_or(name);
    let (head, rest) = name.split_at(name.len() - body.len());
    if body.starts_with(|c: char| c.is_ascii_digit()) {
        out.push_str(head);
        push_escape(out, char::from(rest.as_bytes()[0]));
        write_name(out, &rest[1..]);
    } else if name.bytes().all(|byte| byte == b'-') {
        push_escape(out, '-');
        write_name(out, rest);
    } else {
        write_name(out, name);
    }
}

/// Writes what stands behind `#` or the rest of an identifier.
pub(super) fn write_name(out: &mut String, name: &str) {
    for c in name.chars() {
        if is_name(c) && !c.is_control() { out.push(c) } else { push_escape(out, c) }
    }
}

/// Writes a string in double quotes, with nothing in it that could end it or the element around it.
pub(super) fn write_string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        if matches!(c, '"' | '\\' | '<' | '>' | '&') || c.is_control() { push_escape(out, c) } else { out.push(c) }
    }
    out.push('"');
}

fn push_escape(out: &mut String, c: char) {
    out.push_str(&format!("\\{:x} ", u32::from(c)));
}
