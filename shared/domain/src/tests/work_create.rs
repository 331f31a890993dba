//! W-01: how an ordinary user task begins (S4-05, S4-11 to S4-20, S4-28 to S4-32).

use super::dsl::*;
use crate::instance::InstanceStatus;
use crate::process::{UserTask, When};
use crate::template::Template;
use crate::time::Timestamp;
use crate::work_task::{Priority, Responsible, State};
use serde_json::{Value, json};

fn when(text: &str) -> When {
    When::Expression(value(text))
}

fn at(text: &str) -> Option<Timestamp> {
    Some(text.parse().unwrap())
}

fn responsible(assignee: Option<&str>, users: &[&str], groups: &[&str]) -> Responsible {
    let all = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    Responsible { assignee: assignee.map(str::to_owned), users: all(users), groups: all(groups) }
}

/// W-01: the instance waits, nothing is sent and nothing is searched for.
#[test]
fn the_instance_waits_for_an_open_task() {
    let process = one_task(work().teams(&["Loans"]));
    let mut world = given(process);
    world
        .start(json!({}))
        .events(&[
            "started approval by olga",
            "passed start",
            "activated ask",
            "task 1 created for ask",
            "status WAITING",
        ])
        .effects(&[])
        .work_task("ask", State::Open);
    let task = world.work_task("ask");
    assert_eq!(task.responsible, responsible(None, &[], &["Loans"]));
    assert_eq!((task.seq, task.priority, task.due_at, task.follow_up_at), (1, Priority::default(), None, None));
    assert!(world.state().tasks.is_empty());
}

/// S4-13 to S4-15, D-28: literals, expressions and lists, each name once.
#[test]
fn candidates_are_literals_and_expressions() {
    let task = work().users(&["john.doe@bank.com", "context.lead"]).teams(&["Loans", "context.teams", "Loans"]);
    let world =
        given(one_task(task)).started(json!({"lead": "lea@bank.com, john.doe@bank.com", "teams": ["Risk", ""]}));
    let expected = responsible(None, &["john.doe@bank.com", "lea@bank.com"], &["Loans", "Risk"]);
    assert_eq!(world.work_task("ask").responsible, expected);
}

/// WS-HumanTask: exactly one responsible user and no team is the assignee at once; no assignment event follows.
#[test]
fn the_only_responsible_user_is_the_assignee() {
    let assignee =
        |task, variables| given(one_task(task)).started(variables).work_task("ask").responsible.assignee.clone();
    assert_eq!(assignee(work().users(&["ann"]), json!({})).as_deref(), Some("ann"));
    assert_eq!(assignee(work().users(&["ann"]).teams(&["Loans"]), json!({})), None);
    assert_eq!(assignee(work().users(&["ann", "bob"]), json!({})), None);
    assert_eq!(assignee(work().users(&["ann"]).assignee("context.boss"), json!({"boss": "cy"})).as_deref(), Some("cy"));
    assert_eq!(assignee(work().users(&["ann", "context.lead"]), json!({})).as_deref(), Some("ann"));
    assert_eq!(assignee(work().assignee("context.boss").teams(&["Loans"]), json!({})), None);
    assert_eq!(assignee(work().assignee("Doe, Ann"), json!({})).as_deref(), Some("Doe, Ann"));
}

/// S4-13 to S4-15: a task that the model gives to somebody is never open to everybody; one that names nobody is.
#[test]
fn a_model_that_names_somebody_who_is_nobody_stops_the_step() {
    let nobody = |task: UserTask, variables: Value, properties: &str| {
        let mut world = given(one_task(task));
        world.start(variables.clone()).failed("INVALID_ASSIGNMENT");
        assert!(world.state().work_tasks.is_empty());
        let message = &world.state().instance.incidents[0].message;
        assert!(message.contains(properties), "{variables}: {message}");
        world.retry_with(json!({"lead": "lea"})).work_task("ask", State::Open);
        assert_eq!(world.work_task("ask").responsible.assignee.as_deref(), Some("lea"));
    };
    for empty in [json!({}), json!({"lead": null}), json!({"lead": " , "}), json!({"lead": [null, ""]})] {
        nobody(work().users(&["context.lead"]), empty, "ResponsibleUsers");
    }
    nobody(work().assignee("{{ lead }}"), json!({}), "Assignee");
    let both = work().assignee("context.lead").teams(&["context.team"]);
    nobody(both, json!({}), "Assignee with ResponsibleTeams");
    for other in [json!(true), json!({"email": "x"}), json!([["lea"]]), json!(["lea", {}])] {
        nobody(work().users(&["context.lead"]), json!({"lead": other}), "ResponsibleUsers");
    }
    nobody(work().assignee("context.lead"), json!({"lead": ["lea"]}), "Assignee");
    given(one_task(work())).start(json!({})).work_task("ask", State::Open);
    // As in Camunda 7, Camunda 8 and Flowable.
    given(one_task(work().users(&["${lead}"]).assignee("=boss"))).start(json!({})).work_task("ask", State::Open);
}

/// S4-20, T-15.
#[test]
fn the_priority_is_a_number_or_a_word() {
    let priority = |text: &str| given(one_task(work().priority(text))).started(json!({"p": 99, "none": null}));
    for (text, number, word) in [
        ("HIGH", 75, "High"),
        ("low", 25, "Low"),
        ("0", 0, "Low"),
        ("100", 100, "Critical"),
        ("context.p", 99, "Critical"),
        ("context.none", 50, "Normal"),
        ("60", 60, "Normal"),
    ] {
        let priority = priority(text).work_task("ask").priority;
        assert_eq!((priority.get(), priority.word()), (number, word), "{text}");
    }
    for wrong in ["101", "urgent", "-1", "+5", ""] {
        let mut world = given(one_task(work().priority("context.p")));
        world.start(json!({"p": wrong})).failed("INVALID_PRIORITY");
        assert!(world.state().work_tasks.is_empty(), "{wrong}");
    }
}

