//! What holds for every expression: no panic, bounded results, the same answer from the stored form.

use super::{now, variables};
use crate::value::ValueExpr;
use crate::variables::VARIABLES_BYTES_MAX;
use proptest::prelude::*;
use serde_json::{Value, json};

/// Words and signs of the language, separated by `;`.
const WORDS: &str = "amount;items;tags;[0];.price;context.;missing;customer;(;);[;];{;};{a:;,;?;:;1;2.5;1e308;'a';\"P1D\";\
    '2026-12-03';true;null;and;or;not;in;between;if;then;else;empty;=;==;!=;<;>=;+;-;*;/;%;**;!;&&;||;now();today();\
    duration(;date and time(;date(;string length(;count(;string(;number(;upper case(";
const LEAVES: &str = "1;-2.5;0;1e300;name;blank;true;null;amount;due;deadline;items;tags;customer;missing;now();today();\
    duration('P1M');duration('-PT5S');[];items[1].price;context.name";
const OPERATORS: &str = "+;-;*;/;%;**;=;!=;<;<=;>;>=;and;or;in;eq;lt;&&";
const FUNCTIONS: &str =
    "not;count;string;number;date;duration;upper case;is empty;date and time;empty ;-;string length;lower case";

fn one_of(words: &'static str) -> impl Strategy<Value = &'static str> + Clone {
    proptest::sample::select(words.split(';').collect::<Vec<_>>())
}

/// Any order of words: most are refused, many are read.
fn fragments() -> impl Strategy<Value = String> {
    proptest::collection::vec(one_of(WORDS), 0..24).prop_map(|words| format!("={}", words.join(" ")))
}

/// Well-formed expressions of every kind of operator.
fn expressions() -> impl Strategy<Value = String> {
    one_of(LEAVES)
        .prop_map(str::to_owned)
        .prop_recursive(5, 60, 4, |inner| {
            let three = (inner.clone(), inner.clone(), inner.clone());
            prop_oneof![
                (inner.clone(), one_of(OPERATORS), inner.clone())
                    .prop_map(|(a, sign, b)| format!("({a}) {sign} ({b})")),
                (one_of(FUNCTIONS), inner.clone()).prop_map(|(name, inner)| format!("{name}({inner})")),
                three.clone().prop_map(|(a, b, c)| format!("{{a: {a}, 'b c': {b}, d: [{c}]}}")),
                three.clone().prop_map(|(a, b, c)| format!("(if {a} then {b} else {c})")),
                three.prop_map(|(a, b, c)| format!("(({a}) between ({b}) and ({c}))")),
                (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a})[({b}) + 0]")),
                proptest::collection::vec(inner, 0..4).prop_map(|items| format!("[{}]", items.join(", "))),
            ]
        })
        .prop_map(|text| format!("={text}"))
}

fn parses_and_evaluates_the_same_from_its_stored_form(text: &str) -> Result<Option<Value>, TestCaseError> {
    let value = match ValueExpr::parse(text) {
        Ok(value) => value,
        Err(refused) => {
            prop_assert!(refused.offset <= text.len(), "{text}: offset {}", refused.offset);
            prop_assert!(text.is_char_boundary(refused.offset), "{text}: offset {}", refused.offset);
            prop_assert!(!refused.message.is_empty());
            return Ok(None);
        }
    };
    let stored = serde_json::to_string(&value).unwrap();
    let back: ValueExpr = serde_json::from_str(&stored).unwrap();
    prop_assert_eq!(&back, &value);
    let result = value.evaluate(&variables(), now());
    prop_assert_eq!(&back.evaluate(&variables(), now()), &result);
    Ok(Some(result))
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in ".{0,200}") {
        parses_and_evaluates_the_same_from_its_stored_form(&text)?;
        parses_and_evaluates_the_same_from_its_stored_form(&format!("={text}"))?;
        parses_and_evaluates_the_same_from_its_stored_form(&format!("${{{text}}}"))?;
    }

    #[test]
    fn any_order_of_words_is_read_or_refused(text in fragments()) {
        parses_and_evaluates_the_same_from_its_stored_form(&text)?;
    }

    #[test]
    fn well_formed_expressions_have_a_value(text in expressions()) {
        prop_assert!(parses_and_evaluates_the_same_from_its_stored_form(&text)?.is_some(), "{} was refused", text);
    }

    #[test]
    fn order_and_equality_of_numbers_agree_with_the_numbers(a in any::<i64>(), b in any::<i64>()) {
        let Value::Object(variables) = json!({"a": a, "b": b}) else { unreachable!() };
        for (sign, expected) in [("=", a == b), ("!=", a != b), ("<", a < b), ("<=", a <= b), (">", a > b), (">=", a >= b)] {
            let value = ValueExpr::parse(&format!("=a {sign} b")).unwrap();
            prop_assert_eq!(value.evaluate(&variables, now()), json!(expected));
        }
    }

    #[test]
    fn arithmetic_of_small_integers_is_exact(a in -1_000_000..1_000_000_i64, b in -1_000_000..1_000_000_i64) {
        let Value::Object(variables) = json!({"a": a, "b": b}) else { unreachable!() };
        for (sign, expected) in [("+", a + b), ("-", a - b), ("*", a * b)] {
            let value = ValueExpr::parse(&format!("=a {sign} b")).unwrap();
            prop_assert_eq!(value.evaluate(&variables, now()), json!(expected));
        }
    }
}

#[test]
fn long_chains_neither_overflow_the_stack_nor_grow_without_bound() {
    let Value::Object(variables) = json!({"a": "x".repeat(100_000), "n": 1, "t": true}) else { unreachable!() };
    let evaluate = |text: &str| ValueExpr::parse(text).unwrap().evaluate(&variables, now());
    assert_eq!(evaluate(&format!("={}n", "n+".repeat(4_900))), json!(4_901));
    assert_eq!(evaluate(&format!("={}t", "t and ".repeat(1_600))), json!(true));
    assert_eq!(evaluate(&format!("={}a", "a+".repeat(1_000))), Value::Null, "a text of 100 MB");
    assert_eq!(evaluate(&format!("=[{}a]", "a,".repeat(4_000))), Value::Null, "a list of 400 MB");
    assert_eq!(evaluate("=[a, a, a]"), Value::Null, "a result larger than all variables together may be");
    assert_eq!(evaluate(&format!("=count([{}a])", "a,".repeat(4_000))), json!(4_001));
    let largest = evaluate("=[a, a]").to_string();
    assert!(largest.len() > 200_000 && largest.len() < VARIABLES_BYTES_MAX);
    assert_eq!(evaluate(&format!("=n{}", ".a[0]".repeat(1_900))), Value::Null);
}

#[test]
fn the_deepest_expressions_fit_the_stack_of_a_thread() {
    let deep = |opening: &str, closing: &str| {
        let text = format!("={}1{}", opening.repeat(60), closing.repeat(60));
        ValueExpr::parse(&text).unwrap().evaluate(&variables(), now())
    };
    assert_eq!(deep("1 * (", ")"), json!(1));
    assert_eq!(deep("false or true and 1 in [1] and (", ")"), Value::Null);
    assert_eq!(
        deep("[0 + 1 * 2 ** 3 + (missing in tags ? 0 : 1), true and 1 < 2, ", "]").as_array().map(Vec::len),
        Some(3)
    );
    assert_eq!(deep("if 1 between 0 and 2 then ", " else 0"), json!(1));
}
