//! Call activities: what a child is started with, what its end does, and how errors and cancels cross the border
//! (BPMN semantics, "Errors" 3; S4-107, S4-114).

use super::dsl::*;
use crate::command::{Command, Start};
use crate::effect::{CallEffect, Effect};
use crate::external_task::Status;
use crate::ids::InstanceKey;
use crate::instance::{InstanceStatus, Parent};
use crate::process::{ElementKind, Handover, Mapping, Process};
use crate::value::{Expression, ValueExpr};
use crate::{CALL_DEPTH_MAX, Call, ChildEnd, call};
use serde_json::{Value, json};

const CHILD: u64 = 9;

fn child() -> InstanceKey {
    InstanceKey::compose(NINE, CHILD)
}

fn calling() -> Model {
    model("parent").start("start").call("sub", "child").end("end").flow("start > sub > end")
}

impl World {
    fn call(&self) -> Option<Result<Call, ChildEnd>> {
        call(&self.process, self.state(), self.element("sub"), self.now)
    }

    fn child_started(&mut self) -> Then {
        let element = self.element("sub");
        self.when(Command::ChildStarted { element, child: child() })
    }

    fn child_ended(&mut self, end: ChildEnd) -> Then {
        let element = self.element("sub");
        self.when(Command::ChildEnded { element, child: Some(child()), end })
    }
}

fn failed(code: &str) -> ChildEnd {
    ChildEnd::Failed { code: code.to_owned(), message: "from the child".to_owned() }
}

fn calls(then: &Then) -> Vec<CallEffect> {
    let effects = then.accepted().effects.iter();
    effects.filter_map(|effect| if let Effect::Call(call) = effect { Some(call.clone()) } else { None }).collect()
}

#[test]
fn a_call_activity_orders_a_child_and_goes_on_when_it_has_ended() {
    let mut world = given(calling().build());
    let then = world.start(json!({"amount": 5}));
    assert_eq!(calls(&then), [CallEffect::Start { element: world.element("sub") }]);
    let call = world.call().expect("it is awaited").expect("it can be started");
    assert_eq!(call.process_id, "child");
    assert_eq!(call.variables, vars(json!({"amount": 5})), "without a mapping all of them");
    assert_eq!(call.parent, Parent { instance: key(), element: world.element("sub"), depth: 1 });

    world.child_started().status(InstanceStatus::Waiting);
    assert_eq!(world.call(), None, "it has its child");
    world.child_started().refused("ALREADY_DONE");
    world.child_ended(ChildEnd::Completed(vars(json!({"sum": 7, "_lastError": 1})))).status(InstanceStatus::Completed);
    assert_eq!(world.variable("lastSubprocessResult"), json!({"sum": 7}));
    assert_eq!(world.variable("sum"), Value::Null);
}

/// In a loop each child would hold all those before it, until nothing could read the instance again.
#[test]
fn what_an_earlier_child_gave_is_not_given_to_the_next() {
    let process = calling().for_each("sub", true, "items", "item");
    let mut world = given(process.build()).started(json!({"items": vec![0; 200]}));
    for _ in 0..200 {
        let element = world.state().instance.elements.last().unwrap().number;
        let call = call(&world.process, world.state(), element, world.now).unwrap().unwrap();
        assert!(!call.variables.contains_key("lastSubprocessResult"));
        let end = ChildEnd::Completed(call.variables);
        world.when(Command::ChildEnded { element, child: None, end }).accepted();
    }
    assert_eq!((world.status(), world.reached("end")), (InstanceStatus::Completed, 1));
}

/// S4-107: sources with and without the prefix; a bare word that is no variable is a text.
#[test]
fn mappings_say_what_goes_in_and_what_comes_out() {
    let mut process = calling().build();
    let ElementKind::CallActivity(model) = &mut process.elements[1].kind else { panic!() };
    model.input_mapping = vec![mapping("order.id", "id"), mapping("mode", "FULL")];
    model.payload.output_mapping = vec![mapping("total", "subprocess.sum"), mapping("note", "text")];
    let mut world = given(process.indexed()).started(json!({"id": 3, "secret": true}));
    let call = world.call().unwrap().unwrap();
    assert_eq!(call.variables, vars(json!({"order": {"id": 3}, "mode": "FULL"})));
    world.child_started();
    world.child_ended(ChildEnd::Completed(vars(json!({"sum": 7, "text": "fine"})))).status(InstanceStatus::Completed);
    assert_eq!((world.variable("total"), world.variable("note")), (json!(7), json!("fine")));
    assert_eq!(world.variable("lastSubprocessResult"), Value::Null);
}

