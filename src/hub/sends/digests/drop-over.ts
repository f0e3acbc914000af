/**
 * What is left of a digest after a while. One that has left by some of its ways, as by the stream in quiet hours, or that a carrier has
 * given back, leaves by the others later: it tells there of nothing that was marked, cancelled or superseded, has expired or was switched
 * off meanwhile, and does not leave at all where nothing else is left. Where not the same is wanted any more by all of these ways, it goes
 * on by some of them, and what it was to tell by the others is collected again, for a digest that is made at once.
 */
import type { DecidedFact } from '../../../observe/metrics/hub-counts.ts';
import { RollNotes } from '../../analytics/roll-notes.ts';
import type { AcceptedNotification } from '../../notifications/decide-input.ts';
import { type HopDecision, isUnreachable } from '../../notifications/decision.ts';
import { isMeantByDevices } from '../../notifications/meant-by-devices.ts';
import type { HubDb, HubSeal } from '../../storage/storage.ts';
import { readable } from '../../storage/unreadable.ts';
import type { Channel } from '../../words/channel.ts';
import { endOpen } from '../cancelling.ts';
import { channelsOf, type Facts } from '../facts/facts.ts';
import { goOn } from '../go-on.ts';
import { type DecisionRow, endDecision, isAt, OPEN_STATES, SUPERSEDED } from '../rows/decision-rows.ts';
import { findNotification, openDoc, sealDoc } from '../rows/notification-rows.ts';
import { settleStatuses } from '../settle-status.ts';
import { decideFor, type StepParts } from '../step-people.ts';
import { digestMark, HELD_BACK } from './digest-id.ts';
import { type ForDigest, takeIntoDigests } from './digest-items.ts';
import { type DigestData, digestText } from './digest-text.ts';
import { heldKey } from './held-digests.ts';
import { digestOfRow, type How, overAmong } from './next-digest.ts';

