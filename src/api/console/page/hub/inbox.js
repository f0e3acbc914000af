import { h, setText } from '../dom.js';
import { PAGE, PagedList } from './list.js';
import { moment, own, timeAgo } from './parts.js';
import { address, askHub } from './state.js';

/**
 * @typedef {{ id: string, type: string, title?: string, message?: string, created_at: string, seen_at?: string, read_at?: string,
 *   held_until?: string }} InboxItem
 */

/** @param {InboxItem} item @returns {[text: string, look: string]} */
function markOf({ read_at: read, seen_at: seen, held_until: held }) {
  if (read) return ['read', 'good'];
  if (seen) return ['seen', 'good'];
  return held ? [`held until ${moment(held)}`, 'warn'] : ['unread', 'idle'];
}

/** @param {InboxItem} item */
function row(item) {
  const [text, look] = markOf(item);
  return [
    h(
      'div',
      { class: 'line' },
      h('span', { class: `pill ${look}` }, text),
      h('a', { href: address('notifications', { notification: item.id }) }, own(item.title || item.type)),
      timeAgo(item.created_at),
    ),
    ...(item.message ? [h('p', { class: 'quiet cut', dir: 'auto' }, item.message)] : []),
  ];
}

/** What a person finds in the app. */
export function createInbox() {
  const counts = h('p', { class: 'quiet' });
  let who = { user: '', signal: new AbortController().signal };
  const list = new PagedList({
    label: 'Inbox',
    load: async (cursor, signal) => {
      const query = { limit: String(PAGE), cursor };
      const any = AbortSignal.any([signal, who.signal]);
      const page = await askHub(['users', who.user, 'notifications'], { query, signal: any });
      setText(counts, `${page.unread} not read`);
      return { items: /** @type {InboxItem[]} */ (page.notifications), next: page.next_cursor };
    },
    keyOf: ({ id }) => id,
    draw: row,
    empty: () => 'Empty.',
  });
  return {
    element: h('div', {}, counts, list.element),
    /** @param {string} user @param {AbortSignal} signal */
    async show(user, signal) {
      who = { user, signal };
      setText(counts, '');
      await list.begin();
    },
  };
}
