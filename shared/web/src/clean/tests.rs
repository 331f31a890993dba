//! Texts of strangers, made harmless.

use super::*;

#[test]
fn a_line_break_in_a_subject_becomes_a_space() {
    assert_eq!(line("Approve\r\nBcc: all@evil.example", 200), "Approve Bcc: all@evil.example");
    assert_eq!(line("a\u{2028}b\u{2029}c\u{85}d\0e", 200), "a b c d e");
}

#[test]
fn characters_that_turn_or_hide_text_vanish() {
    assert_eq!(line("in\u{202e}fdp.exe\u{2066}\u{200b}\u{feff}", 200), "infdp.exe");
}

#[test]
fn a_long_line_is_cut_at_the_limit_and_says_so() {
    let cut = line(&"ü".repeat(500), LINE_CHARS_MAX);
    assert_eq!(cut.chars().count(), LINE_CHARS_MAX);
    assert!(cut.ends_with('…'));
    let exact = "x".repeat(LINE_CHARS_MAX);
    assert_eq!(line(&exact, LINE_CHARS_MAX), exact);
}

#[test]
fn paragraphs_keep_their_line_breaks() {
    assert_eq!(lines("one\r\ntwo\rthree\u{7}\u{202e}\tfour"), "one\ntwo\nthree\tfour");
}

#[test]
fn only_right_to_left_names_are_isolated() {
    assert_eq!(isolated("Norvik Harbour"), "Norvik Harbour");
    assert_eq!(isolated("נמל חיפה"), "\u{2068}נמל חיפה\u{2069}");
}
