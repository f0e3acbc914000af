/** Writes what became of pushes to their decisions. */
import type { Expression, ExpressionBuilder, SqlBool } from 'kysely';
import type { RollNotes } from '../../analytics/roll-notes.ts';
import { among, changing, prepared } from '../../storage/prepared.ts';
import type { HubDb, Row } from '../../storage/storage.ts';
import type { HubTables } from '../../storage/tables.ts';
import { type CarriedBy, handedFor, handedTo, unlessSuperseded } from '../rows/decision-rows.ts';
import type { HandedTarget, Handover } from '../rows/handover-rows.ts';
import { isWithin, rangeOf, type UserRange } from '../rows/user-range.ts';
import type { HandedBatch } from './handed-batches.ts';
import type { OutcomeChange } from './outcome-change.ts';

/** A target that ended. */
export interface EndedOne {
  readonly batch: CarriedBy &
    Pick<Handover, 'dueAt'> & {
      /** A map: those of which nothing final was heard, this one among them. */
      readonly targets?: HandedBatch['targets'] | Handover['targets'];
      readonly platform?: HandedBatch['platform'];
    };
  readonly target: HandedTarget;
  readonly change: OutcomeChange;
}

/** A decision that a batch carries. */
type Carried = Readonly<Record<'notification' | 'user' | 'device' | 'batch', string>>;

/** Targets that ended alike. */
interface Alike extends Pick<CarriedBy, 'app' | 'hop' | 'channel'> {
  change: OutcomeChange;
  /** When the first of them ended, UNIX milliseconds. */
  readonly since: number;
  /** By their batches. */
  readonly targets: Map<EndedOne['batch'], HandedTarget[]>;
  /** They are written without being read again. */
  readonly isCounted: boolean;
  /** Of those that are counted: what their provider calls them, each by another id; absent: it has none. */
  readonly ids: Map<HandedTarget, string>;
}

/** A decision that an outcome has changed. */
export interface ChangedDecision extends CarriedBy {
  readonly user: string;
  readonly device: string;
  readonly state: OutcomeChange['state'];
  readonly reason: string | null;
  readonly at: number;
  /** From when it was due to the answer of its provider. */
  readonly ms: number | undefined;
}

/** What ended alike within this has the moment of the last of it: each millisecond would be a statement of its own. */
const TOGETHER_MS = 25;

/**
 * Puts what ended alike together, of whatever notifications, so that many are one statement.
 * @param counts whether the store is one of those that count changes
 */
export function alike(ended: readonly EndedOne[], counts: boolean): Alike[] {
  const groups: Alike[] = [];
  const open = new Map<string, Alike>();
  let last: Alike | undefined;
  for (const { batch, target, change } of ended) {
    const isCounted = counts && isFirst(change) && batch.platform !== undefined;
    if (!last || !isAlike(last, batch, change, isCounted)) {
      const { app, hop, channel } = batch;
      const { at, providerId, ...other } = change;
      const key = JSON.stringify([app, hop, channel, other, isCounted || providerId]);
      const known = open.get(key);
      const isKnown = known && isAlike(known, batch, change, isCounted);
      last = isKnown ? known : { app, hop, channel, change, since: at, targets: new Map(), isCounted, ids: new Map() };
      if (!isKnown) groups.push(last);
      open.set(key, last);
    }
    if (change.at > last.change.at) last.change = change;
    if (isCounted && change.providerId !== null) last.ids.set(target, change.providerId);
    const some = last.targets.get(batch);
    if (some) some.push(target);
    else last.targets.set(batch, [target]);
  }
  return groups;
}

/** Most pushes of a batch end alike, one behind the other. */
const isAlike = (
  { app, hop, channel, since, change: a, isCounted }: Alike,
  batch: EndedOne['batch'],
  b: OutcomeChange,
  isBCounted: boolean,
): boolean =>
  app === batch.app &&
  hop === batch.hop &&
  channel === batch.channel &&
  Math.abs(b.at - since) <= TOGETHER_MS &&
  a.state === b.state &&
  a.attempts === b.attempts &&
  a.reason === b.reason &&
  a.category === b.category &&
  a.until === b.until &&
  isCounted === isBCounted &&
  (isCounted || a.providerId === b.providerId) &&
  a.from === b.from;

