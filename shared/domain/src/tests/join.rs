//! Parallel gateways: splits and joins, also nested, looping and unbalanced; and tasks that pass through.

use super::dsl::*;
use crate::decision::Reply;
use crate::instance::InstanceStatus;
use crate::process::{ElementKind, Process, Trigger};
use crate::work_task::State;
use serde_json::json;

/// start, split into a and b, join, end.
fn both() -> Process {
    model("both")
        .start("start")
        .parallel("split")
        .task("a", ticket())
        .task("b", ticket())
        .parallel("join")
        .end("end")
        .flow("start > split > a > join > end")
        .flow("split > b > join")
        .build()
}

#[test]
fn a_join_waits_for_a_path_on_each_flow() {
    let mut world = given(both());
    world.start(json!({})).status(InstanceStatus::Waiting);
    world.submit("b", "Approve", json!({})).status(InstanceStatus::Waiting);
    assert_eq!((world.reached("join"), world.reached("end")), (1, 0));
    world.submit("a", "Approve", json!({})).status(InstanceStatus::Completed);
    assert_eq!((world.reached("join"), world.reached("end")), (1, 1));
}

/// The wait of a join is one live element instance with the flows that arrived.
#[test]
fn a_waiting_join_says_what_arrived() {
    let mut world = given(both()).started(json!({}));
    world.submit("a", "Approve", json!({})).accepted();
    let instance = &world.state().instance;
    let join = instance.elements.iter().find(|live| live.element == "join").expect("it waits");
    assert_eq!(join.arrived.iter().map(AsRef::as_ref).collect::<Vec<&str>>(), ["a-join"]);
    assert_eq!(instance.elements.len(), 2);
}

/// Each path of a loop belongs to a round of its own: a second arrival on the same flow does not complete the first.
#[test]
fn a_second_path_on_one_flow_belongs_to_the_next_round() {
    let process = model("rounds")
        .start("start")
        .parallel("split")
        .task("once", ticket())
        .parallel("join")
        .end("end")
        .flow("start > split > once > join > end")
        .task("x", ticket())
        .task("y", ticket())
        .gateway("merge")
        .flow("split > x > merge > join")
        .flow("split > y > merge")
        .build();
    let mut world = given(process).started(json!({}));
    world.submit("x", "Approve", json!({})).accepted();
    world.submit("y", "Approve", json!({})).accepted();
    assert_eq!(world.reached("join"), 2, "two rounds wait for the other flow");
    world.submit("once", "Approve", json!({})).failed("JOIN_STUCK").status(InstanceStatus::Error);
    assert_eq!(world.reached("end"), 1);
}

#[test]
fn a_join_may_split_again_and_nest() {
    let process = model("nested")
        .start("start")
        .parallel("outer")
        .parallel("inner")
        .task("a", ticket())
        .task("b", ticket())
        .task("c", ticket())
        .parallel("inner_join")
        .parallel("through")
        .end("left")
        .end("right")
        .flow("start > outer > inner > a > inner_join > through > left")
        .flow("inner > b > inner_join")
        .flow("outer > c > through > right")
        .build();
    let mut world = given(process).started(json!({}));
    for task in ["c", "a"] {
        world.submit(task, "Approve", json!({})).status(InstanceStatus::Waiting);
    }
    world.submit("b", "Approve", json!({})).status(InstanceStatus::Completed);
    assert_eq!((world.reached("left"), world.reached("right")), (1, 1));
}

/// By rule: what waits for ever in silence helps nobody. A retry looks again and says the same.
#[test]
fn a_join_that_no_path_can_reach_any_more_is_an_incident() {
    let process = model("stuck")
        .start("start")
        .gateway("either")
        .script("a", "count n")
        .script("b", "count n")
        .parallel("join")
        .end("end")
        .flow("start > either")
        .when("either", "a", "yes")
        .otherwise("either", "b")
        .flow("a > join > end")
        .flow("b > join")
        .build();
    let mut world = given(process);
    world.start(json!({"yes": true})).failed("JOIN_STUCK").status(InstanceStatus::Error);
    let incident = world.state().instance.incidents.first().expect("one");
    assert!(incident.message.contains("\"join\" waits for a path on a-join"), "{}", incident.message);
    world.retry().failed("JOIN_STUCK").status(InstanceStatus::Error);
    assert_eq!(world.state().instance.incidents.len(), 1);
}

/// Beside the task `v` the task `a` is chosen and `b` is not, and a join waits for both.
fn beside(change: impl FnOnce(Model) -> Model) -> World {
    let process = model("beside")
        .start("start")
        .parallel("split")
        .gateway("either")
        .task("a", work())
        .task("b", work())
        .parallel("join")
        .end("end")
        .flow("start > split > either")
        .when("either", "a", "return true")
        .otherwise("either", "b")
        .flow("a > join > end")
        .flow("b > join")
        .task("v", work())
        .flow("split > v");
    given(change(process).build()).started(json!({}))
}

