//! E-08: an answer that does not validate changes nothing but the draft and says what is wrong.

use super::dsl::*;
use crate::decision::{Problem, Reply};
use crate::external_task::Status;
use crate::instance::InstanceStatus;
use crate::process::{FieldKind, Process, UserTask};
use serde_json::{Value, json};

/// E-08, invariant 4
#[test]
fn a_denied_answer_keeps_what_was_typed_and_nothing_else() {
    let mut world = given(one_task(ticket().required("amount").expires_after("P1D"))).started(json!({}));
    world.save_draft("ask", json!({"comment": "draft"})).accepted();
    let before = world.task("ask").clone();
    let then = world.submit("ask", "Approve", json!({"comment": "typed"}));
    assert_eq!(then.denied().len(), 1);
    then.events(&["task 1 denied REQUIRED"]).effects(&[]).status(InstanceStatus::Waiting);
    let after = world.task("ask").clone();
    assert_eq!(after.draft, vars(json!({"comment": "typed"})));
    assert_eq!(crate::external_task::ExternalTask { draft: before.draft.clone(), ..after }, before);
    world.submit("ask", "Approve", json!({"comment": "typed", "amount": "1"})).replied(Reply::Submitted);
}

/// E-05: the first POST is what opens the ticket, whatever becomes of it.
#[test]
fn the_first_post_opens_the_ticket_even_when_denied() {
    let mut world = given(one_task(ticket())).started(json!({}));
    world.after("PT5M").submit("ask", "Nod", json!({})).events(&["task 1 opened", "task 1 denied UNKNOWN_ACTION"]);
    let opened = world.now;
    assert_eq!((world.task("ask").first_opened_at, world.task("ask").seq), (Some(opened), 2));
    world.after("PT5M").submit("ask", "Nod", json!({})).events(&["task 1 denied UNKNOWN_ACTION"]);
    world.submit("ask", "Approve", json!({})).accepted();
    assert_eq!(world.task("ask").first_opened_at, Some(opened));
}

/// Actions are compared case-sensitively.
#[test]
fn only_the_actions_of_the_page_are_taken() {
    for action in ["", "approve", "Approve ", "Delete"] {
        let mut world = given(one_task(ticket())).started(json!({}));
        let then = world.submit("ask", action, json!({}));
        let errors: Vec<(&str, &Problem)> = then.denied().iter().map(|e| (e.field.as_str(), &e.problem)).collect();
        assert_eq!(errors, [("action", &Problem::UnknownAction)]);
        then.task("ask", Status::Pending);
    }
}

#[test]
fn every_problem_is_reported_at_once_and_in_the_order_of_the_page() {
    let mut world = given(one_task(ticket().required("comment"))).started(json!({}));
    let then = world.submit("ask", "Nod", json!({"comment": " ", "amount": "much", "x": "1"}));
    let codes: Vec<(&str, &str)> =
        then.denied().iter().map(|error| (error.field.as_str(), error.problem.code())).collect();
    let expected =
        [("action", "UNKNOWN_ACTION"), ("comment", "REQUIRED"), ("amount", "NOT_A_NUMBER"), ("x", "UNKNOWN_FIELD")];
    assert_eq!(codes, expected);
}

/// Bad input: 100,000 fields.
#[test]
fn a_hundred_thousand_fields_are_denied_shortly_and_not_kept() {
    let mut world = given(one_task(ticket())).started(json!({}));
    let many: serde_json::Map<String, Value> = (0..100_000).map(|n| (format!("f{n}"), json!("x"))).collect();
    assert_eq!(world.submit("ask", "Approve", Value::Object(many)).denied().len(), 10);
    assert!(world.task("ask").draft.is_empty());
}

fn field(kind: FieldKind) -> Process {
    let task: UserTask = ticket().field("f", kind);
    one_task(task)
}

#[track_caller]
fn takes(kind: &FieldKind, posted: Value, stored: Value) {
    let mut world = given(field(kind.clone())).started(json!({}));
    world.submit("ask", "Approve", json!({"f": posted})).replied(Reply::Submitted);
    assert_eq!(world.task("ask").answers.get("f").cloned().unwrap_or(Value::Null), stored);
}

#[track_caller]
fn denies(kind: &FieldKind, posted: Value, code: &str) {
    let mut world = given(field(kind.clone())).started(json!({}));
    let then = world.submit("ask", "Approve", json!({"f": posted}));
    let codes: Vec<&str> = then.denied().iter().map(|error| error.problem.code()).collect();
    assert_eq!(codes, [code]);
}

#[test]
fn texts_count_characters_and_a_line_break_as_one() {
    let text = FieldKind::Text { max: 5, multiline: true };
    takes(&text, json!("äöüéß"), json!("äöüéß"));
    takes(&text, json!("a\r\nb\r\nc"), json!("a\nb\nc"));
    takes(&text, json!("   "), Value::Null);
    denies(&text, json!("123456"), "TOO_LONG");
    denies(&text, json!(["a"]), "WRONG_TYPE");
    denies(&text, json!({"a": 1}), "WRONG_TYPE");
    denies(&text, json!(7), "WRONG_TYPE");
}

#[test]
fn numbers_take_point_and_comma_and_no_signs_of_thousands() {
    let number = FieldKind::Number { min: Some("-10".to_owned()), max: Some("1000.5".to_owned()) };
    takes(&number, json!("12"), json!(12));
    takes(&number, json!(" 12,5 "), json!(12.5));
    takes(&number, json!("-3"), json!(-3));
    takes(&number, json!("1000.5"), json!(1000.5));
    for bad in ["twelve", "1.234,5", "1 000", "1e2", "0x10", "inf", "NaN", "-", ".", "1-2", "1,2,3"] {
        denies(&number, json!(bad), "NOT_A_NUMBER");
    }
    denies(&number, json!("-10.1"), "TOO_SMALL");
    denies(&number, json!("1000,51"), "TOO_LARGE");
    denies(&number, json!("9".repeat(40)), "NOT_A_NUMBER");
}

#[test]
fn dates_addresses_and_choices_are_checked() {
    takes(&FieldKind::Date, json!("2026-02-28"), json!("2026-02-28"));
    for bad in ["2026-02-30", "28.02.2026", "tomorrow", "2026-13-01"] {
        denies(&FieldKind::Date, json!(bad), "NOT_A_DATE");
    }
    takes(&FieldKind::Email, json!("Ann@Example.ORG"), json!("Ann@example.org"));
    denies(&FieldKind::Email, json!("ann"), "NOT_AN_EMAIL");
    let one = FieldKind::Choice(vec!["a".to_owned(), "b".to_owned()]);
    takes(&one, json!("b"), json!("b"));
    denies(&one, json!("c"), "NOT_A_CHOICE");
    denies(&one, json!(["a", "b"]), "WRONG_TYPE");
    let any = FieldKind::Choices(vec!["a".to_owned(), "b".to_owned()]);
    takes(&any, json!("a"), json!(["a"]));
    takes(&any, json!(["a", "b"]), json!(["a", "b"]));
    denies(&any, json!(["a", "c"]), "NOT_A_CHOICE");
    denies(&any, json!([1]), "NOT_A_CHOICE");
}

#[test]
fn a_checkbox_is_true_when_present_and_false_otherwise() {
    takes(&FieldKind::Checkbox, json!("on"), json!(true));
    takes(&FieldKind::Checkbox, Value::Null, json!(false));
    let mut world = given(one_task(ticket().field("f", FieldKind::Checkbox).required("f"))).started(json!({}));
    assert_eq!(world.submit("ask", "Approve", json!({})).denied()[0].problem, Problem::Required);
}
