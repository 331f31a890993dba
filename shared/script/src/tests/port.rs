//! The port as the product uses it: both roads give what the interpreter gives.

use super::{Evaluated, map, request};
use crate::QuickJs;
use domain::script::{CommandAnswer, ScriptFailure, ScriptKind, ScriptRequest, Scripts};
use serde_json::json;

fn port(source: &str, kind: ScriptKind) -> Evaluated {
    let variables = map(json!({"amount": 5, "customer": {"name": "A"}}));
    let form = map(json!({"action": "Approve", "comment": "c"}));
    let answers = [CommandAnswer::Done(json!("first"))];
    let request = ScriptRequest {
        form_data: Some(&form),
        user_action: Some("Approve"),
        current_user: Some("u"),
        answers: &answers,
        ..request(kind, source, &variables)
    };
    let evaluated = QuickJs::default().evaluate(&request);
    assert_eq!(evaluated, super::evaluate(&request), "{source}");
    evaluated
}

#[test]
fn a_helper_thread_gives_what_the_interpreter_gives() {
    let kinds = [ScriptKind::Pre, ScriptKind::Server, ScriptKind::Task, ScriptKind::Condition];
    for kind in kinds {
        for source in [
            "amount > 3",
            "return customer.name.toLowerCase()",
            "context.total = amount * 2; customer.name = 'B'; return [userAction, currentUser, typeof formData]",
            "log = [1, 2].map(n => n * amount); console.warn(log); return Math.random()",
            "return [doCmd('A'), doCmd('B', { amount })]",
            "throw new BpmnError('CODE', 'text')",
            "null.x",
            "f(",
            "return new Date().toISOString() + missing",
        ] {
            let _ = port(source, kind);
        }
    }
    let wanted = ScriptFailure::CommandWanted { number: 1, name: "B".into(), arguments: json!({}) };
    assert_eq!(port("doCmd('A'); doCmd('B')", ScriptKind::Task), Err(wanted));
    assert_eq!(port("return String(amount)", ScriptKind::Task).unwrap().result, json!("5"));
}

#[test]
fn a_helper_thread_survives_what_scripts_do() {
    for source in ["(function f() { f() })()", "return 'x'.repeat(1e9)", "throw undefined", "for (const x of amount);"]
    {
        let variables = map(json!({"amount": 5}));
        assert!(QuickJs::default().evaluate(&request(ScriptKind::Task, source, &variables)).is_err(), "{source}");
        assert_eq!(port("return String(amount)", ScriptKind::Task).unwrap().result, json!("5"), "{source}");
    }
}

#[test]
fn threads_share_nothing() {
    let threads: Vec<_> = (0..4)
        .map(|number| {
            std::thread::spawn(move || {
                let variables = map(json!({"n": number}));
                let request = request(ScriptKind::Task, "n = Number(n) + 1; return n", &variables);
                (0..50).all(|_| QuickJs::default().evaluate(&request).unwrap().result == json!(number + 1))
            })
        })
        .collect();
    assert!(threads.into_iter().all(|thread| thread.join().unwrap()));
}
