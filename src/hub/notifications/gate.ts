import { asleep, type Forbidding, forbidden, mayWait, personZone, waiting } from '../settings/settings.ts';
import { type AddressedChannel, type Channel, disturbs, isAddressed } from '../words/channel.ts';
import type { OtherZones } from '../words/time-zone.ts';
import type { DecideInput, DeviceFacts } from './decide-input.ts';
import type { AddressStatus, HopVerdict, HubReason } from './decision.ts';
import { sendAtFor } from './send-at.ts';
import { throttledBy } from './throttle.ts';

/**
 * What a notification may do now on one channel, to one device if it is a push; before that, whether it is wanted at all. First match
 * wins, in the order of docs/hub/deciding.md. Asked when a notification is accepted and again before anything leaves.
 */
export function gate(input: DecideInput, channel: Channel, device?: DeviceFacts): HopVerdict {
  return untilExpiry(
    input,
    over(input) ??
      scheduled(input) ??
      unreachable(input, channel, device) ??
      unwanted(input, channel, device) ??
      unable(input, channel, device) ??
      tooMany(input, channel) ??
      later(input, channel, device) ?? { state: 'pending' },
  );
}

/** What expires before it may leave is asked again when it has expired: it ends then. What digests and snoozes take ends with them. */
function untilExpiry({ notification: { expires_at: expires } }: DecideInput, verdict: HopVerdict): HopVerdict {
  const { until, reason, detail } = verdict;
  if (expires === undefined || until === undefined || reason === 'digested' || detail?.then === 'drop') return verdict;
  const at = Date.parse(expires);
  return at < until ? { ...verdict, until: at, detail: { ...detail, held_until: until } } : verdict;
}

const suppressed = (reason: HubReason, detail?: HopVerdict['detail']): HopVerdict => ({
  state: 'suppressed',
  reason,
  ...(detail ? { detail } : {}),
});

/** Erased, cancelled or needless; expired. */
function over({ notification, ended, now }: DecideInput): HopVerdict | undefined {
  if (ended) return { state: 'cancelled', reason: ended };
  const { expires_at: expires } = notification;
  return expires !== undefined && Date.parse(expires) <= now ? { state: 'expired', reason: 'expired' } : undefined;
}

/** Zones of a person without a device: that of the device seen last. */
export function zonesOf(
  { devices, person, policy }: Pick<DecideInput, 'devices' | 'person' | 'policy'>,
  device?: DeviceFacts,
): OtherZones {
  const last = device ?? seenLast(devices);
  return { device: last?.timezone, user: person?.timezone, hub: policy.timezone };
}

const seenLast = (devices: readonly DeviceFacts[]): DeviceFacts | undefined =>
  devices
    .filter(({ timezone, status }) => timezone !== undefined && status === 'active')
    .reduce<DeviceFacts | undefined>((a, b) => (a && a.last_seen_at >= b.last_seen_at ? a : b), undefined);

function scheduled(input: DecideInput): HopVerdict | undefined {
  const { notification, settings, now } = input;
  if (notification.send_at === undefined) return undefined;
  // An instant is the same in every zone.
  const zone = notification.timezone === 'user' ? personZone(settings, zonesOf(input)) : undefined;
  const at = sendAtFor(notification, zone?.timezone ?? '');
  if (at === undefined || at <= now) return undefined;
  return { state: 'deferred', reason: 'scheduled', until: at, ...(zone ? { detail: zone } : {}) };
}

const ADDRESS = { email: 'email', sms: 'phone', slack: 'slack' } as const satisfies Record<AddressedChannel, string>;

const VERDICT: Readonly<Record<Exclude<AddressStatus, 'active'>, HubReason>> = {
  bounced: 'bounced',
  invalid: 'bounced',
  complained: 'unsubscribed',
  unsubscribed: 'unsubscribed',
};

/** No address, no consent, or a verdict about the address; an opt-out blocks its type only. */
function unreachable(input: DecideInput, channel: Channel, device?: DeviceFacts): HopVerdict | undefined {
  if (device) return deviceFault(device);
  if (!isAddressed(channel)) return undefined;
  const { person, policy, addresses, optOuts = [], notification } = input;
  if (person?.unreadable) return suppressed('unreadable');
  if (!person?.[ADDRESS[channel]]) return suppressed('no_address');
  const address = addresses[channel] ?? 'active';
  // It says more than the consent that is gone with it.
  if (address === 'unsubscribed') return suppressed('unsubscribed', { address });
  const consent = person.consent?.[channel];
  if (consent?.granted === false || (!consent && policy.consentRequired.includes(channel)))
    return suppressed('no_consent');
  if (address !== 'active') return suppressed(VERDICT[address], { address });
  const { type } = notification;
  return optOuts.some((each) => each.channel === channel && each.type === type)
    ? suppressed('unsubscribed', { type })
    : undefined;
}

