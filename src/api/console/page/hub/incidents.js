/** @import { IncidentView } from '../../../../hub/incidents/incident-view.ts' */
/** @import { HubPage } from './hub.js' */
import { h } from '../dom.js';
import { createIncidentView } from './incident.js';
import { createFilters, createPolling, PAGE, PagedList } from './list.js';
import { goTo, heading, labelled, moment, own, pill, select, timeAgo } from './parts.js';
import { address, askHub, hub } from './state.js';

const AGAIN_MS = 3000;

/** @param {IncidentView} incident */
export const incidentRow = ({ id, title, status, severity, service, assignees, escalated, created_at }) => [
  h(
    'div',
    { class: 'line' },
    pill(status),
    h('a', { href: address('incidents', { incident: id }), class: 'strong' }, own(title)),
    ...(severity ? [own(severity, 'mono')] : []),
    h('span', { class: 'space' }),
    timeAgo(created_at),
  ),
  h(
    'p',
    { class: 'quiet' },
    ...(service ? [own(service), ' · '] : []),
    assignees.length > 0 ? 'assigned to ' : 'assigned to no one',
    ...(assignees.length > 0 ? [own(assignees.join(', '))] : []),
    ...(escalated?.next_at ? [` · the next people are called ${moment(escalated.next_at)}`] : []),
  ),
];

/** @type {readonly (readonly [string, string])[]} */
const STATUSES = [
  ['', 'all'],
  ['open', 'open'],
  ['acknowledged', 'acknowledged'],
  ['resolved', 'resolved'],
];

function createIncidentList() {
  const list = new PagedList({
    label: 'Incidents',
    load: async (cursor, signal) => {
      const query = { ...filters.values(), limit: String(PAGE), cursor };
      const { incidents, next_cursor: next } = await askHub(['incidents'], { query, signal });
      return { items: /** @type {IncidentView[]} */ (incidents), next };
    },
    keyOf: ({ id }) => id,
    draw: incidentRow,
    empty: () =>
      Object.keys(filters.values()).length > 0
        ? 'Nothing matches.'
        : 'There is none: they come with PUT /v1/incidents/{id}.',
  });
  const textField = (/** @type {string} */ name, /** @type {string} */ label) =>
    labelled(`incidents-${name}`, label, h('input', { name, spellcheck: 'false' }));
  const filters = createFilters(
    'Filter incidents',
    [
      labelled('incidents-status', 'Status', select('status', STATUSES)),
      textField('severity', 'Severity'),
      textField('service', 'Service'),
      textField('user', 'Of the person (id)'),
    ],
    () => void list.begin(),
  );
  const title = heading('incidents-title', 'Incidents');
  const head = h('div', { class: 'head' }, title, h('p', { class: 'quiet' }, 'newest first'));
  return { list, title, element: h('div', { class: 'panel' }, head, filters.element, list.element) };
}

/** What goes wrong, and one of them. @returns {HubPage} */
export function createIncidentsPage() {
  const { list, title, element } = createIncidentList();
  const one = createIncidentView();
  const polling = createPolling(() => list.refresh(), AGAIN_MS);
  /** @type {string | undefined} the app whose list is there */
  let listed;
  let wasElsewhere = false;
  const stop = () => {
    polling.stop();
    list.stop();
    one.stop();
  };
  return {
    name: 'incidents',
    title: 'Incidents',
    element: h('section', { 'aria-label': 'Incidents' }, element, one.element),
    follow(asked) {
      stop();
      const id = asked.get('incident');
      element.hidden = Boolean(id);
      one.element.hidden = !id;
      if (id) one.show(id);
      else {
        if (listed === hub.app) void list.refresh();
        else void list.begin();
        listed = hub.app;
        polling.start();
        if (wasElsewhere) goTo(title);
      }
      wasElsewhere = Boolean(id);
    },
    leave() {
      stop();
      listed = undefined;
      wasElsewhere = false;
    },
  };
}
