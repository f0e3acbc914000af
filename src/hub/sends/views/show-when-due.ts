/** What is scheduled is in the inbox from its time on; what is over by then never comes, and is not there either. */
import type { HopDecision } from '../../notifications/decision.ts';
import type { HubDb } from '../../storage/storage.ts';
import type { Placed } from '../placing.ts';
import type { PersonAt } from '../step-people.ts';

/** UNIX milliseconds; undefined: it is not scheduled. What expires before its time is asked about when it expires, and shown no earlier. */
export function scheduledFor(decisions: readonly HopDecision[]): number | undefined {
  const scheduled = decisions.find(({ reason }) => reason === 'scheduled');
  return scheduled?.detail?.held_until ?? scheduled?.until;
}

/** The time of what waited for it is another one where the person's zone is. */
export async function showWhenDue(
  tx: HubDb,
  people: readonly PersonAt[],
  decisions: Placed['decisions'],
  now: number,
): Promise<void> {
  for (const [index, person] of people.entries()) {
    const { recipient } = person;
    const shown = recipient?.visible_at ?? null;
    if (!recipient || shown === null) continue;
    const made = decisions[index] ?? [];
    const at = scheduledFor(made) ?? now;
    const isOver = hasNotCome(person) && made.every(({ state }) => state === 'expired');
    if (!isOver && (shown <= now || at === shown)) continue;
    const { app, notification, user } = recipient;
    await tx
      .updateTable('recipients')
      .set(isOver ? { hidden: 1 } : { visible_at: at })
      .where('app', '=', app)
      .where('notification', '=', notification)
      .where('user', '=', user)
      .execute();
  }
}

/** Until now all of it waited for its time, and the person has not looked at it since. */
const hasNotCome = ({ kept, recipient }: PersonAt): boolean =>
  recipient?.seen_at === null && kept.every(({ reason }) => reason === 'scheduled');
