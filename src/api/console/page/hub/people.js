/** @import { HubPage } from './hub.js' */
/** @import { Person } from './person.js' */
import { h } from '../dom.js';
import { createFilters, PAGE, PagedList } from './list.js';
import { goTo, heading, labelled, own, ownList } from './parts.js';
import { createPersonView } from './person.js';
import { address, askHub } from './state.js';

/** @param {Person} person */
const row = ({ id, name, teams, roles, timezone }) => [
  h(
    'div',
    { class: 'line' },
    h('a', { href: address('people', { user: id }), class: 'strong' }, own(name ?? id)),
    name === undefined ? h('span', {}) : own(id, 'mono quiet'),
  ),
  h('p', { class: 'quiet' }, ...ownList([...teams, ...roles, ...(timezone ? [timezone] : [])])),
];

function createSearch() {
  const list = new PagedList({
    label: 'People',
    load: async (cursor, signal) => {
      const query = { ...filters.values(), limit: String(PAGE), cursor };
      const { users, next_cursor: next } = await askHub(['users'], { query, signal });
      return { items: /** @type {Person[]} */ (users), next };
    },
    keyOf: ({ id }) => id,
    draw: row,
    empty: () =>
      Object.keys(filters.values()).length > 0
        ? 'No one matches.'
        : 'No one is known yet: people come with PUT /v1/users/{user}, or with their first device.',
  });
  const filters = createFilters(
    'Search people',
    [
      labelled(
        'people-q',
        'Name, id, mail or telephone',
        h('input', { name: 'q', spellcheck: 'false', type: 'search' }),
      ),
      labelled('people-team', 'Team', h('input', { name: 'team', spellcheck: 'false' })),
      labelled('people-role', 'Role', h('input', { name: 'role', spellcheck: 'false' })),
    ],
    () => void list.begin(),
  );
  const title = heading('people-title', 'People');
  const head = h('div', { class: 'head' }, title, h('p', { class: 'quiet' }, 'by id'));
  return { list, title, element: h('div', { class: 'panel' }, head, filters.element, list.element) };
}

/** Who is known, and one of them. @returns {HubPage} */
export function createPeoplePage() {
  const search = createSearch();
  const one = createPersonView();
  /** @type {string | undefined} the app whose list is there */
  let listed;
  /** @type {string | undefined} */
  let shown;
  return {
    name: 'people',
    title: 'People',
    element: h('section', { 'aria-label': 'People' }, search.element, one.element),
    follow(asked) {
      const user = asked.get('user') || undefined;
      const app = asked.get('app') ?? '';
      search.element.hidden = user !== undefined;
      one.element.hidden = user === undefined;
      if (user !== undefined) one.show(user);
      else {
        one.stop();
        if (listed !== app) void search.list.begin();
        listed = app;
        if (shown !== undefined) goTo(search.title);
      }
      shown = user;
    },
    leave() {
      search.list.stop();
      one.stop();
      [listed, shown] = [undefined, undefined];
    },
  };
}
