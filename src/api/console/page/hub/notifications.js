/** @import { RecipientTotals } from '../../../../hub/sends/totals.ts' */
/** @import { HubPage } from './hub.js' */
import { h } from '../dom.js';
import { createFilters, createPolling, PAGE, PagedList } from './list.js';
import { createNotificationView } from './notification.js';
import { goTo, heading, labelled, own, pill, select, stateText, timeAgo } from './parts.js';
import { Send } from './send.js';
import { address, askHub, hub } from './state.js';
import { totalsText } from './totals.js';

const AGAIN_MS = 3000;
const STATUSES = ['scheduled', 'pending', 'done', 'cancelled', 'expired', 'unreachable'];

/** @typedef {{ id: string, type: string, status: string, priority: string, created_at: string, recipients: RecipientTotals }} Listed */

/** @param {Listed} notification */
export const notificationRow = ({ id, type, status, priority, created_at, recipients }) => [
  h(
    'div',
    { class: 'line' },
    pill(status),
    h('a', { href: address('notifications', { notification: id }), class: 'mono' }, own(id)),
    own(type),
    h('span', { class: 'space' }),
    timeAgo(created_at),
  ),
  h('p', { class: 'quiet' }, `${priority}, ${totalsText(recipients)}`),
];

/** @param {string} name @param {string} label */
const textField = (name, label) => labelled(`notifications-${name}`, label, h('input', { name, spellcheck: 'false' }));

function createRecent() {
  const list = new PagedList({
    label: 'Notifications',
    load: async (cursor, signal) => {
      const query = { ...filters.values(), limit: String(PAGE), cursor };
      const { notifications, next_cursor: next } = await askHub(['notifications'], { query, signal });
      return { items: /** @type {Listed[]} */ (notifications), next };
    },
    keyOf: ({ id }) => id,
    draw: notificationRow,
    empty: () =>
      Object.keys(filters.values()).length > 0
        ? 'Nothing that is kept matches.'
        : 'Nothing was sent that is still kept.',
  });
  /** @type {readonly (readonly [string, string])[]} */
  const statuses = [['', 'all'], ...STATUSES.map((status) => /** @type {const} */ ([status, stateText(status)]))];
  const filters = createFilters(
    'Filter notifications',
    [
      labelled('notifications-status', 'Status', select('status', statuses)),
      textField('type', 'Type'),
      textField('user', 'For the person (id)'),
    ],
    () => void list.begin(),
  );
  const title = heading('notifications-title', 'Notifications');
  const compose = h('a', { href: '#', class: 'button' }, 'Compose');
  const head = h('div', { class: 'head' }, title, compose);
  const polling = createPolling(() => list.refresh(), AGAIN_MS);
  return {
    title,
    element: h('div', { class: 'panel' }, head, filters.element, list.element),
    /** @param {boolean} isNew it was not shown a moment ago */
    show(isNew) {
      compose.setAttribute('href', address('notifications', { compose: '1' }));
      compose.hidden = !hub.hello.may.push;
      if (isNew) void list.begin();
      else void list.refresh();
      polling.start();
    },
    stop() {
      polling.stop();
      list.stop();
    },
  };
}

/** What was sent to people, one of them, and the form that sends. @returns {HubPage} */
export function createNotificationsPage() {
  const recent = createRecent();
  const one = createNotificationView();
  const send = new Send();
  /** @type {string | undefined} the app whose list is there */
  let listed;
  let wasElsewhere = false;
  const stop = () => {
    recent.stop();
    one.stop();
    send.stop();
  };
  return {
    name: 'notifications',
    title: 'Notifications',
    element: h('section', { 'aria-label': 'Notifications' }, recent.element, one.element, send.element),
    follow(asked) {
      stop();
      const id = asked.get('notification');
      const isComposing = !id && asked.get('compose') !== null && hub.hello.may.push;
      recent.element.hidden = Boolean(id) || isComposing;
      one.element.hidden = !id;
      send.element.hidden = !isComposing;
      if (id) one.show(id, asked.get('user') ?? '');
      else if (isComposing) send.show(asked.get('user') ?? '');
      else {
        recent.show(listed !== hub.app);
        listed = hub.app;
        if (wasElsewhere) goTo(recent.title);
      }
      wasElsewhere = Boolean(id) || isComposing;
    },
    leave() {
      stop();
      listed = undefined;
      wasElsewhere = false;
    },
  };
}
