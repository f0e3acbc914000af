/** @import { IncidentView } from '../../../../hub/incidents/incident-view.ts' */
import { request } from '../connection.js';
import { h, setText } from '../dom.js';
import { confirmed, labelled } from './parts.js';
import { askHub, hub } from './state.js';
import { createTrouble } from './trouble.js';

/** What a PUT says of an incident; its status stays when it says nothing of that. */
const FIELDS = /** @type {const} */ ([
  'title',
  'summary',
  'severity',
  'service',
  'url',
  'assignees',
  'responders',
  'teams',
  'sla',
  'escalation',
  'data',
]);

/**
 * Gives it to others, and nothing else: with what was changed meanwhile it is refused.
 * @param {string} id
 * @param {readonly string[]} assignees
 */
async function assign(id, assignees) {
  const path = `/v1/incidents/${encodeURIComponent(id)}?${new URLSearchParams({ app: hub.app })}`;
  const now = await request(path);
  const incident = /** @type {IncidentView} */ (await now.json());
  const kept = FIELDS.filter((name) => incident[name] !== undefined && !(name === 'title' && incident.title === id));
  const body = { ...Object.fromEntries(kept.map((name) => [name, incident[name]])), assignees };
  await request(path, {
    method: 'PUT',
    headers: { 'Content-Type': 'application/json', 'If-Match': now.headers.get('etag') ?? '*' },
    body: JSON.stringify(body),
  });
}

function createAssignForm() {
  const who = h('textarea', { name: 'assignees', rows: '2', class: 'mono', spellcheck: 'false' });
  const form = h(
    'form',
    { class: 'snooze', autocomplete: 'off' },
    labelled('incident-assignees', 'Assigned to (ids)', who, 'Of several, each in a line of its own; empty: no one.'),
    h('div', { class: 'actions' }, h('button', { type: 'submit' }, 'Assign')),
  );
  return { form, who };
}

/**
 * What can be done with an incident.
 * @param {() => Promise<void>} changed
 */
export function createActions(changed) {
  const trouble = createTrouble();
  const told = h('p', { role: 'status', class: 'empty' });
  const acknowledge = h('button', { type: 'button', class: 'main' }, 'Acknowledge');
  const resolve = h('button', { type: 'button' }, 'Resolve');
  const escalate = h('button', { type: 'button' }, 'Call the next people now');
  const { form, who } = createAssignForm();
  const element = h(
    'div',
    {},
    h('div', { class: 'actions' }, acknowledge, resolve, escalate),
    told,
    trouble.element,
    h('details', { class: 'more' }, h('summary', {}, 'Assign'), form),
  );
  let id = '';
  let isBusy = false;

  /** @param {() => Promise<unknown>} work @param {string} done */
  async function guarded(work, done) {
    if (isBusy) return;
    isBusy = true;
    trouble.clear();
    setText(told, '');
    try {
      await work();
      setText(told, done);
      await changed();
    } catch (error) {
      trouble.show(error);
    } finally {
      isBusy = false;
    }
  }
  const verb = (/** @type {string} */ word) => askHub(['incidents', id, word], { method: 'POST', body: {} });

  acknowledge.addEventListener('click', () =>
    guarded(() => verb('acknowledge'), 'Acknowledged: no one else is called.'),
  );
  resolve.addEventListener('click', async () => {
    const text = 'Those whose incident it is hear of it, and what was still to be sent about it is not.';
    if (await confirmed({ title: 'Resolve this incident?', text, yes: 'Resolve it' }))
      await guarded(() => verb('resolve'), 'Resolved.');
  });
  escalate.addEventListener('click', async () => {
    const text = 'The people of the next step are called at once; without a further step those whose incident it is.';
    if (await confirmed({ title: 'Call the next people?', text, yes: 'Call them' }))
      await guarded(() => verb('escalate'), 'They are called.');
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const assignees = who.value
      .split('\n')
      .map((each) => each.trim())
      .filter(Boolean);
    void guarded(() => assign(id, assignees), 'Assigned.');
  });

  return {
    element,
    /** @param {IncidentView | undefined} incident */
    show(incident) {
      element.hidden = !hub.hello.may.push || incident === undefined;
      if (!incident) return;
      if (id !== incident.id) {
        id = incident.id;
        who.value = incident.assignees.join('\n');
        setText(told, '');
        trouble.clear();
      }
      const { status } = incident;
      acknowledge.hidden = status !== 'open';
      resolve.hidden = status === 'resolved';
      escalate.hidden = status === 'resolved';
    },
  };
}
