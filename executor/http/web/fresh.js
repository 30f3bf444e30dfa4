// Keeps what is shown up to date.

const kLongest = 15000;

// Until `time` milliseconds are over, or `signal` aborts.
export const pause = (time, signal) => new Promise(resolve => {
  const end = () => { clearTimeout(timer); signal.removeEventListener('abort', end); resolve(); };
  const timer = setTimeout(end, time);
  signal.addEventListener('abort', end);
  if (signal.aborted) end();
});

// Calls `refresh` now, after each poke(), and every `every` milliseconds, one call at a time, until `signal` aborts.
// Pokes are gathered: between two calls lies ten times what one took, a second at least; after hurry() nothing does.
// Who does not answer is asked again, more and more seldom. Nothing is asked for a page that nobody sees.
export function keepFresh(refresh, {signal, every}) {
  let wake = () => {}, rest = new AbortController(), poked = false, failures = 0;
  const poke = () => { poked = true; wake(); };
  const hurry = () => { rest.abort(); poke(); };
  const sleep = time => new Promise(resolve => {
    const timer = setTimeout(resolve, time);
    wake = () => { if (!document.hidden) { clearTimeout(timer); resolve(); } };
    if (poked) wake();
  });
  const loop = async () => {
    while (!signal.aborted) {
      poked = false;
      rest = new AbortController();
      const began = performance.now();
      try {
        if (!document.hidden) await refresh();
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof TypeError) && !(error.status >= 500) && error.status !== 429) throw error;
        ++failures;
      }
      await pause(Math.min(kLongest, Math.max(1000 * 2 ** failures, 10 * (performance.now() - began))),
        AbortSignal.any([signal, rest.signal]));
      if (failures === 0 && !signal.aborted) await sleep(every);
    }
  };
  const onShow = () => poke();
  document.addEventListener('visibilitychange', onShow, {signal});
  signal.addEventListener('abort', () => wake(), {once: true});
  return {poke, hurry, done: loop()};
}
