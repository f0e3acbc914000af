/** What follows when pushes end: the next hop of their people, a new token that is to have it, digests, and notifications that are done. */
import type { DecidedFact } from '../../observe/metrics/hub-counts.ts';
import { prepared } from '../storage/prepared.ts';
import type { HubDb } from '../storage/storage.ts';
import { setDue } from '../timers/due-rows.ts';
import { digestMark, isDigest } from './digests/digest-id.ts';
import type { ChangedDecision } from './outcomes/outcome-rows.ts';
import type { Followed } from './outcomes/outcome-writer.ts';
import { personDue } from './person-due.ts';
import { findNotification } from './rows/notification-rows.ts';
import { sendAgain } from './send-again.ts';
import { settleStatuses } from './settle-status.ts';

export interface FollowingParts {
  /** UNIX milliseconds. */
  readonly now: number;
  /** Whether anything of a notification is still under way here: then it cannot be done. */
  readonly isUnderWay: (app: string, notification: string) => boolean;
}

/** In the transaction that writes the outcomes. */
export async function follow(
  tx: HubDb,
  changed: readonly ChangedDecision[],
  { now, isUnderWay }: FollowingParts,
): Promise<Followed> {
  let isDue = false;
  const also: DecidedFact[] = [];
  for (const some of Map.groupBy(changed, ({ app, notification }) => JSON.stringify([app, notification])).values()) {
    const [{ app, notification }] = some as [ChangedDecision];
    await nameEnd(tx, some);
    isDue = (await retarget(tx, some, now)) || isDue;
    isDue = (await goOn(tx, some, now)) || isDue;
    if (isDigest(notification)) also.push(...(await settleItems(tx, some)));
    if (!isUnderWay(app, notification)) await settleStatuses(tx, app, [notification], now);
  }
  return { isDue, also };
}

/** What was not wanted any more because of what it is about says so. A push is decided again, and says it then. */
async function nameEnd(tx: HubDb, some: readonly ChangedDecision[]): Promise<void> {
  const addressed = some.filter(({ state, device }) => state === 'cancelled' && device === '');
  const [first] = addressed;
  if (!first) return;
  const { app, notification } = first;
  const row = await findNotification(tx, app, notification);
  const reason = row?.status === 'cancelled' ? 'cancelled' : row?.ended;
  if (!reason) return;
  await tx
    .updateTable('decisions')
    .set({ reason })
    .where('app', '=', app)
    .where('notification', '=', notification)
    .where('user', 'in', [...new Set(addressed.map(({ user }) => user))])
    .where('device', '=', '')
    .where('state', '=', 'cancelled')
    .where('reason', '=', 'no_devices')
    .execute();
}

/** A push was not wanted any more; its device has another token now, and is still the person's: it is to go there. */
async function retarget(tx: HubDb, some: readonly ChangedDecision[], now: number): Promise<boolean> {
  const lost = some.filter(({ state, device }) => state === 'cancelled' && device !== '');
  if (lost.length === 0) return false;
  const [{ app }] = lost as [ChangedDecision];
  const there = await tx
    .selectFrom('device_users')
    .innerJoin('devices', (join) =>
      join.onRef('devices.app', '=', 'device_users.app').onRef('devices.id', '=', 'device_users.device'),
    )
    .select(['device_users.device', 'device_users.user'])
    .where('device_users.app', '=', app)
    .where('device_users.device', 'in', [...new Set(lost.map(({ device }) => device))])
    .where('devices.status', '=', 'active')
    .where('devices.enabled', '=', 1)
    .execute();
  const isThere = new Set(there.map(({ device, user }) => JSON.stringify([device, user])));
  let count = 0;
  for (const each of lost)
    if (isThere.has(JSON.stringify([each.device, each.user])))
      count += await sendAgain(tx, each, [{ device: each.device, users: [each.user] }], now, ['cancelled']);
  return count > 0;
}

interface OfPeople {
  readonly app: string;
  readonly notification: string;
  readonly users: readonly string[];
}

const waitingFor = prepared((db, { app, notification, users }: OfPeople) =>
  db
    .selectFrom('decisions')
    .select('user')
    .distinct()
    .where('app', '=', app)
    .where('notification', '=', notification)
    .where('user', 'in', users)
    .where('state', '=', 'pending')
    .where('due_row', 'is not', null),
);

/** Ids a statement. */
const AT_ONCE = 500;

/** People of whom a later hop waits for this one are looked at now. */
async function goOn(tx: HubDb, some: readonly ChangedDecision[], now: number): Promise<boolean> {
  const [{ app, notification }] = some as [ChangedDecision];
  const users = [...new Set(some.map(({ user }) => user))];
  let isAny = false;
  for (let at = 0; at < users.length; at += AT_ONCE) {
    const waiting = await waitingFor(tx, { app, notification, users: users.slice(at, at + AT_ONCE) });
    await setDue(
      tx,
      waiting.map(({ user }) => ({ ...personDue(app, notification, user), at: now })),
    );
    isAny ||= waiting.length > 0;
  }
  return isAny;
}

/** The items of a digest take its outcome. */
async function settleItems(tx: HubDb, some: readonly ChangedDecision[]): Promise<DecidedFact[]> {
  const settled: DecidedFact[] = [];
  for (const { app, notification, user, state, reason, at } of some)
    settled.push(...(await settleDigest(tx, { app, digest: notification, user, state, reason, at })));
  return settled;
}

export interface DigestOutcome {
  readonly app: string;
  readonly digest: string;
  readonly user: string;
  readonly state: string;
  readonly reason: string | null;
  readonly at: number;
}

/** The items of a person's digest take its outcome, and their notifications may be done by it. @returns what was changed */
export async function settleDigest(
  tx: HubDb,
  { app, digest, user, state, reason, at }: DigestOutcome,
): Promise<DecidedFact[]> {
  const rows = await tx
    .updateTable('decisions')
    .set({ state, reason, at, until: null, due_row: null })
    .where('app', '=', app)
    .where('user', '=', user)
    .where('state', '=', 'deferred')
    .where('due_row', '=', digestMark(digest))
    .returning(['app', 'notification', 'channel', 'state', 'reason'])
    .execute();
  await settleStatuses(tx, app, new Set(rows.map(({ notification }) => notification)), at);
  return rows;
}
