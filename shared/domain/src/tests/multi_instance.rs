//! Multi-instance activities (BPMN 2.0, 13.3.7; S4-107): turns one after the other or side by side, their items, when
//! enough of them are done, and what belongs to all of them.

use super::dsl::*;
use crate::command::{Command, Submission};
use crate::decision::Reply;
use crate::external_task::Status;
use crate::instance::InstanceStatus;
use crate::process::{Condition, Process, Turns};
use crate::value::ValueExpr;
use serde_json::{Value, json};

fn scripts(sequential: bool, source: &str) -> Model {
    model("turns").start("start").script("work", source).for_each("work", sequential, "items", "item")
}

fn end(model: Model) -> Process {
    model.end("end").flow("start > work > end").build()
}

/// Remembers what the script saw, as a list in the variable `seen`.
fn remember(world: &mut World) {
    world.scripts.on("remember", |request| {
        let mut seen = request.variables.get("seen").and_then(Value::as_array).cloned().unwrap_or_default();
        seen.push(json!([request.variables["item"], request.variables["loopCounter"]]));
        let writes = vars(json!({ "seen": seen }));
        Ok(crate::script::ScriptOutcome { result: Value::Null, writes, log: Vec::new() })
    });
}

#[test]
fn each_item_has_its_turn_in_order() {
    for sequential in [true, false] {
        let mut world = given(end(scripts(sequential, "remember")));
        remember(&mut world);
        world.start(json!({"items": ["a", {"b": 1}, null]})).status(InstanceStatus::Completed);
        assert_eq!(world.variable("seen"), json!([["a", 0], [{"b": 1}, 1], [null, 2]]), "{sequential}");
        assert_eq!(world.variable("item"), json!(null), "the item belongs to its turn");
        assert_eq!(world.reached("end"), 1);
    }
}

#[test]
fn no_item_means_no_turn_and_the_path_goes_on() {
    for sequential in [true, false] {
        let mut world = given(end(scripts(sequential, "throw never")));
        world.start(json!({"items": []})).status(InstanceStatus::Completed);
    }
}

#[test]
fn what_is_no_list_or_too_long_is_an_incident_that_a_retry_mends() {
    let mut world = given(end(scripts(true, "remember")));
    remember(&mut world);
    world.start(json!({"items": "a,b"})).failed("INVALID_COLLECTION");
    world.retry_with(json!({"items": ["a"]})).status(InstanceStatus::Completed);
    assert_eq!(world.variable("seen"), json!([["a", 0]]));
    given(end(scripts(true, "null"))).start(json!({"items": vec![0; 10_001]})).failed("LIMIT");
}

#[test]
fn a_cardinality_is_a_number_of_turns() {
    for (turns, expected) in [("3", json!(3)), ("0", json!(null))] {
        let cardinality = |multi: &mut crate::process::MultiInstance| {
            multi.turns = Turns::Cardinality(ValueExpr::Literal(turns.to_owned()));
        };
        let mut world = given(end(scripts(true, "count n").turns("work", cardinality)));
        world.start(json!({})).status(InstanceStatus::Completed);
        assert_eq!(world.variable("n"), expected);
    }
    let wrong = |multi: &mut crate::process::MultiInstance| {
        multi.turns = Turns::Cardinality(ValueExpr::Literal("-1".to_owned()));
    };
    given(end(scripts(true, "count n").turns("work", wrong))).start(json!({})).failed("INVALID_COLLECTION");
}

/// 10,000 turns need more than one command, lose none and stay in bounds.
#[test]
fn many_turns_go_on_as_jobs() {
    let mut world = given(end(scripts(true, "count n")));
    world.start(json!({"items": vec![0; 1_000]})).status(InstanceStatus::Running);
    let mut jobs = 0;
    while world.status() == InstanceStatus::Running {
        world.go_on();
        jobs += 1;
    }
    assert_eq!((world.status(), world.variable("n"), jobs), (InstanceStatus::Completed, json!(1_000), 5));
}

