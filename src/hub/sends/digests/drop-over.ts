/**
 * What is left of a digest after a while. One that has left by some of its ways, as by the stream in quiet hours, or that a carrier has
 * given back, leaves by the others later: it tells there of nothing that was marked, cancelled or superseded, has expired or was switched
 * off meanwhile, and does not leave at all where nothing else is left. Where not the same is wanted any more by all of these ways, it goes
 * on by some of them, and what it was to tell by the others is collected again, for a digest that is made at once.
 */
import type { DecidedFact } from '../../../observe/metrics/hub-counts.ts';
import { RollNotes } from '../../analytics/roll-notes.ts';
import type { AcceptedNotification } from '../../notifications/decide-input.ts';
import type { HubDb, HubSeal } from '../../storage/storage.ts';
import { readable } from '../../storage/unreadable.ts';
import { endOpen } from '../cancelling.ts';
import { goOn } from '../go-on.ts';
import { type DecisionRow, endDecision, isAt, SUPERSEDED } from '../rows/decision-rows.ts';
import { findNotification, openDoc, sealDoc } from '../rows/notification-rows.ts';
import { settleStatuses } from '../settle-status.ts';
import { digestMark, HELD_BACK } from './digest-id.ts';
import { type ForDigest, takeIntoDigests } from './digest-items.ts';
import { type DigestData, digestText } from './digest-text.ts';
import { endsWith, wayKey } from './digest-ways.ts';
import { isUnderWay, isWaiting, type WayNow, type Wishes, type WishesParts, wishesAbout } from './digest-wishes.ts';
import { heldKey } from './held-digests.ts';
import { digestOfRow, type How, overAmong } from './next-digest.ts';

export interface DroppingParts extends WishesParts {
  readonly seal: HubSeal;
  readonly newId: () => string;
}

type DigestDoc = AcceptedNotification & {
  readonly data: DigestData;
  /** Items that it does not tell of any more, and why. A carrier that had it before may have told of them. */
  readonly left_out?: Readonly<Record<string, How>>;
};

interface Whose {
  readonly app: string;
  readonly user: string;
}

export interface Dropped {
  /** What has ended. */
  readonly changed: readonly DecidedFact[];
  /** A digest is to be made, UNIX milliseconds; undefined: none is. */
  readonly dueAt?: number | undefined;
}

/** Before a digest is decided about again, in the same transaction. */
export async function dropOver(tx: HubDb, parts: DroppingParts, app: string, digest: string): Promise<Dropped> {
  const { seal, now } = parts;
  const rows = await decisionsAbout(tx, app, digest);
  const user = rows.find(isWaiting)?.user;
  const row = user === undefined ? undefined : await findNotification(tx, app, digest);
  const doc = row && readable(() => openDoc<DigestDoc>(seal, row));
  const all = doc ? await itemsOf(tx, app, digest) : [];
  // A caller's own id may look like that of a digest. One for a device that has come since it was collected has no items, and says for which.
  if (!doc || user === undefined || (all.length === 0 && !doc.push_to)) return { changed: [] };
  const whose = { app, user };
  const before = doc.left_out ?? {};
  const told = new Set([...all.map(({ notification }) => notification), ...doc.data.items.map(({ id }) => id)]);
  const { over, left } = await overAmong(tx, parts, { ...whose, notifications: [...told] });
  const wishes = await wishesAbout(parts, { digest: doc, rows, user, notifications: left });
  const apart = await collectAgain(tx, parts, { wishes, items: all, left });
  for (const [id, how] of wishes.unwanted) over.set(id, how);
  for (const [id, how] of Object.entries(before)) over.set(id, how);
  // What becomes of what a carrier has is said of its items.
  const underWay = new Set(rows.filter(isUnderWay).map(wayKey));
  const ending = all.filter((item) => !apart.items.has(item) && !underWay.has(wayKey(item)));
  const ended = over.size > 0 ? await endItems(tx, whose, ending, over, now) : [];
  const changed = [...apart.changed, ...ended];
  const { dueAt } = apart;
  const count = doc.data.count - (over.size - Object.keys(before).length);
  if (count <= 0) {
    const cancelled = await endOpen(tx, { app, id: digest, reason: 'cancelled', now });
    return { changed: [...changed, ...cancelled], dueAt };
  }
  const rest = restOf(wishes);
  if (count === doc.data.count && !rest) return { changed, dueAt };
  const data = { count, items: doc.data.items.filter(({ id }) => !over.has(id)) };
  const text = digestText(data, parts.policyOf(app).confidentialText);
  await tx
    .updateTable('notifications')
    .set({ doc: sealDoc(seal, app, digest, { ...doc, ...text, ...rest, left_out: Object.fromEntries(over) }) })
    .where('app', '=', app)
    .where('id', '=', digest)
    .execute();
  return { changed, dueAt };
}

