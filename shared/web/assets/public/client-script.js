// Runs the ClientScript of a task page: when the page is there and after each change. Every run begins with the form as it
// was served, notes what the script wants shown, required and marked, and applies it. Decides nothing: what is sent is
// what the form holds, hidden or not, and the server checks it. Counts in the first response, so words are short here.

const run = script => {
  'use strict';
  const given = document.currentScript.previousElementSibling.textContent;
  const served = JSON.parse(given).fields;
  const form = document.getElementsByName('page')[0].form;
  // Not by the form's own properties: a field of its may have their names.
  const all = [...document.querySelectorAll('input,select,textarea,button')].filter(control => control.form == form && control.type != 'hidden');
  const LANGUAGE = { Array, Boolean, Date, Error, Infinity, Intl, JSON, Map, Math, NaN, Number, Object, RegExp, Set, String,
    isFinite, isNaN, parseFloat, parseInt };
  const notes = document.createElement('div');
  let pressed = {};

  // Scripts share these with the runner: what one changed would be called with the page's own elements.
  const freeze = thing => {
    if (Object(thing) !== thing || Object.isFrozen(thing)) return;
    Object.freeze(thing);
    freeze(Object.getPrototypeOf(thing));
    for (const { value, get, set } of Object.values(Object.getOwnPropertyDescriptors(thing))) [value, get, set].forEach(freeze);
    for (const symbol of Object.getOwnPropertySymbols(thing)) freeze(Object.getOwnPropertyDescriptor(thing, symbol).value);
  };
  [...Object.values(LANGUAGE), ...[[], '', new Map, new Set].map(list => list[Symbol.iterator]()), ''.matchAll(/x/g),
    function* () {}].forEach(freeze);

  const fields = Object.keys(served).map(name => {
    const own = all.filter(control => control.name == name);
    // The least part of the page that holds this field with its words; itself and its labels where others stand there, too.
    let part = own[0];
    do part = part.parentNode.closest('.field,fieldset,p,li,tr,div,form'); while (part != form && own.some(control => !part.contains(control)));
    const alone = part != form && all.every(control => own.includes(control) || !part.contains(control));
    const parts = alone ? [part] : own.reduce((parts, control) => [...parts, control, ...control.labels], []);
    return { ...served[name], name, own, parts, needed: own.map(control => control.required) };
  });

  // As the server reads it; what is left empty is undefined.
  const value = ({ kind, own }) => {
    if (kind == 'checkbox') return own[0].checked || undefined;
    const chosen = own.map(control => control.selectedOptions || (!/radio|checkbox/.test(control.type) || control.checked ? [control] : []));
    const texts = [].concat(...chosen.map(list => [...list])).map(option => option.value).filter(text => text.trim());
    if (kind == 'choices') return texts[0] && texts;
    const number = Number((texts[0] || '-').trim().replace(',', '.'));
    return kind == 'number' ? isNaN(number) ? undefined : number : texts[0];
  };

  const change = () => {
    const { context, shows } = JSON.parse(given);
    const formData = {}, wanted = Object.create(null), warnings = new Set();
    for (const field of fields) {
      formData[field.name] = value(field);
      wanted[field.name] = { hidden: shows.includes(field.name) };
    }
    const want = change => (name, colour) => change(wanted[name] || {}, colour);
    const requireField = want(field => field.needed = true);
    const names = Object.assign(Object.create(null), formData, context, LANGUAGE, {
      formContext: context, WorkflowData: context, formData, requireField, require: requireField,
      showField: want(field => field.hidden = false),
      hideField: want(field => field.hidden = true),
      highlightField: want((field, colour) => field.colour = CSS.supports('color', colour) ? colour : 'var(--accent)'),
      showWarning: text => warnings.add(`${text}`),
    });
    let stopped;
    try {
      // Every name is looked up here, so that none reaches the window.
      script(new Proxy(names, { has: () => true }))();
    } catch (error) {
      console.error('ClientScript', error);
      stopped = true;
      warnings.clear();
    }
    for (const field of fields) {
      const { own, parts: [part] } = field, { hidden, needed, colour } = stopped ? {} : wanted[field.name];
      own[0].setCustomValidity('');
      for (const control of own) control.required = false;
      // What the server refused stays in sight, and so does what the browser would not send.
      const stays = field.refused || own.some(control => !control.validity.valid);
      for (const each of field.parts) each.hidden = hidden && !stays;
      const open = !part.hidden && formData[field.name] == undefined;
      own[0].setCustomValidity(open && needed ? field.missing : '');
      own.forEach((control, at) => control.required = !part.hidden && (field.needed[at] || needed && field.kind != 'choices'));
      for (const mark of part.querySelectorAll('.opt')) mark.hidden = needed;
      Object.assign(part.style, colour ? { borderInlineStart: `4px solid ${colour}`, paddingInlineStart: '1rem' }
        : { borderInlineStart: '', paddingInlineStart: '' });
    }
    // Only what is new is spoken.
    const said = [...warnings].map(text => Object.assign(document.createElement('p'), { className: 'note warn', textContent: text }));
    if (said.map(note => note.textContent).join() != [...notes.children].map(note => note.textContent).join()) {
      notes.textContent = '';
      notes.append(...said);
    }
  };

  notes.className = 'notes';
  notes.setAttribute('role', 'status');
  Element.prototype.before.call(form, notes);
  oninput = change;
  onclick = event => pressed = event.target.closest('button') || pressed;
  onsubmit = () => pressed.value == 'saveDraft' || fields.every(({ own }) => !own[0].validity.customError || own[0].reportValidity());
  // The browser fills the form in again when one comes back to the page.
  onpageshow = change;
  change();
};
