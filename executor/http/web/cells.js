// A grid of cells of which only those in sight are made, however many there are: arrows, Page Up and Down, Home and End
// move through it as through a table, and screen readers are told where they are of how many.
import {h} from './dom.js';

const kAround = 2;  // rows beyond the edges
const kSlice = 5;   // milliseconds of making rows at a time: to lay them out and paint them takes twice as long

// `size`: {rows, columns, width, height}; heads may be null. `draw(cell, row, column)` fills a cell, `open` is called on
// Enter and clicks, `shown(rows, columns)` with the ranges in sight, before they are drawn.
export class CellGrid {
  constructor({label, draw, open, shown}) {
    Object.assign(this, {draw, open, shown, size: {rows: 0, columns: 0, width: 20, height: 20}, heads: {}, at: [0, 0], drawn: new Map(), stale: new Set()});
    this.space = h('div', {class: 'cells-space', role: 'rowgroup'});
    this.header = h('div', {class: 'cells-head', role: 'rowgroup'});
    this.element = h('div', {class: 'cells', role: 'grid', 'aria-label': label, tabindex: 0, onkeydown: event => this.onKey(event)},
      this.header, this.space);
    this.element.addEventListener('scroll', () => this.later(), {passive: true});
    this.space.addEventListener('click', event => {
      const cell = event.target.closest('[role=gridcell]');
      if (!cell) return;
      this.at = cell.id.split('-').slice(1).map(Number);
      this.open(...this.at);
    });
    this.observer = new ResizeObserver(() => this.later());
    this.observer.observe(this.element);
  }

  // `heads`: {rows(i), columns(i), rowWidth} → texts.
  resize(size, heads = {}) {
    Object.assign(this, {size, heads});
    const {element, space} = this;
    element.setAttribute('aria-rowcount', size.rows + (heads.columns ? 1 : 0));
    element.setAttribute('aria-colcount', size.columns + (heads.rows ? 1 : 0));
    space.style.height = `${size.rows * size.height}px`;
    space.style.width = `${(heads.rowWidth ?? 0) + size.columns * size.width}px`;
    this.header.style.width = space.style.width;
    this.header.hidden = !heads.columns;
    element.classList.toggle('has-heads', Boolean(heads.columns));
    element.style.height = `min(62vh, ${(size.rows + (heads.columns ? 1 : 0)) * size.height + 20}px)`;
    this.at = [Math.min(this.at[0], Math.max(0, size.rows - 1)), Math.min(this.at[1], Math.max(0, size.columns - 1))];
    this.expire();
    this.redraw();
  }

  // What cells show has changed.
  renew() {
    this.expire();
    this.later();
  }

  expire() { this.stale = new Set(this.drawn.keys()); }

  range() {
    const {element, size, heads} = this;
    const span = (from, length, step, total) =>
      [Math.max(0, Math.floor(from / step) - kAround), Math.min(total, Math.ceil((from + length) / step) + kAround)];
    return [span(element.scrollTop, element.clientHeight, size.height, size.rows),
      span(element.scrollLeft - (heads.rowWidth ?? 0), element.clientWidth, size.width, size.columns)];
  }

