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
  for (const { id, suspect } of await suspectsAmong(tx, app, ids)) {
    // JSON leaves out what is undefined.
    const kept = JSON.stringify({ ...suspicionIn(suspect), triedAt: now });
    await tx.updateTable('devices').set({ suspect: kept }).where('app', '=', app).where('id', '=', id).execute();
  }
}

/**
 * Of devices to which something is about to be sent: those that are suspected get it, and nothing more.
 * @param now UNIX milliseconds. @returns those that had theirs before
 */
export async function takeTries(
  tx: HubDb,
  app: string,
  ids: readonly string[],
  now: number,
): Promise<ReadonlySet<string>> {
  const spent = new Set<string>();
  for (const { id, suspect } of await suspectsAmong(tx, app, ids)) {
    const kept = suspicionIn(suspect) as KeptSuspicion;
    const taken =
      !isSpent(kept, now) &&
      (await tx
        .updateTable('devices')
        .set({ suspect: JSON.stringify({ ...kept, triedAt: now }) })
        .where('app', '=', app)
        .where('id', '=', id)
        // Another one may be sent at the same time.
        .where('suspect', '=', suspect as string)
        .returning('id')
        .executeTakeFirst());
    if (!taken) spent.add(id);
  }
  return spent;
}

const suspectsAmong = (tx: HubDb, app: string, ids: readonly string[]) =>
  tx
    .selectFrom('devices')
    .select(['id', 'suspect'])
    .where('app', '=', app)
    .where('id', 'in', ids)
    .where('suspect', 'is not', null)
    .execute();
