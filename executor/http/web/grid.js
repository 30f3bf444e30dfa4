// All experiments of a run as cells: in the order of the plan, or over the values of two parameters; by their state, or
// by what a metric came to. Pages of cells are asked for as they come into sight.
import {get} from './api.js';
import {CellGrid} from './cells.js';
import {h} from './dom.js';
import {kStates, number} from './words.js';

const kSmall = 24;      // pixels, of a cell without text
const kPage = 2000;     // cells in the order of the plan
const kTile = 50;       // rows and columns of a page over two parameters
const kShades = 9;
const kAgain = 1000;    // milliseconds until a page that did not come is asked for again

// The address of the view says what is shown, so that it can be kept and gone back to.
function choiceOf(run, query) {
  return {x: query.get('x') ?? '', y: query.get('y') ?? '', metric: query.get('metric') ?? ''};
}

const select = (label, value, options, onchange) => h('label', {}, `${label} `,
  h('select', {onchange: event => onchange(event.target.value)},
    options.map(([name, title]) => h('option', {value: name, selected: name === value}, title))));

// Pages of cells by their keys, asked for once, and again when they are stale.
class Pages {
  constructor(load, signal) { Object.assign(this, {load, signal, known: new Map(), wanted: new Set(), stale: new Set()}); }
  get(key) { return this.known.get(key); }
  want(keys, then, again) {
    for (const key of keys) {
      if (this.wanted.has(key) || (this.known.has(key) && !this.stale.has(key))) continue;
      this.wanted.add(key);
      this.load(key).then(page => {
        this.known.set(key, page);
        this.stale.delete(key);
        if (!this.signal.aborted) then(page);
      }, () => setTimeout(again, kAgain)).finally(() => this.wanted.delete(key));
    }
  }
  expire(keep) {
    for (const key of [...this.known.keys()]) if (keep.has(key)) this.stale.add(key); else this.known.delete(key);
  }
}

class GridView {
  constructor(run, choice, facts, signal) {
    Object.assign(this, {run, choice, facts, signal, range: facts.range ?? null});
    this.inSight = new Set();
    this.pages = new Pages(key => this.load(key), signal);
    this.cells = new CellGrid({label: 'Experiments', draw: (...at) => this.draw(...at), open: (...at) => this.open(...at),
                               shown: (...ranges) => this.want(...ranges)});
    this.told = h('p', {class: 'quiet told', 'aria-live': 'polite'}, ' ');
    this.scale = h('div', {class: 'scale'});
    this.cells.element.addEventListener('pointerover', event => this.tell(event.target));
    this.cells.element.addEventListener('keydown', () => this.tell(this.cells.space.querySelector('.is-at')));
    new ResizeObserver(() => this.layout()).observe(this.cells.element);
    this.layout();
    this.legend();
  }

  get overTwo() { return this.choice.x !== ''; }

  layout() {
    const width = this.cells.element.clientWidth;
    if (width === 0 || width === this.width) return;
    this.width = width;
    if (this.overTwo) return this.layoutAxes();
    const columns = Math.max(1, Math.floor((width - 16) / kSmall));
    this.cells.resize({rows: Math.ceil(this.facts.total / columns), columns, width: kSmall, height: kSmall});
  }

  layoutAxes() {
    const {x, y} = this.facts;
    const corner = `${this.choice.y} \\ ${this.choice.x}`;
    const longest = Math.max(...(y?.labels ?? ['']).map(text => text.length), corner.length);
    const rowWidth = y ? Math.min(this.width / 3, 24 + 8 * longest) : 0;
    const wide = Math.max(44, Math.min(110, 20 + 8 * Math.max(...x.labels.map(text => text.length), 3)));
    const space = Math.floor((this.width - rowWidth - 16) / x.total);
    const size = {rows: y?.total ?? 1, columns: x.total, width: Math.max(wide, Math.min(140, space)), height: 30};
    this.cells.resize(size, {rowWidth, corner,
      columns: at => this.label('x', at), rows: y ? at => this.label('y', at) : undefined});
  }

