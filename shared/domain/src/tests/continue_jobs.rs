//! Budgets: 200 elements in one decision, then a job goes on exactly where it ended; no path is ever lost.

use super::dsl::*;
use crate::command::{Actor, Command};
use crate::decision::{Env, Reply};
use crate::engine::{READY_MAX, STEPS_MAX};
use crate::ids::{ElementNumber, TaskNumber};
use crate::instance::InstanceStatus;
use crate::process::{ElementKind, Timer, Trigger, When};
use serde_json::json;

/// A chain of script tasks `s0` to `s{count-1}`.
fn chain(count: usize) -> World {
    let process = (0..count).fold(model("long").start("start"), |model, n| model.script(&format!("s{n}"), "count n"));
    let ids: Vec<String> = (0..count).map(|n| format!("s{n}")).collect();
    given(process.end("end").flow(&format!("start > {} > end", ids.join(" > "))).build())
}

/// The budget: at most 200 elements in one decision.
#[test]
fn a_budget_ends_a_decision_and_a_job_goes_on_exactly_there() {
    assert_eq!(STEPS_MAX, 200);
    let mut world = chain(450);
    let then = world.start(json!({}));
    then.status(InstanceStatus::Running).effects(&["continue"]);
    assert_eq!(world.variable("n"), json!(199));
    let ready = &world.state().instance.ready;
    assert_eq!((ready.len(), ready[0].element.as_str(), ready[0].flow.as_deref()), (1, "s199", Some("s198-s199")));
    assert!(world.go_on().status(InstanceStatus::Running).flows_on());
    assert_eq!(world.variable("n"), json!(399));
    assert!(!world.go_on().status(InstanceStatus::Completed).flows_on());
    assert_eq!(world.variable("n"), json!(450));
}

/// The budget is reached with the last element: no job is needed.
#[test]
fn exactly_the_budget_needs_no_job() {
    let mut world = chain(STEPS_MAX - 2);
    assert!(!world.start(json!({})).status(InstanceStatus::Completed).flows_on());
    let mut world = chain(STEPS_MAX - 1);
    assert!(world.start(json!({})).status(InstanceStatus::Running).flows_on());
    world.go_on().status(InstanceStatus::Completed).events(&["waiting flows go on", "passed end", "status COMPLETED"]);
}

/// However late it is, each command comes one element further: a job cannot go round for ever.
#[test]
fn when_the_time_is_over_a_decision_ends_after_one_element() {
    let mut world = chain(3);
    world.scripts.time_is_over = true;
    world.start(json!({})).status(InstanceStatus::Running).effects(&["continue"]);
    assert_eq!((world.reached("start"), world.variable("n")), (1, json!(null)));
    for n in 1..=3 {
        assert!(world.go_on().flows_on());
        assert_eq!(world.variable("n"), json!(n));
    }
    world.go_on().status(InstanceStatus::Completed);
}

fn give_up(timer: Option<(ElementNumber, &str, u32)>) -> Command {
    Command::GiveUp { timer: timer.map(|(element, event, n)| (element, event.to_owned(), n)), tries: 4 }
}

/// BPMN semantics, "Async boundaries": after its tries a job becomes the incident JOB_FAILED.
#[test]
fn a_job_that_is_given_up_stops_the_instance_until_a_retry() {
    let mut world = chain(450).started(json!({}));
    world.when(give_up(None)).status(InstanceStatus::Error).effects(&[]);
    let incident = &world.state().instance.incidents[0];
    assert_eq!((incident.code.as_str(), incident.element.as_str()), ("JOB_FAILED", "s199"));
    assert!(incident.message.contains("4 times"), "{}", incident.message);
    world.when(give_up(None)).refused("ALREADY_DONE");
    world.go_on().refused("ALREADY_DONE");
    assert!(world.retry().status(InstanceStatus::Running).flows_on());
    world.go_on().status(InstanceStatus::Completed);
    assert_eq!(world.variable("n"), json!(450));
    world.when(give_up(None)).refused("ALREADY_DONE");
}