/** For those devices alone by which it goes on; undefined: for all that there are. */
const restOf = ({ ways, others }: Wishes): Pick<DigestDoc, 'push_to'> | undefined =>
  [...others].some(({ device }) => device)
    ? { push_to: ways.flatMap((way) => (way.device && !others.has(way) ? [way.device] : [])) }
    : undefined;

/** What is to end as the digest does, by ways that are not over. */
const itemsOf = (tx: HubDb, app: string, digest: string): Promise<DecisionRow[]> =>
  tx
    .selectFrom('decisions')
    .selectAll()
    .where('app', '=', app)
    .where('state', '=', 'deferred')
    .where('due_row', '=', digestMark(digest))
    .execute();

const decisionsAbout = (tx: HubDb, app: string, digest: string): Promise<DecisionRow[]> =>
  tx.selectFrom('decisions').selectAll().where('app', '=', app).where('notification', '=', digest).execute();

interface GoingApart {
  readonly wishes: Pick<Wishes, 'ways' | 'others'>;
  readonly items: readonly DecisionRow[];
  /** Of what it still may tell. */
  readonly left: readonly AcceptedNotification[];
}

/** What a digest does not bring by some of its ways is asked about at once, and leaves by them as a digest of its own. */
async function collectAgain(
  tx: HubDb,
  { seal, newId, now }: DroppingParts,
  { wishes: { ways, others }, items, left }: GoingApart,
): Promise<Dropped & { readonly items: ReadonlySet<DecisionRow> }> {
  const docs = new Map(left.map((notification) => [notification.id, notification]));
  const going = items.filter(
    (item) => docs.has(item.notification) && (others as ReadonlySet<object>).has(endsWith(item, ways)),
  );
  const ending = [...others].flatMap(({ row }: WayNow) => row ?? []);
  const notes = new RollNotes();
  const as = { state: 'cancelled', reason: SUPERSEDED };
  for (const way of ending) {
    await endDecision(tx, way, as, now);
    notes.moved(way, way, as);
  }
  await notes.write(tx);
  const again: ForDigest[] = [];
  for (const item of going) {
    await tx.updateTable('decisions').set({ until: now, due_row: HELD_BACK }).where(isAt(item)).execute();
    const notification = docs.get(item.notification) as AcceptedNotification;
    again.push({ notification, user: item.user, key: heldKey(digestOfRow(item)), until: now, again: true });
  }
  const dueAt = await takeIntoDigests(tx, { seal, newId }, again);
  const changed = ending.map(({ app, channel }) => ({ app, channel, ...as }));
  return { items: new Set(going), changed, dueAt };
}

async function endItems(
  tx: HubDb,
  { app, user }: Whose,
  items: readonly DecisionRow[],
  over: ReadonlyMap<string, How>,
  now: number,
): Promise<readonly DecidedFact[]> {
  const changed: DecidedFact[] = [];
  const notes = new RollNotes();
  for (const row of items) {
    const as = over.get(row.notification);
    if (!as) continue;
    const { channel } = row;
    const { state, reason = null } = as;
    await endDecision(tx, row, as, now);
    notes.moved(row, row, { state, reason });
    changed.push({ app, channel, state, reason });
  }
  await notes.write(tx);
  await goOn(
    tx,
    app,
    [...over.keys()].map((notification) => ({ notification, user })),
    now,
  );
  await settleStatuses(tx, app, over.keys(), now);
  return changed;
}
