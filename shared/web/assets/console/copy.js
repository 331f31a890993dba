// Puts a link on the clipboard: one that stands on the page, or one that is asked for. Where that is refused the link is
// selected, or opened as a page.

import { all, fresh, on, one } from './common.js';
import { toast } from './page.js';

for (const button of all('[data-copy]')) button.hidden = false;

on(document, 'click', async ({ target }) => {
  const button = target.closest('[data-copy], [data-copy-from]');
  if (!button) return;
  const { copy, copyFrom } = button.dataset;
  const source = copy && one(`#${copy}`, button.parentElement);
  try {
    // The clipboard is asked within the press; the text may come later.
    const link = copy ? Promise.resolve(source.textContent) : fresh(`${copyFrom}?part=json`).then(json => JSON.parse(json).link);
    await navigator.clipboard.write([new ClipboardItem({ 'text/plain': link.then(text => new Blob([text], { type: 'text/plain' })) })]);
  } catch {
    if (copyFrom) window.open(copyFrom, '_blank', 'noreferrer');
    else getSelection().selectAllChildren(source);
    return;
  }
  button.closest('[popover]')?.hidePopover();
  toast('Link copied.');
});
