/** Writes what became of pushes by statements that return what they have changed. */
import type { Expression, ExpressionBuilder, SqlBool } from 'kysely';
import type { RollNotes } from '../../analytics/roll-notes.ts';
import { among, prepared } from '../../storage/prepared.ts';
import type { HubDb } from '../../storage/storage.ts';
import type { HubTables } from '../../storage/tables.ts';
import { unlessSuperseded } from '../rows/decision-rows.ts';
import type { HandedTarget } from '../rows/handover-rows.ts';
import {
  type Carried,
  type ChangedDecision,
  type ChangeOfSome,
  type EndedGroup,
  keyOf,
  noted,
  type WrittenRow,
  writtenBy,
} from './changed-decision.ts';
import { type Alike, type EndedOne, isFirst } from './ended-alike.ts';
import { changeRange, type HandedRange, handedRange, type LeftBetween, type WrittenRange } from './handed-range.ts';
import type { OutcomeChange } from './outcome-change.ts';

const KEY = ['notification', 'user', 'device', 'batch'] as const;

const carried =
  ({ app, hop, channel, decisions, from }: Pick<ChangeOfSome, 'app' | 'hop' | 'channel' | 'decisions' | 'from'>) =>
  (eb: ExpressionBuilder<HubTables, 'decisions'>): Expression<SqlBool> =>
    eb.and([
      eb('app', '=', app),
      among(KEY, decisions),
      eb('hop', '=', hop),
      eb('channel', '=', channel),
      eb('state', 'in', from),
    ]);

const write = prepared((db, { app, hop, channel, decisions, from, ...change }: ChangeOfSome) =>
  db
    .updateTable('decisions')
    .set(change)
    .where(carried({ app, hop, channel, decisions, from }))
    .returning([...KEY, 'reason', 'platform']),
);

/** What was not wanted any more, because a later one has taken its place, says so. */
const writeCancelled = prepared((db, { app, hop, channel, decisions, from, reason, ...change }: ChangeOfSome) =>
  db
    .updateTable('decisions')
    .set((eb) => ({ ...change, reason: unlessSuperseded(eb, reason) }))
    .where(carried({ app, hop, channel, decisions, from }))
    .returning([...KEY, 'reason', 'platform']),
);

const withinRange = (db: HubDb, of: WrittenRange) => changeRange(db, of).returning([...KEY, 'reason', 'platform']);

/** What a batch carries for people who follow one another: that takes a quarter of what it takes to name each. */
const writeRange = prepared(withinRange);

const writeRangeBut = prepared((db, { left, ...of }: WrittenRange & { readonly left: readonly LeftBetween[] }) =>
  withinRange(db, of).where((eb) => eb.not(among(['user', 'device'], left))),
);

/** Failures that a late verdict takes back: with what they had said. */
const failedBefore = prepared((db, of: Omit<ChangeOfSome, keyof OutcomeChange | 'provider_id'>) =>
  db
    .selectFrom('decisions')
    .select([...KEY, 'reason', 'category'])
    .where(carried({ ...of, from: ['failed'] })),
);

/** Many in a row between two people, the others by their names. */
export async function writeReturned(
  tx: HubDb,
  { targets, ...group }: Alike,
  notes: RollNotes,
): Promise<ChangedDecision[]> {
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

function pushCarried(
  named: Carried[],
  { notification, batch }: EndedOne['batch'],
  some: readonly HandedTarget[],
): void {
  for (const { users, device } of some) for (const user of users) named.push({ notification, user, device, batch });
}

function writeSent(
  tx: HubDb,
  group: EndedGroup,
  batch: EndedOne['batch'],
  { from, to, left }: HandedRange,
): Promise<WrittenRow[]> {
  const of = { ...writtenBy(group, batch), from, to };
  return left.length === 0 ? writeRange(tx, of) : writeRangeBut(tx, { ...of, left });
}

/** From each state by itself, the last one first, so that it is known what a decision was before and none is changed twice. */
async function writeNamed(
  tx: HubDb,
  group: EndedGroup,
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

async function failures(tx: HubDb, of: Parameters<typeof failedBefore>[1]) {
  const rows = await failedBefore(tx, of);
  return new Map(rows.map((row) => [keyOf(row), { reason: row.reason, category: row.category }]));
}
