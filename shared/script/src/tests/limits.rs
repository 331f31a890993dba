//! Steps, memory, stack, sizes and the wall clock.

use super::{NOW_MS, PATIENT, failure, limit, request, run, value};
use crate::limits::{Limits, RESULT_BYTES_MAX, STEPS_MAX};
use crate::source::is_plain;
use crate::{engine, guard};
use domain::script::{ScriptFailure, ScriptKind};
use domain::variables::Variables;
use serde_json::json;
use std::time::Duration;

/// So few steps that a slow machine gets there, and a wall clock that does not interfere.
fn few_steps(source: &str) -> Result<serde_json::Value, ScriptFailure> {
    let limits = Limits { steps: 100_000, wall: PATIENT, grace: Duration::ZERO };
    let variables = Variables::new();
    engine::evaluate(&request(ScriptKind::Task, source, &variables), limits).map(|outcome| outcome.result)
}

fn passes_steps(source: &str) {
    match few_steps(source) {
        Err(ScriptFailure::Limit(text)) => assert!(text.contains("100000 steps"), "{source}: {text}"),
        other => panic!("{source}: {other:?}"),
    }
    assert_eq!(value("1 + 1"), json!(2), "{source}");
}

#[test]
fn a_script_that_does_not_end_passes_the_limit_of_steps() {
    for source in [
        "for (;;);",
        "while (true) { try { for (;;); } catch {} }",
        "try { for (;;); } finally { return 'finally' }",
        "for (;;) { try { for (;;); } finally { continue } }",
        "function f() { return g() } function g() { return 1 } for (;;) f()",
        "const it = { [Symbol.iterator]() { return this }, next() { return { done: false } } }; for (const x of it);",
        "const it = { [Symbol.iterator]() { return this }, next() { return { done: false } } }; new Set(it); Array.from(it)",
        "const it = { [Symbol.iterator]() { return this }, next() { for (;;); }, return() { for (;;); } };
         for (;;) { try { const [a] = it } catch {} }",
        "return { toJSON() { for (;;); } }",
        "context.x = { get y() { for (;;); } }",
        "throw { toString() { for (;;); }, toJSON() { for (;;); } }",
        "throw Object.defineProperty(new Error(), 'message', { get() { for (;;); } })",
        "console.log({ toJSON() { for (;;); } })",
        "function* g() { for (;;) yield 1 } for (const x of g());",
        "[1, 2, 3].sort(() => { for (;;); })",
        "'a'.replace(/a/g, () => { for (;;); })",
        "while (true) try { new Date({ valueOf() { for (;;); } }) } catch {}",
        "while (true) try { BpmnError({ toString() { for (;;); } }) } catch {}",
        "while (true) { try { doCmd({ toString() { for (;;); } }) } catch {} }",
        "Array.from({ length: 1e9 }, () => 1)",
        "for (let i = 0; ; i++) { [].concat([i]) }",
    ] {
        passes_steps(source);
    }
}

#[test]
fn a_regular_expression_that_explodes_passes_the_limit_of_steps() {
    passes_steps("return /^(a+)+$/.test('a'.repeat(40) + '!')");
    passes_steps("try { /^(a|aa)+$/.exec('a'.repeat(60) + '!') } catch {} return 'on'");
    passes_steps("for (;;) try { 'a'.repeat(40).concat('!').match(/(a*)*b/) } catch {}");
}

/// The same script and the same input meet the limit at the same place, whatever the interpreter did before.
#[test]
fn the_limit_of_steps_is_decided_by_the_script_alone() {
    let source = |turns: u32| format!("let i = 0; while (i < {turns}) i++; return i");
    let ends = |turns: u32| few_steps(&source(turns)).is_ok();
    let (mut good, mut bad) = (10_000_u32, 150_000_u32);
    assert!(ends(good), "{:?}", few_steps(&source(good)));
    assert!(!ends(bad), "{:?}", few_steps(&source(bad)));
    while bad - good > 1 {
        let middle = (good + bad) / 2;
        if ends(middle) { good = middle } else { bad = middle }
    }
    for before in ["1 + 1", "for (let i = 0; i < 3333; i++); 1", "doCmd('x')", "for (let i = 0; i < 7777; i++); 2"] {
        let _ = run(ScriptKind::Task, before, json!({}));
        assert!(ends(good), "{good} after {before}");
        assert!(!ends(bad), "{bad} after {before}");
    }
}

