// Finds what scripts share, and keeps assignments below a frozen prototype possible. Decides nothing about what scripts
// may have.
(function () {
  'use strict';

  const { Object, Reflect, Set, String, TypeError } = globalThis;
  const { defineProperty, freeze, getOwnPropertyDescriptor, getPrototypeOf } = Object;
  const { ownKeys } = Reflect;

  // Every object that prototypes, properties and accessors lead to.
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

  return { walk, overridable };
})()
