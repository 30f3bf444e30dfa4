// life.mjs URL: a study that runs is looked at in all ways until it ends; the server goes and comes back meanwhile.
import {expect, look, withBrowser} from './browser.mjs';

const [url] = process.argv.slice(2);

await withBrowser(async open => {
  const page = await open(url);
  await page.getByRole('link', {name: 'Newest run'}).click();
  await page.getByText('Running now').waitFor();
  await look(page, 'overview');

  await page.getByRole('link', {name: 'Grid', exact: true}).click();
  await page.locator('.cell.s-succeeded').first().waitFor();
  await page.getByLabel('Across').selectOption('molecule');
  await page.getByLabel('Down').selectOption('charge');
  await page.getByRole('columnheader', {name: 'water', exact: true}).waitFor();
  await look(page, 'grid');
  await page.getByLabel('Colour').selectOption('energy');
  await page.locator('.cell[class*=shade-]').first().waitFor();
  // By keyboard: to a cell, and into it.
  await page.getByRole('grid').focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowDown');
  expect(await page.locator('.cell.is-at').getAttribute('id') === 'cell-1-1', 'arrows go through the grid');
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Enter');
  await page.getByText('Attempts').first().waitFor();

  const log = page.getByRole('log');
  await log.getByText('energy of water').waitFor();
  await page.getByLabel('Lines with').fill('ENERGY');
  expect(await log.locator('.line:visible').count() === 1, 'the search of a log shows the lines that have the text');
  await look(page, 'experiment');

  await page.getByRole('link', {name: 'Timeline'}).click();
  await page.getByText('As a table').waitFor();
  await look(page, 'timeline');

  await page.getByRole('link', {name: 'Results'}).click();
  await page.getByRole('columnheader', {name: 'Mean'}).waitFor();
  await look(page, 'results');

  await page.getByRole('link', {name: 'History'}).click();
  await page.getByText('Where it ran').waitFor();
  await look(page, 'history');

  // To its end, without a reload: what the page shows follows the run.
  await page.getByRole('link', {name: 'Overview'}).click();
  await page.evaluate(() => { window.isThisPage = true; });
  await page.locator('.standing').getByText('Completed', {exact: false}).waitFor({timeout: 120000});
  expect(await page.evaluate(() => window.isThisPage), 'the page was loaded once');
});
