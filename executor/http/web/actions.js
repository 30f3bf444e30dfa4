// What may be done with a run: a button for each action that its state allows, and a question before it is done. An
// action is one request; its button waits for the answer, and an error stands where it was asked for.
import {get, path, post, said} from './api.js';
import {announce, fill, h} from './dom.js';
import {mayChange} from './rights.js';
import {runLink, studyLink} from './studies.js';
import {isOver} from './words.js';

const kWhy = {name: 'why', label: 'Why (for the history)', optional: true};
const kSelector = {name: 'selector', label: 'Only what matches', hint: 'molecule=water,charge!=0; empty: all', optional: true};

const failures = status => status.counts.Failed + status.counts.Infeasible + status.counts.Cancelled > 0;
const goes = status => !isOver(status.state) && status.state !== 'Cancelling';

const kActions = [
  {verb: 'pause', title: 'Pause', doing: 'Pausing…', when: status => ['Running', 'Pending'].includes(status.state),
   text: 'What runs goes on to its end; nothing new starts until it is resumed.', fields: [kWhy]},
  {verb: 'resume', title: 'Resume', doing: 'Resuming…', when: status => ['Paused', 'Stopped', 'Failed', 'Interrupted'].includes(status.state),
   text: 'The run goes on with what is still to do.', fields: []},
  {verb: 'stop', title: 'Stop', doing: 'Stopping…', when: status => goes(status) && status.state !== 'Stopping',
   text: 'What runs may finish; nothing new starts, and the run ends. It can be gone on with later.', fields: [kWhy]},
  {verb: 'cancel', title: 'Cancel', doing: 'Cancelling…', danger: true, when: goes,
   text: 'What runs is ended now, and what waits is never started. Partial results are no results.',
   fields: [{name: 'grace', label: 'Time to end by itself', hint: '10s', optional: true}, kWhy]},
  {verb: 'retry', title: 'Retry', doing: 'Asking for a retry…', when: failures,
   text: 'What did not succeed is tried again, in this run.',
   fields: [{name: 'states', label: 'What', options: [['', 'what failed'], ['Infeasible', 'what was infeasible'],
       ['Cancelled', 'what was cancelled'], ['Failed,Infeasible,Cancelled', 'all of that']]},
     {name: 'reasons', label: 'Only those that ended by', hint: 'Timeout,OOMKilled; empty: all', optional: true}, kSelector,
     {name: 'maxRetries', label: 'Leave out what failed more often than', type: 'number', min: 0, optional: true}]},
  {verb: 'again', title: 'Run again', doing: 'Beginning a new run…', when: status => isOver(status.state),
   text: 'A new run of the same study, everything measured anew.',
   fields: [{name: 'cycles', label: 'Cycles', type: 'number', min: 1, hint: 'as before', optional: true},
     {name: 'parallelism', label: 'At once', type: 'number', min: 1, hint: 'as before', optional: true}, kSelector]},
  {verb: 'keep', title: 'Keep', doing: 'Marking…', when: (status, about) => isOver(status.state) && !about.kept,
   text: 'It is never pruned, however old it gets.', fields: [{...kWhy, label: 'Why (beside the mark)'}]},
  {verb: 'unkeep', title: 'Keep no more', doing: 'Taking the mark away…', when: (status, about) => about.kept,
   text: 'It goes when its study’s retention says so.', fields: []},
  {verb: 'delete', title: 'Delete', doing: 'Deleting…', danger: true, when: (status, about) => isOver(status.state) && !about.kept,
   text: 'The run, its results and its logs are removed from the disk, for good.', fields: []},
];

function bodyOf(values) {
  const {selector, reasons, states, ...body} = values;
  const list = text => text?.split(',').map(one => one.trim()).filter(one => one);
  const selection = {selector, reasons: list(reasons), states: list(states)};
  if (Object.values(selection).some(one => one !== undefined)) body.selection = JSON.parse(JSON.stringify(selection));
  return body;
}

const idOf = field => `field-${field.name}`;

function input(field) {
  const {name, options} = field;
  return h('p', {class: 'field'}, h('label', {for: idOf(field)}, field.label), options
    ? h('select', {id: idOf(field), name}, options.map(([value, title]) => h('option', {value}, title)))
    : h('input', {id: idOf(field), name, type: field.type ?? 'text', min: field.min, placeholder: field.hint,
                  required: !field.optional, autocomplete: 'off'}));
}

const valuesOf = form => Object.fromEntries([...new FormData(form)].filter(([, value]) => value !== '')
  .map(([name, value]) => [name, form.elements[name].type === 'number' ? Number(value) : value]));

// Asks whether to do `action`, with a form for what it takes; `act(values)` does it.
export function question(action, subject, act) {
  const error = h('p', {class: 'error', role: 'alert'});
  const confirm = h('button', {class: action.danger ? 'danger' : 'primary'}, action.title);
  const back = h('button', {type: 'button', onclick: () => dialog.close()}, 'Back');
  const submit = async event => {
    event.preventDefault();
    confirm.disabled = back.disabled = true;
    confirm.textContent = action.doing;
    error.textContent = '';
    try {
      await act(valuesOf(event.target));
      dialog.close();
    } catch (problem) {
      error.textContent = said(problem) + (problem instanceof TypeError ? ' It may have been done nevertheless: look before you try again.' : '');
      confirm.textContent = action.title;
      confirm.disabled = back.disabled = false;
    }
  };
  const dialog = h('dialog', {'aria-labelledby': 'dialog-title', onclose: () => dialog.remove(),
                             oncancel: event => { if (confirm.disabled) event.preventDefault(); }},
    h('form', {onsubmit: submit}, h('h2', {id: 'dialog-title'}, `${action.title}: ${subject}`), h('p', {}, action.text),
      action.fields.map(input), error, h('p', {class: 'tools'}, confirm, back)));
  document.body.append(dialog);
  dialog.showModal();
}

// To the runs that are left of a study, or to the studies where none is.
async function leaveDeleted(run) {
  const left = await get(path('studies', run.study, 'runs'), {limit: 1}).catch(() => null);
  location.hash = left ? studyLink(run.study) : '#/';
}

function ask(run, action) {
  question(action, `${run.study} ${run.name}`, async values => {
    const answer = await post(`${run.path()}:${action.verb}`, bodyOf(values));
    announce(answer.message);
    if (action.verb === 'again') location.hash = runLink(run.study, answer.run);
    else if (action.verb === 'delete') await leaveDeleted(run);
    else run.changed();
  });
}

export function actionBar(run) {
  const bar = h('div', {class: 'tools', role: 'group', 'aria-label': 'Actions'});
  const draw = () => {
    if (!mayChange()) return;
    const {status, about} = run;
    fill(bar, kActions.filter(action => action.when(status, about)).map(action =>
      h('button', {class: action.danger ? 'danger' : null, onclick: () => ask(run, action)}, `${action.title}…`)),
      status.state === 'Cancelling' ? h('button', {disabled: true}, 'Cancelling…') : null,
      h('a', {class: 'button', href: `#/new?from=${encodeURIComponent(`${run.study}/${run.name}`)}`}, 'Edit and apply'));
  };
  draw();
  run.addEventListener('status', draw);
  return bar;
}
