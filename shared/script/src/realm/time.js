// Time and chance for every script: `Date` shows the clock of the evaluation and knows no zone but UTC, `Math.random`
// draws from its seed. Reads no clock of the machine.
(function () {
  'use strict';

  const { Date: NativeDate, Math, Number, Object, Reflect, String, Symbol } = globalThis;
  const { create, defineProperty, keys } = Object;
  const { apply, construct, ownKeys } = Reflect;

  let now = 0;
  let seedLow = 0;
  let seedHigh = 0;
  let random;

  function set(ms, low, high) {
    now = ms;
    seedLow = low;
    seedHigh = high;
    random = undefined;
  }

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

  function install() {
    shimDate();
    defineProperty(Math, 'random', { value: randomNumber });
  }

  return { set, install };
})()
