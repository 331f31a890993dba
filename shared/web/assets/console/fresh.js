// Keeps a page fresh: fetches it again and takes over the parts marked data-live where they changed, without touching
// focus and scroll. Every three seconds while things happen, less often while nothing does or nobody looks.

const EVERY_MS = 3000;
const CALM_MS = 15000;
const TROUBLE_MS = 60000;
const ANSWER_MS = 10000;
let every = EVERY_MS, timer, running;

const parts = root => [...root.querySelectorAll('[data-live]')];

/** How to find an element again in the new part. */
function place(element) {
  const row = element.closest('[id]');
  const inside = ['href', 'value', 'name'].map(name => element.getAttribute(name) && `${element.localName}[${name}="${CSS.escape(element.getAttribute(name))}"]`).find(Boolean);
  return [row && row !== element && inside && `#${CSS.escape(row.id)} ${inside}`, element.id && `#${CSS.escape(element.id)}`, inside].filter(Boolean);
}

/** Takes over one part; a page that lost it, or got it anew, is another page. */
function take(old, fresh) {
  if (old.innerHTML === fresh.innerHTML && old.className === fresh.className) return false;
  const focused = old.contains(document.activeElement) ? place(document.activeElement) : [];
  old.className = fresh.className;
  old.replaceChildren(...fresh.childNodes);
  for (const selector of focused) {
    const found = old.querySelector(selector);
    if (found) { found.focus({ preventScroll: true }); break; }
  }
  return true;
}

async function refresh() {
  clearTimeout(timer);
  if (document.hidden || running || document.querySelector('dialog[open]')) return later();
  running = true;
  try {
    const url = new URL(location.href);
    url.searchParams.set('part', 'fresh');
    const answer = await fetch(url, { signal: AbortSignal.timeout(ANSWER_MS) });
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    const [old, fresh] = [parts(document), parts(page)];
    const same = old.length === fresh.length && old.every((part, index) => part.dataset.live === fresh[index].dataset.live);
    if (!answer.ok || !same) throw new Error(answer.status);
    const changed = old.filter((part, index) => take(part, fresh[index])).length > 0;
    document.dispatchEvent(new CustomEvent('countersign:fresh', { detail: page }));
    every = changed ? EVERY_MS : Math.min(every * 1.3, CALM_MS);
  } catch {
    every = Math.min(every * 2, TROUBLE_MS);
  }
  running = false;
  later();
}

function later() {
  clearTimeout(timer);
  timer = setTimeout(refresh, every);
}

document.addEventListener('visibilitychange', () => { every = EVERY_MS; refresh(); });
document.addEventListener('countersign:changed', () => { every = EVERY_MS; refresh(); });
later();
