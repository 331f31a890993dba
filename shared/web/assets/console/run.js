// A bulk run in this window: the question before it, its progress, its lease. Without this script the same forms lead
// to pages. A run that this window holds stops when the window goes away: its lease is renewed here and given up here.

const POLL_MS = 1000;
const POLL_MS_MAX = 10000;
const LEASE_MS = 20000;
const SAY_MS = 5000;

// The run that is watched, and where its progress stands in the document.
let run = null;

const sleep = ms => new Promise(done => setTimeout(done, ms));
const post = (address, fields) => fetch(address, { method: 'POST', body: new URLSearchParams(fields) });
const changed = () => document.dispatchEvent(new CustomEvent('countersign:changed'));


function part(address, name) {
  const url = new URL(address, location.href);
  url.searchParams.set('part', name);
  return url;
}

/** What a part's address answered; nothing where it answered a whole page: a refusal, or the sign-in. */
async function fetched(address, options) {
  const answer = await fetch(address, options);
  const html = await answer.text();
  return /^\s*<!doctype/i.test(html) ? null : html;
}

// --- The dialog: question, progress and summary one after the other

function overlay() {
  const old = document.getElementById('run-dialog');
  if (old) return old;
  const dialog = document.createElement('dialog');
  dialog.id = 'run-dialog';
  dialog.setAttribute('aria-labelledby', 'run-title');
  dialog.addEventListener('cancel', event => { if (run?.holds) { event.preventDefault(); stay(); } });
  dialog.addEventListener('close', closed);
  document.body.append(dialog);
  return dialog;
}

function show(html) {
  const dialog = overlay();
  dialog.innerHTML = html;
  dialog.className = dialog.querySelector('.fails') ? 'mid' : 'narrow';
  if (!dialog.open) dialog.showModal();
  (dialog.querySelector('[autofocus]') ?? dialog).focus();
  watch(dialog);
}

function closed() {
  if (run?.holds) { overlay().showModal(); return stay(); }
  const done = overlay().querySelector('[data-run]');
  if (run?.scope === overlay()) run = null;
  overlay().replaceChildren();
  if (done) changed();
}

/** Escape while the run is under way: says what can be done instead. */
function stay() {
  const note = run.scope.querySelector('[data-run-ask]');
  if (note) note.hidden = false;
  run.scope.querySelector('button.stop')?.focus();
}

// --- Watching

function watch(scope) {
  const place = scope.querySelector('[data-run]');
  run = null;
  if (!place || 'runEnded' in place.dataset) return;
  const { run: address, runPoll, csrf } = place.dataset;
  run = { scope, address, csrf, poll: runPoll, holds: 'runHolds' in place.dataset, every: POLL_MS, leased: Date.now(), said: Date.now() };
  follow(run);
}

async function follow(mine) {
  while (mine === run) {
    await sleep(mine.every);
    if (mine !== run) return;
    try {
      await look(mine);
      mine.every = POLL_MS;
    } catch {
      mine.every = Math.min(mine.every * 2, POLL_MS_MAX);
    }
  }
}

async function look(mine) {
  if (mine.holds && Date.now() - mine.leased > LEASE_MS) {
    mine.leased = Date.now();
    await post(`${mine.address}/lease`, { csrf: mine.csrf, part: 'progress' });
  }
  const answer = await fetch(mine.poll);
  if (!answer.ok) throw new Error(answer.status);
  const state = await answer.json();
  if (mine !== run) return;
  if (!state.ended) return draw(mine, state);
  mine.holds = false;
  if (mine.scope !== document.getElementById('run-dialog')) { run = null; return location.reload(); }
  const html = await fetched(part(mine.address, 'dialog'));
  if (html && mine === run) show(html);
}

function draw(mine, state) {
  const { scope } = mine;
  const set = (name, text) => {
    for (const at of scope.querySelectorAll(`[data-run-${name}]`)) {
      const words = at.querySelector('span, div') ?? at;
      if (words.textContent !== (text ?? '')) words.textContent = text ?? '';
      if (name === 'failed' || name === 'waiting') at.hidden = !text;
    }
  };
  for (const name of ['heading', 'text', 'failed', 'waiting', 'hint']) set(name, state[name]);
  const bar = scope.querySelector('[data-run-bar]');
  if (bar && state.max) Object.assign(bar, { max: state.max, value: state.value });
  for (const free of scope.querySelectorAll('[data-run-free]')) free.hidden = mine.holds;
  if (Date.now() - mine.said >= SAY_MS) {
    mine.said = Date.now();
    set('status', [state.text, state.failed, state.waiting].filter(Boolean).join('. '));
  }
}

// --- Doing

/** Sends a form as the browser would, with the button that was pressed. */
function send(form, submitter) {
  if (submitter?.name) {
    const pressed = Object.assign(document.createElement('input'), { type: 'hidden', name: submitter.name, value: submitter.value });
    form.append(pressed);
  }
  HTMLFormElement.prototype.submit.call(form);
}

addEventListener('submit', async event => {
  const { target: form, submitter } = event;
  const method = submitter?.getAttribute('formmethod') ?? form.getAttribute('method');
  // A field named "action" hides the form's own property.
  const address = new URL(submitter?.getAttribute('formaction') ?? form.getAttribute('action') ?? '', location.href);
  if (event.defaultPrevented || method !== 'post' || !address.pathname.startsWith('/bulk-runs')) return;
  const fields = new URLSearchParams(new FormData(form, submitter));
  event.preventDefault();
  submitter?.setAttribute('aria-busy', 'true');
  try {
    if (address.pathname === '/bulk-runs') {
      const html = await fetched(part(address, 'dialog'), { method: 'POST', body: fields });
      if (!html) return send(form, submitter);
      show(html);
    } else {
      await post(part(address, 'progress'), fields);
      if (run) run.every = 0;
      else changed();
    }
    submitter?.removeAttribute('aria-busy');
  } catch {
    send(form, submitter);
  }
});

addEventListener('change', async ({ target }) => {
  if (!run || !target.matches('[data-run-detach]')) return;
  const attached = !target.checked;
  try {
    const answer = await post(`${run.address}/lease`, { csrf: run.csrf, attached: attached ? 'yes' : 'no', part: 'progress' });
    if (!answer.ok) throw new Error(answer.status);
    run.holds = attached;
    draw(run, await answer.json());
  } catch {
    target.checked = !target.checked;
  }
});

addEventListener('click', ({ target }) => {
  if (target.closest('[data-run-close]')) overlay().close();
});

addEventListener('pagehide', () => {
  if (run?.holds) navigator.sendBeacon(`${run.address}/lease`, new URLSearchParams({ csrf: run.csrf, give: 'up' }));
});

addEventListener('beforeunload', event => { if (run?.holds) event.preventDefault(); });

watch(document.querySelector('main') ?? document);
