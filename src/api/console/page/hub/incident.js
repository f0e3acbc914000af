/** @import { EscalationDoc } from '../../../../hub/incidents/escalation/escalation-doc.ts' */
/** @import { IncidentView } from '../../../../hub/incidents/incident-view.ts' */
/** @import { TimelineLine } from '../../../../hub/incidents/timeline/timeline-view.ts' */
import { Refused } from '../connection.js';
import { h, setText } from '../dom.js';
import { createActions } from './incident-actions.js';
import { createPolling, PagedList } from './list.js';
import { factList, goTo, heading, lookOf, own, ownList, panel, pill, redraw, stateText, time } from './parts.js';
import { address, askHub, hub } from './state.js';
import { stepList } from './steps.js';
import { createTrouble, isAborted } from './trouble.js';

const AGAIN_MS = 2000;
const ENTRIES = 100;

/** @param {string} user */
const person = (user) => (hub.hello.may.users ? h('a', { href: address('people', { user }) }, own(user)) : own(user));

/** @param {readonly string[]} users */
const people = (users) => users.flatMap((user, i) => (i === 0 ? [person(user)] : [', ', person(user)]));

/** By when something is to be done. @param {IncidentView} incident @param {'acknowledge_by' | 'resolve_by'} kind */
function missable({ deadlines, breached }, kind) {
  const at = deadlines?.[kind];
  if (at === undefined) return [];
  return [time(at), ...(breached?.includes(kind) ? [h('span', { class: 'alarm' }, 'missed')] : [])];
}

/** @param {IncidentView} incident */
const about = (incident) => [
  h('div', { class: 'line' }, pill(incident.status), ...(incident.severity ? [own(incident.severity, 'mono')] : [])),
  ...(incident.summary ? [h('p', { class: 'text', dir: 'auto' }, incident.summary)] : []),
  factList({
    Service: incident.service && own(incident.service),
    'Assigned to': people(incident.assignees),
    Responders: people(incident.responders),
    Teams: ownList(incident.teams),
    Opened: time(incident.opened_at),
    Acknowledged: incident.acknowledged && [time(incident.acknowledged.at), ' by ', own(incident.acknowledged.by)],
    Resolved: incident.resolved && [time(incident.resolved.at), ' by ', own(incident.resolved.by)],
    'Acknowledge by': missable(incident, 'acknowledge_by'),
    'Resolve by': missable(incident, 'resolve_by'),
    Link: incident.url && own(incident.url, 'mono'),
    Data: Object.keys(incident.data).length > 0 && h('code', { class: 'text' }, JSON.stringify(incident.data, null, 1)),
    'Opened so often': incident.cycle > 1 && String(incident.cycle),
    Id: own(incident.id, 'mono'),
  }),
];

/** @type {{ [kind: string]: string }} */
const LOOKS = { acknowledgement: 'good', escalation: 'warn', sla: 'bad' };

/** @param {TimelineLine} line */
function entry(line) {
  const { at, by, text, state, user, users = [], channel, notification } = line;
  const named = user === undefined ? users : [user];
  return [
    h(
      'div',
      { class: 'line' },
      h('strong', {}, state === undefined ? line.kind : `${channel}: ${stateText(state)}`),
      ...people(named),
      h('span', { class: 'space' }),
      time(at),
    ),
    h('p', { dir: 'auto' }, text),
    h(
      'p',
      { class: 'quiet' },
      ...(by === 'hub' ? [] : ['by ', own(by), ' ']),
      ...(notification
        ? [h('a', { href: address('notifications', { notification, ...(user ? { user } : {}) }) }, 'the notification')]
        : []),
    ),
  ];
}

/** @param {TimelineLine} line */
const lookOfLine = ({ kind, state }) => (state === undefined ? (LOOKS[kind] ?? 'idle') : lookOf(state));