#[test]
fn a_timer_that_is_given_up_is_ordered_anew_by_a_retry() {
    let process = model("timed")
        .start("start")
        .task("ask", ticket())
        .timer("late", "ask", true, Timer::Once(When::After("P1D".parse().unwrap())))
        .script("after", "count n")
        .flow("start > ask")
        .flow("late > after");
    let mut world = given(process.build()).started(json!({}));
    let element = world.element("ask");
    world.when(give_up(Some((element, "late", 1)))).refused("TOO_EARLY");
    world.when(give_up(Some((element, "late", 2)))).refused("ALREADY_DONE");
    world.after("P1D").when(give_up(Some((element, "late", 1)))).status(InstanceStatus::Error);
    assert_eq!(world.state().instance.incidents[0].element, "late");
    world.retry().status(InstanceStatus::Waiting).effects(&["schedule timer 2 late 1 at 2026-03-03T09:00:00.000Z"]);
    world.fire("ask", "late", 1).status(InstanceStatus::Completed);
    assert_eq!(world.variable("n"), json!(1));
}

/// The part up to the boundary is committed and answered; a job goes on.
#[test]
fn an_element_behind_an_async_boundary_runs_in_a_job() {
    let process = model("async")
        .start("start")
        .script("check", "count n")
        .script("work", "count n")
        .end("end")
        .async_before("work")
        .flow("start > check > work > end");
    let mut world = given(process.build());
    assert!(world.start(json!({})).status(InstanceStatus::Running).flows_on());
    assert_eq!(world.variable("n"), json!(1));
    assert!(!world.go_on().status(InstanceStatus::Completed).flows_on());
    assert_eq!(world.variable("n"), json!(2));
}

/// The element's own work belongs to the first part, its flows to the job.
#[test]
fn the_flows_of_an_element_may_wait_for_a_job() {
    let process =
        model("async").start("start").task("ask", ticket()).end("end").async_after("ask").flow("start > ask > end");
    let mut world = given(process.build()).started(json!({}));
    assert!(
        world.submit("ask", "Approve", json!({})).replied(Reply::Submitted).status(InstanceStatus::Running).flows_on()
    );
    assert_eq!(world.reached("end"), 0);
    world.go_on().status(InstanceStatus::Completed);
}

/// What fails behind the boundary is an incident, and a retry runs it without another job.
#[test]
fn a_failure_behind_an_async_boundary_is_an_incident() {
    let process = model("async").start("start").script("work", "flaky").end("end").async_before("work");
    let mut world = given(process.flow("start > work > end").build());
    world.scripts.on("flaky", |request| match request.variables.get("fixed") {
        Some(_) => result(json!(1)),
        None => Err(crate::script::ScriptFailure::Technical("broken".to_owned())),
    });
    world.start(json!({})).status(InstanceStatus::Running);
    world.go_on().failed("SCRIPT_ERROR").status(InstanceStatus::Error);
    world.retry_with(json!({"fixed": true})).status(InstanceStatus::Completed);
}

/// A start behind a boundary answers before anything runs.
#[test]
fn even_the_start_event_may_wait_for_a_job() {
    let process = model("async").start("start").end("end").async_before("start").flow("start > end").build();
    let mut world = given(process);
    assert!(world.start(json!({})).status(InstanceStatus::Running).flows_on());
    world.go_on().status(InstanceStatus::Completed);
}

/// Jobs are delivered at least once.
#[test]
fn a_repeated_job_is_refused() {
    let mut world = chain(210);
    world.start(json!({})).accepted();
    world.go_on().status(InstanceStatus::Completed);
    world.go_on().refused("ALREADY_DONE");
    given(one_task(ticket())).started(json!({})).go_on().refused("ALREADY_DONE");
}

/// A loop without a wait never ends, but each decision does, and the instance can be cancelled.
#[test]
fn an_endless_loop_is_bounded_by_jobs() {
    let process = model("loop").start("start").script("a", "count n").flow("start > a > a").build();
    let mut world = given(process);
    world.start(json!({})).status(InstanceStatus::Running);
    for round in 1..=20 {
        assert_eq!(world.variable("n"), json!(200 * round - 1));
        assert_eq!(world.state().instance.ready.len(), 1);
        assert!(world.go_on().status(InstanceStatus::Running).flows_on());
    }
    world.cancel().status(InstanceStatus::Cancelled);
}