  label(axis, at) {
    const key = axis === 'x' ? `0 ${Math.floor(at / kTile)}` : `${Math.floor(at / kTile)} 0`;
    const page = this.pages.get(key) ?? this.facts;
    return page[axis]?.labels[at - page[axis].from] ?? '';
  }

  want(rows, columns) {
    const keys = new Set();
    if (this.overTwo) {
      for (let y = Math.floor(rows[0] / kTile); y <= Math.floor((rows[1] - 1) / kTile); ++y)
        for (let x = Math.floor(columns[0] / kTile); x <= Math.floor((columns[1] - 1) / kTile); ++x) keys.add(`${y} ${x}`);
      for (const key of [...keys]) { const [y, x] = key.split(' '); keys.add(`0 ${x}`); keys.add(`${y} 0`); }
    } else {
      const {columns: across} = this.cells.size;
      const last = Math.min(this.facts.total, rows[1] * across) - 1;
      for (let page = Math.floor(rows[0] * across / kPage); page <= Math.floor(last / kPage); ++page) keys.add(String(page));
    }
    this.inSight = keys;
    this.ask();
  }

  ask() {
    this.pages.want(this.inSight, page => this.take(page), () => { if (!this.signal.aborted) this.ask(); });
  }

  take(page) {
    if (page.range) this.range = page.range;
    this.cells.renew();
    this.legend();
  }

  load(key) {
    const {choice} = this;
    if (!this.overTwo)
      return get(this.run.path('grid'), {metric: choice.metric, from: Number(key) * kPage, count: kPage}, this.signal);
    const [y, x] = key.split(' ').map(Number);
    return get(this.run.path('grid'), {...choice, xFrom: x * kTile, xCount: kTile, yFrom: y * kTile, yCount: kTile}, this.signal);
  }

  // {counts: [[state, repetitions]], first, size, value}; null where it is not known yet.
  at(row, column) {
    let page, place;
    if (this.overTwo) {
      page = this.pages.get(`${Math.floor(row / kTile)} ${Math.floor(column / kTile)}`);
      place = (row % kTile) * (page?.x.labels.length ?? 0) + column % kTile;
    } else {
      const index = row * this.cells.size.columns + column;
      page = this.pages.get(String(Math.floor(index / kPage)));
      place = index % kPage;
      if (index >= this.facts.total) return {size: 0, counts: []};
    }
    if (!page || place >= page.cells.length) return null;
    const flat = page.cells[place], counts = [];
    for (let i = 0; i < flat.length; i += 2) counts.push([page.states[flat[i]], flat[i + 1]]);
    return {counts, first: page.first[place], size: page.size[place], value: page.values?.[place] ?? null};
  }

  // What is read aloud is said in words; what is seen is a sign, or signs and numbers that the style puts in.
  draw(element, row, column) {
    const cell = this.at(row, column);
    if (cell === null) return element.classList.add('is-unknown');
    if (cell.size === 0) return element.classList.add('is-absent');
    const shown = kStates.find(state => cell.counts.some(([name]) => name === state.name));
    element.setAttribute('aria-label', this.words(row, column, cell));
    if (this.choice.metric) {
      if (cell.value !== null) element.classList.add(`shade-${this.shade(cell.value)}`);
      if (this.overTwo) element.dataset.sign = cell.value === null ? '–' : number(cell.value);
      return;
    }
    if (!this.overTwo) {
      element.classList.add(shown.class);
      element.classList.toggle('is-partly', shown.name !== 'Waiting' && cell.counts.some(([name]) => name === 'Waiting'));
      element.textContent = shown.sign;
      return;
    }
    const [most] = cell.counts.reduce((one, other) => (other[1] > one[1] ? other : one));
    element.classList.add(kStates.find(state => state.name === most).class);
    element.classList.toggle('has-failed', cell.counts.some(([name]) => name === 'Failed') && most !== 'Failed');
    element.dataset.sign = this.parts(cell);
  }