/** Everything that happened, oldest first. @param {() => string} idOf */
const createTimeline = (idOf) =>
  new PagedList({
    label: 'Timeline',
    more: 'Later ones',
    growsAtEnd: true,
    look: lookOfLine,
    listClass: 'events',
    load: async (cursor, signal) => {
      const query = { limit: String(ENTRIES), cursor };
      const { entries, next_cursor: next } = await askHub(['incidents', idOf(), 'timeline'], { query, signal });
      return { items: /** @type {TimelineLine[]} */ (entries), next };
    },
    keyOf: ({ at, kind, text, state: _, user, hop, channel, device, notification }) =>
      JSON.stringify([kind, ...(user === undefined ? [at, text] : []), notification, user, hop, channel, device]),
    draw: entry,
    empty: () => 'Nothing happened yet.',
  });

/** Who is called when. */
function createEscalation() {
  const element = h('div', {});
  /** @type {{ name: string, doc: EscalationDoc | undefined } | undefined} */
  let known;
  /** @param {string} name @param {AbortSignal} signal */
  async function docOf(name, signal) {
    if (known?.name === name) return known.doc;
    try {
      const doc = /** @type {EscalationDoc} */ (await askHub(['escalations', name], { signal }));
      known = { name, doc };
    } catch (error) {
      if (!(error instanceof Refused && error.status === 404)) throw error;
      known = { name, doc: undefined };
    }
    return known.doc;
  }
  return {
    element,
    forget: () => {
      known = undefined;
    },
    /** @param {IncidentView} incident @param {AbortSignal} signal */
    async show(incident, signal) {
      const name = incident.escalated?.escalation ?? incident.escalation;
      const doc = name === undefined ? undefined : await docOf(name, signal);
      redraw(element, { name, doc, escalated: incident.escalated, status: incident.status }, () => {
        if (name === undefined)
          return [h('p', { class: 'empty' }, 'None: no one is called but those whose incident it is.')];
        if (!doc)
          return [
            h(
              'p',
              {},
              'The escalation ',
              own(name, 'mono'),
              ' is not there any more; one that had begun goes on as it was.',
            ),
          ];
        const stopped = incident.escalated?.next_at
          ? []
          : [h('p', { class: 'quiet' }, 'It has stopped: the incident is in hand, or there are no more steps.')];
        return [h('p', {}, own(name, 'mono')), ...stopped, ...stepList(doc, incident)];
      });
    },
  };
}

/** One incident: what it is, what can be done, who is called when, and everything that happened. */
export function createIncidentView() {
  const title = heading('incident-title', '');
  const back = h('a', { href: '#' }, 'All incidents');
  const status = h('p', { class: 'empty', role: 'status' });
  const trouble = createTrouble();
  const facts = h('div', {});
  let shown = '';
  let current = new AbortController();
  const timeline = createTimeline(() => shown);
  const escalation = createEscalation();
  const actions = createActions(async () => {
    await look();
    await timeline.refresh();
  });

  async function look() {
    const { signal } = current;
    try {
      const incident = /** @type {IncidentView} */ (await askHub(['incidents', shown], { signal }));
      signal.throwIfAborted();
      trouble.clear();
      setText(status, '');
      setText(title, incident.title);
      redraw(facts, incident, about);
      actions.show(incident);
      await escalation.show(incident, signal);
    } catch (error) {
      if (isAborted(error)) return;
      setText(status, '');
      trouble.show(error, () => void look());
    }
  }
  const polling = createPolling(async () => {
    await look();
    await timeline.refresh();
  }, AGAIN_MS);
  const head = h('div', { class: 'head' }, title, back);
  const first = h('div', { class: 'panel' }, head, status, trouble.element, facts, actions.element);
  const calls = panel('incident-escalation', 'Who is called when', escalation.element);
  const rest = panel('incident-timeline', 'Timeline', timeline.element);
  return {
    element: h('div', { class: 'pair' }, h('div', { class: 'column' }, first, calls), rest),
    /** @param {string} id */
    show(id) {
      shown = id;
      current = new AbortController();
      back.setAttribute('href', address('incidents'));
      title.replaceChildren(own(id));
      for (const place of [facts, escalation.element]) redraw(place, null, () => []);
      escalation.forget();
      actions.show(undefined);
      trouble.clear();
      setText(status, 'Looking…');
      void look();
      void timeline.begin();
      polling.start();
      goTo(title);
    },
    stop() {
      current.abort();
      polling.stop();
      timeline.stop();
    },
  };
}