#[test]
fn an_ordinary_script_has_steps_to_spare() {
    let source = "let sum = 0; for (let i = 0; i < 100000; i++) sum += i; return sum";
    let limits = Limits { steps: STEPS_MAX, wall: PATIENT, grace: Duration::ZERO };
    let variables = Variables::new();
    let outcome = engine::evaluate(&request(ScriptKind::Task, source, &variables), limits).unwrap();
    assert_eq!(outcome.result, json!(4_999_950_000_i64));
}

#[test]
fn a_script_that_hoards_memory_passes_the_limit_of_the_heap() {
    for source in [
        "let s = 'x'; for (;;) s += s + '';",
        "let s = 'x'; for (;;) { s += s; s.charCodeAt(0) }",
        "const list = []; for (;;) list.push('y'.repeat(100000) + list.length)",
        "const list = []; for (;;) list.push(new Array(10000).fill(0))",
        "return 'x'.repeat(500_000_000)",
        "return new Array(50_000_000).fill(1).length",
        "const m = new Map(); for (let i = 0; ; i++) m.set('key' + i, { i })",
        "let a = []; for (;;) a = [a, a.concat(a), 'x'.repeat(1000)]",
        "return JSON.stringify(new Array(4_000_000).fill(123456789)).length",
        "return 'x,'.repeat(3_000_000).split(',').map(x => [x, x, {}]).length",
    ] {
        match failure(source) {
            ScriptFailure::Limit(text) => {
                assert!(text.contains("memory") || text.contains("steps"), "{source}: {text}")
            }
            // The longest string the language allows is shorter than the largest asked for here.
            ScriptFailure::Technical(text) => assert!(text.contains("invalid string length"), "{source}: {text}"),
            other => panic!("{source}: {other:?}"),
        }
        assert_eq!(value("1 + 1"), json!(2), "{source}");
    }
}

/// The room of a kept interpreter is smaller, and that decides nothing.
#[test]
fn memory_within_the_limit_is_granted_although_a_kept_interpreter_has_less() {
    assert_eq!(value("return 'x'.repeat(10_000_000).length"), json!(10_000_000));
    assert_eq!(value("return new Array(500_000).fill(7).length"), json!(500_000));
}

#[test]
fn a_recursion_without_end_passes_the_limit_of_the_stack() {
    for source in [
        "function f() { return f() + 1 } return f()",
        "const f = () => [1].map(f); return f()",
        "const o = { get x() { return this.x } }; return o.x",
        "const o = { toString() { return `${this}` } }; return `${o}`",
        "const o = { toJSON() { return JSON.stringify(this) } }; return o",
        "let a = []; for (let i = 0; i < 100000; i++) a = [a]; return a",
        "class A { constructor() { new A() } } new A()",
        "let s = '1'; for (let i = 0; i < 20000; i++) s = `[${s}]`; return JSON.parse(s)",
        "function* g() { yield* g() } return [...g()]",
        "return /(?:a|(?:b|(?:c)*)*)*$/.test('abc'.repeat(5)) && (function f() { f() })()",
    ] {
        let text = limit(source);
        assert!(text.contains("stack") || text.contains("memory"), "{source}: {text}");
        assert_eq!(value("1 + 1"), json!(2), "{source}");
    }
}

#[test]
fn source_nested_without_end_is_refused() {
    for source in [
        "(".repeat(50_000) + "1" + &")".repeat(50_000),
        "[".repeat(50_000) + &"]".repeat(50_000),
        "{".repeat(50_000) + &"}".repeat(50_000),
        "!".repeat(100_000) + "1",
        "a=>".repeat(50_000) + "1",
        "return ".to_owned() + &"new {a=".repeat(20_000) + "1" + &"}".repeat(20_000),
        "1+".repeat(100_000) + "1;var",
        "`${".repeat(30_000) + &"}`".repeat(30_000),
    ] {
        assert!(crate::check(&source).is_err(), "{}", &source[..20]);
        assert_eq!(value("1 + 1"), json!(2));
    }
}

