// What every page has: short messages, and keys. g and a letter go to a section, / to the first filter, ? shows all keys,
// Ctrl+Enter submits, Escape closes a message. Keys of the list are list.js. Single letters can be switched off.

import { all, bare, halt, letters, make, on, one } from './common.js';

const place = one('[data-toasts]');
let went = 0;

/** Says what happened elsewhere or leaves no trace on the page. Never for errors. */
export function toast(text) {
  const box = make('div', { className: 'toast' });
  const leave = () => box.remove();
  const wait = () => setTimeout(() => box.matches(':hover, :focus-within') ? wait() : leave(), 6000);
  box.append(make('div', { textContent: text }), make('button', { className: 'btn bare', type: 'button', textContent: 'Close', onclick: leave }));
  // A dialog lies over the page: a message behind it would be neither seen nor reached.
  (all('dialog:modal').at(-1) ?? document.body).append(place);
  place.append(box);
  if (place.children.length > 3) place.firstElementChild.remove();
  wait();
}

/** What a key does, if anything. */
function act({ key }) {
  if (Date.now() - went < 1500) {
    went = 0;
    const link = one(`[data-go="${CSS.escape(key)}"]`);
    if (link) location.assign(link.href);
    return link;
  }
  if (key === 'g') went = Date.now();
  if (key === '?') one('#keyboard').togglePopover();
  const field = key === '/' && one('.filters .input');
  if (field) field.focus();
  return field;
}

on(document, 'keydown', event => {
  const { key, target } = event;
  const form = key === 'Enter' && (event.ctrlKey || event.metaKey) && !event.defaultPrevented && target.closest('form');
  if (form) form.requestSubmit(one('.btn.go, .btn.sure', form));
  if (form || letters() && bare(event) && act(event)) halt(event);
  if (key === 'Escape' && !event.defaultPrevented && !one('dialog:modal, :popover-open')) place.lastElementChild?.remove();
});