/// By rule: what waits beside a join without a way to it does not hide that it can never fire. Whoever completed the task
/// before it is told, as of every failure behind an answer (D-36); whoever works beside it is not.
#[test]
fn a_join_is_stuck_whatever_waits_beside_it() {
    let mut world = beside(|model| model);
    world.complete("a", "Done", json!({})).failed("JOIN_STUCK").work_task("a", State::Completed);
    let incident = &world.state().instance.incidents[0];
    assert!(incident.message.contains("\"join\" waits for a path on b-join, and"), "{}", incident.message);
    world.complete("v", "Done", json!({})).replied(Reply::Submitted).work_task("v", State::Completed);
    world.retry().failed("JOIN_STUCK");
    assert_eq!((world.live(), world.state().instance.incidents.len()), (vec!["join"], 1));
}

/// A way to the join leads along flows, boundary events and through sub-processes and other joins.
#[test]
fn a_join_is_not_stuck_while_something_may_lead_to_it() {
    let ways: [fn(Model) -> Model; 4] = [
        |model| model.flow("v > b"),
        |model| model.timer("late", "v", true, once("P1D")).flow("late > b"),
        |model| model.sub("inner").start("begin").task("w", work()).flow("begin > w").close().flow("split > inner > b"),
        |model| model.parallel("both").task("w", work()).flow("split > w > both > b").flow("v > both"),
    ];
    for (number, way) in ways.into_iter().enumerate() {
        let mut world = beside(way);
        world.complete("a", "Done", json!({})).status(InstanceStatus::Waiting);
        assert!(world.state().instance.incidents.is_empty(), "way {number}");
        if number == 3 {
            world.complete("w", "Done", json!({})).status(InstanceStatus::Waiting);
        }
    }
}

/// What ends the scope takes the join away with it, as somebody may have meant.
#[test]
fn a_join_is_not_stuck_while_its_scope_may_be_ended() {
    let mut world = beside(|model| model.terminate("stop").flow("v > stop"));
    world.complete("a", "Done", json!({})).status(InstanceStatus::Waiting);
    world.complete("v", "Done", json!({})).status(InstanceStatus::Completed);

    let inner = |model: Model| {
        let model = model.on("rescue", true, Trigger::Error(None)).task("w", work()).flow("rescue-start > w").close();
        model.sub("inner").start("begin").task("u", work()).error_end("stop", "STOP").flow("begin > u > stop").close()
    };
    let mut world = beside(|model| inner(model).flow("v > inner"));
    world.complete("a", "Done", json!({})).status(InstanceStatus::Waiting);
    world.complete("v", "Done", json!({})).status(InstanceStatus::Waiting);
    world.complete("u", "Done", json!({})).status(InstanceStatus::Waiting);
    assert_eq!(world.live(), ["rescue", "w"]);
}

/// Each lacks what only the other could bring: both are stuck, and neither is because of the other.
#[test]
fn joins_that_wait_for_each_other_are_stuck() {
    let process = model("circle")
        .start("start")
        .parallel("split")
        .parallel("one")
        .parallel("two")
        .flow("start > split > one > two > one")
        .flow("split > two")
        .task("v", work())
        .flow("split > v")
        .build();
    let mut world = given(process);
    world.start(json!({})).failed("JOIN_STUCK");
    assert_eq!(world.state().instance.incidents.len(), 2);
}

/// An inclusive join goes on without what nobody brings; one that waits for a stuck join is stuck with it.
#[test]
fn an_inclusive_join_behind_a_stuck_join_is_stuck() {
    let mut world =
        beside(|model| model.inclusive("some").task("u", work()).flow("split > u > some").flow("join > some"));
    world.complete("u", "Done", json!({})).status(InstanceStatus::Waiting);
    world.complete("a", "Done", json!({})).failed("JOIN_STUCK");
    assert_eq!((world.live(), world.state().instance.incidents.len()), (vec!["v", "some", "join"], 2));
}

#[test]
fn a_gateway_with_one_incoming_flow_only_splits() {
    let process = model("split")
        .start("start")
        .parallel("split")
        .script("a", "count n")
        .script("b", "count n")
        .end("end")
        .flow("start > split > a > end")
        .flow("split > b > end")
        .build();
    let mut world = given(process);
    world.start(json!({})).status(InstanceStatus::Completed);
    assert_eq!((world.reached("split"), world.reached("end")), (1, 2));
}

#[test]
fn a_terminate_end_takes_waiting_joins_away() {
    let process = model("stop")
        .start("start")
        .parallel("split")
        .task("a", ticket())
        .task("b", ticket())
        .parallel("join")
        .task("c", ticket())
        .terminate("stop")
        .flow("start > split > a > join > stop")
        .flow("split > b > join")
        .flow("split > c > stop")
        .build();
    let mut world = given(process).started(json!({}));
    world.submit("a", "Approve", json!({})).accepted();
    world.submit("c", "Approve", json!({})).status(InstanceStatus::Completed);
    assert!(world.state().instance.elements.is_empty());
}

#[test]
fn tasks_that_nobody_executes_pass_through() {
    let process = model("plain")
        .start("start")
        .add("plain", ElementKind::Task)
        .add("manual", ElementKind::ManualTask)
        .end("end")
        .entity_state("manual", "DONE_BY_HAND")
        .flow("start > plain > manual > end")
        .build();
    let mut world = given(process);
    world.start(json!({})).status(InstanceStatus::Completed);
    assert_eq!((world.reached("plain"), world.reached("manual"), world.reached("end")), (1, 1, 1));
    assert_eq!(world.state().instance.entity_state.as_deref(), Some("DONE_BY_HAND"));
}
