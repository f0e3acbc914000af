import { RollNotes } from '../analytics/roll-notes.ts';
import type { HubDb } from '../storage/storage.ts';
import { setDue } from '../timers/due-rows.ts';
import { personDue } from './person-due.ts';
import { type CarriedBy, handedFor, handedTo, unlessSuperseded, WAITS } from './rows/decision-rows.ts';
import type { HandedTarget } from './rows/handover-rows.ts';

const AT_ONCE = 500;

/**
 * Has what a batch carries, and will have no outcome, decided again at `at`: who it is for, where to, and whether at all. Nothing carries
 * it any more. What was superseded on its way stays so.
 * @param from the state in which a decision is taken up again: what has not ended, or what its device was lost for
 * @returns how many decisions that were
 */
export async function sendAgain(
  tx: HubDb,
  batch: CarriedBy,
  targets: readonly Pick<HandedTarget, 'users' | 'device'>[],
  at: number,
  from: 'pending' | 'cancelled' = 'pending',
): Promise<number> {
  const { app, notification } = batch;
  let count = 0;
  const notes = new RollNotes();
  for (let start = 0; start < targets.length; start += AT_ONCE) {
    const rows = await tx
      .updateTable('decisions')
      .set((eb) => ({
        ...{ state: 'deferred', reason: unlessSuperseded(eb, null), until: at, batch: null },
        due_row: WAITS,
      }))
      .where(handedFor(handedTo(batch, targets.slice(start, start + AT_ONCE))))
      .where('state', '=', from)
      .returning(['app', 'notification', 'channel', 'platform', 'state', 'reason', 'user'])
      .execute();
    for (const row of rows) notes.moved(row, { state: from, reason: 'no_devices' }, row);
    count += rows.length;
    const again = new Set(rows.map(({ user }) => user));
    await setDue(
      tx,
      [...again].map((user) => ({ ...personDue(app, notification, user), at })),
    );
  }
  await notes.write(tx);
  return count;
}