/// D-30: its own date, else the earliest interrupting timer.
#[test]
fn due_and_follow_up_are_dates_durations_or_expressions() {
    let task = work().due(after("P2D")).follow_up(when("context.later"));
    let world = given(one_task(task)).started(json!({"later": "2026-03-05T00:00:00Z"}));
    let task = world.work_task("ask");
    assert_eq!((task.due_at, task.follow_up_at), (at("2026-03-04T09:00:00Z"), at("2026-03-05T00:00:00Z")));
    let world = given(one_task(work().due(when("context.missing")))).started(json!({}));
    assert_eq!(world.work_task("ask").due_at, None);
    given(one_task(work().due(when("context.bad")))).start(json!({"bad": "soon"})).failed("INVALID_DUE_DATE");
    given(one_task(work().follow_up(when("context.bad")))).start(json!({"bad": 7})).failed("INVALID_FOLLOW_UP_DATE");
}

#[test]
fn without_a_due_date_the_earliest_interrupting_timer_says_when_it_is_due() {
    let process = model("approval")
        .start("start")
        .task("ask", work())
        .timer("nudge", "ask", false, once("PT1H"))
        .timer("late", "ask", true, once("P3D"))
        .timer("earlier", "ask", true, once("P1D"))
        .flow("start > ask")
        .build();
    let world = given(process).started(json!({}));
    let due = world.work_task("ask").due(&world.process, &world.state().instance);
    assert_eq!(due, at("2026-03-03T09:00:00Z"));
}

/// S4-24 to S4-30: Script, else FormVariables, else nothing; S4-17, S4-52: InputMapping is apart.
#[test]
fn the_form_context_is_the_script_result_else_the_form_variables() {
    let task = work().pre_script("return {\"shown\":1}").form_variables(&["secret"]).input("total", "order.total");
    let world = given(one_task(task)).started(json!({"secret": 2, "order": {"total": 7}}));
    let task = world.work_task("ask");
    assert_eq!((&task.form_context, &task.input_data), (&vars(json!({"shown": 1})), &vars(json!({"total": 7}))));
    let world =
        given(one_task(work().form_variables(&["order.total"]))).started(json!({"order": {"total": 7}, "x": 1}));
    assert_eq!(world.work_task("ask").form_context, vars(json!({"total": 7})));
    let world = given(one_task(work())).started(json!({"x": 1}));
    assert!(world.work_task("ask").form_context.is_empty());
}

/// A description shows any variable, as it was when the task was created; one without values is the definition's.
#[test]
fn a_description_shows_variables_and_is_kept() {
    let described = |text: &str, variables: Value| {
        let mut process = one_task(work().pre_script("return {\"shown\":1,\"loan\":2}").form_variables(&["secret"]));
        process.elements[1].description = Some(Template::parse(text).unwrap());
        given(process.indexed()).started(variables)
    };
    let text = "Loan {{context.loan.id}} of {{ customer[0] }}, {{ shown }}{{ missing }}";
    let mut world = described(text, json!({"loan": {"id": "L-1"}, "customer": ["Ann"]}));
    assert_eq!(world.work_task("ask").description.as_deref(), Some("Loan L-1 of Ann, 1"));
    world.complete("ask", "Done", json!({"loan": {"id": "L-2"}})).work_task("ask", State::Completed);
    assert_eq!(world.work_task("ask").description.as_deref(), Some("Loan L-1 of Ann, 1"));
    assert_eq!(described("Read it", json!({})).work_task("ask").description, None);
    let long = described("{{ x }}", json!({"x": "ä".repeat(3_000)})).work_task("ask").description.clone();
    assert_eq!(long, Some("ä".repeat(2_000)));
}

/// A failing Script leaves no task; the retry runs the step again.
#[test]
fn a_failing_script_leaves_no_task() {
    let mut world = given(one_task(work().pre_script("throw no customer")));
    world.start(json!({})).failed("SCRIPT_ERROR");
    assert!(world.state().work_tasks.is_empty());
}

#[test]
fn too_many_candidates_and_impossible_names_are_incidents() {
    let names: Vec<String> = (0..51).map(|n| format!("user{n}")).collect();
    given(one_task(work().users(&["context.all"]))).start(json!({"all": names})).failed("LIMIT");
    let long = "x".repeat(201);
    given(one_task(work().assignee("context.one"))).start(json!({"one": long})).failed("INVALID_ASSIGNMENT");
}

/// S4-11, S4-12.
#[test]
fn the_entity_state_is_that_of_the_instance() {
    let process = model("approval").start("start").task("ask", work()).entity_state("ask", "PendingReview");
    let world = given(process.flow("start > ask").build()).started(json!({}));
    assert_eq!(world.state().instance.entity_state.as_deref(), Some("PendingReview"));
    assert_eq!(world.status(), InstanceStatus::Waiting);
}

/// The limit of live tasks counts both kinds.
#[test]
fn open_tasks_of_every_kind_count_in_the_limit() {
    let mut process = model("many").start("start").task("ask", ticket()).task("work", work());
    for n in 0..91 {
        let target = if n % 2 == 0 { "ask" } else { "work" };
        process = process.flow(&format!("start > {target}"));
    }
    let mut world = given(process.build());
    world.start(json!({})).failed("LIMIT");
    assert_eq!((world.state().tasks.len(), world.state().work_tasks.len()), (45, 45));
    world.cancel().status(InstanceStatus::Cancelled);
}
