/** What a digest has taken ends as the digest does: by the same way, and to the same device, as far as there is one. */
import type { DecidedFact } from '../../../observe/metrics/hub-counts.ts';
import type { HubDb } from '../../storage/storage.ts';
import { goOn } from '../go-on.ts';
import { type DecisionRow, OPEN_STATES } from '../rows/decision-rows.ts';
import { settleStatuses } from '../settle-status.ts';
import { digestMark } from './digest-id.ts';

/** The state that tells most of a digest that went several ways. */
const BEST = ['read', 'seen', 'delivered', 'sent', 'failed'];
const isOpen = ({ state }: DecisionRow): boolean => (OPEN_STATES as readonly string[]).includes(state);
const rank = ({ state }: DecisionRow): number => (BEST.includes(state) ? BEST.indexOf(state) : BEST.length);

interface Ending {
  readonly as: DecisionRow;
  readonly channel?: string;
  /** Absent: whatever is left of the channel. */
  readonly device?: string;
}

/** Which items end, and how, in this order: those of ways that are over. */
function endings(rows: readonly DecisionRow[]): Ending[] {
  const exact = rows
    .filter((row) => !isOpen(row))
    .map((row): Ending => ({ as: row, channel: row.channel, device: row.device }));
  const others = [...Map.groupBy(rows, ({ channel }) => channel)].flatMap(([channel, some]): Ending[] =>
    some.some(isOpen) ? [] : [{ as: best(some), channel }],
  );
  // A way that the digest did not go is over when all of it is.
  return [...exact, ...others, ...(rows.length === 0 || rows.some(isOpen) ? [] : [{ as: best(rows) }])];
}

const best = (rows: readonly DecisionRow[]): DecisionRow =>
  rows.reduce((one, other) => (rank(other) < rank(one) ? other : one));

export interface SettledItems {
  readonly changed: readonly DecidedFact[];
  /** People are due now. */
  readonly isDue: boolean;
}

/** After any change of a digest's decisions, in the same transaction. */
export async function settleItems(tx: HubDb, app: string, digest: string, now: number): Promise<SettledItems> {
  const rows = await tx
    .selectFrom('decisions')
    .selectAll()
    .where('app', '=', app)
    .where('notification', '=', digest)
    .execute();
  const changed: Ended[] = [];
  const users = new Set(rows.map(({ user }) => user));
  for (const ending of endings(rows)) changed.push(...(await end(tx, app, digest, ending, now)));
  const ended = new Set(changed.map(({ notification }) => notification));
  let isDue = false;
  const people = [...ended].flatMap((notification) => [...users].map((user) => ({ notification, user })));
  isDue = (await goOn(tx, app, people, now)) || isDue;
  await settleStatuses(tx, app, ended, now);
  return { changed, isDue };
}

type Ended = DecidedFact & { readonly notification: string };

function end(
  tx: HubDb,
  app: string,
  digest: string,
  { as: { user, state, reason }, channel, device }: Ending,
  now: number,
): Promise<Ended[]> {
  let query = tx
    .updateTable('decisions')
    .set({ state, reason, at: now, until: null, due_row: null })
    .where('app', '=', app)
    .where('user', '=', user)
    .where('state', '=', 'deferred')
    .where('due_row', '=', digestMark(digest));
  if (channel !== undefined) query = query.where('channel', '=', channel);
  if (device !== undefined) query = query.where('device', '=', device);
  return query.returning(['app', 'notification', 'channel', 'state', 'reason']).execute();
}
