// Keys that work on every page: g and a letter go to a section, / to the first filter, ? shows them all, Ctrl+Enter
// submits. Keys of lists are list.js. Single letters do nothing in fields and can be switched off.

const GO_MS = 1500;
const TYPES = 'input:not([type=checkbox], [type=radio], [type=submit], [type=button], [type=file]), select, textarea, [contenteditable]';
const single = document.documentElement.dataset.keys !== 'off';
let went = 0;

function go(key) {
  const link = document.querySelector(`[data-go="${CSS.escape(key)}"]`);
  if (link) location.assign(link.href);
  return Boolean(link);
}

document.addEventListener('keydown', event => {
  if (event.defaultPrevented || event.isComposing) return;
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
    const form = event.target.closest?.('form');
    if (form) { event.preventDefault(); form.requestSubmit(form.querySelector('.btn.go, .btn.sure') ?? undefined); }
    return;
  }
  if (!single || event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.(TYPES)) return;
  if (document.querySelector('dialog:modal')) return;
  if (Date.now() - went < GO_MS) {
    went = 0;
    if (go(event.key)) event.preventDefault();
    return;
  }
  if (event.key === 'g') {
    went = Date.now();
  } else if (event.key === '?') {
    document.getElementById('keyboard')?.togglePopover();
  } else if (event.key === '/') {
    const field = document.querySelector('.filters .input, .filters input[type=search]');
    if (field) { event.preventDefault(); field.focus(); field.select?.(); }
  }
});