export interface DroppingParts extends StepParts {
  readonly seal: HubSeal;
  readonly newId: () => string;
  /** What deciding about a person depends on now, where plans have these channels. */
  readonly factsOf: (app: string, user: string, channels: ReadonlySet<Channel>) => Promise<Facts | undefined>;
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

/** Where a digest still is to go. */
interface Ways {
  readonly waiting: readonly DecisionRow[];
  /** A carrier has it: what becomes of that is said of its items. */
  readonly underWay: readonly DecisionRow[];
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
  const ways = await waysOf(tx, app, digest);
  const all = ways.waiting.length > 0 ? await itemsOf(tx, app, digest) : [];
  const [first] = all;
  const row = first && (await findNotification(tx, app, digest));
  const doc = row && readable(() => openDoc<DigestDoc>(seal, row));
  if (!doc) return { changed: [] };
  const whose = { app, user: first.user };
  const before = doc.left_out ?? {};
  const told = new Set([...all.map(({ notification }) => notification), ...doc.data.items.map(({ id }) => id)]);
  const { over, left } = await overAmong(tx, parts, { ...whose, notifications: [...told] });
  const { unwanted, others } = await unwantedAmong(parts, whose, left, ways);
  const apart = await collectAgain(tx, parts, { ways: others, items: all, left });
  const items = all.filter((item) => !apart.items.has(item));
  for (const [id, how] of unwanted) over.set(id, how);
  for (const [id, how] of Object.entries(before)) over.set(id, how);
  if (over.size === 0) return apart;
  const ending = items.filter((item) => !ways.underWay.some((way) => isSameWay(way, item)));
  const changed = [...apart.changed, ...(await endItems(tx, whose, ending, over, now))];
  const { dueAt } = apart;
  const count = doc.data.count - (over.size - Object.keys(before).length);
  if (count <= 0) {
    const ended = await endOpen(tx, { app, id: digest, reason: 'cancelled', now });
    return { changed: [...changed, ...ended], dueAt };
  }
  if (count === doc.data.count) return { changed, dueAt };
  const data = { count, items: doc.data.items.filter(({ id }) => !over.has(id)) };
  const text = digestText(data, parts.policyOf(app).confidentialText);
  await tx
    .updateTable('notifications')
    .set({ doc: sealDoc(seal, app, digest, { ...doc, ...text, left_out: Object.fromEntries(over) }) })
    .where('app', '=', app)
    .where('id', '=', digest)
    .execute();
  return { changed, dueAt };
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

async function waysOf(tx: HubDb, app: string, digest: string): Promise<Ways> {
  const open = await tx
    .selectFrom('decisions')
    .selectAll()
    .where('app', '=', app)
    .where('notification', '=', digest)
    .where('state', 'in', OPEN_STATES)
    .execute();
  return {
    waiting: open.filter(({ due_row: waits }) => waits !== null),
    underWay: open.filter(({ due_row: waits }) => waits === null),
  };
}

const isSameWay = (way: DecisionRow, item: DecisionRow): boolean =>
  way.channel === item.channel && way.device === item.device;

interface Wishes {
  /** Of what the digest is not to tell, by the ways that it goes on by. */
  readonly unwanted: ReadonlyMap<string, How>;
  /** Ways by which more than that is unwanted. */
  readonly others: readonly DecisionRow[];
}

/** What the person does not want by the ways that it would go now, as everything that was held is asked about again. */
async function unwantedAmong(
  parts: DroppingParts,
  { app, user }: Whose,
  notifications: readonly AcceptedNotification[],
  { waiting }: Ways,
): Promise<Wishes> {
  const policy = parts.policyOf(app);
  const channels = new Set(notifications.flatMap((each) => [...channelsOf(each, policy)]));
  const facts = await parts.factsOf(app, user, channels);
  if (!facts) return { unwanted: new Map(), others: [] };
  const byWay = waiting.map((way) => ({ way, unwanted: new Map<string, How>() }));
  for (const { digest: _, ...notification } of notifications) {
    const only = isMeantByDevices(notification, user) ? notification.to.devices : undefined;
    const decisions = decideFor({ notification, facts, presence: 'offline', only, asDigest: true }, parts);
    for (const { way, unwanted } of byWay) {
      const [one, ...more] = decisions.filter((decision) => leavesBy(way, decision));
      if (one && [one, ...more].every(isUnwanted))
        unwanted.set(notification.id, { state: one.state, reason: one.reason });
    }
  }
  const namesOf = (unwanted: ReadonlyMap<string, How>): string => JSON.stringify([...unwanted.keys()]);
  const least = byWay.reduce((a, b) => (b.unwanted.size < a.unwanted.size ? b : a)).unwanted;
  const others = byWay.filter(({ unwanted }) => namesOf(unwanted) !== namesOf(least)).map(({ way }) => way);
  return { unwanted: least, others };
}

const leavesBy = (way: DecisionRow, { channel, device }: HopDecision): boolean =>
  way.channel === channel && (device === undefined || way.device === device);

const isUnwanted = ({ state, reason }: HopDecision): boolean =>
  state === 'suppressed' && reason !== undefined && !isUnreachable(reason);

interface GoingApart {
  /** By which the digest does not go any more. */
  readonly ways: readonly DecisionRow[];
  readonly items: readonly DecisionRow[];
  /** Of what it still may tell. */
  readonly left: readonly AcceptedNotification[];
}

/** What a digest does not bring by some of its ways is asked about at once, and leaves by them as a digest of its own. */
async function collectAgain(
  tx: HubDb,
  { seal, newId, now }: DroppingParts,
  { ways, items, left }: GoingApart,
): Promise<Dropped & { readonly items: ReadonlySet<DecisionRow> }> {
  const docs = new Map(left.map((notification) => [notification.id, notification]));
  const going = items.filter((item) => docs.has(item.notification) && ways.some((way) => isSameWay(way, item)));
  const notes = new RollNotes();
  const as = { state: 'cancelled', reason: SUPERSEDED };
  for (const way of ways) {
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
  const changed = ways.map(({ app, channel }) => ({ app, channel, ...as }));
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
