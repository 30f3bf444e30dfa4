// What the tests of the page share: Debian's Chromium by npm's playwright-core, and what a test may expect.
import {createRequire} from 'node:module';
import {mkdirSync} from 'node:fs';

const home = `${process.env.STUDYCTL_CACHE ?? `${process.env.HOME}/.cache/studyctl`}/npm-web`;  // tests/install.sh makes it
const require = createRequire(`${home}/`);
const {chromium} = require('playwright-core');
const axe = require.resolve('axe-core/axe.min.js');

export const screenshots = process.env.STUDYCTL_SCREENSHOTS;
mkdirSync(screenshots, {recursive: true});

export function expect(holds, what) {
  if (!holds) throw new Error(`FAILED: ${what}`);
}

// A browser whose pages tell of every error that they have; it is closed, whatever `test` does.
export async function withBrowser(test) {
  const browser = await chromium.launch({executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox']});
  const errors = [];
  const open = async (url, options = {}) => {
    // axe is put in by the test, which the page's own policy would not let in.
    const page = await (await browser.newContext({viewport: {width: 1280, height: 850}, ...options})).newPage();
    page.on('pageerror', error => errors.push(error.message));
    page.on('console', message => { if (/Content Security|Refused to/.test(message.text())) errors.push(message.text()); });
    await page.goto(url);
    return page;
  };
  try {
    await test(open);
    expect(errors.length === 0, `the page had errors: ${errors.join('; ')}`);
  } catch (error) {
    const pages = browser.contexts().flatMap(context => context.pages());
    await Promise.all(pages.map((page, at) => page.screenshot({path: `${screenshots}/failed-${at + 1}.png`}).catch(() => {})));
    throw error;
  } finally {
    await browser.close();
  }
}

// What axe-core finds serious or critical, and a picture, at two widths, light and dark.
export async function look(page, name) {
  for (const [width, colorScheme] of [[1280, 'light'], [400, 'dark'], [400, 'light'], [1280, 'dark']]) {
    await page.setViewportSize({width, height: 850});
    await page.emulateMedia({colorScheme});
    await page.waitForTimeout(300);
    await page.screenshot({path: `${screenshots}/${name}-${width}-${colorScheme}.png`});
    const wide = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
    expect(!wide, `${name} is wider than ${width} pixels`);
    if (!await page.evaluate(() => 'axe' in window)) await page.evaluate(await axeSource());
    const found = await page.evaluate(() => axe.run(document, {resultTypes: ['violations']}));
    const serious = found.violations.filter(one => ['serious', 'critical'].includes(one.impact));
    expect(serious.length === 0, `${name}, ${width}, ${colorScheme}: ${serious.map(one =>
      `${one.id}: ${one.nodes.slice(0, 3).map(node => `${node.html.slice(0, 200)} ${node.any[0]?.message ?? ''}`).join(' | ')}`).join('; ')}`);
  }
  await page.setViewportSize({width: 1280, height: 850});
  await page.emulateMedia({colorScheme: 'light'});
}

let source = null;
async function axeSource() {
  const {readFile} = await import('node:fs/promises');
  return source ??= await readFile(axe, 'utf8');
}
