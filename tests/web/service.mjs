// service.mjs URL OPERATOR VIEWER DOWN UP: the page of a service that stands, by two tokens: all that may be done with a
// study, and the service killed by the command DOWN and begun again by UP meanwhile.
import {execSync} from 'node:child_process';
import {expect, look, withBrowser} from './browser.mjs';

const [url, operator, viewer, down, up] = process.argv.slice(2);

const manifest = ({name = 'page', seconds = 0.3, cycles = 1, fails = 'c', key = 'cycles'} = {}) => `apiVersion: studyctl.io/v1alpha1
kind: Study
metadata: {name: ${name}}
spec:
  sweep: {solver: [a, b, c], size: [1, 2]}
  template:
    spec:
      containers:
        - name: main
          image: studyctl/tiny:1
          command: [sh, -c, 'sleep ${seconds}; [ "\${params.solver}" != ${fails} ] || exit 3; echo "T=\${params.size}\${run.cycle}"']
  results:
    metrics: [{name: time, from: {stdout: true, regex: 'T=(\\S+)'}, unit: s, goal: minimize}]
  execution: {${key}: ${cycles}, parallelism: 2, timeouts: {run: 2m, grace: 1s}}
`;

async function logIn(page, token) {
  await page.getByLabel('Token').fill(token);
  await page.getByRole('button', {name: 'Log in'}).click();
}

// How the run stands, in the word of the page.
const standing = (page, word) => page.locator('.run-line .state', {hasText: new RegExp(` ${word}$`)}).waitFor({timeout: 60000});
const button = (page, name) => page.getByRole('button', {name, exact: true});

// The page before stays until a run's own is there, and its buttons are of what it shows.
async function goToRun(page, study, run) {
  await page.goto(`${url}/#/studies/${study}/runs/${run}`);
  await page.getByRole('heading', {level: 1, name: new RegExp(`^${study} `)}).waitFor();
}

// Presses a button of the bar, fills in what it asks for, and confirms it, which is one request.
async function act(page, title, fields = {}) {
  const sent = [];
  const note = request => { if (request.method() === 'POST') sent.push(new URL(request.url()).pathname); };
  await button(page, `${title}…`).click();
  const dialog = page.getByRole('dialog');
  for (const [label, value] of Object.entries(fields)) {
    const field = dialog.getByLabel(label, {exact: true});
    if (await field.evaluate(one => one.tagName) === 'SELECT') await field.selectOption({label: value});
    else await field.fill(value);
  }
  page.on('request', note);
  await button(dialog, title).dblclick({noWaitAfter: true});
  await dialog.waitFor({state: 'detached'});
  page.off('request', note);
  expect(sent.length === 1, `${title} is one request: ${sent.join(' ')}`);
}

async function write(page, text) {
  await page.getByLabel('Manifest').fill(text);
}

async function apply(page, text) {
  await page.goto(`${url}/#/new`);
  await write(page, text);
  await page.getByRole('heading', {name: 'The plan'}).waitFor();
  await act(page, 'Apply');
}

