// What a run does now, what went wrong last, and why it waits.
import {fill, h, table} from './dom.js';
import {count, parameters, took, when, workState} from './words.js';

export const experimentLink = (run, id) => run.link('experiments', id);

function current(run) {
  const {status} = run;
  if (status.current.length === 0) return null;
  return h('section', {}, h('h2', {}, 'Running now'),
    table('What runs now', ['Experiment', 'Parameters', 'Cycle', 'State', 'Device', 'For', 'Says'],
      status.current.map(one => [h('a', {href: experimentLink(run, one.experiment)}, one.experiment),
        parameters(one.parameters ?? {}), `${one.cycle}${one.attempt > 1 ? `, attempt ${one.attempt}` : ''}`, workState(one.state),
        one.device, took(one.started_at), meter(one)]), {numbers: [2]}));
}

const meter = one => (one.progress === null ? one.message
  : h('span', {}, h('meter', {min: 0, max: 1, value: one.progress, 'aria-label': 'progress'}), ` ${Math.round(one.progress * 100)} % `, one.message));

function failures(run) {
  const {status} = run;
  if (status.failures.length === 0) return null;
  return h('section', {}, h('h2', {}, 'Last failures'),
    (status.signatures ?? []).length > 0
      ? h('ul', {}, status.signatures.map(one => h('li', {}, `${one.failures} of ${count(status.failed_attempts, 'failure')}: `, h('q', {}, one.signature))))
      : null,
    table('Last failures', ['When', 'Experiment', 'Parameters', 'Cycle', 'Reason', 'Message'],
      [...status.failures].reverse().map(one => [when(one.at), h('a', {href: experimentLink(run, one.experiment)}, one.experiment),
        parameters(one.parameters ?? {}), one.cycle, one.reason, one.message]), {numbers: [3]}));
}

const sentences = (title, list) => (list.length === 0 ? null
  : h('section', {}, h('h2', {}, title), h('ul', {}, list.map(text => h('li', {}, text)))));

const reasons = status => {
  const ended = Object.entries(status.reasons).filter(([name, n]) => n > 0 && name !== 'Completed');
  return ended.length === 0 ? null : h('section', {}, h('h2', {}, 'Why attempts ended'),
    h('dl', {class: 'facts'}, ended.map(([name, n]) => [h('dt', {}, name), h('dd', {}, n.toLocaleString('en'))])));
};

export async function show(run, place, signal) {
  const element = h('div', {});
  const draw = () => {
    const parts = [current(run), sentences('Waiting for', run.status.waiting_for), failures(run), reasons(run.status),
      sentences('Devices in quarantine', run.status.quarantined ?? [])].filter(part => part !== null);
    fill(element, parts.length > 0 ? parts : h('p', {class: 'quiet'}, 'Nothing runs, and nothing went wrong.'));
  };
  draw();
  run.addEventListener('status', draw, {signal});
  return element;
}
