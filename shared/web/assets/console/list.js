// The list of external tasks: selection, keys, row menus, filters applied in place, rows kept as they are while they
// change. Without this script each of these is a link or a form of the page.

import { all, bare, busy, fresh, halt, letters, make, on, one, part, plain, poll, read, send } from './common.js';
import { toast } from './page.js';

const results = one('[data-results]');
const filters = one('[data-filters]');
const stale = one('[data-stale]');
const again = one('[data-refresh]');
const menu = one('#menu');
const CHECKABLE = '[name=taskKey]:enabled';
let last, typing, steps = 0;

const here = () => again.href;
const body = () => one('[data-rows]', results);
const rows = () => all('[data-rows] tr', results);
const boxes = () => all(CHECKABLE, results);
const linkOf = row => row?.cells[2].firstElementChild;
// Rows that are not in the document yet have no address to resolve.
const keyOf = row => linkOf(row).getAttribute('href').split('/').pop();
const rowOf = key => rows().find(row => keyOf(row) === key);
const rowNow = () => one(':focus')?.closest('[data-rows] tr');
const isPinned = row => row.dataset.until > Date.now();
const parsed = html => one('[data-rows]', make('template', { innerHTML: `<table>${html}` }).content);

// --- What the page spares in bytes: roles for folded rows, names, menus

function dress(scope) {
  scope.role = 'rowgroup';
  for (const row of scope.rows) {
    const { cells } = row, name = `${cells[3].textContent}, ${cells[2].textContent}`;
    row.role = 'row';
    for (const cell of cells) cell.role = 'cell';
    for (const at of all('[aria-labelledby]', row)) at.ariaLabel = `${at.type ? 'Select' : 'Details of'} ${name}`;
    for (const at of all('[id], [aria-labelledby]', row)) for (const mark of ['id', 'aria-labelledby']) at.removeAttribute(mark);
    for (const box of all(`${CHECKABLE}[checked]`, row)) {
      box.removeAttribute('checked');
      box.checked = true;
    }
    cells[9].firstElementChild.title = 'Details';
    if (one('#row-menu') && !cells[9].children[1]) cells[9].append(make('button', { type: 'button', className: 'more', title: 'Actions', ariaLabel: `Actions for ${name}` }));
  }
  return scope;
}

function prepare() {
  if (body()) dress(body());
  count();
  searchOn(++steps);
}

function count() {
  const head = one('#all') ?? {}, every = boxes(), checked = every.filter(box => box.checked).length;
  head.hidden = false;
  head.checked = checked && checked === every.length;
  head.indeterminate = checked && !head.checked;
  head.disabled = !every.length;
}

// --- Rows that change while they are looked at

/** The row that is shown, as it is now. */
function update(row, fresh) {
  for (const cell of row.cells) {
    const news = fresh.cells[cell.cellIndex];
    for (const name of ['className', 'innerHTML']) if (cell[name] !== news[name]) cell[name] = news[name];
  }
  return row;
}

function merge(fresh) {
  const shown = body();
  if (!shown) return fresh.rows.length && go(here());
  const next = [...dress(fresh).rows].map(row => {
    const old = rowOf(keyOf(row)) ?? row;
    return isPinned(old) ? old : update(old, row);
  });
  for (const row of rows()) {
    if (next.includes(row) || row.dataset.later || isPinned(row)) continue;
    if (row === rowNow()) linkOf(row.nextElementSibling ?? row.previousElementSibling)?.focus();
    row.remove();
  }
  next.forEach((row, index) => shown.rows[index] === row || shown.insertBefore(row, shown.rows[index]));
  place();
  count();
}

/** The row an action answered with: it holds until the list's index has caught up, which takes a second or so. */
function acted(fresh) {
  for (const row of dress(fresh).rows) {
    const shown = rowOf(keyOf(row));
    if (shown) update(shown, row).dataset.until = Date.now() + 6000;
  }
  count();
}

/** A search that is not finished goes on by itself. */
async function searchOn(step) {
  const note = one('div[data-more]', results), link = note && one('a', note);
  if (!note || rows().length >= 50) return;
  if (!body()) return go(link.href, false);
  const found = parsed(await fresh(note.dataset.more).catch(String));
  if (!found || step !== steps) return;
  const { more, searched } = found.dataset;
  for (const row of dress(found).rows) row.dataset.later = 'yes';
  body().append(...found.rows);
  if (!more) return note.parentElement.remove();
  note.dataset.more = more;
  link.href = more.replace('&part=rows', '');
  one('[role]', note).textContent = searched;
  searchOn(step);
}

const refresh = poll(async () => {
  const at = here(), url = part(at, 'rows');
  const found = parsed(await fresh(url).catch(String));
  stale.textContent = found ? '' : 'Not up to date. Trying again.';
  if (!found) throw url;
  // Meanwhile another list may be shown.
  if (at === here() && !results.ariaBusy) merge(found);
  return true;
});

// --- Filters, order and pages without loading the page

async function go(address, keep = true) {
  const step = ++steps;
  const bones = setTimeout(() => { results.ariaBusy = 'true'; }, 300);
  try {
    const html = await read(fetch(part(address, 'list')));
    if (step !== steps) return;
    results.innerHTML = html;
    results.ariaBusy = null;
    if (keep) history.pushState(null, '', address);
    again.href = address;
    fill(new URL(address, location.href).searchParams);
    prepare();
  } catch {
    location.assign(address);
  } finally {
    clearTimeout(bones);
  }
}

