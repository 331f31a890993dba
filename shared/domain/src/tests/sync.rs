//! E-09: pages, actions and mail of the deployed version, nothing else (S0-33 to S0-40).

use super::dsl::*;
use crate::decision::Reply;
use crate::external_task::ExternalTask;
use crate::process::{ActionModel, Process};
use crate::rejection::Rejection;
use serde_json::json;

fn world() -> World {
    given(one_task(ticket().expires_after("P7D").reminders(&["P1D"]))).started(json!({}))
}

/// A version with one more action and a field that must be given.
fn deployed() -> Process {
    let mut task = ticket().required("amount").recipient("other@example.org").expires_after("PT1H");
    task.external().actions.push(ActionModel { name: "Ask back".to_owned(), label: None, style: None });
    one_task(task)
}

/// E-09, S0-36, invariant 14: no notification; recipient, expiry, draft and link stay.
#[test]
fn a_sync_changes_the_templates_version_only() {
    let mut world = world();
    world.save_draft("ask", json!({"comment": "kept"})).accepted();
    let before = world.task("ask").clone();
    world.templates = Some(deployed());
    world.sync("ask", 2).events(&["task 1 synced to 2"]).effects(&[]);
    assert_eq!(world.task("ask"), &ExternalTask { seq: before.seq + 1, templates_version: 2, ..before });
}

/// S0-40: an action added in the new version is offered although the instance runs its old flows.
#[test]
fn after_a_sync_answers_are_checked_against_the_new_page() {
    let mut world = world();
    world.submit("ask", "Ask back", json!({})).denied();
    world.templates = Some(deployed());
    world.sync("ask", 2).accepted();
    let then = world.submit("ask", "Approve", json!({}));
    assert_eq!(then.denied()[0].problem.code(), "REQUIRED");
    world.submit("ask", "Ask back", json!({"amount": "2"})).replied(Reply::Submitted);
}

#[test]
fn a_version_without_the_task_is_refused() {
    for other in [
        model("approval").start("start").task("renamed", ticket()).flow("start > renamed").build(),
        model("approval").start("start").script("ask", "nothing").flow("start > ask").build(),
    ] {
        let mut world = world();
        world.templates = Some(other);
        let then = world.sync("ask", 2);
        let expected = Rejection::NotInDeployed { version: 2, activity: "ask".to_owned() };
        assert_eq!(then.refused("NOT_IN_DEPLOYED"), &expected);
    }
}

/// S0-45 to S0-47
#[test]
fn an_ended_ticket_is_not_synced() {
    let mut completed = world();
    completed.submit("ask", "Approve", json!({})).accepted();
    completed.sync("ask", 2).refused_in("COMPLETED");
    let mut cancelled = world();
    cancelled.cancel().accepted();
    cancelled.sync("ask", 2).refused_in("CANCELLED");
    let mut expired = world();
    expired.after("P7D").sync("ask", 2).refused_in("EXPIRED");
}
