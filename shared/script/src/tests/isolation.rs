//! No evaluation sees another's globals or a changed language, and no script reaches the host's own objects.

use super::{evaluate, failure, run, value};
use domain::script::ScriptKind;
use domain::variables::Variables;
use serde_json::json;

/// Each tries to leave something behind or to break the language for whoever comes next.
const ATTACKS: &[&str] = &[
    "Object.prototype.x = 1",
    "Object.prototype.toString = () => 'hacked'",
    "({}).__proto__.x = 1; ({}).constructor.prototype.y = 2",
    "Object.defineProperty(Object.prototype, 'x', { value: 1 })",
    "Object.setPrototypeOf(Object.prototype, { x: 1 })",
    "Object.setPrototypeOf(Array.prototype, { x: 1 })",
    "Array.prototype.push = function () { return 'hacked' }",
    "delete Array.prototype.map",
    "Array.prototype[Symbol.iterator] = function* () { yield 'hacked' }",
    "Object.getPrototypeOf([][Symbol.iterator]()).next = () => ({ done: true })",
    "Object.getPrototypeOf(''[Symbol.iterator]()).next = () => ({ done: true })",
    "Object.getPrototypeOf((function* () {})()).x = 1; Object.getPrototypeOf(function* () {}).x = 1",
    "JSON.stringify = () => '\"hacked\"'; JSON.parse = () => 'hacked'",
    "Math.max = () => 42; Math.x = 1; Math.random = () => 0",
    "Date.prototype.toISOString = () => 'hacked'; Date.now = () => 0; Date.x = 1",
    "RegExp.prototype.exec = () => ['hacked']; RegExp.x = 1; /(h)acked/.exec('hacked')",
    "String.prototype.includes = () => true; Number.prototype.toFixed = () => 'hacked'",
    "Function.prototype.call = () => 'hacked'; Function.prototype.x = 1",
    "Map.prototype.get = () => 'hacked'; Set.prototype.x = 1; WeakMap.prototype.x = 1",
    "Error.prototype.x = 1; TypeError.prototype.message = 'hacked'; Error.stackTraceLimit = 0",
    "Error.prepareStackTrace = () => 'hacked'; try { null.x } catch (e) { e.constructor.x = 1 }",
    "try { (function f() { f() })() } catch (e) { e.constructor.x = 1; Object.getPrototypeOf(e).x = 1 }",
    "Symbol.prototype.x = 1; Symbol.iterator.x = 1; Symbol.x = 1",
    "globalThis.x = 1; globalThis.Math = 1; this.x = 1; this.Array = 1; delete globalThis.JSON",
    "(function () { this.x = 1; this.undefined = 2 })()",
    "var f = () => this; f().x = 1",
    "arguments.callee.x = 1; arguments.callee.prototype.x = 1",
    "BpmnError.prototype.x = 1; BpmnError.x = 1; BpmnError.prototype.name = 'hacked'; doCmd.x = 1",
    "console.log = 1; logger.x = 1; BankLingo.ExecuteCommand = () => 'hacked'",
    "helper = function () { return this }; var scope = helper(); scope.x = 1; scope.Math = 1",
    "helper = function () { return this }; Object.setPrototypeOf(helper(), { x: 1 })",
    "helper = function () { return this }; Object.defineProperty(helper(), 'x', { value: 1 })",
    "helper = function () { return this };
     var d = Object.getOwnPropertyDescriptors(helper()); for (var k in d) { if (d[k].get) d[k].get.x = 1 }",
    "Object.prototype[Symbol.unscopables] = { x: true, Math: true, context: true }",
    "context[Symbol.unscopables] = { x: true }; context.constructor = 1; context.__proto__ = { x: 1 }",
    "Object.freeze(context); Object.setPrototypeOf(context, null)",
    "const tag = s => { s.x = 1; s.raw.x = 1; return s }; tag`a`",
    "Symbol.for('leak').description; Symbol.keyFor(Symbol.for('leak'))",
    "(function* () {}).constructor.x = 1; (() => 1).constructor.prototype.x = 1",
    "Reflect.apply = 1; Reflect.x = 1; Object.keys = () => ['hacked']; Object.freeze = o => o",
    "Iterator.prototype.x = 1; Iterator.prototype[Symbol.toStringTag] = 'hacked'",
    "undefined = 1; NaN = 2; Infinity = 3; Function = 4; Object = 5; Math = 6",
    "function Object() {} var Math = 1; let JSON = 2; var x = 3",
    "class C extends (function (o) { return o }) { #x = 1 }; new C(Math); new C(Object.prototype)",
    "parseInt.x = 1; isNaN.prototype = {}; encodeURIComponent.call = 1",
    "throw Object.prototype",
    "doCmd('A')",
];

