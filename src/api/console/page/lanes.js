/** @import { Frame, LaneFrame } from '../frame.ts' */
import { byId, h, keyed, setText } from './dom.js';
import { count, latencies, plural, rate } from './format.js';
import { place } from './providers.js';

/** @param {LaneFrame} lane @returns {[text: string, look: string]} */
function stateOf({ breaker, health, used }) {
  if (breaker === 'open') return ['breaker open', 'bad'];
  if (breaker === 'half-open') return ['probing', 'warn'];
  if (health === 'fail') return ['failing', 'bad'];
  if (health === 'warn') return ['degraded', 'warn'];
  return used ? ['ok', 'good'] : ['idle', 'idle'];
}

/** @param {LaneFrame} lane */
function createRow({ app, provider, environment }) {
  const cells = Array.from({ length: 7 }, () => h('td', { class: 'number' }));
  return h(
    'tr',
    {},
    h(
      'th',
      { scope: 'row' },
      h('span', { class: 'name', title: app }, app),
      h('span', { class: 'quiet' }, place(provider, environment)),
    ),
    h('td', {}, h('span', { class: 'pill' })),
    ...cells,
  );
}

/**
 * @param {HTMLTableRowElement} row
 * @param {LaneFrame} lane
 */
function updateRow(row, lane) {
  const [text, look] = stateOf(lane);
  const pill = /** @type {Element} */ (row.querySelector('.pill'));
  setText(pill, text);
  pill.className = `pill ${look}`;
  row.className = look;
  const values = [
    rate(lane.delivered),
    rate(lane.failed),
    latencies(lane.latency),
    `${count(lane.in_flight)} of ${count(lane.limit)}`,
    count(lane.waiting),
    count(lane.deferred),
    count(lane.sessions),
  ];
  values.forEach((value, i) => {
    const cell = /** @type {Element} */ (row.cells[i + 2]);
    setText(cell, value);
    cell.classList.toggle('nothing', value === '0' || value === '–');
  });
  row.cells[3]?.classList.toggle('alarm', lane.failed > 0);
}

const rows = /** @type {HTMLTableElement} */ (byId('lanes')).tBodies[0];

/** @param {Frame} frame */
export function showLanes({ lanes, more_lanes }) {
  const keyOf = (/** @type {LaneFrame} */ { app, provider, environment }) =>
    JSON.stringify([app, provider, environment]);
  keyed(/** @type {Element} */ (rows), lanes, keyOf, createRow, updateRow);
  const troubled = lanes.filter((lane) => ['bad', 'warn'].includes(stateOf(lane)[1])).length;
  const more = more_lanes > 0 ? `, ${plural(more_lanes, 'quieter one', 'quieter ones')} not shown` : '';
  const note =
    troubled > 0 ? `${count(troubled)} of ${count(lanes.length)} in trouble` : plural(lanes.length, 'lane', 'lanes');
  setText(byId('lanes-note'), note + more);
}