/// Side by side they wait for a job all at once, and 1,000 flows may: the incident says whose turns they are.
#[test]
fn too_many_turns_at_once_are_an_incident_that_names_them() {
    let mut world = given(end(scripts(false, "count n")));
    world.start(json!({"items": vec![0; 10_000]})).failed("LIMIT");
    let message = &world.state().instance.incidents[0].message;
    assert!(message.contains("at most 1000 are possible. \"work\" begins 10000 turns at once"), "{message}");
    let mut world = given(end(scripts(true, "count n")));
    world.start(json!({"items": vec![0; 10_000]})).status(InstanceStatus::Running);
}

fn asked(sequential: bool) -> Model {
    model("asked")
        .start("start")
        .task("ask", ticket().recipient("context.item").result_in("answer").server_script("read item"))
        .for_each("ask", sequential, "people", "item")
        .end("end")
}

fn people() -> Value {
    json!({"people": ["a@x.example", "b@x.example", "c@x.example"]})
}

impl World {
    /// The recipients of the open tasks, by age.
    fn open(&self) -> Vec<&str> {
        let tasks = self.state().tasks.values().filter(|task| task.status == Status::Pending);
        tasks.map(|task| task.recipient.as_str()).collect()
    }

    fn answer(&mut self, recipient: &str) -> Then {
        let task = self.state().tasks.values().find(|task| task.recipient.as_str() == recipient).unwrap().key;
        let id = recipient.to_owned();
        self.when(Command::Submit(Submission { task, action: "Approve".to_owned(), values: vars(json!({})), id }))
    }
}

#[test]
fn everybody_is_asked_at_once_or_one_after_the_other() {
    let mut world = given(asked(false).flow("start > ask > end").build()).started(people());
    assert_eq!(world.open(), ["a@x.example", "b@x.example", "c@x.example"]);
    for recipient in ["b@x.example", "a@x.example", "c@x.example"] {
        world.answer(recipient).replied(Reply::Submitted);
        assert_eq!(world.variable("answer"), json!(recipient), "the script sees the item of its turn");
    }
    assert_eq!((world.status(), world.reached("end")), (InstanceStatus::Completed, 1));

    let mut world = given(asked(true).flow("start > ask > end").build()).started(people());
    for recipient in ["a@x.example", "b@x.example", "c@x.example"] {
        assert_eq!(world.open(), [recipient]);
        world.answer(recipient);
    }
    assert_eq!(world.status(), InstanceStatus::Completed);
}

#[test]
fn the_others_are_taken_away_when_enough_have_answered() {
    let enough = Condition::Expression(ValueExpr::Expression(
        crate::value::Expression::parse("=nrOfCompletedInstances >= 2").unwrap(),
    ));
    for sequential in [true, false] {
        let process = asked(sequential).turns("ask", |multi| multi.completion = Some(enough.clone()));
        let mut world = given(process.flow("start > ask > end").build()).started(people());
        world.answer("a@x.example").status(InstanceStatus::Waiting);
        world.answer("b@x.example").status(InstanceStatus::Completed);
        assert!(world.open().is_empty());
        assert_eq!(world.state().tasks.len(), if sequential { 2 } else { 3 });
    }
}

#[test]
fn what_the_turns_give_is_kept_in_their_order() {
    let process = asked(false).turns("ask", |multi| {
        multi.output_collection = Some("answers".to_owned());
        multi.output_element = Some(value("{{ item }} said {{ userAction }}"));
    });
    let mut world = given(process.flow("start > ask > end").build()).started(people());
    for recipient in ["c@x.example", "a@x.example", "b@x.example"] {
        world.answer(recipient);
    }
    let expected = ["a@x.example", "b@x.example", "c@x.example"].map(|who| format!("{who} said Approve"));
    assert_eq!(world.variable("answers"), json!(expected));
}

/// Boundary events belong to the activity: one timer for all turns, and it takes all of them away.
#[test]
fn a_timer_runs_once_for_all_turns() {
    let process = asked(false)
        .timer("late", "ask", true, once("P1D"))
        .end("too-late")
        .flow("start > ask > end")
        .flow("late > too-late")
        .build();
    let mut world = given(process).started(people());
    assert_eq!(world.scheduled().len(), 1);
    world.answer("a@x.example");
    let around = world.state().instance.elements.iter().find(|live| live.turns.is_some()).unwrap().number;
    let fire = Command::FireTimer { element: around, event: "late".to_owned(), occurrence: 1 };
    world.after("P1D").when(fire).status(InstanceStatus::Completed);
    assert!(world.open().is_empty() && world.live().is_empty());
    assert_eq!((world.reached("too-late"), world.reached("end")), (1, 0));
}

