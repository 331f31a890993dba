//! Exclusive gateways: Condition, conditionExpression, default, NO_FLOW and INVALID_FLOW.

use super::dsl::*;
use crate::instance::InstanceStatus;
use crate::process::{Condition, Process};
use crate::script::ScriptKind;
use crate::value::ValueExpr;
use serde_json::json;

fn by_condition(source: &str) -> Process {
    model("choice")
        .start("start")
        .condition("which", source)
        .end("high")
        .end("low")
        .end("other")
        .flow("start > which > high")
        .named("High value")
        .flow("which > low")
        .named("Low value")
        .otherwise("which", "other")
        .build()
}

#[track_caller]
fn takes(process: Process, end: &str) {
    let mut world = given(process);
    world.start(json!({"amount": 5, "yes": true})).status(InstanceStatus::Completed);
    let ends: Vec<&str> = ["high", "low", "other"].into_iter().filter(|end| world.reached(end) > 0).collect();
    assert_eq!(ends, [end]);
}

#[test]
fn a_condition_names_a_flow_by_id_or_by_name() {
    takes(by_condition("return \"which-low\""), "low");
    takes(by_condition("return \"High value\""), "high");
}

/// D-25
#[test]
fn an_id_that_was_generated_cannot_be_returned() {
    let process = model("choice")
        .start("start")
        .condition("which", "return \"which-low\"")
        .end("low")
        .flow("start > which > low")
        .without_id()
        .build();
    given(process).start(json!({})).failed("INVALID_FLOW");
}

#[test]
fn a_condition_that_returns_nothing_takes_the_default() {
    takes(by_condition("return null"), "other");
    takes(by_condition("return \"\""), "other");
}

/// Never silently the default.
#[test]
fn a_condition_that_names_no_flow_is_an_incident() {
    for wanted in ["\"which-nowhere\"", "true", "7", "[\"which-low\"]"] {
        let mut world = given(by_condition(&format!("return {wanted}")));
        world.start(json!({})).failed("INVALID_FLOW");
        assert_eq!(world.live(), ["which"]);
    }
}

#[test]
fn without_default_nothing_returned_is_an_incident() {
    let process = model("choice")
        .start("start")
        .condition("which", "return null")
        .end("high")
        .flow("start > which > high")
        .build();
    given(process).start(json!({})).failed("NO_FLOW");
}

fn by_expressions(high: &str, low: &str) -> Process {
    model("choice")
        .start("start")
        .gateway("which")
        .end("high")
        .end("low")
        .end("other")
        .flow("start > which")
        .otherwise("which", "other")
        .when("which", "high", high)
        .when("which", "low", low)
        .build()
}

#[test]
fn the_first_true_expression_in_document_order_wins() {
    takes(by_expressions("return true", "return true"), "high");
    takes(by_expressions("return false", "return true"), "low");
}

#[test]
fn no_true_expression_takes_the_default_wherever_it_stands() {
    takes(by_expressions("return false", "return null"), "other");
}

#[test]
fn results_that_are_no_booleans_follow_the_truthiness_of_the_language() {
    for truthy in ["1", "-1", "\"no\"", "[]", "{}"] {
        takes(by_expressions(&format!("return {truthy}"), "return false"), "high");
    }
    for falsy in ["0", "0.0", "\"\"", "null"] {
        takes(by_expressions(&format!("return {falsy}"), "return false"), "other");
    }
}

#[test]
fn of_feel_like_expressions_only_true_is_true() {
    let expression = |path: &str| Some(Condition::Expression(ValueExpr::Path(path.parse().unwrap())));
    let process = |path: &str| {
        model("choice")
            .start("start")
            .gateway("which")
            .end("high")
            .end("other")
            .flow("start > which")
            .flow_if("which", "high", expression(path))
            .otherwise("which", "other")
            .build()
    };
    takes(process("yes"), "high");
    takes(process("amount"), "other");
    takes(process("missing"), "other");
}

#[test]
fn a_flow_without_expression_counts_as_true() {
    let process = model("choice")
        .start("start")
        .gateway("which")
        .end("high")
        .end("low")
        .flow("start > which")
        .when("which", "high", "return false")
        .flow("which > low")
        .build();
    takes(process, "low");
}

#[test]
fn without_default_and_true_expression_it_is_an_incident() {
    let process = model("choice")
        .start("start")
        .gateway("which")
        .end("high")
        .flow("start > which")
        .when("which", "high", "return false")
        .build();
    let mut world = given(process);
    world.start(json!({})).failed("NO_FLOW").events(&[
        "started choice by olga",
        "passed start",
        "activated which",
        "variables _errorHistory _lastError",
        "incident NO_FLOW at which",
        "status ERROR",
    ]);
}

#[test]
fn a_gateway_without_any_flow_is_an_incident() {
    given(model("choice").start("start").gateway("which").flow("start > which").build())
        .start(json!({}))
        .failed("NO_FLOW");
}

#[test]
fn a_condition_wins_over_expressions() {
    let process = model("choice")
        .start("start")
        .condition("which", "return \"which-low\"")
        .end("high")
        .end("low")
        .flow("start > which")
        .when("which", "high", "return true")
        .when("which", "low", "return false")
        .build();
    takes(process, "low");
}

/// BPMN semantics, "What each script may see": a condition reads variables, `userAction` among them, and nothing else.
#[test]
fn a_condition_sees_the_variables_only() {
    let process = model("choice")
        .start("start")
        .task("ask", ticket())
        .condition("which", "read userAction")
        .end("high")
        .end("low")
        .flow("start > ask > which > high")
        .named("Approve")
        .flow("which > low")
        .named("Reject")
        .build();
    let mut world = given(process).started(json!({"x": 1}));
    world.submit("ask", "Reject", json!({})).status(InstanceStatus::Completed);
    assert_eq!(world.reached("low"), 1);
    let seen = world.scripts.last("read userAction");
    assert_eq!(seen.kind, ScriptKind::Condition);
    assert_eq!((seen.form_data, seen.user_action, seen.current_user), (None, None, None));
    assert_eq!(seen.variables["x"], json!(1));
}

#[test]
fn a_failing_script_in_a_gateway_is_an_incident_there() {
    given(by_condition("throw oops")).start(json!({})).failed("SCRIPT_ERROR");
    given(by_condition("limit")).start(json!({})).failed("SCRIPT_LIMIT");
    given(by_expressions("throw oops", "return true")).start(json!({})).failed("SCRIPT_ERROR");
    given(by_condition("timeout")).start(json!({})).refused("TRY_AGAIN");
    given(by_expressions("timeout", "return true")).start(json!({})).refused("TRY_AGAIN");
}
