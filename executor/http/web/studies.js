// The studies of the results volume, and the runs of one.
import {get, path} from './api.js';
import {fill, h, table} from './dom.js';
import {keepFresh} from './fresh.js';
import {ago, bar, count, counts, runState, took, when} from './words.js';

const kEvery = 5000;
const kPage = 100;

export const runName = run => run.run.split('/').pop();
export const runLink = (study, run, ...more) => '#/' + ['studies', study, 'runs', run, ...more].map(encodeURIComponent).join('/');
export const studyLink = study => `#/studies/${encodeURIComponent(study)}`;

// Keeps a list fresh in `body`: the pages that were asked for so far, and a button for one more.
function freshList(url, body, draw, signal) {
  let pages = 1;
  const more = h('button', {onclick: () => { ++pages; fresh.poke(); }}, 'Show more');
  const refresh = async () => {
    let items = [], next;
    for (let page = 0; page < pages; ++page) {
      const list = await get(url, {limit: kPage, continue: next}, signal);
      items = items.concat(list.items);
      next = list.metadata.continue;
      if (!next) break;
    }
    fill(body, draw(items));
    more.hidden = !next;
  };
  const fresh = keepFresh(refresh, {signal, every: kEvery});
  fresh.done.catch(error => fill(body, h('p', {class: 'error', role: 'alert'}, error.message)));
  return more;
}

const progress = one => h('div', {class: 'progress'}, bar(one.counts, one.total),
  h('span', {}, `${done(one.counts).toLocaleString('en')} of ${one.total.toLocaleString('en')}`));
const done = all => (all.Succeeded ?? 0) + (all.Cached ?? 0);

export async function studiesView(place, signal) {
  const body = h('div', {}, h('p', {class: 'quiet'}, 'Loading…'));
  const draw = studies => (studies.length === 0
    ? h('p', {class: 'quiet'}, 'Nothing was run here yet. `studyctl apply -f study.yaml` begins a study.')
    : h('ul', {class: 'cards'}, studies.map(study => h('li', {class: 'card'},
      h('h2', {}, h('a', {href: studyLink(study.study)}, study.study)),
      h('p', {}, runState(study.state), ' ', h('span', {class: 'quiet'}, ago(study.updated_at))),
      progress(study), counts({...study.counts, Succeeded: 0, Waiting: 0}),
      study.message ? h('p', {class: 'message'}, study.message) : null,
      h('p', {class: 'links'}, h('a', {href: runLink(study.study, runName(study.latest))}, 'Newest run'), ' ',
        h('a', {href: studyLink(study.study)}, count(study.runs, 'run')))))));
  const more = freshList(path('studies'), body, draw, signal);
  return {title: 'Studies', element: h('div', {}, h('h1', {}, 'Studies'), body, more)};
}

export async function runsView({study}, signal) {
  const body = h('div', {}, h('p', {class: 'quiet'}, 'Loading…'));
  const chosen = new Set();
  const compare = h('button', {disabled: true, onclick: () => {
    location.hash = '#/' + ['compare', study, ...[...chosen].sort()].map(encodeURIComponent).join('/');
  }}, 'Compare two runs');
  const choice = name => {
    const box = h('input', {type: 'checkbox', 'aria-label': `Compare ${name}`, onchange: () => {
      if (box.checked) chosen.add(name); else chosen.delete(name);
      compare.disabled = chosen.size !== 2;
    }});
    box.checked = chosen.has(name);
    return box;
  };
  const draw = runs => table(`Runs of ${study}`,
    ['', 'Run', 'State', 'Progress', 'Failed', 'Started', 'Took', 'Kept', 'Message'],
    runs.map(run => [choice(runName(run)), h('a', {href: runLink(study, runName(run))}, runName(run)), runState(run.state),
      progress(run), (run.counts.Failed + run.counts.Infeasible).toLocaleString('en'), when(run.started_at),
      took(run.started_at, run.finished_at ?? run.updated_at), run.kept ? 'kept' : '', run.message]), {numbers: [4]});
  const more = freshList(path('studies', study, 'runs'), body, draw, signal);
  return {title: study, element: h('div', {},
    h('nav', {'aria-label': 'Breadcrumb', class: 'crumbs'}, h('a', {href: '#/'}, 'Studies')),
    h('h1', {}, study), h('div', {class: 'tools'}, compare), body, more)};
}
