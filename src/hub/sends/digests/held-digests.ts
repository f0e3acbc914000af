/**
 * A digest of which nothing may leave yet, for quiet hours or a snooze, is not made: its items wait until it may, apart from those that
 * are collected meanwhile, and are asked about again then. So it tells of nothing that was read or cancelled during the night.
 */
import { type HopDecision, isLiving } from '../../notifications/decision.ts';
import type { HubDb, Row } from '../../storage/storage.ts';
import { setDue } from '../../timers/due-rows.ts';
import { isCollected } from '../rows/decision-rows.ts';
import { HELD_BACK } from './digest-id.ts';
import { digestDue, digestEnd, endDigest } from './digest-items.ts';

const HELD = 'held:';

/** The key under which items wait whose digest is held. */
export const heldKey = (key: string): string => (key.startsWith(HELD) ? key : HELD + key);

/**
 * When a digest is to be made of which this was decided; undefined: now. One that a snooze is to clear is made: it ends with the snooze.
 */
export function heldUntil(decisions: readonly HopDecision[]): number | undefined {
  const living = decisions.filter(isLiving);
  const isHeld = living.every(({ state, detail }) => state === 'deferred' && detail?.then !== 'drop');
  const ends = living.flatMap(({ until }) => until ?? []);
  return isHeld && ends.length > 0 ? Math.min(...ends) : undefined;
}

export interface HeldDigest {
  readonly app: string;
  readonly user: string;
  readonly key: string;
  /** Nothing else of what they tell of is collected now. */
  readonly parts: readonly HeldPart[];
}

export interface HeldPart {
  /** They were taken out. */
  readonly items: readonly Row<'digest_items'>[];
  /** UNIX milliseconds. */
  readonly until: number;
}

/** @returns when it is looked at again */
export async function holdDigest(tx: HubDb, held: HeldDigest): Promise<number> {
  const { app, user, parts } = held;
  const key = heldKey(held.key);
  const due = digestDue(app, user, key);
  const ends = parts.map(({ until }) => until);
  const until = Math.min((await digestEnd(tx, due)) ?? Number.POSITIVE_INFINITY, ...ends);
  // One that is held by several ways is one item.
  const items = [...new Set(parts.flatMap((part) => part.items))];
  await tx
    .insertInto('digest_items')
    .values(items.map((item) => ({ ...item, key })))
    .execute();
  for (const notification of new Set(items.map((item) => item.notification)))
    await tx
      .updateTable('decisions')
      .set({ until, due_row: HELD_BACK })
      .where('app', '=', app)
      .where('user', '=', user)
      .where('notification', '=', notification)
      .where(isCollected)
      .execute();
  await setDue(tx, [{ ...due, at: until }]);
  return until;
}

/** What is held for these people is asked about again now: it leaves, or is held until another time. */
export async function endHeldDigests(tx: HubDb, app: string, users: readonly string[], now: number): Promise<void> {
  const held = await tx
    .selectFrom('digest_items')
    .select(['user', 'key'])
    .distinct()
    .where('app', '=', app)
    .where('user', 'in', users)
    .where('key', 'like', `${HELD}%`)
    .execute();
  for (const { user, key } of held) await endDigest(tx, app, user, key, now);
}
