//! `check`: what a deployment learns about a script without running it.

use super::{run, value};
use crate::{Checked, SyntaxError, check};
use domain::script::ScriptKind;
use serde_json::json;

fn place(source: &str) -> (u32, u32) {
    let error = check(source).expect_err(source);
    assert!(!error.message.is_empty());
    (error.line, error.column)
}

#[test]
fn a_good_script_has_no_remarks_and_is_not_run() {
    for source in ["return 1", "", "for (;;);", "throw new BpmnError('A', 'b')", "doCmd('A')", "amount > 1", "null.x"] {
        assert_eq!(check(source), Ok(Checked::default()), "{source}");
    }
}

#[test]
fn a_syntax_error_has_its_place_in_the_source() {
    assert_eq!(place("return 1 +"), (2, 1));
    assert_eq!(place("var a = 1;\nvar b = ;\nreturn a"), (2, 9));
    assert_eq!(place("var a = 1;\r\n  let a = 2;\r\nreturn a").0, 2);
    assert_eq!(place("amount >"), (2, 1));
    assert_eq!(place("if (a {\n}"), (1, 7));
    assert_eq!(place("return '\n'").0, 1);
    assert_eq!(place("\n\nasync () => 1"), (3, 1));
    assert_eq!(place("return /(/.test('')").0, 1);
    assert_eq!(place("a\0b"), (1, 2));
    let error = SyntaxError { message: "x".into(), line: 2, column: 3 };
    assert_eq!(error.to_string(), "x (line 2, column 3)");
}

#[test]
fn a_source_may_not_be_endless() {
    let long = format!("return '{}'", "x".repeat(crate::limits::SOURCE_BYTES_MAX));
    assert!(check(&long).expect_err("too long").message.contains("at most"));
}

/// D-02, S4-33, V-25.
#[test]
fn the_csharp_literal_is_read_as_an_object_with_a_warning() {
    let source = "return new { applicationAmount = loanAmount, customerInfo = customer, riskAssessment = riskScore };";
    let warnings = check(source).unwrap().warnings;
    assert_eq!((warnings.len(), warnings[0].line, warnings[0].column), (1, 1, 1));
    assert!(warnings[0].message.contains("C#"));
    let variables = json!({"loanAmount": 5, "customer": {"name": "A"}, "riskScore": 65});
    let outcome = run(ScriptKind::Pre, source, variables).unwrap();
    assert_eq!(outcome.result, json!({"applicationAmount": 5, "customerInfo": {"name": "A"}, "riskAssessment": 65}));
    assert!(outcome.log.is_empty());
    let source = "// as in the documentation\n/* C# */ return new { customer, of = new { loanAmount }, riskScore, };";
    let variables = json!({"loanAmount": 5, "customer": {"name": "A"}, "riskScore": 65});
    let outcome = run(ScriptKind::Pre, source, variables).unwrap();
    assert_eq!(outcome.result, json!({"customer": {"name": "A"}, "of": {"loanAmount": 5}, "riskScore": 65}));
    for (source, expected) in [
        ("return/**/new/* } */{ // }\n a /* = */ = 1 // }\n, b = 4 /2 }; // done", json!({"a": 1, "b": 2})),
        ("  return new{a=1}", json!({"a": 1})),
        ("return new { }", json!({})),
        (
            "return new { a = new { b = 1, c = new { d = \"x, } = \" } }, e = [1, 2].length == 2, };",
            json!({"a": {"b": 1, "c": {"d": "x, } = "}}, "e": true}),
        ),
        (
            "return new { list = [new { a = 1 }, new { a = 2 }], f = (1 + 2) * 3 }",
            json!({"list": [{"a": 1}, {"a": 2}], "f": 9}),
        ),
        ("return new {\n  ä = 1,\n  _b = 2 >= 1 ? 'y' : 'n'\n};\n", json!({"ä": 1, "_b": "y"})),
    ] {
        assert_eq!(value(source), expected, "{source}");
        assert_eq!(check(source).unwrap().warnings.len(), 1, "{source}");
    }
}

#[test]
fn any_other_csharp_is_a_syntax_error() {
    for source in [
        "var x = new { a = 1 }; return x;",
        "return new { a = 1 }; return 2;",
        "return new { customer.Name };",
        "return new List<string> { \"a\" };",
        "return new { a = 1 } + 1",
        "string x = \"a\"; return x;",
        "return new { a == 1 }",
        "return new { = 1 }",
        "return new { a b }",
        "return new { , a = 1 }",
        "return new { a = 1 /* }",
        "return new { a = }",
        "return new { a = 1",
        "decimal total = 5m;",
    ] {
        assert!(check(source).is_err(), "{source}");
    }
}

#[test]
fn places_stay_true_in_a_translated_literal() {
    assert_eq!(place("return new {\n a = 1,\n b = 2 2 }").0, 3);
}
