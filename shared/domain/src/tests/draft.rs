//! E-05 and E-06: opening and drafts.

use super::dsl::*;
use crate::engine::DRAFT_BYTES_MAX;
use crate::external_task::Status;
use crate::instance::InstanceStatus;
use crate::process::FieldKind;
use serde_json::{Value, json};

/// E-06
#[test]
fn a_draft_is_merged_and_moves_nothing() {
    let mut world = given(one_task(ticket())).started(json!({}));
    let then = world.save_draft("ask", json!({"comment": "a"}));
    then.events(&["task 1 opened", "task 1 draft comment"]).effects(&[]).status(InstanceStatus::Waiting);
    world.save_draft("ask", json!({"amount": "1"})).events(&["task 1 draft amount"]);
    world.save_draft("ask", json!({"comment": "b"})).task("ask", Status::Pending);
    assert_eq!(world.task("ask").draft, vars(json!({"comment": "b", "amount": "1"})));
    assert_eq!(world.task("ask").seq, 5);
    assert!(world.state().instance.variables.is_empty());
}

#[test]
fn a_draft_keeps_fields_of_the_page_only() {
    let mut world = given(one_task(ticket())).started(json!({}));
    world.save_draft("ask", json!({"comment": "a", "x": "y", "_lastError": "z"})).accepted();
    assert_eq!(world.task("ask").draft, vars(json!({"comment": "a"})));
}

/// E-06, values type-correct: a draft holds what a form can post, texts and lists of texts.
#[test]
fn a_draft_keeps_what_a_form_can_post() {
    let task = ticket().field("many", FieldKind::Choices(vec!["a".to_owned()]));
    let mut world = given(one_task(task)).started(json!({}));
    world.save_draft("ask", json!({"comment": {"deep": [1]}, "amount": 7, "many": ["a", "b"]})).accepted();
    assert_eq!(world.task("ask").draft, vars(json!({"many": ["a", "b"]})));
}

#[test]
fn a_draft_has_a_limit() {
    let task = ticket().field("long", FieldKind::Text { max: 10, multiline: true });
    let mut world = given(one_task(task)).started(json!({}));
    world.save_draft("ask", json!({"comment": "kept", "long": "x".repeat(DRAFT_BYTES_MAX)})).accepted();
    assert_eq!(world.task("ask").draft, vars(json!({"comment": "kept"})));
    let bytes = |world: &World| serde_json::to_string(&world.task("ask").draft).unwrap().len();
    for n in 0..10 {
        world.save_draft("ask", json!({"comment": "y".repeat(5_000 * n)})).accepted();
        world.save_draft("ask", json!({"long": "z".repeat(7_000 * n)})).accepted();
        assert!(bytes(&world) <= DRAFT_BYTES_MAX + 100, "{}", bytes(&world));
    }
}

#[test]
fn the_end_of_a_ticket_ends_its_draft() {
    let mut world = given(one_task(ticket())).started(json!({}));
    world.save_draft("ask", json!({"comment": "a"})).accepted();
    world.cancel().accepted();
    assert!(world.task("ask").draft.is_empty());
    world.save_draft("ask", json!({"comment": "a"})).refused_in("CANCELLED");
}

/// E-14: whatever is posted to a ticket that has ended changes nothing, not even that it was opened.
#[test]
fn a_post_to_an_ended_ticket_opens_nothing() {
    let mut world = given(one_task(ticket())).started(json!({}));
    world.cancel().accepted();
    world.submit("ask", "Approve", json!({"comment": "x"})).refused_in("CANCELLED");
    assert_eq!(world.task("ask").first_opened_at, None);
    assert_eq!(world.task("ask").answers.get("comment"), None::<&Value>);
}
