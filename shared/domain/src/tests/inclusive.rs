//! Inclusive gateways: which flows they take, and how long their joins wait (BPMN semantics, "Gateways"; S4-101).

use super::dsl::*;
use crate::instance::InstanceStatus;
use crate::process::{ElementKind, InclusiveGateway, Process};
use serde_json::json;

/// start > split > a, b (when its variable is set), else rest; all > join > after > end.
fn split(condition: Option<&str>) -> Process {
    let model = model("split").start("start");
    model
        .add("split", ElementKind::InclusiveGateway(InclusiveGateway { condition: condition.map(str::to_owned) }))
        .task("a", ticket())
        .task("b", ticket())
        .task("rest", ticket())
        .inclusive("join")
        .script("after", "count after")
        .end("end")
        .flow("start > split")
        .when("split", "a", "read a")
        .when("split", "b", "read b")
        .otherwise("split", "rest")
        .flow("a > join > after > end")
        .flow("b > join")
        .flow("rest > join")
        .build()
}

#[test]
fn every_flow_whose_condition_holds_is_taken_and_the_join_waits_for_those() {
    let mut world = given(split(None)).started(json!({"a": true, "b": 1}));
    assert_eq!(world.live(), ["a", "b"]);
    world.submit("b", "Approve", json!({})).status(InstanceStatus::Waiting);
    assert_eq!(world.live(), ["a", "join"]);
    world.submit("a", "Approve", json!({})).status(InstanceStatus::Completed);
    assert_eq!(world.variable("after"), json!(1));
}

#[test]
fn one_flow_needs_nobody_else_at_the_join() {
    let mut world = given(split(None)).started(json!({"b": true}));
    assert_eq!(world.live(), ["b"]);
    world.submit("b", "Approve", json!({})).status(InstanceStatus::Completed);
    assert_eq!(world.variable("after"), json!(1));
}

#[test]
fn no_flow_means_the_default_one_or_an_incident() {
    assert_eq!(given(split(None)).started(json!({})).live(), ["rest"]);
    let process = model("none").start("start").inclusive("split").end("end").flow("start > split");
    given(process.when("split", "end", "return false").build()).start(json!({})).failed("NO_FLOW");
}

/// Inclusive: the Condition may return a list.
#[test]
fn a_condition_names_one_flow_or_several() {
    for (source, live) in [
        (r#"return ["split-a","split-b","split-a"]"#, vec!["a", "b"]),
        (r#"return "split-b""#, vec!["b"]),
        ("return []", vec!["rest"]),
        ("return null", vec!["rest"]),
    ] {
        assert_eq!(given(split(Some(source))).started(json!({"a": true})).live(), live, "{source}");
    }
    given(split(Some(r#"return ["split-a","elsewhere"]"#))).start(json!({})).failed("INVALID_FLOW");
}

#[test]
fn a_list_is_no_flow_of_an_exclusive_gateway() {
    let process = |source: &str| {
        let model = model("x").start("start").condition("which", source).end("e").end("f").flow("start > which > e");
        model.flow("which > f").build()
    };
    given(process(r#"return ["which-e","which-f"]"#)).start(json!({})).failed("INVALID_FLOW");
}

/// A path inside a sub-process, behind a boundary event or behind a job may still arrive.
#[test]
fn a_join_waits_for_paths_that_take_a_detour() {
    let process = model("detour")
        .start("start")
        .inclusive("split")
        .sub("sub")
        .start("in")
        .task("inside", ticket())
        .end("out")
        .flow("in > inside > out")
        .close()
        .timer("late", "sub", true, once("P1D"))
        .script("quick", "count quick")
        .script("slow", "count slow")
        .async_before("slow")
        .inclusive("join")
        .end("end")
        .flow("start > split > sub")
        .flow("split > quick > join > end")
        .flow("late > slow > join")
        .build();
    let mut world = given(process).started(json!({}));
    assert_eq!(world.live(), ["sub", "join", "inside"]);
    world.after("P1D").fire("sub", "late", 1).status(InstanceStatus::Running);
    assert_eq!(world.live(), ["join"], "the job's path is on its way");
    world.go_on().status(InstanceStatus::Completed);
    assert_eq!(world.reached("end"), 1);
}

/// The join is taken again in each turn of a loop, and what waits elsewhere in the loop is not confused with it.
#[test]
fn a_join_in_a_loop_has_its_rounds() {
    let process = model("rounds")
        .start("start")
        .inclusive("again")
        .inclusive("split")
        .script("a", "count turns")
        .script("b", "count other")
        .inclusive("join")
        .gateway("more")
        .end("end")
        .flow("start > again > split > a > join")
        .flow("split > b > join > more")
        .when("more", "again", "more?")
        .otherwise("more", "end")
        .build();
    let mut world = given(process);
    world.scripts.on("more?", |request| result(json!(request.variables["turns"].as_u64() < Some(3))));
    world.start(json!({})).status(InstanceStatus::Completed);
    assert_eq!((world.variable("turns"), world.variable("other"), world.reached("end")), (json!(3), json!(3), 1));
}

/// Two inclusive joins one behind the other: the second waits while the first does.
#[test]
fn joins_wait_for_each_other_in_order() {
    let process = model("two")
        .start("start")
        .inclusive("split")
        .task("a", ticket())
        .task("b", ticket())
        .task("c", ticket())
        .inclusive("first")
        .inclusive("second")
        .end("end")
        .flow("start > split > a > first > second > end")
        .flow("split > b > first")
        .flow("split > c > second")
        .build();
    let mut world = given(process).started(json!({}));
    world.submit("c", "Approve", json!({}));
    world.submit("a", "Approve", json!({}));
    assert_eq!(world.live(), ["b", "second", "first"]);
    world.submit("b", "Approve", json!({})).status(InstanceStatus::Completed);
    assert_eq!(world.reached("end"), 1);
}

/// A join whose outgoing conditions fail stays, and a retry evaluates them again.
#[test]
fn a_join_that_found_no_flow_is_tried_again() {
    let process = model("retry")
        .start("start")
        .inclusive("split")
        .script("a", "count a")
        .script("b", "count b")
        .inclusive("join")
        .end("end")
        .flow("start > split > a > join")
        .flow("split > b > join")
        .when("join", "end", "read go")
        .build();
    let mut world = given(process);
    world.start(json!({})).failed("NO_FLOW");
    world.retry_with(json!({"go": true})).status(InstanceStatus::Completed);
    assert_eq!((world.variable("a"), world.variable("b"), world.reached("end")), (json!(1), json!(1), 1));
}
