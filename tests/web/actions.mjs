// actions.mjs URL: what may be done, against answers that the test makes up: one request an action, its button disabled
// meanwhile, its error in place; login by a token; the editor.
import {expect, look, withBrowser} from './browser.mjs';

const [url] = process.argv.slice(2);
const json = (status, body) => ({status, contentType: 'application/json', body: JSON.stringify(body)});

const asOperator = page => page.route('**/api/v1/whoami', route => route.fulfill(json(200, {name: 'ada', role: 'operator'})));

await withBrowser(async open => {
  // ---- who only looks has no buttons
  const page = await open(`${url}/#/studies/large/runs/latest`);
  await page.locator('.standing').waitFor();
  expect(await page.getByRole('button', {name: 'Run again…'}).count() === 0, 'a viewer has no buttons');

  // ---- an action
  await asOperator(page);
  await page.reload();
  const requests = [];
  let answer = json(409, {title: 'Conflict', detail: 'another study holds the volume'});
  let release = null;
  await page.route('**/runs/*:*', async route => {
    requests.push(route.request());
    await new Promise(resolve => { release = resolve; });
    await route.fulfill(answer);
  });
  await page.getByRole('button', {name: 'Run again…'}).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Cycles').fill('3');
  await dialog.getByLabel('Only what matches').fill('model=1');
  await look(page, 'run-again');
  const confirm = dialog.locator('button.primary');
  await confirm.click();
  await dialog.getByText('Beginning a new run…').waitFor();
  expect(await confirm.isDisabled(), 'the button waits for the answer');
  release();
  await dialog.getByText('another study holds the volume').waitFor();
  expect(await confirm.isEnabled(), 'it may be tried again');
  answer = json(201, {study: 'large', run: 'latest', message: 'begun'});
  await confirm.click();
  while (requests.length < 2) await page.waitForTimeout(20);
  release();
  await dialog.waitFor({state: 'detached'});
  expect(requests.length === 2, 'an action is one request');
  expect(requests[1].method() === 'POST' && new URL(requests[1].url()).pathname.endsWith(':again'), 'it goes to :again');
  expect(requests[1].postData() === '{"cycles":3,"selection":{"selector":"model=1"}}', `it says what was chosen: ${requests[1].postData()}`);

  // ---- cancelling is said while it goes on
  const status = await page.evaluate(async () => (await fetch('/api/v1/studies/large/runs/latest/status')).json());
  const now = state => page.route('**/runs/*/status', route => route.fulfill(json(200, {...status, state})));
  await now('Running');
  await page.reload();
  for (const name of ['Pause…', 'Stop…', 'Cancel…']) await page.getByRole('button', {name}).waitFor();
  await page.getByRole('button', {name: 'Cancel…'}).click();
  await look(page, 'cancel');
  await page.keyboard.press('Escape');
  await dialog.waitFor({state: 'detached'});
  await now('Cancelling');
  await page.reload();
  const cancelling = page.getByRole('button', {name: 'Cancelling…'});
  await cancelling.waitFor();
  expect(await cancelling.isDisabled(), 'what is being cancelled is not cancelled again');

  // ---- the editor: errors by line, then the plan, then the apply
  let applied = 0;
  await page.route('**/api/v1/studies?dryRun=All', route => route.fulfill(route.request().postData().includes('cycels')
    ? {...json(422, {detail: 'it is wrong', errors: [{line: 3, column: 1, path: 'spec.cycels', message: 'is not known; did you mean cycles?'}]})}
    : json(200, {result: 'planned', message: '3 experiments', lines: ['3 experiments × 3 cycles = 9 repetitions'], warnings: []})));
  await page.route('**/api/v1/studies', route => (route.request().method() === 'POST'
    ? (++applied, route.fulfill(json(201, {study: 'large', run: 'latest', result: 'created', message: 'created'}))) : route.continue()));
  await page.getByRole('link', {name: 'New study'}).click();
  await page.getByText('9 repetitions').waitFor();
  const area = page.getByLabel('Manifest');
  await area.fill('apiVersion: x\nspec:\n  cycels: 3\n');
  await page.getByText('did you mean cycles?').waitFor();
  expect(await page.getByRole('button', {name: 'Apply…'}).isDisabled(), 'what is wrong is not applied');
  await look(page, 'editor');
  await page.getByRole('button', {name: 'line 3'}).click();
  expect(await area.evaluate(one => one.value.slice(one.selectionStart, one.selectionEnd)) === '  cycels: 3', 'an error leads to its line');
  await area.fill('apiVersion: x\n');
  await page.getByText('9 repetitions').waitFor();
  await page.getByRole('button', {name: 'Apply…'}).click();
  await page.getByRole('dialog').getByRole('button', {name: 'Apply'}).click();
  await page.getByRole('heading', {name: 'large'}).waitFor();
  expect(applied === 1, 'a manifest is applied once');

  // ---- two runs beside each other
  await page.goto(`${url}/#/compare/large/latest/latest`);
  await page.getByText('both are of the same manifest').waitFor();
  await page.getByRole('columnheader', {name: 'Difference'}).waitFor();
  await look(page, 'compare');

  // ---- a token
  const guarded = await open('about:blank');
  await guarded.route('**/api/v1/**', route => (route.request().headers().authorization === 'Bearer s3cret'
    ? route.request().url().endsWith('/whoami') ? route.fulfill(json(200, {name: 'ada', role: 'viewer'})) : route.continue()
    : route.fulfill(json(401, {title: 'Unauthorized', detail: 'this server wants a token'}))));
  await guarded.goto(`${url}/#/studies/large`);
  await guarded.getByLabel('Token').fill('wrong');
  await guarded.getByRole('button', {name: 'Log in'}).click();
  await guarded.getByText('this server wants a token', {exact: true}).waitFor();
  await look(guarded, 'login');
  await guarded.getByLabel('Token').fill('s3cret');
  await guarded.getByRole('button', {name: 'Log in'}).click();
  await guarded.getByRole('heading', {name: 'large'}).waitFor();
  await guarded.reload();
  await guarded.getByRole('heading', {name: 'large'}).waitFor();
});
