// The picture of a process: puts the vendored viewer in place of the server's drawing, with the same marks, and joins it
// with the table of elements. Where anything fails, the drawing and the table stay as they were.

const MARGIN = 28;
// For the buttons and the mark of the viewer's makers.
const FOOT = 26;
const STEP = 48;
// Smaller than this nothing can be read: the picture then begins where something happens, and is moved.
const SCALE_MIN = 0.7;
const SCALE_MAX = 3;
const BOX_MAX = 544;

const COLOURS = {
  done: ['var(--ok)', 'var(--ok-soft)'],
  active: ['var(--accent)', 'var(--accent-soft)'],
  failed: ['var(--bad)', 'var(--bad-soft)'],
  stopped: ['var(--ink-3)', 'var(--surface)'],
};
const SIGNS = { done: 'm6.2 10.2 2.6 2.7 4.8-5.4', active: 'M10 6v4.3l3 2', failed: 'M10 5.5v5m0 3.5v.01', stopped: 'm6.5 13.5 7-7' };
const URGENT = ['failed', 'active'];

let viewer = null, chosen = null;

function script(address) {
  return new Promise((done, failed) => {
    if (window.BpmnJS) return done(window.BpmnJS);
    const element = document.createElement('script');
    element.src = address;
    element.onload = () => done(window.BpmnJS);
    element.onerror = failed;
    document.head.append(element);
  });
}

async function file(region) {
  if (region.dataset.xml) return region.dataset.xml;
  const answer = await fetch(region.dataset.source);
  if (!answer.ok) throw new Error(`${answer.status}`);
  return answer.text();
}

const read = (region, name, other) => { try { return JSON.parse(region.dataset[name]); } catch { return other; } };

// --- Colours: attributes of the diagram, so that heads of arrows follow them; values are the page's own tokens

function paint(definitions, marks, flows) {
  const taken = new Set(flows);
  for (const diagram of definitions?.diagrams ?? []) {
    for (const part of diagram.plane?.planeElement ?? []) {
      const id = part.bpmnElement?.id;
      const [stroke, fill] = COLOURS[marks[id]] ?? (taken.has(id) ? ['var(--ok)'] : []);
      part.set('bioc:stroke', stroke);
      part.set('bioc:fill', fill);
    }
  }
}

function mark(drawn, marks) {
  const canvas = drawn.get('canvas');
  const overlays = drawn.get('overlays');
  overlays.clear();
  drawn.get('elementRegistry').forEach(element => {
    const state = element.labelTarget ? null : marks[element.id];
    for (const name of Object.keys(COLOURS)) canvas[name === state ? 'addMarker' : 'removeMarker'](element, name);
    if (!state || element.waypoints || element.width < 60) return;
    const badge = document.createElement('div');
    badge.innerHTML = `<svg class="badge ${state}" viewBox="0 0 20 20" aria-hidden="true"><circle cx="10" cy="10" r="9"/><path d="${SIGNS[state]}"/></svg>`;
    overlays.add(element, { position: { top: -10, right: 10 }, html: badge.firstChild });
  });
}

// --- What is seen of it

/** All of it where it can be read so, else the part where something happens. */
function fit(drawn, region, marks) {
  const canvas = drawn.get('canvas');
  const { inner } = canvas.viewbox();
  const wide = region.clientWidth;
  const whole = { width: inner.width + 2 * MARGIN, height: inner.height + 2 * MARGIN + FOOT };
  const scale = Math.max(SCALE_MIN, Math.min(1, wide / whole.width, BOX_MAX / whole.height));
  region.style.setProperty('--tall', `${Math.ceil(whole.height * scale)}px`);
  canvas.resized();
  const seen = { width: region.clientWidth / scale, height: region.clientHeight / scale };
  const middle = { x: inner.x + inner.width / 2, y: inner.y + (inner.height + FOOT) / 2 };
  const urgent = drawn.get('elementRegistry').filter(element => !element.labelTarget && URGENT.includes(marks[element.id]))[0];
  const at = axis => {
    const size = axis === 'x' ? 'width' : 'height';
    if (whole[size] <= seen[size] + 1) return middle[axis] - seen[size] / 2;
    const from = inner[axis] - MARGIN;
    const wished = urgent ? urgent[axis] + urgent[size] / 2 - seen[size] / 2 : from;
    return Math.min(Math.max(wished, from), from + whole[size] - seen[size]);
  };
  canvas.viewbox({ x: at('x'), y: at('y'), ...seen });
}

function zoom(drawn, factor, at) {
  const canvas = drawn.get('canvas');
  canvas.zoom(Math.min(SCALE_MAX, Math.max(0.15, canvas.zoom() * factor)), at);
}

function keys(drawn, region, whole) {
  const move = (dx, dy) => drawn.get('canvas').scroll({ dx, dy });
  const does = {
    ArrowLeft: () => move(STEP, 0), ArrowRight: () => move(-STEP, 0), ArrowUp: () => move(0, STEP), ArrowDown: () => move(0, -STEP),
    '+': () => zoom(drawn, 1.25), '=': () => zoom(drawn, 1.25), '-': () => zoom(drawn, 0.8), 0: whole,
  };
  region.addEventListener('keydown', event => {
    if (event.target !== region || event.ctrlKey || event.metaKey || event.altKey || !does[event.key]) return;
    event.preventDefault();
    event.stopPropagation();
    does[event.key]();
  });
  // The wheel belongs to the page; with Ctrl it zooms as everywhere.
  region.addEventListener('wheel', event => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const box = region.getBoundingClientRect();
    zoom(drawn, event.deltaY < 0 ? 1.1 : 0.9, { x: event.clientX - box.left, y: event.clientY - box.top });
  }, { passive: false });
  // Fingers: sideways moves the picture, up and down the page.
  let last = null;
  region.addEventListener('pointerdown', event => { if (event.pointerType === 'touch') last = event; });
  region.addEventListener('pointermove', event => {
    if (!last || event.pointerId !== last.pointerId) return;
    move(event.clientX - last.clientX, event.clientY - last.clientY);
    last = event;
  });
  for (const end of ['pointerup', 'pointercancel']) region.addEventListener(end, () => { last = null; });
}

