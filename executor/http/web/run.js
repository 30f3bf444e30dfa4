// One run: how it stands, what may be done with it, and a tab for each way to look at it. What the run's event stream
// tells makes all of it be asked for again.
import {actionBar} from './actions.js';
import {ask, get, isPassing, path, said} from './api.js';
import {announce, fill, h} from './dom.js';
import {follow} from './follow.js';
import {keepFresh, pause} from './fresh.js';
import {runLink, runName, studyLink} from './studies.js';
import {bar, counts, duration, isOver, runState, runStateWord, took} from './words.js';

const kEvery = 5000;
const kAgain = 2000;  // until what was not ready is asked for again

const kTabs = [
  ['overview', 'Overview', './overview.js'],
  ['grid', 'Grid', './grid.js'],
  ['experiments', 'Experiments', './experiments.js'],
  ['timeline', 'Timeline', './timeline.js'],
  ['results', 'Results', './results.js'],
  ['history', 'History', './history.js'],
];

// What the views of a run share: `status` is status.json, `about` what lists of runs have. 'change' tells that anything
// happened, 'end' that the run has ended, 'status' that both were read again.
class Run extends EventTarget {
  constructor(study, name, signal) {
    super();
    Object.assign(this, {study, name, signal, status: null, about: null, tag: null});
  }
  path(...more) { return path('studies', this.study, 'runs', this.name, ...more); }
  link(...more) { return runLink(this.study, this.name, ...more); }

  async refresh() {
    const response = await ask(this.path('status'), {cache: 'no-cache', signal: this.signal});
    const tag = response.headers.get('etag');
    if (tag !== null && tag === this.tag) return void await response.text();
    this.tag = tag;
    const before = this.status?.state;
    const status = await response.json();
    this.about = await get(this.path(), {}, this.signal);
    this.status = status;
    if (before && before !== this.status.state) announce(`${this.study}: ${runStateWord(this.status.state)}`);
    this.dispatchEvent(new Event('status'));
  }

  // Something was done to it, or by it. What stands beside status.json is read again too.
  changed() {
    this.tag = null;
    this.dispatchEvent(new Event('change'));
  }
  // A controller that serves its own run answers for a moment yet.
  ended() {
    this.changed();
    this.dispatchEvent(new Event('end'));
  }

  // Calls `refresh` now and whenever something happened, until the run is over and `signal` aborts.
  keep(refresh, signal) {
    const fresh = keepFresh(refresh, {signal, every: 30000});
    this.addEventListener('change', fresh.poke, {signal});
    this.addEventListener('end', fresh.hurry, {signal});
    return fresh;
  }
}

// Tells `run` of what happens to it. One that has ended may go on by a retry.
async function followEvents(run, signal) {
  const onOpen = () => run.changed();
  const onEvent = event => event.type === 'end' ? run.ended() : run.changed();
  while (!signal.aborted) {
    await follow(run.path('events'), {after: Number.MAX_SAFE_INTEGER, onOpen, onEvent, signal});
    do await new Promise(resolve => run.addEventListener('status', resolve, {once: true, signal}));
    while (isOver(run.status.state));
  }
}

function head(run) {
  const {status} = run;
  const eta = status.eta_seconds;
  return [
    h('p', {class: 'run-line'}, runState(status.state), ' ',
      h('span', {}, took(status.started_at, status.finished_at ?? (isOver(status.state) ? status.updated_at : null))),
      run.about.kept ? h('span', {class: 'state s-skipped'}, h('span', {'aria-hidden': 'true'}, '★'), ' kept') : null,
      eta !== null && status.state === 'Running' ? h('span', {class: 'quiet'}, `about ${duration(Math.round(eta))} to go`) : null,
      status.state_reason ? h('span', {class: 'quiet'}, status.state_reason) : null),
    bar(status.counts, status.total),
    counts(status.counts, state => run.link('experiments') + `?state=${state}`),
  ];
}

export async function runView(place, signal) {
  // `latest` stays the run that it was when it was asked for.
  const known = await get(path('studies', place.study, 'runs', place.run), {}, signal);
  const run = new Run(place.study, runName(known), signal);
  await run.refresh();
  const standing = h('div', {class: 'standing'}, head(run));
  const actions = actionBar(run);
  const panel = h('section', {class: 'panel', 'aria-live': 'off'});
  const tabs = h('nav', {'aria-label': 'Views of the run', class: 'tabs'});
  let leave = new AbortController();

  const view = {title: '', element: null, show: null};
  view.show = async at => {
    leave.abort();
    const mine = leave = new AbortController();
    const stop = AbortSignal.any([signal, mine.signal]);
    const tab = at.tab ?? 'overview';
    const known = kTabs.find(([name]) => name === tab);
    fill(tabs, h('ul', {}, kTabs.map(([name, title]) => h('li', {},
      h('a', {href: run.link(...(name === 'overview' ? [] : [name])), 'aria-current': name === tab ? 'page' : null}, title)))));
    view.title = `${known?.[1] ?? tab} of ${run.study}`;
    panel.replaceChildren(h('p', {class: 'quiet'}, 'Loading…'));
    delete panel.dataset.shown;
    try {
      if (!known) throw new Error(`There is no view '${tab}'.`);
      const module = await import(known[2]);
      const element = await module.show(run, at, stop);
      if (!mine.signal.aborted) panel.replaceChildren(element);
    } catch (error) {
      if (mine.signal.aborted) return;
      panel.replaceChildren(h('p', {class: 'error', role: 'alert'}, said(error)),
        h('button', {onclick: () => view.show(at)}, 'Try again'));
      if (isPassing(error)) pause(kAgain, stop).then(() => { if (!mine.signal.aborted) view.show(at); });
    }
  };

  run.addEventListener('status', () => fill(standing, head(run)));
  const fresh = keepFresh(() => run.refresh(), {signal, every: kEvery});
  run.addEventListener('change', fresh.poke);
  run.addEventListener('end', fresh.hurry);
  fresh.done.catch(error => fill(standing, h('p', {class: 'error', role: 'alert'}, error.message)));
  followEvents(run, signal).catch(() => {});

  view.element = h('div', {},
    h('nav', {'aria-label': 'Breadcrumb', class: 'crumbs'}, h('a', {href: '#/'}, 'Studies'), ' / ',
      h('a', {href: studyLink(run.study)}, run.study)),
    h('div', {class: 'headline'}, h('h1', {}, run.study, ' ', h('small', {}, run.name)), actions),
    standing, tabs, panel);
  view.show(place);
  return view;
}
