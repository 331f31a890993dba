//! Mappings whose destination has no place: nothing is lost unseen, whatever the mapping belongs to (BPMN semantics,
//! "Mapping rules"; S4-10, S4-107).

use super::dsl::*;
use crate::command::Command;
use crate::effect::Effect;
use crate::instance::{Awaited, InstanceStatus};
use crate::process::{
    BACKOFF_MS, ElementKind, Mapping, Process, ScriptTask, Sent, SystemElement, SystemTask, Throw, Trigger, Work,
};
use crate::work_task::State;
use crate::{ChildEnd, call};
use serde_json::{Value, json};

const CODE: &str = "INVALID_MAPPING";

fn lines(pairs: &[(&str, &str)]) -> Vec<Mapping> {
    pairs.iter().map(|(target, source)| mapping(target, source)).collect()
}

fn script(output: &[(&str, &str)]) -> Process {
    let script = "return {\"a\":1,\"b\":2}".to_owned();
    let task = ScriptTask { script, output_mapping: lines(output), ..ScriptTask::default() };
    model("mapped").start("start").script_task("work", task).end("end").flow("start > work > end").build()
}

fn echo(input: &[(&str, &str)]) -> SystemTask {
    SystemTask {
        element: SystemElement::Service,
        work: Work::Echo,
        input_mapping: lines(input),
        result_variable: None,
        output_mapping: Vec::new(),
        retries: 0,
        backoff_ms: BACKOFF_MS,
    }
}

/// The incident names the destination.
#[track_caller]
fn names(world: &World, target: &str) {
    let incident = &world.state().instance.incidents[0];
    assert_eq!(incident.code, CODE);
    assert!(incident.message.contains(&format!("\"{target}\"")), "{}", incident.message);
}

#[test]
fn a_destination_behind_a_text_or_outside_of_a_list_stops_the_step() {
    let variables = json!({"s": "text", "l": [1, {"x": 0}], "o": {}});
    for target in ["s.y", "n[0]", "l[2]", "l.y", "o[0]", "o.a[0]", "l[0].y"] {
        let mut world = given(script(&[("kept", "b"), (target, "a")]));
        world.start(variables.clone()).failed(CODE);
        names(&world, target);
        assert_eq!(world.variable("kept"), Value::Null, "{target}: a part of a mapping is not written");
        for (name, value) in variables.as_object().unwrap() {
            assert_eq!(&world.variable(name), value, "{target}");
        }
        assert_eq!(world.reached("end"), 0);
    }
    let mut world = given(script(&[("s.y", "a")]));
    world.start(variables).failed(CODE);
    world.retry_with(json!({"s": {"x": 0}})).status(InstanceStatus::Completed);
    assert_eq!(world.variable("s"), json!({"x": 0, "y": 1}));
}

/// Objects are made on the way, and an item that is there may be replaced.
#[test]
fn a_destination_makes_objects_and_replaces_items() {
    let process = script(&[("o.x.y", "a"), ("l[1].x", "a"), ("l[0]", "b")]);
    let world = given(process).started(json!({"o": null, "l": [0, {"x": 0, "z": 3}]}));
    assert_eq!(world.status(), InstanceStatus::Completed);
    assert_eq!((world.variable("o"), world.variable("l")), (json!({"x": {"y": 1}}), json!([2, {"x": 1, "z": 3}])));
}

/// W-19: as for any technical failure the task is failed, and the retry opens it with what was submitted.
#[test]
fn an_answer_that_has_no_place_fails_its_task() {
    let task = work().output("s.y", "decision").output("kept", "decision");
    let mut world = given(one_task(task)).started(json!({"s": "text"}));
    world.complete("ask", "Done", json!({"decision": "D"})).failed(CODE).work_task("ask", State::Failed);
    names(&world, "s.y");
    assert_eq!((world.variable("kept"), world.variable("userAction")), (Value::Null, Value::Null));
    world.retry_with(json!({"s": null})).work_task("ask", State::Open);
    assert_eq!(world.work_task("ask").draft, vars(json!({"decision": "D"})));
    world.complete("ask", "Done", json!({"decision": "D"})).status(InstanceStatus::Completed);
    assert_eq!((world.variable("s"), world.variable("kept")), (json!({"y": "D"}), json!("D")));

    let mut world = given(one_task(ticket().output("s.y", "comment"))).started(json!({"s": "text"}));
    world.submit("ask", "Approve", json!({"comment": "fine"})).failed(CODE);
    names(&world, "s.y");
}

