// The list of external tasks: selection, keys, row menus, filters applied in place, rows kept as they are while they
// change. Without this script each of these is a link or a form of the page.

const results = document.querySelector('[data-results]');
const filters = document.querySelector('[data-filters]');
const ROLES = { TABLE: 'table', THEAD: 'rowgroup', TBODY: 'rowgroup', TR: 'row', TH: 'columnheader', TD: 'cell' };
const BONES_AFTER_MS = 300;
const TYPED_MS = 350;
// The index of the list follows a change within a second or so; an action's own answer is newer until then.
const PINNED_MS = 6000;
const PAGE_ROWS = 50;
const pinned = new Map();
let last, steps = 0;

const say = (text, bad) => document.dispatchEvent(new CustomEvent('countersign:say', { detail: { text, bad } }));
const body = () => results.querySelector('[data-rows]');
// Rows that are not in the document yet have no address to resolve.
const keyOf = row => row.cells[2].firstElementChild.getAttribute('href').split('/').pop();
const boxOf = row => row?.querySelector('[name=taskKey]:enabled');
const boxes = () => [...results.querySelectorAll('[name=taskKey]:enabled')];
const rowNow = () => document.activeElement.closest('[data-rows] tr');

function part(address, name) {
  const url = new URL(address, location.href);
  url.searchParams.set('part', name);
  return url;
}

function parsed(html) {
  const holder = document.createElement('template');
  holder.innerHTML = `<table>${html}</table>`;
  return holder.content.querySelector('[data-rows]');
}

// --- What the page spares in bytes: roles for folded rows, names, menus

function dress(scope) {
  const menus = document.querySelector('#row-menu')?.content.querySelector('a, button');
  for (const at of [scope, ...scope.querySelectorAll('thead, tbody, tr, th, td')]) at.setAttribute('role', ROLES[at.tagName]);
  for (const row of scope.querySelectorAll('[data-rows] tr')) {
    const name = `${row.cells[3].textContent}, ${row.cells[2].textContent}`;
    const [box, link] = [row.cells[0].firstElementChild, row.cells[9].firstElementChild];
    for (const [at, label] of [[box, 'Select'], [link, 'Details of']]) {
      at?.removeAttribute('aria-labelledby');
      at?.setAttribute('aria-label', `${label} ${name}`);
    }
    link.title = 'Details';
    for (const at of row.querySelectorAll('[id]')) at.removeAttribute('id');
    if (box?.hasAttribute('checked') && box.name && !box.disabled) {
      box.removeAttribute('checked');
      box.checked = true;
    }
    if (!menus || row.cells[9].childElementCount > 1) continue;
    const more = Object.assign(document.createElement('button'), { type: 'button', className: 'more', title: 'Actions' });
    more.setAttribute('aria-label', `Actions for ${name}`);
    row.cells[9].append(more);
  }
}

function prepare() {
  const table = results.querySelector('table');
  if (table) {
    dress(table);
    const link = table.querySelector('[data-all]');
    if (link) {
      const all = Object.assign(document.createElement('input'), { type: 'checkbox', className: 'check', id: 'all' });
      all.setAttribute('aria-label', 'Select all pending tasks of this page');
      link.replaceWith(all);
    }
    count();
  }
  searchOn(++steps);
}

function count() {
  const all = document.getElementById('all');
  if (!all) return;
  const [every, checked] = [boxes(), boxes().filter(box => box.checked)];
  all.checked = checked.length > 0 && checked.length === every.length;
  all.indeterminate = checked.length > 0 && !all.checked;
  all.disabled = !every.length;
}

// --- Rows that change while they are looked at

function update(row, fresh) {
  if (!row) return fresh;
  if (pinned.get(keyOf(row)) > Date.now()) return row;
  for (const [at, cell] of [...fresh.cells].map((cell, index) => [row.cells[index], cell])) {
    if (at.className !== cell.className) at.className = cell.className;
    if (at.innerHTML !== cell.innerHTML) at.innerHTML = cell.innerHTML;
  }
  return row;
}

function merge(fresh) {
  const shown = body();
  if (!shown) return fresh.rows.length ? go(results.dataset.at ?? location.href) : undefined;
  dress(fresh);
  const old = new Map([...shown.rows].map(row => [keyOf(row), row]));
  const next = [...fresh.rows].map(row => update(old.get(keyOf(row)), row));
  for (const [key, row] of old) {
    if (next.includes(row) || 'later' in row.dataset || pinned.get(key) > Date.now()) continue;
    if (row.contains(document.activeElement)) nameOf(row.nextElementSibling ?? row.previousElementSibling)?.focus();
    row.remove();
  }
  next.forEach((row, index) => { if (shown.rows[index] !== row) shown.insertBefore(row, shown.rows[index] ?? null); });
  if (menu.matches(':popover-open')) place();
  count();
}

