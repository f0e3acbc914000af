/** @import { IncidentView } from '../../../../hub/incidents/incident-view.ts' */
/** @import { Listed } from './notifications.js' */
import { h } from '../dom.js';
import { incidentRow } from './incidents.js';
import { createPolling, PagedList } from './list.js';
import { notificationRow } from './notifications.js';
import { panelOf } from './parts.js';
import { address, askHub, hub } from './state.js';

const FEW = '5';
const AGAIN_MS = 5000;

/** @param {string} href @param {string} text */
const link = (href, text) => h('p', { class: 'actions' }, h('a', { href }, text));

/** The hub's part of the first page: what is open, and what was sent last. */
export function createHubOverview() {
  /** @type {PagedList<IncidentView>} */
  const incidents = new PagedList({
    label: 'Open incidents',
    load: async (_, signal) => {
      const { incidents: items } = await askHub(['incidents'], { query: { status: 'open', limit: FEW }, signal });
      return { items, next: undefined };
    },
    keyOf: ({ id }) => id,
    draw: incidentRow,
    empty: () => 'No incident is open.',
  });
  /** @type {PagedList<Listed>} */
  const notifications = new PagedList({
    label: 'Last notifications',
    load: async (_, signal) => {
      const { notifications: items } = await askHub(['notifications'], { query: { limit: FEW }, signal });
      return { items, next: undefined };
    },
    keyOf: ({ id }) => id,
    draw: notificationRow,
    empty: () => 'Nothing was sent that is still kept.',
  });
  const links = h('div', {});
  /** @type {string | undefined} the app whose lists are there */
  let listed;
  const polling = createPolling(async () => {
    await Promise.all([incidents.refresh(), notifications.refresh()]);
  }, AGAIN_MS);
  return {
    element: h(
      'div',
      { id: 'hub-now', class: 'pair' },
      panelOf(h('h2', { id: 'hub-incidents-title' }, 'Open incidents'), incidents.element),
      panelOf(h('h2', { id: 'hub-notifications-title' }, 'Notifications to people'), notifications.element, links),
    ),
    follow() {
      const compose = hub.hello.may.push ? [link(address('notifications', { compose: '1' }), 'Compose')] : [];
      links.replaceChildren(...compose);
      for (const list of [incidents, notifications]) void (listed === hub.app ? list.refresh() : list.begin());
      listed = hub.app;
      polling.start();
    },
    leave() {
      listed = undefined;
      polling.stop();
      incidents.stop();
      notifications.stop();
    },
  };
}
