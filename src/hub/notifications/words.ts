import { zonedAt } from '../../kit/time/wall-time.ts';
import type { Channel } from '../words/channel.ts';
import type { ZoneSource } from '../words/time-zone.ts';
import { type DecisionDetail, type HopDecision, type HubReason, isHubReason, TAKEN_STATES } from './decision.ts';
import { PUSH_MODE } from './gate.ts';

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

type Told = Pick<HopDecision, 'state' | 'channel' | 'until' | 'plan' | 'isHanded'> & {
  readonly detail: DecisionDetail;
};

const untilWords = ({ until, detail }: Told): string =>
  until === undefined ? '' : ` until ${timeWords(until, detail)}`;

const owner = ({ by }: DecisionDetail): string => (by === 'device' ? 'the device' : 'the person');

/** Of what expires before it may leave. */
const expiresWords = ({ until, detail }: Told, what: string): string =>
  `${what} until ${timeWords(detail.held_until ?? 0, detail)}, and expires before that, at ${timeWords(until ?? 0, detail)}.`;

/** What quiet hours or a snooze did to it. */
function quietWords(told: Told, what: string): string {
  if (told.state === 'suppressed')
    return `It was not sent by ${WAYS[told.channel]} because of ${what}; it is in the person's inbox.`;
  if (told.detail.silent) return `It is sent without sound because of ${what}.`;
  if (told.detail.held_until !== undefined) return expiresWords(told, `It is held because of ${what}`);
  return `It is held${untilWords(told)} because of ${what}, and is sent then if it is still wanted.`;
}

const DIGESTS: Readonly<Record<string, string>> = {
  quiet_hours: 'quiet hours of the person ask for it',
  snoozed: 'a snooze of the person asks for it',
  digested: 'the person has asked for digests',
};

function notConfigured({ channel, detail: { key, platform } }: Told): string {
  const way = channel === 'push' && platform ? `push to ${platform}` : WAYS[channel];
  if (key === PUSH_MODE) return `This server sends no pushes: ${key} is set to none.`;
  if (key !== undefined) return `This server is not set up to send it this way: ${key} is not set.`;
  return `This server is not set up to send by ${way}: the app has no credential for it.`;
}

function scheduledWords(told: Told): string {
  const { until, detail } = told;
  if (detail.held_until !== undefined) return expiresWords(told, 'The sender has set a time for it: it waits');
  return `The sender has set a time for it: it leaves${until === undefined ? ' later' : ` at ${timeWords(until, detail)}`}.`;
}

function throttled({ channel, detail: { max, per_ms: per } }: Told): string {
  if (max === undefined || per === undefined)
    return `The person has got as many notifications by ${WAYS[channel]} as the limit allows.`;
  return `The person has got ${max} notifications by ${WAYS[channel]} within ${spanWords(per)}, which is the limit.`;
}

function unsubscribed({ channel, detail: { type, address } }: Told): string {
  if (type !== undefined) return `The person has unsubscribed from ${WAYS[channel]} of the type ${type}.`;
  return address === 'complained'
    ? `The person has reported ${WAYS[channel]} of this sender as unwanted, so that no more is sent.`
    : `The person has unsubscribed from ${WAYS[channel]}.`;
}

function digested({ until, detail }: Told): string {
  const leaves = until === undefined ? '' : ` that leaves at ${timeWords(until, detail)}`;
  return `It is collected for a digest${leaves}: ${DIGESTS[detail.digest ?? ''] ?? 'the sender has asked for it'}.`;
}

const REASONS: Readonly<Record<HubReason, (told: Told) => string>> = {
  scheduled: scheduledWords,
  user_disabled: () => 'The person has switched all notifications off.',
  channel_disabled: ({ channel, detail: { by, never } }) =>
    by === 'device'
      ? 'Notifications are switched off for this device.'
      : `The person has switched ${WAYS[channel]} off${never ? ', for critical notifications too' : ''}.`,
  type_disabled: ({ channel, detail: { pattern = '*' } }) =>
    pattern === '*'
      ? `The person does not want notifications of this type by ${WAYS[channel]}.`
      : `The person does not want notifications of the type ${pattern} by ${WAYS[channel]}.`,
  severity_filtered: ({ detail: { severity } }) =>
    `The person does not want notifications of the severity ${severity ?? 'that it has'}.`,
  status_filtered: ({ detail: { status } }) =>
    `The person does not want notifications about the status ${status ?? 'that it has'}.`,
  quiet_hours: (told) => quietWords(told, `quiet hours of ${owner(told.detail)}`),
  snoozed: (told) => quietWords(told, 'a snooze of the person'),
  no_consent: ({ channel }) => `The person has not agreed to be reached by ${WAYS[channel]}.`,
  unsubscribed,
  bounced: ({ channel, detail: { address } }) =>
    address === 'invalid'
      ? `The person's ${ADDRESSES[channel]} does not exist.`
      : `What was sent to the person's ${ADDRESSES[channel]} before came back, so that no more is sent to it.`,
  no_address: ({ channel }) => `No ${ADDRESSES[channel]} of the person is known.`,
  no_devices: () => 'The person has no device that can be sent to.',
  stale_device: () => 'The app on this device has not been heard of for so long that nothing is sent to it.',
  key_mismatch: () => 'This browser subscribed with a key that this server does not have.',
  unreadable: ({ state, channel }) =>
    `What is kept of ${state === 'cancelled' ? 'this notification' : `the person's ${ADDRESSES[channel]}`} is damaged and cannot be read.`,
  throttled,
  duplicate: () => 'The person has got this notification already.',
  superseded: ({ detail: { hop } }) =>
    hop === undefined
      ? 'A later notification about the same has taken its place.'
      : `It was not needed: the way before it (hop ${hop}) had reached the person.`,
  digested,
  acked: ({ detail: { unless = 'acked' } }) => `It was not needed: the person had ${PAST[unless]} it before.`,
  read: () => 'It was not needed: the person had read it before.',
  resolved: () => 'It was not needed: what it is about was settled before.',
  not_configured: notConfigured,
  budget: ({ channel }) => `What may be spent on ${WAYS[channel]} is used up.`,
  expired: () => 'It had expired before it was delivered.',
  cancelled: () => 'The sender took it back before it left.',
  erased: () => 'The person was deleted.',
  unknown_user: () => 'There is no person with this id.',
};