interface WrittenChange extends Pick<Alike, 'app' | 'hop' | 'channel'>, Omit<OutcomeChange, 'from' | 'providerId'> {
  readonly decisions: readonly Carried[];
  readonly from: readonly string[];
  readonly provider_id: string | null;
}

const KEY = ['notification', 'user', 'device', 'batch'] as const;

const carried =
  ({ app, hop, channel, decisions, from }: Pick<WrittenChange, 'app' | 'hop' | 'channel' | 'decisions' | 'from'>) =>
  (eb: ExpressionBuilder<HubTables, 'decisions'>): Expression<SqlBool> =>
    eb.and([
      eb('app', '=', app),
      among(KEY, decisions),
      eb('hop', '=', hop),
      eb('channel', '=', channel),
      eb('state', 'in', from),
    ]);

const write = prepared((db, { app, hop, channel, decisions, from, ...change }: WrittenChange) =>
  db
    .updateTable('decisions')
    .set(change)
    .where(carried({ app, hop, channel, decisions, from }))
    .returning([...KEY, 'reason', 'platform']),
);

/** What was not wanted any more, because a later one has taken its place, says so. */
const writeCancelled = prepared((db, { app, hop, channel, decisions, from, reason, ...change }: WrittenChange) =>
  db
    .updateTable('decisions')
    .set((eb) => ({ ...change, reason: unlessSuperseded(eb, reason) }))
    .where(carried({ app, hop, channel, decisions, from }))
    .returning([...KEY, 'reason', 'platform']),
);

interface WrittenRange extends Omit<WrittenChange, 'decisions' | 'from'>, UserRange {
  readonly notification: string;
  readonly batch: string;
}

type Left = Readonly<Record<'user' | 'device', string>>;

/** What a batch has under way for people who follow one another. */
const openWithin =
  ({ app, notification, from, to, hop, channel, batch }: WrittenRange) =>
  (eb: ExpressionBuilder<HubTables, 'decisions'>): Expression<SqlBool> =>
    eb.and([
      eb.and({ app, notification, hop, channel, batch, state: 'pending' }),
      eb('user', '>=', from),
      eb('user', '<=', to),
    ]);

const changeRange = (db: HubDb, of: WrittenRange) => {
  const { app, notification, from, to, hop, channel, batch, ...change } = of;
  return db.updateTable('decisions').set(change).where(openWithin(of));
};

const withinRange = (db: HubDb, of: WrittenRange) => changeRange(db, of).returning([...KEY, 'reason', 'platform']);

const changeAll = changing(changeRange);

const countOpen = prepared((db, of: WrittenRange) =>
  db
    .selectFrom('decisions')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where(openWithin(of)),
);

interface WrittenOne extends Omit<WrittenChange, 'decisions' | 'from'>, Carried {}

const changeOne = changing((db, { app, notification, user, hop, channel, device, batch, ...change }: WrittenOne) =>
  db
    .updateTable('decisions')
    .set(change)
    .where((eb) => eb.and({ app, notification, user, hop, channel, device, batch }))
    .where('state', '=', 'pending'),
);

/** What a batch carries for people who follow one another: that takes a quarter of what it takes to name each. */
const writeRange = prepared(withinRange);

const writeRangeBut = prepared((db, { left, ...of }: WrittenRange & { readonly left: readonly Left[] }) =>
  withinRange(db, of).where((eb) => eb.not(among(['user', 'device'], left))),
);

/** Failures that a late verdict takes back: with what they had said. */
const failedBefore = prepared((db, of: Omit<WrittenChange, keyof OutcomeChange | 'provider_id'>) =>
  db
    .selectFrom('decisions')
    .select([...KEY, 'reason', 'category'])
    .where(carried({ ...of, from: ['failed'] })),
);

/** @returns the decisions that were changed: an outcome that comes twice changes none the second time */
export async function writeEnded(tx: HubDb, ended: Alike, notes: RollNotes): Promise<ChangedDecision[]> {
  if (ended.isCounted) return writeCounted(tx, ended, notes);
  const { targets, ...group } = ended;
  const changed: ChangedDecision[] = [];
  const named: Carried[] = [];
  const dues = new Map<string, number>();
  for (const [batch, some] of targets) {
    dues.set(batch.batch, batch.dueAt);
    const range = isFirst(group.change) ? handedRange(batch, some) : undefined;
    if (range) changed.push(...noted(await writeSent(tx, group, batch, range), { ...group, dues }, 'pending', notes));
    else pushCarried(named, batch, some);
  }
  if (named.length > 0) changed.push(...(await writeNamed(tx, group, { named, dues }, notes)));
  return changed;
}