/// Looks at everything the attacks above aim at.
const PROBE: &str = "
    const problems = [];
    const check = (name, ok) => { if (!ok) problems.push(name) };
    check('x', typeof x === 'undefined' && context.x === undefined && ({}).x === undefined && [].x === undefined);
    check('global', this.x === undefined && globalThis.x === undefined && this === globalThis);
    check('helper', typeof helper === 'undefined');
    check('toString', `${{}}` === '[object Object]');
    check('push', [1].push(2) === 2 && [1, 2].map(n => n * 2)[1] === 4 && [...[1, 2]].length === 2);
    check('iterators', [...'ab'].length === 2 && [...(function* () { yield 1 })()][0] === 1);
    check('json', JSON.stringify({ a: [1] }) === '{\"a\":[1]}' && JSON.parse('[1]')[0] === 1);
    check('math', Math.max(1, 2) === 2 && Math.x === undefined && Math.random() !== Math.random());
    check('date', new Date(0).toISOString() === '1970-01-01T00:00:00.000Z' && Date.now() > 0 && Date.x === undefined);
    check('regexp', /b/.exec('abc').index === 1 && RegExp.x === undefined && RegExp.$1 === undefined);
    check('string', !'a'.includes('b') && (1.25).toFixed(1).length === 3);
    check('call', Function.prototype.call.call(function () { return this.y }, { y: 1 }) === 1);
    check('map', new Map([[1, 2]]).get(1) === 2 && new Set([1]).x === undefined);
    check('error', String(new TypeError('m')) === 'TypeError: m' && new Error('e').x === undefined && new Error().message === '');
    let thrown; try { null.x } catch (e) { thrown = e }
    check('stack', typeof thrown.stack === 'string' && thrown.constructor.x === undefined && Error.stackTraceLimit === undefined);
    let deep; try { (function f() { f() })() } catch (e) { deep = e }
    check('own', arguments.callee.x === undefined && arguments.callee.prototype.x === undefined);
    check('host', doCmd.x === undefined && logger.x === undefined && BankLingo.ExecuteCommand === doCmd && BpmnError.x === undefined);
    check('bpmn', String(new BpmnError('A', 'b')) === 'BpmnError: b' && BpmnError('A', 'b').x === undefined);
    const tag = s => s; check('template', tag`a`.x === undefined && tag`a`.raw.x === undefined);
    check('object', Object.keys({ a: 1 })[0] === 'a' && Object.isFrozen(Object.freeze({ a: 1 })));
    check('iterator', Iterator.prototype.x === undefined && Reflect.x === undefined);
    check('functions', parseInt('12') === 12 && (() => 1).constructor === Function && Function.x === undefined);
    check('undefined', undefined === void 0 && Number.isNaN(NaN) && Infinity === 1 / 0);
    console.log('probe');
    return problems;";

