// What ran when, on which device. A part of it may be looked at more closely.
import {get} from './api.js';
import {chart, palette} from './charts.js';
import {h, table} from './dom.js';
import {duration} from './words.js';

const kMostListed = 200;

const nameOf = span => (span.attempts > 1 ? `${span.attempts} attempts` : `${span.experiment}, cycle ${span.cycle}, attempt ${span.attempt}`);

function datasets(spans, lanes, colours) {
  // What is listed first is drawn above the others.
  const order = ['Running', 'Failed', 'Infeasible', 'Cancelled', 'Retry'];
  const rank = state => (order.includes(state) ? order.indexOf(state) : order.length);
  const states = [...new Set(spans.map(span => span.state))].sort((a, b) => rank(a) - rank(b));
  return states.map(state => {
    const own = spans.filter(span => span.state === state);
    return {label: state, own, data: own.map(span => ({y: lanes[span.lane], x: [span.from, span.to]})), grouped: false,
      barThickness: 16, minBarLength: 2, backgroundColor: colours[state] ?? colours.Cancelled};
  });
}

function options(line, run, onZoom) {
  return {
    indexAxis: 'y',
    onClick: (event, items, drawn) => {
      const span = items[0] && drawn.data.datasets[items[0].datasetIndex].own[items[0].index];
      if (!span) return;
      if (span.attempts === 1) location.hash = run.link('experiments', span.experiment) + `?cycle=${span.cycle}&attempt=${span.attempt}`;
      else onZoom(span.from, span.to);
    },
    plugins: {legend: {position: 'bottom'}, tooltip: {callbacks: {label: item => {
      const span = item.dataset.own[item.dataIndex];
      return `${nameOf(span)}: ${span.state}, ${duration(span.to - span.from)}`;
    }}}},
    scales: {x: {type: 'linear', min: line.from, max: line.to, title: {display: true, text: 'since the start'},
                 ticks: {callback: value => (value === 0 ? '0' : duration(value))}},
             y: {type: 'category', labels: line.lanes}},
  };
}

const listed = (run, spans) => h('details', {}, h('summary', {}, 'As a table'),
  table('What ran when', ['What', 'State', 'From', 'To'], spans.slice(0, kMostListed).map(span => [
    span.attempts > 1 ? nameOf(span) : h('a', {href: run.link('experiments', span.experiment)}, nameOf(span)), span.state,
    duration(span.from), duration(span.to)])),
  spans.length > kMostListed ? h('p', {class: 'quiet'}, `The first ${kMostListed} of ${spans.length}: look at a part.`) : null);

export async function show(run, place, signal) {
  const box = h('div', {class: 'plot'}), list = h('div', {}), range = {from: undefined, to: undefined};
  let drawn = null, shown = null;
  const zoom = (from, to) => { Object.assign(range, {from, to}); fresh.poke(); };
  const part = share => {
    if (!shown) return;
    const middle = (shown.from + shown.to) / 2, half = (shown.to - shown.from) * share / 2;
    zoom(Math.max(0, middle - half), Math.min(shown.end, middle + half));
  };
  const move = share => {
    if (!shown) return;
    const width = shown.to - shown.from, from = Math.max(0, Math.min(shown.end - width, shown.from + share * width));
    zoom(from, from + width);
  };
  const refresh = async () => {
    shown = await get(run.path('timeline'), range, signal);
    box.hidden = shown.spans.length === 0;
    box.style.height = `${Math.min(900, 110 + 26 * shown.lanes.length)}px`;
    const config = {type: 'bar', data: {datasets: datasets(shown.spans, shown.lanes, palette()), labels: shown.lanes},
                    options: options(shown, run, zoom)};
    if (drawn) { Object.assign(drawn, {data: config.data, options: config.options}); drawn.update(); }
    else drawn = await chart(canvas, config, signal);
    list.querySelector('details')?.open || list.replaceChildren(shown.spans.length > 0 ? listed(run, shown.spans)
      : h('p', {class: 'quiet'}, 'Nothing ran yet.'));
  };
  const canvas = h('canvas', {role: 'img', 'aria-label': 'What ran when; the same is below as a table'});
  box.append(canvas);
  const fresh = run.keep(refresh, signal);
  const button = (text, label, onclick) => h('button', {onclick, 'aria-label': label}, text);
  return h('div', {}, h('div', {class: 'tools', role: 'group', 'aria-label': 'Part of the time'},
    button('+', 'Closer', () => part(0.5)), button('−', 'Further', () => part(2)), button('←', 'Earlier', () => move(-0.5)),
    button('→', 'Later', () => move(0.5)), button('All', 'All of it', () => zoom(undefined, undefined))), box, list);
}
