//! A few lines of a file around a place, with the place marked. Long lines are cut around it.

use serde::Serialize;

/// Lines shown before and after the place.
const BEFORE: usize = 2;
const AFTER: usize = 1;
/// Characters of one line at most, of which so many stand before the place.
const LINE_CHARS: usize = 160;
const LEAD_CHARS: usize = 60;
/// Characters that are marked at most.
const MARK_CHARS: usize = 48;

/// A line of an excerpt.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Line {
    number: usize,
    before: String,
    /// What is wrong; empty on other lines.
    mark: String,
    after: String,
    hit: bool,
}

/// The lines around a place; none where the text has no such line. Line and column count from 1.
pub(super) fn around(text: &str, line: u32, column: u32) -> Vec<Line> {
    let (Ok(line), Ok(column)) = (usize::try_from(line), usize::try_from(column)) else { return Vec::new() };
    let first = line.saturating_sub(BEFORE).max(1);
    let lines: Vec<(usize, &str)> = text
        .lines()
        .enumerate()
        .skip(first - 1)
        .take(line + AFTER + 1 - first)
        .map(|(at, text)| (at + 1, text))
        .collect();
    if !lines.iter().any(|(number, _)| *number == line) {
        return Vec::new();
    }
    lines.into_iter().map(|(number, text)| shown(number, text, (number == line).then_some(column))).collect()
}

fn shown(number: usize, text: &str, column: Option<usize>) -> Line {
    let chars: Vec<char> = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let at = column.unwrap_or(1).saturating_sub(1).min(chars.len());
    let from = if column.is_some() && at > LEAD_CHARS && chars.len() > LINE_CHARS { at - LEAD_CHARS } else { 0 };
    let to = chars.len().min(from + LINE_CHARS);
    let mark = if column.is_some() { (at + word(&chars[at..])).min(to) } else { at };
    let text = |part: &[char]| part.iter().collect::<String>();
    let mut line = Line {
        number,
        before: text(&chars[from..at.max(from).min(to)]),
        mark: text(&chars[at.min(to)..mark.max(at).min(to)]),
        after: text(&chars[mark.min(to)..to]),
        hit: column.is_some(),
    };
    if from > 0 {
        line.before.insert(0, '…');
    }
    if to < chars.len() {
        line.after.push('…');
    }
    line
}

/// How many characters belong together from the first one on: a tag's name, an attribute, a quoted value.
fn word(rest: &[char]) -> usize {
    let end = match rest.first() {
        None => return 0,
        Some(quote @ ('"' | '\'')) => rest.iter().skip(1).position(|c| c == quote).map(|at| at + 2),
        Some('<') => rest.iter().position(|c| c.is_whitespace() || *c == '>'),
        Some(_) => rest.iter().position(|c| c.is_whitespace() || matches!(c, '>' | '<' | '=' | '"')),
    };
    end.unwrap_or(rest.len()).clamp(1, MARK_CHARS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(lines: &[Line]) -> Vec<String> {
        lines.iter().map(|line| format!("{}|{}[{}]{}", line.number, line.before, line.mark, line.after)).collect()
    }

    #[test]
    fn two_lines_before_and_one_after_the_place() {
        let text = "a\nb\nc <x y=\"1\">\nd\ne";
        assert_eq!(words(&around(text, 3, 3)), ["1|[]a", "2|[]b", "3|c [<x] y=\"1\">", "4|[]d"]);
        assert_eq!(words(&around(text, 1, 1)), ["1|[a]", "2|[]b"]);
        assert_eq!(words(&around(text, 5, 9)), ["3|[]c <x y=\"1\">", "4|[]d", "5|e[]"]);
    }

    #[test]
    fn a_place_outside_of_the_text_has_no_excerpt() {
        assert!(around("a\nb", 3, 1).is_empty());
        assert!(around("", 1, 1).is_empty());
        assert!(around("a", 0, 1).is_empty());
    }

    #[test]
    fn a_quoted_value_is_marked_whole() {
        assert_eq!(words(&around("<p v=\"every monday\"/>", 1, 6)), ["1|<p v=[\"every monday\"]/>"]);
    }

    #[test]
    fn a_long_line_is_cut_around_the_place() {
        let text = format!("{}<wrong>{}", "ä".repeat(5_000), "ö".repeat(5_000));
        let lines = around(&text, 1, 5_001);
        assert_eq!(lines[0].mark, "<wrong");
        assert!(lines[0].before.starts_with('…') && lines[0].before.chars().count() == LEAD_CHARS + 1);
        assert!(lines[0].after.ends_with('…'));
        let whole: usize =
            [&lines[0].before, &lines[0].mark, &lines[0].after].iter().map(|part| part.chars().count()).sum();
        assert!(whole <= LINE_CHARS + 2);
    }
}