const nameOf = row => row?.cells[2].firstElementChild;

/** The row an action answered with: it holds until the index has caught up. */
function acted(fresh) {
  dress(fresh);
  for (const row of fresh.rows) {
    const key = keyOf(row);
    pinned.delete(key);
    update([...body()?.rows ?? []].find(shown => keyOf(shown) === key), row);
    pinned.set(key, Date.now() + PINNED_MS);
  }
  count();
}

/** A search that is not finished goes on by itself. */
async function searchOn(step) {
  for (;;) {
    const note = results.querySelector('[data-more]:not(tbody)');
    if (!note || step !== steps) return;
    if (!body()) return go(note.querySelector('a').href, 'stay');
    if (body().rows.length >= PAGE_ROWS) return;
    try {
      const fresh = parsed(await (await fetch(note.dataset.more)).text());
      if (!fresh || step !== steps) return;
      dress(fresh);
      for (const row of [...fresh.rows]) {
        row.dataset.later = '';
        body().append(row);
      }
      if (!fresh.dataset.more) return note.parentElement.remove();
      note.dataset.more = fresh.dataset.more;
      note.querySelector('a').href = fresh.dataset.more.replace('&part=rows', '');
      note.querySelector('[role]').textContent = fresh.dataset.searched;
    } catch { return; }
  }
}

// --- Filters, order and pages without loading the page

async function go(address, how = 'push') {
  const step = ++steps;
  const bones = setTimeout(() => {
    results.setAttribute('aria-busy', 'true');
    for (const row of [...body()?.rows ?? []]) for (const cell of row.cells) cell.innerHTML = '<span class="bone"></span>';
  }, BONES_AFTER_MS);
  try {
    const answer = await fetch(part(address, 'list'));
    const html = await answer.text();
    if (step !== steps) return;
    if (/^\s*<!doctype/i.test(html)) return location.assign(address);
    results.innerHTML = html;
    if (how === 'push') history.pushState(null, '', address);
    results.dataset.at = address;
    fill(new URL(address, location.href).searchParams);
    prepare();
  } catch {
    location.assign(address);
  } finally {
    clearTimeout(bones);
    if (step === steps || !results.querySelector('.bone')) results.removeAttribute('aria-busy');
  }
}

function fill(query) {
  for (const field of filters?.elements ?? []) {
    if (!field.name || field === document.activeElement) continue;
    if (field.type === 'checkbox') field.checked = query.getAll(field.name).includes(field.value);
    else field.value = query.get(field.name) ?? '';
  }
  document.querySelector('[data-refresh]').href = location.href;
}

function apply() {
  const query = new URLSearchParams([...new FormData(filters)].filter(([, value]) => value.trim()));
  go(`${filters.getAttribute('action')}${query.size ? '?' : ''}${query}`);
}

// --- The menu of a row

const menu = Object.assign(document.createElement('div'), { className: 'pop', popover: 'auto' });

function place() {
  const button = [...body().rows].find(row => keyOf(row) === menu.dataset.key)?.querySelector('.more');
  if (!button) return menu.hidePopover();
  Object.assign(menu.style, { left: 0, top: 0 });
  const { left, right, top, bottom } = button.getBoundingClientRect();
  const { width, height } = menu.getBoundingClientRect();
  const x = getComputedStyle(button).direction === 'rtl' ? left : right - width;
  const y = bottom + 4 + height > innerHeight && top > height ? top - height - 4 : bottom + 4;
  Object.assign(menu.style, { left: `${Math.max(8, x) + scrollX}px`, top: `${y + scrollY}px` });
}

function offer(button) {
  const row = button.closest('tr');
  menu.dataset.key = keyOf(row);
  menu.innerHTML = document.getElementById('row-menu').innerHTML.replaceAll('{key}', menu.dataset.key);
  if (!row.cells[1].classList.contains('s-p')) for (const at of menu.querySelectorAll('[data-pending]')) at.remove();
  menu.showPopover();
  place();
  menu.querySelector('a, button').focus();
}

addEventListener('resize', () => { if (menu.matches(':popover-open')) place(); });

