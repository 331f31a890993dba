//! Script tasks: writes, results and mappings.

use super::dsl::*;
use crate::instance::InstanceStatus;
use crate::process::{Mapping, Process, ScriptTask};
use crate::script::{ScriptKind, ScriptOutcome};
use crate::value::ValueExpr;
use crate::variables::VARIABLES_BYTES_MAX;
use serde_json::{Value, json};

fn one_script(task: ScriptTask) -> Process {
    model("calculate").start("start").script_task("sum", task).end("end").flow("start > sum > end").build()
}

fn script(source: &str) -> ScriptTask {
    ScriptTask { script: source.to_owned(), ..ScriptTask::default() }
}

#[test]
fn a_script_writes_variables_and_leaves_its_result() {
    let mut world = given(one_script(script("sum")));
    world.scripts.on("sum", |request| {
        assert_eq!(request.kind, ScriptKind::Task);
        let total = json!(request.variables["a"].as_i64().unwrap() + request.variables["b"].as_i64().unwrap());
        let writes = vars(json!({"total": total, "a": 0}));
        Ok(ScriptOutcome { result: json!({"total": total}), writes, log: Vec::new() })
    });
    world.start(json!({"a": 1, "b": 2})).status(InstanceStatus::Completed);
    let expected = json!({"a": 0, "b": 2, "total": 3, "lastScriptResult": {"total": 3}});
    assert_eq!(world.state().instance.variables, vars(expected));
}

#[test]
fn a_result_variable_receives_the_whole_result() {
    let task = ScriptTask { result_variable: Some("score".to_owned()), ..script("return {\"points\":7}") };
    let world = given(one_script(task)).started(json!({}));
    assert_eq!(world.state().instance.variables, vars(json!({"score": {"points": 7}})));
}

/// S4-45, as Camunda 8 writes it: no script runs, and the value goes where a result goes.
#[test]
fn an_expression_gives_the_result_without_a_script() {
    let expression = ValueExpr::parse("=a + 1").unwrap();
    let task = ScriptTask { expression: Some(expression), ..ScriptTask::default() };
    let named = ScriptTask { result_variable: Some("sum".to_owned()), ..task.clone() };
    for (task, result) in [(named, "sum"), (task, "lastScriptResult")] {
        let mut world = given(one_script(task));
        world.start(json!({"a": 1})).status(InstanceStatus::Completed);
        let mut expected = vars(json!({"a": 1}));
        expected.insert(result.to_owned(), json!(2));
        assert_eq!(world.state().instance.variables, expected);
    }
}

#[test]
fn an_output_mapping_picks_from_the_result() {
    let task = ScriptTask {
        output_mapping: vec![mapping("risk.points", "points"), mapping("missing", "nothing.here")],
        ..script("return {\"points\":7}")
    };
    let world = given(one_script(task)).started(json!({"risk": {"level": "low"}}));
    let expected = json!({"risk": {"level": "low", "points": 7}, "missing": null});
    assert_eq!(world.state().instance.variables, vars(expected));
}

#[test]
fn result_variable_and_mapping_together_are_both_written() {
    let task = ScriptTask {
        result_variable: Some("all".to_owned()),
        output_mapping: vec![mapping("points", "points")],
        ..script("return {\"points\":7}")
    };
    let world = given(one_script(task)).started(json!({}));
    assert_eq!(world.state().instance.variables, vars(json!({"all": {"points": 7}, "points": 7})));
}

/// Mapping rules: reserved destinations are never written.
#[test]
fn a_mapping_cannot_write_names_of_the_engine() {
    let task = ScriptTask {
        output_mapping: vec![
            mapping("_lastError", "points"),
            mapping("currentUser", "points"),
            mapping("ok", "points"),
        ],
        ..script("return {\"points\":7}")
    };
    let world = given(one_script(task)).started(json!({}));
    assert_eq!(world.state().instance.variables, vars(json!({"ok": 7})));
}

/// Mapping rules: a script does not write names of the engine either. Only the last error may be cleared, as models do
/// that start over.
#[test]
fn a_script_cannot_write_names_of_the_engine() {
    let mut world = given(one_script(script("own")));
    world.scripts.on("own", |_| {
        let names = ["currentUser", "userAction", "formData", "context", "_errorHistory", "_lastError", "_mine", "ok"];
        let writes = names.into_iter().map(|name| (name.to_owned(), json!("forged"))).collect();
        Ok(ScriptOutcome { result: Value::Null, writes, log: Vec::new() })
    });
    let then = world.start(json!({}));
    let log: Vec<_> = then.accepted().log.iter().map(|line| (line.level, line.text.as_str())).collect();
    let dropped = "set by the engine only, so these assignments are dropped: _errorHistory, _lastError, _mine, context, \
                   currentUser, formData, userAction";
    assert_eq!(log, [("warn", dropped)]);
    assert_eq!(world.state().instance.variables, vars(json!({"ok": "forged"})));

    let process = model("again").start("start").script("fail", "bpmn X wrong").error("caught", "fail", true, None);
    let process = process.script("clear", "set _lastError null").end("end").flow("start > fail > end");
    let world = given(process.flow("caught > clear > end").build()).started(json!({}));
    assert_eq!(world.variable("_lastError"), Value::Null);
    assert_eq!(world.variable("_errorHistory").as_array().map(Vec::len), Some(1));
}

