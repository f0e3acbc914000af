/** @import { PersonView } from '../../../../hub/sends/views/notification-view.ts' */
/** @import { RecipientTotals } from '../../../../hub/sends/totals.ts' */
import { Refused } from '../connection.js';
import { h, setText } from '../dom.js';
import { channelText, decisionList, showDecisions } from './decisions.js';
import { confirmed, goTo, heading, labelled, own, panel, pill, select } from './parts.js';
import { address, askHub, hub } from './state.js';
import { totalsText } from './totals.js';
import { createTrouble } from './trouble.js';

/** @typedef {{ status: string, recipients: RecipientTotals, people: readonly PersonView[] }} Preview */

const CHANNELS = ['realtime', 'push', 'email', 'sms', 'slack'];
const GROUPS = ['users', 'teams', 'roles', 'topics'];

/** @param {string} name @param {string} label @param {string} [hint] */
const textField = (name, label, hint) =>
  labelled(`compose-${name}`, label, h('input', { name, spellcheck: 'false', autocomplete: 'off' }), hint);

/** @param {string} value @param {string} text @param {string} name */
const box = (name, value, text) =>
  h('label', { class: 'box' }, h('input', { type: 'checkbox', name, value }), ` ${text}`);

function createForm() {
  const priorities = /** @type {const} */ ([
    ['low', 'low'],
    ['medium', 'medium'],
    ['high', 'high'],
    ['critical', 'critical'],
  ]);
  const priority = select('priority', priorities);
  priority.value = 'medium';
  const message = h('textarea', { name: 'message', rows: '3' });
  const more = h('textarea', {
    name: 'more',
    rows: '4',
    class: 'mono',
    spellcheck: 'false',
    placeholder: '{"data": {"order": "42"}}',
  });
  return h(
    'form',
    { class: 'compose', autocomplete: 'off' },
    labelled(
      'compose-users',
      'People (ids)',
      h('textarea', { name: 'users', rows: '2', class: 'mono', spellcheck: 'false' }),
      'Of several, each in a line of its own.',
    ),
    h('div', { class: 'fields' }, textField('teams', 'Teams'), textField('roles', 'Roles')),
    h(
      'div',
      { class: 'fields' },
      textField('topics', 'Topics'),
      h('div', { class: 'end' }, box('everyone', '1', 'everyone of this app')),
    ),
    h('div', { class: 'fields' }, textField('title', 'Title'), textField('type', 'Type')),
    labelled('compose-message', 'Message', message),
    h('div', { class: 'fields' }, labelled('compose-priority', 'Priority', priority), textField('url', 'Link')),
    h(
      'fieldset',
      { class: 'boxes' },
      h('legend', {}, 'By which ways; none: those of the priority'),
      ...CHANNELS.map((name) => box('channels', name, channelText(name))),
    ),
    h(
      'details',
      { class: 'more' },
      h('summary', {}, 'More fields, JSON'),
      labelled('compose-more', 'A JSON object, whose fields win', more),
    ),
    h('div', { class: 'actions' }, h('button', { type: 'submit', class: 'main' }, 'Preview')),
  );
}

/** Ids are one in a line; groups have commas between them, too. @param {string} text @param {RegExp} between */
const listOf = (text, between) =>
  text
    .split(between)
    .map((each) => each.trim())
    .filter(Boolean);

/** @param {string} text @throws {Refused} */
function moreOf(text) {
  if (text.trim() === '') return {};
  let read;
  try {
    read = JSON.parse(text);
  } catch (error) {
    throw new Refused(422, `more fields: are no JSON: ${/** @type {Error} */ (error).message}`);
  }
  if (typeof read === 'object' && read !== null && !Array.isArray(read)) return read;
  throw new Refused(422, 'more fields: must be a JSON object, {…}');
}

/** The body that the form stands for. @param {HTMLFormElement} form @throws {Refused} */
function bodyOf(form) {
  const data = new FormData(form);
  const text = (/** @type {string} */ name) => String(data.get(name) ?? '').trim();
  const lists = GROUPS.map(
    (name) => /** @type {const} */ ([name, listOf(text(name), name === 'users' ? /\n/ : /[,\n]/)]),
  );
  const to = {
    ...Object.fromEntries(lists.filter(([, list]) => list.length > 0)),
    ...(data.get('everyone') ? { everyone: true } : {}),
  };
  const channels = data.getAll('channels');
  const texts = ['title', 'message', 'type', 'url'].filter((name) => text(name) !== '');
  return {
    to,
    ...Object.fromEntries(texts.map((name) => [name, text(name)])),
    priority: text('priority'),
    ...(channels.length > 0 ? { channels } : {}),
    ...moreOf(text('more')),
  };
}

/** @param {PersonView} person */
function personItem({ user, decisions }) {
  const list = decisionList(`Decisions about ${user}`);
  showDecisions(list, decisions);
  return h('li', {}, own(user, 'strong'), list);
}

