/** @import { PersonView } from '../../../../hub/sends/views/notification-view.ts' */
/** @import { RecipientTotals } from '../../../../hub/sends/totals.ts' */
import { h, setText } from '../dom.js';
import { plural } from '../format.js';
import { decisionList, showDecisions } from './decisions.js';
import { createFilters, createPolling, PAGE, PagedList } from './list.js';
import { confirmed, factList, goTo, heading, labelled, own, panel, pill, redraw, time } from './parts.js';
import { address, askHub, hub } from './state.js';
import { countList, totalsText } from './totals.js';
import { createTrouble } from './trouble.js';

/** While decisions may change. */
const AGAIN_MS = 1500;
/** Late verdicts, and people who read it, come after it is done. */
const LATER_MS = 6000;

/**
 * @typedef {{ id: string, type: string, status: string, priority: string, created_at: string, done_at?: string, cancel_key?: string,
 *   collapse_key?: string, title?: string, message?: string, url?: string, data?: object, recipients: RecipientTotals,
 *   counts: { [state: string]: number }, people: readonly PersonView[], next_cursor?: string }} Whole
 */

const isGoingOn = (/** @type {string | undefined} */ status) => status === 'pending' || status === 'scheduled';

/** @param {string} word @param {readonly string[]} ids */
const named = (word, ids) =>
  ids.length === 0
    ? []
    : [h('p', {}, `${word}: `, own(ids.slice(0, 20).join(', '), 'mono'), ids.length > 20 ? ' …' : undefined)];

/** @param {Whole} whole */
const about = (whole) => [
  h('div', { class: 'line' }, pill(whole.status), own(whole.type), h('span', { class: 'quiet' }, whole.priority)),
  ...(whole.title ? [h('p', { class: 'strong', dir: 'auto' }, whole.title)] : []),
  ...(whole.message ? [h('p', { class: 'text', dir: 'auto' }, whole.message)] : []),
  countList(whole.counts),
  factList({
    Whom: totalsText(whole.recipients),
    'Not reached': [
      ...named('unknown', whole.recipients.ids.unknown),
      ...named('no channel', whole.recipients.ids.no_channel),
    ],
    Sent: time(whole.created_at),
    Done: whole.done_at && time(whole.done_at),
    Link: whole.url && own(whole.url, 'mono'),
    Data: whole.data && h('code', { class: 'text' }, JSON.stringify(whole.data, null, 1)),
    'Cancel key': whole.cancel_key && own(whole.cancel_key, 'mono'),
    'Collapse key': whole.collapse_key && own(whole.collapse_key, 'mono'),
    Id: own(whole.id, 'mono'),
  }),
];

/** @param {PersonView} person */
function personRow({ user, decisions }) {
  const list = decisionList(`Decisions about ${user}`);
  showDecisions(list, decisions);
  const name = own(user, 'strong');
  return [hub.hello.may.users ? h('a', { href: address('people', { user }) }, name) : name, list];
}

/** What is done with one notification. @param {() => string} idOf @param {() => Promise<void>} changed */
function createCancel(idOf, changed) {
  const trouble = createTrouble();
  const told = h('p', { role: 'status' });
  const button = h('button', { type: 'button' }, 'Cancel what has not left');
  button.addEventListener('click', async () => {
    const text = 'What has not left is not sent any more, to anyone. What has left stays.';
    if (!(await confirmed({ title: 'Cancel this notification?', text, yes: 'Cancel it', no: 'Leave it' }))) return;
    trouble.clear();
    try {
      const { cancelled, left } = await askHub(['notifications', idOf()], { method: 'DELETE' });
      setText(told, `${plural(cancelled, 'decision', 'decisions')} cancelled; ${left} had left before.`);
      await changed();
    } catch (error) {
      trouble.show(error);
    }
  });
  return {
    element: h('div', { class: 'actions' }, button, told, trouble.element),
    /** @param {string | undefined} status */
    show: (status) => {
      button.hidden = !hub.hello.may.push || !isGoingOn(status);
    },
    clear() {
      setText(told, '');
      trouble.clear();
    },
  };
}

/** One notification: what it says, how far it is, and what was decided about whom, as it goes on. */
export function createNotificationView() {
  const title = heading('notification-title', '');
  const back = h('a', { href: '#' }, 'All notifications');
  const facts = h('div', {});
  let shown = '';
  /** @type {string | undefined} */
  let status;
  const list = new PagedList({
    label: 'People',
    load: async (cursor, signal) => {
      const query = { user: filters.values().user, limit: String(PAGE), cursor };
      const whole = /** @type {Whole} */ (await askHub(['notifications', shown], { query, signal }));
      signal.throwIfAborted();
      setText(title, whole.title || whole.type);
      redraw(facts, whole, about);
      status = whole.status;
      cancel.show(status);
      return { items: whole.people, next: whole.next_cursor };
    },
    keyOf: ({ user }) => user,
    draw: personRow,
    empty: () => (filters.values().user ? 'It is not for this person.' : 'It is for no one who is known.'),
  });
  const filters = createFilters(
    'Find a person of this notification',
    [labelled('notification-user', 'Only the person (id)', h('input', { name: 'user', spellcheck: 'false' }))],
    () => void list.begin(),
  );
  const cancel = createCancel(
    () => shown,
    () => list.refresh(),
  );
  const soon = createPolling(async () => void (isGoingOn(status) && (await list.refresh())), AGAIN_MS);
  const later = createPolling(async () => void (!isGoingOn(status) && (await list.refresh())), LATER_MS);
  const head = h('div', { class: 'head' }, title, back);
  const element = h(
    'div',
    { class: 'column' },
    h('div', { class: 'panel' }, head, facts, cancel.element),
    panel('notification-people', 'What was decided about whom', filters.element, list.element),
  );
  return {
    element,
    /** @param {string} id @param {string} user only this person; '': all */
    show(id, user) {
      shown = id;
      status = undefined;
      back.setAttribute('href', address('notifications'));
      title.replaceChildren(own(id));
      facts.replaceChildren();
      redraw(facts, null, () => []);
      cancel.clear();
      cancel.show(undefined);
      filters.set({ user });
      void list.begin();
      soon.start();
      later.start();
      goTo(title);
    },
    stop() {
      soon.stop();
      later.stop();
      list.stop();
    },
  };
}