#[test]
fn results_writes_and_arguments_are_limited_in_size() {
    let most = RESULT_BYTES_MAX - 2;
    assert_eq!(value(&format!("return 'x'.repeat({most})")).as_str().map(str::len), Some(most));
    for source in [
        format!("return 'x'.repeat({})", most + 1),
        "return 'x'.repeat(1_000_000)".to_owned(),
        "return Array.from({ length: 20 }, () => 'ä'.repeat(10_000))".to_owned(),
        format!("context.big = 'x'.repeat({most}); return 1"),
        "for (let i = 0; i < 30; i++) context['v' + i] = 'x'.repeat(10_000)".to_owned(),
        format!("doCmd('A', 'x'.repeat({}))", most + 1),
    ] {
        let text = limit(&source);
        assert!(text.contains(&RESULT_BYTES_MAX.to_string()), "{source}: {text}");
    }
}

#[test]
fn the_wall_clock_asks_for_another_try() {
    let limits = Limits { steps: STEPS_MAX, wall: Duration::ZERO, grace: Duration::ZERO };
    let variables = Variables::new();
    for source in ["for (;;);", "for (;;) try { for (;;); } catch {}"] {
        assert_eq!(
            engine::evaluate(&request(ScriptKind::Task, source, &variables), limits),
            Err(ScriptFailure::Timeout),
            "{source}"
        );
        assert_eq!(value("Date.now()"), json!(NOW_MS));
    }
    let quick = engine::evaluate(&request(ScriptKind::Task, "return 1", &variables), limits);
    assert_eq!(quick.unwrap().result, json!(1), "what ends before the first look at the clock has ended");
}

/// Minutes may pass within 10,000 searches through megabytes; the caller waits for its deadline only.
#[test]
fn a_caller_does_not_wait_for_an_interpreter_that_does_not_look_at_its_limits() {
    let limits = Limits { steps: STEPS_MAX, wall: Duration::ZERO, grace: Duration::from_millis(20) };
    let source =
        "const hay = 'x'.repeat(3_000_000); for (let i = 0; i < 40; i++) hay.indexOf('xxxxxxxxxxxxxxxxxxxxxxxxxy')";
    let variables = Variables::new();
    assert_eq!(guard::evaluate(&request(ScriptKind::Task, source, &variables), limits), Err(ScriptFailure::Timeout));
    assert_eq!(value("String(1 + 1)"), json!("2"), "the next script has a new helper");
}

#[test]
fn only_scripts_without_calls_loops_and_functions_run_where_they_are_asked_for() {
    for plain in [
        "amount > 100000",
        "return userAction === 'Recommend' ? 'Flow_ToManager' : 'Flow_Rejected';",
        "return (a || b) && !(c < 1) && (typeof (d) === 'string')",
        "if (amount > 1) { context.total = (amount * 2) / 3; } else return { a: [1, 2], b: customer.name }",
        "context.total = amount * 1.2; return { total: context.total, by: customer.name };",
        "",
    ] {
        assert!(is_plain(plain), "{plain}");
    }
    for busy in [
        "f()",
        "a.includes('x')",
        "a . b (1)",
        "(f)(1)",
        "a[0](1)",
        "a?.(1)",
        "a/* */(1)",
        "a // b\n (1)",
        "context.if (1)",
        "'x'.repeat (9)",
        "x => x",
        "while (a) a--",
        "for (;;);",
        "do a--; while (a)",
        "return new Array",
        "`${a}`",
        "f`x`",
        "2 ** 9",
        "3n * 3n",
        "return 0xFn",
        "({ get x() { return 1 } }).x",
        "({ m() {} })",
        "function f() {}",
        "class A {}",
        "\\u0066or (;;);",
        "with (context) a",
        "f // a comment (=\n (1)",
    ] {
        assert!(!is_plain(busy), "{busy}");
    }
    assert!(!is_plain(&"1 + ".repeat(1000)));
}
