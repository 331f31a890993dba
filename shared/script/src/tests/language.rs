//! What scripts may say and what they give back.
use super::{run, value};
use domain::script::ScriptKind;
use serde_json::json;

#[test]
fn a_script_gives_its_return_value_or_its_last_expression() {
    assert_eq!(value("return 1 + 1"), json!(2));
    assert_eq!(value("1 + 1"), json!(2));
    assert_eq!(value("1 + 1; // two"), json!(2));
    assert_eq!(value("var a = 1; a + 1"), json!(2));
    assert_eq!(value("if (true) { 'yes' } else { 'no' }"), json!("yes"));
    assert_eq!(value("{ a: 1, b: [true, null] }"), json!({ "a": 1, "b": [true, null] }));
    assert_eq!(value(""), json!(null));
    assert_eq!(value("undefined"), json!(null));
}

#[test]
fn bare_names_and_context_are_one_variable() {
    let outcome =
        run(ScriptKind::Task, "total = price * 2; context.price = 5; return price + total", json!({"price": 4}))
            .unwrap();
    assert_eq!(outcome.result, json!(13));
    assert_eq!(json!(outcome.writes), json!({"total": 8, "price": 5}));
}
