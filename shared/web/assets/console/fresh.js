// Keeps a page fresh: fetches it again and takes over the parts marked data-live where they changed, without touching
// focus and scroll.

import { all, fresh, one, part, poll, tell } from './common.js';

/** What an element is found by in the new part. */
const mark = at => `${['id', 'href', 'name', 'value'].map(name => at.getAttribute(name))}`;

/** Takes over one part; what the reader opened stays open. */
function take(old, next) {
  for (const at of all('details[id]', next)) at.open = (one(`#${at.id}`, old) ?? at).open;
  if (old.innerHTML === next.innerHTML && old.className === next.className) return false;
  const { activeElement } = document, focused = old.contains(activeElement) && mark(activeElement);
  old.className = next.className;
  old.replaceChildren(...next.childNodes);
  if (focused) all('*', old).find(at => mark(at) === focused)?.focus({ preventScroll: true });
  return true;
}

poll(async () => {
  if (one('dialog[open]')) return true;
  const page = new DOMParser().parseFromString(await fresh(part(location.href, 'fresh')), 'text/html');
  const [old, parts] = [document, page].map(root => all('[data-live]', root));
  // A page that lost a part, or got another, is another page.
  if (`${old.map(at => at.dataset.live)}` !== `${parts.map(at => at.dataset.live)}`) throw page;
  const changed = old.filter((at, index) => take(at, parts[index])).length;
  tell('fresh', page);
  return changed;
});
