import { h, setText } from '../dom.js';
import { channelText } from './decisions.js';
import { factList, labelled, moment, own, select } from './parts.js';
import { askHub } from './state.js';
import { createTrouble, isAborted } from './trouble.js';

/**
 * @typedef {object} ShownSettings
 * @property {boolean} [enabled]
 * @property {readonly string[]} [severities]
 * @property {readonly string[]} [statuses]
 * @property {string} [min_severity]
 * @property {{ [pattern: string]: boolean | { channels?: readonly string[] } }} [types]
 * @property {{ [channel: string]: boolean | 'never' }} [channels]
 * @property {{ windows?: readonly { days?: readonly string[], from: string, until: string }[], then?: string, allow?: readonly string[] }} [quiet_hours]
 * @property {{ mode?: string, at?: string }} [digest]
 * @property {{ [id: string]: object }} [devices]
 * @property {string} [locale]
 * @property {string} timezone
 * @property {string} timezone_source
 * @property {string} [snoozed_until]
 * @property {string} [snooze_on_end]
 */

/** @type {{ [then: string]: string }} */
const THEN = {
  hold: 'held until they end',
  drop: 'dropped',
  silent: 'sent without sound',
  digest: 'collected for one summary',
};
/** @type {{ [end: string]: string }} */
const ON_END = {
  release: 'what was held leaves',
  digest: 'one summary leaves',
  clear: 'what was held stays in the inbox',
};

const switchText = (/** @type {boolean | 'never'} */ value) =>
  value === true ? 'on' : value === 'never' ? 'off, also for critical ones' : 'off, but for critical ones';

/** @param {boolean | { channels?: readonly string[] }} value */
const typeText = (value) =>
  typeof value === 'boolean'
    ? value
      ? 'on'
      : 'off'
    : `only by ${(value.channels ?? []).map(channelText).join(', ') || 'any way'}`;

/** @param {ShownSettings} settings */
function quietFacts({ quiet_hours: quiet, timezone, timezone_source: source }) {
  const windows = quiet?.windows ?? [];
  const zone = `${timezone} (the zone of the ${source})`;
  if (windows.length === 0)
    return [
      h('p', {}, quiet ? 'none' : 'as the relay has it by default'),
      h('p', { class: 'quiet' }, `Clock: ${zone}`),
    ];
  return [
    ...windows.map(({ days, from, until }) => h('p', {}, `${days ? days.join(', ') : 'every day'} ${from}–${until}`)),
    h('p', { class: 'quiet' }, `Clock: ${zone}`),
    h(
      'p',
      { class: 'quiet' },
      `What comes then is ${THEN[quiet?.then ?? 'hold'] ?? quiet?.then}; let through: ${(quiet?.allow ?? ['critical']).join(', ') || 'nothing'}`,
    ),
  ];
}

/** @param {ShownSettings} settings */
const facts = (settings) =>
  factList({
    Notifications: settings.enabled === false ? h('span', { class: 'alarm' }, 'switched off, all of them') : 'on',
    'Quiet hours': quietFacts(settings),
    Snoozed:
      settings.snoozed_until &&
      `until ${moment(settings.snoozed_until)}; then ${ON_END[settings.snooze_on_end ?? 'release'] ?? ''}`,
    Channels: Object.entries(settings.channels ?? {}).map(([name, value]) =>
      h('p', {}, `${channelText(name)}: ${switchText(value)}`),
    ),
    Types: Object.entries(settings.types ?? {}).map(([name, value]) =>
      h('p', {}, own(name, 'mono'), `: ${typeText(value)}`),
    ),
    Severities: settings.severities?.length ? settings.severities.join(', ') : undefined,
    'Least severity': settings.min_severity,
    Statuses: settings.statuses?.length ? own(settings.statuses.join(', ')) : undefined,
    Digest: settings.digest?.mode && [settings.digest.mode, settings.digest.at].filter(Boolean).join(' at '),
    'Of single devices': Object.keys(settings.devices ?? {}).map((id) => h('p', {}, own(id, 'mono'))),
    Language: settings.locale,
  });

/** @type {readonly (readonly [string, string])[]} */
const SPANS = [
  ['1h', 'one hour'],
  ['4h', 'four hours'],
  ['12h', 'twelve hours'],
  ['1d', 'a day'],
  ['7d', 'a week'],
];

/** What a person wants to hear and when, and a snooze that is set or ended for them. */
export function createSettings() {
  const status = h('p', { class: 'empty', role: 'status' });
  const shown = h('div', {});
  const trouble = createTrouble();
  const wake = h('button', { type: 'button' }, 'End the snooze');
  const form = h(
    'form',
    { class: 'snooze', autocomplete: 'off' },
    h(
      'div',
      { class: 'fields' },
      labelled('snooze-until', 'Snooze for', select('until', SPANS)),
      labelled('snooze-end', 'Then', select('on_end', Object.entries(ON_END))),
    ),
    h('div', { class: 'actions' }, h('button', { type: 'submit' }, 'Snooze'), wake),
  );
  let who = { user: '', signal: new AbortController().signal };

  /** @param {ShownSettings} settings */
  function render(settings) {
    shown.replaceChildren(facts(settings));
    wake.hidden = settings.snoozed_until === undefined;
    form.hidden = false;
  }

  /** @param {string} method @param {object} [body] @param {string} [done] */
  async function change(method, body, done = '') {
    trouble.clear();
    setText(status, 'Saving…');
    try {
      render(await askHub(['users', who.user, 'snooze'], { method, body, signal: who.signal }));
      setText(status, done);
    } catch (error) {
      if (!isAborted(error)) setText(status, '');
      trouble.show(error);
    }
  }
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void change('POST', Object.fromEntries(new FormData(form)), 'The snooze is set.');
  });
  wake.addEventListener('click', async () => {
    await change('DELETE', undefined, 'The snooze is ended.');
    if (wake.hidden) form.querySelector('select')?.focus();
  });

  /** @param {string} user @param {AbortSignal} signal */
  async function show(user, signal) {
    who = { user, signal };
    shown.replaceChildren();
    form.hidden = true;
    trouble.clear();
    setText(status, 'Looking…');
    try {
      const settings = await askHub(['users', user, 'settings'], { signal });
      signal.throwIfAborted();
      setText(status, '');
      render(settings);
    } catch (error) {
      if (!isAborted(error)) setText(status, '');
      trouble.show(error, () => void show(user, signal));
    }
  }
  return { element: h('div', {}, shown, status, trouble.element, form), show };
}
