/** What follows when pushes end: the next hop of their people, a new token that is to have it, digests, and notifications that are done. */
import type { DecidedFact } from '../../observe/metrics/hub-counts.ts';
import { RollNotes } from '../analytics/roll-notes.ts';
import type { HubDb } from '../storage/storage.ts';
import { isDigest } from './digests/digest-id.ts';
import type { NextDigest } from './digests/next-digest.ts';
import { settleItems } from './digests/settle-items.ts';
import { goOn } from './go-on.ts';
import type { ChangedDecision } from './outcomes/changed-decision.ts';
import type { EndedBatches, Followed } from './outcomes/outcome-writer.ts';
import { handedFor, handedTo, SUPERSEDED, unlessSuperseded } from './rows/decision-rows.ts';
import { findNotification } from './rows/notification-rows.ts';
import { recipientRows } from './rows/recipient-rows.ts';
import { sendAgain } from './send-again.ts';
import { endNotifications, mayBeDone, settleStatuses } from './settle-status.ts';

export interface FollowingParts extends EndedBatches {
  readonly nextDigest: NextDigest;
  /** UNIX milliseconds. */
  readonly now: number;
}

type AboutOne = Pick<ChangedDecision, 'app' | 'notification'> & { readonly isToOne?: boolean };

/** In the transaction that writes the outcomes. */
export async function follow(
  tx: HubDb,
  changed: readonly ChangedDecision[],
  { nextDigest, now, over, isUnderWay }: FollowingParts,
): Promise<Followed> {
  let isDue = false;
  const also: DecidedFact[] = [];
  const { last, others, left } = parted(changed, over);
  for (const [app, all] of Map.groupBy(last, (each) => each.app)) {
    const ids = all.map(({ notification }) => notification);
    await endNotifications(tx, app, ids, now);
  }
  for (const [app, all] of Map.groupBy(others, (each) => each.app)) {
    for (const [notification, some] of Map.groupBy(all, (each) => each.notification)) {
      const lost = some.filter(({ state }) => state === 'cancelled');
      if (lost.length > 0) isDue = (await retarget(tx, await stillMeant(tx, lost), now)) || isDue;
      if (!isDigest(notification)) continue;
      const items = await settleItems(tx, app, notification, now, nextDigest);
      isDue ||= items.isDue;
      also.push(...items.changed);
    }
    isDue = (await goOn(tx, app, all, now)) || isDue;
  }
  for (const [app, all] of Map.groupBy<string, AboutOne>([...left, ...others], (each) => each.app)) {
    const ended = all.filter(({ notification }) => !isUnderWay(app, notification));
    await settleStatuses(tx, app, await mayBeDone(tx, app, ended), now);
  }
  return { isDue, also };
}

/** After these nothing follows for anyone but a late verdict. */
const ANSWERED: ReadonlySet<string> = new Set(['sent', 'failed']);

/** Apart: what was all that was to come of its notification, of which nothing need be asked; `left` are the batches of the others. */
function parted(changed: readonly ChangedDecision[], over: EndedBatches['over']) {
  const lastBatches = new Set(over.filter(({ isLast }) => isLast).map(({ batch }) => batch));
  const isLast = ({ batch, state }: ChangedDecision): boolean => lastBatches.has(batch) && ANSWERED.has(state);
  const last = changed.filter(isLast);
  const ended = new Set(last.map(({ batch }) => batch));
  const others = changed.filter(({ batch }) => !ended.has(batch));
  return { last, others, left: over.filter(({ batch }) => !ended.has(batch)) };
}

/** What was not wanted any more ends with the reason for that. @returns those of whom it is where it was to go, not whether */
async function stillMeant(tx: HubDb, lost: readonly ChangedDecision[]): Promise<readonly ChangedDecision[]> {
  const [{ app, notification }] = lost as [ChangedDecision];
  const row = await findNotification(tx, app, notification);
  const over = row?.status === 'cancelled' ? 'cancelled' : row?.ended;
  const users = [...new Set(lost.map(({ user }) => user))];
  const recipients = await recipientRows(tx, app, [notification], users);
  const reading = new Set(recipients.filter(({ read_at: at }) => at !== null).map(({ user }) => user));
  const ended = lost.filter(({ user }) => over || reading.has(user));
  const notes = new RollNotes();
  for (const { batch, user, hop, channel, device, reason: before } of ended) {
    const rows = await tx
      .updateTable('decisions')
      .set((eb) => ({ reason: unlessSuperseded(eb, over ?? 'read') }))
      .where(handedFor(handedTo({ app, batch, notification, hop, channel }, [{ device, users: [user] }])))
      .returning(['app', 'notification', 'channel', 'platform', 'state', 'reason'])
      .execute();
    for (const row of rows) notes.moved(row, { state: row.state, reason: before }, row);
  }
  await notes.write(tx);
  return lost.filter((each) => !ended.includes(each) && each.reason !== SUPERSEDED);
}

/** A push was not wanted any more; its device has another token now, and is still the person's: it is to go there. */
async function retarget(tx: HubDb, some: readonly ChangedDecision[], now: number): Promise<boolean> {
  const lost = some.filter(({ device }) => device !== '');
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
      count += await sendAgain(tx, each, [{ device: each.device, users: [each.user] }], now, 'cancelled');
  return count > 0;
}
