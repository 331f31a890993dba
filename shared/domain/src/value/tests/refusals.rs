//! Expressions that are refused: where the mistake is and what the modeller reads.

use crate::value::{SOURCE_CHARS_MAX, ValueExpr};

/// (text, offset of the mistake, part of the sentence)
const REFUSED: &[(&str, usize, &str)] = &[
    ("=", 0, "the expression is empty"),
    ("  ${ }", 2, "the expression is empty"),
    ("=amount >", 9, "a value was expected, not the end of the expression"),
    ("=amount > > 10", 10, "a value was expected, not \">\""),
    ("  =amount >", 11, "a value was expected"),
    ("${amount >}", 10, "a value was expected"),
    ("=(1 + 2", 7, "\")\" was expected, not the end of the expression"),
    ("=1 + 2)", 6, "this ) closes nothing"),
    ("=a]", 2, "this ] closes nothing"),
    ("=amount 10", 8, "an operator was expected before the number 10"),
    ("=a b c", 3, "an operator was expected before \"b\""),
    ("=1 < 2 < 3", 7, "compare two values at a time"),
    ("=a = b in c", 7, "compare two values at a time"),
    ("=not amount > 10", 12, "put the comparison behind \"not\" in parentheses"),
    ("=items[price > 3]", 7, "would filter the list"),
    ("=items[0", 8, "\"]\" was expected"),
    ("=items.[0]", 7, "a name was expected after the dot"),
    ("=a in [1..10]", 8, "ranges are not read"),
    ("=a in ()", 8, "at least one choice"),
    ("=if a then b", 12, "\"else\" was expected"),
    ("=if a, b", 5, "\"then\" was expected"),
    ("=a ? b", 6, "\":\" was expected"),
    ("=a between 1 or 2", 13, "\"and\" was expected"),
    ("=a and", 6, "a value was expected"),
    ("=or a", 1, "a value was expected, not the word \"or\""),
    ("=context", 8, "\"context\" stands before the name of a variable"),
    ("=context[0]", 9, "\"context\" stands before the name of a variable"),
    ("=substring('a', 1)", 1, "there is no function \"substring\""),
    ("${execution.getVariable('a')}", 23, "only functions can be called"),
    ("=now(1)", 1, "now() takes 0 arguments, not 1"),
    ("=1 + contains('a')", 5, "contains() takes 2 arguments, not 1"),
    ("=now() + duration('1 day')", 18, "\"1 day\" is not a duration such as"),
    ("=date('tomorrow')", 6, "\"tomorrow\" is not a date such as"),
    ("='open", 1, "no closing '"),
    ("=\"a\\x\"", 3, "is no escape"),
    ("=\"\\u12\"", 2, "four hexadecimal digits"),
    ("=\"\\uD800\"", 2, "four hexadecimal digits"),
    ("=“a”", 1, "typographic quotation mark"),
    ("=é & ü", 4, "write \"and\" or &&"),
    ("=a | b", 3, "write \"or\" or ||"),
    ("={a 1}", 4, "\":\" was expected"),
    ("={a: 1, a: 2}", 8, "stands here twice"),
    ("={a: 1", 6, "\"}\" was expected"),
    ("={: 1}", 2, "a name and a colon were expected"),
    ("={a: 1}}", 7, "closes nothing"),
    ("=a ; b", 3, "; does not belong into an expression"),
    ("=1e999", 1, "too large for a number"),
    ("Hi {{ a b }}", 3, "is no placeholder"),
];

#[test]
fn a_refusal_names_the_place_and_what_to_write() {
    for (text, offset, sentence) in REFUSED {
        let refused = ValueExpr::parse(text).expect_err(text);
        assert!(refused.message.contains(sentence), "{text}: {}", refused.message);
        assert_eq!(refused.offset, *offset, "{text}: {}", refused.message);
    }
}

#[test]
fn an_unknown_function_lists_the_known_ones() {
    let refused = ValueExpr::parse("=len(a)").unwrap_err();
    assert!(refused.message.contains("string length"), "{}", refused.message);
}

#[test]
fn nesting_is_limited() {
    let nested = |depth: usize| format!("={}1{}", "(".repeat(depth), ")".repeat(depth));
    assert!(ValueExpr::parse(&nested(63)).is_ok());
    let refused = ValueExpr::parse(&nested(64)).unwrap_err();
    assert!(refused.message.contains("64 levels"), "{}", refused.message);
    for opening in ["(", "[", "-", "!", "not ", "empty ", "if ", "a ? ", "a ? b : ", "a[", "count(", "-(", "[[", "{a:"]
    {
        let text = format!("={}", opening.repeat(9_000 / opening.len()));
        let refused = ValueExpr::parse(&text).expect_err(opening);
        assert!(refused.message.contains("64 levels"), "{opening}: {}", refused.message);
    }
}

#[test]
fn length_is_limited_in_characters() {
    let long = |length: usize| format!("='{}'", "é".repeat(length - 3));
    assert!(ValueExpr::parse(&long(SOURCE_CHARS_MAX)).is_ok());
    let refused = ValueExpr::parse(&long(SOURCE_CHARS_MAX + 1)).unwrap_err();
    assert!(refused.message.contains("10000 characters"), "{}", refused.message);
}
