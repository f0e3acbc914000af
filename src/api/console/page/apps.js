/** @import { Frame } from '../frame.ts' */
import { ask } from './connection.js';
import { byId, h, keyed, setText } from './dom.js';
import { count } from './format.js';
import { allProviders } from './providers.js';

/** @typedef {Frame['hooks'][number]} Hook */
/** @typedef {{ name: string, origin: string, [platform: string]: unknown }} App */

const MOST = 200;

/** @param {Hook} hook */
const hookRow = ({ app }) =>
  h(
    'tr',
    {},
    h('th', { scope: 'row' }, h('span', { class: 'name', title: app }, app)),
    ...Array.from({ length: 4 }, () => h('td', { class: 'number' })),
  );

/**
 * @param {HTMLTableRowElement} row
 * @param {Hook} hook
 */
function updateHook(row, { backlog, sent, failed, dropped }) {
  [backlog, sent, failed, dropped].forEach((value, i) => {
    const cell = /** @type {Element} */ (row.cells[i + 1]);
    setText(cell, count(value));
    cell.classList.toggle('nothing', value === 0);
  });
  row.cells[1]?.classList.toggle('alarm', backlog > 0 && failed > 0);
  row.cells[4]?.classList.toggle('alarm', dropped > 0);
}

/** @param {Frame} frame */
export function showHooks({ hooks }) {
  byId('no-hooks').hidden = hooks.length > 0;
  byId('hooks-box').hidden = hooks.length === 0;
  const body = /** @type {HTMLTableElement} */ (byId('hooks')).tBodies[0];
  keyed(/** @type {Element} */ (body), hooks, ({ app }) => app, hookRow, updateHook);
}

/** @param {App} app */
function appItem(app) {
  const given = allProviders().filter(({ platform }) => app[platform]);
  const platforms = given.map(({ title }) => h('span', { class: 'pill' }, title.platform));
  const origin = app.origin === 'file' ? 'configuration file' : 'made by the API';
  return h(
    'li',
    {},
    h('span', { class: 'name', title: app.name }, app.name),
    h('span', { class: 'pills' }, ...platforms),
    h('span', { class: 'quiet' }, origin),
  );
}

/** Asks for the apps, once; they change rarely. */
export async function loadApps() {
  /** @type {{ apps: App[], next_cursor?: string }} */
  const { apps, next_cursor: more } = await ask(`/v1/apps?limit=${MOST}`).catch(() => ({ apps: [] }));
  byId('no-apps').hidden = apps.length > 0;
  byId('apps').replaceChildren(...apps.map(appItem));
  setText(byId('apps-note'), more === undefined ? '' : `the first ${count(MOST)}`);
  byId('app-names').replaceChildren(
    ...['default', ...apps.map(({ name }) => name)].map((name) => h('option', { value: name })),
  );
}