menu.addEventListener('keydown', event => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const items = [...menu.querySelectorAll('a, button')];
  items.at((items.indexOf(document.activeElement) + step) % items.length).focus();
});

// --- Events

results.addEventListener('click', event => {
  const { target } = event;
  if (target.matches('.more')) return offer(target);
  if (event.ctrlKey || event.metaKey || event.button) return;
  const link = target.closest('a[data-inplace]');
  if (link) { event.preventDefault(); return go(link.href); }
  if (!target.matches('[name=taskKey]')) return;
  const at = boxes();
  const [from, to] = [at.findIndex(box => box.value === last), at.indexOf(target)].sort((a, b) => a - b);
  if (event.shiftKey && from >= 0) for (const box of at.slice(from, to + 1)) box.checked = target.checked;
  last = target.value;
});

results.addEventListener('change', ({ target }) => {
  if (target.id === 'all') for (const box of boxes()) box.checked = target.checked;
  count();
});

// A cut cell says the rest when it is pointed at.
results.addEventListener('pointerover', ({ target }) => {
  const cell = target.closest('td');
  if (cell && cell.scrollWidth > cell.clientWidth) cell.title = cell.textContent;
});

let typing;
filters?.addEventListener('input', ({ target }) => {
  clearTimeout(typing);
  const typed = target.type === 'search' && target.value.trim().length;
  if (typed === 1 || typed === 2) return;
  typing = setTimeout(apply, target.type === 'search' ? TYPED_MS : 0);
});
filters?.addEventListener('submit', event => { event.preventDefault(); clearTimeout(typing); apply(); });
addEventListener('popstate', () => go(location.href, 'back'));
document.addEventListener('countersign:rows', ({ detail }) => merge(parsed(detail)));
document.addEventListener('countersign:row', ({ detail }) => acted(detail));

/** An action of a row's menu: the answer is the row as it is now. */
addEventListener('submit', async event => {
  const { target: form, submitter } = event;
  if (!menu.contains(form)) return;
  event.preventDefault();
  if (submitter.ariaBusy) return;
  submitter.ariaBusy = 'true';
  try {
    const answer = await fetch(part(submitter.formAction, 'row'), { method: 'POST', body: new URLSearchParams(new FormData(form)) });
    const fresh = parsed(await answer.text());
    menu.hidePopover();
    if (!fresh) return say('That did not work and nothing was changed. Load the page again.', true);
    acted(fresh);
    say(fresh.dataset.notice, fresh.dataset.tone === 'bad');
  } catch {
    menu.hidePopover();
    say('The console did not answer. Look at the task before you try again: it may be done.', true);
  }
});

document.addEventListener('countersign:say', ({ detail: { text, bad } }) => {
  if (!bad) return document.dispatchEvent(new CustomEvent('countersign:toast', { detail: text }));
  const notes = results.querySelector('[data-notes]');
  const note = Object.assign(document.createElement('div'), { className: 'note bad', role: 'alert', textContent: text });
  notes.replaceChildren(note);
  notes.hidden = false;
  note.scrollIntoView({ block: 'nearest' });
});

function step(by) {
  const rows = [...body()?.rows ?? []];
  const at = rows.indexOf(rowNow());
  const row = rows[at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(Math.max(at + by, 0), rows.length - 1)];
  nameOf(row)?.focus();
  row?.scrollIntoView({ block: 'nearest' });
}

const KEYS = {
  j: () => step(1), ArrowDown: () => step(1), k: () => step(-1), ArrowUp: () => step(-1),
  x: event => boxOf(rowNow())?.dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true, shiftKey: event.shiftKey })),
  o: () => { const link = nameOf(rowNow()); if (link) location.assign(link.href); },
  r: () => document.querySelector('[data-refresh]').click(),
};
KEYS[' '] = KEYS.x;

addEventListener('keydown', event => {
  const { target, key } = event;
  const name = key.length === 1 ? key.toLowerCase() : key;
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || !Object.hasOwn(KEYS, name)) return;
  if (target.closest('input:not(.check), select, textarea, summary, dialog, [popover]') || document.querySelector('dialog[open]')) return;
  if (name.length === 1 && name !== ' ' && document.documentElement.dataset.keys === 'off') return;
  if (name === ' ' && (!rowNow() || target.matches('button, .check'))) return;
  if (name.startsWith('Arrow') && !rowNow()) return;
  event.preventDefault();
  KEYS[name](event);
});

if (filters) filters.querySelector('[data-apply]').hidden = true;
document.body.append(menu);
prepare();
