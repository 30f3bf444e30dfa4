// Chart.js, loaded when the first chart is drawn, in the colours of the page.
import {h} from './dom.js';

let library = null;

const colour = name => {
  const probe = h('span', {class: 'unseen'});
  probe.style.color = `var(--${name})`;
  document.body.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
};

// {Running: 'rgb(…)', …} and those of lines and texts.
export const palette = () => ({
  text: colour('quiet'), line: colour('line'), mark: colour('link'), pale: colour('pale'),
  Succeeded: colour('good'), Failed: colour('failed'), Running: colour('running'), Retry: colour('warm'), Cancelled: colour('dim'),
});

export async function chart(canvas, config, signal) {
  library ??= import('./chart.js');
  await library;
  if (signal.aborted) return null;
  const colours = palette();
  Object.assign(Chart.defaults, {animation: false, maintainAspectRatio: false, color: colours.text, borderColor: colours.line});
  const made = new Chart(canvas, config);
  const recolour = matchMedia('(prefers-color-scheme: dark)');
  recolour.addEventListener('change', () => {
    const {text, line} = palette();
    Object.assign(Chart.defaults, {color: text, borderColor: line});
    made.update();
  }, {signal});
  signal.addEventListener('abort', () => made.destroy(), {once: true});
  return made;
}
