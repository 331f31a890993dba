//! Values of properties: how a text is recognised, what expressions give, what is refused and where.

mod expressions;
mod properties;
mod refusals;
mod written;

use crate::time::Timestamp;
use crate::value::{InvalidExpression, ValueExpr};
use crate::variables::Variables;
use serde_json::{Value, json};

fn now() -> Timestamp {
    "2026-11-21T10:15:30.250Z".parse().unwrap()
}

/// Variables of a loan, with one of every kind and a few names that could be mistaken for syntax.
fn variables() -> Variables {
    let value = json!({
        "amount": 2500,
        "rate": 2.5,
        "whole": 3.0,
        "big": 9_007_199_254_740_993_i64,
        "approved": true,
        "rejected": false,
        "nothing": null,
        "name": "Ada",
        "blank": "",
        "text12": "12",
        "due": "2026-12-03",
        "deadline": "2026-12-03T22:59:00+02:00",
        "items": [{"price": 10, "name": "pen"}, {"price": 20, "name": "ink"}],
        "tags": ["red", "green"],
        "none": [],
        "customer": {"address": {"lines": ["1 High Street", "Leeds"]}, "first-name": "Ada", "count": 7},
        "count": 5,
        "date": "2026-01-31",
        "order-id": "O-1",
        "if": "reserved",
    });
    let Value::Object(map) = value else { unreachable!("an object is written above") };
    map
}

fn evaluate(text: &str) -> Value {
    match ValueExpr::parse(text) {
        Ok(value) => value.evaluate(&variables(), now()),
        Err(InvalidExpression { message, offset }) => panic!("{text}: {message} (at {offset})"),
    }
}

/// Evaluates each expression of a table; the JSON must be the same to the letter (3 is not 3.0).
fn check(table: &[(&str, Value)]) {
    for (text, expected) in table {
        assert_eq!(evaluate(text).to_string(), expected.to_string(), "{text}");
    }
}
