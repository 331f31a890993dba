// Menus of rows (details.menu): one key or a click elsewhere closes them, arrows walk through them. Without this script
// they open and close by their own button.

const open = () => document.querySelector('details.menu[open]');
const items = menu => [...menu.querySelectorAll('.pop a, .pop button')];

function close(menu, back) {
  menu.open = false;
  if (back) menu.querySelector('summary').focus();
}

document.addEventListener('click', event => {
  const menu = open();
  if (menu && !menu.contains(event.target)) close(menu, false);
});

document.addEventListener('focusin', event => {
  const menu = open();
  if (menu && !menu.contains(event.target)) close(menu, false);
});

document.addEventListener('keydown', event => {
  const menu = event.target.closest?.('details.menu') ?? open();
  if (!menu) return;
  if (event.key === 'Escape' && menu.open) {
    event.preventDefault();
    return close(menu, true);
  }
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step || !menu.contains(event.target)) return;
  event.preventDefault();
  menu.open = true;
  const all = items(menu);
  const now = all.indexOf(event.target);
  all.at(now < 0 ? (step > 0 ? 0 : -1) : (now + step) % all.length)?.focus();
});
