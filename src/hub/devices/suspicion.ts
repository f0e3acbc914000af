/**
 * A device that its provider called dead while dead devices are not removed is sent to once more, at most, until they are removed again:
 * a token that is taken ends the suspicion, and one that is dead after all is not asked for again and again.
 */
import type { HubDb } from '../storage/storage.ts';

/** As it is kept. Times are UNIX milliseconds. */
export interface KeptSuspicion {
  /** The provider's word. */
  readonly reason: string;
  readonly at: number;
  /** Until when dead devices are not removed. */
  readonly until?: number;
  /** When it was sent to after that. */
  readonly triedAt?: number;
}

export const suspicionIn = (text: string | null): KeptSuspicion | undefined =>
  text === null ? undefined : (JSON.parse(text) as KeptSuspicion);

/** It had its one push. */
export const isSpent = ({ until = 0, triedAt }: KeptSuspicion, now: number): boolean =>
  triedAt !== undefined && now < until;

/** Of devices, those that are suspected have got their one push. @param now UNIX milliseconds; undefined: they have not, after all */
export async function noteTries(
  tx: HubDb,
  app: string,
  ids: readonly string[],
  now: number | undefined,
): Promise<void> {
  if (ids.length === 0) return;
  const rows = await tx
    .selectFrom('devices')
    .select(['id', 'suspect'])
    .where('app', '=', app)
    .where('id', 'in', ids)
    .where('suspect', 'is not', null)
    .execute();
  for (const { id, suspect } of rows) {
    // JSON leaves out what is undefined.
    const kept = JSON.stringify({ ...suspicionIn(suspect), triedAt: now });
    await tx.updateTable('devices').set({ suspect: kept }).where('app', '=', app).where('id', '=', id).execute();
  }
}
