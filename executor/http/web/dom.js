// Elements. What comes as a child or an attribute is text, never markup.

// h('button', {class: 'danger', onclick: stop, disabled: true}, 'Stop')
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flat(Infinity).filter(child => child !== null && child !== undefined && child !== false));
  return element;
}

// Shows other children only where something changed, so that a reader's place and focus stay.
export function fill(element, ...children) {
  const made = h('div', {}, ...children);
  if (made.innerHTML === element.dataset.shown && !made.querySelector('canvas')) return;
  element.dataset.shown = made.innerHTML;
  const focused = element.contains(document.activeElement) ? keyOf(document.activeElement) : null;
  element.replaceChildren(...made.childNodes);
  if (focused) [...element.querySelectorAll('a, button, summary')].find(one => keyOf(one) === focused)?.focus();
}

const keyOf = element => element.tagName + (element.getAttribute('href') ?? '') + element.textContent;

export const announce = text => { document.getElementById('announcer').textContent = text; };

// A table with a caption that screen readers tell. Rows are lists of cells; a cell is text or an element.
export function table(caption, headings, rows, {numbers = []} = {}) {
  const kind = at => (numbers.includes(at) ? {class: 'number'} : {});
  return h('div', {class: 'scroll', tabindex: 0, role: 'region', 'aria-label': caption},
    h('table', {}, h('caption', {class: 'unseen'}, caption),
      h('thead', {}, h('tr', {}, headings.map((text, at) => h('th', {scope: 'col', ...kind(at)}, text)))),
      h('tbody', {}, rows.map(cells => h('tr', {}, cells.map((cell, at) => h('td', kind(at), cell)))))));
}