/// S4-107: a missing source gives null; only a bare word is meant literally, and the log says so.
#[test]
fn a_missing_path_gives_null_to_the_child_and_a_missing_word_itself() {
    let mut process = calling().build();
    let ElementKind::CallActivity(model) = &mut process.elements[1].kind else { panic!() };
    model.input_mapping =
        [("a", "loan.amount"), ("b", "items[0]"), ("c", "none.at.all"), ("mode", "FULL"), ("d", "empty")]
            .map(|(target, source)| mapping(target, source))
            .into();
    let mut world = given(process.indexed());
    let then = world.start(json!({"loan": {}, "items": [], "empty": null}));
    let log: Vec<_> = then.accepted().log.iter().map(|line| (line.level, line.text.as_str())).collect();
    assert_eq!(log, [("warn", "InputMapping of \"sub\": no variable is called \"FULL\"; it is a text")]);
    let call = world.call().unwrap().unwrap();
    assert_eq!(call.variables, vars(json!({"a": null, "b": null, "c": null, "d": null, "mode": "FULL"})));
}

/// S4-107: beside an OutputMapping the result variable holds what the child gave once; the alias is the mapping's alone.
#[test]
fn the_result_beside_a_mapping_is_what_the_child_gave() {
    let mut process = calling().build();
    let ElementKind::CallActivity(model) = &mut process.elements[1].kind else { panic!() };
    model.payload.result_variable = Some("whole".to_owned());
    model.payload.output_mapping = vec![mapping("total", "subprocess.sum"), mapping("again", "sum")];
    let mut world = given(process.indexed()).started(json!({}));
    world.child_started();
    world.child_ended(ChildEnd::Completed(vars(json!({"sum": 7})))).status(InstanceStatus::Completed);
    assert_eq!(world.variable("whole"), json!({"sum": 7}));
    assert_eq!((world.variable("total"), world.variable("again")), (json!(7), json!(7)));
    assert_eq!(world.variable("lastSubprocessResult"), Value::Null);
}

/// The word of the end may come before that of the start: it names the same child.
#[test]
fn words_that_overtake_each_other_or_come_twice_do_no_harm() {
    let mut world = given(calling().build()).started(json!({}));
    let number = world.element("sub");
    world.child_ended(ChildEnd::Completed(vars(json!({})))).status(InstanceStatus::Completed);
    world.when(Command::ChildStarted { element: number, child: child() }).refused("INVALID_STATE");
    let again = Command::ChildEnded { element: number, child: Some(child()), end: ChildEnd::Cancelled };
    world.when(again).refused("INVALID_STATE");
}

#[test]
fn another_child_than_the_one_awaited_is_refused() {
    let mut world = given(calling().build()).started(json!({}));
    world.child_started();
    let element = world.element("sub");
    let other = Some(InstanceKey::compose(NINE, CHILD + 1));
    let end = ChildEnd::Completed(vars(json!({})));
    world.when(Command::ChildEnded { element, child: other, end }).refused("ALREADY_DONE");
}

/// Errors 3: from the child to the boundary events of its call activity, and outwards.
#[test]
fn an_error_of_the_child_is_caught_at_the_call_activity() {
    let process = model("parent")
        .start("start")
        .call("sub", "child")
        .error("caught", "sub", true, Some("STOP"))
        .end("end")
        .end("rescued")
        .flow("start > sub > end")
        .flow("caught > rescued")
        .build();
    let mut world = given(process).started(json!({}));
    world.child_started();
    world.child_ended(failed("STOP")).status(InstanceStatus::Completed);
    assert_eq!((world.reached("rescued"), world.reached("end")), (1, 0));
    assert_eq!(world.variable("_lastError")["taskId"], json!("sub"));
}

