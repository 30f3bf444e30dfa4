// A manifest: written or taken from a run, checked as it is typed, its plan looked at before it is applied.
import {get, path, post, Problem, said} from './api.js';
import {announce, fill, h} from './dom.js';
import {question} from './actions.js';
import {runLink} from './studies.js';

const kPatience = 600;  // milliseconds after the last key

const kDraft = `apiVersion: studyctl.io/v1alpha1
kind: Study
metadata: {name: my-study}
spec:
  sweep:
    size: [1, 2, 4]
  template:
    spec:
      containers:
        - name: main
          image: docker.io/library/alpine:3
          command: [echo, "\${params.size}"]
  execution: {cycles: 3}
`;

const typeOf = text => (text.trimStart().startsWith('{') ? 'application/json' : 'application/yaml');
const send = (text, query) => post(path('studies'), text, {query, type: typeOf(text)});

async function draftOf(from, signal) {
  if (!from) return kDraft;
  const [study, run] = from.split('/');
  return (await get(path('studies', study, 'runs', run, 'manifest'), {}, signal)).yaml;
}

// Marks the place of an error in `area`.
function goTo(area, {line, column}) {
  const lines = area.value.split('\n');
  const begin = lines.slice(0, line - 1).reduce((sum, text) => sum + text.length + 1, 0);
  area.focus();
  area.setSelectionRange(begin + Math.max(0, (column ?? 1) - 1), begin + (lines[line - 1]?.length ?? 0));
}

const errorsOf = (area, problem) => h('ul', {class: 'lines'}, problem.errors.map(one => h('li', {},
  one.line ? h('button', {onclick: () => goTo(area, one)}, `line ${one.line}, column ${one.column}`) : null, ' ', one.message)));

const planOf = plan => [h('ul', {class: 'lines'}, (plan.lines ?? []).map(line => h('li', {}, line))),
  (plan.warnings ?? []).map(text => h('p', {class: 'note'}, text))];

const unchangedOf = (answer, link) => [h('h2', {}, 'Nothing was begun'), h('p', {class: 'note'}, `${answer.study}: ${answer.message}`),
  h('p', {}, h('a', {href: link}, 'The run that there is'), ' can be run again.')];

export async function editorView(place, signal) {
  const area = h('textarea', {id: 'manifest', spellcheck: 'false', rows: 26, 'aria-describedby': 'verdict'});
  area.value = await draftOf(place.query.get('from'), signal);
  const numbers = h('pre', {class: 'line-numbers', 'aria-hidden': 'true'});
  const verdict = h('div', {id: 'verdict', role: 'status'});
  const apply = h('button', {class: 'primary', disabled: true}, 'Apply…');
  let timer = 0, asked = 0;
  const check = async () => {
    const mine = ++asked;
    try {
      const plan = await send(area.value, {dryRun: 'All'});
      if (mine !== asked) return;
      apply.disabled = false;
      fill(verdict, h('h2', {}, 'The plan'), planOf(plan));
    } catch (problem) {
      if (mine !== asked) return;
      fill(verdict, h('h2', {}, 'It cannot be applied'), h('p', {class: 'error'}, problem.errors?.length > 0 ? '' : said(problem)),
        problem instanceof Problem ? errorsOf(area, problem) : null);
    }
  };
  const changed = () => {
    apply.disabled = true;
    numbers.textContent = area.value.split('\n').map((_, at) => at + 1).join('\n');
    clearTimeout(timer);
    timer = setTimeout(check, kPatience);
  };
  area.addEventListener('input', changed);
  area.addEventListener('scroll', () => { numbers.scrollTop = area.scrollTop; }, {passive: true});
  apply.addEventListener('click', () => question({title: 'Apply', doing: 'Applying…', text: verdict.querySelector('li')?.textContent ?? '', fields: []},
    'this manifest', async () => {
      const answer = await send(area.value, {});
      announce(answer.message);
      const link = runLink(answer.study, answer.run);
      if (answer.result === 'unchanged') fill(verdict, unchangedOf(answer, link));
      else location.hash = link;
    }));
  signal.addEventListener('abort', () => clearTimeout(timer), {once: true});
  changed();
  return {title: 'Manifest', element: h('div', {}, h('h1', {}, 'Manifest'), h('div', {class: 'editor-page'},
    h('div', {}, h('label', {for: 'manifest', class: 'unseen'}, 'Manifest'), h('div', {class: 'editor'}, numbers, area), h('p', {class: 'tools'}, apply)),
    verdict))};
}