await withBrowser(async open => {
  // ---- who looks, and who acts
  const page = await open(url);
  await logIn(page, 'sctl_wrong');
  await page.getByText('the token is not known').waitFor();
  await look(page, 'service-login');
  await logIn(page, operator);
  await page.getByText('ann (operator)').waitFor();
  await page.getByText('Nothing was run here yet').waitFor();
  await look(page, 'service-empty');

  // ---- a manifest: what is wrong with it, where; its plan; applied
  await page.getByRole('link', {name: 'New study'}).click();
  await write(page, manifest({key: 'cycels'}));
  const wrong = page.getByRole('button', {name: 'line 14, column 15'});
  await wrong.waitFor();
  await page.getByText('did you mean').waitFor();
  await wrong.click();
  expect((await page.getByLabel('Manifest').evaluate(one => one.value.slice(one.selectionStart, one.selectionEnd))).startsWith('cycels'),
    'an error leads to its place');
  await look(page, 'service-editor-wrong');
  await write(page, manifest());
  await page.getByText('6 experiments, Sequential').waitFor();
  await look(page, 'service-editor-plan');
  await act(page, 'Apply');
  await page.evaluate(() => { window.isThisPage = true; });
  await standing(page, 'Completed, with failures');
  const first = await page.locator('h1 small').textContent();
  await page.getByRole('link', {name: '2 Failed'}).click();
  await page.getByText('solver=c').first().waitFor();
  await look(page, 'service-experiments');

  // ---- the same again begins nothing, and says so
  await apply(page, manifest());
  await page.getByText('Nothing was begun').waitFor();
  await page.getByRole('link', {name: 'The run that there is'}).click();
  await standing(page, 'Completed, with failures');

  // ---- a retry of what failed; its experiments fail again, so another manifest lets them succeed
  await act(page, 'Retry', {What: 'what failed'});
  await standing(page, 'Completed, with failures');
  await page.getByRole('link', {name: 'History'}).click();
  await page.getByRole('cell', {name: 'retry', exact: true}).waitFor();
  expect(await page.getByRole('cell', {name: 'ann', exact: true}).count() >= 2, 'who applied and retried is in the history');
  await look(page, 'service-history');

  // ---- run again: with other cycles, a part of it, more at once
  await act(page, 'Run again', {Cycles: '2', 'At once': '3', 'Only what matches': 'solver!=c'});
  await standing(page, 'Completed');
  const second = await page.locator('h1 small').textContent();
  expect(second !== first, 'it is a new run');
  await page.locator('.standing').getByText('8 Succeeded').waitFor();
  await page.locator('.standing').getByText('4 Skipped').waitFor();

  // ---- two runs beside each other
  await page.getByRole('navigation', {name: 'Breadcrumb'}).getByRole('link', {name: 'page'}).click();
  for (const name of [first, second]) await page.getByLabel(`Compare ${name}`).check();
  await look(page, 'service-runs');
  await page.getByRole('button', {name: 'Compare two runs'}).click();
  await page.getByRole('columnheader', {name: 'Ratio'}).waitFor();
  await look(page, 'service-compare');

  // ---- marks; a run that is marked has no button to delete it
  await goToRun(page, 'page', first);
  await act(page, 'Keep', {'Why (beside the mark)': 'for the paper'});
  await button(page, 'Keep no more…').waitFor();
  expect(await button(page, 'Delete…').count() === 0, 'what is kept is not deleted');
  await page.locator('.standing').getByText('kept').waitFor();
  await look(page, 'service-kept');
  await act(page, 'Keep no more');
  await button(page, 'Delete…').click();
  await look(page, 'service-delete');
  await button(page, 'Back').click();
  await act(page, 'Delete');
  await page.getByRole('heading', {name: 'page', exact: true}).waitFor();
  await page.getByRole('link', {name: second}).waitFor();
  expect(await page.getByRole('link', {name: first}).count() === 0, 'a deleted run is gone');

  // ---- a study that takes long: another waits for it; paused, gone on with, stopped, gone on with
  await apply(page, manifest({name: 'long', seconds: 20, fails: 'x'}));
  await standing(page, 'Running');
  await page.getByText('Running now').waitFor();
  const watcher = await open(`${url}/#/studies/long/runs/latest`);
  await logIn(watcher, viewer);
  await watcher.getByText('bob (viewer)').waitFor();
  await standing(watcher, 'Running');
  expect(await watcher.getByRole('button', {name: /…$/}).count() === 0, 'a viewer has no actions');
  expect(await watcher.getByRole('link', {name: 'New study'}).count() === 0, 'a viewer applies nothing');
  await apply(page, manifest({name: 'waiting', fails: 'x'}));
  await page.getByText('waits for its turn behind long').waitFor();
  await standing(page, 'Pending');
  await look(page, 'service-waiting');
  await goToRun(page, 'long', 'latest');
  await act(page, 'Pause', {'Why (for the history)': 'lunch'});
  await standing(page, 'Paused');
  await standing(watcher, 'Paused');
  await act(page, 'Resume');
  await standing(page, 'Running');
  await act(page, 'Stop');
  await standing(page, 'Stopping…');
  await look(page, 'service-stopping');

  // ---- the service is killed, and another one goes on; nobody reloads
  for (const one of [page, watcher]) await one.evaluate(() => { window.isThisPage = true; });
  execSync(down);
  for (const one of [page, watcher]) await one.getByText('The connection was lost').waitFor({timeout: 30000});
  await button(page, 'Cancel…').click();
  await button(page.getByRole('dialog'), 'Cancel').click();
  await page.getByRole('dialog').getByText('The server does not answer').waitFor();
  await look(page, 'service-lost');
  await button(page, 'Back').click();
  await watcher.getByRole('link', {name: 'Timeline'}).click();
  const isStream = request => request.url().endsWith('/events');
  const streams = new Set();
  watcher.on('request', request => isStream(request) && streams.add(request));
  for (const end of ['requestfinished', 'requestfailed']) watcher.on(end, request => streams.delete(request));
  execSync(up);
  for (const one of [page, watcher]) await one.getByText('The connection was lost').waitFor({state: 'hidden', timeout: 60000});
  await watcher.getByText('As a table').waitFor();
  for (const one of [page, watcher]) await standing(one, 'Stopped');
  while (streams.size > 0) await watcher.waitForTimeout(100);  // else it hears of what follows by the one it has
  const listens = watcher.waitForRequest(isStream, {timeout: 60000});  // it looks at what has ended every 30 s
  await act(page, 'Resume');
  await page.getByText('Running now').waitFor({timeout: 30000});
  await listens;

  // ---- who does not look does not listen, and misses nothing
  let begun = 0;
  watcher.on('request', request => { if (isStream(request)) ++begun; });
  const gone = watcher.waitForEvent('requestfailed', isStream);
  const hide = isHidden => watcher.evaluate(value => {
    Object.defineProperty(document, 'hidden', {value, configurable: true});
    document.dispatchEvent(new Event('visibilitychange'));
  }, isHidden);
  await hide(true);
  await gone;
  // ---- cancelled, with a question first; seen by all
  await button(page, 'Cancel…').click();
  await look(page, 'service-cancel');
  await page.keyboard.press('Escape');
  await act(page, 'Cancel', {'Why (for the history)': 'wrong input', 'Time to end by itself': '6s'});
  expect(await button(page, 'Cancelling…').isDisabled(), 'what is being cancelled is not cancelled again');
  await standing(page, 'Cancelling…');
  await look(page, 'service-cancelling');
  await standing(page, 'Cancelled');
  expect(begun === 0, 'a page that nobody sees does not listen');
  await hide(false);
  await standing(watcher, 'Cancelled');
  await page.getByRole('link', {name: 'History'}).click();
  for (const text of ['apply', /^pause.*lunch/, 'resume', 'stop', /^cancel.*wrong input/])
    await page.getByRole('cell', {name: text, exact: typeof text === 'string'}).first().waitFor();
  await look(page, 'service-cancelled');

  // ---- it has ended, and goes on by a retry: who looks at it sees it, also what follows
  await act(page, 'Retry', {What: 'what was cancelled'});
  await standing(watcher, 'Running');
  await act(page, 'Cancel', {'Time to end by itself': '0s'});
  await standing(watcher, 'Cancelled');
  for (const one of [page, watcher]) expect(await one.evaluate(() => window.isThisPage), 'the page was loaded once');

  // ---- several studies at once, each page with its own stream
  await page.goto(`${url}/#/`);
  await page.getByRole('link', {name: 'waiting', exact: true}).waitFor();
  await page.locator('.card', {hasText: 'waiting'}).getByText('Completed').waitFor({timeout: 60000});
  await look(page, 'service-studies');
  await button(page, 'Log out').click();
  await page.getByLabel('Token').waitFor();
  await page.reload();
  await page.getByLabel('Token').waitFor();
});
