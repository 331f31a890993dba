//! Sizes follow DynamoDB's rule; a second opinion comes from the database in process, which has the rule measured on AWS.

use crate::item::Item;
use crate::size::item_size;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use dynoxide::types::AttributeValue as Other;
use std::collections::HashMap;

fn one(value: AttributeValue) -> usize {
    item_size(&Item::from([("n".to_owned(), value)]))
}

#[test]
fn numbers_cost_a_byte_for_two_digits_and_one_more() {
    for number in [
        "0",
        "7",
        "42",
        "100",
        "12345",
        "-42",
        "-0",
        "1795000000000",
        "1795000000123",
        "0.5",
        "12.25",
        "-1000",
        "0.001",
    ] {
        let other: dynoxide::types::Item = HashMap::from([("n".to_owned(), Other::N(number.to_owned()))]);
        let ours = one(AttributeValue::N(number.to_owned()));
        assert_eq!(ours, dynoxide::types::item_size(&other), "{number}");
    }
}

#[test]
fn every_kind_of_value_costs_what_dynamodb_says() {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    assert_eq!(one(text("")), 1);
    assert_eq!(one(text("größe")), 1 + 7);
    assert_eq!(one(AttributeValue::B(Blob::new([1, 2, 3]))), 1 + 3);
    assert_eq!(one(AttributeValue::Bool(true)), 2);
    assert_eq!(one(AttributeValue::Null(true)), 2);
    assert_eq!(one(AttributeValue::L(vec![text("ab"), text("c")])), 1 + 3 + 2 + 3);
    assert_eq!(one(AttributeValue::M(HashMap::from([("k".to_owned(), text("ab"))]))), 1 + 3 + 1 + 1 + 2);
    assert_eq!(one(AttributeValue::Ss(vec!["ab".to_owned(), "c".to_owned()])), 1 + 3);
}
