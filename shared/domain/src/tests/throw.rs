//! Message and signal throw events: what is ordered, and that nothing waits for it (S4-106).

use super::dsl::*;
use crate::effect::Effect;
use crate::ids::ElementNumber;
use crate::instance::{Awaited, InstanceStatus};
use crate::process::{ElementKind, Process, Sent, Throw};
use serde_json::{Value, json};

fn throw(what: Sent, brings: &[(&str, &str)]) -> Box<Throw> {
    let input_mapping = brings.iter().map(|(target, source)| mapping(target, source)).collect();
    Box::new(Throw { what, input_mapping })
}

fn paid(key: Option<&str>) -> Sent {
    Sent::Message { name: "Paid".to_owned(), correlation_key: key.map(value) }
}

fn stop() -> Sent {
    Sent::Signal { name: "Stop".to_owned() }
}

fn to(key: &str) -> Awaited {
    Awaited::Message { name: "Paid".to_owned(), key: key.to_owned() }
}

/// `start > tell > end`.
fn telling(throw: Option<Box<Throw>>) -> Process {
    let tell = ElementKind::IntermediateThrowEvent(throw);
    model("tell").start("start").add("tell", tell).end("end").flow("start > tell > end").build()
}

/// What was sent: the numbers, for whom and what it brings.
fn sent(then: &Then) -> Vec<(ElementNumber, Awaited, Value)> {
    let effects = then.accepted().effects.iter();
    effects
        .filter_map(|effect| {
            let Effect::Throw { element, to, variables } = effect else { return None };
            Some((*element, to.clone(), Value::Object(variables.clone())))
        })
        .collect()
}

#[test]
fn a_throw_event_orders_its_message_and_goes_on_at_once() {
    let mut world = given(telling(Some(throw(paid(Some("context.order.id")), &[("sum", "order.sum")]))));
    let then = world.start(json!({"order": {"id": 17, "sum": 5}, "secret": 1}));
    assert_eq!(sent(&then), [(ElementNumber(2), to("17"), json!({"sum": 5}))]);
    assert_eq!((world.status(), world.reached("tell"), world.reached("end")), (InstanceStatus::Completed, 1, 1));
}

#[test]
fn without_key_and_mapping_a_message_is_for_the_instance_itself_and_brings_nothing() {
    let then = given(telling(Some(throw(paid(None), &[])))).start(json!({"secret": 1}));
    assert_eq!(sent(&then), [(ElementNumber(2), to(&key().to_string()), json!({}))]);
}

/// Mapping rules: a source that is no variable is null. Only call activities pass its name on.
#[test]
fn a_variable_that_is_not_set_is_brought_as_null() {
    let then = given(telling(Some(throw(paid(None), &[("sum", "sum")])))).start(json!({}));
    assert_eq!(sent(&then), [(ElementNumber(2), to(&key().to_string()), json!({"sum": null}))]);
}

#[test]
fn a_throw_event_without_definition_is_passed() {
    let mut world = given(telling(None));
    let then = world.start(json!({}));
    assert_eq!(sent(&then), []);
    assert_eq!((world.status(), world.reached("end")), (InstanceStatus::Completed, 1));
}

/// An end event sends and ends its own path only; that of a sub-process lets what is around it go on.
#[test]
fn an_end_event_sends_and_ends_its_path() {
    let process = model("inside")
        .start("start")
        .sub("sub")
        .start("begin")
        .task("ask", ticket())
        .add("told", ElementKind::ThrowEndEvent(throw(stop(), &[])))
        .close()
        .end("end")
        .flow("start > sub > end")
        .flow("begin > ask")
        .flow("begin > told")
        .build();
    let mut world = given(process);
    let then = world.start(json!({}));
    let signals: Vec<Awaited> = sent(&then).into_iter().map(|(_, to, _)| to).collect();
    assert_eq!(signals, [Awaited::Signal { name: "Stop".to_owned() }]);
    assert_eq!((world.status(), world.live()), (InstanceStatus::Waiting, vec!["sub", "ask"]));
    world.submit("ask", "Approve", json!({})).status(InstanceStatus::Completed);
    assert_eq!(world.reached("end"), 1);
}

/// Each passing has a number of its own, by which a delivery that comes twice is known.
#[test]
fn every_passing_of_a_loop_sends_anew() {
    let process = model("loop")
        .start("start")
        .script("count", "count rounds")
        .add("tell", ElementKind::IntermediateThrowEvent(Some(throw(stop(), &[]))))
        .parallel("split")
        .end("end")
        .flow("start > tell > split > end")
        .flow("start > count > tell")
        .build();
    let numbers: Vec<u32> = sent(&given(process).start(json!({}))).iter().map(|(number, ..)| number.0).collect();
    assert_eq!(numbers.len(), 2);
    assert_ne!(numbers[0], numbers[1]);
}

#[test]
fn a_key_that_is_nothing_is_an_incident_and_only_the_retry_sends() {
    let mut world = given(telling(Some(throw(paid(Some("context.id")), &[]))));
    let then = world.start(json!({}));
    assert_eq!(sent(&then), []);
    then.failed("INVALID_CORRELATION_KEY");
    let then = world.retry_with(json!({"id": "x"}));
    assert_eq!(sent(&then), [(ElementNumber(2), to("x"), json!({}))]);
    then.status(InstanceStatus::Completed);
    assert_eq!(world.reached("end"), 1);
}

#[test]
fn one_step_sends_only_so_many_bytes() {
    let text = "x".repeat(40 * 1024);
    let process = model("much")
        .start("start")
        .add("one", ElementKind::IntermediateThrowEvent(Some(throw(stop(), &[("text", "text")]))))
        .add("two", ElementKind::IntermediateThrowEvent(Some(throw(stop(), &[("text", "text")]))))
        .end("end")
        .flow("start > one > two > end")
        .build();
    let mut world = given(process);
    let then = world.start(json!({"text": text}));
    assert_eq!(sent(&then).len(), 1);
    then.failed("LIMIT");
    // A step of its own has room for it.
    let then = world.retry();
    assert_eq!(sent(&then).len(), 1);
    then.status(InstanceStatus::Completed);
}

/// A message may be for the one who sends it: it waits when the message is delivered.
#[test]
fn what_is_sent_has_the_form_in_which_it_is_awaited() {
    let process = model("both")
        .start("start")
        .add("wait", ElementKind::ReceiveTask(message("Paid", Some("context.id"))))
        .add("tell", ElementKind::IntermediateThrowEvent(Some(throw(paid(Some("context.id")), &[]))))
        .end("end")
        .flow("start > wait > end")
        .flow("start > tell > end")
        .build();
    let mut world = given(process);
    let then = world.start(json!({"id": 17}));
    let awaited = &world.state().instance.elements[0].subscriptions[0].to;
    assert_eq!(&sent(&then)[0].1, awaited);
}
