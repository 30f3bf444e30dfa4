// Who did what with a run, and what it was of.
import {get} from './api.js';
import {fill, h, table} from './dom.js';
import {when} from './words.js';

export async function show(run, place, signal) {
  const body = h('div', {});
  const manifest = await get(run.path('manifest'), {}, signal);
  const refresh = async () => {
    const {items} = await get(run.path('commands'), {}, signal);
    fill(body, items.length === 0 ? h('p', {class: 'quiet'}, 'Nobody asked anything of it since it began.')
      : table('What was asked', ['When', 'Who', 'What'], items.map(one => [when(one.at), one.who, one.command])));
  };
  run.keep(refresh, signal).done.catch(error => fill(body, h('p', {class: 'error', role: 'alert'}, error.message)));
  return h('div', {}, h('h2', {}, 'What was asked, and by whom'), body,
    h('h2', {}, 'Where it ran'), h('dl', {class: 'facts'}, Object.entries(manifest.environment).map(([name, value]) => [h('dt', {}, name), h('dd', {}, value)]),
      manifest.flags.length > 0 ? [h('dt', {}, 'flags'), h('dd', {}, manifest.flags.join(' '))] : []),
    h('details', {}, h('summary', {}, `The manifest as applied${manifest.source ? `, from ${manifest.source}` : ''}`),
      h('pre', {class: 'log', tabindex: 0}, manifest.yaml)));
}
