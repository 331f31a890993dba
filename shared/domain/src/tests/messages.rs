//! Messages and signals: what waits for them and what they do (BPMN semantics, "Elements"; S4-106, S4-114).

use super::dsl::*;
use crate::command::Command;
use crate::external_task::Status;
use crate::instance::{Awaited, InstanceStatus};
use crate::process::{ElementKind, Process, Trigger};
use serde_json::{Value, json};

impl World {
    fn receive(&mut self, host: &str, event: &str, awaited: &Awaited, variables: Value) -> Then {
        let element = self.element(host);
        self.when(Command::Receive {
            element,
            event: event.to_owned(),
            awaited: awaited.clone(),
            variables: vars(variables),
        })
    }

    /// What the instance waits for.
    fn awaited(&self) -> Vec<Awaited> {
        let elements = self.state().instance.elements.iter();
        elements.flat_map(|live| live.subscriptions.iter().map(|subscription| subscription.to.clone())).collect()
    }
}

fn paid(key: &str) -> Awaited {
    Awaited::Message { name: "Paid".to_owned(), key: key.to_owned() }
}

fn one(kind: ElementKind) -> Process {
    model("wait").start("start").add("wait", kind).end("end").flow("start > wait > end").build()
}

/// S4-106: the default key is the instance's own, the default result is lastSignalData.
#[test]
fn a_receive_task_waits_for_its_message() {
    let mut world = given(one(ElementKind::ReceiveTask(message("Paid", None)))).started(json!({}));
    let awaited = paid(&key().to_string());
    assert_eq!((world.status(), world.awaited()), (InstanceStatus::Waiting, vec![awaited.clone()]));
    world.receive("wait", "wait", &awaited, json!({"sum": 5})).status(InstanceStatus::Completed);
    assert_eq!(world.variable("lastSignalData"), json!({"sum": 5}));
    assert_eq!(world.reached("end"), 1);
}

#[test]
fn what_a_message_brings_goes_where_the_model_says() {
    let mut trigger = message("Paid", Some("context.order.id"));
    let Trigger::Message(model) = &mut trigger else { panic!() };
    model.payload.result_variable = Some("payment".to_owned());
    model.payload.output_mapping = vec![mapping("order.paid", "sum")];
    let mut world = given(one(ElementKind::IntermediateCatchEvent(trigger))).started(json!({"order": {"id": 17}}));
    world.receive("wait", "wait", &paid("17"), json!({"sum": 5})).status(InstanceStatus::Completed);
    assert_eq!(world.variable("payment"), json!({"sum": 5}));
    assert_eq!(world.variable("order"), json!({"id": 17, "paid": 5}));
    assert_eq!(world.variable("lastSignalData"), Value::Null);
}

#[test]
fn messages_for_others_twice_or_too_late_are_refused() {
    let process = model("wait")
        .start("start")
        .catch("wait", message("Paid", Some("context.id")))
        .task("after", ticket())
        .end("end")
        .flow("start > wait > after > end")
        .build();
    let mut world = given(process).started(json!({"id": "A"}));
    let number = world.element("wait");
    let receive = |awaited: Awaited| Command::Receive {
        element: number,
        event: "wait".to_owned(),
        awaited,
        variables: vars(json!({})),
    };
    world.when(receive(paid("B"))).refused("ALREADY_DONE");
    world.when(receive(Awaited::Signal { name: "Paid".to_owned() })).refused("ALREADY_DONE");
    world.when(receive(paid("A"))).accepted();
    world.when(receive(paid("A"))).refused("ALREADY_DONE");
    assert_eq!(world.reached("after"), 1);
}

#[test]
fn a_message_may_not_write_the_engines_names() {
    let mut world = given(one(ElementKind::ReceiveTask(message("Paid", Some("context.id"))))).started(json!({"id": 1}));
    world.receive("wait", "wait", &paid("1"), json!({"_lastError": 1})).refused("RESERVED_NAME");
    assert_eq!(world.live(), ["wait"]);
}

