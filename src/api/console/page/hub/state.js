import { ask } from '../connection.js';

/**
 * @typedef {object} HubHello what the server says of the hub and of the key
 * @property {{ push: 'local' | 'gorush' | 'none' }} hub
 * @property {readonly string[]} apps that may be chosen
 * @property {{ push: boolean, admin: boolean, users: boolean }} may
 * @property {boolean} sandbox
 * @property {boolean} history
 */

/** What all pages of the hub share: who looks, and at which app. */
export const hub = {
  /** @type {HubHello} */
  hello: {
    hub: { push: 'local' },
    apps: [],
    may: { push: false, admin: false, users: false },
    sandbox: true,
    history: false,
  },
  app: 'default',
};

/** The app that is shown where the address names none. */
export const firstApp = () => (hub.hello.apps.includes('default') ? 'default' : (hub.hello.apps[0] ?? 'default'));

/**
 * The address of a page, or of one thing on it, in the app that is shown.
 * @param {string} page
 * @param {{ [name: string]: string }} [about]
 */
export const address = (page, about = {}) =>
  `#${new URLSearchParams({ page, ...about, ...(hub.app === firstApp() ? {} : { app: hub.app }) })}`;

/** @param {{ [name: string]: string | undefined }} query what is empty is left out */
const queryOf = (query) =>
  new URLSearchParams(
    Object.entries({ ...query, app: hub.app }).flatMap(([name, value]) => (value ? [[name, value]] : [])),
  );

/**
 * The JSON of a route of the hub.
 * @param {readonly string[]} path its segments, as they are
 * @param {{ query?: { [name: string]: string | undefined }, method?: string, body?: unknown, key?: string, signal?: AbortSignal | undefined }} [how]
 *   key: `Idempotency-Key`
 * @returns {Promise<any>}
 * @throws {import('../connection.js').Refused}
 */
export function askHub(path, { query = {}, method = 'GET', body, key, signal } = {}) {
  const url = `/v1/${path.map(encodeURIComponent).join('/')}?${queryOf(query)}`;
  const headers = {
    ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
    ...(key === undefined ? {} : { 'Idempotency-Key': key }),
  };
  return ask(url, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal ? { signal } : {}),
  });
}
