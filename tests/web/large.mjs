// large.mjs URL: the grid of 100,000 experiments; prints what was measured.
import {expect, look, withBrowser} from './browser.mjs';

const kFirstPaint = 500, kLongestTask = 100;  // milliseconds
const [url] = process.argv.slice(2);

const watch = () => {
  window.longest = 0;
  new PerformanceObserver(list => {
    for (const task of list.getEntries()) window.longest = Math.max(window.longest, task.duration);
  }).observe({type: 'longtask', buffered: true});
};

await withBrowser(async open => {
  await (await open(url)).close();  // the browser itself has begun
  const page = await open('about:blank');
  await page.addInitScript(watch);
  const began = performance.now();
  await page.goto(`${url}/#/studies/large/runs/latest/grid`);
  await page.locator('.cell.s-succeeded').first().waitFor();
  const cells = Math.round(performance.now() - began);
  const paint = await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0].startTime);

  const grid = page.getByRole('grid');
  const scroll = await grid.evaluate(async element => {
    const frames = [];
    const last = element.scrollHeight;
    for (let step = 1; step <= 120; ++step) {
      const before = performance.now();
      element.scrollTop = step <= 60 ? step * 40 : last * (step - 60) / 60;
      await new Promise(requestAnimationFrame);
      frames.push(performance.now() - before);
    }
    return {worst: Math.max(...frames), rows: Number(element.getAttribute('aria-rowcount'))};
  });
  await page.locator('.cell.s-waiting').first().waitFor();
  await page.waitForFunction(() => document.querySelector('.cell.is-unknown') === null);
  const drawn = await page.locator('.cell').count();

  await page.goto(`${url}/#/studies/large/runs/latest/grid?x=model&y=seed&metric=latency`);
  await page.locator('.cell[class*=shade-]').first().waitFor();
  await grid.focus();
  await page.keyboard.press('Control+End');
  await page.getByRole('rowheader', {name: '1000', exact: true}).waitFor();
  const longest = await page.evaluate(() => window.longest);

  console.log(`first paint ${Math.round(paint)} ms, first cells ${cells} ms, longest task ${Math.round(longest)} ms, ` +
    `slowest frame ${Math.round(scroll.worst)} ms, ${drawn} of 100,000 cells made`);
  expect(scroll.rows > 1000, 'the grid has all rows');
  expect(drawn < 5000, 'cells out of sight are not made');
  expect(paint < kFirstPaint, `the first paint took ${paint} ms`);
  expect(longest < kLongestTask, `a task took ${longest} ms`);

  await look(page, 'large-heat');
  await page.goto(`${url}/#/studies/large/runs/latest/grid`);
  await page.locator('.cell.s-succeeded').first().waitFor();
  await look(page, 'large');
});
