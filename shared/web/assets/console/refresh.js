// Keeps the list fresh: every three seconds while it is looked at, less often while the console does not answer.
// What becomes of the rows is up to the list.

const EVERY_MS = 3000;
const EVERY_MS_MAX = 60000;
const ANSWER_MS = 10000;
const results = document.querySelector('[data-results]');
const stale = document.querySelector('[data-stale]');
let every = EVERY_MS, timer, running;

async function refresh() {
  clearTimeout(timer);
  if (document.hidden || running) return;
  running = true;
  const at = results.dataset.at ?? location.href;
  try {
    const url = new URL(at, location.href);
    url.searchParams.set('part', 'rows');
    if (url.searchParams.get('select') === 'page') url.searchParams.delete('select');
    const answer = await fetch(url, { signal: AbortSignal.timeout(ANSWER_MS) });
    const rows = await answer.text();
    if (!answer.ok || !rows.trimStart().startsWith('<tbody')) throw new Error(answer.status);
    // Meanwhile another list may be shown.
    if (at === (results.dataset.at ?? location.href) && !results.ariaBusy) document.dispatchEvent(new CustomEvent('countersign:rows', { detail: rows }));
    every = EVERY_MS;
    stale.textContent = '';
  } catch {
    every = Math.min(every * 2, EVERY_MS_MAX);
    stale.textContent = 'Not up to date. Trying again.';
  }
  running = false;
  timer = setTimeout(refresh, every);
}

document.querySelector('[data-refresh]').addEventListener('click', event => {
  if (event.ctrlKey || event.metaKey || stale.textContent) return;
  event.preventDefault();
  refresh();
});
document.addEventListener('visibilitychange', refresh);
document.addEventListener('countersign:changed', refresh);
timer = setTimeout(refresh, every);
