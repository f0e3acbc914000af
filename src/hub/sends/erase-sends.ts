/** What the hub has sent to a person: the part of it that goes with the person. */
import { RollNotes } from '../analytics/roll-notes.ts';
import { rollUpAll } from '../analytics/roll-up.ts';
import type { HubDb, HubSeal, Row } from '../storage/storage.ts';
import { readable } from '../storage/unreadable.ts';
import { eraseTimers } from './erase-timers.ts';
import { OPEN_STATES } from './rows/decision-rows.ts';
import { findNotifications, openDoc, sealDoc } from './rows/notification-rows.ts';
import { settleStatuses } from './settle-status.ts';
import type { RecipientTotals } from './totals.ts';

export interface ErasedSends {
  readonly notifications: number;
  readonly decisions: number;
}

interface AddressedDoc {
  readonly to?: { readonly users?: readonly string[]; readonly except?: readonly string[] };
}

/** Notifications a page. */
const PAGE = 200;

/**
 * Deletes everything about a person, in the transaction that deletes the person: the inbox, decisions, what waits for its time, counts of
 * throttles, and the id where a notification names it. Notifications that were for this person alone go as a whole.
 */
export async function eraseSends(
  tx: HubDb,
  { seal, now }: { readonly seal: HubSeal; readonly now: number },
  app: string,
  user: string,
): Promise<ErasedSends> {
  const rows = await tx
    .selectFrom('recipients')
    .select('notification')
    .where('app', '=', app)
    .where('user', '=', user)
    .execute();
  const ids = rows.map(({ notification }) => notification);
  await noteErased(tx, app, user, ids);
  let decisions = 0;
  for (let at = 0; at < ids.length; at += PAGE) {
    const { numDeletedRows } = await tx
      .deleteFrom('decisions')
      .where('app', '=', app)
      .where('notification', 'in', ids.slice(at, at + PAGE))
      .where('user', '=', user)
      .executeTakeFirstOrThrow();
    decisions += Number(numDeletedRows);
  }
  await tx.deleteFrom('recipients').where('app', '=', app).where('user', '=', user).execute();
  await tx.deleteFrom('engagements').where('app', '=', app).where('user', '=', user).execute();
  await tx.deleteFrom('usage').where('app', '=', app).where('user', '=', user).execute();
  await tx.deleteFrom('digest_items').where('app', '=', app).where('user', '=', user).execute();
  await eraseTimers(tx, app, user, ids);
  for (let at = 0; at < ids.length; at += PAGE) await eraseNames(tx, seal, app, user, ids.slice(at, at + PAGE));
  // It may have been all that was still to come.
  await settleStatuses(tx, app, ids, now);
  return { notifications: ids.length, decisions };
}

/** What has not left ends with the person; the figures stay, and name no notification any more once this is committed. */
async function noteErased(tx: HubDb, app: string, user: string, ids: readonly string[]): Promise<void> {
  const notes = new RollNotes();
  for (let at = 0; at < ids.length; at += PAGE) {
    const open = await tx
      .selectFrom('decisions')
      .select(['app', 'notification', 'channel', 'platform', 'state', 'reason'])
      .where('app', '=', app)
      .where('notification', 'in', ids.slice(at, at + PAGE))
      .where('user', '=', user)
      .where('state', 'in', OPEN_STATES)
      .execute();
    for (const row of open) notes.moved(row, row, { state: 'cancelled', reason: 'erased' });
  }
  await notes.write(tx);
  await rollUpAll(tx);
}

async function eraseNames(tx: HubDb, seal: HubSeal, app: string, user: string, ids: readonly string[]): Promise<void> {
  const left = await tx
    .selectFrom('recipients')
    .select('notification')
    .distinct()
    .where('app', '=', app)
    .where('notification', 'in', ids)
    .execute();
  const shared = new Set(left.map(({ notification }) => notification));
  const alone = ids.filter((id) => !shared.has(id));
  if (alone.length > 0) {
    await tx.deleteFrom('notifications').where('app', '=', app).where('id', 'in', alone).execute();
    await tx.deleteFrom('handovers').where('app', '=', app).where('notification', 'in', alone).execute();
  }
  for (const row of await findNotifications(tx, app, [...shared])) await eraseName(tx, seal, row, user);
  await eraseHandovers(tx, app, user, [...shared]);
}

/** Takes a person out of the lists of a notification. @param told what else it says without the person */
export async function eraseName<Doc extends AddressedDoc>(
  tx: HubDb,
  seal: HubSeal,
  { app, id, ...row }: Row<'notifications'>,
  user: string,
  told: (doc: Doc) => Doc = (doc) => doc,
): Promise<void> {
  const before = readable(() => openDoc<Doc>(seal, { app, id, ...row }));
  const doc = before && told(before);
  const { users = [], except = [] } = doc?.to ?? {};
  const isNamed = users.includes(user) || except.includes(user);
  const without = (list: readonly string[]): string[] => list.filter((each) => each !== user);
  const to = isNamed ? { ...doc?.to, users: without(users), except: without(except) } : doc?.to;
  const totals = JSON.parse(row.totals) as RecipientTotals;
  const { suppressed, no_channel, unknown } = totals.ids;
  const ids = { suppressed: without(suppressed), no_channel: without(no_channel), unknown: without(unknown) };
  await tx
    .updateTable('notifications')
    .set({
      totals: JSON.stringify({ ...totals, ids }),
      ...(isNamed || doc !== before ? { doc: sealDoc(seal, app, id, { ...doc, to }) } : {}),
      // Whom it names cannot be seen: nothing of it is left.
      ...(doc ? {} : { doc: '' }),
    })
    .where('app', '=', app)
    .where('id', '=', id)
    .execute();
}

/** A handover says which people its targets are for. */
async function eraseHandovers(tx: HubDb, app: string, user: string, notifications: readonly string[]): Promise<void> {
  if (notifications.length === 0) return;
  const rows = await tx
    .selectFrom('handovers')
    .selectAll()
    .where('app', '=', app)
    .where('notification', 'in', notifications)
    .execute();
  for (const { batch, doc } of rows) {
    const without = handoverWithout(doc, user);
    if (without === undefined) continue;
    await tx.updateTable('handovers').set({ doc: without }).where('app', '=', app).where('batch', '=', batch).execute();
  }
}

/** Undefined: it does not name the person. Of one that this version cannot read nothing is left: its decisions say whose it is. */
function handoverWithout(doc: string, user: string): string | undefined {
  let read: { targets: { users: string[] }[] };
  try {
    read = JSON.parse(doc) as typeof read;
  } catch {
    return '';
  }
  const { targets, ...rest } = read;
  if (!targets.some(({ users }) => users.includes(user))) return undefined;
  const others = targets.map((target) => ({ ...target, users: target.users.filter((each) => each !== user) }));
  return JSON.stringify({ ...rest, targets: others.filter(({ users }) => users.length > 0) });
}
