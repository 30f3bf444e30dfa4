// Two runs of a study beside each other: what was changed, and what it did to the figures.
import {get, path} from './api.js';
import {h, table} from './dom.js';
import {fewGroups} from './results.js';
import {runLink, studyLink} from './studies.js';
import {counts, number, runState, took} from './words.js';

const keyOf = one => JSON.stringify([one.metric, one.parameters]);

function figures(before, after) {
  const known = new Map(before.map(one => [keyOf(one), one]));
  const names = [...new Set(after.flatMap(one => Object.keys(one.parameters)))];
  const both = after.filter(one => known.has(keyOf(one)));
  if (both.length === 0) return h('p', {class: 'quiet'}, 'They have no group of results in common.');
  const told = ends => (ends ? ` ± ${Number(((ends[1] - ends[0]) / 2).toPrecision(2))}` : '');
  return table('Figures of both', [...names, 'Metric', 'Before', 'After', 'Difference', 'Ratio'], both.map(one => {
    const was = known.get(keyOf(one));
    return [...names.map(name => one.parameters[name] ?? ''), one.unit ? `${one.metric} (${one.unit})` : one.metric,
      number(was.mean) + told(was.mean_ci95), number(one.mean) + told(one.mean_ci95), number(one.mean - was.mean),
      was.mean === 0 ? '' : number(one.mean / was.mean)];
  }), {numbers: [1, 2, 3, 4].map(at => at + names.length)});
}

const side = (label, study, run) => h('div', {class: 'card'}, h('h2', {}, label, ': ', h('a', {href: runLink(study, run.run.split('/').pop())}, run.run.split('/').pop())),
  h('p', {}, runState(run.state), ' ', took(run.started_at, run.finished_at ?? run.updated_at)), counts(run.counts));

export async function compareView({study, run, other}, signal) {
  const of = (name, ...more) => path('studies', study, 'runs', name, ...more);
  const {parameters} = await get(of(other, 'grid'), {count: 1}, signal);
  const by = fewGroups(parameters).join(',');
  const [before, after, changes, was, is] = await Promise.all([get(of(run), {}, signal), get(of(other), {}, signal),
    get(of(other, 'changes'), {since: run}, signal), get(of(run, 'results'), {by}, signal), get(of(other, 'results'), {by}, signal)]);
  return {title: `Two runs of ${study}`, element: h('div', {},
    h('nav', {'aria-label': 'Breadcrumb', class: 'crumbs'}, h('a', {href: '#/'}, 'Studies'), ' / ', h('a', {href: studyLink(study)}, study)),
    h('h1', {}, `Two runs of ${study}`), h('div', {class: 'cards'}, side('Before', study, before), side('After', study, after)),
    h('h2', {}, 'What was changed'),
    changes.lines.length === 0 ? h('p', {class: 'quiet'}, 'Nothing: both are of the same manifest.') : h('ul', {class: 'lines'}, changes.lines.map(line => h('li', {}, line))),
    h('h2', {}, 'What it came to'), figures(was.items, is.items))};
}
