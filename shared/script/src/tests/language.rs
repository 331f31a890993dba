//! What scripts may say and what they give back.

use super::{NOW_MS, evaluate, failure, limit, request, run, technical, value};
use domain::script::{ScriptFailure, ScriptKind, ScriptRequest};
use domain::variables::Variables;
use serde_json::{Value, json};

#[test]
fn a_script_gives_its_return_value_or_its_last_expression() {
    for (source, expected) in [
        ("return 1 + 1", json!(2)),
        ("1 + 1", json!(2)),
        ("1 + 1; // two", json!(2)),
        ("// the sum\n1 +\n1;\n", json!(2)),
        ("var a = 1; a + 1", json!(2)),
        ("function twice(x) { return 2 * x }\ntwice(4)", json!(8)),
        ("if (true) { 'yes' } else { 'no' }", json!("yes")),
        ("if (1 > 2) return 'a';", json!(null)),
        ("let a = 1\nlet b = a + 1\nb", json!(2)),
        ("let a = 1\n  + 1\na\n  + 1", json!(3)),
        ("var a = 1; // it; is\na + 1 // it is; two", json!(2)),
        ("var a = 'x; y'; var b = `;\n${a};\nb`; b", json!(";\nx; y;\nb")),
        ("var r = /;/; r.test(';')", json!(true)),
        ("var a = 0; do a++; while (a < 3); a", json!(3)),
        ("var a = 0; if (a) a = 1; else a = 2;", json!(2)),
        ("var a = 1; { a = 5 }", json!(5)),
        ("var a = 1; function f() { return 7 }", json!(null)),
        ("var a = f(); function f() { return 7 }\na", json!(7)),
        ("var x = 1; let\ny = x", json!(null)),
        ("for (var i = 0; i < 3; i++) i", json!(2)),
        ("var a = 1; switch (a) { case 1: 'one'; break; default: 'other' }", json!("one")),
        ("var a = [3]; a\n[0]", json!(3)),
        ("var a = 5; a\n++\na", json!(6)),
        ("{ a: 1, b: [true, null] }", json!({ "a": 1, "b": [true, null] })),
        ("'use strict'; var a = 3; return a", json!(3)),
        ("'use strict'; var a = 3; a", json!(3)),
        ("", json!(null)),
        ("  ;  ", json!(null)),
        ("undefined", json!(null)),
        ("return null", json!(null)),
        ("const { a, ...rest } = { a: 1, b: 2, c: 3 }; return rest", json!({ "b": 2, "c": 3 })),
        ("return [3, 1, 2].toSorted().map(x => x ** 2).at(-1)", json!(9)),
        ("return 'abc'.replaceAll('b', '-').padEnd(4, '.')", json!("a-c.")),
        ("class A { #n = 1; get n() { return this.#n } }\nreturn new A().n ?? 0", json!(1)),
        ("function* g() { yield 1; yield 2 }\nreturn [...g()]", json!([1, 2])),
        ("label: for (const i of [1, 2, 3]) { if (i === 2) break label } return 'ok'", json!("ok")),
        ("return [...'x=1;y=2'.matchAll(/(\\w)=(\\d)/g)].map(m => m[1])", json!(["x", "y"])),
        ("return `a${1 + 1}b`", json!("a2b")),
    ] {
        assert_eq!(value(source), expected, "{source}");
    }
}

#[test]
fn results_are_json_as_stringify_makes_it() {
    for (source, expected) in [
        ("return { f: () => 1, s: Symbol('s'), u: undefined, n: 1 }", json!({ "n": 1 })),
        ("return [() => 1, Symbol('s'), undefined]", json!([null, null, null])),
        ("return () => 1", json!(null)),
        ("return Symbol('s')", json!(null)),
        ("return [NaN, Infinity, -Infinity, -0]", json!([null, null, null, 0])),
        ("return NaN", json!(null)),
        ("return new Date(0)", json!("1970-01-01T00:00:00.000Z")),
        ("return { toJSON() { return { seen: true } } }", json!({ "seen": true })),
        ("return new Map([[1, 2]])", json!({})),
        ("return { get a() { return 5 } }", json!({ "a": 5 })),
        ("return [1.5, 1e21, 12345678901]", json!([1.5, 1e21, 12_345_678_901_i64])),
        ("return 'ä€😀'", json!("ä€😀")),
    ] {
        assert_eq!(value(source), expected, "{source}");
    }
}

#[test]
fn what_is_no_json_value_is_a_technical_error() {
    assert!(technical("var a = {}; a.a = a; return a").contains("circular"));
    assert!(technical("return 10n").contains("BigInt"));
    assert!(technical("return { n: [10n] }").contains("BigInt"));
    assert!(technical("return '\\ud800'").contains("no JSON value"));
    assert!(technical("var a = {}, b = a; for (var i = 0; i < 200; i++) b = b.x = {}; return a").contains("recursion"));
}

