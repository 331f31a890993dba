//! Boundary timers: interrupting or not, once or in cycles; early, late, repeated and disordered firings.

use super::dsl::*;
use crate::command::Command;
use crate::external_task::Status;
use crate::instance::InstanceStatus;
use crate::process::{Process, Timer};
use crate::value::ValueExpr;
use serde_json::json;

/// start > ask > next, with one timer `timer` > `fired`.
fn with_timer(interrupting: bool, timer: Timer) -> Process {
    model("timed")
        .start("start")
        .task("ask", ticket())
        .timer("timer", "ask", interrupting, timer)
        .script("fired", "count fired")
        .script("next", "count next")
        .flow("start > ask > next")
        .flow("timer > fired")
        .build()
}

/// V-18
#[test]
fn an_interrupting_timer_takes_the_ticket_away() {
    let mut world = given(with_timer(true, once("P7D"))).started(json!({}));
    world.now = world.now.plus_millis(7 * 86_400_000 - 1_000);
    world.fire("ask", "timer", 1).refused("TOO_EARLY");
    world.now = world.now.plus_millis(1_000);
    world.fire("ask", "timer", 1).status(InstanceStatus::Completed).effects(&[]).events(&[
        "fired timer 1",
        "task 1 CANCELLED Interrupt",
        "terminated element 2",
        "passed timer",
        "variables fired lastScriptResult",
        "passed fired",
        "status COMPLETED",
    ]);
    assert_eq!(world.task("ask").status, Status::Cancelled);
}

/// V-19
#[test]
fn a_timer_beside_the_ticket_leaves_it_open() {
    let mut world = given(with_timer(false, once("P1D"))).started(json!({}));
    world.after("P1D").fire("ask", "timer", 1).status(InstanceStatus::Waiting).task("ask", Status::Pending);
    assert_eq!(world.variable("fired"), json!(1));
    world.submit("ask", "Approve", json!({})).status(InstanceStatus::Completed);
    assert_eq!(world.variable("next"), json!(1));
}

/// Firing is at least once.
#[test]
fn a_repeated_firing_is_refused() {
    for interrupting in [true, false] {
        let mut world = given(with_timer(interrupting, once("P1D"))).started(json!({}));
        let element = world.element("ask");
        let fire = Command::FireTimer { element, event: "timer".to_owned(), occurrence: 1 };
        world.after("P1D").when(fire.clone()).accepted();
        world.when(fire).refused("ALREADY_DONE");
        assert_eq!(world.variable("fired"), json!(1));
    }
}

/// A firing that comes after the activity has ended does nothing.
#[test]
fn a_late_firing_is_refused() {
    let mut world = given(with_timer(true, once("P1D"))).started(json!({}));
    let element = world.element("ask");
    world.submit("ask", "Approve", json!({})).effects(&["unschedule timer 2 timer 1"]);
    let fire = Command::FireTimer { element, event: "timer".to_owned(), occurrence: 1 };
    world.after("P1D").when(fire).refused("ALREADY_DONE");
}

#[test]
fn an_unknown_event_or_element_is_refused() {
    let mut world = given(with_timer(true, once("P1D"))).started(json!({}));
    world.after("P1D");
    world.fire("ask", "other", 1).refused("ALREADY_DONE");
    world.fire("ask", "fired", 1).refused("ALREADY_DONE");
    world.fire("ask", "timer", 0).refused("ALREADY_DONE");
    let element = crate::ids::ElementNumber(77);
    let fire = Command::FireTimer { element, event: "timer".to_owned(), occurrence: 1 };
    world.when(fire).refused("ALREADY_DONE");
}

/// V-20
#[test]
fn of_three_timers_those_before_the_answer_fire() {
    let process = model("three")
        .start("start")
        .task("ask", ticket())
        .timer("d1", "ask", false, once("P1D"))
        .timer("d3", "ask", false, once("P3D"))
        .timer("d7", "ask", true, once("P7D"))
        .script("fired", "count fired")
        .flow("start > ask")
        .flow("d1 > fired")
        .flow("d3 > fired")
        .flow("d7 > fired")
        .build();
    let mut world = given(process).started(json!({}));
    world.after("P1D").fire("ask", "d1", 1).accepted();
    world.after("P1D").submit("ask", "Approve", json!({})).accepted();
    assert_eq!(world.variable("fired"), json!(1));
    assert_eq!(world.scheduled(), []);
}

