/** Decisions that a digest has collected and not sent yet. Each may be of a great many notifications of one person. */
import type { DecidedFact } from '../../../observe/metrics/hub-counts.ts';
import { RollNotes } from '../../analytics/roll-notes.ts';
import type { AcceptedNotification } from '../../notifications/decide-input.ts';
import { type HopDecision, isLiving, isUnreachable } from '../../notifications/decision.ts';
import { isMeantByDevices } from '../../notifications/meant-by-devices.ts';
import type { HubDb } from '../../storage/storage.ts';
import { setDue } from '../../timers/due-rows.ts';
import type { Facts } from '../facts/facts.ts';
import { goOn } from '../go-on.ts';
import { personDue } from '../person-due.ts';
import { AGAIN } from '../replan.ts';
import { type DecisionRow, endDecision, isCollected, WAITS } from '../rows/decision-rows.ts';
import { settleStatuses } from '../settle-status.ts';
import { decideFor, type StepParts } from '../step-people.ts';
import { digestMark } from './digest-id.ts';
import { mayComeAgain } from './next-digest.ts';

/** Ids a statement. */
const AT_ONCE = 500;

const pagesOf = (ids: readonly string[]): string[][] =>
  Array.from({ length: Math.ceil(ids.length / AT_ONCE) }, (_, page) => ids.slice(page * AT_ONCE, (page + 1) * AT_ONCE));

/** Those of each of the notifications. */
export async function collectedOf(
  tx: HubDb,
  app: string,
  user: string,
  notifications: readonly string[],
): Promise<DecisionRow[]> {
  const found: DecisionRow[] = [];
  for (const page of pagesOf(notifications))
    found.push(
      ...(await tx
        .selectFrom('decisions')
        .selectAll()
        .where('app', '=', app)
        .where('user', '=', user)
        .where('notification', 'in', page)
        .where(isCollected)
        .execute()),
    );
  return found;
}

/** What is collected of one notification. */
export interface CollectedOne {
  readonly notification: AcceptedNotification;
  readonly rows: readonly DecisionRow[];
}

export interface Asked {
  /** What the digest takes. */
  readonly kept: readonly DecisionRow[];
  /** What has no way to the person now, and may have one by the next digest; with how it ends otherwise. */
  readonly unreached: readonly EndedRow[];
  readonly changed: readonly DecidedFact[];
}

export interface EndedRow {
  readonly row: DecisionRow;
  readonly as: Pick<HopDecision, 'state' | 'reason'>;
}

/**
 * Asks again about what is collected, as about everything that was held: what the person does not want any more and what has expired
 * ends now, and what has no way to the person after the third digest, or where another hop may have one. What is scheduled, by a zone or
 * a clock that is another than when it was collected, waits for its time by itself.
 */
export async function stillMeant(
  tx: HubDb,
  { notification, rows }: CollectedOne,
  facts: Facts,
  parts: StepParts,
): Promise<Asked> {
  const { digest: _, ...alone } = notification;
  const [{ app, user }] = rows as [DecisionRow];
  const only = isMeantByDevices(notification, user) ? devicesOf(rows) : undefined;
  const decisions = decideFor({ notification: alone, facts, presence: 'offline', only, asDigest: true }, parts);
  const scheduled = decisions.find(({ reason }) => reason === 'scheduled');
  if (scheduled) {
    await decideAgain(tx, rows, scheduled.until ?? parts.now, parts.now);
    return { kept: [], unreached: [], changed: [] };
  }
  const all: EndedRow[] = [];
  const kept = rows.filter((row) => {
    const as = verdictOn(row, decisions);
    if (as) all.push({ row, as });
    return !as;
  });
  const mayWait = kept.length === 0 && !(await haveOthersBehind(tx, app, user, notification.id));
  const unreached = mayWait ? all.filter(({ row, as }) => isUnreachable(as.reason ?? '') && mayComeAgain(row)) : [];
  const ended = all.filter((each) => !unreached.includes(each));
  const notes = new RollNotes();
  for (const { row, as } of ended) {
    await endDecision(tx, row, as, parts.now);
    notes.moved(row, row, as);
  }
  await notes.write(tx);
  if (ended.length > 0) {
    await goOn(tx, app, [{ notification: notification.id, user }], parts.now);
    await settleStatuses(tx, app, [notification.id], parts.now);
  }
  const changed = ended.map(({ row: { channel }, as: { state, reason = null } }) => ({ app, channel, state, reason }));
  return { kept, unreached, changed };
}

/** In a step of its person, at once. @param until no digest is about to leave with it, which would keep that step from it */
async function decideAgain(tx: HubDb, rows: readonly DecisionRow[], until: number, now: number): Promise<void> {
  const [{ app, notification, user }] = rows as [DecisionRow];
  await tx
    .updateTable('decisions')
    .set({ until, due_row: WAITS })
    .where('app', '=', app)
    .where('notification', '=', notification)
    .where('user', '=', user)
    .where(isCollected)
    .execute();
  await setDue(tx, [{ ...personDue(app, notification, user), at: now, data: AGAIN }]);
}

/** Whether a hop of it waits for those before it. */
async function haveOthersBehind(tx: HubDb, app: string, user: string, notification: string): Promise<boolean> {
  const rows = await tx
    .selectFrom('decisions')
    .select('hop')
    .where('app', '=', app)
    .where('notification', '=', notification)
    .where('user', '=', user)
    .where('state', '=', 'pending')
    .where('due_row', 'is not', null)
    .limit(1)
    .execute();
  return rows.length > 0;
}

const devicesOf = (rows: readonly DecisionRow[]): string[] =>
  rows.map(({ device }) => device).filter((device) => device !== '');

/**
 * How a row ends now; undefined: it may come. A device that is gone is no reason while there is another; and what keeps it from another
 * device is not why it did not come to the one that is gone.
 */
function verdictOn(
  { channel, device }: DecisionRow,
  decisions: readonly HopDecision[],
): Pick<HopDecision, 'state' | 'reason'> | undefined {
  const own = decisions.filter((decision) => decision.channel === channel);
  const same = own.find((decision) => (decision.device ?? '') === device);
  if (same ? isLiving(same) : own.some(isLiving)) return undefined;
  const ofAll = own.find((decision) => (decision.device ?? '') === '');
  return same ?? ofAll ?? { state: 'suppressed', reason: 'no_devices' };
}

/** They end as the digest does. */
export async function giveTo(
  tx: HubDb,
  app: string,
  user: string,
  notifications: readonly string[],
  digest: string,
): Promise<void> {
  for (const page of pagesOf(notifications))
    await tx
      .updateTable('decisions')
      .set({ due_row: digestMark(digest) })
      .where('app', '=', app)
      .where('user', '=', user)
      .where('notification', 'in', page)
      .where(isCollected)
      .execute();
}
