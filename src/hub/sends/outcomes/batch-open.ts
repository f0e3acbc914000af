/** What of a batch is still to end. */
import type { Expression, ExpressionBuilder, SqlBool } from 'kysely';
import type { HubDb } from '../../storage/storage.ts';
import type { HubTables } from '../../storage/tables.ts';
import { handedFor, handedTo } from '../rows/decision-rows.ts';
import type { Handover } from '../rows/handover-rows.ts';

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