/** What is known here is not asked for: where as many are to be changed as there are, it is known which. */
async function writeCounted(
  tx: HubDb,
  { targets, ids, ...group }: Alike,
  notes: RollNotes,
): Promise<ChangedDecision[]> {
  const changed: ChangedDecision[] = [];
  for (const [batch, some] of targets) {
    const dues = new Map([[batch.batch, batch.dueAt]]);
    const range = some.some((target) => ids.has(target)) ? undefined : handedRange(batch, some);
    const isAll = range?.left.length === 0 && (await isAllOfRange(tx, group, batch, range, countOf(some)));
    const rows = isAll ? rowsOf(batch, some) : await changedEach(tx, group, batch, some, ids);
    changed.push(...noted(rows, { ...group, dues }, 'pending', notes));
  }
  return changed;
}

const countOf = (targets: readonly HandedTarget[]): number => targets.reduce((sum, { users }) => sum + users.length, 0);

const rowsOf = ({ notification, batch, platform = null }: EndedOne['batch'], some: readonly HandedTarget[]) =>
  some.flatMap(({ users, device }) =>
    users.map((user): WrittenRow => ({ notification, user, device, batch, reason: null, platform })),
  );

/** Changes all between two people, where that are as many as it should be: else one of them has ended otherwise. */
async function isAllOfRange(
  tx: HubDb,
  group: Group,
  batch: EndedOne['batch'],
  range: UserRange,
  count: number,
): Promise<boolean> {
  const of = { ...writtenBy(group, batch), from: range.from, to: range.to };
  const [open] = await countOpen(tx, of);
  if (open?.count !== count) return false;
  await changeAll(tx, of);
  return true;
}

/** Changes one after the other. */
async function changedEach(
  tx: HubDb,
  group: Group,
  batch: EndedOne['batch'],
  some: readonly HandedTarget[],
  ids: Alike['ids'],
): Promise<WrittenRow[]> {
  const changed: WrittenRow[] = [];
  const of = writtenBy(group, batch);
  for (const target of some)
    for (const row of rowsOf(batch, [target])) {
      const { user, device } = row;
      if ((await changeOne(tx, { ...of, user, device, provider_id: ids.get(target) ?? null })) > 0) changed.push(row);
    }
  return changed;
}

/** What is written of a batch, and by what its decisions are found. */
function writtenBy({ app, hop, channel, change }: Group, { notification, batch }: EndedOne['batch']) {
  const { providerId, from: _, ...written } = change;
  return { ...written, provider_id: providerId, app, hop, channel, notification, batch };
}

/** A provider has taken what was under way: the change of nearly all. */
const isFirst = ({ state, from }: OutcomeChange): boolean => state === 'sent' && from.length === 1;

function pushCarried(
  named: Carried[],
  { notification, batch }: EndedOne['batch'],
  some: readonly HandedTarget[],
): void {
  for (const { users, device } of some) for (const user of users) named.push({ notification, user, device, batch });
}

/** From so many on it is worth it, and with so many at most that are left out. */
const LEAST_IN_RANGE = 16;
const MOST_LEFT = 64;

interface HandedRange extends UserRange {
  /** Those between them of which nothing was heard, or something else. */
  readonly left: readonly Left[];
}

/** Where most of what a batch carries for the people between two has ended so; undefined: it is better to name them. */
function handedRange({ targets }: EndedOne['batch'], ended: readonly HandedTarget[]): HandedRange | undefined {
  if (ended.length < LEAST_IN_RANGE || !(targets instanceof Map)) return undefined;
  const range = rangeOf(ended.flatMap(({ users }) => users));
  if (!range) return undefined;
  const some = new Set(ended);
  const left: Left[] = [];
  for (const target of targets.values()) {
    if (some.has(target)) continue;
    for (const user of target.users) if (isWithin(range, user)) left.push({ user, device: target.device });
    if (left.length > MOST_LEFT) return undefined;
  }
  return { ...range, left: filled(left) };
}

