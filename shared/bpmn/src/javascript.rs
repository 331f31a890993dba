//! Reads a script as far as deployment hints need it: its strings, names and signs. No parser; where the reading is
//! uncertain it gives up, and a hint is left out rather than wrong.

mod declared;

pub(crate) use declared::declared;

/// A piece of a script with its byte offset.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Token {
    pub kind: Kind,
    pub at: usize,
}

/// What a piece is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    /// A string without escapes or substitutions, its content.
    Text(String),
    /// A name or keyword.
    Word(String),
    /// One sign.
    Sign(char),
    /// A number, a regular expression, or a string whose value is not known here.
    Other,
}

impl Token {
    pub(crate) fn is_sign(&self, sign: char) -> bool {
        self.kind == Kind::Sign(sign)
    }

    pub(crate) fn word(&self) -> Option<&str> {
        match &self.kind {
            Kind::Word(word) => Some(word),
            Kind::Text(_) | Kind::Sign(_) | Kind::Other => None,
        }
    }

    pub(crate) fn is_word(&self, word: &str) -> bool {
        matches!(&self.kind, Kind::Word(found) if found == word)
    }
}

/// The tokens of a script; `None` where a `/` behind a block or an open string makes the reading uncertain.
pub(crate) fn tokens(source: &str) -> Option<Vec<Token>> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut at = 0;
    while let Some(c) = source[at..].chars().next() {
        let rest = &source[at..];
        let (kind, length) = if c.is_whitespace() {
            (None, c.len_utf8())
        } else if rest.starts_with("//") {
            (None, rest.find('\n').unwrap_or(rest.len()))
        } else if rest.starts_with("/*") {
            (None, rest.find("*/")? + 2)
        } else if matches!(c, '"' | '\'' | '`') {
            let (kind, length) = string(rest, c)?;
            (Some(kind), length)
        } else if c.is_alphabetic() || matches!(c, '_' | '$') {
            let length = rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '$'))).unwrap_or(rest.len());
            (Some(Kind::Word(rest[..length].to_owned())), length)
        } else if c.is_ascii_digit() {
            let length = rest.find(|c: char| !(c.is_alphanumeric() || c == '.')).unwrap_or(rest.len());
            (Some(Kind::Other), length)
        } else if c == '/' {
            let (kind, length) = slash(rest, &tokens)?;
            (Some(kind), length)
        } else {
            (Some(Kind::Sign(c)), c.len_utf8())
        };
        if let Some(kind) = kind {
            tokens.push(Token { kind, at });
        }
        at += length;
    }
    Some(tokens)
}

/// Keywords behind which an expression begins.
const BEFORE_A_VALUE: &[&str] = &[
    "return",
    "typeof",
    "case",
    "in",
    "of",
    "do",
    "else",
    "void",
    "delete",
    "throw",
    "new",
    "instanceof",
    "yield",
    "await",
];

/// A `/` that begins no comment: a division where a value may have ended, else a regular expression.
fn slash(rest: &str, before: &[Token]) -> Option<(Kind, usize)> {
    let division = match before {
        [] => false,
        // What has ended may be a block or a value.
        [.., last] if last.is_sign('}') => return None,
        // No expression begins behind `++`, so that it belongs to the value before it.
        [.., first, second] if first.kind == second.kind && matches!(first.kind, Kind::Sign('+' | '-')) => {
            if second.at > first.at + 1 {
                return None;
            }
            true
        }
        [.., member, Token { kind: Kind::Word(_), .. }] if member.is_sign('.') => true,
        [.., last] => match &last.kind {
            Kind::Text(_) | Kind::Other => true,
            Kind::Word(word) => !BEFORE_A_VALUE.contains(&word.as_str()),
            Kind::Sign(sign) => matches!(sign, ')' | ']'),
        },
    };
    if division { Some((Kind::Sign('/'), 1)) } else { Some((Kind::Other, regular_expression(rest)?)) }
}

/// Bytes of the regular expression at the start, with its flags; `None` where it does not end in its line.
fn regular_expression(rest: &str) -> Option<usize> {
    let mut in_class = false;
    let mut chars = rest.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '\n' | '\r' | '\u{2028}' | '\u{2029}' => return None,
            '\\' => _ = chars.next().filter(|(_, escaped)| *escaped != '\n')?,
            '[' => in_class = true,
            ']' => in_class = false,
            '/' if !in_class => {
                let flags = rest[at + 1..].find(|c: char| !c.is_alphanumeric());
                return Some(flags.map_or(rest.len(), |length| at + 1 + length));
            }
            _ => {}
        }
    }
    None
}