/** @param {Preview} preview */
function previewNodes({ status, recipients, people }) {
  const left = recipients.total - recipients.unknown - people.length;
  const unknown = recipients.ids.unknown;
  return [
    h('p', { class: 'line' }, pill(status), ` ${totalsText(recipients)}`),
    ...(unknown.length > 0 ? [h('p', {}, 'No one has the id ', own(unknown.join(', '), 'mono'))] : []),
    h('ul', { class: 'rows', 'aria-label': 'What would be decided' }, ...people.map(personItem)),
    ...(left > 0 ? [h('p', { class: 'quiet' }, `And ${left} more, who are decided about when it is sent.`)] : []),
  ];
}

/** Nothing reaches a device with the sandbox, nor where the hub only decides. */
const isForReal = () => !hub.hello.sandbox && hub.hello.hub.push !== 'none';

/** @param {Preview} preview @returns {Promise<boolean>} */
function maySend({ recipients }) {
  if (!isForReal()) return Promise.resolve(true);
  const text = `This relay sends for real: it goes to people of the app ${hub.app}, ${totalsText(recipients)}.`;
  return confirmed({ title: 'Send to real people?', text, yes: 'Send it' });
}

/** What was looked at, and is sent when asked for. @typedef {{ body: object, key: string, preview: Preview }} Ready */

/** Composes a notification, shows what would be decided about each person, then sends exactly that. */
export class Send {
  #form = createForm();
  #trouble = createTrouble();
  #sendTrouble = createTrouble();
  #status = h('p', { role: 'status', class: 'empty' });
  #shown = h('div', {});
  #send = h('button', { type: 'button', class: 'main' }, 'Send');
  #title = heading('composing', 'Compose');
  #back = h('a', { href: '#' }, 'All notifications');
  #preview = panel(
    'compose-preview',
    'What would be decided now',
    this.#status,
    this.#shown,
    h('div', { class: 'actions' }, this.#send),
    this.#sendTrouble.element,
  );
  #current = new AbortController();
  /** @type {Ready | undefined} */
  #ready;
  element = h(
    'div',
    { class: 'pair' },
    h(
      'div',
      { class: 'panel' },
      h('div', { class: 'head' }, this.#title, this.#back),
      this.#form,
      this.#trouble.element,
    ),
    this.#preview,
  );

  constructor() {
    const previewTitle = this.#previewTitle();
    previewTitle.tabIndex = -1;
    previewTitle.classList.add('place');
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#look();
    });
    this.#form.addEventListener('input', () => {
      if (this.#ready) this.#forget('The form has changed: preview it again.');
    });
    this.#send.addEventListener('click', () => void this.#go());
  }

  /** @param {string} user whom it is for; '': as the form has it */
  show(user) {
    this.#back.setAttribute('href', address('notifications'));
    const users = /** @type {HTMLTextAreaElement} */ (this.#form.elements.namedItem('users'));
    if (user !== '') users.value = user;
    this.#trouble.clear();
    this.#forget('Preview it first: nothing is sent by that.');
    goTo(this.#title);
  }

  stop() {
    this.#current.abort();
  }

  #previewTitle() {
    return /** @type {HTMLElement} */ (this.#preview.querySelector('h3'));
  }

  /** @param {string} text */
  #forget(text) {
    this.#current.abort();
    this.#ready = undefined;
    this.#shown.replaceChildren();
    this.#send.hidden = true;
    this.#sendTrouble.clear();
    setText(this.#status, text);
  }

  async #look() {
    this.#trouble.clear();
    this.#forget('Looking…');
    this.#current = new AbortController();
    const { signal } = this.#current;
    try {
      const body = bodyOf(this.#form);
      const how = { method: 'POST', body, signal };
      const preview = /** @type {Preview} */ (await askHub(['notifications', 'preview'], how));
      signal.throwIfAborted();
      // With the same key what is sent twice by mistake is sent once.
      const key = `console-${crypto.getRandomValues(new Uint32Array(3)).join('-')}`;
      this.#ready = { body, key, preview };
      setText(this.#status, '');
      this.#shown.replaceChildren(...previewNodes(preview));
      this.#send.hidden = false;
      goTo(this.#previewTitle());
    } catch (error) {
      if (!signal.aborted) this.#forget('');
      this.#trouble.show(error);
    }
  }

  async #go() {
    if (!this.#ready || this.#send.getAttribute('aria-disabled') === 'true') return;
    const { body, key, preview } = this.#ready;
    this.#send.setAttribute('aria-disabled', 'true');
    this.#sendTrouble.clear();
    try {
      if (!(await maySend(preview))) return;
      const { id } = await askHub(['notifications'], { method: 'POST', body, key });
      this.#form.reset();
      location.hash = address('notifications', { notification: id });
    } catch (error) {
      this.#sendTrouble.show(error);
    } finally {
      this.#send.removeAttribute('aria-disabled');
    }
  }
}
