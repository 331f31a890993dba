//! Reads the text of a script as far as the host must: which names occur, and which words need a second look.
//! Parses no grammar; that is the interpreter's.

use std::collections::BTreeSet;

/// Words of the language that can never be the name of a variable.
const WORDS: &[&str] = &[
    "arguments",
    "break",
    "case",
    "catch",
    "class",
    "const",
    "continue",
    "debugger",
    "default",
    "delete",
    "do",
    "else",
    "enum",
    "export",
    "extends",
    "false",
    "finally",
    "for",
    "function",
    "if",
    "import",
    "in",
    "instanceof",
    "new",
    "null",
    "return",
    "super",
    "switch",
    "this",
    "throw",
    "true",
    "try",
    "typeof",
    "var",
    "void",
    "while",
    "with",
];

/// Methods every object has: calling one on `context` looks at all variables.
const OBJECT_METHODS: &[&str] = &[
    "__defineGetter__",
    "__defineSetter__",
    "__lookupGetter__",
    "__lookupSetter__",
    "__proto__",
    "constructor",
    "hasOwnProperty",
    "isPrototypeOf",
    "propertyIsEnumerable",
    "toLocaleString",
    "toString",
    "valueOf",
];

/// What the host must know of a script before it runs.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Names {
    /// Every name that occurs anywhere, comments and texts included: a superset of the variables it can reach by name.
    pub all: BTreeSet<String>,
    /// `context` is used other than as `context.name`, so the script may look at any variable.
    pub whole_context: bool,
}

impl Names {
    pub fn of(source: &str) -> Names {
        let words = words(source);
        let mut whole_context = false;
        for (position, (end, word)) in words.iter().enumerate() {
            if word == "__proto__" {
                whole_context = true;
            }
            if word == "context" && !whole_context {
                let rest = source[*end..].trim_start();
                let member = rest.strip_prefix("?.").or_else(|| rest.strip_prefix('.')).map(str::trim_start);
                let named = member.is_some_and(|member| member.starts_with(is_name_start));
                let next = words.get(position + 1).map_or("", |(_, next)| next.as_str());
                whole_context = !named || OBJECT_METHODS.contains(&next);
            }
        }
        let words = words.into_iter().map(|(_, word)| word).filter(|word| !WORDS.contains(&word.as_str()));
        // The wrapper of a script without `return` says `eval`.
        Names { all: words.chain(["eval".to_owned()]).collect(), whole_context }
    }
}

/// Longer scripts are not looked at closely.
const PLAIN_BYTES_MAX: usize = 2048;

/// Words with which a script can do much in few characters, besides calls.
const BUSY: &[&str] = &["class", "do", "for", "function", "get", "new", "set", "while", "with", "yield"];

/// True for a short script that contains no call, loop, function, template, power or big number, and so cannot take
/// long: comparisons, paths, arithmetic and literals. False is always safe.
pub(crate) fn is_plain(source: &str) -> bool {
    if source.len() > PLAIN_BYTES_MAX
        || source.contains(['`', '\\'])
        || source.contains("//")
        || source.contains("/*")
        || source.contains("=>")
        || source.contains("**")
    {
        return false;
    }
    let words = words(source);
    if words.iter().any(|(_, word)| BUSY.contains(&word.as_str())) || has_big_number(source) {
        return false;
    }
    // A bracket behind a value calls it; behind an operator or the head of a statement it groups.
    source.match_indices('(').all(|(at, _)| {
        let before = source[..at].trim_end();
        let keyword = words.iter().any(|(end, word)| {
            *end == before.len()
                && !before[..end - word.len()].trim_end().ends_with('.')
                && ["else", "if", "in", "return", "throw", "typeof", "void"].contains(&word.as_str())
        });
        keyword || before.is_empty() || before.ends_with(|c: char| "=<>!&|?:+-*/%,;({[}".contains(c))
    })
}

