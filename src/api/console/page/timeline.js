/** @import { PushTimeline, TimelineEvent } from '../../../observe/history/timeline.ts' */
import { ask, Refused } from './connection.js';
import { byId, h, setText, withCode } from './dom.js';
import { milliseconds, plural, timeOfDay } from './format.js';
import { place } from './providers.js';

/** @typedef {{ id: string, pushes: PushTimeline[], truncated?: boolean }} Explanation */

/** Pauses between two looks: a push takes milliseconds, a retry minutes. */
const PAUSES_MS = [150, 250, 400, 600, 1000];
const LATER_MS = 2000;
/** How long a push that has its outcome is looked at for what the hook says. */
const LAST_LOOKS = 3;
const MOST_LOOKS = 300;

/** @type {{ [status: string]: [text: string, look: string] }} */
const STATUS = {
  queued: ['in the queue', 'idle'],
  retrying: ['being tried again', 'warn'],
  delivered: ['delivered', 'good'],
  failed: ['failed', 'bad'],
  partly_failed: ['partly failed', 'bad'],
  nothing_sent: ['nothing was sent: there was no target', 'warn'],
};

/** @param {TimelineEvent} event @returns {[title: string, look: string]} */
function titleOf({ event, outcome, attempt, count = 1, ms, ok }) {
  const number = count > 1 ? ` (${plural(count, 'target', 'targets')})` : '';
  if (event === 'received') return [`Accepted${number}`, 'idle'];
  if (event === 'queued') return [`Waited ${milliseconds(ms)} in the queue`, 'idle'];
  if (event === 'reported') return ok ? ['Told to the hook', 'good'] : ['The hook did not take it', 'warn'];
  const which = event === 'attempt' && attempt !== undefined ? `Attempt ${attempt}: ` : '';
  if (outcome === 'delivered') return [`${which}delivered${number}`, 'good'];
  if (outcome === 'retried') return [`${which}to be tried again${number}`, 'warn'];
  return [`${which}failed${number}`, 'bad'];
}

/** @param {TimelineEvent} event */
function factsOf({
  provider,
  environment,
  ms,
  status,
  session,
  event,
  provider_id: id,
  retry_at: retry,
  targets = [],
}) {
  const [first] = targets;
  const target = first && (first.token ?? first.topic ?? first.condition);
  return [
    place(provider, environment),
    status !== undefined && `status ${status}`,
    event === 'attempt' && ms !== undefined && milliseconds(ms),
    session !== undefined && `session ${session}`,
    target && `${targets.length > 1 ? 'first ' : ''}to ${target}`,
    (id ?? first?.provider_id) && `id ${id ?? first?.provider_id}`,
    retry && `again at ${timeOfDay(retry)}`,
  ].filter(Boolean);
}

/** @param {TimelineEvent} event */
function eventItem(event) {
  const [title, look] = titleOf(event);
  const facts = factsOf(event);
  const { at, reason, error, advice } = event;
  return h(
    'li',
    { class: look },
    h(
      'div',
      { class: 'line' },
      h('strong', {}, title),
      h('span', { class: 'space' }),
      h('time', { datetime: at, class: 'quiet' }, timeOfDay(at)),
    ),
    reason ? h('p', { class: 'mono' }, reason) : undefined,
    facts.length > 0 ? h('p', { class: 'quiet facts' }, facts.join(' · ')) : undefined,
    error && error !== reason ? h('p', { class: 'quiet' }, error) : undefined,
    advice ? h('p', { class: 'advice' }, ...withCode(advice)) : undefined,
  );
}

/** @param {PushTimeline} push */
function pushItem(push) {
  const [text, look] = STATUS[push.status] ?? [push.status, 'idle'];
  const sent = [
    `app ${push.app}`,
    push.sent_by && `sent with ${push.sent_by}`,
    push.trace_id && `trace ${push.trace_id}`,
  ];
  return h(
    'article',
    { class: 'push' },
    h(
      'div',
      { class: 'line' },
      h('span', { class: `pill ${look}` }, text),
      h('span', { class: 'quiet' }, sent.filter(Boolean).join(' · ')),
    ),
    h(
      'p',
      { class: 'quiet id' },
      'request ',
      h('a', { class: 'mono', href: `#push=${encodeURIComponent(push.request_id)}` }, push.request_id),
    ),
    push.recorded === 'failures'
      ? h('p', { class: 'quiet' }, 'What was delivered at the first attempt is not recorded.')
      : undefined,
    h('ol', { class: 'events' }, ...push.events.map(eventItem)),
  );
}

const isOver = (/** @type {Explanation} */ { pushes }) => pushes.every(({ waiting }) => waiting === 0);

/** @param {Explanation} explanation */
const statusLine = ({ pushes, truncated }) =>
  pushes.map(({ status }) => STATUS[status]?.[0] ?? status).join(', ') +
  (truncated ? '; there is more than is shown' : '');

/** What is looked at; another push takes its place. */
let current = new AbortController();
let shown = '';

/** @param {Explanation} explanation */
function render(explanation) {
  const text = JSON.stringify(explanation);
  if (text === shown) return;
  shown = text;
  byId('timeline').replaceChildren(...explanation.pushes.map(pushItem));
  const status = byId('timeline-status');
  setText(status, `This push: ${statusLine(explanation)}.`);
  status.classList.add('unseen');
}

/** @param {string} text */
function say(text) {
  const status = byId('timeline-status');
  status.classList.remove('unseen');
  setText(status, text);
}

/** @param {string} text instead of a timeline */
export function showNoPush(text) {
  current.abort();
  shown = '';
  byId('timeline').replaceChildren();
  say(text);
}

const visible = () => !document.hidden;

/**
 * Shows the timeline of a push, and how it grows until the push has its outcome.
 * @param {string} id a request id or a `notif_id`
 * @param {{ isNew?: boolean }} [how] isNew: it was just sent, and may not be known yet
 */
export async function showPush(id, { isNew = false } = {}) {
  showNoPush(isNew ? 'Sending…' : 'Looking…');
  current = new AbortController();
  const { signal } = current;
  let lasts = 0;
  for (let look = 0; look < MOST_LOOKS && !signal.aborted && lasts < LAST_LOOKS; look++) {
    if (visible()) {
      try {
        const explanation = await ask(`/v1/pushes/${encodeURIComponent(id)}`, { signal });
        if (signal.aborted) return;
        render(explanation);
        if (isOver(explanation)) lasts++;
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof Refused && !(isNew && error.status === 404)) {
          showNoPush(error.message);
          return;
        }
      }
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSES_MS[look] ?? LATER_MS));
  }
}
