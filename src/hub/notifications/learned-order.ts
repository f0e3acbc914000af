import type { Channel } from '../words/channel.ts';

/** How a channel did for a person in the last 30 days. */
export interface ChannelRecord {
  readonly worked: number;
  readonly failed: number;
}
export type ChannelRecords = Readonly<Partial<Record<Channel, ChannelRecord>>>;

/** For 95 %. */
const Z = 1.96;

/** Lower bound of the Wilson score interval: what part of attempts works at least, by what is known. 0 without any. */
export function wilsonLowerBound({ worked, failed }: ChannelRecord): number {
  const n = worked + failed;
  if (n === 0) return 0;
  const p = worked / n;
  const z2 = Z * Z;
  return (p + z2 / (2 * n) - Z * Math.sqrt((p * (1 - p) + z2 / (4 * n)) / n)) / (1 + z2 / n);
}

/**
 * Channels with those that have failed lately behind those that have not, the more reliable first; all else stays in its order. The
 * stream stays where it is: it does not fail.
 */
export function learnedOrder(channels: readonly Channel[], records: ChannelRecords): readonly Channel[] {
  const score = (channel: Channel): number => {
    const record = channel === 'realtime' ? undefined : records[channel];
    return record && record.failed > 0 ? wilsonLowerBound(record) : 1;
  };
  return channels.toSorted((a, b) => score(b) - score(a));
}
