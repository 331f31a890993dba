//! Makes text of customers and recipients safe for one line: subjects, display names, headings.
//! Escapes nothing; that is the template's.

/// Characters a subject or a display name keeps at most.
pub const LINE_CHARS_MAX: usize = 200;

/// One line of text: control characters (CR and LF above all), bidirectional controls and invisible separators become
/// a space or vanish, runs of white space become one space, and what is longer than `max` characters ends in "…".
pub fn line(text: &str, max: usize) -> String {
    let mut line = String::with_capacity(text.len().min(4 * max));
    let mut length = 0;
    let mut space = false;
    for c in text.chars().filter(|c| !is_invisible(*c)) {
        if c.is_whitespace() || c.is_control() {
            space = length > 0;
            continue;
        }
        let needed = if space { 2 } else { 1 };
        if length + needed > max {
            cut(&mut line, max);
            return line;
        }
        if space {
            line.push(' ');
        }
        line.push(c);
        length += needed;
        space = false;
    }
    line
}

/// Several lines of text: line breaks and tabs stay, other controls and the invisible characters of [`line`] go.
pub fn lines(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.chars().filter(|c| !is_invisible(*c) && (!c.is_control() || matches!(c, '\n' | '\t'))).collect()
}

/// `text` between Unicode isolates when it has right-to-left letters, so that it does not turn the sentence around it.
pub fn isolated(text: &str) -> String {
    if text.chars().any(is_right_to_left) { format!("\u{2068}{text}\u{2069}") } else { text.to_owned() }
}

fn cut(line: &mut String, max: usize) {
    while line.chars().count() >= max {
        line.pop();
    }
    line.truncate(line.trim_end().len());
    line.push('…');
}

/// Bidirectional controls, zero-width characters and the byte order mark: nobody types them, and each can make a
/// name look like another. The joiners U+200C and U+200D stay, because Persian and emoji need them.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{00ad}' | '\u{061c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

fn is_right_to_left(c: char) -> bool {
    matches!(c, '\u{0590}'..='\u{08ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}' | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
}

#[cfg(test)]
mod tests;