/// A path that met the budget and one that waits for a person do not disturb each other.
#[test]
fn an_answer_while_a_job_is_due_loses_no_path() {
    let process = model("both")
        .start("start")
        .task("ask", ticket())
        .script("next", "count next")
        .script("a", "count n")
        .flow("start > ask > next")
        .flow("start > a > a")
        .build();
    let mut world = given(process);
    world.start(json!({})).status(InstanceStatus::Running);
    world.submit("ask", "Approve", json!({})).status(InstanceStatus::Running);
    assert_eq!(world.variable("next"), json!(1));
    assert_eq!(world.state().instance.ready.len(), 1);
    world.go_on().status(InstanceStatus::Running);
}

#[test]
fn a_job_stops_at_an_error_and_the_retry_goes_on() {
    let process = model("both")
        .start("start")
        .task("ask", ticket().server_script("throw oops"))
        .script("a", "count n")
        .flow("start > ask")
        .flow("start > a > a")
        .build();
    let mut world = given(process).started(json!({}));
    world.submit("ask", "Approve", json!({})).failed("SCRIPT_ERROR");
    world.go_on().refused("ALREADY_DONE");
    let counted = world.variable("n").as_u64().unwrap();
    assert!(world.retry().status(InstanceStatus::Running).flows_on());
    assert_eq!(world.variable("n"), json!(counted + 200));
}

/// A loop around a split grows without bound: it stops with an incident that says so, before a write fails.
#[test]
fn a_loop_around_a_split_stops_with_an_incident() {
    let process = model("bomb").start("start").script("a", "count n").flow("start > a > a").flow("a > a").build();
    let mut world = given(process);
    world.start(json!({})).status(InstanceStatus::Running);
    let mut rounds = 1;
    while world.status() == InstanceStatus::Running {
        world.go_on().accepted();
        rounds += 1;
        assert!(rounds < 100, "it never stops");
    }
    assert_eq!(world.status(), InstanceStatus::Error);
    assert_eq!(world.state().instance.incidents[0].code, "LIMIT");
    let waiting = world.state().instance.ready.len();
    assert!(waiting > READY_MAX && waiting < READY_MAX + 2 * STEPS_MAX, "{waiting}");
    world.retry().failed("LIMIT");
    world.cancel().status(InstanceStatus::Cancelled);
}

/// The incident is the whole instance's: an element that waits beside the loop, the last one that got a number or not, is
/// left alone by it and by its retry (found by random processes).
#[test]
fn an_incident_of_too_many_flows_is_nobodys() {
    let process = model("bomb")
        .start("start")
        .script("a", "count n")
        .catch("wait", Trigger::Timer(Timer::Once(When::After("P1D".parse().unwrap()))))
        .flow("start > a > a")
        .flow("a > a")
        .flow("a > wait")
        .build();
    let mut world = given(process);
    world.start(json!({}));
    while world.status() == InstanceStatus::Running {
        world.go_on().accepted();
    }
    let of = |world: &World| world.state().instance.incidents[0].element_number;
    assert_eq!(of(&world), ElementNumber::WHOLE_INSTANCE);
    world.retry().failed("LIMIT");
    assert_eq!(of(&world), ElementNumber::WHOLE_INSTANCE);
    let elements = &world.state().instance.elements;
    assert!(elements.iter().any(|live| live.element == "wait"));
    assert!(elements.iter().all(|live| !live.failed && live.timers.len() <= 1));
}

/// Decides and commits without what a world checks at every command: for runs of a hundred thousand elements.
fn commit(world: &mut World, command: &Command) {
    let actor = Actor::System;
    let env = Env {
        now: world.now,
        actor: &actor,
        process: &world.process,
        templates: &world.process,
        scripts: &world.scripts,
        commands: &[],
    };
    world.state = Some(crate::decide(&env, world.state.as_ref(), command).unwrap().after);
}

/// Goes on until no job is due; how many there were.
fn run(world: &mut World) -> usize {
    let mut jobs = 0;
    while world.status() == InstanceStatus::Running {
        assert!(jobs < 1_000, "it never stops");
        commit(world, &Command::Continue);
        jobs += 1;
    }
    jobs
}

