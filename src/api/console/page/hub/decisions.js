/** @import { DecisionView } from '../../../../hub/sends/views/notification-view.ts' */
import { h, keyed, withCode } from '../dom.js';
import { lookOf, own, pill, redraw, time } from './parts.js';
import { hub } from './state.js';

/** @type {{ [channel: string]: string }} */
const CHANNELS = { realtime: 'live', push: 'push', email: 'mail', sms: 'text message', slack: 'Slack' };

/** @param {string} channel */
export const channelText = (channel) => (Object.hasOwn(CHANNELS, channel) ? CHANNELS[channel] : undefined) ?? channel;

/** The timeline of a push is kept by the relay that sent it, where it keeps any. @param {string} id */
const pushLink = (id) =>
  hub.hello.history && hub.hello.hub.push === 'local'
    ? [h('a', { href: `#${new URLSearchParams({ page: 'pushes', push: id })}` }, 'what became of the push')]
    : [];

/** @param {DecisionView} decision */
const row = ({ hop, channel, device, state, reason, words, at, attempts, advice, push_id: push }) => {
  const facts = [reason, hop > 1 && `way ${hop}`, attempts > 1 && `${attempts} attempts`].filter(Boolean).join(' · ');
  return [
    h(
      'div',
      { class: 'line' },
      h('strong', {}, channelText(channel)),
      pill(state),
      ...(device ? [own(device, 'mono quiet')] : []),
      h('span', { class: 'space' }),
      time(at),
    ),
    h('p', {}, words),
    // The words may say it already.
    ...(advice && !words.includes(advice) ? [h('p', { class: 'advice' }, ...withCode(advice))] : []),
    h(
      'p',
      { class: 'quiet' },
      ...(facts ? [h('span', { class: 'mono' }, facts), ' '] : []),
      ...(push ? pushLink(push) : []),
    ),
  ];
};

/**
 * What was decided about a person, in words; what has not changed stays as it is.
 * @param {Element} list an `ol`
 * @param {readonly DecisionView[]} decisions
 */
export function showDecisions(list, decisions) {
  keyed(
    list,
    decisions,
    ({ hop, channel, device }) => JSON.stringify([hop, channel, device]),
    () => h('li', {}),
    (item, decision) => {
      item.className = lookOf(decision.state);
      redraw(item, decision, row);
    },
  );
}

export const decisionList = (/** @type {string} */ label) => h('ol', { class: 'events', 'aria-label': label });
