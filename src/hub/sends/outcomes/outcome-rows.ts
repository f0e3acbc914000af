/** Writes what became of pushes to their decisions. */
import type { Expression, ExpressionBuilder, SqlBool } from 'kysely';
import type { RollNotes } from '../../analytics/roll-notes.ts';
import { among, prepared } from '../../storage/prepared.ts';
import type { HubDb } from '../../storage/storage.ts';
import type { HubTables } from '../../storage/tables.ts';
import { type CarriedBy, handedFor, handedTo, unlessSuperseded } from '../rows/decision-rows.ts';
import type { HandedTarget, Handover } from '../rows/handover-rows.ts';
import type { OutcomeChange } from './outcome-change.ts';

/** A target that ended. */
export interface EndedOne {
  readonly batch: CarriedBy & Pick<Handover, 'dueAt'>;
  readonly target: HandedTarget;
  readonly change: OutcomeChange;
}

/** A decision that a batch carries. */
type Carried = Readonly<Record<'notification' | 'user' | 'device' | 'batch', string>>;

/** Decisions that ended alike. */
interface Alike extends Pick<CarriedBy, 'app' | 'hop' | 'channel'> {
  readonly change: OutcomeChange;
  readonly decisions: Carried[];
  /** When each batch was due, UNIX milliseconds. */
  readonly dues: Map<string, number>;
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

/** Puts what ended alike together, of whatever notifications, so that many are one statement. */
export function alike(ended: readonly EndedOne[]): Alike[] {
  const groups = new Map<string, Alike>();
  let last: Alike | undefined;
  for (const { batch: of, target, change } of ended) {
    const { app, hop, channel, notification, batch, dueAt } = of;
    const isAlike = last && last.app === app && last.hop === hop && last.channel === channel;
    if (!last || !isAlike || !isSameChange(last.change, change)) {
      const key = JSON.stringify([app, hop, channel, change]);
      last = groups.get(key) ?? { app, hop, channel, change, decisions: [], dues: new Map() };
      groups.set(key, last);
    }
    last.dues.set(batch, dueAt);
    for (const user of target.users) last.decisions.push({ notification, user, device: target.device, batch });
  }
  return [...groups.values()];
}

/** Most pushes of a batch end alike, one behind the other. */
const isSameChange = (a: OutcomeChange, b: OutcomeChange): boolean =>
  a.state === b.state &&
  a.at === b.at &&
  a.attempts === b.attempts &&
  a.reason === b.reason &&
  a.category === b.category &&
  a.until === b.until &&
  a.providerId === b.providerId &&
  a.from === b.from;

interface WrittenChange extends Omit<Alike, 'change' | 'dues'>, Omit<OutcomeChange, 'from' | 'providerId'> {
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

/** Failures that a late verdict takes back: with what they had said. */
const failedBefore = prepared((db, of: Omit<WrittenChange, keyof OutcomeChange | 'provider_id'>) =>
  db
    .selectFrom('decisions')
    .select([...KEY, 'reason', 'category'])
    .where(carried({ ...of, from: ['failed'] })),
);

/**
 * From each state by itself, the last one first, so that it is known what a decision was before and none is changed twice.
 * @returns the decisions that were changed: an outcome that comes twice changes none the second time
 */
export async function writeEnded(
  tx: HubDb,
  { change, dues, ...of }: Alike,
  notes: RollNotes,
): Promise<ChangedDecision[]> {
  const { providerId, ...written } = change;
  const { state, at } = written;
  const writing = state === 'cancelled' ? writeCancelled : write;
  const { app, hop, channel } = of;
  const changed: ChangedDecision[] = [];
  for (const from of written.from.toReversed()) {
    const before = from === 'failed' ? await failures(tx, of) : undefined;
    const rows = await writing(tx, { ...of, ...written, from: [from], provider_id: providerId });
    for (const { platform, ...row } of rows) {
      const { notification, user, device, reason } = row;
      const batch = row.batch as string;
      const ms = from === 'pending' && ANSWERED.has(state) ? at - (dues.get(batch) ?? at) : undefined;
      notes.moved(
        { app, notification, channel, platform },
        { state: from, ...before?.get(keyOf(row)) },
        { state, reason },
        { ms },
      );
      changed.push({ app, notification, hop, channel, user, device, state, reason, at, batch, ms });
    }
  }
  return changed;
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
