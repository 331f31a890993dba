//! What a command costs a large state: the things that wait are shared between the states before and after it.

use super::dsl::*;
use crate::instance::{Aggregate, ElementInstance, InstanceStatus};
use serde_json::json;
use std::sync::Arc;

fn live<'s>(state: &'s Aggregate, id: &str) -> &'s Arc<ElementInstance> {
    state.instance.elements.iter().find(|live| live.element == id).expect("it waits")
}

#[test]
fn a_command_copies_only_the_element_instances_that_it_changes() {
    let mut process = model("three").start("start").parallel("split").parallel("join").end("end");
    process = process.flow("start > split").flow("join > end");
    for id in ["a", "b", "c"] {
        process = process.task(id, ticket()).flow(&format!("split > {id} > join"));
    }
    let mut world = given(process.build()).started(json!({}));
    world.submit("a", "Approve", json!({})).accepted();
    let before = world.state().clone();
    world.submit("b", "Approve", json!({})).accepted();
    let after = world.state();
    assert!(Arc::ptr_eq(live(&before, "c"), live(after, "c")), "nothing happened to it");
    assert_eq!((live(&before, "join").arrived.len(), live(after, "join").arrived.len()), (1, 2));
}

/// Of 500 flows 200 are taken by one command; the others go through its queue as they are.
#[test]
fn flows_that_wait_on_are_not_copied() {
    let mut process = model("wide").start("start").parallel("split").parallel("join").end("end");
    process = process.flow("start > split").flow("join > end");
    for number in 0..500 {
        let id = format!("n{number}");
        process = process.gateway(&id).flow(&format!("split > {id} > join"));
    }
    let mut world = given(process.build()).started(json!({}));
    let before = world.state().clone();
    world.go_on().status(InstanceStatus::Running);
    let stayed = |flow: &&Arc<_>| before.instance.ready.iter().any(|waited| Arc::ptr_eq(waited, flow));
    assert_eq!((before.instance.ready.len(), world.state().instance.ready.iter().filter(stayed).count()), (500, 300));
}
