import { zonedAt } from '../../kit/time/wall-time.ts';
import type { Channel } from '../words/channel.ts';
import type { ZoneSource } from '../words/time-zone.ts';
import { type DecisionDetail, type HopDecision, type HubReason, isHubReason } from './decision.ts';

const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

const WAYS: Readonly<Record<Channel, string>> = {
  realtime: 'the stream',
  push: 'push',
  email: 'mail',
  sms: 'SMS',
  slack: 'Slack',
};

const ADDRESSES: Readonly<Record<Channel, string>> = {
  realtime: 'stream',
  push: 'device',
  email: 'mail address',
  sms: 'phone number',
  slack: 'Slack id',
};

const SOURCES: Readonly<Record<ZoneSource, string>> = {
  settings: "the zone of the person's settings",
  device: "the device's zone",
  user: "the person's zone",
  hub: 'the zone of this hub',
};

const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
] as const;

/** `15 minutes`, `1 hour`, `2.5 seconds`. */
export function spanWords(ms: number): string {
  const [unit, size] = UNITS.find(([, each]) => ms >= each && ms % each === 0) ?? UNITS[3];
  const count = ms / size;
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}

const two = (number: number): string => String(number).padStart(2, '0');

/** `08:00 on 2 December 2026 (Europe/Berlin, the device's zone)`; in UTC where no zone was asked for. */
function timeWords(ms: number, { timezone = 'UTC', timezone_source: source }: DecisionDetail): string {
  const at = zonedAt(ms, timezone);
  const seconds = at.second === 0 ? '' : `:${two(at.second)}`;
  const where = source ? `${timezone}, ${SOURCES[source]}` : timezone;
  return `${two(at.hour)}:${two(at.minute)}${seconds} on ${at.day} ${MONTHS[at.month - 1]} ${at.year} (${where})`;
}

type Told = Pick<HopDecision, 'state' | 'channel' | 'until' | 'plan'> & { readonly detail: DecisionDetail };

const untilWords = ({ until, detail }: Told): string =>
  until === undefined ? '' : ` until ${timeWords(until, detail)}`;

const owner = ({ by }: DecisionDetail): string => (by === 'device' ? 'the device' : 'the person');

/** What quiet hours or a snooze did to it. */
function quietWords(told: Told, what: string): string {
  if (told.state === 'suppressed') return `It was left out because of ${what}; it stands in the inbox.`;
  if (told.detail.silent) return `It is sent without sound because of ${what}.`;
  return `It is held${untilWords(told)} because of ${what}.`;
}

const DIGESTS: Readonly<Record<string, string>> = {
  quiet_hours: 'quiet hours of the person ask for it',
  snoozed: 'a snooze of the person asks for it',
  digested: 'the person has asked for digests',
};

const neededKey = ({ key, platform }: DecisionDetail): string =>
  key === undefined ? `no credential for ${platform ?? 'it'} is configured` : `${key} is not set`;

const REASONS: Readonly<Record<HubReason, (told: Told) => string>> = {
  scheduled: (told) => `It is to leave later: it is held${untilWords(told)}.`,
  user_disabled: () => 'The person has switched all notifications off.',
  channel_disabled: ({ channel, detail: { by, never } }) =>
    by === 'device'
      ? 'Notifications are switched off for this device.'
      : `The person has switched ${WAYS[channel]} off${never ? ', for critical notifications too' : ''}.`,
  type_disabled: ({ channel, detail: { pattern = '*' } }) =>
    `The person's settings do not let notifications of the type ${pattern} come by ${WAYS[channel]}.`,
  severity_filtered: ({ detail: { severity } }) =>
    `The person does not want notifications of the severity ${severity ?? 'that it has'}.`,
  status_filtered: ({ detail: { status } }) =>
    `The person does not want notifications about the status ${status ?? 'that it has'}.`,
  quiet_hours: (told) => quietWords(told, `quiet hours of ${owner(told.detail)}`),
  snoozed: (told) => quietWords(told, 'a snooze of the person'),
  no_consent: ({ channel }) => `The person has not agreed to be reached by ${WAYS[channel]}.`,
  unsubscribed: ({ channel, detail: { type, address } }) => {
    if (type !== undefined) return `The person has unsubscribed from ${WAYS[channel]} of the type ${type}.`;
    return address === 'complained'
      ? `The person has complained about ${WAYS[channel]}, so that no more is sent.`
      : `The person has unsubscribed from ${WAYS[channel]}.`;
  },
  bounced: ({ channel, detail: { address } }) =>
    address === 'invalid'
      ? `The person's ${ADDRESSES[channel]} does not exist.`
      : `The person's ${ADDRESSES[channel]} has sent back what was sent before.`,
  no_address: ({ channel }) => `No ${ADDRESSES[channel]} of the person is known.`,
  no_devices: () => 'The person has no device that a push can go to.',
  stale_device: () => 'This device has not been seen for so long that nothing is sent to it.',
  key_mismatch: () => 'This browser subscribed with a key that is not configured here.',
  throttled: ({ channel, detail: { max, per_ms: per } }) =>
    max === undefined || per === undefined
      ? `The person has got as much by ${WAYS[channel]} as the limit allows.`
      : `The person has got ${max} by ${WAYS[channel]} within ${spanWords(per)}, which is the limit.`,
  duplicate: () => 'The person has got this notification already.',
  superseded: () => 'A later notification with the same collapse key has taken its place.',
  digested: (told) =>
    `It is collected for a digest${told.until === undefined ? '' : ` that leaves at ${timeWords(told.until, told.detail)}`}: ${
      DIGESTS[told.detail.digest ?? ''] ?? 'the sender has asked for it'
    }.`,
  acked: () => 'The person had acknowledged it before this was due.',
  read: () => 'The person had read it before this was due.',
  resolved: () => 'What it is about was settled before this was due.',
  not_configured: ({ detail }) => `It cannot be sent this way: ${neededKey(detail)}.`,
  budget: ({ channel }) => `What may be spent on ${WAYS[channel]} is used up.`,
  expired: () => 'It expired before it was delivered.',
  cancelled: () => 'The sender cancelled it before it left.',
  erased: () => 'The person was erased.',
  unknown_user: () => 'There is no person with this id.',
};