#[test]
fn a_key_that_is_nothing_or_endless_is_an_incident_that_a_retry_mends() {
    let mut world = given(one(ElementKind::ReceiveTask(message("Paid", Some("context.id")))));
    world.start(json!({})).failed("INVALID_CORRELATION_KEY");
    world.retry_with(json!({"id": "x".repeat(256)})).failed("INVALID_CORRELATION_KEY");
    world.retry_with(json!({"id": "x"})).status(InstanceStatus::Waiting);
    assert_eq!(world.awaited(), [paid("x")]);
}

fn beside(interrupting: bool) -> Process {
    model("beside")
        .start("start")
        .task("ask", ticket())
        .boundary("paid", "ask", interrupting, message("Paid", Some("context.id")))
        .script("note", "count notes")
        .end("end")
        .flow("start > ask > end")
        .flow("paid > note > end")
        .build()
}

#[test]
fn a_message_takes_a_task_away_or_runs_beside_it_as_often_as_it_comes() {
    let mut world = given(beside(true)).started(json!({"id": 1}));
    world
        .receive("ask", "paid", &paid("1"), json!({}))
        .task("ask", Status::Cancelled)
        .status(InstanceStatus::Completed);
    assert!(world.awaited().is_empty());

    let mut world = given(beside(false)).started(json!({"id": 1}));
    for _ in 0..2 {
        world.receive("ask", "paid", &paid("1"), json!({})).task("ask", Status::Pending);
    }
    assert_eq!(world.variable("notes"), json!(2));
    world.submit("ask", "Approve", json!({})).status(InstanceStatus::Completed);
    assert!(world.awaited().is_empty(), "answered: nothing is awaited beside it");
}

#[test]
fn the_first_event_behind_a_gateway_wins() {
    let process = model("race")
        .start("start")
        .first("first")
        .catch("paid", message("Paid", Some("context.id")))
        .catch("stop", signal("Stop"))
        .wait("late", once("P1D"))
        .end("a")
        .end("b")
        .end("c")
        .flow("start > first > paid > a")
        .flow("first > stop > b")
        .flow("first > late > c")
        .build();
    let mut world = given(process).started(json!({"id": 1}));
    let stop = Awaited::Signal { name: "Stop".to_owned() };
    assert_eq!(world.awaited(), [paid("1"), stop.clone()]);
    world.receive("first", "stop", &stop, json!({"why": "fire"})).status(InstanceStatus::Completed);
    assert_eq!((world.reached("a"), world.reached("b"), world.reached("c")), (0, 1, 0));
    assert_eq!(world.variable("lastSignalData"), json!({"why": "fire"}));
    assert!(world.scheduled().is_empty());
}

#[test]
fn an_event_sub_process_waits_for_messages() {
    let process = model("guarded")
        .start("start")
        .task("ask", ticket())
        .end("end")
        .on("guard", true, signal("Stop"))
        .end("stopped")
        .flow("guard-start > stopped")
        .close()
        .flow("start > ask > end")
        .build();
    let mut world = given(process).started(json!({}));
    let stop = Awaited::Signal { name: "Stop".to_owned() };
    world.receive("guard-start", "guard-start", &stop, json!({})).task("ask", Status::Cancelled);
    assert_eq!((world.status(), world.reached("stopped")), (InstanceStatus::Completed, 1));
}

/// Tasks and awaited messages together fit one transaction.
#[test]
fn what_an_instance_holds_is_bounded() {
    let process = model("many")
        .start("start")
        .add("wait", ElementKind::ReceiveTask(message("Paid", Some("context.item"))))
        .for_each("wait", false, "items", "item")
        .end("end")
        .flow("start > wait > end")
        .build();
    let mut world = given(process);
    world.start(json!({"items": (0..90).collect::<Vec<_>>()})).status(InstanceStatus::Waiting);
    world.forget();
    world.start(json!({"items": (0..91).collect::<Vec<_>>()})).failed("LIMIT");
}

#[test]
fn cancelling_waits_for_nothing_more() {
    let mut world = given(beside(false)).started(json!({"id": 1}));
    world.cancel().status(InstanceStatus::Cancelled);
    assert!(world.awaited().is_empty());
}