/// S4-96: `context.x` and `x` are one variable.
#[test]
fn bare_names_and_context_are_one_variable() {
    let source = "total = price * 2; context.price = 5; context['list'].push(3); return price + total";
    let outcome = run(ScriptKind::Task, source, json!({"price": 4, "list": [1], "other": true})).unwrap();
    assert_eq!(outcome.result, json!(13));
    assert_eq!(json!(outcome.writes), json!({"total": 8, "price": 5, "list": [1, 3]}));
}

#[test]
fn the_whole_context_can_be_looked_at() {
    let variables = json!({"a": 1, "b": {"c": 2}, "__proto__": 3});
    for (source, expected) in [
        ("return Object.keys(context)", json!(["__proto__", "a", "b"])),
        ("return { ...context }", variables.clone()),
        ("const all = context; return all.b.c", json!(2)),
        ("const { b } = context; return b", json!({"c": 2})),
        ("return context[['a'][0]]", json!(1)),
        ("return ['a', 'x'].map(n => n in context)", json!([true, false])),
        ("return context.hasOwnProperty('b')", json!(true)),
        ("return context?.b?.c", json!(2)),
        ("with (context) { return b.c }", json!(2)),
        ("return cont\\u0065xt['b']", json!({"c": 2})),
    ] {
        let outcome = run(ScriptKind::Task, source, variables.clone()).unwrap();
        assert_eq!(outcome.result, expected, "{source}");
        assert_eq!(outcome.writes, Variables::new(), "{source}");
    }
}

#[test]
fn variables_reach_a_script_as_they_are_stored() {
    let variables = json!({
        "text": "a\"\u{0}\u{2028}ä", "int": -7, "big": 9_007_199_254_740_993_i64, "float": 1.0, "none": null,
        "yes": true, "deep": {"list": [1.0, {"x": 9_007_199_254_740_993_i64}]}, "toString": "shadow", "constructor": 1
    });
    let source = "return [text, int, float, none, yes, deep.list[0], typeof big, toString, constructor]";
    let outcome = run(ScriptKind::Task, source, variables).unwrap();
    assert_eq!(outcome.result, json!(["a\"\u{0}\u{2028}ä", -7, 1, null, true, 1, "number", "shadow", 1]));
    assert_eq!(outcome.writes, Variables::new(), "numbers a script only read are not rewritten");
}

#[test]
fn assigned_variables_are_written_whatever_way_they_were_assigned() {
    let variables = json!({"gone": 1, "object": {"a": 1}, "same": 5});
    let source = "
        context.direct = 1; bare = 2; context['key'] = 3; [one, { two }] = [11, { two: 12 }];
        for (item of ['x', 'y']); counter = 0; counter++; object.a = 2; delete context.gone; same = 5;
        context.nothing = undefined; helper = () => 1; context.nan = NaN; context.at = new Date(0);
        Object.defineProperty(context, 'defined', { value: 'd', enumerable: true });
        (function () { nested = true; var local = 1; let other = 2 })();";
    let outcome = run(ScriptKind::Task, source, variables).unwrap();
    assert_eq!(
        json!(outcome.writes),
        json!({
            "direct": 1, "bare": 2, "key": 3, "one": 11, "two": 12, "item": "y", "counter": 1, "object": {"a": 2},
            "gone": null, "nothing": null, "nan": null, "at": "1970-01-01T00:00:00.000Z", "defined": "d",
            "nested": true
        })
    );
}

#[test]
fn declared_names_shadow_host_names_and_host_names_shadow_variables() {
    let variables = json!({"doCmd": 1, "Math": 2, "shadow": 3});
    let source = "var shadow = 'local'; let logger = 'mine'; function check(context) { return context }
        return [typeof doCmd, Math.max(1, 2), shadow, logger, check('parameter'), context.Math, context.doCmd]";
    let outcome = run(ScriptKind::Task, source, variables).unwrap();
    assert_eq!(outcome.result, json!(["function", 2, "local", "mine", "parameter", 2, 1]));
    assert_eq!(outcome.writes, Variables::new());
}

#[test]
fn host_names_cannot_be_assigned() {
    for name in ["context", "formData", "doCmd", "BankLingo", "console", "logger", "BpmnError"] {
        let text = technical(&format!("{name} = 1"));
        assert!(text.contains(&format!("{name} is a name of the host")), "{text}");
    }
}

