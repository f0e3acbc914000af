/** Writes what became of pushes to their decisions. */
import type { Expression, ExpressionBuilder, SqlBool } from 'kysely';
import { prepared } from '../../storage/prepared.ts';
import type { HubDb } from '../../storage/storage.ts';
import type { HubTables } from '../../storage/tables.ts';
import { type CarriedBy, type HandedFor, handedFor, handedTo, unlessSuperseded } from '../rows/decision-rows.ts';
import type { HandedTarget, Handover } from '../rows/handover-rows.ts';
import type { OutcomeChange } from './outcome-change.ts';

/** Targets of one batch that ended alike. */
export interface EndedTargets {
  readonly batch: CarriedBy;
  readonly targets: readonly HandedTarget[];
  readonly change: OutcomeChange;
}

/** A decision that an outcome has changed. */
export interface ChangedDecision extends CarriedBy {
  readonly user: string;
  readonly device: string;
  readonly state: OutcomeChange['state'];
  readonly reason: string | null;
  readonly at: number;
}

/** Ids a statement. */
const AT_ONCE = 500;

/** Puts targets together that ended alike, so that many are one statement. */
export function alike(ended: readonly EndedTargets[]): EndedTargets[] {
  const groups = new Map<string, { first: EndedTargets; targets: HandedTarget[] }>();
  for (const each of ended) {
    const { batch, change } = each;
    const key = JSON.stringify([batch.app, batch.batch, change]);
    const group = groups.get(key);
    if (group) group.targets.push(...each.targets);
    else groups.set(key, { first: each, targets: [...each.targets] });
  }
  return [...groups.values()].map(({ first, targets }) => ({ ...first, targets }));
}

/** @returns the decisions that were changed: an outcome that comes twice changes none the second time */
export async function writeEnded(tx: HubDb, ended: EndedTargets): Promise<ChangedDecision[]> {
  const changed: ChangedDecision[] = [];
  for (let at = 0; at < ended.targets.length; at += AT_ONCE)
    changed.push(...(await writeSome(tx, ended, ended.targets.slice(at, at + AT_ONCE))));
  return changed;
}

interface WrittenChange extends HandedFor, Omit<OutcomeChange, 'from' | 'providerId'> {
  readonly from: readonly string[];
  readonly provider_id: string | null;
}

const write = prepared(
  (db, { state, reason, category, attempts, at, until, provider_id, from, ...of }: WrittenChange) =>
    db
      .updateTable('decisions')
      .set({ state, reason, category, attempts, at, until, provider_id })
      .where(handedFor(of))
      .where('state', 'in', from)
      .returning(['user', 'device', 'reason']),
);

/** What was not wanted any more, because a later one has taken its place, says so. */
const writeCancelled = prepared(
  (db, { state, reason, category, attempts, at, until, provider_id, from, ...of }: WrittenChange) =>
    db
      .updateTable('decisions')
      .set((eb) => ({
        ...{ state, category, attempts, at, until, provider_id },
        reason: unlessSuperseded(eb, reason),
      }))
      .where(handedFor(of))
      .where('state', 'in', from)
      .returning(['user', 'device', 'reason']),
);

async function writeSome(
  tx: HubDb,
  { batch, change }: EndedTargets,
  targets: readonly HandedTarget[],
): Promise<ChangedDecision[]> {
  const { providerId, ...written } = change;
  const { state, at } = written;
  const writing = state === 'cancelled' ? writeCancelled : write;
  const rows = await writing(tx, { ...handedTo(batch, targets), ...written, provider_id: providerId });
  const { app, batch: id, notification, hop, channel } = batch;
  const common = { app, batch: id, notification, hop, channel, state, at };
  return rows.map((row) => ({ ...common, ...row }));
}

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
