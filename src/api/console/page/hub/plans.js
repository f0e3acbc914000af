/** @import { HubPage } from './hub.js' */
import { h } from '../dom.js';
import { createFilters, PAGE, PagedList } from './list.js';
import { heading, labelled, own, pill, select, time } from './parts.js';
import { address, askHub } from './state.js';

/**
 * @typedef {{ id: string, title: string, state: string, users: readonly string[], due_on?: string, due_at?: string }} ShownTask
 * @typedef {{ id: string, enabled: boolean, cron?: string, every?: number, at?: string, timezone?: string, next_at?: string, last_at?: string,
 *   last_notification?: string, notification: { title?: string, type: string } }} ShownSchedule
 */

/** @param {ShownTask} task */
const taskRow = ({ id, title, state, users, due_on: day, due_at: due }) => [
  h('div', { class: 'line' }, pill(state), own(title, 'strong'), own(id, 'mono quiet')),
  h(
    'p',
    { class: 'quiet' },
    ...(users.length > 0 ? ['for ', own(users.join(', '))] : ['for no one']),
    ...(due ? [', due ', time(due)] : day ? [`, due ${day}`] : []),
  ),
];

/** @param {ShownSchedule} schedule */
const whenText = ({ cron, every, at, timezone }) =>
  [cron ?? (every === undefined ? `once, ${at}` : `every ${every} s`), timezone].filter(Boolean).join(', ');

/** @param {ShownSchedule} schedule */
const scheduleRow = (schedule) => [
  h(
    'div',
    { class: 'line' },
    h('span', { class: `pill ${schedule.enabled ? 'good' : ''}` }, schedule.enabled ? 'on' : 'off'),
    own(schedule.notification.title || schedule.notification.type, 'strong'),
    own(schedule.id, 'mono quiet'),
  ),
  h(
    'p',
    { class: 'quiet' },
    whenText(schedule),
    ...(schedule.next_at ? ['; next ', time(schedule.next_at)] : []),
    ...(schedule.last_notification
      ? ['; ', h('a', { href: address('notifications', { notification: schedule.last_notification }) }, 'the last one')]
      : []),
  ),
];

/**
 * @template {{ id: string }} T
 * @param {string} name
 * @param {string} title
 * @param {(item: T) => readonly Node[]} draw
 * @param {readonly HTMLElement[]} fields
 * @returns {HubPage}
 */
function createListPage(name, title, draw, fields) {
  /** @type {PagedList<T>} */
  const list = new PagedList({
    label: title,
    load: async (cursor, signal) => {
      const query = { ...filters?.values(), limit: String(PAGE), cursor };
      const page = await askHub([name], { query, signal });
      return { items: page[name], next: page.next_cursor };
    },
    keyOf: ({ id }) => id,
    draw,
    empty: () => (Object.keys(filters?.values() ?? {}).length > 0 ? 'Nothing matches.' : 'There is none.'),
  });
  const filters = fields.length > 0 ? createFilters(`Filter ${name}`, fields, () => void list.begin()) : undefined;
  const head = h('div', { class: 'head' }, heading(`${name}-title`, title), h('p', { class: 'quiet' }, 'by id'));
  const rest = filters ? [filters.element, list.element] : [list.element];
  return {
    name,
    title,
    element: h('section', { 'aria-label': title }, h('div', { class: 'panel' }, head, ...rest)),
    follow: () => void list.begin(),
    leave: () => list.stop(),
  };
}

/** @type {readonly (readonly [string, string])[]} */
const STATES = [
  ['', 'all'],
  ['open', 'open'],
  ['in_progress', 'in progress'],
  ['completed', 'completed'],
  ['cancelled', 'cancelled'],
];

/** What is to be done, to look at. */
export const createTasksPage = () =>
  createListPage('tasks', 'Tasks', taskRow, [
    labelled('tasks-state', 'State', select('state', STATES)),
    labelled('tasks-user', 'Of the person (id)', h('input', { name: 'user', spellcheck: 'false' })),
  ]);

/** What is sent again and again, to look at. */
export const createSchedulesPage = () => createListPage('schedules', 'Schedules', scheduleRow, []);
