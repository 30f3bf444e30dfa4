// The experiments of a run that were begun, by what they are and how they stand; and one of them.
import {get} from './api.js';
import {fill, h, table} from './dom.js';
import {experimentView} from './experiment.js';
import {counts, parameters} from './words.js';

const kPage = 100;
const kStateNames = ['Running', 'Starting', 'Succeeded', 'Failed', 'Infeasible', 'Cancelled', 'Skipped', 'Cached'];

function filters(run, chosen) {
  const state = h('select', {id: 'filter-state', name: 'state'}, h('option', {value: ''}, 'any state'),
    kStateNames.map(name => h('option', {selected: name === chosen.state}, name)));
  const selector = h('input', {id: 'filter-selector', name: 'selector', value: chosen.selector ?? '', placeholder: 'molecule=water,charge!=0'});
  const submit = event => {
    event.preventDefault();
    const given = [...new FormData(event.target)].filter(([, value]) => value !== '');
    location.hash = run.link('experiments') + (given.length > 0 ? `?${new URLSearchParams(given)}` : '');
  };
  return h('form', {class: 'tools', role: 'search', onsubmit: submit}, h('label', {for: 'filter-state'}, 'With'), state,
    h('label', {for: 'filter-selector'}, 'that match'), selector, h('button', {}, 'Show'));
}

export async function show(run, place, signal) {
  if (place.item) return experimentView(run, place, signal);
  const chosen = Object.fromEntries(place.query);
  const body = h('div', {}, h('p', {class: 'quiet'}, 'Loading…'));
  let pages = 1;
  const more = h('button', {hidden: true, onclick: () => { ++pages; fresh.poke(); }}, 'Show more');
  const draw = items => (items.length === 0
    ? h('p', {class: 'quiet'}, 'None of those that were begun.')
    : table('Experiments', ['Experiment', 'Parameters', 'Repetitions', 'Failures'], items.map(one => [
      h('a', {href: run.link('experiments', one.experiment)}, one.experiment), parameters(one.parameters), counts(one.counts),
      one.fail_count || '']), {numbers: [3]}));
  const fresh = run.keep(async () => {
    let items = [], next;
    for (let page = 0; page < pages; ++page) {
      const list = await get(run.path('experiments'), {...chosen, limit: kPage, continue: next}, signal);
      items = items.concat(list.items);
      next = list.metadata.continue;
      if (!next) break;
    }
    fill(body, draw(items));
    more.hidden = !next;
  }, signal);
  fresh.done.catch(error => fill(body, h('p', {class: 'error', role: 'alert'}, error.message)));
  return h('div', {}, filters(run, chosen), body, more);
}
