//! The names of the host: form, actor, log.

use super::{run, serve, value};
use domain::script::ScriptKind;
use serde_json::json;

/// S4-39, S4-40.
#[test]
fn a_server_script_sees_form_action_and_user() {
    let form = json!({"comments": "fine", "action": "Approve", "userId": "u-1"});
    let source = "return [formData.comments, formData.action, userAction, currentUser, context.userAction]";
    let outcome = serve(source, json!({"userAction": "old"}), form, &[]).unwrap();
    assert_eq!(outcome.result, json!(["fine", "Approve", "Approve", "u-1", "old"]));
}

#[test]
fn form_data_is_a_copy_and_only_the_server_script_has_it() {
    let outcome = serve("formData.a = 2; return formData", json!({"a": 1}), json!({"a": 1}), &[]).unwrap();
    assert_eq!(outcome.result, json!({"a": 2}));
    assert!(outcome.writes.is_empty());
    for kind in [ScriptKind::Pre, ScriptKind::Task, ScriptKind::Condition] {
        assert_eq!(run(kind, "return typeof formData", json!({})).unwrap().result, json!("undefined"));
    }
}

/// D-08, S4-41: a field that became no variable is a bare name for reading only, where no variable has the name.
#[test]
fn a_field_is_a_bare_name_where_no_variable_has_it() {
    let form = json!({"amount": 7, "approver": "forged", "lines": [1], "_lastError": "forged", "action": "Approve"});
    let variables = json!({"approver": "anna", "kept": 1});
    let source = "return [amount, approver, context.approver, typeof context.amount, 'amount' in context, lines.length,
        typeof _lastError, typeof nothing]";
    let outcome = serve(source, variables.clone(), form.clone(), &[]).unwrap();
    assert_eq!(outcome.result, json!([7, "anna", "anna", "undefined", false, 1, "undefined", "undefined"]));
    assert!(outcome.writes.is_empty());
    let log: Vec<_> = outcome.log.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(
        log,
        ["_lastError is no process variable: read as undefined", "nothing is no process variable: read as undefined"]
    );
    for source in ["amount = amount", "amount = formData.amount", "context.amount = formData.amount"] {
        let outcome = serve(source, variables.clone(), form.clone(), &[]).unwrap();
        assert_eq!(json!(outcome.writes), json!({"amount": 7}), "{source}");
    }
    let outcome = serve("amount = amount + 1; return [amount, formData.amount]", variables, form, &[]).unwrap();
    assert_eq!((outcome.result, json!(outcome.writes)), (json!([8, 7]), json!({"amount": 8})));
}

/// The engine drops what is written to its own names; to assign one is no reason to fail.
#[test]
fn user_and_action_are_assigned_without_an_error() {
    let source = "currentUser = 'x'; userAction = 'y'; return [currentUser, userAction, context.currentUser]";
    let form = json!({"action": "Approve", "userId": "u-1"});
    let outcome = serve(source, json!({}), form, &[]).unwrap();
    assert_eq!(outcome.result, json!(["u-1", "Approve", "x"]));
    let outcome = run(ScriptKind::Task, "currentUser = 'x'; return currentUser", json!({"currentUser": "u"})).unwrap();
    assert_eq!(outcome.result, json!("x"));
}

/// S4-97.
#[test]
fn log_lines_keep_level_order_and_text() {
    let source =
        "console.log('a', 1, { b: 2 }, [3], null, undefined); console.warn(new Error('e')); console.error(() => 1);
        logger.info('i'); logger.warn('w'); logger.error('e'); console.debug(Symbol('s'), 10n)";
    let log = run(ScriptKind::Task, source, json!({})).unwrap().log;
    let log: Vec<_> = log.iter().map(|line| (line.level, line.text.as_str())).collect();
    assert_eq!(
        log,
        [
            ("info", "a 1 {\"b\":2} [3] null undefined"),
            ("warn", "Error: e"),
            ("error", "() => 1"),
            ("info", "i"),
            ("warn", "w"),
            ("error", "e"),
            ("info", "Symbol(s) 10"),
        ]
    );
}

#[test]
fn the_log_is_capped_in_lines_and_length() {
    let log = run(ScriptKind::Task, "for (let i = 0; i < 500; i++) console.log(i)", json!({})).unwrap().log;
    assert_eq!((log.len(), log[99].text.as_str()), (100, "99"));
    let log =
        run(ScriptKind::Task, "console.log('x'.repeat(5000)); console.log('😀'.repeat(600))", json!({})).unwrap().log;
    assert_eq!(log[0].text.len(), 1000);
    assert_eq!(log[1].text.chars().count(), 500);
    let log = run(ScriptKind::Task, "console.log('\\ud800 half')", json!({})).unwrap().log;
    assert_eq!(log[0].text, "\u{FFFD} half");
    let pre = run(ScriptKind::Pre, "for (let i = 0; i < 500; i++) console.log(i); x = 1", json!({})).unwrap();
    assert_eq!(pre.log.len(), 100);
    assert!(pre.log[99].text.contains("discarded"));
}

#[test]
fn a_value_without_a_text_is_logged_as_such() {
    let source =
        "console.log({ toJSON() { throw 1 } }); console.log(Object.create(null)); var a = {}; a.a = a; console.log(a)";
    let log = run(ScriptKind::Task, source, json!({})).unwrap().log;
    let log: Vec<_> = log.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(log, ["(value without a text)", "{}", "(value without a text)"]);
}

#[test]
fn assignments_to_inherited_names_have_their_usual_meaning() {
    for (source, expected) in [
        ("const e = new Error(); e.message = 'm'; e.name = 'N'; return `${e}`", json!("N: m")),
        ("const o = {}; o.toString = () => 'mine'; return `${o}`", json!("mine")),
        ("function P() {}; P.prototype.toString = () => 'p'; return `${new P()}`", json!("p")),
        (
            "function E(m) { this.message = m } E.prototype = Object.create(Error.prototype);
          E.prototype.constructor = E; E.prototype.name = 'E'; return String(new E('x'))",
            json!("E: x"),
        ),
        ("const o = {}; o.hasOwnProperty = 1; return Object.keys(o)", json!(["hasOwnProperty"])),
        ("return [{}.hasOwnProperty('a'), ({ a: 1 }).hasOwnProperty('a')]", json!([false, true])),
        ("constructor = 5; return context.constructor", json!(5)),
    ] {
        assert_eq!(value(source), expected, "{source}");
    }
}