function buttons(drawn, whole) {
  const group = document.createElement('div');
  group.className = 'zoom';
  const add = (label, drawing, action) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'btn sq';
    button.title = label;
    button.setAttribute('aria-label', label);
    button.innerHTML = `<svg class="i" viewBox="0 0 16 16" aria-hidden="true"><path d="${drawing}"/></svg>`;
    button.addEventListener('click', action);
    group.append(button);
  };
  add('Zoom in', 'M8 3.5v9M3.5 8h9', () => zoom(drawn, 1.25));
  add('Zoom out', 'M3.5 8h9', () => zoom(drawn, 0.8));
  add('Show all', 'M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10', whole);
  return group;
}

/** What the keys do, for those who hear the page. */
function help(region) {
  const words = document.createElement('p');
  words.className = 'vh';
  words.id = 'diagram-keys';
  words.textContent = 'Arrow keys move the diagram, plus and minus zoom, 0 shows all of it.';
  region.setAttribute('aria-describedby', words.id);
  return words;
}

// --- The picture and its table

const rows = id => [...document.querySelectorAll('[data-elements] [data-element]')].filter(row => row.dataset.element === id);

function choose(id) {
  chosen = id;
  document.querySelectorAll('[data-elements] .chosen').forEach(row => row.classList.remove('chosen'));
  const found = rows(id);
  found.forEach(row => row.classList.add('chosen'));
  return found;
}

function join(drawn, region) {
  drawn.on('element.click', ({ element }) => {
    const [row] = choose(element.labelTarget?.id ?? element.id);
    row?.scrollIntoView({ block: 'nearest' });
    row?.querySelector('a')?.focus({ preventScroll: true });
  });
  document.addEventListener('click', event => {
    const row = event.target.closest?.('[data-element] a[href="#diagram"]')?.closest('[data-element]');
    const shape = row && drawn.get('elementRegistry').get(row.dataset.element);
    if (!shape || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    choose(shape.id);
    drawn.get('selection').select(shape);
    drawn.get('canvas').scrollToElement(shape, 60);
    region.scrollIntoView({ block: 'nearest' });
    region.focus({ preventScroll: true });
  });
}

// --- From the drawing to the viewer

async function draw(region) {
  const [BpmnJS, xml] = await Promise.all([script(region.dataset.viewer), file(region)]);
  const marks = read(region, 'marks', {});
  const flows = read(region, 'flows', []);
  const drawing = region.querySelector('svg');
  const place = document.createElement('div');
  place.className = 'place';
  region.append(place);
  region.classList.add('live');
  drawing.hidden = true;
  drawing.setAttribute('hidden', '');
  // The viewer measures with a canvas, which knows no custom properties.
  const { fontFamily } = getComputedStyle(region);
  const drawn = new BpmnJS({
    container: place,
    bpmnRenderer: { defaultFillColor: 'var(--surface)', defaultStrokeColor: 'var(--edge)', defaultLabelColor: 'var(--ink)' },
    textRenderer: { defaultStyle: { fontFamily, fontSize: 12 }, externalStyle: { fontFamily, fontSize: 11 } },
    zoomScroll: { enabled: false },
  });
  try {
    drawn.on('import.parse.complete', ({ definitions }) => paint(definitions, marks, flows));
    await drawn.importXML(xml);
  } catch (error) {
    drawn.destroy();
    place.remove();
    region.classList.remove('live');
    drawing.removeAttribute('hidden');
    throw error;
  }
  const svg = place.querySelector('.djs-container > svg');
  svg.setAttribute('aria-hidden', 'true');
  svg.removeAttribute('tabindex');
  mark(drawn, marks);
  const whole = () => fit(drawn, region, marks);
  whole();
  join(drawn, region);
  keys(drawn, region, whole);
  region.append(buttons(drawn, whole), help(region));
  viewer = { drawn, region, marks: region.dataset.marks, flows: region.dataset.flows };
  region.dispatchEvent(new CustomEvent('countersign:drawn', { bubbles: true }));
}

/** Takes over the states of a page that was fetched again. */
function renew(fresh) {
  if (chosen) choose(chosen);
  const source = fresh?.querySelector('[data-diagram]');
  if (!viewer || !source) return;
  const { drawn, region } = viewer;
  if (source.dataset.marks === viewer.marks && source.dataset.flows === viewer.flows) return;
  viewer.marks = region.dataset.marks = source.dataset.marks;
  viewer.flows = region.dataset.flows = source.dataset.flows;
  const marks = read(region, 'marks', {});
  paint(drawn.getDefinitions(), marks, read(region, 'flows', []));
  const registry = drawn.get('elementRegistry');
  drawn.get('eventBus').fire('elements.changed', { elements: registry.filter(element => element.parent) });
  mark(drawn, marks);
}

addEventListener('fresh', event => renew(event.detail));
for (const region of document.querySelectorAll('[data-diagram]')) draw(region).catch(() => {});
