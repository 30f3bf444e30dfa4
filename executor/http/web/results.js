// What was measured: means and their 95 % intervals by the parameters that one chooses, as plots and as a table.
import {get} from './api.js';
import {chart, palette} from './charts.js';
import {fill, h, table} from './dom.js';
import {number} from './words.js';

const kMostBars = 60;
const kMostRows = 500;
const kHues = [211, 28, 150, 330, 265, 55, 185, 0];

const title = one => (one.unit ? `${one.metric} (${one.unit})` : one.metric);
const interval = ends => (ends ? `${number(ends[0])} to ${number(ends[1])}` : '');

// Of one metric: a point a group, or a line for each value of the further parameters, beside each other.
function plotOf(rows, by, colours) {
  const [across, ...rest] = by;
  const labels = [...new Set(rows.map(row => row.parameters[across]))];
  const lines = [...Map.groupBy(rows, row => rest.map(name => `${name}=${row.parameters[name]}`).join(' '))];
  const shown = lines.slice(0, kHues.length);
  const isNumeric = labels.every(text => text !== '' && Number.isFinite(Number(text)));
  const datasets = shown.flatMap(([label, own], at) => {
    const hue = lines.length > 1 ? `hsl(${kHues[at]} 60% 50%)` : colours.mark;
    const pale = lines.length > 1 ? `hsl(${kHues[at]} 60% 50% / .35)` : colours.pale;
    const x = row => labels.indexOf(row.parameters[across]) + (at - (shown.length - 1) / 2) * Math.min(0.15, 0.8 / shown.length);
    const measured = own.filter(row => row.mean_ci95);
    return [
      {type: 'line', label: label || title(rows[0]), own, data: own.map(row => ({x: x(row), y: row.mean})), borderColor: hue,
       backgroundColor: hue, pointRadius: 4, borderWidth: 2, showLine: isNumeric},
      {type: 'bar', label: '', own: measured, data: measured.map(row => ({x: x(row), y: row.mean_ci95})), backgroundColor: pale,
       barThickness: 8, grouped: false},
    ];
  });
  return {labels, datasets, left: lines.length - shown.length};
}

function config(rows, by, {labels, datasets}) {
  const places = labels.map((_, value) => ({value}));
  return {
    data: {datasets},
    options: {
      plugins: {legend: {display: datasets.length > 2, position: 'bottom', labels: {filter: item => item.text !== ''}},
        tooltip: {callbacks: {title: items => labels[Math.round(items[0].parsed.x)], label: item => {
          const row = item.dataset.own[item.dataIndex];
          return `${number(row.mean)}${row.mean_ci95 ? ` [${interval(row.mean_ci95)}]` : ''}, n = ${row.n}`;
        }}}},
      scales: {x: {type: 'linear', min: -0.5, max: labels.length - 0.5, title: {display: true, text: by[0]}, grid: {display: false},
                   afterBuildTicks: axis => { axis.ticks = places; }, ticks: {callback: value => labels[value], autoSkip: true}},
               y: {beginAtZero: false, title: {display: true, text: title(rows[0])}}},
    },
  };
}

export const resultsTable = (items, caption = 'Results') => {
  const names = [...new Set(items.flatMap(one => Object.keys(one.parameters)))];
  return table(caption, [...names, 'Metric', 'N', 'Mean', '95 % interval', 'Median', 'SD', 'Min', 'Max', ''],
    items.slice(0, kMostRows).map(one => [...names.map(name => one.parameters[name] ?? ''), title(one), one.n, number(one.mean),
      interval(one.mean_ci95), number(one.median), number(one.sd), number(one.min), number(one.max),
      one.standing === 'best' ? '★ best' : one.standing === 'tied' ? '≈ as good' : '']),
    {numbers: [1, 2, 4, 5, 6, 7].map(at => at + names.length)});
};

function plots(items, by, signal) {
  const grid = h('div', {class: 'plots'});
  const colours = palette();
  for (const [metric, rows] of Map.groupBy(items, one => one.metric)) {
    const plot = plotOf(rows, by, colours);
    if (plot.labels.length > kMostBars) continue;
    const canvas = h('canvas', {role: 'img', 'aria-label': `${metric} by ${by.join(' and ')}; the figures are in the table below`});
    grid.append(h('div', {class: 'plot'}, canvas));
    chart(canvas, config(rows, by, plot), signal);
    if (plot.left > 0) grid.append(h('p', {class: 'quiet'}, `${plot.left} further lines are in the table.`));
  }
  return grid;
}

// Parameters by which there are few enough groups to look at; none where the first has too many values already.
export function fewGroups(parameters) {
  const names = [];
  let groups = 1;
  for (const one of parameters.filter(one => one.levels > 1)) if ((groups *= one.levels) <= kMostBars) names.push(one.name);
  return names;
}

export async function show(run, place, signal) {
  const facts = await get(run.path('grid'), {count: 1}, signal);
  const varied = facts.parameters.filter(one => one.levels > 1).map(one => one.name);
  const by = (place.query.get('by') ?? fewGroups(facts.parameters)[0] ?? '').split(',').filter(name => name);
  const clean = place.query.get('clean') === 'true';
  const go = change => { location.hash = `${run.link('results')}?${new URLSearchParams({by: by.join(','), clean, ...change})}`; };
  const box = name => {
    const input = h('input', {type: 'checkbox', onchange: () => {
      const next = input.checked ? [...by, name] : by.filter(one => one !== name);
      go({by: next.join(',')});
    }});
    input.checked = by.includes(name);
    return h('label', {}, input, ` ${name}`);
  };
  const cleanBox = h('input', {type: 'checkbox', onchange: () => go({clean: cleanBox.checked})});
  cleanBox.checked = clean;
  const body = h('div', {}, h('p', {class: 'quiet'}, 'Loading…'));
  let tag = null, drawn = new AbortController();
  const draw = list => {
    drawn.abort();
    drawn = new AbortController();
    const {items, drift, flagged} = list;
    if (items.length === 0) return fill(body, h('p', {class: 'quiet'}, 'Nothing was measured yet.'));
    body.replaceChildren(
      ...drift.map(one => h('p', {class: 'note'}, `${one.metric} moves with time, whatever the parameters: ${number(one.per_hour)} an hour (p = ${number(one.p_value)})`)),
      flagged.repetitions > 0 && !clean ? h('p', {class: 'note'}, `${flagged.repetitions} repetitions were flagged: throttled or disturbed.`) : '',
      by.length > 0 ? plots(items, by, AbortSignal.any([signal, drawn.signal])) : '', resultsTable(items),
      items.length > kMostRows || list.groups > kMostRows ? h('p', {class: 'quiet'}, `The first ${kMostRows} rows of ${list.groups} groups: \`studyctl results -o csv\` has them all.`) : '');
  };
  const refresh = async () => {
    const list = await get(run.path('results'), {by: by.join(','), clean: clean ? 'true' : '', limit: kMostRows}, signal);
    const text = JSON.stringify(list);
    if (text !== tag) draw(list);
    tag = text;
  };
  run.keep(refresh, signal).done.catch(error => fill(body, h('p', {class: 'error', role: 'alert'}, error.message)));
  return h('div', {}, h('fieldset', {class: 'tools'}, h('legend', {}, 'A group for each'), varied.map(box)),
    h('p', {}, h('label', {}, cleanBox, ' leave out what was flagged')),
    h('p', {class: 'quiet'}, 'Means and their 95 % intervals (Student’s t over cycles, from two cycles on).'), body);
}