/// A cycle without a wait is legal and stops at 100,000 activations, whoever waits beside it; a retry lets it go on as far.
#[test]
fn a_cycle_without_a_wait_stops_with_an_incident_after_100_000_elements() {
    let process = model("loop")
        .start("start")
        .task("ask", ticket())
        .add("a", ElementKind::Task)
        .flow("start > ask")
        .flow("start > a > a")
        .build();
    let mut world = given(process).started(json!({}));
    assert_eq!(run(&mut world), 500, "the start and 499 jobs used the budget, one found that");
    let instance = &world.state().instance;
    assert_eq!((instance.status, instance.last_element), (InstanceStatus::Error, ElementNumber(100_000)));
    let incident = &instance.incidents[0];
    assert_eq!((incident.code.as_str(), incident.element.as_str()), ("LIMIT", "a"));
    assert_eq!(incident.element_number, ElementNumber::WHOLE_INSTANCE);
    assert!(incident.message.contains("100,000") && incident.message.contains("cycle"), "{}", incident.message);
    assert_eq!((instance.ready.len(), instance.activations), (1, 0), "the path is kept");

    world.forget_journal();
    world.retry().status(InstanceStatus::Running);
    assert_eq!(run(&mut world), 501);
    let instance = &world.state().instance;
    assert_eq!((instance.status, instance.incidents.len()), (InstanceStatus::Error, 1));
    // What the retry activated itself comes on top.
    assert_eq!(instance.last_element, ElementNumber(200_000 + 200));
    world.forget_journal();
    world.submit("ask", "Approve", json!({})).status(InstanceStatus::Error);
    world.cancel().status(InstanceStatus::Cancelled);
}

/// Activations are counted from wait to wait: 60,000 before each one are as good as ten.
#[test]
fn a_wait_in_a_cycle_lets_it_run_for_ever() {
    let ids: Vec<String> = (0..98).map(|n| format!("t{n}")).collect();
    let model = model("poll").start("start").script("count", "count n").condition("again", "again");
    let model = ids.iter().fold(model, |model, id| model.add(id, ElementKind::Task));
    let process = model
        .wait("rest", once("PT1H"))
        .flow(&format!("start > count > {} > again", ids.join(" > ")))
        .flow("again > count")
        .flow("again > rest > count")
        .build();
    let mut world = given(process);
    world.scripts.on("again", |request| {
        let turns = request.variables.get("n").and_then(serde_json::Value::as_u64).unwrap_or_default();
        result(json!(if turns % 600 == 0 { "again-rest" } else { "again-count" }))
    });
    world.start(json!({})).status(InstanceStatus::Running);
    for _ in 0..3 {
        assert!(run(&mut world) >= 298);
        assert_eq!((world.status(), world.live()), (InstanceStatus::Waiting, vec!["rest"]));
        assert_eq!(world.state().instance.activations, 0);
        world.after("PT1H").forget_journal();
        world.fire("rest", "rest", 1).status(InstanceStatus::Running);
    }
    assert!(world.state().instance.last_element > ElementNumber(180_000));
}

/// A timer that is due at once is no wait: it fires like a job, and a cycle with no other wait in it stops (S4-108).
#[test]
fn a_cycle_whose_only_wait_takes_no_time_stops_with_an_incident() {
    let ids: Vec<String> = (0..98).map(|n| format!("t{n}")).collect();
    let model = ids.iter().fold(model("poll").start("start"), |model, id| model.add(id, ElementKind::Task));
    let model = model.task("ask", work()).wait("rest", once("PT0S")).condition("again", "return \"again-t0\"");
    let chain = format!("start > {} > rest > again > t0", ids.join(" > "));
    let mut world = given(model.flow(&chain).flow("start > ask").build());
    world.start(json!({})).status(InstanceStatus::Running);
    let mut firings = 0;
    while world.status() == InstanceStatus::Running {
        assert!(firings < 2_000, "it never stops");
        let element = world.element("rest");
        commit(&mut world, &Command::FireTimer { element, event: "rest".to_owned(), occurrence: 1 });
        firings += 1;
    }
    let instance = &world.state().instance;
    assert_eq!((instance.status, instance.incidents[0].code.as_str(), firings), (InstanceStatus::Error, "LIMIT", 999));
    assert!(instance.incidents[0].message.contains("due at once"), "{}", instance.incidents[0].message);
    world.forget_journal();
    world.retry().status(InstanceStatus::Running);
}