#[test]
fn an_error_that_nobody_catches_waits_for_a_retry_which_starts_another_child() {
    let mut world = given(calling().timer("late", "sub", true, once("P1D")).flow("late > end").build());
    world.start(json!({}));
    world.child_started();
    world.child_ended(failed("STOP")).failed("STOP");
    let then = world.retry();
    assert_eq!(calls(&then), [CallEffect::Start { element: world.element("sub") }]);
    assert_eq!(world.scheduled().len(), 1, "its timer waited on");
    assert!(world.call().is_some());
}

#[test]
fn a_process_that_is_not_there_is_an_incident_that_nobody_catches() {
    let process = calling().error("any", "sub", true, None).flow("any > end").build();
    let mut world = given(process).started(json!({}));
    let end = ChildEnd::NotStarted { code: "UNKNOWN_PROCESS", message: "no process \"child\" is deployed".to_owned() };
    let element = world.element("sub");
    world.when(Command::ChildEnded { element, child: None, end }).failed("UNKNOWN_PROCESS");
}

#[test]
fn who_takes_the_activity_away_cancels_the_child() {
    let process = calling().timer("late", "sub", true, once("P1D")).flow("late > end").build();
    let mut world = given(process).started(json!({}));
    world.child_started();
    let then = world.after("P1D").fire("sub", "late", 1);
    assert_eq!(calls(&then), [CallEffect::Cancel { child: child() }]);
    then.status(InstanceStatus::Completed);

    let mut world = given(calling().build()).started(json!({}));
    world.child_started();
    assert_eq!(calls(&world.cancel()), [CallEffect::Cancel { child: child() }]);
}

/// A part of a tree that is cancelled cancels the tree.
#[test]
fn a_cancelled_child_cancels_its_parent() {
    let process = calling().task("beside", ticket()).flow("start > beside > end").build();
    let mut world = given(process).started(json!({}));
    world.child_started();
    let element = world.element("sub");
    let other = Some(InstanceKey::compose(NINE, CHILD + 1));
    world.when(Command::ChildEnded { element, child: other, end: ChildEnd::Cancelled }).refused("ALREADY_DONE");
    world.child_ended(ChildEnd::Cancelled).status(InstanceStatus::Cancelled).task("beside", Status::Cancelled);
}

/// The other side: an instance that was called.
fn called(process: Process) -> World {
    let mut world = given(process);
    let parent = Some(Parent { instance: child(), element: crate::ids::ElementNumber(4), depth: 1 });
    world.when(Command::Start(Start { parent, ..Start::new(key(), world.process.id.clone(), 1) }));
    world
}

#[test]
fn a_child_tells_its_parent_how_it_ended() {
    let told =
        CallEffect::Ended { parent: Parent { instance: child(), element: crate::ids::ElementNumber(4), depth: 1 } };
    let mut world = called(one_task(ticket()));
    assert_eq!(world.state().end(), None);
    let then = world.submit("ask", "Approve", json!({"comment": "fine"}));
    assert_eq!(calls(&then), std::slice::from_ref(&told));
    assert!(
        matches!(world.state().end(), Some(ChildEnd::Completed(variables)) if variables["comment"] == json!("fine"))
    );

    let mut world = called(one_task(ticket()));
    assert_eq!(calls(&world.cancel()), std::slice::from_ref(&told));
    assert_eq!(world.state().end(), Some(ChildEnd::Cancelled));

    let mut world = called(one_task(ticket().server_script("bpmn STOP enough")));
    let then = world.submit("ask", "Approve", json!({}));
    assert_eq!(calls(&then), [told]);
    then.status(InstanceStatus::Cancelled).task("ask", Status::Cancelled);
    let thrown = ChildEnd::Failed { code: "STOP".to_owned(), message: "enough".to_owned() };
    assert_eq!(world.state().end(), Some(thrown));
}

/// What is technical stays where it happened: an operator mends it there.
#[test]
fn a_technical_error_of_a_child_is_its_own_incident() {
    let world = called(model("work").start("start").script("work", "throw oops").flow("start > work").build());
    assert_eq!((world.status(), world.state().end()), (InstanceStatus::Error, None));
}

