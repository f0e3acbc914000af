import type { DecidedFact } from '../../observe/metrics/hub-counts.ts';
import { RollNotes } from '../analytics/roll-notes.ts';
import type { HubDb, HubStore } from '../storage/storage.ts';
import { isDigest } from './digests/digest-id.ts';
import { settleItems } from './digests/settle-items.ts';
import type { HubEvents } from './hub-events.ts';
import { PAGE_DUE, PEOPLE_DUES } from './person-due.ts';
import { waits } from './rows/decision-rows.ts';
import { findNotification } from './rows/notification-rows.ts';
import { hideToCome } from './rows/recipient-rows.ts';

/** What a cancellation came to, in decisions. */
export interface Cancelled {
  readonly cancelled: number;
  /** Those that had left before, or were with a provider. */
  readonly left: number;
}

export interface CancellingParts {
  readonly store: Pick<HubStore, 'write'>;
  readonly events?: Pick<HubEvents, 'decided'> | undefined;
  /** UNIX milliseconds. */
  readonly now: () => number;
}

/** What was taken back now, and what the notification came to by it. */
interface Taken {
  readonly changed: readonly DecidedFact[];
  readonly sum: Cancelled;
}

/** Takes back what has not left of a notification. Again: the same. @returns undefined when there is none */
export async function cancelNotification(
  { store, events, now }: CancellingParts,
  app: string,
  id: string,
): Promise<Cancelled | undefined> {
  const taken = await store.write(async (tx) =>
    (await findNotification(tx, app, id)) ? cancel(tx, app, id, now()) : undefined,
  );
  if (taken) events?.decided?.(taken.changed);
  return taken?.sum;
}

/** The same for all notifications with a cancel key. */
export async function cancelByKey(
  { store, events, now }: CancellingParts,
  app: string,
  key: string,
): Promise<Cancelled> {
  const all = await store.write(async (tx) => {
    const rows = await tx
      .selectFrom('notifications')
      .select('id')
      .where('app', '=', app)
      .where('cancel_key', '=', key)
      .execute();
    const taken: Taken[] = [];
    for (const { id } of rows) taken.push(await cancel(tx, app, id, now()));
    return taken;
  });
  events?.decided?.(all.flatMap(({ changed }) => changed));
  return {
    cancelled: all.reduce((sum, each) => sum + each.sum.cancelled, 0),
    left: all.reduce((sum, each) => sum + each.sum.left, 0),
  };
}

export interface TakingBack {
  readonly app: string;
  readonly id: string;
  readonly reason: string;
  /** UNIX milliseconds. */
  readonly now: number;
}

/** How many decisions have not left, by channel. */
async function openByChannel(tx: HubDb, { app, id, reason }: TakingBack, notes: RollNotes): Promise<DecidedFact[]> {
  const rows = await tx
    .selectFrom('decisions')
    .select((eb) => ['channel', 'platform', 'state', eb.fn.countAll<number>().as('count')])
    .where('app', '=', app)
    .where('notification', '=', id)
    .where(waits)
    .groupBy(['channel', 'platform', 'state'])
    .execute();
  for (const { channel, platform, state, count } of rows)
    notes.moved(
      { app, notification: id, channel, platform },
      { state },
      { state: 'cancelled', reason },
      { count: Number(count) },
    );
  return rows.map(({ channel, count }) => ({ app, channel, state: 'cancelled', reason, count: Number(count) }));
}

/** Cancels decisions that wait for their time, and has no further person looked at. @returns what was cancelled */
export async function takeBack(tx: HubDb, taking: TakingBack): Promise<readonly DecidedFact[]> {
  const { app, id, reason, now } = taking;
  const notes = new RollNotes();
  const changed = await openByChannel(tx, taking, notes);
  await notes.write(tx);
  await tx
    .updateTable('decisions')
    .set({ state: 'cancelled', reason, at: now, until: null, due_row: null })
    .where('app', '=', app)
    .where('notification', '=', id)
    .where(waits)
    .execute();
  await hideToCome(tx, { app, notifications: [id], now });
  await tx.deleteFrom('digest_items').where('app', '=', app).where('notification', '=', id).execute();
  await clearTimers(tx, app, id);
  return changed;
}

/** What has not left goes to no one any more: neither by itself nor in a digest. @returns what was cancelled */
export async function endOpen(tx: HubDb, ending: TakingBack): Promise<readonly DecidedFact[]> {
  const { app, id, now } = ending;
  const taken = await takeBack(tx, ending);
  const items = isDigest(id) ? (await settleItems(tx, app, id, now)).changed : [];
  await tx
    .updateTable('notifications')
    .set({ status: 'cancelled', done_at: now })
    .where('app', '=', app)
    .where('id', '=', id)
    .where('status', 'in', ['pending', 'scheduled'])
    .execute();
  return [...taken, ...items];
}

async function cancel(tx: HubDb, app: string, id: string, now: number): Promise<Taken> {
  const changed = await endOpen(tx, { app, id, reason: 'cancelled', now });
  const rows = await tx
    .selectFrom('decisions')
    .select((eb) => ['state', 'reason', eb.fn.countAll<number>().as('count')])
    .where('app', '=', app)
    .where('notification', '=', id)
    // What is still deferred has left with a digest.
    .where('state', 'in', ['cancelled', 'pending', 'deferred', 'sent', 'delivered', 'seen', 'read'])
    .groupBy(['state', 'reason'])
    .execute();
  const sum = (some: typeof rows): number => some.reduce((all, { count }) => all + Number(count), 0);
  const cancelled = sum(rows.filter(({ state, reason }) => state === 'cancelled' && reason === 'cancelled'));
  return {
    changed,
    sum: { cancelled, left: sum(rows.filter(({ state }) => state !== 'cancelled')) },
  };
}

/** Those of its people, and of the pages that were still to come. */
async function clearTimers(tx: HubDb, app: string, id: string): Promise<void> {
  // `["<id>","<user>"]`: a comma is followed by a hyphen in the order of bytes.
  const begin = JSON.stringify([id]).slice(0, -1);
  await tx.deleteFrom('due').where('app', '=', app).where('kind', '=', PAGE_DUE).where('ref', '=', id).execute();
  await tx
    .deleteFrom('due')
    .where('app', '=', app)
    .where('kind', 'in', PEOPLE_DUES)
    .where('ref', '>=', `${begin},`)
    .where('ref', '<', `${begin}-`)
    .execute();
}
