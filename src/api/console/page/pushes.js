/** @import { ListedPush } from '../../../observe/history/history.ts' */
import { ask, Refused } from './connection.js';
import { byId, h, keyed, setText } from './dom.js';
import { ago, timeOfDay } from './format.js';
import { allProviders, place } from './providers.js';

/** @typedef {{ pushes: ListedPush[], next_cursor?: string, newer_cursor: string }} Answer */

const PAGE = 50;
const AGAIN_MS = 3000;
/** A filter is typed letter by letter. */
const TYPED_MS = 250;

/** @type {{ [outcome: string]: [text: string, look: string] }} */
const OUTCOMES = { delivered: ['delivered', 'good'], failed: ['failed', 'bad'], retried: ['tried again', 'warn'] };

const form = /** @type {HTMLFormElement} */ (byId('push-filters'));
const list = byId('pushes');
const more = byId('more-pushes');

/** @type {readonly ListedPush[]} */
let shown = [];
/** @type {string | undefined} */
let next;
/** Older ones are shown as well: the list does not begin again by itself. */
let isLong = false;
let isOpen = false;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
let current = new AbortController();

const filters = () =>
  [...new FormData(form)].flatMap(([name, value]) =>
    String(value).trim() === '' ? [] : [[name.replace('by-', ''), String(value).trim()]],
  );

/** @param {ListedPush} push */
const keyOf = ({ request_id, notification, at, attempt, outcome, provider, count, reason }) =>
  JSON.stringify([request_id, notification, at, attempt, outcome, provider, count, reason]);

/** @param {ListedPush} push */
function item(push) {
  const {
    app,
    request_id: id,
    notif_id: name,
    provider,
    environment,
    outcome = '',
    reason,
    count = 1,
    at,
    event,
  } = push;
  const [text, look] = OUTCOMES[outcome] ?? [event, 'idle'];
  const facts = [app, place(provider, environment), count > 1 && `${count} targets`, reason];
  return h(
    'li',
    {},
    h('span', { class: `pill ${look}` }, text),
    h('a', { class: 'mono', href: `#push=${encodeURIComponent(name ?? id)}&page=pushes` }, name ?? id),
    h('span', { class: 'quiet' }, facts.filter(Boolean).join(' · ')),
    h('time', { datetime: at, class: 'quiet', title: timeOfDay(at) }, ''),
  );
}

/**
 * @param {Element} element
 * @param {ListedPush} push
 */
function update(element, { at }) {
  setText(/** @type {Element} */ (element.querySelector('time')), ago(at, Date.now()));
}

function render() {
  keyed(list, shown, keyOf, item, update);
  more.hidden = next === undefined;
  const isFiltered = filters().length > 0;
  setText(
    byId('pushes-status'),
    shown.length > 0 ? '' : isFiltered ? 'Nothing that is kept matches.' : 'Nothing was sent that is still kept.',
  );
}

/**
 * @param {string} [cursor]
 * @returns {Promise<Answer>}
 */
function fetchPushes(cursor) {
  current.abort();
  current = new AbortController();
  const query = new URLSearchParams([...filters(), ['limit', String(PAGE)], ...(cursor ? [['cursor', cursor]] : [])]);
  return ask(`/v1/pushes?${query}`, { signal: current.signal });
}

/** @param {() => Promise<void>} work */
async function guarded(work) {
  try {
    await work();
  } catch (error) {
    if (error instanceof Refused) setText(byId('pushes-status'), error.message);
  }
}

const begin = () =>
  guarded(async () => {
    const { pushes, next_cursor } = await fetchPushes();
    [shown, next, isLong] = [pushes, next_cursor, false];
    render();
  });

function plan() {
  clearTimeout(timer);
  if (!isOpen) return;
  timer = setTimeout(async () => {
    if (isLong) render();
    else if (!document.hidden) await begin();
    plan();
  }, AGAIN_MS);
}

/** Shows the list, and keeps it fresh. */
export function openPushes() {
  isOpen = true;
  void begin();
  plan();
}

export function closePushes() {
  isOpen = false;
  clearTimeout(timer);
  current.abort();
}

/** The platforms to choose from. */
export function preparePlatforms() {
  const select = byId('filter-platform');
  if (select.childElementCount > 1) return;
  select.append(...allProviders().map(({ platform, title }) => h('option', { value: platform }, title.platform)));
}

/** @type {ReturnType<typeof setTimeout> | undefined} */
let typing;
form.addEventListener('input', () => {
  clearTimeout(typing);
  typing = setTimeout(() => void begin(), TYPED_MS);
});
form.addEventListener('submit', (event) => {
  event.preventDefault();
  void begin();
});
more.addEventListener('click', () =>
  guarded(async () => {
    const { pushes, next_cursor } = await fetchPushes(next);
    [shown, next, isLong] = [[...shown, ...pushes], next_cursor, true];
    render();
  }),
);
