//! Which element wrote which variables, as the events of a command say.

use super::dsl::*;
use crate::event::{Event, Writer, writer};
use crate::process::ScriptTask;
use serde_json::json;

/// For each writing of variables the names and the writer: an element's id, or the element of a number.
#[track_caller]
fn written(then: &Then, elements: &[(u32, &str)]) -> Vec<(String, Option<String>)> {
    let events = &then.accepted().events;
    let of = |place| match writer(events, place) {
        Some(Writer::Instance(number)) => elements.iter().find(|(n, _)| *n == number.0).map(|(_, id)| (*id).to_owned()),
        Some(Writer::Element(id)) => Some(id.to_owned()),
        None => None,
    };
    let names = events.iter().enumerate().filter_map(|(place, event)| {
        let names = if let Event::VariablesSet(values) = event {
            values.keys().cloned().collect::<Vec<_>>()
        } else {
            return None;
        };
        Some((names.join(" "), of(place)))
    });
    names.collect()
}

fn by(names: &str, element: Option<&str>) -> (String, Option<String>) {
    (names.to_owned(), element.map(str::to_owned))
}

#[test]
fn a_script_a_failure_and_its_correction_are_told_apart() {
    let script = ScriptTask { script: "ok".to_owned(), ..ScriptTask::default() };
    let failing = ScriptTask { script: "fail".to_owned(), ..ScriptTask::default() };
    let process = model("two").start("start").script_task("first", script).script_task("second", failing).end("end");
    let mut world = given(process.flow("start > first > second > end").build());
    world.scripts.on("ok", |_| result(json!(1)));
    world.scripts.on("fail", |request| match request.variables.get("go") {
        Some(_) => result(json!(2)),
        None => Err(crate::script::ScriptFailure::Technical("no".to_owned())),
    });
    let then = world.start(json!({}));
    let failed = by("_errorHistory _lastError", Some("second"));
    assert_eq!(written(&then, &[]), [by("lastScriptResult", Some("first")), failed]);
    let number = world.element("second").0;
    let then = world.retry_with(json!({"go": true}));
    assert_eq!(written(&then, &[(number, "second")]), [by("go", None), by("lastScriptResult", Some("second"))]);
}

#[test]
fn an_answer_is_of_its_task() {
    let mut world = given(one_task(ticket())).started(json!({}));
    let (activity, number) =
        (world.state().instance.elements[0].element.clone(), world.state().instance.elements[0].number);
    let then = world.submit(&activity, "Approve", json!({}));
    let found = written(&then, &[(number.0, "the task")]);
    assert_eq!(found.first().and_then(|(_, element)| element.as_deref()), Some("the task"), "{found:?}");
}

#[test]
fn what_a_message_brings_is_of_the_event_that_waited() {
    let process = model("paid").start("start").catch("wait", message("Paid", None)).end("end");
    let mut world = given(process.flow("start > wait > end").build()).started(json!({}));
    let live = world.state().instance.elements[0].clone();
    let then = world.when(crate::command::Command::Receive {
        element: live.number,
        event: "wait".to_owned(),
        awaited: live.subscriptions[0].to.clone(),
        variables: vars(json!({"sum": 1})),
    });
    assert_eq!(written(&then, &[]), [by("lastSignalData", Some("wait"))]);
}
