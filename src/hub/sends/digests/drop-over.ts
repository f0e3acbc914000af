/**
 * What is left of a digest after a while. One that has left by some of its ways, as by the stream in quiet hours, or that a carrier has
 * given back, leaves by the others later: it tells there of nothing that was marked, cancelled or superseded, has expired or was switched
 * off meanwhile, and does not leave at all where nothing else is left.
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
import { type DecisionRow, endDecision, OPEN_STATES } from '../rows/decision-rows.ts';
import { findNotification, openDoc, sealDoc } from '../rows/notification-rows.ts';
import { settleStatuses } from '../settle-status.ts';
import { decideFor, type StepParts } from '../step-people.ts';
import { digestMark } from './digest-id.ts';
import { type DigestData, digestText } from './digest-text.ts';
import { type How, overAmong } from './next-digest.ts';

export interface DroppingParts extends StepParts {
  readonly seal: HubSeal;
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

/** Before a digest is decided about again, in the same transaction. @returns what has ended */
export async function dropOver(
  tx: HubDb,
  parts: DroppingParts,
  app: string,
  digest: string,
): Promise<readonly DecidedFact[]> {
  const { seal, now } = parts;
  const ways = await waysOf(tx, app, digest);
  const items = ways.waiting.length > 0 ? await itemsOf(tx, app, digest) : [];
  const [first] = items;
  const row = first && (await findNotification(tx, app, digest));
  const doc = row && readable(() => openDoc<DigestDoc>(seal, row));
  if (!doc) return [];
  const whose = { app, user: first.user };
  const before = doc.left_out ?? {};
  const told = new Set([...items.map(({ notification }) => notification), ...doc.data.items.map(({ id }) => id)]);
  const { over, left } = await overAmong(tx, parts, { ...whose, notifications: [...told] });
  for (const [id, how] of await unwantedAmong(parts, whose, left, ways)) over.set(id, how);
  for (const [id, how] of Object.entries(before)) over.set(id, how);
  if (over.size === 0) return [];
  const ending = items.filter((item) => !ways.underWay.some((way) => isSameWay(way, item)));
  const changed = await endItems(tx, whose, ending, over, now);
  const count = doc.data.count - (over.size - Object.keys(before).length);
  if (count <= 0) return [...changed, ...(await endOpen(tx, { app, id: digest, reason: 'cancelled', now }))];
  if (count === doc.data.count) return changed;
  const data = { count, items: doc.data.items.filter(({ id }) => !over.has(id)) };
  const text = digestText(data, parts.policyOf(app).confidentialText);
  await tx
    .updateTable('notifications')
    .set({ doc: sealDoc(seal, app, digest, { ...doc, ...text, left_out: Object.fromEntries(over) }) })
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

/** What the person wants by none of the ways that it would go now, as everything that was held is asked about again. */
async function unwantedAmong(
  parts: DroppingParts,
  { app, user }: Whose,
  notifications: readonly AcceptedNotification[],
  { waiting }: Ways,
): Promise<ReadonlyMap<string, How>> {
  const unwanted = new Map<string, How>();
  const policy = parts.policyOf(app);
  const channels = new Set(notifications.flatMap((each) => [...channelsOf(each, policy)]));
  const facts = await parts.factsOf(app, user, channels);
  if (!facts) return unwanted;
  const leavesAs = ({ channel, device }: HopDecision): boolean =>
    waiting.some((way) => way.channel === channel && (device === undefined || way.device === device));
  for (const { digest: _, ...notification } of notifications) {
    const only = isMeantByDevices(notification, user) ? notification.to.devices : undefined;
    const decisions = decideFor({ notification, facts, presence: 'offline', only, asDigest: true }, parts);
    const [one, ...more] = decisions.filter(leavesAs);
    if (one && [one, ...more].every(isUnwanted))
      unwanted.set(notification.id, { state: one.state, reason: one.reason });
  }
  return unwanted;
}

const isUnwanted = ({ state, reason }: HopDecision): boolean =>
  state === 'suppressed' && reason !== undefined && !isUnreachable(reason);

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
