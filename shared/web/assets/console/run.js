// A bulk run in this window: the question before it, its progress, its lease. Without this script the same forms lead
// to pages. A run that this window holds stops when the window goes away: its lease is renewed here and given up here.

import { all, busy, fresh, halt, goal, on, one, part, post, read, send, show, tell } from './common.js';

const POLL_MS = 1000;
const dialog = one('#run-dialog');

// The run that is watched, and where its progress stands in the document.
let run;

const lease = fields => post(`${run.address}/lease`, { csrf: run.csrf, part: 'progress', ...fields });

/** Watches the run that is shown, where it still goes on. */
async function watch(scope) {
  const { run: address, runPoll, runEnded, runHolds, csrf } = one('[data-run]', scope)?.dataset ?? {};
  run = null;
  if (!address || runEnded === '') return;
  const mine = run = { scope, address, csrf, runPoll, holds: runHolds === '', wait: POLL_MS, leased: Date.now(), said: Date.now() };
  while (mine === run) {
    await new Promise(done => setTimeout(done, mine.wait));
    try {
      if (mine === run) await look(mine);
      mine.wait = POLL_MS;
    } catch {
      mine.wait = Math.min(mine.wait * 2, 10000);
    }
  }
}

async function look(mine) {
  if (mine.holds && Date.now() - mine.leased > 20000) {
    mine.leased = Date.now();
    await lease();
  }
  const state = JSON.parse(await fresh(mine.runPoll));
  if (mine !== run) return;
  if (!state.ended) return draw(mine, state);
  mine.holds = false;
  if (mine.scope !== dialog) return location.reload();
  present(await read(fetch(part(mine.address, 'dialog'))));
}

function present(html) {
  show(dialog, html);
  watch(dialog);
}

function draw(mine, state) {
  const set = (name, text) => {
    for (const at of all(`[data-run-${name}]`, mine.scope)) {
      const words = one('span, div', at) ?? at;
      if (words.textContent !== text) words.textContent = text;
      at.hidden = !text;
    }
  };
  for (const name of ['heading', 'text', 'failed', 'waiting', 'hint']) set(name, state[name] ?? '');
  const { max, value } = state;
  if (max) Object.assign(one('[data-run-bar]', mine.scope), { max, value });
  for (const free of all('[data-run-free]', mine.scope)) free.hidden = mine.holds;
  if (Date.now() - mine.said < 5000) return;
  mine.said = Date.now();
  set('status', [state.text, state.failed, state.waiting].filter(Boolean).join('. '));
}

// --- The dialog: question, progress and summary one after the other

/** Escape while the run is under way: says what can be done instead. */
function stay() {
  for (const note of all('[data-run-ask]', dialog)) note.hidden = false;
  one('button.stop', dialog)?.focus();
}

on(dialog, 'cancel', event => { if (run?.holds) { halt(event); stay(); } });

on(dialog, 'close', () => {
  if (run?.holds) { dialog.showModal(); return stay(); }
  const done = one('[data-run]', dialog);
  if (run?.scope === dialog) run = null;
  dialog.replaceChildren();
  if (done) tell('changed');
});

on(window, 'submit', async event => {
  const { target: form, submitter } = event;
  const address = new URL(goal(event), location.href), starts = address.pathname === '/bulk-runs';
  if (event.defaultPrevented || form.dataset.plain || (submitter?.formMethod || form.method) !== 'post' || !address.pathname.startsWith('/bulk-runs')) return;
  halt(event);
  if (busy(submitter)) return;
  try {
    const answer = await send(event, starts ? 'dialog' : 'progress');
    if (starts) present(await read(answer));
    else if (run) run.wait = 0;
    else tell('changed');
  } catch {
    // As the browser would.
    form.dataset.plain = 'yes';
    form.requestSubmit(submitter);
  }
  busy(submitter, null);
});

on(window, 'change', async ({ target }) => {
  if (!run || !target.matches('[data-run-detach]')) return;
  const { checked } = target;
  try {
    const answer = await lease({ attached: checked ? 'no' : 'yes' });
    if (!answer.ok) throw answer.status;
    run.holds = !checked;
    draw(run, await answer.json());
  } catch {
    target.checked = !checked;
  }
});

on(window, 'pagehide', () => {
  if (run?.holds) navigator.sendBeacon(`${run.address}/lease`, new URLSearchParams({ csrf: run.csrf, give: 'up' }));
});

on(window, 'beforeunload', event => { if (run?.holds) halt(event); });

watch(document);
