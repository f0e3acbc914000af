/**
 * What is left of a digest after a while. One that has left by some of its ways, as by the stream in quiet hours, or that a carrier has
 * given back, leaves by the others later: it tells there of nothing that was marked, cancelled or superseded or has expired meanwhile, and
 * does not leave at all where nothing else is left.
 */
import type { DecidedFact } from '../../../observe/metrics/hub-counts.ts';
import { RollNotes } from '../../analytics/roll-notes.ts';
import type { AcceptedNotification } from '../../notifications/decide-input.ts';
import type { HubPolicy } from '../../notifications/policy.ts';
import type { HubDb, HubSeal } from '../../storage/storage.ts';
import { readable } from '../../storage/unreadable.ts';
import { endOpen } from '../cancelling.ts';
import { goOn } from '../go-on.ts';
import { type DecisionRow, endDecision } from '../rows/decision-rows.ts';
import { findNotification, openDoc, sealDoc } from '../rows/notification-rows.ts';
import { settleStatuses } from '../settle-status.ts';
import { digestMark } from './digest-id.ts';
import { type DigestData, digestText } from './digest-text.ts';
import { type How, overAmong } from './next-digest.ts';

export interface DroppingParts {
  readonly seal: HubSeal;
  readonly policyOf: (app: string) => Pick<HubPolicy, 'confidentialText'>;
  /** UNIX milliseconds. */
  readonly now: number;
}

/** Before a digest is decided about again, in the same transaction. @returns what has ended */
export async function dropOver(
  tx: HubDb,
  { seal, policyOf, now }: DroppingParts,
  app: string,
  digest: string,
): Promise<readonly DecidedFact[]> {
  const items = await itemsOf(tx, app, digest);
  const [first] = items;
  if (!first || (await isUnderWay(tx, app, digest))) return [];
  const row = await findNotification(tx, app, digest);
  const doc = row && readable(() => openDoc<AcceptedNotification & { readonly data: DigestData }>(seal, row));
  if (!doc) return [];
  const { user } = first;
  const told = new Set([...items.map(({ notification }) => notification), ...doc.data.items.map(({ id }) => id)]);
  const over = await overAmong(tx, { seal, now }, { app, user, notifications: [...told] });
  if (over.size === 0) return [];
  const changed = await endItems(tx, items, over, now);
  const count = doc.data.count - over.size;
  if (count <= 0) return [...changed, ...(await endOpen(tx, { app, id: digest, reason: 'cancelled', now }))];
  const left = { count, items: doc.data.items.filter(({ id }) => !over.has(id)) };
  const text = digestText(left, policyOf(app).confidentialText);
  await tx
    .updateTable('notifications')
    .set({ doc: sealDoc(seal, app, digest, { ...doc, ...text }) })
    .where('app', '=', app)
    .where('id', '=', digest)
    .execute();
  return changed;
}

/** What is to end as the digest does, by ways that are not over. */
const itemsOf = (tx: HubDb, app: string, digest: string): Promise<DecisionRow[]> =>
  tx
    .selectFrom('decisions')
    .selectAll()
    .where('app', '=', app)
    .where('state', '=', 'deferred')
    .where('due_row', '=', digestMark(digest))
    .execute();

/** A carrier has it for another device: what becomes of that is said of its items. */
async function isUnderWay(tx: HubDb, app: string, digest: string): Promise<boolean> {
  const rows = await tx
    .selectFrom('decisions')
    .select('user')
    .where('app', '=', app)
    .where('notification', '=', digest)
    .where('state', '=', 'pending')
    .limit(1)
    .execute();
  return rows.length > 0;
}

async function endItems(
  tx: HubDb,
  items: readonly DecisionRow[],
  over: ReadonlyMap<string, How>,
  now: number,
): Promise<readonly DecidedFact[]> {
  const changed: DecidedFact[] = [];
  const notes = new RollNotes();
  for (const row of items) {
    const as = over.get(row.notification);
    if (!as) continue;
    const { app, channel } = row;
    const { state, reason = null } = as;
    await endDecision(tx, row, as, now);
    notes.moved(row, row, { state, reason });
    changed.push({ app, channel, state, reason });
  }
  await notes.write(tx);
  const [{ app, user }] = items as [DecisionRow];
  await goOn(
    tx,
    app,
    [...over.keys()].map((notification) => ({ notification, user })),
    now,
  );
  await settleStatuses(tx, app, over.keys(), now);
  return changed;
}