/// R3: three firings.
#[test]
fn a_cycle_fires_as_often_as_it_says() {
    let mut world = given(with_timer(false, cycle(Some(3), "PT1H"))).started(json!({}));
    for occurrence in 1..=3 {
        assert_eq!(world.scheduled().len(), 1);
        world.after("PT1H").fire("ask", "timer", occurrence).accepted();
    }
    assert_eq!(world.variable("fired"), json!(3));
    assert_eq!(world.scheduled(), []);
    world.after("PT1H").fire("ask", "timer", 4).refused("ALREADY_DONE");
}

/// R without a number: until the activity ends, at most 1,000 times.
#[test]
fn a_cycle_without_a_number_fires_a_thousand_times() {
    let mut world = given(with_timer(false, cycle(None, "PT1H"))).started(json!({}));
    for occurrence in 1..=1_000 {
        world.after("PT1H").fire("ask", "timer", occurrence).status(InstanceStatus::Waiting);
    }
    assert_eq!(world.scheduled(), []);
    world.after("PT1H").fire("ask", "timer", 1_001).refused("ALREADY_DONE");
}

/// Without its own model of how it repeats, a timer remembers what its expression gave.
#[test]
fn a_cycle_may_come_from_a_variable() {
    let timer = with_timer(false, Timer::CycleOf(ValueExpr::parse("${cycle}").unwrap()));
    let mut world = given(timer.clone()).started(json!({ "cycle": "R2/PT1H" }));
    world.after("PT1H").fire("ask", "timer", 1).effects(&["schedule timer 2 timer 2 at 2026-03-02T11:00:00.000Z"]);
    world.after("PT1H").fire("ask", "timer", 2).effects(&[]);
    given(timer.clone()).start(json!({ "cycle": "0 12 * * *" })).effects(&[
        "schedule timer 2 timer 1 at 2026-03-02T12:00:00.000Z",
        "notify 1 Initial",
        "find 1",
    ]);
    for wrong in [json!("soon"), json!(5), json!(null)] {
        given(timer.clone()).start(json!({ "cycle": wrong })).failed("INVALID_TIMER");
    }
}

#[test]
fn a_cycle_of_no_firings_never_fires() {
    given(with_timer(false, cycle(Some(0), "PT1H"))).start(json!({})).effects(&["notify 1 Initial", "find 1"]);
}

/// Firings missed while nothing ran fold into one, and the rhythm stays.
#[test]
fn missed_firings_of_a_cycle_fold_into_one() {
    let mut world = given(with_timer(false, cycle(Some(5), "PT1H"))).started(json!({}));
    world.after("PT150M").fire("ask", "timer", 1).accepted();
    assert_eq!(world.variable("fired"), json!(1));
    let (_, next) = world.scheduled()[0].clone();
    assert_eq!(next, world.now.plus_millis(1_800_000));
}

/// On an interrupting event only the first firing counts.
#[test]
fn an_interrupting_cycle_fires_once() {
    let mut world = given(with_timer(true, cycle(Some(3), "PT1H"))).started(json!({}));
    world.after("PT1H").fire("ask", "timer", 1).status(InstanceStatus::Completed);
    assert_eq!(world.scheduled(), []);
}

#[test]
fn a_cycle_may_have_a_start() {
    let timer = Timer::Cycle("R2/2026-03-10T00:00:00Z/P1D".parse().unwrap());
    let mut world = given(with_timer(false, timer));
    world.start(json!({})).effects(&[
        "schedule timer 2 timer 1 at 2026-03-10T00:00:00.000Z",
        "notify 1 Initial",
        "find 1",
    ]);
    world.now = "2026-03-10T00:00:01Z".parse().unwrap();
    world.fire("ask", "timer", 1).effects(&["schedule timer 2 timer 2 at 2026-03-11T00:00:00.000Z"]);
}

