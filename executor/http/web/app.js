// The page: which view the address names, the banner of a lost connection, the login.
import {connection, forgetToken, hasToken, isPassing, said} from './api.js';
import {announce, fill, h} from './dom.js';
import {loginView} from './login.js';
import {mayChange, myName, myRole, whoami} from './rights.js';

const kAgain = 2000;  // milliseconds until what was not ready is asked for again
const main = document.getElementById('main');
const nav = document.getElementById('main-nav'), who = document.getElementById('who');

// Views are modules that are loaded when they are first looked at. `view(place, signal)` returns {title, element}, or
// takes a further place of the same view by show(place). It works until `signal` aborts.
const kViews = [
  [/^\/$/, './studies.js', 'studiesView', []],
  [/^\/studies\/([^/]+)$/, './studies.js', 'runsView', ['study']],
  [/^\/studies\/([^/]+)\/runs\/([^/]+)(?:\/([a-z]+)(?:\/([^/]+))?)?$/, './run.js', 'runView', ['study', 'run', 'tab', 'item']],
  [/^\/compare\/([^/]+)\/([^/]+)\/([^/]+)$/, './compare.js', 'compareView', ['study', 'run', 'other']],
  [/^\/new$/, './editor.js', 'editorView', []],
];

function placeOf(hash) {
  const [path, search] = (hash.replace(/^#/, '') || '/').split('?');
  for (const [pattern, module, name, keys] of kViews) {
    const found = pattern.exec(path);
    if (!found) continue;
    const place = {query: new URLSearchParams(search)};
    keys.forEach((key, at) => { place[key] = found[at + 1] && decodeURIComponent(found[at + 1]); });
    return {module, name, place};
  }
  return null;
}

let shown = null;  // {key, controller, view}

function present(title, element) {
  document.title = `${title} – studyctl`;
  main.replaceChildren(element);
}

function settle() {
  const heading = main.querySelector('h1');
  if (!heading) return;
  heading.tabIndex = -1;
  heading.focus({preventScroll: true});
  window.scrollTo(0, 0);
}

async function show() {
  const found = placeOf(location.hash);
  if (!found) return present('Not found', h('h1', {}, 'There is no such page'));
  const key = [found.name, found.place.study, found.place.run, found.place.other].join('\n');
  if (shown?.key === key && shown.view?.show) {
    shown.view.show(found.place);
    document.title = `${shown.view.title} – studyctl`;
    return;
  }
  shown?.controller.abort();
  const mine = shown = {key, controller: new AbortController(), view: null};
  try {
    const module = await import(found.module);
    const view = await module[found.name](found.place, mine.controller.signal);
    if (shown !== mine) return;
    mine.view = view;
    present(view.title, view.element);
    settle();
  } catch (error) {
    if (shown !== mine || mine.controller.signal.aborted) return;
    shown = null;
    present('Problem', h('div', {}, h('h1', {}, 'This cannot be shown'), h('p', {class: 'error', role: 'alert'}, said(error)),
      h('p', {}, h('button', {onclick: show}, 'Try again'), ' ', h('a', {href: '#/'}, 'All studies'))));
    if (isPassing(error)) setTimeout(() => { if (shown === null) show(); }, kAgain);
  }
}

function showLogin() {
  if (main.querySelector('#login')) return;
  shown?.controller.abort();
  shown = null;
  for (const dialog of document.querySelectorAll('dialog')) dialog.close();
  fill(who);
  fill(nav);
  present('Log in', loginView(begin));
  main.querySelector('input').focus();
}

function logOut() {
  forgetToken();
  showLogin();
}

async function begin() {
  await whoami().catch(() => {});
  if (main.querySelector('#login')) return;
  fill(who, myName() ? h('span', {}, `${myName()} (${myRole()})`) : null,
    hasToken() ? h('button', {onclick: logOut}, 'Log out') : null);
  const item = (href, text) => h('li', {}, h('a', {href}, text));
  fill(nav, h('ul', {}, item('#/', 'Studies'), mayChange() ? item('#/new', 'New study') : null));
  show();
}

const banner = document.getElementById('connection');
connection.addEventListener('lost', () => {
  if (!banner.hidden) return;
  banner.textContent = `The connection was lost at ${new Date().toLocaleTimeString()}; trying again. What you see is from before.`;
  banner.hidden = false;
});
connection.addEventListener('back', () => {
  if (banner.hidden) return;
  banner.hidden = true;
  announce('The connection is back.');
});
connection.addEventListener('login', showLogin);
window.addEventListener('hashchange', show);
begin();