const PAST = { delivered: 'got', acked: 'acknowledged', seen: 'seen', read: 'read', acted: 'acted on' } as const;

/** When a hop goes that waits for another. */
function planWords({ channel, plan, until, detail }: Told): string {
  const by = `It goes by ${WAYS[channel]}`;
  if (!plan) return `${by} at once.`;
  const before = `the way before it (hop ${plan.after})`;
  if (plan.wait_ms === undefined) return `${by} only if ${before} fails.`;
  const wait = `${spanWords(plan.wait_ms + (plan.delay_ms ?? 0))} after ${before}`;
  const when = until === undefined ? wait : `at ${timeWords(until, detail)}`;
  const sooner = until === undefined ? 'that' : before;
  return `${by} ${when}, or as soon as ${sooner} has failed, unless the person has ${PAST[plan.unless]} it by then.`;
}

/** A push that could not be sent for now. */
function retryWords(told: Told, reason: string): string {
  const again = told.until === undefined ? 'later' : `at ${timeWords(told.until, told.detail)}`;
  return `It could not be sent by ${WAYS[told.channel]} yet: ${reason}. It is tried again ${again}.`;
}

function failedWords({ channel, detail: { category } }: Told, reason: string | undefined): string {
  const why = reason === undefined ? '' : ` (${reason})`;
  switch (category) {
    case 'invalid_token':
      return channel === 'push'
        ? `The provider says that this device takes no more pushes${why}.`
        : `The provider says that the person's ${ADDRESSES[channel]} takes no messages${why}.`;
    case 'credential':
    case 'stale_credential':
      return `The provider does not accept the credential of this server${why}.`;
    case 'invalid_request':
      return `The provider refused it as it is${why}.`;
    case 'unavailable':
    case 'not_sent':
      return `The provider could not be reached or did not take it${why}.`;
    case 'unanswered':
      return `The provider did not answer${why}; whether it arrived is not known.`;
    default:
      return `It could not be delivered by ${WAYS[channel]}: ${reason ?? 'no reason was given'}.`;
  }
}

function pendingWords(told: Told, reason: string | undefined): string {
  if (reason !== undefined) return retryWords(told, reason);
  return told.isHanded ? `It is on its way by ${WAYS[told.channel]}: no answer has come yet.` : planWords(told);
}

/** States that have no reason of ours. */
function stateWords(told: Told, reason: string | undefined): string {
  const way = WAYS[told.channel];
  switch (told.state) {
    case 'sent':
      return told.channel === 'realtime'
        ? "It is in the person's stream and inbox; no app of the person has said that it has it."
        : `The provider has accepted it by ${way}; that it arrived is not known.`;
    case 'delivered':
      return told.channel === 'realtime' ? 'An open app of the person has got it.' : `It was delivered by ${way}.`;
    case 'seen':
      return 'The person has seen it.';
    case 'read':
      return 'The person has read it.';
    case 'failed':
      return failedWords(told, reason);
    case 'deferred':
      return `It is looked at again${told.until === undefined ? ' soon' : ` at ${timeWords(told.until, told.detail)}`}, and leaves then if it is still wanted.`;
    case 'pending':
      return pendingWords(told, reason);
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
  decision: Pick<HopDecision, 'state' | 'channel' | 'reason' | 'until' | 'detail' | 'plan' | 'isHanded'>,
): string {
  const { reason, detail = {} } = decision;
  const told: Told = { ...decision, detail };
  // What has happened matters more than the reason that it was planned with (quiet hours that made it silent).
  const isOurs = reason !== undefined && isHubReason(reason) && !TAKEN_STATES.has(decision.state);
  const sentence = isOurs ? REASONS[reason](told) : stateWords(told, reason);
  const advice = detail.advice ? ` ${detail.advice}` : '';
  const parts = detail.segments !== undefined && detail.segments > 1 ? ` It took ${detail.segments} parts.` : '';
  return sentence + quietly(told) + advice + parts + learnedWords(detail);
}

const quietly = ({ state, detail }: Told): string =>
  detail.silent && TAKEN_STATES.has(state) ? ` It made no sound because of quiet hours of ${owner(detail)}.` : '';