#[test]
fn an_attack_leaves_nothing_to_the_next_evaluation() {
    assert_eq!(value(PROBE), json!([]), "the probe itself must find nothing in a new realm");
    for kind in [ScriptKind::Task, ScriptKind::Condition] {
        for attack in ATTACKS {
            for strict in ["", "'use strict';"] {
                let attack = format!("{strict}{attack}");
                let _ = run(kind, &attack, json!({"y": 1}));
                let probe = run(ScriptKind::Task, PROBE, json!({})).unwrap();
                assert_eq!(probe.result, json!([]), "{attack}");
                assert!(probe.writes.is_empty() && probe.log.iter().any(|line| line.text == "probe"), "{attack}");
            }
        }
    }
}

#[test]
fn a_thousand_evaluations_after_all_attacks_are_clean() {
    for attack in ATTACKS {
        let _ = run(ScriptKind::Task, attack, json!({}));
    }
    let variables = Variables::new();
    let probe = super::request(ScriptKind::Task, PROBE, &variables);
    let first = evaluate(&probe).unwrap();
    assert_eq!(first.result, json!([]));
    for _ in 0..1000 {
        assert_eq!(evaluate(&probe).unwrap(), first);
    }
}

/// Walks over prototypes, properties and accessors from every name a script has, and from what syntax alone gives.
#[test]
fn everything_shared_is_frozen() {
    let source = "
        const helper = function () { return this };
        const names = { Array, BigInt, Boolean, Date, Error, Function, Iterator, JSON, Map, Math, Number, Object, Reflect, RegExp, Set,
            String, Symbol, WeakMap, WeakSet, AggregateError, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError,
            globalThis, parseInt, parseFloat, isNaN, isFinite, decodeURI, decodeURIComponent, encodeURI, encodeURIComponent,
            BpmnError, doCmd, BankLingo, console, logger };
        let overflow; try { (function f() { f() })() } catch (e) { overflow = e }
        const made = [function () {}, () => 1, function* () {}, (function* () {}).prototype, class {}, [][Symbol.iterator](), ''[Symbol.iterator](),
            new Map().entries(), new Set().values(), 'a'.matchAll(/a/g), Iterator.from({ next() {} }), [].values().map(x => x), /a/,
            new Date(), overflow, BpmnError('A', 'b'), { __proto__: null }, [], {}, 1n, Symbol.iterator, 1, '', true].map(v => Object.getPrototypeOf(v));
        const seen = new Set(), open = [], loose = [];
        const push = (path, v) => { if ((typeof v === 'object' || typeof v === 'function') && v !== null && !seen.has(v)) { seen.add(v); open.push([path, v]) } };
        for (const n in names) push(n, names[n]);
        made.forEach((v, i) => push('made' + i, v));
        while (open.length > 0) {
            const [path, v] = open.pop();
            if (!Object.isFrozen(v)) loose.push(path);
            push(path + '.__proto__', Object.getPrototypeOf(v));
            for (const key of Reflect.ownKeys(v)) {
                const d = Object.getOwnPropertyDescriptor(v, key);
                push(path + '.' + String(key), d.value); push(path + '.get ' + String(key), d.get); push(path + '.set ' + String(key), d.set);
            }
        }
        return { loose, seen: seen.size, global: Reflect.ownKeys(globalThis).map(String).sort() }";
    let result = value(source);
    assert_eq!(result["loose"], json!([]));
    assert!(result["seen"].as_u64().unwrap() > 400, "{}", result["seen"]);
    let global = [
        "AggregateError",
        "Array",
        "BigInt",
        "Boolean",
        "Date",
        "Error",
        "EvalError",
        "Function",
        "Infinity",
        "Iterator",
        "JSON",
        "Map",
        "Math",
        "NaN",
        "Number",
        "Object",
        "RangeError",
        "ReferenceError",
        "Reflect",
        "RegExp",
        "Set",
        "String",
        "Symbol",
        "SyntaxError",
        "TypeError",
        "URIError",
        "WeakMap",
        "WeakSet",
        "decodeURI",
        "decodeURIComponent",
        "encodeURI",
        "encodeURIComponent",
        "globalThis",
        "isFinite",
        "isNaN",
        "parseFloat",
        "parseInt",
        "undefined",
    ];
    assert_eq!(
        result["global"],
        json!(global.as_slice()),
        "what the global object has is decided here and nowhere else"
    );
}

