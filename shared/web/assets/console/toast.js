// Short messages about what happened elsewhere or leaves no trace on the page:
// document.dispatchEvent(new CustomEvent('countersign:toast', { detail: 'Link copied.' })). Never for errors.

const STAYS_MS = 6000;
const MANY = 3;
const place = document.querySelector('[data-toasts]');

function show(text) {
  const toast = document.createElement('div');
  toast.className = 'toast';
  const words = document.createElement('div');
  words.textContent = text;
  const close = document.createElement('button');
  close.className = 'btn bare';
  close.type = 'button';
  close.textContent = 'Close';
  close.addEventListener('click', () => toast.remove());
  toast.append(words, close);
  let timer;
  const start = () => { timer = setTimeout(() => toast.remove(), STAYS_MS); };
  const stop = () => clearTimeout(timer);
  for (const name of ['mouseenter', 'focusin']) toast.addEventListener(name, stop);
  for (const name of ['mouseleave', 'focusout']) toast.addEventListener(name, () => { stop(); start(); });
  start();
  // A dialog lies over the page: a message behind it would be neither seen nor reached.
  const dialogs = document.querySelectorAll('dialog:modal');
  (dialogs[dialogs.length - 1] ?? document.body).append(place);
  place.append(toast);
  while (place.children.length > MANY) place.firstElementChild.remove();
}

if (place) {
  document.addEventListener('countersign:toast', event => show(String(event.detail)));
  document.addEventListener('keydown', event => {
    if (event.key === 'Escape' && place.lastElementChild && !event.defaultPrevented && !document.querySelector('dialog:modal, :popover-open')) {
      place.lastElementChild.remove();
    }
  });
}
