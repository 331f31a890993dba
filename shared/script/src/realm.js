// The realm every script runs in: takes the language's own objects, removes what scripts may not have, adds the host
// names and freezes everything, so that evaluations share one context and yet cannot reach each other.
// After `harden` nothing here may call a method found on a value that a script made.
(function (parse, evaluate, stop, time, shared) {
  'use strict';

  const { Error, JSON, Map, Math, Object, Reflect, Set, String, Symbol, TypeError, WeakSet } = globalThis;
  const { create, defineProperty, freeze, getPrototypeOf, hasOwn, keys } = Object;
  const { apply, construct, ownKeys } = Reflect;
  const { stringify } = JSON;
  const isWellFormed = (text) => apply(String.prototype.isWellFormed, text, []);

  const CONDITION = 3;
  const LOG_LINES = 100;
  const LOG_CHARACTERS = 1000;
  const COMMANDS = 100;
  // A longer script whose value cannot be found without compiling it anew at every run has the value null.
  const PROGRAM_CHARACTERS = 8192;

  // State of the one evaluation that runs; `run` sets every name anew.
  let kind = CONDITION;
  const nothing = freeze(create(null));
  let variables = nothing;
  let original = nothing;
  let formData;
  let userAction;
  let currentUser;
  let answers = [];
  let calls = 0;
  let wanted;
  let exceeded = '';
  let log = [];
  let unknown;
  let armed = false;

  // ---------------------------------------------------------------- errors

  const business = new WeakSet();

  function BpmnError(code, message) {
    const name = code === undefined || code === null ? '' : `${code}`;
    if (name === '') throw new TypeError('BpmnError needs a code: BpmnError(code, message)');
    const error = construct(Error, [message === undefined ? '' : `${message}`], new.target || BpmnError);
    defineProperty(error, 'code', { value: name, writable: true, enumerable: true, configurable: true });
    business.add(error);
    return error;
  }
  defineProperty(BpmnError, 'prototype', { value: create(Error.prototype), writable: false });
  defineProperty(BpmnError.prototype, 'constructor', { value: BpmnError });
  defineProperty(BpmnError.prototype, 'name', { value: 'BpmnError' });

  // The interrupt that follows `stop` is the only exception a script cannot catch, and it comes at the next count of
  // the engine's own counter; until then this waits.
  function halt() {
    stop();
    for (;;);
  }

  // Text of anything a script may throw or log; a hostile value costs its own text only.
  function text(value) {
    try {
      if (typeof value === 'string') return value;
      if (typeof value !== 'object' || value === null) return String(value);
      if (business.has(value) || value instanceof Error) return `${value.name}: ${value.message}`;
      const json = stringify(value);
      return json === undefined ? String(value) : json;
    } catch {
      return '(value without a text)';
    }
  }

  function read(value, name) {
    try {
      return value[name];
    } catch {
      return undefined;
    }
  }

  function shorten(value, limit) {
    const short = value.length > limit ? apply(String.prototype.slice, value, [0, limit]) : value;
    return isWellFormed(short) ? short : apply(String.prototype.toWellFormed, short, []);
  }

  // ---------------------------------------------------------------- log

  function note(level, line) {
    if (log.length < 2 * LOG_LINES) log.push(level, shorten(line, LOG_CHARACTERS));
  }

  const logs = (level) => (...values) => {
    if (log.length >= 2 * LOG_LINES) return;
    let line = '';
    for (let at = 0; at < values.length && line.length < LOG_CHARACTERS; at++) {
      line += (at === 0 ? '' : ' ') + text(values[at]);
    }
    note(level, line);
  };

  const info = logs('info');
  const warn = logs('warn');
  const error = logs('error');
  const console = { log: info, info, debug: info, trace: info, warn, error };
  const logger = { log: info, info, debug: info, warn, error };

  // ---------------------------------------------------------------- commands

  function doCmd(name, args) {
    if (kind === CONDITION) throw new Error('a condition may not run commands');
    if (typeof name !== 'string' || name === '') throw new TypeError('doCmd needs the name of a command: doCmd(name, arguments)');
    // The arguments are turned into text before the call is counted: toJSON of a script may run commands itself.
    const json = stringify(args);
    if (calls >= COMMANDS) {
      exceeded = `more than ${COMMANDS} commands in one script`;
      halt();
    }
    const number = calls++;
    if (number >= answers.length) {
      wanted = [number, shorten(name, LOG_CHARACTERS), json === undefined ? '{}' : json];
      halt();
    }
    const answer = answers[number];
    if (answer.failed) throw new BpmnError(answer.code, answer.message);
    return answer.value;
  }

  const BankLingo = { ExecuteCommand: doCmd };

  // ---------------------------------------------------------------- names

  function variable(name) {
    if (hasOwn(variables, name)) return variables[name];
    // What became no variable. Names that begin so are the engine's, whatever a form calls its fields.
    if (formData !== undefined && hasOwn(formData, name) && name[0] !== '_') return formData[name];
    unknown ??= create(null);
    if (unknown[name] !== true) {
      unknown[name] = true;
      note('warn', `${name} is no process variable: read as undefined`);
    }
    return undefined;
  }

  function assign(name, value) {
    if (name === '__proto__') {
      defineProperty(variables, name, { value, writable: true, enumerable: true, configurable: true });
    } else variables[name] = value;
  }

  // The engine sets these variables. What a script assigns is dropped later, whatever way it was assigned.
  const ENGINE = ['currentUser', 'userAction'];

  const host = create(null);
  host.context = () => variables;
  host.formData = () => (formData === undefined ? variable('formData') : formData);
  host.userAction = () => (userAction === undefined ? variable('userAction') : userAction);
  host.currentUser = () => (currentUser === undefined ? variable('currentUser') : currentUser);
  host.BpmnError = () => BpmnError;
  host.doCmd = () => doCmd;
  host.BankLingo = () => BankLingo;
  host.console = () => console;
  host.logger = () => logger;
  // Once per evaluation, for the wrapper of a script without `return`, before the script's own code begins.
  host.eval = () => {
    if (!armed) return variable('eval');
    armed = false;
    return evaluate;
  };

  const STANDARD = [
    'AggregateError', 'Array', 'BigInt', 'Boolean', 'Date', 'Error', 'EvalError', 'Function', 'Infinity', 'Iterator',
    'JSON', 'Map', 'Math', 'NaN', 'Number', 'Object', 'RangeError', 'ReferenceError', 'Reflect', 'RegExp', 'Set',
    'String', 'Symbol', 'SyntaxError', 'TypeError', 'URIError', 'WeakMap', 'WeakSet', 'decodeURI',
    'decodeURIComponent', 'encodeURI', 'encodeURIComponent', 'globalThis', 'isFinite', 'isNaN', 'parseFloat',
    'parseInt', 'undefined',
  ];
  const standard = create(null);

  // What the bare names of one script mean. Frozen and without state of its own: the getters look at the evaluation
  // that runs, so one scope serves every evaluation of the script.
  function scopeOf(names) {
    const scope = create(null);
    for (const name of names) {
      if (name in standard) {
        defineProperty(scope, name, { value: standard[name] });
        continue;
      }
      const get = name in host ? host[name] : () => variable(name);
      const set =
        name in host && name !== 'eval' && !ENGINE.includes(name)
          ? () => {
              throw new TypeError(`${name} is a name of the host and cannot be assigned`);
            }
          : (value) => assign(name, value);
      defineProperty(scope, name, { get: freeze(get), set: freeze(set) });
    }
    return freeze(scope);
  }

  // ---------------------------------------------------------------- compiling

  // Parses and runs nothing: the first statement throws. Gives the syntax error, or undefined.
  function syntaxError(code) {
    try {
      parse(`throw 0;${code}`);
    } catch (thrown) {
      return thrown === 0 ? undefined : thrown;
    }
    return undefined;
  }

  // Each pair or triple of wrappers goes on differently behind the script, so a text that closes a wrapper's bracket
  // itself cannot satisfy all of them: what parses here is complete in itself.
  function form(source, expression) {
    if (expression !== '' && isExpression(expression)) return 'expression';
    const failed = bodyError(source);
    if (failed !== undefined) throw failed;
    return syntaxError(`\n${source}`) === undefined ? 'program' : 'body';
  }

  function bodyError(source) {
    const wrappers = [`(function(){\n${source}\n})`, `({m(){\n${source}\n}})`, `(function(){function f(){\n${source}\n}})`];
    for (const wrapper of wrappers) {
      const failed = syntaxError(wrapper);
      if (failed !== undefined) return failed;
    }
    return undefined;
  }

  // Splits a script without `return` before its last expression, which spares compiling it at every run. Gives
  // undefined where it is not certain that the rest is one statement of its own.
  function split(source) {
    if (/<!--|-->/.test(source)) return undefined;
    const clean = source.replace(/[;\s]+$/, '');
    let at = clean.length;
    for (let tries = 0; tries < 8 && at > 0; tries++) {
      at = Math.max(clean.lastIndexOf(';', at - 1), clean.lastIndexOf('\n', at - 1));
      if (at < 0) return undefined;
      const head = clean.slice(0, at + 1);
      const tail = clean.slice(at + 1);
      const begins = /^\s*(?!(?:function|class|async|let|in|instanceof)\b)['"\w$]/.test(tail);
      const ends = clean[at] === ';' ? !/\/\/.*$/.test(head) : !/\b(?:let|async|await|yield|static|using|of|get|set)\s*$/.test(head);
      if (begins && ends && isExpression(tail) && bodyError(head) === undefined) return [head, tail];
    }
    return undefined;
  }

  const isExpression = (text) => syntaxError(`(\n${text}\n)`) === undefined && syntaxError(`[\n${text}\n]`) === undefined;

  // `substitute` is the source without the words scripts may not use, where there are any: reading it differently
  // proves that one of them began something.
  function compile(source, expression, names, substitute, substituteExpression) {
    const found = form(source, expression);
    let program = false;
    if (substitute !== '') {
      let other;
      try {
        other = form(substitute, substituteExpression);
      } catch {
        other = 'error';
      }
      if (other !== found) return [halt, 'refused'];
    }
    let inner = `\n${source}\n`;
    if (found === 'expression') inner = `return(\n${expression}\n)`;
    if (found === 'program') {
      const parts = split(source);
      if (parts !== undefined) inner = `\n${parts[0]}return(${parts[1]}\n)`;
      else if (source.length <= PROGRAM_CHARACTERS) {
        inner = `return eval(${stringify(source)})`;
        program = true;
      }
    }
    const outer = evaluate(`(function(scope){with(scope){return function(){return function(){${inner}}}}})`);
    return [outer(scopeOf(names)), program ? 'program' : 'body'];
  }

  // ---------------------------------------------------------------- running

  function writes() {
    const changed = create(null);
    let any = false;
    for (const name of keys(variables)) {
      const value = variables[name];
      if ((typeof value !== 'object' || value === null) && name in original && value === original[name]) continue;
      changed[name] = value === undefined ? null : value;
      any = true;
    }
    for (const name of keys(original)) {
      if (!hasOwn(variables, name)) {
        changed[name] = null;
        any = true;
      }
    }
    return any ? stringify(changed) : '';
  }

  function failure(thrown) {
    const object = (typeof thrown === 'object' && thrown !== null) || typeof thrown === 'function';
    if (object && business.has(thrown)) {
      return ['bpmn', shorten(text(read(thrown, 'code')), 255), shorten(text(read(thrown, 'message')), 4000)];
    }
    // What the interpreter throws where even an error finds no room.
    if (thrown === null || (!object && text(thrown) === '[uninitialized]')) return ['nothing'];
    if (!object || !(thrown instanceof Error)) return ['thrown', shorten(text(thrown), 4000)];
    const name = shorten(text(read(thrown, 'name')), 100);
    const stack = read(thrown, 'stack');
    return [
      'error',
      name,
      shorten(text(read(thrown, 'message')), 4000),
      typeof stack === 'string' ? shorten(stack, 4000) : '',
    ];
  }

  function run(make, program, ofKind, given, form, action, user, now, low, high, recorded) {
    kind = ofKind;
    variables = given;
    original = nothing;
    formData = form;
    userAction = action;
    currentUser = user;
    time.set(now, low, high);
    answers = recorded === undefined ? [] : recorded;
    calls = 0;
    wanted = undefined;
    exceeded = '';
    log = [];
    unknown = undefined;
    try {
      if (kind !== CONDITION) {
        original = create(null);
        for (const name of keys(given)) original[name] = given[name];
      }
      const script = make();
      armed = program;
      const value = script();
      const result = stringify(value);
      const changed = kind === CONDITION ? '' : writes();
      return ['done', result === undefined ? 'null' : result, changed, ...log];
    } catch (thrown) {
      return failure(thrown);
    } finally {
      armed = false;
      variables = original = nothing;
      formData = undefined;
    }
  }

  // After an interrupt: why the script was stopped from within, and nothing of it stays.
  function stopped() {
    const why = exceeded !== '' ? ['limit', exceeded] : wanted === undefined ? [] : ['wanted', ...wanted];
    variables = original = nothing;
    formData = wanted = undefined;
    answers = [];
    return why;
  }

  // ---------------------------------------------------------------- hardening

  function harden() {
    time.install();
    for (const name of ['captureStackTrace', 'prepareStackTrace', 'stackTraceLimit']) delete Error[name];
    delete Array.fromAsync;

    // Text must not become code.
    function Function() {
      throw new TypeError('a script may not make code from text');
    }
    const kinds = [function () {}, function* () {}, async function () {}, async function* () {}].map(getPrototypeOf);
    for (const prototype of kinds) defineProperty(prototype, 'constructor', { value: Function });
    defineProperty(Function, 'prototype', { value: kinds[0], writable: false });
    globalThis.Function = Function;

    const iterators = [
      [][Symbol.iterator](), ''[Symbol.iterator](), new Map()[Symbol.iterator](), new Set()[Symbol.iterator](),
      'a'.matchAll(/a/g), (function* () {})(), Iterator.from({ next() {} }), [].values().map((value) => value),
    ];

    // What is taken away may still be reached from an instance the engine makes, so it is frozen with the rest.
    const taken = ownKeys(globalThis).map((name) => globalThis[name]);
    for (const name of ownKeys(globalThis)) if (!STANDARD.includes(name)) delete globalThis[name];
    const roots = [globalThis, console, logger, BankLingo, doCmd, BpmnError, ...taken, ...kinds, ...iterators.map(getPrototypeOf)];
    roots.push(...keys(host).map((name) => host[name]));
    const found = shared.walk(roots);
    for (const name of STANDARD) standard[name] = globalThis[name];
    shared.overridable(Object.prototype);
    for (const name of STANDARD) if (name.endsWith('Error')) shared.overridable(globalThis[name].prototype);
    shared.overridable(BpmnError.prototype);
    for (const object of found) freeze(object);
  }

  harden();
  return { compile, run, stopped };
})