/// A word that begins with a digit and ends in `n`, as `10n` does.
fn has_big_number(source: &str) -> bool {
    source
        .split(|c: char| !is_name_part(c))
        .any(|word| word.ends_with('n') && word.starts_with(|c: char| c.is_ascii_digit()))
}

/// Words that begin what scripts may not have. Scripts are synchronous, and the interpreter ends the whole process when
/// an asynchronous function runs out of memory or stack; a `using` declaration can swallow the interrupt that ends a
/// script. Each stands beside a word of the same length that keeps a text valid exactly where the first is a name, a
/// key, or part of a comment or a text: a plain name where the word is one too, a reserved word otherwise.
const REFUSED: &[(&str, &str)] = &[("async", "asyn_"), ("import", "export"), ("using", "usin_")];

/// The second opinion a source needs that contains a refused word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Doubt {
    /// The first such word.
    pub word: &'static str,
    /// Its byte offset.
    pub offset: usize,
    /// The source with these words replaced: it parses only if none of them began anything. `None` where the
    /// replacement proves nothing, because the interpreter disagrees with itself about where lines end.
    pub substitute: Option<String>,
}

/// Looks for refused words; `None` for nearly every script.
pub(crate) fn doubt(source: &str) -> Option<Doubt> {
    let mut substitute = source.to_owned();
    let mut first = None;
    let mut certain = !source.contains(['\u{2028}', '\u{2029}'])
        && !source.contains("<!--")
        && !source.contains("-->")
        && !source.replace("\r\n", "\n").contains('\r');
    for (end, word) in words(source) {
        let Some((word, instead)) = REFUSED.iter().find(|(refused, _)| *refused == word) else { continue };
        match end.checked_sub(word.len()).filter(|start| source.get(*start..end) == Some(word)) {
            Some(start) => {
                substitute.replace_range(start..end, instead);
                first.get_or_insert((*word, start));
            }
            None => {
                // Spelt with escapes.
                certain = false;
                first.get_or_insert((*word, 0));
            }
        }
    }
    let (word, offset) = first?;
    Some(Doubt { word, offset, substitute: certain.then_some(substitute) })
}

fn is_name_start(c: char) -> bool {
    c == '_' || c == '$' || c.is_alphabetic()
}

fn is_name_part(c: char) -> bool {
    c == '_' || c == '$' || c.is_alphanumeric() || c == '\u{200C}' || c == '\u{200D}'
}

/// Every word with the offset behind it, texts and comments included, `\u` escapes decoded.
fn words(source: &str) -> Vec<(usize, String)> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut at = 0;
    while let Some(c) = source[at..].chars().next() {
        let (c, length) = match c {
            '\\' => escape(&source[at..]).unwrap_or(('\\', 1)),
            c => (c, c.len_utf8()),
        };
        if is_name_part(c) {
            word.push(c);
        } else if !word.is_empty() {
            words.push((at, std::mem::take(&mut word)));
        }
        at += length;
    }
    if !word.is_empty() {
        words.push((at, word));
    }
    words.retain(|(_, word)| word.starts_with(is_name_start));
    words
}

/// The character of `\uXXXX` or `\u{X}` at the beginning of `text`, and the escape's length.
fn escape(text: &str) -> Option<(char, usize)> {
    let digits = text.strip_prefix("\\u")?;
    let (digits, length) = match digits.strip_prefix('{') {
        Some(braced) => {
            let digits = &braced[..braced.find('}')?];
            (digits, digits.len() + 4)
        }
        None => (digits.get(..4)?, 6),
    };
    Some((char::from_u32(u32::from_str_radix(digits, 16).ok()?)?, length))
}

/// Line and column, both from 1, of a byte offset.
pub(crate) fn place(source: &str, offset: usize) -> (u32, u32) {
    let before = source.get(..offset).unwrap_or(source);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    (u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(column).unwrap_or(u32::MAX))
}
