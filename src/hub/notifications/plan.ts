import type { Channel } from '../words/channel.ts';
import { type ChannelRecords, learnedOrder } from './learned-order.ts';
import type { NotificationDoc } from './notification-doc.ts';
import type { Mode, Reached, StepDoc } from './plan-doc.ts';
import type { HubPolicy } from './policy.ts';

/** How a step waits for the one before it. */
export interface StepWait {
  readonly unless: Reached;
  /** Absent: until that has failed for good. */
  readonly wait_ms?: number;
  readonly delay_ms?: number;
}

export interface Step {
  readonly channel: Channel;
  /** Absent: it goes at once. */
  readonly wait?: StepWait;
  /** The channel is here because it failed lately. */
  readonly learned?: { readonly worked: number; readonly failed: number };
}

/** The ways to one person. */
export interface Ways {
  /** The person is meant by devices alone: they are reached by push, and by nothing else. */
  readonly devicesOnly?: boolean;
  readonly records?: ChannelRecords;
}

type About = Pick<NotificationDoc, 'priority' | 'channels' | 'mode' | 'plan'>;

/** The last plan of people of whom nothing was learned: people of one notification come one after another, and it is the same for all. */
let last: { readonly notification: About; readonly policy: HubPolicy; readonly steps: readonly Step[] } | undefined;

/** The sender leaves the ways to its priority. */
const isUsual = ({ channels, mode, plan }: About): boolean =>
  channels === undefined && mode === undefined && plan === undefined;

/** Notifications to one person come in between one another. */
const usual = new WeakMap<HubPolicy, Partial<Record<About['priority'], readonly Step[]>>>();

function usualPlan(notification: About, policy: HubPolicy): readonly Step[] {
  const { priority } = notification;
  const plans = usual.get(policy) ?? {};
  usual.set(policy, plans);
  plans[priority] ??= planned(notification, policy, {});
  return plans[priority];
}

/** The hops of a notification to a person, in their order; a mode is a named plan. */
export function planOf(notification: About, policy: HubPolicy, { devicesOnly, records }: Ways = {}): readonly Step[] {
  if (devicesOnly) return [{ channel: 'push' }];
  if (records && policy.learnChannels) return planned(notification, policy, records);
  if (isUsual(notification)) return usualPlan(notification, policy);
  if (last?.notification === notification && last.policy === policy) return last.steps;
  last = { notification, policy, steps: planned(notification, policy, {}) };
  return last.steps;
}

function planned(notification: About, policy: HubPolicy, records: ChannelRecords): readonly Step[] {
  if (notification.plan) return ownPlan(notification.plan);
  const { channels, mode } = waysOf(notification, policy);
  switch (mode) {
    case 'realtime_only':
      return [{ channel: 'realtime' }];
    case 'push_only':
      return [{ channel: 'push' }];
    case 'redundant':
      return channels.map((channel) => ({ channel }));
    case 'hybrid':
      return hybrid(channels, policy, policy.learnChannels ? records : {});
  }
}

/** Channels and mode, each from the priority where the sender does not say. */
function waysOf({ priority, channels, mode }: About, policy: HubPolicy): { channels: readonly Channel[]; mode: Mode } {
  const byPriority = policy.priorities[priority];
  if (mode || !channels) return { channels: channels ?? byPriority.channels, mode: mode ?? byPriority.mode };
  const isOnly = byPriority.mode === 'realtime_only' || byPriority.mode === 'push_only';
  // A sender's channels say more than the one channel of the priority's mode.
  return { channels, mode: isOnly ? 'hybrid' : byPriority.mode };
}

/** The stream, then push, then the others in their order. */
function hybrid(channels: readonly Channel[], policy: HubPolicy, records: ChannelRecords): readonly Step[] {
  const first = (['realtime', 'push'] as const).filter((channel) => channels.includes(channel));
  const others = channels.filter((channel) => channel !== 'realtime' && channel !== 'push');
  const ordered = learnedOrder([...first, ...others], records);
  return ordered.map((channel, index): Step => {
    const before = ordered[index - 1];
    const record = records[channel];
    const moved = record && record.failed > 0 && index > [...first, ...others].indexOf(channel);
    return {
      channel,
      ...(before ? { wait: before === 'realtime' ? forStream(policy) : forUnread(policy) } : {}),
      ...(moved ? { learned: record } : {}),
    };
  });
}

const forStream = ({ realtimeTimeoutMs, pushFallbackDelayMs }: HubPolicy): StepWait => ({
  unless: 'acked',
  wait_ms: realtimeTimeoutMs,
  delay_ms: pushFallbackDelayMs,
});

const forUnread = ({ escalateUnreadAfterMs: wait }: HubPolicy): StepWait => ({
  unless: 'seen',
  ...(wait > 0 ? { wait_ms: wait } : {}),
});

/** `until` and `wait` of a step are about the one behind it. */
const ownPlan = (steps: readonly StepDoc[]): readonly Step[] =>
  steps.map(({ channel }, index) => {
    const before = steps[index - 1];
    if (!before) return { channel };
    const { until, wait } = before;
    const unless = until === undefined || until === 'failed' ? 'seen' : until;
    return { channel, wait: { unless, ...(wait === undefined ? {} : { wait_ms: Math.round(wait * 1000) }) } };
  });
