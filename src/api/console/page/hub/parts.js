/** @import { Child } from '../dom.js' */
import { h } from '../dom.js';
import { ago } from '../format.js';

/** @type {{ [state: string]: [text: string, look: string] }} of decisions and of notifications */
const STATES = {
  pending: ['on its way', 'idle'],
  deferred: ['held', 'warn'],
  sent: ['sent', 'good'],
  delivered: ['delivered', 'good'],
  seen: ['seen', 'good'],
  read: ['read', 'good'],
  failed: ['failed', 'bad'],
  suppressed: ['not sent', 'warn'],
  cancelled: ['cancelled', 'idle'],
  expired: ['expired', 'idle'],
  scheduled: ['scheduled', 'idle'],
  done: ['done', 'good'],
  unreachable: ['reached no one', 'bad'],
  open: ['open', 'bad'],
  acknowledged: ['acknowledged', 'warn'],
  resolved: ['resolved', 'good'],
  active: ['active', 'good'],
  invalid: ['dead', 'bad'],
  key_mismatch: ['other key', 'bad'],
  signed_out: ['signed out', 'idle'],
  stale: ['not heard of', 'warn'],
  in_progress: ['in progress', 'warn'],
  completed: ['completed', 'good'],
};

/** @param {string} state a word of the API; one that is not known is shown as it is */
export const stateText = (state) => (Object.hasOwn(STATES, state) ? STATES[state]?.[0] : undefined) ?? state;

/** @param {string} state */
export const lookOf = (state) => (Object.hasOwn(STATES, state) ? STATES[state]?.[1] : undefined) ?? 'idle';

/** @param {string} state */
export const pill = (state) => h('span', { class: `pill ${lookOf(state)}` }, stateText(state));

/**
 * Text of people and senders: whatever its direction, what stands beside it stays in place.
 * @param {string} text
 * @param {string} [look]
 */
export const own = (text, look = '') => h('bdi', look === '' ? {} : { class: look }, text);

const date = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });

/** @param {string} instant ISO 8601 @returns {string} by the reader's clock */
export const moment = (instant) => (Number.isNaN(Date.parse(instant)) ? instant : date.format(new Date(instant)));

/** @param {string} instant ISO 8601 */
export const time = (instant) => h('time', { datetime: instant, class: 'quiet' }, moment(instant));

/** @param {string} instant ISO 8601, past */
export const timeAgo = (instant) =>
  h('time', { datetime: instant, class: 'quiet', title: moment(instant) }, ago(instant, Date.now()));

/**
 * A list of what is known; what is empty is left out.
 * @param {{ [name: string]: Child | readonly Child[] }} facts
 */
export function factList(facts) {
  const rows = Object.entries(facts).flatMap(([name, value]) => {
    const shown = (Array.isArray(value) ? value : [value]).filter(
      (each) => each !== undefined && each !== '' && each !== false,
    );
    return shown.length === 0 ? [] : [h('div', {}, h('dt', {}, name), h('dd', {}, ...shown))];
  });
  return h('dl', { class: 'facts-list' }, ...rows);
}

/** @param {readonly string[]} texts with commas between them */
export const ownList = (texts) => texts.flatMap((text, i) => (i === 0 ? [own(text)] : [', ', own(text)]));

/**
 * A heading that is gone to when its page is opened.
 * @param {string} id
 * @param {...Child} children
 */
export const heading = (id, ...children) => h('h2', { id, tabindex: '-1', class: 'place' }, ...children);

/**
 * @param {string} id
 * @param {string} title
 * @param {...Child} children
 */
export const panel = (id, title, ...children) => panelOf(h('h3', { id, class: 'panel-title' }, title), ...children);

/**
 * @param {HTMLHeadingElement} title with an id
 * @param {...Child} children
 */
export const panelOf = (title, ...children) =>
  h('section', { class: 'panel', 'aria-labelledby': title.id }, h('div', { class: 'head' }, title), ...children);

/**
 * @param {string} id
 * @param {string} label
 * @param {HTMLElement} control
 * @param {string} [hint]
 */
export function labelled(id, label, control, hint) {
  control.id = id;
  if (hint) control.setAttribute('aria-describedby', `${id}-hint`);
  return h(
    'div',
    {},
    h('label', { for: id }, label),
    control,
    hint ? h('p', { class: 'hint', id: `${id}-hint` }, hint) : undefined,
  );
}

/**
 * @param {string} name
 * @param {readonly (readonly [value: string, text: string])[]} options
 */
export const select = (name, options) =>
  h('select', { name }, ...options.map(([value, text]) => h('option', { value }, text)));

/** @type {WeakMap<Element, string>} */
const drawn = new WeakMap();

/**
 * Draws an element again only when what it shows has changed; the link that has the focus keeps it.
 * @template T
 * @param {Element} element
 * @param {T} value JSON
 * @param {(value: T) => readonly Node[]} draw
 */
export function redraw(element, value, draw) {
  const text = JSON.stringify(value);
  if (drawn.get(element) === text) return;
  drawn.set(element, text);
  const active = element.contains(document.activeElement) ? document.activeElement?.getAttribute('href') : null;
  element.replaceChildren(...draw(value));
  if (active) [...element.querySelectorAll('a')].find((link) => link.getAttribute('href') === active)?.focus();
}

/**
 * Asks before something is done.
 * @param {{ title: string, text: string, yes: string, no?: string }} words
 * @returns {Promise<boolean>}
 */
export function confirmed({ title, text, yes, no = 'Cancel' }) {
  const id = 'hub-confirm-title';
  const dialog = h(
    'dialog',
    { 'aria-labelledby': id },
    h(
      'form',
      { method: 'dialog' },
      h('h2', { id }, title),
      h('p', { class: 'dialog-text' }, text),
      h(
        'div',
        { class: 'buttons' },
        h('button', { type: 'submit', value: 'no' }, no),
        ' ',
        h('button', { type: 'submit', value: 'yes', class: 'main' }, yes),
      ),
    ),
  );
  document.getElementById('main')?.append(dialog);
  dialog.returnValue = 'no';
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(dialog.returnValue === 'yes');
    });
  });
}

/** @param {HTMLElement} element */
export function goTo(element) {
  element.scrollIntoView({ block: 'nearest' });
  element.focus({ preventScroll: true });
}
