//! How a property's text is recognised and how it is stored.

use super::{evaluate, now, variables};
use crate::value::ValueExpr;
use serde_json::{Value, json};

fn kind(text: &str) -> &'static str {
    match ValueExpr::parse(text) {
        Ok(ValueExpr::Literal(_)) => "literal",
        Ok(ValueExpr::Path(_)) => "path",
        Ok(ValueExpr::Template(_)) => "template",
        Ok(ValueExpr::Expression(_)) => "expression",
        Err(_) => "refused",
    }
}

#[test]
fn values_are_recognised_by_how_they_are_written() {
    let table = [
        ("", "literal"),
        ("john.doe@bank.com", "literal"),
        ("amount", "literal"),
        ("a = b", "literal"),
        ("context", "literal"),
        ("context.", "literal"),
        ("context.a b", "literal"),
        ("context.a + 1", "literal"),
        ("mycontext.a", "literal"),
        ("{{ not closed", "literal"),
        ("closed }} only", "literal"),
        ("costs $5 {net}", "literal"),
        // S4-15, S4-79: an expression beside literals is told by its beginning.
        ("context.teamLeadEmail", "path"),
        (" context.items[0].price ", "path"),
        ("Loan {{context.loanId}} was approved", "template"),
        ("{{ a }}{{ b }}", "template"),
        ("=amount > 10", "expression"),
        ("  = amount > 10  ", "expression"),
        ("=\"{{ text }}\"", "expression"),
        ("${amount > 10}", "expression"),
        ("#{amount > 10}", "expression"),
        ("${name = '}'}", "expression"),
        ("${name = 'it\\'s }'}", "expression"),
        ("${first} and ${second}", "literal"),
        ("Dear ${name}", "literal"),
        ("${name}, hello", "literal"),
        ("${name", "literal"),
        ("=", "refused"),
        ("${}", "refused"),
        ("${ }", "refused"),
        ("${'open}", "refused"),
        ("=== Reminder ===", "refused"),
        ("{{ no path }}", "refused"),
    ];
    for (text, expected) in table {
        assert_eq!(kind(text), expected, "{text}");
    }
}

#[test]
fn literals_paths_and_templates_give_their_values() {
    assert_eq!(evaluate(" as written "), json!(" as written "));
    assert_eq!(evaluate("context.customer.address.lines[1]"), json!("Leeds"));
    assert_eq!(evaluate("context.customer.phone"), Value::Null);
    assert_eq!(
        evaluate("Dear {{ name }}, you owe {{ context.amount }}{{ unknown }}."),
        json!("Dear Ada, you owe 2500.")
    );
}

#[test]
fn a_value_is_stored_readably_and_comes_back_equal() {
    let table = [
        ("plain", json!({"literal": "plain"})),
        ("context.manager.email", json!({"path": "manager.email"})),
        (" =amount >  10 ", json!({"x": "=amount >  10"})),
        ("${amount gt 10}", json!({"x": "${amount gt 10}"})),
    ];
    for (text, stored) in table {
        let value = ValueExpr::parse(text).unwrap();
        assert_eq!(serde_json::to_value(&value).unwrap(), stored);
        let back: ValueExpr = serde_json::from_value(stored).unwrap();
        assert_eq!(back, value);
        assert_eq!(back.evaluate(&variables(), now()), value.evaluate(&variables(), now()));
    }
    let template = ValueExpr::parse("Hello {{ name | default(\"you\") }}").unwrap();
    let stored = serde_json::to_string(&template).unwrap();
    assert_eq!(serde_json::from_str::<ValueExpr>(&stored).unwrap(), template);
}

#[test]
fn a_stored_expression_that_cannot_be_read_is_refused() {
    let refused = serde_json::from_value::<ValueExpr>(json!({"x": "=1 +"})).unwrap_err();
    assert!(refused.to_string().contains("a value was expected"), "{refused}");
}

#[test]
fn the_three_spellings_are_one_language() {
    for inner in ["amount > 1000 and approved", "empty blank ? 'a' : 'b'", "if amount lt 3 then 1 else 2", "tags[0]"] {
        let spelled =
            [format!("={inner}"), format!("${{{inner}}}"), format!("#{{{inner}}}")].map(|text| evaluate(&text));
        assert_eq!(spelled[0], spelled[1], "{inner}");
        assert_eq!(spelled[0], spelled[2], "{inner}");
        assert_ne!(spelled[0], Value::Null, "{inner}");
    }
}
