/** By which ways a digest tells of what: by each of what is wanted there, and of nothing else. Ways that tell of the same are one digest. */
import type { AcceptedNotification } from '../../notifications/decide-input.ts';
import type { DecisionRow } from '../rows/decision-rows.ts';

/** A channel; of pushes, a device. */
export interface DigestWay {
  readonly channel: string;
  /** Empty or absent: not about one device. */
  readonly device?: string;
}

/** No channel has a blank in its name. */
export const wayKey = ({ channel, device = '' }: DigestWay): string => `${channel} ${device}`;

/** What a digest takes of one notification. */
export interface DigestPart {
  readonly notification: AcceptedNotification;
  /** Each channel of them is among those of `ways`. */
  readonly kept: readonly DecisionRow[];
  /** By which it may come to the person. */
  readonly ways: readonly DigestWay[];
}

/** Ways that tell of the same. */
export interface TogetherTold {
  readonly ways: readonly DigestWay[];
  readonly parts: readonly DigestPart[];
  /** What ends as these ways do. */
  readonly rows: readonly DecisionRow[];
}

interface ToldBy {
  readonly way: DigestWay;
  readonly parts: DigestPart[];
}

export function togetherTold(parts: readonly DigestPart[]): TogetherTold[] {
  const byWay = new Map<string, ToldBy>();
  for (const part of parts)
    for (const way of part.ways) {
      const told = byWay.get(wayKey(way));
      if (told) told.parts.push(part);
      else byWay.set(wayKey(way), { way, parts: [part] });
    }
  const alike = Map.groupBy(byWay.values(), (told) => JSON.stringify(told.parts.map(({ notification: { id } }) => id)));
  return [...alike.values()].map((some) => {
    const [{ parts: told }] = some as [ToldBy];
    const keys = new Set(some.map(({ way }) => wayKey(way)));
    const rows = told.flatMap(({ kept, ways }) => kept.filter((row) => keys.has(wayKey(endsWith(row, ways)))));
    return { ways: some.map(({ way }) => way), parts: told, rows };
  });
}

/** Where the device of a row is gone, another way of its channel brings the item. */
export const endsWith = <Way extends DigestWay>(row: DecisionRow, ways: readonly Way[]): Way | DecisionRow =>
  ways.find((way) => wayKey(way) === wayKey(row)) ?? ways.find(({ channel }) => channel === row.channel) ?? row;
