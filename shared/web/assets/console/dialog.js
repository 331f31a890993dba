// Details of a task, and the question before it is cancelled, in a dialog over the page. Each is a page of its own: what
// cannot be fetched is loaded as that.

import { all, busy, halt, on, one, part, goal, plain, read, send, show, tell } from './common.js';

const dialog = one('#task-dialog');
let opener, shown, before;

/** Shows what is answered: the page at `address` as a dialog. */
async function open(address, answer = fetch(part(address, 'dialog'))) {
  try {
    show(dialog, await read(answer));
    shown = address;
    const row = one('template[data-row]', dialog);
    if (row) tell('row', one('[data-rows]', row.content));
  } catch {
    location.assign(address);
  }
}

on(document, 'click', event => {
  const link = event.target.closest('a[data-dialog], [data-rows] a');
  if (event.target.closest('[data-keep]') && before) {
    halt(event);
    open(before);
    before = null;
  }
  if (!link || event.shiftKey || !plain(event)) return;
  halt(event);
  before = dialog.open ? shown : null;
  if (!before) opener = link;
  link.closest('[popover]')?.hidePopover();
  open(link.href);
});

// An action answers with the details as they are now, and with the row of the list.
on(dialog, 'submit', event => {
  const address = goal(event), { submitter } = event;
  if (event.defaultPrevented || !address || submitter.formMethod === 'dialog') return;
  halt(event);
  if (busy(submitter)) return;
  const answer = send(event, 'dialog');
  const again = () => location.reload();
  if (one('[data-results]')) open(address.replace(/\/[^/]+$/, ''), answer);
  else answer.then(again, again);
});

// A press on the backdrop closes what only shows something.
on(dialog, 'click', ({ target }) => { if (target === dialog && !one('[data-keep]', dialog)) dialog.close(); });

on(dialog, 'close', () => {
  dialog.replaceChildren();
  // This comes a moment after the dialog is gone: who went on to a field meanwhile stays there.
  const same = all('[data-rows] a').find(link => link.href === opener?.href.replace(/\/cancel$/, ''));
  one('.input:focus') || (opener?.isConnected && !opener.closest('[popover]') ? opener : same)?.focus();
});