function deviceFault({ status, unreadable }: DeviceFacts): HopVerdict | undefined {
  if (unreadable) return suppressed('unreadable');
  if (status === 'stale') return suppressed('stale_device');
  if (status === 'key_mismatch') return suppressed('key_mismatch');
  return status === 'active' ? undefined : suppressed('no_devices');
}

/** Switched off or filtered by the person's settings or the device's. */
function unwanted(
  { settings, notification }: DecideInput,
  channel: Channel,
  device?: DeviceFacts,
): HopVerdict | undefined {
  if (device && !device.enabled) return suppressed('channel_disabled', { by: 'device', never: true });
  const because = forbidden(settings, notification, channel, device);
  return because && suppressed(because.reason, detailOf(because));
}

const detailOf = ({ reason: _, ...detail }: Forbidding): HopVerdict['detail'] => detail;

/** The key that switches pushes off altogether. */
export const PUSH_MODE = 'hub.push.mode';

/** The app cannot send that way. */
function unable(input: DecideInput, channel: Channel, device?: DeviceFacts): HopVerdict | undefined {
  if (channel === 'realtime') return undefined;
  const platform = device?.platform ?? channel;
  if (device || channel !== 'push') {
    const key = input.policy.sendsNoPushes && device ? { key: PUSH_MODE } : {};
    if (!input.can(platform)) return suppressed('not_configured', { platform, ...key });
  }
  if (platform !== 'ios' || iosTopic(input) !== '') return undefined;
  return { state: 'failed', reason: 'not_configured', detail: { platform, key: 'ios.topic' } };
}

/** The `apns-topic` without the suffix of a kind; empty: there is none. */
export const iosTopic = ({ notification, policy }: Pick<DecideInput, 'notification' | 'policy'>): string => {
  const own = notification.overrides?.ios?.topic;
  return typeof own === 'string' && own !== '' ? own : policy.iosTopic;
};

function tooMany(
  { policy, usage, notification, duplicate, now }: DecideInput,
  channel: Channel,
): HopVerdict | undefined {
  const { type, priority } = notification;
  const limit = throttledBy(policy.limits, usage, { type, priority, channel, now });
  if (limit) return suppressed('throttled', { max: limit.max, per_ms: limit.per_ms });
  return duplicate ? suppressed('duplicate') : undefined;
}

/** A sender's digest, quiet hours, snooze, a person's digest. */
function later(input: DecideInput, channel: Channel, device?: DeviceFacts): HopVerdict | undefined {
  const { notification, settings, openDigests, isDigest, now } = input;
  const { digest } = notification;
  if (digest) {
    const until = openDigests?.get(digest.key) ?? now + Math.round(digest.window * 1000);
    return { state: 'deferred', reason: 'digested', until, detail: { digest: digestKey(digest.key) } };
  }
  if (!disturbs(channel)) return undefined;
  if (!mayWait(settings, device)) return undefined;
  const at = { ...(device ? { device } : {}), zones: zonesOf(input, device), now };
  if (notification.awake_only) {
    const sleep = asleep(settings, at);
    if (sleep) return suppressed(sleep.reason, { then: 'drop', by: sleep.of });
  }
  const wait = waiting(settings, notification, at);
  if (!wait) return undefined;
  const { reason, until, of: by, ...zone } = wait;
  // A digest is not collected into another one.
  if (isDigest && reason === 'digested') return undefined;
  const asked = isDigest && wait.then === 'digest' ? 'hold' : wait.then;
  // A text message has no way of being silent.
  const then = asked === 'silent' && channel === 'sms' ? 'hold' : asked;
  const detail = { ...zone, then, by };
  if (then === 'silent') return { state: 'pending', reason, detail: { ...detail, silent: true } };
  // What a snooze clears is held until its end: the person may want it after all.
  if (then === 'hold' || (then === 'drop' && reason === 'snoozed')) return { state: 'deferred', reason, until, detail };
  if (then === 'drop') return suppressed(reason, detail);
  return { state: 'deferred', reason: 'digested', until, detail: { ...detail, digest: reason } };
}

/** The name of a sender's digest among those of a person; those that settings make are named after their reason. */
export const digestKey = (key: string): string => `${SENDERS}${key}`;

const SENDERS = 'key:';

/** @param digest of `DecisionDetail`: it is that of a sender, and not one that the person's settings make */
export const isSenders = (digest: string): boolean => digest.startsWith(SENDERS);