/// Lines of an InputMapping can stand in each other's way.
#[test]
fn an_input_mapping_without_place_stops_the_step_before_it_begins() {
    let conflict = [("a", "n"), ("a.b", "n")];
    let task = work().input("a", "n").input("a.b", "n");
    let mut world = given(one_task(task));
    world.start(json!({"n": 5})).failed(CODE);
    names(&world, "a.b");
    assert!(world.state().work_tasks.is_empty());

    let process = model("mapped").start("start").service("work", echo(&conflict)).flow("start > work").build();
    given(process).start(json!({"n": 5})).failed(CODE);

    let what = Sent::Signal { name: "Stop".to_owned() };
    let throw = ElementKind::IntermediateThrowEvent(Some(Box::new(Throw { what, input_mapping: lines(&conflict) })));
    let process = model("mapped").start("start").add("tell", throw).flow("start > tell").build();
    let mut world = given(process);
    let then = world.start(json!({"n": 5}));
    then.failed(CODE);
    assert!(!then.accepted().effects.iter().any(|effect| matches!(effect, Effect::Throw { .. })));
}

fn calling(input: &[(&str, &str)], output: &[(&str, &str)]) -> World {
    let mut process = model("parent").start("start").call("sub", "child").end("end").flow("start > sub > end").build();
    let ElementKind::CallActivity(model) = &mut process.elements[1].kind else { panic!() };
    (model.input_mapping, model.payload.output_mapping) = (lines(input), lines(output));
    given(process.indexed()).started(json!({"n": 5, "s": "text"}))
}

/// S4-107: in both directions.
#[test]
fn a_call_activity_whose_mapping_has_no_place_is_an_incident() {
    let mut world = calling(&[("a", "n"), ("a.b", "n")], &[]);
    let element = world.element("sub");
    let Some(Err(end)) = call(&world.process, world.state(), element, world.now) else { panic!("a child is started") };
    world.when(Command::ChildEnded { element, child: None, end }).failed(CODE);
    names(&world, "a.b");

    let mut world = calling(&[], &[("s.y", "sum")]);
    let element = world.element("sub");
    let end = ChildEnd::Completed(vars(json!({"sum": 7})));
    world.when(Command::ChildEnded { element, child: None, end: end.clone() }).failed(CODE);
    names(&world, "s.y");
    world.retry_with(json!({"s": {}}));
    world.when(Command::ChildEnded { element, child: None, end }).status(InstanceStatus::Completed);
    assert_eq!(world.variable("s"), json!({"y": 7}));
}

/// Who sends it learns it, and the instance waits on.
#[test]
fn a_message_that_has_no_place_is_refused() {
    let mut trigger = message("Paid", None);
    let Trigger::Message(catch) = &mut trigger else { panic!() };
    catch.payload.output_mapping = lines(&[("s.y", "sum")]);
    let process = model("wait").start("start").catch("wait", trigger).end("end").flow("start > wait > end").build();
    let mut world = given(process).started(json!({"s": "text"}));
    let receive = Command::Receive {
        element: world.element("wait"),
        event: "wait".to_owned(),
        awaited: Awaited::Message { name: "Paid".to_owned(), key: key().to_string() },
        variables: vars(json!({"sum": 5})),
    };
    let refused = world.when(receive).refused(CODE).to_string();
    assert!(refused.contains("\"s.y\""), "{refused}");
    assert_eq!(world.status(), InstanceStatus::Waiting);
}

/// What a turn has for itself is seen and written there.
#[test]
fn a_destination_below_the_item_of_a_turn_keeps_the_rest_of_it() {
    let process = |source: &str| {
        let task = ScriptTask {
            script: format!("return {source}"),
            output_mapping: lines(&[("item.done", "a")]),
            ..ScriptTask::default()
        };
        let model = model("turns").start("start").script_task("work", task).for_each("work", true, "items", "item");
        let model = model.turns("work", |turns| {
            turns.output_collection = Some("gave".to_owned());
            turns.output_element = Some(value("context.item"));
        });
        model.end("end").flow("start > work > end").build()
    };
    let world = given(process("{\"a\":1}")).started(json!({"items": [{"id": 1}, {"id": 2}]}));
    assert_eq!(world.variable("gave"), json!([{"id": 1, "done": 1}, {"id": 2, "done": 1}]));
    assert_eq!(world.variable("item"), Value::Null);
    let mut world = given(process("{\"a\":1}"));
    world.start(json!({"items": [{"id": 1}, "text"]})).failed(CODE);
    names(&world, "item.done");
}
