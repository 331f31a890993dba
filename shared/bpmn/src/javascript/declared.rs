//! Names to which a script gives values of its own. Reads too many rather than too few, in one pass: what is found here
//! keeps a hint back. Judges nothing.

use super::{Kind, Token};
use std::collections::BTreeSet;

/// Keywords behind which a name or a pattern of names stands.
const DECLARING: &[&str] = &["const", "let", "var", "function", "class"];
/// Those that name several, separated by commas.
const LISTS: &[&str] = &["const", "let", "var"];
/// Words that may stand before `(...) {` without naming a function.
const STATEMENTS: &[&str] = &["if", "for", "while", "switch", "with", "await"];

/// A bracket that is open, or the script itself.
#[derive(Default)]
struct Around {
    /// Every word in it is a name: a pattern or parameters.
    names: bool,
    /// A comma leads to the next name.
    list: bool,
}

/// Variables, functions, classes, parameters and what is destructured into them, in any scope.
pub(crate) fn declared(tokens: &[Token]) -> BTreeSet<&str> {
    let parameters = parameter_lists(tokens);
    let mut names: BTreeSet<&str> = BTreeSet::new();
    let mut outer: Vec<Around> = Vec::new();
    let mut around = Around::default();
    let mut next = false;
    for (index, token) in tokens.iter().enumerate() {
        match &token.kind {
            Kind::Word(word) => {
                if next || around.names || is_arrow(&tokens[index + 1..]) {
                    names.insert(word);
                }
                let member = index > 0 && tokens[index - 1].is_sign('.');
                next = !member && DECLARING.contains(&word.as_str());
                around.list = if next { LISTS.contains(&word.as_str()) } else { around.list };
            }
            Kind::Sign('(' | '[' | '{') => {
                let inner = Around { names: next || around.names || parameters.contains(&index), list: false };
                outer.push(std::mem::replace(&mut around, inner));
                next = false;
            }
            Kind::Sign(')' | ']' | '}') => {
                around = outer.pop().unwrap_or_default();
                next = false;
            }
            Kind::Sign(',') => next = around.list,
            Kind::Sign(';') => (next, around.list) = (false, false),
            // A generator's star stands before its name.
            Kind::Sign('*') => {}
            Kind::Sign(_) | Kind::Text(_) | Kind::Other => next = false,
        }
    }
    names
}

/// Where the parentheses open in which parameters stand: before an arrow, or before the body of a function.
fn parameter_lists(tokens: &[Token]) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    let mut open: Vec<usize> = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        if token.is_sign('(') {
            open.push(index);
        } else if token.is_sign(')')
            && let Some(start) = open.pop()
        {
            let behind = &tokens[index + 1..];
            let body = behind.first().is_some_and(|next| next.is_sign('{'));
            let before = start.checked_sub(1).map(|before| &tokens[before].kind);
            let named = matches!(before, Some(Kind::Word(word)) if !STATEMENTS.contains(&word.as_str()));
            let generator = before == Some(&Kind::Sign('*'));
            if is_arrow(behind) || body && (named || generator) {
                found.insert(start);
            }
        }
    }
    found
}

fn is_arrow(tokens: &[Token]) -> bool {
    matches!(tokens, [first, second, ..] if first.is_sign('=') && second.is_sign('>'))
}

#[cfg(test)]
mod tests {
    use super::super::tokens;
    use super::*;

    #[test]
    fn variables_functions_parameters_and_patterns_are_found() {
        for (source, expected) in [
            ("const a = b, c = d(e, f); g", &["a", "c"][..]),
            ("let { a, b: c, ...d } = e; for (const f of g) h()", &["a", "b", "c", "d", "f"]),
            ("function a(b, c = 1) { d } x => y; (m, [n]) => o", &["a", "b", "c", "m", "n", "x"]),
            ("try { a() } catch (b) { c(b) } if (d) { e }", &["b"]),
            ("promise.catch(a); x.function(b); class C { go(d) { e } }", &["C", "d"]),
            ("const f = function* g(h) { i, j }", &["f", "g", "h"]),
            ("f(a, b), c = d", &[]),
        ] {
            let tokens = tokens(source).expect("readable");
            assert_eq!(declared(&tokens).into_iter().collect::<Vec<_>>(), expected, "{source}");
        }
    }
}
