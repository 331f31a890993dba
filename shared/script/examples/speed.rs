//! Prints how many evaluations a second this machine makes, in a new and in a kept interpreter.
#![allow(clippy::print_stdout, reason = "printing is what this program is for")]

use domain::script::{ScriptKind, ScriptRequest, Scripts};
use domain::time::Timestamp;
use domain::variables::Variables;
use script::QuickJs;
use std::time::{Duration, Instant};

const SCRIPTS: &[(&str, ScriptKind, &str)] = &[
    ("comparison", ScriptKind::Condition, "amount > 100000"),
    ("condition", ScriptKind::Condition, "return amount > 100000 ? 'Flow_HighValue' : 'Flow_Standard';"),
    ("task", ScriptKind::Task, "context.total = amount * 1.2; return { total: context.total, by: customer.name };"),
    ("no return", ScriptKind::Task, "var x = amount * 2; context.total = x + 1;"),
    (
        "validation",
        ScriptKind::Task,
        "var errors = [];
         if (!amount || amount <= 0) errors.push('amount');
         if (!customer.email || !customer.email.includes('@')) errors.push('email');
         if (errors.length > 0) throw new BpmnError('INVALID', errors.join('; '));
         context.checkedAt = new Date().toISOString();
         return { validated: true };",
    ),
];

fn main() {
    let variables: Variables = [
        ("amount".to_owned(), 250_000.into()),
        ("customer".to_owned(), serde_json::json!({ "name": "Ada", "email": "ada@example.com", "tags": ["a", "b"] })),
        ("note".to_owned(), "x".repeat(200).into()),
    ]
    .into_iter()
    .collect();
    println!("{:<12} {:>12} {:>12} {:>8}", "script", "cold us", "warm us", "ratio");
    for (name, kind, source) in SCRIPTS {
        let request = ScriptRequest {
            source,
            kind: *kind,
            variables: &variables,
            form_data: None,
            user_action: None,
            current_user: None,
            now: Timestamp::from_millis(0),
            seed: 1,
            answers: &[],
        };
        let scripts = QuickJs::default();
        // A thread of its own starts an interpreter of its own.
        let cold = average(20, || {
            std::thread::scope(|scope| {
                scope.spawn(|| scripts.evaluate(&request).is_ok());
            });
        });
        let warm = average(50_000, || {
            let _ = std::hint::black_box(scripts.evaluate(&request));
        });
        let ratio = cold.as_secs_f64() / warm.as_secs_f64();
        println!("{name:<12} {:>12.1} {:>12.2} {ratio:>8.0}", micros(cold), micros(warm));
    }
}

fn average(count: u32, mut work: impl FnMut()) -> Duration {
    work();
    let start = Instant::now();
    for _ in 0..count {
        work();
    }
    start.elapsed() / count
}

fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}
