import { h, setText } from '../dom.js';
import { factList, own, pill, time, timeAgo } from './parts.js';
import { askHub } from './state.js';
import { createTrouble, isAborted } from './trouble.js';

/**
 * @typedef {object} ShownDevice
 * @property {string} id
 * @property {string} platform
 * @property {string} kind
 * @property {string} status
 * @property {string} [reason]
 * @property {string} at
 * @property {boolean} enabled
 * @property {string} [name]
 * @property {string} [model]
 * @property {string} [os_version]
 * @property {string} [app_version]
 * @property {string} [timezone]
 * @property {string} [locale]
 * @property {string} token_mask
 * @property {string} last_seen_at
 * @property {readonly string[]} topics
 */

/** @type {{ [status: string]: string }} */
const MEANS = {
  invalid: 'Its provider says that this token takes no pushes any more; nothing is sent to it.',
  key_mismatch: 'It was registered with a key that this app does not have.',
  signed_out: 'It belongs to no one at the moment; nothing is sent to it.',
  stale: 'The app on it has not been heard of for long; nothing is sent to it.',
};

/** @param {ShownDevice} device */
const item = (device) =>
  h(
    'li',
    {},
    h(
      'div',
      { class: 'line' },
      pill(device.status),
      own(device.name ?? device.model ?? device.platform, 'strong'),
      h(
        'span',
        { class: 'quiet' },
        [device.platform, device.kind === 'alert' ? '' : device.kind].filter(Boolean).join(' · '),
      ),
      ...(device.enabled ? [] : [h('span', { class: 'pill warn' }, 'switched off')]),
    ),
    ...(MEANS[device.status] ? [h('p', {}, MEANS[device.status])] : []),
    factList({
      Model: device.model && own(device.model),
      System: device.os_version && own(device.os_version),
      App: device.app_version && own(device.app_version),
      'Time zone': device.timezone,
      Token: own(device.token_mask, 'mono'),
      Topics: device.topics.length > 0 && own(device.topics.join(', ')),
      Reason: device.reason && h('code', {}, device.reason),
      Since: device.status === 'active' ? undefined : time(device.at),
      'Heard of': timeAgo(device.last_seen_at),
      Id: own(device.id, 'mono'),
    }),
  );

/** The devices of a person. */
export function createDevices() {
  const status = h('p', { class: 'empty', role: 'status' });
  const list = h('ul', { class: 'rows', 'aria-label': 'Devices' });
  const trouble = createTrouble();
  /** @param {string} user @param {AbortSignal} signal */
  async function show(user, signal) {
    list.replaceChildren();
    trouble.clear();
    setText(status, 'Looking…');
    try {
      // A person has at most 100.
      const { devices } = await askHub(['users', user, 'devices'], { query: { limit: '200' }, signal });
      signal.throwIfAborted();
      list.replaceChildren(...devices.map(item));
      list.hidden = devices.length === 0;
      setText(status, devices.length > 0 ? '' : 'None: a push reaches this person once an app has registered one.');
    } catch (error) {
      if (!isAborted(error)) setText(status, '');
      trouble.show(error, () => void show(user, signal));
    }
  }
  return { element: h('div', {}, status, list, trouble.element), show };
}