/// D-34: a variable that does not exist is undefined, and says so in the log.
#[test]
fn an_unknown_name_is_undefined_and_logged_once() {
    let source = "return [!comments, typeof missing, (comments || '').length, context.absent === undefined]";
    let outcome = run(ScriptKind::Condition, source, json!({})).unwrap();
    assert_eq!(outcome.result, json!([true, "undefined", 0, true]));
    let log: Vec<_> = outcome.log.iter().map(|line| (line.level, line.text.as_str())).collect();
    assert_eq!(
        log,
        [
            ("warn", "comments is no process variable: read as undefined"),
            ("warn", "missing is no process variable: read as undefined")
        ]
    );
}

#[test]
fn a_pre_script_and_a_condition_write_nothing() {
    let source = "seen = 1; context.customer.name = 'B'; return [seen, customer.name]";
    let variables = json!({"customer": {"name": "A"}});
    let pre = run(ScriptKind::Pre, source, variables.clone()).unwrap();
    assert_eq!(pre.result, json!([1, "B"]));
    assert_eq!(pre.writes, Variables::new());
    assert_eq!(pre.log.len(), 1);
    assert!(pre.log[0].text.contains("customer, seen"), "{:?}", pre.log);
    let condition = run(ScriptKind::Condition, source, variables).unwrap();
    assert_eq!(condition.result, json!([1, "B"]));
    assert_eq!(condition.writes, Variables::new());
}

#[test]
fn a_condition_reads_variables_and_may_leave_out_return() {
    let variables = json!({"userAction": "Recommend", "amount": 100_001, "currentUser": "u"});
    for (source, expected) in [
        ("return userAction === 'Recommend' ? 'Flow_ToManager' : 'Flow_Rejected';", json!("Flow_ToManager")), // V-16
        ("return amount > 100000 ? 'Flow_HighValue' : 'Flow_Standard';", json!("Flow_HighValue")),            // V-17
        ("amount > 100000", json!(true)),
        ("context.amount <= 100000", json!(false)),
        ("amount", json!(100_001)),
        ("currentUser", json!("u")),
        ("  return\tamount == 100001  ", json!(true)),
    ] {
        assert_eq!(run(ScriptKind::Condition, source, variables.clone()).unwrap().result, expected, "{source}");
    }
}

#[test]
fn errors_are_business_errors_or_technical_errors() {
    let bpmn = |code: &str, message: &str| ScriptFailure::Bpmn { code: code.into(), message: message.into() };
    assert_eq!(failure("throw new BpmnError('CODE', 'Text')"), bpmn("CODE", "Text"));
    assert_eq!(failure("throw BpmnError('CODE', 'Text')"), bpmn("CODE", "Text"));
    assert_eq!(failure("throw new BpmnError('CODE')"), bpmn("CODE", ""));
    assert_eq!(failure("throw BpmnError(404, { toString() { return 'x' } })"), bpmn("404", "x"));
    assert_eq!(failure("class E extends BpmnError {}; throw new E('CODE', 'Text')"), bpmn("CODE", "Text"));
    assert_eq!(failure("try { throw BpmnError('A', 'b') } catch (e) { e.message += 'c'; throw e }"), bpmn("A", "bc"));
    assert_eq!(failure("try { throw BpmnError('A', 'b') } finally { 1 }"), bpmn("A", "b"));
    assert_eq!(
        value(
            "const e = BpmnError('A', 'b'); return [e instanceof Error, e instanceof BpmnError, e.name, e.code, `${e}`]"
        ),
        json!([true, true, "BpmnError", "A", "BpmnError: b"])
    );
    assert_eq!(technical("throw new Error('plain')"), "plain");
    assert_eq!(technical("null.x"), "TypeError: cannot read property 'x' of null");
    assert_eq!(technical("\n\nvar a = 1;\na.b.c;"), "TypeError: cannot read property 'c' of undefined (line 4)");
    assert_eq!(technical("var a;\nreturn a.b.c;"), "TypeError: cannot read property 'b' of undefined (line 2)");
    assert_eq!(technical("let a = 1;\nunknown();\na"), "TypeError: not a function (line 2)");
    assert!(technical("throw BpmnError()").contains("needs a code"));
    assert_eq!(technical("throw 'text'"), "the script threw a value that is no error: text");
    assert_eq!(technical("throw { code: 'A' }"), "the script threw a value that is no error: {\"code\":\"A\"}");
    assert!(limit("throw null").contains("threw null, or ran out"));
    for thrown in ["undefined", "Symbol('x')", "42", "() => 1", "10n"] {
        assert!(technical(&format!("throw {thrown}")).starts_with("the script threw"), "{thrown}");
    }
}

