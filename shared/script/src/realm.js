// The realm every script runs in: takes the language's own objects, removes what scripts may not have, adds the host
// names and freezes everything, so that evaluations share one context and yet cannot reach each other.
// After `harden` nothing here may call a method found on a value that a script made.
(function (parse, evaluate, stop) {
  'use strict';

  const { Array, BigInt, Date: NativeDate, Error, JSON, Math, Number, Object, Reflect, RegExp, String, Symbol, TypeError, WeakSet } =
    globalThis;
  const { create, defineProperty, freeze, getOwnPropertyDescriptor, getPrototypeOf, keys } = Object;
  const { apply, construct, ownKeys } = Reflect;
  const { stringify } = JSON;
  const hasOwn = Object.hasOwn;
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
  let now = 0;
  let seedLow = 0;
  let seedHigh = 0;
  let random;
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

  // ---------------------------------------------------------------- time and chance

  // A text without a zone is UTC, wherever the process runs.
  function withZone(value) {
    const clean = apply(String.prototype.trim, value, []);
    if (/(?:Z|GMT|UTC|\b[ECMP][SD]T|[+-]\d\d:?\d\d)\s*(?:\([^)]*\))?$/i.test(clean)) return clean;
    if (/^[+-]?\d{4,6}(?:-\d\d){0,2}$/.test(clean)) return clean;
    return /T\d\d:?\d\d/.test(clean) ? `${clean}Z` : `${clean} UTC`;
  }

  function parseDate(value) {
    const ms = NativeDate.parse(withZone(value));
    return Number.isNaN(ms) && /[+-]\d{4}$/.test(value) === false ? NativeDate.parse(value) : ms;
  }

  function Date(...parts) {
    if (new.target === undefined) return apply(dateText, new NativeDate(now), []);
    let ms;
    if (parts.length === 0) ms = now;
    else if (parts.length > 1) ms = apply(NativeDate.UTC, undefined, parts);
    else {
      let value = parts[0];
      if (typeof value === 'object' && value !== null) {
        const own = dateValue(value);
        value = own === undefined ? primitive(value) : own;
      }
      ms = typeof value === 'string' ? parseDate(value) : Number(value);
    }
    return construct(NativeDate, [ms], new.target);
  }

  function dateValue(value) {
    try {
      return apply(NativeDate.prototype.getTime, value, []);
    } catch {
      return undefined;
    }
  }

  function primitive(value) {
    const convert = value[Symbol.toPrimitive];
    if (convert !== undefined && convert !== null) return apply(convert, value, ['default']);
    const plain = value.valueOf();
    return typeof plain === 'object' ? `${value}` : plain;
  }

  const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
  const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
  const two = (number) => (number < 10 ? `0${number}` : `${number}`);
  const four = (year) => (year < 0 ? '-' : '') + `000${Math.abs(year)}`.slice(year > 9999 || year < -9999 ? 3 : -4);
  const dateMethods = NativeDate.prototype;
  const part = (date, name) => apply(utc[name], date, []);
  const utc = create(null);
  for (const name of ownKeys(dateMethods)) {
    if (typeof name === 'string' && name.startsWith('getUTC')) utc[name.slice(6)] = dateMethods[name];
  }
  const valid = (date) => !Number.isNaN(apply(dateMethods.getTime, date, []));
  const day = (date) =>
    `${DAYS[part(date, 'Day')]} ${MONTHS[part(date, 'Month')]} ${two(part(date, 'Date'))} ${four(part(date, 'FullYear'))}`;
  const clock = (date) => `${two(part(date, 'Hours'))}:${two(part(date, 'Minutes'))}:${two(part(date, 'Seconds'))}`;
  const shortDay = (date) => `${two(part(date, 'Month') + 1)}/${two(part(date, 'Date'))}/${four(part(date, 'FullYear'))}`;
  const shortClock = (date) => {
    const hours = part(date, 'Hours');
    return `${two(hours % 12 || 12)}:${two(part(date, 'Minutes'))}:${two(part(date, 'Seconds'))} ${hours < 12 ? 'AM' : 'PM'}`;
  };
  const shown = (show) =>
    ({
      method() {
        return valid(this) ? show(this) : 'Invalid Date';
      },
    }).method;
  const dateText = shown((date) => `${day(date)} ${clock(date)} GMT+0000 (UTC)`);

  function shimDate() {
    // Local time is UTC: each local method becomes its UTC twin.
    for (const name of ownKeys(dateMethods)) {
      if (typeof name !== 'string' || !/^[gs]etUTC/.test(name)) continue;
      defineProperty(dateMethods, `${name.slice(0, 3)}${name.slice(6)}`, { value: dateMethods[name] });
    }
    const replaced = {
      getTimezoneOffset: ({ method() { return valid(this) ? 0 : NaN; } }).method,
      getYear: ({ method() { return part(this, 'FullYear') - 1900; } }).method,
      toString: dateText,
      toDateString: shown(day),
      toTimeString: shown((date) => `${clock(date)} GMT+0000 (UTC)`),
      toLocaleString: shown((date) => `${shortDay(date)}, ${shortClock(date)}`),
      toLocaleDateString: shown(shortDay),
      toLocaleTimeString: shown(shortClock),
    };
    for (const name of keys(replaced)) defineProperty(dateMethods, name, { value: replaced[name] });
    delete dateMethods.setYear;
    defineProperty(Date, 'prototype', { value: dateMethods, writable: false });
    defineProperty(Date, 'length', { value: 7 });
    defineProperty(dateMethods, 'constructor', { value: Date });
    defineProperty(Date, 'now', { value: { now: () => now }.now });
    defineProperty(Date, 'UTC', { value: NativeDate.UTC });
    defineProperty(Date, 'parse', { value: { parse: (value) => parseDate(`${value}`) }.parse });
    globalThis.Date = Date;
  }

  // xoshiro128**, seeded through splitmix32: small, and the same everywhere.
  function seed() {
    let state = (seedLow ^ Math.imul(seedHigh, 0x9e3779b1)) | 0;
    random = [0, 0, 0, 0];
    for (let at = 0; at < 4; at++) {
      state = (state + 0x9e3779b9) | 0;
      let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
      mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
      random[at] = (mixed ^ (mixed >>> 15)) | (at === 0 ? 1 : 0);
    }
  }

  function next() {
    if (random === undefined) seed();
    const [a, b, c, d] = random;
    const scrambled = Math.imul(b, 5);
    const drawn = Math.imul((scrambled << 7) | (scrambled >>> 25), 9) >>> 0;
    const mixed = d ^ b;
    const third = c ^ a;
    random = [a ^ mixed, b ^ third, third ^ (b << 9), (mixed << 11) | (mixed >>> 21)];
    return drawn;
  }

  const randomNumber = { random: () => ((next() >>> 5) * 67108864 + (next() >>> 6)) / 9007199254740992 }.random;

  // ---------------------------------------------------------------- names

  function variable(name) {
    if (hasOwn(variables, name)) return variables[name];
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
        name in host && name !== 'eval'
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

  function run(make, program, ofKind, given, form, action, user, time, low, high, recorded) {
    kind = ofKind;
    variables = given;
    original = nothing;
    formData = form;
    userAction = action;
    currentUser = user;
    now = time;
    answers = recorded === undefined ? [] : recorded;
    calls = 0;
    wanted = undefined;
    exceeded = '';
    log = [];
    unknown = undefined;
    seedLow = low;
    seedHigh = high;
    random = undefined;
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

  function walk(roots) {
    const found = new Set();
    const open = [];
    const meet = (value) => {
      if ((typeof value === 'object' && value !== null) || typeof value === 'function') {
        if (!found.has(value)) {
          found.add(value);
          open.push(value);
        }
      }
    };
    roots.forEach(meet);
    while (open.length > 0) {
      const object = open.pop();
      meet(getPrototypeOf(object));
      const own = ownKeys(object);
      // Most are functions of the language with nothing but a length and a name.
      if (own.length === 2 && own[0] === 'length' && own[1] === 'name') continue;
      for (const key of own) {
        const property = getOwnPropertyDescriptor(object, key);
        meet(property.value);
        meet(property.get);
        meet(property.set);
      }
    }
    return found;
  }

  // A frozen prototype would forbid `error.message = ...` and the like on every object below it; an accessor that
  // writes to the object itself gives the assignment its usual meaning.
  function overridable(object) {
    for (const key of ownKeys(object)) {
      const property = getOwnPropertyDescriptor(object, key);
      if (!('value' in property) || !property.configurable) continue;
      const { value, enumerable } = property;
      const get = () => value;
      const { set } = {
        set(given) {
          if (this === object) throw new TypeError(`${String(key)} of the language cannot be changed`);
          defineProperty(this, key, { value: given, writable: true, enumerable: true, configurable: true });
        },
      };
      defineProperty(object, key, { get: freeze(get), set: freeze(set), enumerable, configurable: false });
    }
  }

  function harden() {
    shimDate();
    defineProperty(Math, 'random', { value: randomNumber });
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
    const shared = walk(roots);
    for (const name of STANDARD) standard[name] = globalThis[name];
    overridable(Object.prototype);
    for (const name of STANDARD) if (name.endsWith('Error')) overridable(globalThis[name].prototype);
    overridable(BpmnError.prototype);
    for (const object of shared) freeze(object);
  }

  harden();
  return { compile, run, stopped };
})
