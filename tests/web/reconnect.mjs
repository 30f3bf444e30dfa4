// reconnect.mjs URL DOWN UP: the server is stopped by the command DOWN and started again by UP while a page is looked at.
import {execSync} from 'node:child_process';
import {expect, withBrowser} from './browser.mjs';

const [url, down, up] = process.argv.slice(2);

await withBrowser(async open => {
  const page = await open(`${url}/#/studies/large/runs/latest`);
  await page.locator('.standing').waitFor();
  await page.evaluate(() => { window.isThisPage = true; });
  execSync(down);
  await page.getByText('The connection was lost').waitFor({timeout: 30000});
  expect(await page.locator('.standing').isVisible(), 'what was shown stays');
  execSync(up);
  await page.getByText('The connection was lost').waitFor({state: 'hidden', timeout: 60000});
  await page.getByRole('link', {name: 'History'}).click();
  await page.getByText('Where it ran').waitFor();
  expect(await page.evaluate(() => window.isThisPage), 'the page was loaded once');
});
