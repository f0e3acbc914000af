/** What is scheduled is in the inbox from its time on; what is over or switched off by then never comes, and is not there either. */
import type { HopDecision, HubReason } from '../../notifications/decision.ts';
import type { HubDb } from '../../storage/storage.ts';
import type { Placed } from '../placing.ts';
import type { PersonAt } from '../step-people.ts';

/** Reasons for which a notification is not even in the inbox. */
const HIDDEN: ReadonlySet<string> = new Set<HubReason>([
  'user_disabled',
  'type_disabled',
  'severity_filtered',
  'status_filtered',
  'duplicate',
  'unknown_user',
  // It was over when it came.
  'expired',
]);

/** Of all that was decided about a person before anything of it came. */
export const isHidden = (decisions: readonly HopDecision[]): boolean =>
  decisions.length > 0 && decisions.every(({ reason }) => HIDDEN.has(reason ?? ''));

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
    const isOver = hasNotCome(person) && isHidden(made);
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

/** Until now all of it waited for its time, later hops for those before them, and the person has not looked at it since. */
const hasNotCome = ({ kept, recipient }: PersonAt): boolean =>
  recipient?.seen_at === null &&
  kept.every(({ reason, state, due_row: waits }) => reason === 'scheduled' || (state === 'pending' && waits !== null));
