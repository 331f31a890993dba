//! Splits the text of an expression into tokens with their offsets. Knows no grammar and no precedence.

use super::InvalidExpression;
use serde_json::Number;

/// A token; words are told apart from operators and functions by the parser, because FEEL names hold spaces.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Number(Number),
    Text(String),
    Word(String),
    Symbol(&'static str),
    End,
}

impl Token {
    /// The token as an error message names it.
    pub(super) fn describe(&self) -> String {
        match self {
            Token::Number(number) => format!("the number {number}"),
            Token::Text(text) => format!("the string \"{}\"", text.chars().take(40).collect::<String>()),
            Token::Word(word) => format!("\"{}\"", word.chars().take(40).collect::<String>()),
            Token::Symbol(symbol) => format!("\"{symbol}\""),
            Token::End => "the end of the expression".to_owned(),
        }
    }
}

/// Longer symbols stand before their beginnings.
const SYMBOLS: &[&str] = &[
    "**", "&&", "||", "==", "!=", "<=", ">=", "..", "<", ">", "=", "!", "+", "-", "*", "/", "%", "(", ")", "[", "]",
    "{", "}", ",", ".", "?", ":",
];

/// The tokens of `text` with their byte offsets in the whole value, of which `text` begins at `base`.
/// The last one is [`Token::End`].
pub(super) fn tokens(text: &str, base: usize) -> Result<Vec<(Token, usize)>, InvalidExpression> {
    let mut tokens = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        let at = text.len() - rest.len();
        let Some(first) = rest.chars().next() else { break };
        let fail = |within: usize, message: String| InvalidExpression { message, offset: base + at + within };
        let fraction = first == '.' && rest[1..].starts_with(|c: char| c.is_ascii_digit());
        let (token, length) = if first.is_ascii_digit() || fraction {
            let length = number_length(rest);
            let number = read_number(&rest[..length])
                .ok_or_else(|| fail(0, format!("{} is too large for a number", &rest[..length])))?;
            (Token::Number(number), length)
        } else if first == '"' || first == '\'' {
            let (content, length) = read_text(rest, first).map_err(|(within, message)| fail(within, message))?;
            (Token::Text(content), length)
        } else if starts_name(first) {
            let length = rest.find(|c: char| !continues_name(c)).unwrap_or(rest.len());
            (Token::Word(rest[..length].to_owned()), length)
        } else if let Some(symbol) = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol)) {
            (Token::Symbol(symbol), symbol.len())
        } else {
            return Err(fail(0, unknown_character(first)));
        };
        tokens.push((token, base + at));
        rest = &rest[length..];
    }
    tokens.push((Token::End, base + text.len()));
    Ok(tokens)
}

fn starts_name(c: char) -> bool {
    c.is_alphabetic() || c == '_' || c == '$'
}

fn continues_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

fn unknown_character(c: char) -> String {
    match c {
        '“' | '”' | '„' | '‘' | '’' | '«' | '»' => {
            format!("{c} is a typographic quotation mark; strings stand between \" or '")
        }
        '&' => "a single & means nothing here; write \"and\" or &&".to_owned(),
        '|' => "a single | means nothing here; write \"or\" or ||".to_owned(),
        other => format!("{} does not belong into an expression", other.escape_debug()),
    }
}

/// Digits, then a fraction if a digit follows the dot, then an exponent if it is complete.
fn number_length(text: &str) -> usize {
    let digits = |from: usize| text[from..].bytes().take_while(u8::is_ascii_digit).count();
    let mut length = digits(0);
    if text[length..].starts_with('.') && digits(length + 1) > 0 {
        length += 1 + digits(length + 1);
    }
    if text[length..].starts_with(['e', 'E']) {
        let sign = usize::from(text[length + 1..].starts_with(['+', '-']));
        let exponent = digits(length + 1 + sign);
        if exponent > 0 {
            length += 1 + sign + exponent;
        }
    }
    length
}

fn read_number(text: &str) -> Option<Number> {
    match text.parse::<u64>() {
        Ok(whole) => Some(Number::from(whole)),
        Err(_) => super::term::number_of(text.parse().ok()?),
    }
}

/// The content of a quoted string and the length with its quotes; on failure the offset of the fault and what it is.
fn read_text(text: &str, quote: char) -> Result<(String, usize), (usize, String)> {
    let mut content = String::new();
    let mut rest = &text[1..];
    while let Some(c) = rest.chars().next() {
        let at = text.len() - rest.len();
        rest = &rest[c.len_utf8()..];
        if c == quote {
            return Ok((content, at + 1));
        }
        if c != '\\' {
            content.push(c);
            continue;
        }
        let escaped = rest.chars().next().unwrap_or(' ');
        match escaped {
            '"' | '\'' | '\\' | '/' => content.push(escaped),
            'n' => content.push('\n'),
            'r' => content.push('\r'),
            't' => content.push('\t'),
            'u' => {
                let (unicode, length) = read_unicode(&rest[1..])
                    .ok_or_else(|| (at, "\\u needs four hexadecimal digits that name a character".to_owned()))?;
                content.push(unicode);
                rest = &rest[length..];
            }
            other => return Err((at, format!("\\{} is no escape; a backslash is written \\\\", other.escape_debug()))),
        }
        rest = rest.get(escaped.len_utf8()..).unwrap_or("");
    }
    Err((0, format!("this string has no closing {quote}")))
}

/// `XXXX`, or two halves of a character outside the basic plane (`XXXX\uXXXX`), and how many bytes it took.
fn read_unicode(text: &str) -> Option<(char, usize)> {
    let four = |from: usize| {
        let digits = text.get(from..from + 4)?;
        digits.bytes().all(|b| b.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok())?
    };
    let high = four(0)?;
    if let Some(c) = char::from_u32(high) {
        return Some((c, 4));
    }
    text.get(4..)?.strip_prefix("\\u")?;
    let low = four(6)?;
    let halves = (0xd800..0xdc00).contains(&high) && (0xdc00..0xe000).contains(&low);
    let c = halves.then(|| char::from_u32(0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00)))??;
    Some((c, 10))
}