/// Beside a wait it is none either, but once it has fired the others wait.
#[test]
fn an_instance_waits_when_what_is_due_at_once_has_fired() {
    let process = model("now")
        .start("start")
        .task("ask", work())
        .timer("now", "ask", false, once("PT0S"))
        .timer("late", "ask", false, once("PT1H"))
        .script("a", "count n")
        .flow("start > ask")
        .flow("now > a")
        .flow("late > a")
        .build();
    let mut world = given(process);
    world.start(json!({})).status(InstanceStatus::Running);
    world.fire("ask", "now", 1).status(InstanceStatus::Waiting);
    assert_eq!((world.variable("n"), world.state().instance.activations), (json!(1), 0));
}

/// A process that polls by a timer: its elements have numbers beyond 16 bits, and everything about them works on.
#[test]
fn an_instance_with_a_wait_in_its_cycle_goes_past_65_535_elements() {
    let process = model("poll")
        .start("start")
        .wait("rest", once("PT1H"))
        .task("ask", ticket())
        .flow("start > rest > ask > rest")
        .build();
    let mut world = given(process).started(json!({}));
    if let Some(state) = &mut world.state {
        state.instance.last_element = ElementNumber(65_531);
    }
    world.forget_journal();
    for turn in 1..=5 {
        world.after("PT1H").fire("rest", "rest", 1).status(InstanceStatus::Waiting);
        assert_eq!(world.task("ask").key, key().task(TaskNumber(turn)), "tasks count for themselves");
        world.submit_as("ask", "Approve", json!({}), &format!("s-{turn}")).status(InstanceStatus::Waiting);
    }
    assert_eq!(world.element("rest"), ElementNumber(65_541));
    world.cancel().status(InstanceStatus::Cancelled);
    assert!(world.scheduled().is_empty());
}

/// 65,535 tasks: beyond them an incident at the activity, and the number of the elements has nothing to do with it.
#[test]
fn an_instance_that_has_used_the_numbers_of_its_tasks_stops_before_the_next_one() {
    for (second, create) in [("ticket", ticket()), ("work", work())] {
        let process = model("old").start("start").task("ask", ticket()).task(second, create);
        let mut world = given(process.flow(&format!("start > ask > {second}")).build()).started(json!({}));
        if let Some(state) = &mut world.state {
            state.instance.last_task = TaskNumber(u16::MAX);
        }
        world.forget_journal();
        world.submit("ask", "Approve", json!({})).failed("LIMIT").status(InstanceStatus::Error);
        let incident = &world.state().instance.incidents[0];
        assert!(incident.element == second && incident.message.contains("65,535"), "{incident:?}");
        world.retry().failed("LIMIT");
        assert_eq!(world.state().instance.last_task, TaskNumber(u16::MAX));
    }
}

/// 4,294,967,295 numbers: beyond them an incident, and the path waits with the instance.
#[test]
fn an_instance_that_has_used_its_numbers_stops_and_keeps_its_path() {
    let process = model("old").start("start").task("ask", ticket()).script("next", "count n").end("end");
    let mut world = given(process.flow("start > ask > next > end").build()).started(json!({}));
    if let Some(state) = &mut world.state {
        state.instance.last_element = ElementNumber(u32::MAX - 1);
    }
    world.forget_journal();
    world.submit("ask", "Approve", json!({})).failed("LIMIT").status(InstanceStatus::Error);
    assert_eq!(world.state().instance.last_element, ElementNumber(u32::MAX));
    assert_eq!(world.state().instance.ready[0].element, "end");
    world.retry().failed("LIMIT").status(InstanceStatus::Error);
    assert_eq!((world.state().instance.ready.len(), world.state().instance.incidents.len()), (1, 1));
}
