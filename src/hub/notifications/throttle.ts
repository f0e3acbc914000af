import type { Channel } from '../words/channel.ts';
import type { Priority } from '../words/priority.ts';
import { closest, covers } from '../words/type-pattern.ts';
import type { Limit, LimitPolicy } from './policy.ts';

/** What a person was sent: rows of the table `usage`. */
export interface UsageEntry {
  readonly type: string;
  readonly channel: Channel;
  /** UNIX milliseconds. */
  readonly at: number;
  readonly count: number;
}

/** How far back entries matter; 0: there is no limit, and none need be read. */
export const longestWindow = ({ channels, types }: LimitPolicy): number =>
  Math.max(
    0,
    ...[channels, ...Object.values(types)]
      .flatMap((each) => Object.values(each).flat())
      .map((limit) => limit?.per_ms ?? 0),
  );

interface Asked {
  readonly type: string;
  readonly priority: Priority;
  readonly channel: Channel;
  /** UNIX milliseconds. */
  readonly now: number;
}

/**
 * The limit that one more would go over; undefined: none. The closest pattern that has the channel decides, and counts its own types
 * only; a channel without one counts all. Critical notifications pass, and count.
 */
export function throttledBy(policy: LimitPolicy, usage: readonly UsageEntry[], asked: Asked): Limit | undefined {
  if (asked.priority === 'critical') return undefined;
  const { type, channel, now } = asked;
  if (usage.length === 0) return undefined;
  const withChannel = Object.entries(policy.types).filter(([, each]) => each[channel] !== undefined);
  const [pattern, own] = closest(Object.fromEntries(withChannel), type) ?? [];
  const limits = own ? own[channel] : policy.channels[channel];
  if (!limits?.length) return undefined;
  const mine = usage.filter(
    (each) => each.channel === channel && (pattern === undefined || covers(pattern, each.type)),
  );
  return limits.find(({ max, per_ms: per }) => countSince(mine, now - per) >= max);
}

const countSince = (usage: readonly UsageEntry[], since: number): number =>
  usage.reduce((sum, { at, count }) => (at > since ? sum + count : sum), 0);