#[test]
fn a_forged_business_error_is_technical() {
    let forged = "throw Object.assign(Object.create(BpmnError.prototype), { code: 'A', message: 'b' })";
    assert!(technical(forged).starts_with("BpmnError: b"));
}

#[test]
fn hostile_errors_and_values_cost_only_their_text() {
    for thrown in [
        "{ toString() { throw 1 }, toJSON() { throw 2 } }",
        "{ get message() { throw 1 } }",
        "Object.create(null)",
        "Object.defineProperty(new Error('x'), 'message', { get() { throw new Error('y') } })",
        "Object.defineProperty(new Error('x'), 'name', { get() { throw 0 } })",
        "Object.defineProperty(BpmnError('A', 'b'), 'code', { get() { throw 0 } })",
        "Object.assign(BpmnError('A', 'b'), { code: { toString() { throw 0 } }, message: Symbol('m') })",
    ] {
        match failure(&format!("throw {thrown}")) {
            ScriptFailure::Technical(_) | ScriptFailure::Bpmn { .. } => {}
            other => panic!("{thrown}: {other:?}"),
        }
    }
}

#[test]
fn time_and_chance_come_from_the_request() {
    assert_eq!(value("return [Date.now(), new Date().getTime()]"), json!([NOW_MS, NOW_MS]));
    assert_eq!(value("new Date().toISOString()"), json!("2026-01-02T03:04:05.678Z"));
    let source = "return [Math.random(), Math.random()]";
    let drawn = |seed| {
        let variables = Variables::new();
        let request = ScriptRequest { seed, ..request(ScriptKind::Task, source, &variables) };
        evaluate(&request).unwrap().result
    };
    assert_eq!(drawn(7), drawn(7));
    assert_ne!(drawn(7), drawn(8));
    assert_ne!(drawn(7), drawn(7 | 1 << 40));
    let many = value("return Array.from({ length: 2000 }, Math.random)");
    let many: Vec<f64> = many.as_array().unwrap().iter().filter_map(Value::as_f64).collect();
    assert!(many.iter().all(|number| (0.0..1.0).contains(number)));
    let mean = many.iter().sum::<f64>() / 2000.0;
    assert!((0.45..0.55).contains(&mean), "{mean}");
}

/// Local time is UTC, so that a laptop and a function agree.
#[test]
fn dates_know_no_other_zone_than_utc() {
    for (source, expected) in [
        ("new Date(2026, 0, 31, 10, 30).toISOString()", json!("2026-01-31T10:30:00.000Z")),
        ("new Date('2026-07-01T10:00:00').toISOString()", json!("2026-07-01T10:00:00.000Z")),
        ("new Date('2026-07-01T10:00:00+02:00').toISOString()", json!("2026-07-01T08:00:00.000Z")),
        ("new Date('2026-07-01T10:00:00.250Z').toISOString()", json!("2026-07-01T10:00:00.250Z")),
        ("new Date('2026-07-01').getTime()", json!(1_782_864_000_000_i64)),
        ("new Date('Jul 1 2026 10:00').toISOString()", json!("2026-07-01T10:00:00.000Z")),
        ("new Date('Wed, 01 Jul 2026 10:00:00 GMT').toISOString()", json!("2026-07-01T10:00:00.000Z")),
        ("Date.parse(new Date().toString())", json!(NOW_MS / 1000 * 1000)),
        ("Date.parse('no date')", json!(null)),
        ("String(new Date('no date'))", json!("Invalid Date")),
        ("new Date().getHours()", json!(3)),
        ("new Date().getTimezoneOffset()", json!(0)),
        ("new Date().toString()", json!("Fri Jan 02 2026 03:04:05 GMT+0000 (UTC)")),
        ("Date()", json!("Fri Jan 02 2026 03:04:05 GMT+0000 (UTC)")),
        ("new Date().toDateString()", json!("Fri Jan 02 2026")),
        ("new Date().toLocaleDateString()", json!("01/02/2026")),
        ("new Date(0).toLocaleString()", json!("01/01/1970, 12:00:00 AM")),
        ("`${new Date(0)}`.length", json!(39)),
        ("new Date(new Date(5)).getTime()", json!(5)),
        ("new Date(2026, 0, 1) - new Date(2025, 0, 1)", json!(31_536_000_000_i64)),
        ("var d = new Date(0); d.setHours(5); d.setDate(2); d.toJSON()", json!("1970-01-02T05:00:00.000Z")),
        ("new Date() instanceof Date && new Date().constructor === Date", json!(true)),
        ("class D extends Date { twice() { return 2 * this.getTime() } }; return new D(4).twice()", json!(8)),
    ] {
        assert_eq!(value(source), expected, "{source}");
    }
}
