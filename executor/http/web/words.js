// How states, times and numbers are said. Every state has a word and a sign beside its colour.
import {h} from './dom.js';

// What is told of a repetition, the most urgent first: a cell that stands for several shows the first that it has.
export const kStates = [
  ['Running', '▶'], ['Starting', '▷'], ['Failed', '✕'], ['Infeasible', '⊘'], ['Cancelled', '◻'], ['Skipped', '–'],
  ['Cached', '≈'], ['Succeeded', '✓'], ['Waiting', '·'],
].map(([name, sign]) => ({name, sign, class: 's-' + name.toLowerCase()}));

const kRunStates = {
  Pending: ['s-waiting', '·', 'Pending'],
  Running: ['s-running', '▶', 'Running'],
  Paused: ['s-skipped', '‖', 'Paused'],
  Stopping: ['s-starting', '◻', 'Stopping…'],
  Stopped: ['s-cancelled', '◻', 'Stopped'],
  Cancelling: ['s-starting', '✕', 'Cancelling…'],
  Cancelled: ['s-cancelled', '✕', 'Cancelled'],
  Completed: ['s-succeeded', '✓', 'Completed'],
  CompletedWithFailures: ['s-infeasible', '!', 'Completed, with failures'],
  Failed: ['s-failed', '✕', 'Failed'],
  Interrupted: ['s-infeasible', '!', 'Interrupted'],
  Queued: ['s-waiting', '·', 'Queued'],
};

const badge = (kind, sign, text) => h('span', {class: `state ${kind}`}, h('span', {'aria-hidden': 'true'}, sign), ' ', text);

export const runState = state => badge(...(kRunStates[state] ?? ['s-waiting', '?', state]));
export const runStateWord = state => kRunStates[state]?.[2] ?? state;

// Of a repetition or an attempt.
export function workState(state) {
  const known = kStates.find(one => one.name === state);
  return known ? badge(known.class, known.sign, state) : badge('s-infeasible', '↻', state);
}

export const isOver = state => ['Stopped', 'Cancelled', 'Completed', 'CompletedWithFailures', 'Failed', 'Interrupted'].includes(state);

export const count = (n, what) => `${n.toLocaleString('en')} ${what}${n === 1 ? '' : 's'}`;

export function duration(seconds) {
  if (seconds === null || seconds === undefined) return '';
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 60) return `${Number(seconds.toPrecision(3))} s`;
  const minutes = Math.floor(seconds / 60), hours = Math.floor(minutes / 60), days = Math.floor(hours / 24);
  if (hours === 0) return `${minutes}m ${Math.floor(seconds % 60)}s`;
  return days === 0 ? `${hours}h ${minutes % 60}m` : `${days}d ${hours % 24}h`;
}

// A moment, as long ago; the whole of it on hover.
export function ago(text) {
  if (!text) return '';
  const seconds = (Date.now() - Date.parse(text)) / 1000;
  return h('time', {datetime: text, title: when(text)}, seconds < 5 ? 'now' : `${duration(Math.floor(seconds))} ago`);
}

export const when = text => (text ? new Date(text).toLocaleString() : '');

export const took = (from, to) =>
  (from ? duration(Math.max(0, (to ? Date.parse(to) : Date.now()) - Date.parse(from)) / 1000) : '');

export const number = value =>
  (value === null || value === undefined || !Number.isFinite(value) ? '' : Number(value.toPrecision(5)).toString());

export const parameters = values => Object.entries(values).map(([name, value]) => `${name}=${text(value)}`).join(' ');
export const text = value => (typeof value === 'string' ? value : JSON.stringify(value));

// {Succeeded: 3, Failed: 1} as badges with numbers, those that there are.
export const counts = (all, link = () => undefined) => h('ul', {class: 'counts'},
  kStates.filter(state => all[state.name] > 0).map(state => {
    const shown = badge(state.class, state.sign, `${all[state.name].toLocaleString('en')} ${state.name}`);
    const href = link(state.name);
    return h('li', {}, href ? h('a', {href}, shown) : shown);
  }));

// How a run stands, as a bar; said in words by counts().
export function bar(all, total) {
  const rest = total - kStates.reduce((sum, state) => sum + (all[state.name] ?? 0), 0);
  const parts = kStates.map(state => [state, (all[state.name] ?? 0) + (state.name === 'Waiting' ? Math.max(0, rest) : 0)]);
  const order = ['Succeeded', 'Cached', 'Failed', 'Infeasible', 'Cancelled', 'Skipped', 'Running', 'Starting', 'Waiting'];
  parts.sort((a, b) => order.indexOf(a[0].name) - order.indexOf(b[0].name));
  const element = h('div', {class: 'bar', 'aria-hidden': 'true'});
  for (const [state, n] of parts) {
    if (n === 0) continue;
    const part = h('span', {class: state.class, title: `${n} ${state.name}`});
    part.style.flexGrow = n;
    element.append(part);
  }
  return element;
}
