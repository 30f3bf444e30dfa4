// Server-sent events, read by fetch: an EventSource cannot send a token.
import {ask, connection, Problem} from './api.js';
import {pause} from './fresh.js';

const kLongest = 10000;

// The events of one block of lines (html.spec.whatwg.org §9.2).
function eventOf(block) {
  const event = {type: 'message', data: '', id: null};
  for (const line of block.split('\n')) {
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') event.type = value;
    else if (field === 'id') event.id = value;
    else if (field === 'data') event.data += (event.data && '\n') + value;
  }
  return event;
}

async function* eventsOf(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  for (let text = ''; ;) {
    const {value, done} = await reader.read();
    if (done) return;
    const blocks = (text + value).split('\n\n');
    text = blocks.pop();
    for (const block of blocks) yield eventOf(block);
  }
}

const isSeen = signal => new Promise(resolve => {
  const look = () => { if (!document.hidden) resolve(); };
  document.addEventListener('visibilitychange', look, {signal});
  signal.addEventListener('abort', resolve, {once: true});
  look();
});

// Calls `onEvent` with each event behind the one called `after`, through lost connections and servers that begin
// again, until the stream says that it has ended or `signal` aborts. The end is told as {type: 'end'}; `onOpen` is called
// whenever the stream begins. A page that nobody sees does not listen: a browser has six connections to a server, for
// all its tabs.
export async function follow(url, {query, after, onOpen = () => {}, onEvent, signal}) {
  for (let failures = 0; !signal.aborted; ++failures) {
    const turn = new AbortController(), either = AbortSignal.any([signal, turn.signal]);
    await isSeen(either);
    document.addEventListener('visibilitychange', () => { failures = -1; turn.abort(); }, {signal: either});
    try {
      const headers = after === undefined ? {} : {'Last-Event-ID': String(after)};
      const response = await ask(url, {query, headers, signal: either});
      if (response.status === 204) return;
      onOpen();
      for await (const event of eventsOf(response.body)) {
        failures = 0;
        if (event.id !== null) after = event.id;
        if (event.data) onEvent(event);
        if (event.type === 'end') return;
      }
      connection.dispatchEvent(new Event('lost'));
    } catch (error) {
      if (error instanceof Problem && error.status < 500) throw error;
    } finally {
      turn.abort();
    }
    if (failures >= 0) await pause(Math.min(kLongest, 500 * 2 ** failures), signal);
  }
}
