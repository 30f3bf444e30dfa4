// One experiment: its parameters, its attempts, what they measured, and what one of them says.
import {get} from './api.js';
import {fill, h, table} from './dom.js';
import {logView} from './log.js';
import {number, text, took, when, workState} from './words.js';

const metricsOf = attempt => Object.entries(attempt.metrics).map(([name, value]) => `${name}=${number(value)}`).join(' ');

function attemptsTable(run, id, attempts, shown) {
  const link = one => run.link('experiments', id) + `?cycle=${one.cycle}&attempt=${one.attempt}`;
  const isShown = one => shown && one.cycle === shown.cycle && one.attempt === shown.attempt;
  return table('Attempts', ['Cycle', 'Attempt', 'State', 'Reason', 'Exit', 'Started', 'Took', 'Devices', 'Metrics', 'Message', 'Log'],
    attempts.map(one => [one.cycle, one.attempt, workState(one.state), one.reason === 'Completed' ? '' : one.reason ?? '',
      one.exit_code ?? '', when(one.started_at), took(one.started_at, one.finished_at), one.devices.join(' '), metricsOf(one),
      [one.message, ...one.warnings, ...one.flags].filter(part => part).join('; '),
      h('a', {href: link(one), 'aria-current': isShown(one) ? 'true' : null}, isShown(one) ? 'shown below' : 'show',
        h('span', {class: 'unseen'}, ` the log of cycle ${one.cycle}, attempt ${one.attempt}`))]),
    {numbers: [0, 1, 4]});
}

const parametersList = values => h('dl', {class: 'facts'},
  Object.entries(values).map(([name, value]) => [h('dt', {}, name), h('dd', {}, text(value))]));

export async function experimentView(run, place, signal) {
  const id = place.item;
  const about = h('div', {}), attempts = h('div', {}), log = h('div', {});
  const wanted = {cycle: Number(place.query.get('cycle')), attempt: Number(place.query.get('attempt'))};
  let shown = null;
  const refresh = async () => {
    const [list, experiments] = await Promise.all([get(run.path('attempts'), {experiment: id, limit: 500}, signal),
      get(run.path('experiments'), {experiment: id, limit: 1}, signal)]);
    if (experiments.items.length > 0) fill(about, parametersList(experiments.items[0].parameters));
    const {items} = list;
    if (items.length === 0) return fill(attempts, h('p', {class: 'quiet'}, 'It was not begun yet.'));
    shown ??= items.find(one => one.cycle === wanted.cycle && one.attempt === wanted.attempt) ?? items.at(-1);
    fill(attempts, attemptsTable(run, id, items, shown));
    if (!log.firstChild) log.append(logView(run, {experiment: id, cycle: shown.cycle, attempt: shown.attempt}, signal));
  };
  run.keep(refresh, signal).done.catch(error => fill(attempts, h('p', {class: 'error', role: 'alert'}, error.message)));
  return h('div', {}, h('p', {}, h('a', {href: run.link('experiments')}, 'All experiments')), h('h2', {}, id), about,
    h('h2', {}, 'Attempts'), attempts, log);
}
