// Puts a link on the clipboard: one that stands on the page, or one that is asked for. Where that is refused the link is
// selected, or opened as a page.

const SAID_MS = 2500;
const say = text => document.dispatchEvent(new CustomEvent('countersign:toast', { detail: text }));

for (const button of document.querySelectorAll('[data-copy]')) button.hidden = false;

/** The clipboard is asked within the press; the text may come later. */
const put = text => navigator.clipboard.write([new ClipboardItem({ 'text/plain': text.then(t => new Blob([t], { type: 'text/plain' })) })]);

async function asked(address) {
  const answer = await fetch(`${address}?part=json`);
  if (!answer.ok) throw new Error(answer.status);
  return (await answer.json()).link;
}

document.addEventListener('click', async ({ target }) => {
  const button = target.closest('[data-copy], [data-copy-from]');
  if (!button) return;
  const { copy, copyFrom } = button.dataset;
  const source = copy && button.parentElement.querySelector(`#${copy}`);
  try {
    await put(copy ? Promise.resolve(source.textContent) : asked(copyFrom));
  } catch {
    if (copyFrom) return window.open(copyFrom, '_blank', 'noreferrer');
    return getSelection().selectAllChildren(source);
  }
  button.closest('[popover]')?.hidePopover();
  if (!copy) return say('Link copied.');
  const words = button.querySelector('span');
  words.textContent = 'Link copied.';
  setTimeout(() => { words.textContent = 'Copy link'; }, SAID_MS);
});
