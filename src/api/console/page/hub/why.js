/** @import { PersonView } from '../../../../hub/sends/views/notification-view.ts' */
import { h } from '../dom.js';
import { decisionList, showDecisions } from './decisions.js';
import { PagedList } from './list.js';
import { own, pill, timeAgo } from './parts.js';
import { address, askHub } from './state.js';

/** Each is asked for by itself. */
const LAST = 5;

/** @typedef {{ id: string, type: string, status: string, created_at: string, title?: string, people: readonly PersonView[] }} Told */

/** @param {Told} notification */
function row({ id, type, status, title, created_at, people }) {
  const decisions = people[0]?.decisions ?? [];
  const list = decisionList(`Decisions about ${title ?? type}`);
  showDecisions(list, decisions);
  return [
    h(
      'div',
      { class: 'line' },
      h('a', { href: address('notifications', { notification: id }), class: 'strong' }, own(title || type)),
      pill(status),
      timeAgo(created_at),
    ),
    decisions.length > 0 ? list : h('p', { class: 'quiet' }, 'Nothing is decided about this person yet.'),
  ];
}

/** The last notifications of a person, each with what was decided and why. */
export function createReasons() {
  let who = { user: '', signal: new AbortController().signal };
  const list = new PagedList({
    label: 'Last notifications',
    more: 'Earlier ones',
    load: async (cursor, signal) => {
      const { user } = who;
      const any = AbortSignal.any([signal, who.signal]);
      const page = await askHub(['notifications'], { query: { user, limit: String(LAST), cursor }, signal: any });
      /** @type {Promise<Told>[]} */
      const told = page.notifications.map((/** @type {{ id: string }} */ { id }) =>
        askHub(['notifications', id], { query: { user, limit: '1' }, signal: any }),
      );
      return { items: await Promise.all(told), next: page.next_cursor };
    },
    keyOf: ({ id }) => id,
    draw: row,
    empty: () => 'Nothing was sent to this person that is still kept.',
  });
  return {
    element: list.element,
    /** @param {string} user @param {AbortSignal} signal */
    async show(user, signal) {
      who = { user, signal };
      await list.begin();
    },
  };
}
