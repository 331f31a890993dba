//! The text part of mails.

use super::*;
use proptest::prelude::*;

#[test]
fn a_customers_html_becomes_paragraphs_lists_and_addresses() {
    let html = "<h1>Dear Anna</h1>\n<p>Please <b>check</b> the\nterms.<br>Thank you.</p><ul><li>Account &amp; bank</li>\
        <li><p>Terms &lt;30 days&gt;</p></li></ul><p><a class=\"b\" href=\"https://a.example/t/x?a=1&amp;b=2\">Answer now</a></p>\
        <table><tr><td>One</td><td>two</td></tr></table><style>p { color: red }</style><!-- note > -->";
    let expected = [
        "Dear Anna",
        "Please check the terms.\nThank you.",
        "- Account & bank\n- Terms <30 days>",
        "Answer now\nhttps://a.example/t/x?a=1&b=2",
        "One two",
    ];
    assert_eq!(html_blocks(html), expected);
}

#[test]
fn an_escaped_entity_is_decoded_once() {
    assert_eq!(html_blocks("a &amp;lt; b"), ["a &lt; b"]);
}

#[test]
fn lines_break_between_words_and_a_long_word_stands_alone() {
    let text = format!("{} https://answer.example/t/{} end", "word ".repeat(20), "x".repeat(90));
    let wrapped = wrapped(&text, "");
    let lines: Vec<&str> = wrapped.lines().collect();
    assert!(lines.iter().all(|line| line.chars().count() <= COLUMNS || !line.contains(' ')), "{wrapped}");
    assert_eq!(lines.join(" ").split_whitespace().count(), text.split_whitespace().count());
}

#[test]
fn values_of_a_table_stand_below_each_other() {
    let rows = [
        ("Asked by".to_owned(), "Norvik Harbour".to_owned()),
        ("Inspection".to_owned(), format!("{}\nsecond line", "long ".repeat(20).trim_end())),
        ("A label that is longer than sixteen".to_owned(), "value".to_owned()),
    ];
    let table = table(&rows);
    assert!(table.lines().all(|line| line.chars().count() <= COLUMNS), "{table}");
    assert!(table.contains("\n             second line\n"), "{table}");
    assert!(table.ends_with("sixteen\n             value"), "{table}");
}

proptest! {
    /// The body comes from a serialiser, but the text part must not be where a mistake of it stops a mail.
    #[test]
    fn any_text_becomes_blocks(html in "(<|>|\"|'|/|a|li|p|style|!--|--|&amp;|é|\n| href=\"){0,40}") {
        let blocks = html_blocks(&html);
        prop_assert!(blocks.iter().all(|block| !block.trim().is_empty()));
    }
}
