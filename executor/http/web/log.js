// What an attempt says, as it says it, with search. The newest lines are kept; older ones are in the file.
import {path} from './api.js';
import {h} from './dom.js';
import {follow} from './follow.js';

const kTail = 1000;
const kMost = 5000;  // lines

// As a terminal would show a line: without escape sequences, and of what a progress bar wrote over and over, the last.
const shownLine = raw => raw.replace(/\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|.)/g, '').replace(/\r$/, '')
  .split('\r').at(-1);

class Lines {
  constructor(element) { Object.assign(this, {element, open: new Map(), wanted: ''}); }

  // A stream's last line may still be going on.
  add({stream, text}) {
    const parts = ((this.open.get(stream)?.raw ?? '') + text).split('\n');
    this.open.get(stream)?.element.remove();
    this.open.delete(stream);
    const rest = parts.pop();
    for (const raw of parts) this.append(stream, raw);
    if (rest) this.open.set(stream, {raw: rest, element: this.append(stream, rest)});
    while (this.element.childElementCount > kMost) this.element.firstChild.remove();
  }

  append(stream, raw) {
    const line = h('div', {class: `line ${stream}`}, shownLine(raw) || ' ');
    this.mark(line);
    this.element.append(line);
    return line;
  }

  mark(line) { line.hidden = this.wanted !== '' && !line.textContent.toLowerCase().includes(this.wanted); }

  search(text) {
    this.wanted = text.toLowerCase();
    for (const line of this.element.children) this.mark(line);
    return [...this.element.children].filter(line => !line.hidden).length;
  }
}

export function logView(run, attempt, signal) {
  const box = h('div', {class: 'log', tabindex: 0, role: 'log', 'aria-live': 'off', 'aria-label': 'Log'});
  const lines = new Lines(box);
  const state = h('span', {class: 'quiet', role: 'status'}, 'reading…');
  const follows = h('input', {type: 'checkbox', id: 'log-follow', checked: true});
  const search = h('input', {type: 'search', id: 'log-search', oninput: () => {
    const found = lines.search(search.value);
    state.textContent = search.value ? `${found} lines` : '';
  }});
  const onEvent = event => {
    if (event.type === 'end') { state.textContent = box.firstChild ? 'it has ended' : 'it said nothing'; return; }
    lines.add(JSON.parse(event.data));
    if (!search.value) state.textContent = 'as it comes';
    if (follows.checked) box.scrollTop = box.scrollHeight;
  };
  follow(path('studies', run.study, 'runs', run.name, 'log'), {query: {...attempt, follow: true, tail: kTail}, onEvent, signal})
    .catch(error => { state.textContent = error.message; });
  return h('section', {}, h('h2', {}, `Log of cycle ${attempt.cycle}, attempt ${attempt.attempt}`),
    h('div', {class: 'tools'}, h('label', {for: 'log-search'}, 'Lines with'), search,
      h('label', {}, follows, ' stay at the end'), state), box);
}