  parts(cell) {
    return kStates.filter(state => cell.counts.some(([name]) => name === state.name))
      .map(state => `${state.sign}${cell.counts.find(([name]) => name === state.name)[1]}`).join(' ');
  }

  shade(value) {
    const [least, most] = this.range ?? [value, value];
    return most > least ? Math.min(kShades - 1, Math.floor((value - least) / (most - least) * kShades)) : Math.floor(kShades / 2);
  }

  words(row, column, cell) {
    const where = this.overTwo
      ? [`${this.choice.x}=${this.label('x', column)}`, this.choice.y ? `${this.choice.y}=${this.label('y', row)}` : null]
      : [`experiment ${cell.first + 1} of ${this.facts.total}`];
    const value = this.choice.metric && cell.value !== null ? `${this.choice.metric} ${number(cell.value)}` : null;
    const states = cell.counts.map(([name, n]) => `${n} ${name}`).join(', ');
    return [...where, value, cell.size > 1 ? `${cell.size} experiments` : null, states].filter(part => part).join(', ');
  }

  tell(element) {
    const text = element?.closest?.('.cell')?.getAttribute('aria-label');
    if (text) this.told.textContent = text;
  }

  async open(row, column) {
    const cell = this.at(row, column);
    if (!cell || cell.size === 0) return;
    if (cell.size > 1) {
      const quote = text => `"${text}"`;
      const selector = [`${this.choice.x}=${quote(this.label('x', column))}`,
        ...(this.choice.y ? [`${this.choice.y}=${quote(this.label('y', row))}`] : [])].join(',');
      location.hash = `${this.run.link('experiments')}?selector=${encodeURIComponent(selector)}`;
      return;
    }
    const {experiment} = await get(this.run.path('plan'), {index: cell.first}, this.signal);
    location.hash = this.run.link('experiments', experiment);
  }

  legend() {
    const {metric} = this.choice;
    if (!metric) {
      this.scale.replaceChildren(...kStates.map(state => h('span', {class: `state ${state.class}`}, `${state.sign} ${state.name}`)));
      return;
    }
    const unit = this.facts.metrics.find(one => one.name === metric)?.unit;
    this.scale.replaceChildren(...(this.range === null ? ['Nothing was measured yet.']
      : [number(this.range[0]), ...[...Array(kShades).keys()].map(at => h('span', {class: `swatch shade-${at}`})),
        `${number(this.range[1])} ${unit ?? ''} (mean of the cell)`]));
  }

  refresh() {
    this.pages.expire(this.inSight);
    this.ask();
  }
}

export async function show(run, place, signal) {
  const choice = choiceOf(run, place.query);
  const query = choice.x ? {...choice, xCount: kTile, yCount: kTile} : {metric: choice.metric, count: 1};
  const facts = await get(run.path('grid'), query, signal);
  const view = new GridView(run, choice, facts, signal);
  const go = change => {
    const next = Object.entries({...choice, ...change}).filter(([, value]) => value !== '');
    location.hash = run.link('grid') + (next.length > 0 ? `?${new URLSearchParams(next)}` : '');
  };
  const names = facts.parameters.map(one => [one.name, `${one.name} (${one.levels})`]);
  const measured = facts.metrics.map(one => [one.name, one.unit ? `${one.name} (${one.unit})` : one.name]);
  let isFirst = true;
  run.keep(async () => { if (!isFirst) view.refresh(); isFirst = false; }, signal);
  signal.addEventListener('abort', () => view.cells.end(), {once: true});
  return h('div', {},
    h('div', {class: 'tools'},
      select('Across', choice.x, [['', 'order of the plan'], ...names], x => go(x ? {x, y: choice.y === x ? '' : choice.y} : {x: '', y: ''})),
      choice.x ? select('Down', choice.y, [['', 'nothing'], ...names.filter(([name]) => name !== choice.x)], y => go({y})) : null,
      select('Colour', choice.metric, [['', 'state'], ...measured], metric => go({metric}))),
    view.scale, view.cells.element, view.told);
}
