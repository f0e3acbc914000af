/** Writes what became of pushes on SQLite, which counts what it changes: what is known here is not asked for. */
import type { RollNotes } from '../../analytics/roll-notes.ts';
import { changing, prepared } from '../../storage/prepared.ts';
import type { HubDb } from '../../storage/storage.ts';
import type { UserRange } from '../../words/user-range.ts';
import type { HandedTarget } from '../rows/handover-rows.ts';
import {
  type Carried,
  type ChangedDecision,
  type ChangeOfSome,
  type EndedGroup,
  noted,
  type WrittenRow,
  writtenBy,
} from './changed-decision.ts';
import type { Alike, EndedOne } from './ended-alike.ts';
import { changeRange, handedRange, openWithin, type WrittenRange } from './handed-range.ts';

const changeAll = changing(changeRange);

const countOpen = prepared((db, of: WrittenRange) =>
  db
    .selectFrom('decisions')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where(openWithin(of)),
);

interface WrittenOne extends Omit<ChangeOfSome, 'decisions' | 'from'>, Carried {}

const changeOne = changing((db, { app, notification, user, hop, channel, device, batch, ...change }: WrittenOne) =>
  db
    .updateTable('decisions')
    .set(change)
    .where((eb) => eb.and({ app, notification, user, hop, channel, device, batch }))
    .where('state', '=', 'pending'),
);

/** What is known here is not asked for: where as many are to be changed as there are, it is known which. */
export async function writeCounted(
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
  group: EndedGroup,
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
  group: EndedGroup,
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