/// P0D and PT0S fire at once.
#[test]
fn a_timer_of_no_duration_is_due_at_once() {
    let mut world = given(with_timer(true, once("PT0S"))).started(json!({}));
    world.fire("ask", "timer", 1).status(InstanceStatus::Completed);
}

/// Month arithmetic is clamped to the last day.
#[test]
fn months_end_at_the_last_day() {
    let mut world = given(with_timer(true, once("P1M")));
    world.now = "2026-01-31T10:00:00Z".parse().unwrap();
    world.start(json!({})).effects(&[
        "schedule timer 2 timer 1 at 2026-02-28T10:00:00.000Z",
        "notify 1 Initial",
        "find 1",
    ]);
}

fn two_timers(first: (bool, &str), second: (bool, &str)) -> World {
    let process = model("two")
        .start("start")
        .task("ask", ticket())
        .timer("first", "ask", first.0, once(first.1))
        .timer("second", "ask", second.0, once(second.1))
        .script("a", "count a")
        .script("b", "count b")
        .flow("start > ask")
        .flow("first > a")
        .flow("second > b")
        .build();
    given(process).started(json!({}))
}

/// BPMN semantics, "Timers": in the same moment document order; an interrupting one makes later ones void.
/// Whichever arrives first, the outcome is the same.
#[test]
fn timers_fire_in_the_order_of_their_times_whichever_arrives_first() {
    let cases = [
        ((true, "PT1H"), (true, "PT1H"), (1, 0)),
        ((true, "PT2H"), (true, "PT1H"), (0, 1)),
        ((true, "PT1H"), (false, "PT1H"), (1, 0)),
        ((false, "PT1H"), (true, "PT1H"), (1, 1)),
        ((false, "PT2H"), (true, "PT1H"), (0, 1)),
        ((false, "PT1H"), (false, "PT1H"), (1, 1)),
    ];
    for (first, second, fired) in cases {
        for order in [["first", "second"], ["second", "first"]] {
            let mut world = two_timers(first, second);
            let element = world.element("ask");
            world.after("PT2H");
            for event in order {
                let _ = world.when(Command::FireTimer { element, event: event.to_owned(), occurrence: 1 });
            }
            assert_eq!((world.reached("a"), world.reached("b")), fired, "{first:?} {second:?} {order:?}");
            assert_eq!(world.scheduled(), []);
        }
    }
}

/// D-24
#[test]
fn a_boundary_event_that_leads_nowhere_just_ends() {
    let process = model("none").start("start").task("ask", ticket()).timer("late", "ask", true, once("P1D"));
    let mut world = given(process.flow("start > ask").build()).started(json!({}));
    world.after("P1D").fire("ask", "late", 1).status(InstanceStatus::Completed);
}

/// Each ticket of the same activity has timers of its own.
#[test]
fn timers_belong_to_their_own_ticket() {
    let process = model("twins")
        .start("start")
        .task("ask", ticket())
        .timer("late", "ask", true, once("P1D"))
        .flow("start > ask")
        .flow("start > ask")
        .build();
    let mut world = given(process).started(json!({}));
    world.after("P1D").fire("ask", "late", 1).status(InstanceStatus::Waiting);
    assert_eq!(world.live(), ["ask"]);
    world.fire("ask", "late", 1).status(InstanceStatus::Completed);
}

/// A timer that takes away the only stopped activity ends the error, and what had waited goes on.
#[test]
fn an_interrupting_timer_takes_a_stopped_activity_away_and_ends_the_error() {
    let process = model("stopped")
        .start("start")
        .task("ask", ticket().server_script("throw oops"))
        .task("other", ticket())
        .timer("late", "ask", true, once("P1D"))
        .script("after", "count after")
        .flow("start > ask")
        .flow("start > other > after")
        .flow("late > after")
        .build();
    let mut world = given(process).started(json!({}));
    world.submit("ask", "Approve", json!({})).failed("SCRIPT_ERROR");
    world.submit("other", "Approve", json!({})).status(InstanceStatus::Error);
    world.after("P1D").fire("ask", "late", 1).status(InstanceStatus::Completed);
    assert_eq!(world.variable("after"), json!(2));
}
