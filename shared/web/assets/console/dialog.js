// Details of a task, and the question before it is cancelled, in a dialog over the page. Each is a page of its own: what
// cannot be fetched is loaded as that.

const dialog = Object.assign(document.createElement('dialog'), { id: 'task-dialog' });
dialog.setAttribute('aria-labelledby', 'dialog-title');
document.body.append(dialog);
let opener, shown, before;

function part(address, name) {
  const url = new URL(address, location.href);
  url.searchParams.set('part', name);
  return url;
}

function fill(html, address) {
  dialog.innerHTML = html;
  const row = dialog.querySelector('template[data-row]')?.content.querySelector('[data-rows]');
  if (row) document.dispatchEvent(new CustomEvent('countersign:row', { detail: row }));
  dialog.className = dialog.querySelector('[data-size]')?.dataset.size ?? '';
  shown = address;
  if (!dialog.open) dialog.showModal();
  (dialog.querySelector('[autofocus]') ?? dialog).focus();
}

async function show(address) {
  try {
    const html = await (await fetch(part(address, 'dialog'))).text();
    if (/^\s*<!doctype/i.test(html)) throw new Error('a page');
    fill(html, address);
  } catch {
    location.assign(address);
  }
}

document.addEventListener('click', event => {
  const link = event.target.closest('a[data-dialog], [data-rows] a');
  if (event.target.closest('[data-keep]') && before) {
    event.preventDefault();
    show(before);
    before = null;
  }
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  if (dialog.open) before = shown;
  else { opener = link; before = null; }
  link.closest('[popover]')?.hidePopover();
  show(link.href);
});

// An action answers with the details as they are now, and with the row of the list.
dialog.addEventListener('submit', async event => {
  const { target: form, submitter } = event;
  const address = submitter?.getAttribute('formaction') ?? form.getAttribute('action');
  if (event.defaultPrevented || !address || submitter.getAttribute('formmethod') === 'dialog') return;
  event.preventDefault();
  if (submitter.ariaBusy) return;
  submitter.ariaBusy = 'true';
  try {
    const answer = await fetch(part(address, 'dialog'), { method: 'POST', body: new URLSearchParams(new FormData(form)) });
    const html = await answer.text();
    const details = address.replace(/\/[^/]+$/, '');
    if (/^\s*<!doctype/i.test(html)) return location.assign(details);
    if (document.querySelector('[data-results]')) fill(html, details);
    else location.reload();
  } catch {
    location.assign(address.replace(/\/[^/]+$/, ''));
  }
});

// A press on the backdrop closes what only shows something.
dialog.addEventListener('click', ({ target }) => { if (target === dialog && !dialog.querySelector('[data-keep]')) dialog.close(); });

dialog.addEventListener('close', () => {
  dialog.replaceChildren();
  const same = [...document.querySelectorAll('[data-rows] a')].find(link => link.href === opener?.href.replace(/\/cancel$/, ''));
  (opener?.isConnected && !opener.closest('[popover]') ? opener : same)?.focus();
});