fn string(rest: &str, quote: char) -> Option<(Kind, usize)> {
    let mut plain = true;
    let mut chars = rest.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => {
                plain = false;
                chars.next();
            }
            '$' if quote == '`' => plain = false,
            '\n' if quote != '`' => return None,
            c if c == quote => {
                let kind = if plain { Kind::Text(rest[1..at].to_owned()) } else { Kind::Other };
                return Some((kind, at + 1));
            }
            _ => {}
        }
    }
    None
}

/// Every value a script can return, where all are texts known here: each text with its offset. `null` and `undefined`
/// add none, a list adds its items where `lists` may be returned. `None` where any result is computed, or where functions
/// make `return` ambiguous.
pub(crate) fn returned_texts(tokens: &[Token], lists: bool) -> Option<Vec<(String, usize)>> {
    let arrow = tokens.windows(2).any(|pair| pair[0].is_sign('=') && pair[1].is_sign('>'));
    if arrow || tokens.iter().any(|token| token.is_word("function") || token.is_word("class")) {
        return None;
    }
    let mut found = Vec::new();
    let mut returns = tokens.iter().enumerate().filter(|(_, token)| token.is_word("return")).peekable();
    if returns.peek().is_none() {
        let end = tokens.iter().rposition(|token| !token.is_sign(';')).map_or(0, |last| last + 1);
        texts_of(&tokens[..end], lists, &mut found, 0)?;
        return Some(found);
    }
    for (index, _) in returns {
        let rest = &tokens[index + 1..];
        texts_of(&rest[..statement_length(rest)], lists, &mut found, 0)?;
    }
    Some(found)
}

/// Number of tokens up to the end of the statement, as far as signs and keywords show it.
fn statement_length(tokens: &[Token]) -> usize {
    const BEGIN: &[&str] =
        &["return", "if", "else", "case", "const", "let", "var", "for", "while", "switch", "default", "throw", "try"];
    let mut depth = 0_usize;
    for (index, token) in tokens.iter().enumerate() {
        match &token.kind {
            Kind::Sign('(' | '[' | '{') => depth += 1,
            Kind::Sign(')' | ']' | '}') if depth == 0 => return index,
            Kind::Sign(')' | ']' | '}') => depth -= 1,
            Kind::Sign(';') if depth == 0 => return index,
            Kind::Word(word) if depth == 0 && BEGIN.contains(&word.as_str()) => return index,
            Kind::Sign(_) | Kind::Word(_) | Kind::Text(_) | Kind::Other => {}
        }
    }
    tokens.len()
}

/// Texts of an expression that is a text, a choice between such, or nothing.
fn texts_of(tokens: &[Token], lists: bool, found: &mut Vec<(String, usize)>, depth: usize) -> Option<()> {
    // Each level reads its part again: the bound keeps a chain of a thousand choices from being quadratic.
    if depth > 16 {
        return None;
    }
    match tokens {
        [] => return Some(()),
        [Token { kind: Kind::Text(text), at }] => {
            found.push((text.clone(), *at));
            return Some(());
        }
        [token] if token.is_word("null") || token.is_word("undefined") => return Some(()),
        _ => {}
    }
    if let Some((question, colon)) = choice(tokens) {
        texts_of(&tokens[question + 1..colon], lists, found, depth + 1)?;
        return texts_of(&tokens[colon + 1..], lists, found, depth + 1);
    }
    match tokens {
        [open, inner @ .., close] if open.is_sign('(') && close.is_sign(')') => {
            texts_of(inner, lists, found, depth + 1)
        }
        [open, inner @ .., close] if lists && open.is_sign('[') && close.is_sign(']') => {
            for item in inner.split(|token| token.is_sign(',')) {
                // A list in a list is no flow, and a comma inside an item makes it something else than a text.
                texts_of(item, false, found, depth + 1)?;
            }
            Some(())
        }
        _ => None,
    }
}

