/** Takes events out of streams: those that are too old, and those of a person who is forgotten. */
import type { HubDb, HubStore } from '../storage/storage.ts';
import type { PersonOfKey } from './person-key.ts';
import { removeUpTo } from './stream-rows.ts';

/** People a transaction: others wait for it. */
const AT_ONCE = 100;

/** Removes what was saved before a time, UNIX milliseconds. @returns how many events */
export async function cleanupStreams(store: HubStore, olderThan: number): Promise<number> {
  let removed = 0;
  for (;;) {
    const before = removed;
    removed += await store.write((tx) => cleanupSome(tx, olderThan));
    if (removed === before) return removed;
  }
}

async function cleanupSome(tx: HubDb, olderThan: number): Promise<number> {
  const rows = await tx
    .selectFrom('stream_events')
    .select((eb) => ['app', 'user', eb.fn.max<number>('place').as('last')])
    .where('at', '<', olderThan)
    .groupBy(['app', 'user'])
    .limit(AT_ONCE)
    .execute();
  let removed = 0;
  for (const { app, user, last } of rows) removed += await removeUpTo(tx, app, user, Number(last));
  return removed;
}

/** Removes a person's stream. @returns how many events that were */
export async function removeStream(tx: HubDb, { app, user }: PersonOfKey): Promise<number> {
  for (const table of ['stream_keys', 'stream_heads'] as const)
    await tx.deleteFrom(table).where('app', '=', app).where('user', '=', user).execute();
  const { numDeletedRows } = await tx
    .deleteFrom('stream_events')
    .where('app', '=', app)
    .where('user', '=', user)
    .executeTakeFirst();
  return Number(numDeletedRows);
}

/** The same, for a person who is not erased: what comes after that is known for later by the epoch. */
export async function forgetStream(tx: HubDb, person: PersonOfKey, epoch: number): Promise<void> {
  const { app, user } = person;
  const before = await tx
    .selectFrom('stream_heads')
    .select('epoch')
    .where('app', '=', app)
    .where('user', '=', user)
    .executeTakeFirst();
  await removeStream(tx, person);
  if (!before) return;
  const later = Math.max(epoch, before.epoch + 1);
  await tx.insertInto('stream_heads').values({ app, user, epoch: later, floor: 0, head: 0, bytes: 0 }).execute();
}