/** When a hop goes that waits for another. */
function planWords({ channel, plan }: Told): string {
  const by = `It goes by ${WAYS[channel]}`;
  if (!plan) return `${by} at once.`;
  const failed = `once hop ${plan.after} has failed`;
  if (plan.wait_ms === undefined) return `${by} only ${failed}.`;
  const wait = spanWords(plan.wait_ms + (plan.delay_ms ?? 0));
  return `${by} ${wait} after hop ${plan.after} unless the person has ${PAST[plan.unless]} it, or ${failed}.`;
}

const PAST = { delivered: 'got', acked: 'acknowledged', seen: 'seen', read: 'read', acted: 'acted on' } as const;

/** A push that could not be sent for now. */
function retryWords(told: Told, reason: string): string {
  const again = told.until === undefined ? 'later' : `at ${timeWords(told.until, told.detail)}`;
  return `It could not be sent by ${WAYS[told.channel]} yet: ${reason}. It is tried again ${again}.`;
}

/** States that have no reason of ours. */
function stateWords(told: Told, reason: string | undefined): string {
  const way = WAYS[told.channel];
  switch (told.state) {
    case 'sent':
      return told.channel === 'realtime'
        ? "It is in the person's stream."
        : `It was handed over by ${way}, and accepted; that it arrived is not known.`;
    case 'delivered':
      return told.channel === 'realtime' ? 'An open app of the person has got it.' : `It was delivered by ${way}.`;
    case 'seen':
      return 'The person has seen it.';
    case 'read':
      return 'The person has read it.';
    case 'failed':
      return `It could not be delivered by ${way}: ${reason ?? 'no reason was given'}.`;
    case 'deferred':
      return `It is held${untilWords(told)}.`;
    case 'pending':
      return reason === undefined ? planWords(told) : retryWords(told, reason);
    default:
      return `It was not sent by ${way}.`;
  }
}

const learnedWords = ({ learned }: DecisionDetail): string =>
  learned
    ? ` It stands behind other ways because ${learned.failed} of the last ${learned.worked + learned.failed} failed.`
    : '';

/** A decision in sentences that a person can read out to another: why, and what comes next. Without names and addresses. */
export function words(
  decision: Pick<HopDecision, 'state' | 'channel' | 'reason' | 'until' | 'detail' | 'plan'>,
): string {
  const { reason, detail = {} } = decision;
  const told: Told = { ...decision, detail };
  const isOurs = reason !== undefined && isHubReason(reason) && !HAPPENED.has(decision.state);
  const sentence = isOurs ? REASONS[reason](told) : stateWords(told, reason);
  const advice = detail.advice ? ` ${detail.advice}` : '';
  const parts = detail.segments !== undefined && detail.segments > 1 ? ` It took ${detail.segments} parts.` : '';
  return sentence + advice + parts + learnedWords(detail);
}

/** What has happened matters more than the reason that it was planned with (quiet hours that made it silent). */
const HAPPENED: ReadonlySet<string> = new Set(['sent', 'delivered', 'seen', 'read']);
