/** What a batch carries for people who follow one another: that takes a quarter of what it takes to name each. */
import type { Expression, ExpressionBuilder, SqlBool } from 'kysely';
import type { HubDb } from '../../storage/storage.ts';
import type { HubTables } from '../../storage/tables.ts';
import { isWithin, rangeOf, type UserRange } from '../../words/user-range.ts';
import type { HandedTarget } from '../rows/handover-rows.ts';
import type { ChangeOfSome } from './changed-decision.ts';
import type { EndedOne } from './ended-alike.ts';

export interface WrittenRange extends Omit<ChangeOfSome, 'decisions' | 'from'>, UserRange {
  readonly notification: string;
  readonly batch: string;
}

/** A decision between two people that is not meant. */
export type LeftBetween = Readonly<Record<'user' | 'device', string>>;

/** What a batch has under way for people who follow one another. */
export const openWithin =
  ({ app, notification, from, to, hop, channel, batch }: WrittenRange) =>
  (eb: ExpressionBuilder<HubTables, 'decisions'>): Expression<SqlBool> =>
    eb.and([
      eb.and({ app, notification, hop, channel, batch, state: 'pending' }),
      eb('user', '>=', from),
      eb('user', '<=', to),
    ]);

export const changeRange = (db: HubDb, of: WrittenRange) => {
  const { app, notification, from, to, hop, channel, batch, ...change } = of;
  return db.updateTable('decisions').set(change).where(openWithin(of));
};

/** From so many on it is worth it, and with so many at most that are left out. */
const LEAST_IN_RANGE = 16;
const MOST_LEFT = 64;

export interface HandedRange extends UserRange {
  /** Those between them of which nothing was heard, or something else. */
  readonly left: readonly LeftBetween[];
}

/** Where most of what a batch carries for the people between two has ended so; undefined: it is better to name them. */
export function handedRange({ targets }: EndedOne['batch'], ended: readonly HandedTarget[]): HandedRange | undefined {
  if (ended.length < LEAST_IN_RANGE || !(targets instanceof Map)) return undefined;
  const range = rangeOf(ended.flatMap(({ users }) => users));
  if (!range) return undefined;
  const some = new Set(ended);
  const left: LeftBetween[] = [];
  for (const target of targets.values()) {
    if (some.has(target)) continue;
    for (const user of target.users) if (isWithin(range, user)) left.push({ user, device: target.device });
    if (left.length > MOST_LEFT) return undefined;
  }
  return { ...range, left: filled(left) };
}

/** Up to a power of two, as each number of rows is a text. */
function filled(left: readonly LeftBetween[]): readonly LeftBetween[] {
  const last = left.at(-1);
  return last
    ? [...left, ...Array<LeftBetween>(2 ** Math.ceil(Math.log2(left.length)) - left.length).fill(last)]
    : left;
}
