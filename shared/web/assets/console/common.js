// What the console's scripts share: finding and making elements, events, parts of pages, asking again and again.

export const one = (selector, root = document) => root.querySelector(selector);
export const all = (selector, root = document) => [...root.querySelectorAll(selector)];
export const make = (tag, fields) => Object.assign(document.createElement(tag), fields);
export const on = (at, name, act) => at.addEventListener(name, act);
export const tell = (name, detail) => dispatchEvent(new CustomEvent(name, { detail }));

/** A press that the browser would not open elsewhere. */
export const plain = event => !(event.ctrlKey || event.metaKey || event.button);
/** A key that is meant for the page: no command of the browser, and no field, menu or dialog has it. */
export const bare = event => plain(event) && !(event.altKey || event.isComposing || event.defaultPrevented || one('dialog:modal') || event.target.closest('input:not([type=checkbox]), select, textarea, .pop'));
export const letters = () => document.documentElement.dataset.keys !== 'off';
/** The event is ours. */
export const halt = event => event.preventDefault();

/** The address of a part of a page. */
export function part(address, name) {
  const url = new URL(address, location.href);
  url.searchParams.set('part', name);
  return url;
}

export const post = (address, fields) => fetch(address, { method: 'POST', body: new URLSearchParams(fields) });

/** Where a form goes. A field named "action" hides the form's own property. */
export const goal = ({ target, submitter }) => submitter?.getAttribute('formaction') ?? target.getAttribute('action') ?? '';
/** Sends it, for a part of the answer. */
export const send = (event, name) => post(part(goal(event), name), new FormData(event.target, event.submitter));

/** What a part's address answers; a whole page is none: it is a refusal, or the sign-in. */
export async function read(answer) {
  const html = await (await answer).text();
  if (/^\s*<!doctype/i.test(html)) throw answer;
  return html;
}

/** Shows a part in a dialog. */
export function show(dialog, html) {
  dialog.innerHTML = html;
  dialog.ariaLabel = one('h2', dialog).textContent;
  if (!dialog.open) dialog.showModal();
  (one('[autofocus]', dialog) ?? dialog).focus();
}

/** True where the button was pressed before and is not answered yet. */
export function busy(button, busy = 'true') {
  const was = button?.ariaBusy;
  if (button) button.ariaBusy = busy;
  return was;
}

const SOON_MS = 3000;

/** Calls `look` every three seconds: less often while it finds nothing new or fails, not at all while nobody looks. */
export function poll(look) {
  let wait = SOON_MS, timer, running;
  async function turn() {
    if (!document.hidden && !running) {
      running = true;
      try {
        wait = await look() ? SOON_MS : Math.min(wait * 1.3, 15000);
      } catch {
        wait = Math.min(wait * 2, 60000);
      }
      running = false;
    }
    clearTimeout(timer);
    timer = setTimeout(turn, wait);
  }
  const now = () => { wait = SOON_MS; turn(); };
  on(document, 'visibilitychange', now);
  on(window, 'changed', now);
  timer = setTimeout(turn, wait);
  return now;
}

/** The text at an address, soon or not at all. */
export async function fresh(url) {
  const answer = await fetch(url, { signal: AbortSignal.timeout(10000) });
  if (!answer.ok) throw answer.status;
  return answer.text();
}