#[test]
fn text_never_becomes_code() {
    for source in [
        "return (function () {}).constructor('return 1')()",
        "return new (() => 1).constructor('return 1')()",
        "return (function* () {}).constructor('yield 1')().next()",
        "return Object.getPrototypeOf(function* () {}).constructor('yield 1')",
        "return Function('return 1')()",
        "return new Function('return 1')()",
        "return Reflect.construct(Function, ['return 1'])()",
        "return Reflect.apply(Function, null, ['return 1'])()",
        "return Function.prototype.constructor.call(null, 'return 1')()",
        "return [].constructor.constructor('return 1')()",
        "return doCmd.constructor('return 1')()",
        "return BpmnError.constructor('return 1')()",
        "return eval('1')",
        "return (0, eval)('1')",
        "return this.eval('1')",
        "return globalThis['ev' + 'al']('1')",
        "helper = function () { return this }; return helper().eval('1')",
        "var e = eval; return e('1')",
        "eval('1'); 2",
        "var x = eval; x('1'); 2",
        "new Error().constructor.constructor('return 1')()",
        "Object.getOwnPropertyDescriptor(Object.prototype, '__proto__').get.constructor('return 1')()",
        "class F extends Function {}; return new F('return 1')()",
    ] {
        match failure(source) {
            domain::script::ScriptFailure::Technical(_) => {}
            other => panic!("{source}: {other:?}"),
        }
    }
}

#[test]
fn a_script_without_return_gets_no_eval_of_its_own() {
    let outcome =
        run(ScriptKind::Task, "var e = typeof eval; var f = typeof eval; [e, f, typeof eval]; ", json!({})).unwrap();
    assert_eq!(outcome.result, json!(["undefined", "undefined", "undefined"]));
    let outcome = run(ScriptKind::Task, "var a = 1; eval = 5; context.eval", json!({})).unwrap();
    assert_eq!(json!(outcome.writes), json!({"eval": 5}));
}

#[test]
fn what_scripts_may_not_have_is_not_there() {
    let names = [
        "Promise",
        "Proxy",
        "WeakRef",
        "FinalizationRegistry",
        "ArrayBuffer",
        "SharedArrayBuffer",
        "Uint8Array",
        "DataView",
        "Atomics",
        "queueMicrotask",
        "setTimeout",
        "setInterval",
        "setImmediate",
        "fetch",
        "require",
        "process",
        "std",
        "os",
        "module",
        "exports",
        "performance",
        "navigator",
        "WebAssembly",
        "XMLHttpRequest",
        "InternalError",
        "DisposableStack",
        "AsyncDisposableStack",
        "SuppressedError",
        "DOMException",
        "structuredClone",
        "print",
        "scriptArgs",
        "gc",
        "eval",
        "scope",
        "stop",
        "realm",
        "evaluate",
    ];
    for name in names {
        let source = format!("return typeof {name} + typeof globalThis.{name}");
        assert_eq!(value(&source), json!("undefinedundefined"), "{name}");
    }
}

#[test]
fn stack_traces_and_callers_reveal_no_function() {
    for (source, expected) in [
        ("function f() { return typeof f.caller } try { return f() } catch (e) { return e.name }", json!("undefined")),
        ("return typeof Error.captureStackTrace", json!("undefined")),
        ("return typeof Error.prepareStackTrace", json!("undefined")),
        ("return arguments.length", json!(0)),
        ("return new.target === undefined", json!(true)),
    ] {
        let result = value(source);
        assert!(result == expected || result == json!("TypeError"), "{source}: {result}");
    }
}