/// A ticket that expires leaves by the activity's own way out, if that is due, and the other turns with it.
#[test]
fn an_expired_turn_leaves_by_the_timer_of_all() {
    let process = model("asked")
        .start("start")
        .task("ask", ticket().recipient("context.item").expires_after("P1D"))
        .for_each("ask", false, "people", "item")
        .timer("late", "ask", true, once("P1D"))
        .end("end")
        .end("too-late")
        .flow("start > ask > end")
        .flow("late > too-late")
        .build();
    let mut world = given(process).started(people());
    world.after("P1D").expire("ask").status(InstanceStatus::Completed);
    assert_eq!(world.reached("too-late"), 1);
    assert!(world.open().is_empty());
}

#[test]
fn an_error_in_one_turn_takes_all_of_them_away() {
    let process = scripts(false, "check")
        .error("caught", "work", true, Some("BAD"))
        .end("end")
        .end("rescued")
        .flow("start > work > end")
        .flow("caught > rescued")
        .build();
    let mut world = given(process);
    world.scripts.on("check", |request| match request.variables["item"].as_u64() {
        Some(2) => Err(crate::script::ScriptFailure::Bpmn { code: "BAD".to_owned(), message: "two".to_owned() }),
        _ => result(Value::Null),
    });
    world.start(json!({"items": [1, 2, 3]})).status(InstanceStatus::Completed);
    assert_eq!((world.reached("rescued"), world.reached("end")), (1, 0));
    assert!(world.live().is_empty());
}

/// A turn that failed is tried again; the ones that are done stay done.
#[test]
fn a_failed_turn_is_tried_again() {
    let mut world = given(end(scripts(true, "check")));
    world.scripts.on("check", |request| match request.variables.get(request.variables["item"].as_str().unwrap()) {
        Some(_) => result(Value::Null),
        None => Err(crate::script::ScriptFailure::Technical("not there".to_owned())),
    });
    world.start(json!({"items": ["a", "b", "c"], "a": 1, "c": 3})).failed("SCRIPT_ERROR");
    world.retry_with(json!({"b": 2})).status(InstanceStatus::Completed);
    assert_eq!(world.reached("work"), 4, "the activity and its three turns");
}

/// Sub-processes are activities, too; what is inside sees the item.
#[test]
fn a_sub_process_is_done_for_each_item() {
    let process = |sequential| {
        model("subs")
            .start("start")
            .sub("sub")
            .start("in")
            .script("note", "remember")
            .task("ask", ticket())
            .end("out")
            .flow("in > note > ask > out")
            .close()
            .for_each("sub", sequential, "items", "item")
            .end("end")
            .flow("start > sub > end")
            .build()
    };
    let mut world = given(process(false));
    remember(&mut world);
    world.start(json!({"items": ["a", "b"]}));
    assert_eq!(world.variable("seen"), json!([["a", 0], ["b", 1]]));
    assert_eq!(world.live(), ["sub", "sub", "sub", "ask", "ask"]);
    let tasks: Vec<_> = world.state().tasks.values().map(|task| task.key).collect();
    for (index, task) in tasks.into_iter().enumerate() {
        let submission =
            Submission { task, action: "Approve".to_owned(), values: vars(json!({})), id: index.to_string() };
        world.when(Command::Submit(submission));
    }
    assert_eq!((world.status(), world.reached("end")), (InstanceStatus::Completed, 1));

    let mut world = given(process(true));
    remember(&mut world);
    world.start(json!({"items": ["a", "b"]}));
    assert_eq!(world.live(), ["sub", "sub", "ask"]);
    world.submit_as("ask", "Approve", json!({}), "1").status(InstanceStatus::Waiting);
    world.submit_as("ask", "Approve", json!({}), "2").status(InstanceStatus::Completed);
    assert_eq!(world.variable("seen"), json!([["a", 0], ["b", 1]]));
}

#[test]
fn cancelling_ends_every_turn() {
    let mut world = given(asked(false).flow("start > ask > end").build()).started(people());
    world.cancel().status(InstanceStatus::Cancelled);
    assert!(world.open().is_empty() && world.live().is_empty());
}