/** Up to a power of two, as each number of rows is a text. */
function filled(left: readonly Left[]): readonly Left[] {
  const last = left.at(-1);
  return last ? [...left, ...Array<Left>(2 ** Math.ceil(Math.log2(left.length)) - left.length).fill(last)] : left;
}

type Group = Pick<Alike, 'app' | 'hop' | 'channel' | 'change'>;
type WrittenRow = Omit<Carried, 'batch'> & Pick<Row<'decisions'>, 'batch' | 'reason' | 'platform'>;

function writeSent(
  tx: HubDb,
  group: Group,
  batch: EndedOne['batch'],
  { from, to, left }: HandedRange,
): Promise<WrittenRow[]> {
  const of = { ...writtenBy(group, batch), from, to };
  return left.length === 0 ? writeRange(tx, of) : writeRangeBut(tx, { ...of, left });
}

/** From each state by itself, the last one first, so that it is known what a decision was before and none is changed twice. */
async function writeNamed(
  tx: HubDb,
  group: Group,
  { named: decisions, dues }: { readonly named: readonly Carried[]; readonly dues: ReadonlyMap<string, number> },
  notes: RollNotes,
): Promise<ChangedDecision[]> {
  const { app, hop, channel, change } = group;
  const { providerId, ...written } = change;
  const of = { app, hop, channel, decisions };
  const writing = change.state === 'cancelled' ? writeCancelled : write;
  const changed: ChangedDecision[] = [];
  for (const from of written.from.toReversed()) {
    const before = from === 'failed' ? await failures(tx, of) : undefined;
    const rows = await writing(tx, { ...of, ...written, from: [from], provider_id: providerId });
    changed.push(...noted(rows, { ...group, dues }, from, notes, before));
  }
  return changed;
}

/** What was changed out of a state, in numbers and one by one. */
function noted(
  rows: readonly WrittenRow[],
  { app, hop, channel, change: { state, at }, dues }: Group & { readonly dues: ReadonlyMap<string, number> },
  from: string,
  notes: RollNotes,
  before?: Awaited<ReturnType<typeof failures>>,
): ChangedDecision[] {
  return rows.map(({ platform, notification, user, device, reason, batch: carrier }) => {
    const batch = carrier as string;
    const ms = from === 'pending' && ANSWERED.has(state) ? at - (dues.get(batch) ?? at) : undefined;
    const known = before?.get(keyOf({ notification, user, device, batch }));
    notes.moved({ app, notification, channel, platform }, { state: from, ...known }, { state, reason }, { ms });
    return { app, notification, hop, channel, user, device, state, reason, at, batch, ms };
  });
}

/** States to which an answer of a provider leads, and not its absence. */
const ANSWERED: ReadonlySet<string> = new Set(['sent', 'failed']);

const keyOf = ({ notification, user, device, batch }: Omit<Carried, 'batch'> & { readonly batch: string | null }) =>
  JSON.stringify([notification, user, device, batch]);

async function failures(tx: HubDb, of: Parameters<typeof failedBefore>[1]) {
  const rows = await failedBefore(tx, of);
  return new Map(rows.map((row) => [keyOf(row), { reason: row.reason, category: row.category }]));
}

/** Ids a statement. */
const AT_ONCE = 500;

/** Whether any target of a batch is still to end. */
export const isPending = (db: HubDb, handover: Handover): Promise<boolean> =>
  hasDecision(db, handover, (eb) => eb('state', '=', 'pending'));

/** Whether any target of a batch is still to end, or waits for a verdict that may come after `now`. */
export const isBatchOpen = (db: HubDb, handover: Handover, now: number): Promise<boolean> =>
  hasDecision(db, handover, (eb) =>
    eb.or([eb('state', '=', 'pending'), eb.and([eb('state', '=', 'sent'), eb('until', '>', now)])]),
  );

async function hasDecision(
  db: HubDb,
  { targets, ...batch }: Handover,
  isSo: (eb: ExpressionBuilder<HubTables, 'decisions'>) => Expression<SqlBool>,
): Promise<boolean> {
  for (let at = 0; at < targets.length; at += AT_ONCE) {
    const open = await db
      .selectFrom('decisions')
      .select('user')
      .where(handedFor(handedTo(batch, targets.slice(at, at + AT_ONCE))))
      .where(isSo)
      .limit(1)
      .executeTakeFirst();
    if (open) return true;
  }
  return false;
}