/// Places of `?` and its `:` outside brackets.
fn choice(tokens: &[Token]) -> Option<(usize, usize)> {
    let mut depth = 0_usize;
    let mut question: Option<usize> = None;
    let mut inner = 0_usize;
    for (index, token) in tokens.iter().enumerate() {
        match token.kind {
            Kind::Sign('(' | '[' | '{') => depth += 1,
            Kind::Sign(')' | ']' | '}') => depth = depth.checked_sub(1)?,
            Kind::Sign('?') if depth == 0 => {
                // "?." and "??" are operators of their own.
                let next = tokens.get(index + 1);
                if next.is_some_and(|next| next.is_sign('.') || next.is_sign('?')) {
                    return None;
                }
                match question {
                    None => question = Some(index),
                    Some(_) => inner += 1,
                }
            }
            Kind::Sign(':') if depth == 0 => match (question, inner) {
                (Some(question), 0) => return Some((question, index)),
                (Some(_), _) => inner -= 1,
                (None, _) => return None,
            },
            Kind::Sign(_) | Kind::Word(_) | Kind::Text(_) | Kind::Other => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn returned(source: &str) -> Option<Vec<String>> {
        Some(returned_texts(&tokens(source)?, false)?.into_iter().map(|(text, _)| text).collect())
    }

    fn texts(list: &[&str]) -> Option<Vec<String>> {
        Some(list.iter().map(|text| (*text).to_owned()).collect())
    }

    #[test]
    fn literal_results_are_found() {
        assert_eq!(returned("'A'"), texts(&["A"]));
        assert_eq!(returned("return amount > 100000 ? 'High' : \"Low\";"), texts(&["High", "Low"]));
        assert_eq!(
            returned("// choose\nif (userAction === 'Reject') { return 'No' }\nreturn (a ? 'B' : c ? 'C' : null)"),
            texts(&["No", "B", "C"])
        );
        assert_eq!(returned("if (x) return 'a'\nreturn 'b'"), texts(&["a", "b"]));
        assert_eq!(returned("switch (x) { case 1: return 'a'; default: return 'b'; }"), texts(&["a", "b"]));
        assert_eq!(returned("return"), texts(&[]));
    }

    #[test]
    fn lists_of_literals_are_found_where_they_may_be_returned() {
        let lists = |source: &str| {
            let found = returned_texts(&tokens(source)?, true)?;
            Some(found.into_iter().map(|(text, _)| text).collect::<Vec<_>>())
        };
        assert_eq!(lists("return ['A', b ? 'B' : 'C']"), texts(&["A", "B", "C"]));
        assert_eq!(lists("if (x) return 'A'; return []"), texts(&["A"]));
        assert_eq!(lists("return ['A'][0]"), None);
        assert_eq!(lists("return [['A'], 'B']"), None);
        assert_eq!(lists("return ['A', f('B', 'C')]"), None);
        assert_eq!(returned("return ['A']"), None);
    }

    /// S4-95: the hints about errors, fields and flows read past a check of a text.
    #[test]
    fn regular_expressions_are_read_past() {
        let count = |source: &str| tokens(source).map(|tokens| tokens.len());
        assert_eq!(returned("return /'/.test(x) ? 'a' : 'b'"), texts(&["a", "b"]));
        assert_eq!(returned("if (!/^[^/@\"]+\\/'$/giu.test(x)) return 'no'; return 'yes'"), texts(&["no", "yes"]));
        for (source, pieces) in [
            ("/a/", 1),
            ("x => /'/.test(x)", 9),
            ("[/'/, /\"/g]", 5),
            ("typeof /'/", 2),
            ("x++ / 2 + '/'", 7),
            ("x.of / 2 / '/'", 7),
            ("(a) / b[0] / 2", 10),
            ("/é\\é/u.y", 3),
        ] {
            assert_eq!(count(source), Some(pieces), "{source}");
        }
    }

    #[test]
    fn computed_results_and_uncertain_readings_give_up() {
        for source in [
            "return 'Flow_' + name",
            "return flows[0]",
            "return `Flow_${x}`",
            "return 'a\\'b'",
            "return list.map(x => 'a')[0]",
            "function f() { return 'x' } return 'y'",
            "if (x) { y() } /'/.test(x)",
            "return /'",
            "return /[/]'",
            "return x?.y ?? 'b'",
            "'open",
            "amount > 1",
        ] {
            assert_eq!(returned(source), None, "{source}");
        }
    }
}
