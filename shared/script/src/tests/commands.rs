//! `doCmd`: asked for, replayed, and never swallowed.

use super::{evaluate, map, request, run, serve, technical};
use domain::script::{CommandAnswer, ScriptFailure, ScriptKind, ScriptRequest};
use domain::variables::Variables;
use serde_json::{Value, json};

fn wanted(number: usize, name: &str, arguments: Value) -> ScriptFailure {
    ScriptFailure::CommandWanted { number, name: name.to_owned(), arguments }
}

fn with_answers(source: &str, answers: &[CommandAnswer]) -> super::Evaluated {
    serve(source, json!({"id": 7}), json!({}), answers)
}

/// S4-26, S4-42.
#[test]
fn a_command_without_an_answer_is_wanted_by_number_name_and_arguments() {
    let done = CommandAnswer::Done(json!({"score": 700}));
    let source = "const a = doCmd('First', { id }); const b = BankLingo.ExecuteCommand('Second', [a.score]); return b";
    assert_eq!(with_answers(source, &[]), Err(wanted(0, "First", json!({"id": 7}))));
    assert_eq!(with_answers(source, std::slice::from_ref(&done)), Err(wanted(1, "Second", json!([700]))));
    assert_eq!(with_answers(source, &[done, CommandAnswer::Done(json!("end"))]).unwrap().result, json!("end"));
    assert_eq!(with_answers("doCmd('Bare')", &[]), Err(wanted(0, "Bare", json!({}))));
    assert_eq!(run(ScriptKind::Pre, "return doCmd('A', 1)", json!({})), Err(wanted(0, "A", json!(1))));
    assert_eq!(run(ScriptKind::Task, "doCmd('A', null)", json!({})), Err(wanted(0, "A", json!(null))));
}

#[test]
fn a_script_cannot_swallow_a_wanted_command() {
    for source in [
        "try { doCmd('A') } catch (e) { return 'caught' }",
        "try { doCmd('A') } finally { return 'finally' }",
        "for (;;) { try { doCmd('A') } catch {} }",
        "[1, 2].forEach(() => { try { doCmd('A') } catch {} }); return 'on'",
        "function* g() { try { yield doCmd('A') } finally { yield 2 } }; try { return [...g()] } catch { return 1 }",
        "return { toJSON() { try { doCmd('A') } catch {} return 1 } }",
        "context.x = { toJSON() { doCmd('A') } }",
        "throw { get message() { doCmd('A') }, toString() { doCmd('A') } }",
        "throw { toJSON() { doCmd('A') } }",
        "const it = { [Symbol.iterator]: () => ({ next() { doCmd('A') }, return() { return {} } }) };
         try { new Map(it) } catch {} try { [...it] } catch {} return 3",
        "try { [3, 2, 1].sort(() => doCmd('A')) } catch {} return 4",
        "try { JSON.parse('[1]', () => doCmd('A')) } catch {} return 5",
        "try { 'a'.replace(/a/, () => doCmd('A')) } catch {} return 6",
        "console.log({ toJSON() { doCmd('A') } }); return 7",
    ] {
        assert_eq!(run(ScriptKind::Task, source, json!({})), Err(wanted(0, "A", json!({}))), "{source}");
        assert_eq!(super::value("1 + 1"), json!(2), "{source}");
    }
}

#[test]
fn a_failed_command_throws_an_error_the_script_may_catch() {
    let failed = [CommandAnswer::Failed { code: "HTTP_404".into(), message: "not found".into() }];
    let caught = "try { doCmd('A') } catch (e) { return [e.code, e.message, e instanceof BpmnError] }";
    assert_eq!(with_answers(caught, &failed).unwrap().result, json!(["HTTP_404", "not found", true]));
    let expected = ScriptFailure::Bpmn { code: "HTTP_404".into(), message: "not found".into() };
    assert_eq!(with_answers("return doCmd('A')", &failed), Err(expected));
}

#[test]
fn answers_arrive_as_they_were_recorded() {
    let value = json!({"text": "ä\u{2028}", "list": [1, 2.5, null], "__proto__": {"x": 1}});
    let answers = [CommandAnswer::Done(value.clone()), CommandAnswer::Done(json!(null))];
    let outcome = with_answers("return [doCmd('A'), doCmd('B')]", &answers).unwrap();
    assert_eq!(outcome.result, json!([value, null]));
    let changed = "doCmd('A').list.push(1); return doCmd('B')";
    assert_eq!(with_answers(changed, &answers).unwrap().result, json!(null));
    assert_eq!(json!(answers[0]), json!(CommandAnswer::Done(value)), "an answer is the script's own copy");
}

#[test]
fn commands_within_arguments_are_counted_first() {
    let source = "doCmd('Outer', { toJSON() { return doCmd('Inner') } })";
    assert_eq!(with_answers(source, &[]), Err(wanted(0, "Inner", json!({}))));
    let inner = [CommandAnswer::Done(json!(5))];
    assert_eq!(with_answers(source, &inner), Err(wanted(1, "Outer", json!(5))));
}

/// BPMN semantics 5.3: no commands in conditions.
#[test]
fn a_condition_runs_no_commands() {
    let failure = run(ScriptKind::Condition, "return doCmd('A') ? 'x' : 'y'", json!({}));
    assert_eq!(failure, Err(ScriptFailure::Technical("a condition may not run commands".into())));
}

#[test]
fn a_command_needs_a_name_and_arguments_that_are_json() {
    assert!(technical("doCmd()").contains("needs the name"));
    assert!(technical("doCmd({})").contains("needs the name"));
    assert!(technical("doCmd('A', 1n)").contains("BigInt"));
    assert!(technical("var a = []; a[0] = a; doCmd('A', a)").contains("circular"));
    let kept = run(ScriptKind::Task, "doCmd('A', { f() {}, n: NaN, d: new Date(0) })", json!({}));
    assert_eq!(kept, Err(wanted(0, "A", json!({"n": null, "d": "1970-01-01T00:00:00.000Z"}))));
}

#[test]
fn a_script_runs_at_most_a_hundred_commands() {
    let answers = vec![CommandAnswer::Done(json!(1)); 150];
    assert_eq!(with_answers("for (let i = 0; i < 100; i++) doCmd('A'); return 'ok'", &answers).unwrap().result, "ok");
    match with_answers("try { for (;;) doCmd('A') } catch { return 'caught' }", &answers) {
        Err(ScriptFailure::Limit(text)) => assert!(text.contains("100 commands"), "{text}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn equal_requests_give_equal_answers_whatever_ran_before() {
    let variables = map(json!({"n": 3}));
    let source =
        "const r = doCmd('Roll', Math.random()); logger.info(r, Date.now()); total = n * r; return Math.random()";
    let answers = [CommandAnswer::Done(json!(2))];
    let request = ScriptRequest { answers: &answers, ..request(ScriptKind::Task, source, &variables) };
    let first = evaluate(&request).unwrap();
    for other in ["Math.random()", "doCmd('X')", "throw 1", "for(;;);"] {
        let _ = evaluate(&super::request(ScriptKind::Task, other, &Variables::new()));
        assert_eq!(evaluate(&request).unwrap(), first);
    }
}