  later() {
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => { this.frame = 0; this.redraw(); });
  }

  redraw() {
    const {heads} = this;
    const [rows, columns] = this.range();
    if (rows[1] <= rows[0] || columns[1] <= columns[0]) return;
    this.shown(rows, columns);
    const first = heads.rows ? 2 : 1;
    if (String(columns) !== this.across) this.expire();
    this.across = String(columns);
    for (const [row, line] of this.drawn) {
      if (row >= rows[0] && row < rows[1]) continue;
      line.remove();
      this.drawn.delete(row);
      this.stale.delete(row);
    }
    if (heads.columns) this.drawHeader(columns, first);
    const began = performance.now();
    for (let row = rows[0]; row < rows[1]; ++row) {
      const known = this.drawn.get(row);
      if (known && !this.stale.delete(row)) continue;
      const line = this.row(row, columns, first);
      this.drawn.set(row, line);
      if (known) known.replaceWith(line);
      else this.space.append(line);
      if (performance.now() - began < kSlice) continue;
      this.later();
      break;
    }
    this.point();
  }

  row(row, columns, first) {
    const {size, heads} = this;
    const line = h('div', {role: 'row', class: 'cells-row', 'aria-rowindex': row + (heads.columns ? 2 : 1)});
    line.style.top = `${row * size.height}px`;
    if (heads.rows) line.append(this.head('rowheader', heads.rows(row), 0, heads.rowWidth, 1));
    for (let column = columns[0]; column < columns[1]; ++column) line.append(this.cell(row, column, first));
    return line;
  }

  cell(row, column, first) {
    const {size, heads} = this;
    const cell = document.createElement('div');
    cell.className = 'cell';
    cell.id = `cell-${row}-${column}`;
    cell.role = 'gridcell';
    cell.ariaColIndex = column + first;
    cell.style.cssText = `left:${(heads.rowWidth ?? 0) + column * size.width}px;width:${size.width}px;height:${size.height}px;line-height:${size.height - 2}px`;
    this.draw(cell, row, column);
    return cell;
  }

  head(role, text, left, width, column) {
    const head = h('div', {role, class: `cells-${role}`, title: text, 'aria-colindex': column}, text);
    head.style.width = `${width}px`;
    head.style.height = `${this.size.height}px`;
    if (role === 'columnheader') head.style.left = `${left}px`;
    return head;
  }

  drawHeader(columns, first) {
    const {size, heads} = this;
    const line = h('div', {role: 'row', 'aria-rowindex': 1, class: 'cells-row'});
    if (heads.rows) line.append(h('div', {role: 'columnheader', class: 'cells-corner', 'aria-colindex': 1, title: heads.corner}, heads.corner));
    for (let column = columns[0]; column < columns[1]; ++column)
      line.append(this.head('columnheader', heads.columns(column), (heads.rowWidth ?? 0) + column * size.width, size.width, column + first));
    if (heads.rows) line.firstChild.style.width = `${heads.rowWidth}px`;
    this.header.replaceChildren(line);
  }

  // Shows which cell the keyboard is at.
  point() {
    const [row, column] = this.at;
    this.space.querySelector('.is-at')?.classList.remove('is-at');
    const cell = this.space.querySelector(`#cell-${row}-${column}`);
    cell?.classList.add('is-at');
    if (cell) this.element.setAttribute('aria-activedescendant', cell.id);
    else this.element.removeAttribute('aria-activedescendant');
  }

  onKey(event) {
    const {size, element, at: [row, column]} = this;
    const page = Math.max(1, Math.floor(element.clientHeight / size.height) - 1);
    const to = {
      ArrowUp: [row - 1, column], ArrowDown: [row + 1, column], ArrowLeft: [row, column - 1], ArrowRight: [row, column + 1],
      PageUp: [row - page, column], PageDown: [row + page, column],
      Home: event.ctrlKey ? [0, 0] : [row, 0], End: event.ctrlKey ? [size.rows - 1, size.columns - 1] : [row, size.columns - 1],
    }[event.key];
    if (event.key === 'Enter') this.open(row, column);
    else if (!to) return;
    event.preventDefault();
    if (!to) return;
    this.at = [Math.max(0, Math.min(size.rows - 1, to[0])), Math.max(0, Math.min(size.columns - 1, to[1]))];
    this.reveal();
    this.redraw();
  }

  reveal() {
    const {size, element, heads, at: [row, column]} = this;
    const head = heads.columns ? size.height : 0;
    const top = row * size.height, left = column * size.width;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + size.height + head > element.scrollTop + element.clientHeight)
      element.scrollTop = top + size.height + head - element.clientHeight;
    const width = element.clientWidth - (heads.rowWidth ?? 0);
    if (left < element.scrollLeft) element.scrollLeft = left;
    else if (left + size.width > element.scrollLeft + width) element.scrollLeft = left + size.width - width;
  }

  end() { this.observer.disconnect(); }
}