#[test]
fn calls_without_end_are_stopped() {
    let mut world = called(calling().build());
    assert!(world.call().unwrap().is_ok());
    world.state.as_mut().unwrap().instance.parent.as_mut().unwrap().depth = CALL_DEPTH_MAX;
    assert!(matches!(world.call(), Some(Err(ChildEnd::NotStarted { code: "LIMIT", .. }))));
}

fn handing(handover: Handover, input: Vec<Mapping>, output: Vec<Mapping>) -> Process {
    let mut process = calling().build();
    let element = process.elements.iter_mut().find(|element| element.id == "sub").expect("it is there");
    let ElementKind::CallActivity(model) = &mut element.kind else { panic!("no call activity") };
    (model.handover, model.input_mapping, model.payload.output_mapping) = (handover, input, output);
    process
}

/// S4-107: Camunda 7's `in` with `variables="all"` beside a mapping.
#[test]
fn all_variables_go_into_the_child_beside_what_is_mapped() {
    let handover = Handover { all_in: true, ..Handover::default() };
    let mut world = given(handing(handover, vec![mapping("sum", "amount")], Vec::new()));
    world.start(json!({"amount": 5, "sum": 0, "lastSubprocessResult": {"old": 1}}));
    let call = world.call().expect("it is awaited").expect("it can be started");
    assert_eq!(call.variables, vars(json!({"amount": 5, "sum": 5})));
}

/// S4-107: Camunda 7's `out` with `variables="all"`: what is mapped comes on top, and nothing is left for a last result.
#[test]
fn all_variables_of_the_child_come_back_under_their_names() {
    let handover = Handover { all_out: true, ..Handover::default() };
    let end =
        || ChildEnd::Completed(vars(json!({"amount": 7, "order": {"no": 1}, "userAction": "x", "_lastError": 1})));
    let mut world = given(handing(handover.clone(), Vec::new(), Vec::new())).started(json!({"amount": 5, "kept": 1}));
    world.child_started();
    world.child_ended(end()).status(InstanceStatus::Completed);
    assert_eq!(world.state().instance.variables, vars(json!({"amount": 7, "kept": 1, "order": {"no": 1}})));

    let mut world = given(handing(handover, Vec::new(), vec![mapping("order.sum", "subprocess.amount")]));
    world.start(json!({}));
    world.child_started();
    world.child_ended(end()).status(InstanceStatus::Completed);
    assert_eq!(world.state().instance.variables, vars(json!({"amount": 7, "order": {"no": 1, "sum": 7}})));
}

/// S4-107: a text, an expression, or the caller's own key in Camunda 7's words.
#[test]
fn a_child_has_the_business_key_that_its_call_activity_gives_it() {
    let asked = |written: &str| {
        let expression = || ValueExpr::Expression(Expression::parse(written).expect("an expression"));
        let business_key = if written.starts_with('=') { expression() } else { value(written) };
        let handover = Handover { business_key: Some(business_key), ..Handover::default() };
        let mut world = given(handing(handover, Vec::new(), Vec::new()));
        let start = Start::new(key(), world.process.id.clone(), 1);
        let variables = vars(json!({"no": 7, "long": "x".repeat(256)}));
        world.when(Command::Start(Start { business_key: Some("B-1".to_owned()), variables, ..start }));
        world.call().expect("it is awaited")
    };
    let given = |key: &str| asked(key).expect("it can be started").business_key;
    assert_eq!(given("LOAN").as_deref(), Some("LOAN"));
    let start = asked("LOAN").expect("it can be started").start(child(), 3);
    assert_eq!((start.key, start.definition_version, start.business_key.as_deref()), (child(), 3, Some("LOAN")));
    assert_eq!(given("=no").as_deref(), Some("7"));
    assert_eq!(given("=execution.processBusinessKey").as_deref(), Some("B-1"));
    assert_eq!(given("=missing"), None);
    let too_long = "the business key has 256 characters; at most 255 are possible".to_owned();
    assert_eq!(asked("=long"), Err(ChildEnd::NotStarted { code: "LIMIT", message: too_long }));
}
