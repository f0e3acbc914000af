/** Counts the erasures of an app, one after another: what was accepted before one of them is not told by clocks, which are set back. */
import { sql } from 'kysely';
import type { HubDb } from '../storage/storage.ts';

const keyOf = (app: string): string => `erasures:${app}`;

/** @returns its number, from 1 */
export async function countErasure(tx: HubDb, app: string): Promise<number> {
  const { value } = await tx
    .insertInto('meta')
    .values({ key: keyOf(app), value: '1' })
    .onConflict((conflict) =>
      conflict.column('key').doUpdateSet({ value: sql<string>`CAST(CAST(meta.value AS INTEGER) + 1 AS TEXT)` }),
    )
    .returning('value')
    .executeTakeFirstOrThrow();
  return Number(value);
}

/** How many there were. */
export async function erasuresOf(db: HubDb, app: string): Promise<number> {
  const row = await db.selectFrom('meta').select('value').where('key', '=', keyOf(app)).executeTakeFirst();
  return Number(row?.value ?? 0);
}