function fill(query) {
  for (const field of filters?.elements ?? []) {
    if (field.matches(':focus')) continue;
    if (field.type === 'checkbox') field.checked = query.getAll(field.name).includes(field.value);
    else if (field.name) field.value = query.get(field.name) ?? '';
  }
}

function apply() {
  const url = new URL(filters.action);
  url.search = new URLSearchParams([...new FormData(filters)].filter(([, value]) => value.trim()));
  go(url.href);
}

// --- The menu of a row

function place() {
  if (!menu.matches(':popover-open')) return;
  const button = one('.more', rowOf(menu.dataset.key) ?? menu);
  if (!button) return menu.hidePopover();
  const { right, top, bottom } = button.getBoundingClientRect(), { offsetWidth: width, offsetHeight: height } = menu;
  const y = bottom + 4 + height > innerHeight && top > height ? top - height - 4 : bottom + 4;
  Object.assign(menu.style, { left: `${Math.max(8, right - width) + scrollX}px`, top: `${y + scrollY}px` });
}

function offer(row) {
  const key = menu.dataset.key = keyOf(row);
  menu.innerHTML = one('#row-menu').innerHTML.replaceAll('{key}', key);
  if (!row.cells[1].matches('.s-p')) for (const at of all('[data-pending]', menu)) at.remove();
  menu.showPopover();
  place();
  one('a, button', menu).focus();
}

on(menu, 'keydown', event => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key], items = all('a, button', menu);
  if (!step) return;
  halt(event);
  items.at((items.indexOf(one(':focus')) + step) % items.length).focus();
});

/** An action of the menu: the answer is the row as it is now. */
on(menu, 'submit', async event => {
  halt(event);
  if (busy(event.submitter)) return;
  const html = await send(event, 'row').then(answer => answer.text()).catch(() => '');
  const found = parsed(html);
  menu.hidePopover();
  if (!found) return wrong(html ? 'Nothing was changed. Load the page again.' : 'No answer. Look at the task before you try again: it may be done.');
  acted(found);
  const { notice, tone } = found.dataset;
  (tone === 'bad' ? wrong : toast)(notice);
});

function wrong(textContent) {
  const notes = one('[data-notes]', results);
  notes.replaceChildren(make('div', { className: 'note bad', role: 'alert', textContent }));
  notes.hidden = false;
  notes.scrollIntoView({ block: 'nearest' });
}

// --- Events

on(results, 'click', event => {
  const { target, shiftKey } = event, link = target.closest('a[data-inplace]');
  if (target.matches('.more')) return offer(target.closest('tr'));
  if (link && plain(event)) {
    halt(event);
    go(link.href);
  }
  if (!target.matches(CHECKABLE)) return;
  const every = boxes(), from = every.findIndex(box => box.value === last), to = every.indexOf(target);
  if (shiftKey && from >= 0) for (const box of every.slice(Math.min(from, to), Math.max(from, to) + 1)) box.checked = target.checked;
  last = target.value;
});

on(results, 'change', ({ target }) => {
  if (target.id === 'all') for (const box of boxes()) box.checked = target.checked;
  count();
});

// A cut cell says the rest when it is pointed at.
on(results, 'pointerover', ({ target }) => {
  const cell = target.closest('td');
  if (cell?.scrollWidth > cell?.clientWidth) cell.title = cell.textContent;
});

on(again, 'click', event => {
  if (!plain(event) || stale.textContent) return;
  halt(event);
  refresh();
});

if (filters) {
  on(filters, 'input', ({ target: { type, value } }) => {
    const typed = type === 'search', { length } = value.trim();
    clearTimeout(typing);
    if (!typed || !length || length > 2) typing = setTimeout(apply, typed ? 350 : 0);
  });
  on(filters, 'submit', event => { halt(event); clearTimeout(typing); apply(); });
  one('[data-apply]', filters).hidden = true;
}
on(window, 'resize', place);
on(window, 'popstate', () => go(location.href, false));
on(window, 'row', ({ detail }) => acted(detail));

// --- Keys

function step(by) {
  const every = rows(), at = every.indexOf(rowNow());
  linkOf(at < 0 ? every.at(by > 0 ? 0 : -1) : every[at + by])?.focus();
}

const check = ({ shiftKey }) => one(CHECKABLE, rowNow() ?? menu)?.dispatchEvent(new MouseEvent('click', { bubbles: true, shiftKey }));
const down = () => step(1), up = () => step(-1);
const KEYS = {
  j: down, arrowdown: down, k: up, arrowup: up, x: check, ' ': check,
  o: () => rowNow() && location.assign(linkOf(rowNow())),
  r: () => again.click(),
};

on(window, 'keydown', event => {
  const { target, key } = event, letter = /^\w$/.test(key), act = KEYS[key.toLowerCase()];
  if (!act || !bare(event)) return;
  if (letter ? !letters() : !rowNow() || key === ' ' && target.matches('button, .check')) return;
  halt(event);
  act(event);
});

again.href = location.href;
prepare();
