/** Decisions that a digest has collected and not sent yet. Each may be of a great many notifications of one person. */
import type { DecidedFact } from '../../../observe/metrics/hub-counts.ts';
import { RollNotes } from '../../analytics/roll-notes.ts';
import type { AcceptedNotification } from '../../notifications/decide-input.ts';
import { type HopDecision, isLiving, isUnreachable, TAKEN_STATES } from '../../notifications/decision.ts';
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
import { digestMark, isTakenByDigest } from './digest-id.ts';
import { type DigestWay, wayKey } from './digest-ways.ts';
import { mayComeAgain } from './next-digest.ts';

/** Ids a statement. */
const AT_ONCE = 500;

const pagesOf = (ids: readonly string[]): string[][] =>
  Array.from({ length: Math.ceil(ids.length / AT_ONCE) }, (_, page) => ids.slice(page * AT_ONCE, (page + 1) * AT_ONCE));

/** Those of each of the notifications, and what else was decided about them. */
export async function decidedOf(
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
        .execute()),
    );
  return found;
}

/** What is collected of one notification. */
export interface CollectedOne {
  readonly notification: AcceptedNotification;
  readonly rows: readonly DecisionRow[];
  /** Ways by which the person has it, or is just to get it, by themselves. */
  readonly hadBy: ReadonlySet<string>;
}

/** @param rows everything that was decided about it; undefined: no digest collects anything of it */
export function collectedIn(rows: readonly DecisionRow[]): Omit<CollectedOne, 'notification'> | undefined {
  const collected = rows.filter(isCollectedRow);
  if (collected.length === 0) return undefined;
  const hadBy = new Set(rows.filter(hasLeft).map(wayKey));
  // It comes there again.
  for (const row of collected) hadBy.delete(wayKey(row));
  return { rows: collected, hadBy };
}

const isCollectedRow = ({ state, reason, due_row: waits }: DecisionRow): boolean =>
  state === 'deferred' && reason === 'digested' && waits !== null && !isTakenByDigest(waits);

const hasLeft = ({ state, due_row: waits }: DecisionRow): boolean =>
  TAKEN_STATES.has(state) || state === 'failed' || (state === 'pending' && waits === null) || isTakenByDigest(waits);

export interface Asked {
  /** What digests take, */
  readonly kept: readonly DecisionRow[];
  /** and by which ways they bring it. */
  readonly ways: readonly DigestWay[];
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
  { notification, rows, hadBy }: CollectedOne,
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
    return { kept: [], ways: [], unreached: [], changed: [] };
  }
  const all: EndedRow[] = [];
  const open = decisions.filter((decision) => isLiving(decision) && !hadBy.has(wayKey(decision)));
  const kept = rows.filter((row) => {
    const as = verdictOn(row, decisions, open);
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
  const channels = new Set(kept.map(({ channel }) => channel));
  return { kept, ways: open.filter(({ channel }) => channels.has(channel)), unreached, changed };
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
  open: readonly HopDecision[],
): Pick<HopDecision, 'state' | 'reason'> | undefined {
  const own = decisions.filter((decision) => decision.channel === channel);
  const same = own.find((decision) => (decision.device ?? '') === device);
  if (same ? isLiving(same) : open.some((decision) => decision.channel === channel)) return undefined;
  const ofAll = own.find((decision) => (decision.device ?? '') === '');
  return same ?? ofAll ?? { state: 'suppressed', reason: 'no_devices' };
}

/** They end as the digest does. */
export async function giveTo(tx: HubDb, rows: readonly DecisionRow[], digest: string): Promise<void> {
  for (const some of Map.groupBy(rows, wayKey).values()) {
    const [{ app, user, channel, device }] = some as [DecisionRow];
    for (const page of pagesOf([...new Set(some.map(({ notification }) => notification))]))
      await tx
        .updateTable('decisions')
        .set({ due_row: digestMark(digest) })
        .where('app', '=', app)
        .where('user', '=', user)
        .where('channel', '=', channel)
        .where('device', '=', device)
        .where('notification', 'in', page)
        .where(isCollected)
        .execute();
  }
}
