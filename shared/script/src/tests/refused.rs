//! What a script may not ask for, and the texts that try to hide it.

use super::{technical, value};
use crate::check;
use serde_json::json;

#[test]
fn asynchronous_functions_imports_and_disposal_are_refused() {
    for source in [
        "async function f() {} f()",
        "const f = async () => 1; return f()",
        "const f = async x => x; return f(1)",
        "return async function () {}",
        "return { async f() {} }",
        "return { async *f() {} }",
        "return { async ['f']() {} }",
        "class A { async f() {} static async g() {} async *h() {} async #p() {} }",
        "return import('std')",
        "import('std'); 1",
        "const f = () => import('x'); return 1",
        "{ using a = null; } return 1",
        "for (using a of []) {} return 1",
        "function f() { using a = { [Symbol.dispose]() {} } } f(); f()",
        // Hidden behind what looks like a text or a comment to a simple reader.
        "/* ' */ async function f() {} /* ' */ return 1",
        "var a = 1 / 2; async function f() {} /* / */ return 1",
        "return /[/'\"]/.test('x') ? async () => 1 : '\"'",
        "`${async () => 1}`",
        "`${`}` + (async () => 1)}`",
        "a\u{2028}async function f() {}",
        "// \u{2028} async function f() {}",
        "x = async <!-- c \n function f() {}",
        "async /*\u{2028}*/ function f() {}",
        "using\rx = null",
        "async\u{A0}function f() {} return 1",
        "async\tfunction\nf() {} return 1",
        "return \\u0061sync function f() {}",
    ] {
        assert!(check(source).is_err(), "{source}");
        let text = technical(source);
        assert!(text.contains("Error"), "{source}: {text}");
    }
}

#[test]
fn the_refused_words_may_be_names_keys_and_text() {
    for (source, expected) in [
        ("// async work\nreturn 'async import using'", json!("async import using")),
        ("/* using the import */ return 1 / 2 / (1 + 1)", json!(0.25)),
        ("return { async: 1, import: 2, using: 3 }", json!({"async": 1, "import": 2, "using": 3})),
        ("const a = { async: 1 }; return a.async + (a.import ?? 2)", json!(3)),
        ("var async = 1, using = 2; return async + using", json!(3)),
        ("return /async function/.test('async function')", json!(true)),
        ("`using ${1} async`", json!("using 1 async")),
        ("return { async() { return 1 } }.async()", json!(1)),
        ("var async = x => x; return async(4)", json!(4)),
    ] {
        assert_eq!(value(source), expected, "{source}");
    }
}

/// A source is one function body; a text that closes the wrapper's brackets is no script.
#[test]
fn a_script_cannot_leave_its_wrapper() {
    for source in [
        "} evil(); {",
        "}}}); evil(); (function(){{{",
        "}, function(){",
        "}), (function(){",
        "}}), ({m(){",
        "}} function g(){ function h(){",
        "} , function () {",
        "}; var leak = 1; function f(){",
        "1) + (2",
        "1), (2",
        "1); evil(); (2",
        "1] + [2",
        "*/ evil() /*",
        "}}}}) //",
        "return 1 }}}}) /*",
        "`",
        "'",
        "/* open",
        "return 1; }",
        "if (true) {",
        "\\u007d evil(); \\u007b",
        "return 1\n}\n{",
        "}{",
    ] {
        assert!(check(source).is_err(), "{source}");
        assert!(technical(source).starts_with("SyntaxError"), "{source}");
        assert_eq!(value("typeof leak + typeof evil"), json!("undefinedundefined"), "{source}");
    }
}

#[test]
fn promises_cannot_be_made() {
    for source in [
        "return new Promise(() => {})",
        "Promise.resolve(1)",
        "return Array.fromAsync([1])",
        "await 1",
        "return await f()",
    ] {
        assert!(!technical(source).is_empty(), "{source}");
    }
    assert_eq!(value("return { then(f) { f(1) } }"), json!({}), "an object that looks like a promise is an object");
}