/// S4-10: what the InputMapping gives is the script's own, over the variables and over what a turn has for itself.
#[test]
fn an_input_mapping_is_seen_by_the_script_and_gone_with_it() {
    let task = ScriptTask {
        input_mapping: vec![mapping("amount", "loan.amount"), mapping("who.name", "customer"), mapping("none", "x.y")],
        ..script("calculate")
    };
    let mut world = given(one_script(task));
    world.scripts.on("calculate", |request| {
        let writes = vars(json!({"amount": 0, "none": 1, "total": 7}));
        Ok(ScriptOutcome { result: request.variables["amount"].clone(), writes, log: Vec::new() })
    });
    world.start(json!({"loan": {"amount": 5}, "amount": 99, "customer": "Ann"})).status(InstanceStatus::Completed);
    let seen = json!({"loan": {"amount": 5}, "amount": 5, "customer": "Ann", "who": {"name": "Ann"}, "none": null});
    assert_eq!(world.scripts.last("calculate").variables, vars(seen));
    let left = json!({"loan": {"amount": 5}, "amount": 99, "customer": "Ann", "total": 7, "lastScriptResult": 5});
    assert_eq!(world.state().instance.variables, vars(left));

    let task = ScriptTask { input_mapping: vec![mapping("item", "item.id")], ..script("read item") };
    let process = model("turns").start("start").script_task("sum", task).for_each("sum", true, "items", "item");
    let world = given(process.flow("start > sum").build()).started(json!({"items": [{"id": 3}]}));
    assert_eq!(world.variable("lastScriptResult"), json!(3));
}

/// Sources that are expressions find the result by its name, what the script saw and what it assigned; a path picks
/// from the result alone.
#[test]
fn expressions_of_an_output_mapping_see_result_and_variables() {
    let line = |target: &str, source: &str| Mapping {
        target: target.parse().unwrap(),
        source: ValueExpr::parse(source).unwrap(),
    };
    let outputs = vec![
        line("whole", "${lastScriptResult}"),
        line("points", "${lastScriptResult.points}"),
        line("field", "=points"),
        line("sum", "=points + base + bonus + factor"),
        line("text", "{{ points }} of {{ base }}"),
        mapping("picked", "base"),
    ];
    let task =
        ScriptTask { input_mapping: vec![line("factor", "=base * 10")], output_mapping: outputs, ..script("score") };
    let scored = |task: ScriptTask| {
        let mut world = given(one_script(task));
        world.scripts.on("score", |_| {
            let result = json!({"points": 7});
            Ok(ScriptOutcome { result, writes: vars(json!({"bonus": 100})), log: Vec::new() })
        });
        world.started(json!({"base": 1, "points": 0}))
    };
    let world = scored(task.clone());
    let expected = json!({
        "base": 1, "points": 7, "bonus": 100, "whole": {"points": 7}, "field": 7, "sum": 118,
        "text": "7 of 1", "picked": null,
    });
    assert_eq!(world.state().instance.variables, vars(expected));
    let named = ScriptTask {
        result_variable: Some("score".to_owned()),
        output_mapping: vec![line("again", "${score.points}"), line("other", "${lastScriptResult}")],
        ..task
    };
    let world = scored(named);
    assert_eq!((world.variable("again"), world.variable("other")), (json!(7), Value::Null));
    assert_eq!(world.variable("score"), json!({"points": 7}));
}

/// A result of an earlier script must not be taken for that of this one.
#[test]
fn a_script_without_result_does_not_leave_the_result_of_another() {
    let process = model("two")
        .start("start")
        .script("first", "return 1")
        .script("second", "nothing")
        .flow("start > first > second")
        .build();
    let world = given(process).started(json!({}));
    assert_eq!(world.state().instance.variables.get("lastScriptResult"), Some(&Value::Null));
    let world = given(one_script(script("nothing"))).started(json!({}));
    assert_eq!(world.state().instance.variables, vars(json!({})));
}

/// 256 KiB in one instance: the script's writes are not kept, the instance stops.
#[test]
fn variables_beyond_the_limit_stop_the_instance_and_are_not_kept() {
    let mut world = given(one_script(script("grow")));
    world.scripts.on("grow", |_| {
        let writes = vars(json!({"big": "x".repeat(VARIABLES_BYTES_MAX)}));
        Ok(ScriptOutcome { result: Value::Null, writes, log: Vec::new() })
    });
    world.start(json!({"a": 1})).failed("LIMIT");
    assert_eq!(world.variable("big"), Value::Null);
    assert_eq!(world.variable("a"), json!(1));
}

#[test]
fn what_a_variable_frees_can_be_used_again() {
    let mut world = given(one_script(script("replace")));
    let most = VARIABLES_BYTES_MAX - 100;
    world.scripts.on("replace", move |_| {
        let writes = vars(json!({"big": "y".repeat(most)}));
        Ok(ScriptOutcome { result: Value::Null, writes, log: Vec::new() })
    });
    world.start(json!({"big": "x".repeat(most)})).status(InstanceStatus::Completed);
}

/// A replay must draw the same random numbers, another element other ones.
#[test]
fn each_element_has_a_seed_of_its_own() {
    let process = model("two")
        .start("start")
        .script("first", "return 1")
        .script("second", "return 2")
        .flow("start > first > second")
        .build();
    let world = given(process).started(json!({}));
    assert_ne!(world.scripts.last("return 1").seed, world.scripts.last("return 2").seed);
}

#[test]
fn script_logs_come_with_the_decision_and_are_bounded() {
    let mut world = given(one_script(script("talk")));
    world.scripts.on("talk", |_| {
        let line = crate::script::LogLine { level: "info", text: "hello".to_owned() };
        Ok(ScriptOutcome { result: Value::Null, writes: vars(json!({})), log: vec![line; 150] })
    });
    assert_eq!(world.start(json!({})).accepted().log.len(), 100);
}
