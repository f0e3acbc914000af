/**
 * What a digest has taken ends as the digest does: by the same way, and to the same device, as far as there is one. What no way of the
 * digest has brought to the person is in the next one, unless the item itself has another way that is still to come.
 */
import type { DecidedFact } from '../../../observe/metrics/hub-counts.ts';
import { RollNotes } from '../../analytics/roll-notes.ts';
import type { HubDb } from '../../storage/storage.ts';
import { goOn } from '../go-on.ts';
import { type DecisionRow, isOpen, SUPERSEDED } from '../rows/decision-rows.ts';
import { settleStatuses } from '../settle-status.ts';
import { digestMark } from './digest-id.ts';
import { isUndelivered, type NextDigest } from './next-digest.ts';

/** The state that tells most of a digest that went several ways. */
const BEST = ['read', 'seen', 'delivered', 'sent', 'failed'];
const isReached = ({ state }: DecisionRow): boolean => state !== 'failed' && BEST.includes(state);
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
    .filter(({ state }) => !isOpen(state))
    .map((row): Ending => ({ as: row, channel: row.channel, device: row.device }));
  const others = [...Map.groupBy(rows, ({ channel }) => channel)].flatMap(([channel, some]): Ending[] =>
    some.some(({ state }) => isOpen(state)) ? [] : [{ as: best(some), channel }],
  );
  // A way that the digest did not go is over when all of it is.
  return [
    ...exact,
    ...others,
    ...(rows.length === 0 || rows.some(({ state }) => isOpen(state)) ? [] : [{ as: best(rows) }]),
  ];
}

const best = (rows: readonly DecisionRow[]): DecisionRow =>
  rows.reduce((one, other) => (rank(other) < rank(one) ? other : one));

export interface SettledItems {
  readonly changed: readonly DecidedFact[];
  /** People are due now. */
  readonly isDue: boolean;
}

/** Nothing of it has come to the person or is to come, for no wish of theirs or the sender's. */
const isLost = (rows: readonly DecisionRow[]): boolean =>
  rows.some(isUndelivered) &&
  !rows.some((row) => isOpen(row.state) || isReached(row) || (row.state === 'cancelled' && !isUndelivered(row)));

/**
 * After any change of a digest's decisions, in the same transaction.
 * @param next absent: the digest was cancelled, and there is no next one
 */
export async function settleItems(
  tx: HubDb,
  app: string,
  digest: string,
  now: number,
  next?: NextDigest,
): Promise<SettledItems> {
  const all = await tx
    .selectFrom('decisions')
    .selectAll()
    .where('app', '=', app)
    .where('notification', '=', digest)
    .execute();
  // By these another digest has taken over what it was to tell.
  const rows = all.filter(({ state, reason }) => state !== 'cancelled' || reason !== SUPERSEDED);
  const lost = isLost(rows);
  // Another way of the digest may yet bring it.
  const holds = next !== undefined && (lost || rows.some(({ state }) => isOpen(state)));
  const changed: Ended[] = [];
  const users = new Set(rows.map(({ user }) => user));
  const notes = new RollNotes();
  for (const ending of endings(rows)) {
    const onlyBeforeOthers = holds && isUndelivered(ending.as);
    for (const { platform, ...ended } of await end(tx, { app, digest, now, ending, onlyBeforeOthers })) {
      notes.moved({ ...ended, platform }, { state: 'deferred' }, ended, { isInDigest: true });
      changed.push(ended);
    }
  }
  await notes.write(tx);
  const ended = new Set(changed.map(({ notification }) => notification));
  const people = [...ended].flatMap((notification) => [...users].map((user) => ({ notification, user })));
  const isDue = await goOn(tx, app, people, now);
  await settleStatuses(tx, app, ended, now);
  const over = lost && next ? await takeOn(tx, next, app, digest, rows) : [];
  return { changed: [...changed, ...over], isDue };
}

/** What is left of a digest that came to nothing. */
async function takeOn(
  tx: HubDb,
  next: NextDigest,
  app: string,
  digest: string,
  ways: readonly DecisionRow[],
): Promise<readonly DecidedFact[]> {
  const [{ user }] = ways as [DecisionRow];
  const rows = await tx
    .selectFrom('decisions')
    .selectAll()
    .where('app', '=', app)
    .where('user', '=', user)
    .where('state', '=', 'deferred')
    .where('due_row', '=', digestMark(digest))
    .execute();
  const as = ({ channel, device }: DecisionRow): DecisionRow => {
    const same = ways.filter((way) => way.channel === channel);
    return same.find((way) => way.device === device) ?? best(same.length > 0 ? same : ways);
  };
  return next.take(tx, { app, user, rows, as });
}

type Ended = DecidedFact & { readonly notification: string };

interface EndingItems {
  readonly app: string;
  readonly digest: string;
  readonly now: number;
  readonly ending: Ending;
  /** Only items that have a hop behind, which begins by it. */
  readonly onlyBeforeOthers: boolean;
}

function end(
  tx: HubDb,
  { app, digest, now, ending, onlyBeforeOthers }: EndingItems,
): Promise<(Ended & { readonly platform: string | null })[]> {
  const {
    as: { user, state, reason },
    channel,
    device,
  } = ending;
  let query = tx
    .updateTable('decisions')
    .set({ state, reason, at: now, until: null, due_row: null })
    .where('app', '=', app)
    .where('user', '=', user)
    .where('state', '=', 'deferred')
    .where('due_row', '=', digestMark(digest));
  if (channel !== undefined) query = query.where('channel', '=', channel);
  if (device !== undefined) query = query.where('device', '=', device);
  if (onlyBeforeOthers)
    query = query.where('notification', 'in', (eb) =>
      eb
        .selectFrom('decisions as later')
        .select('later.notification')
        .where('later.app', '=', app)
        .where('later.user', '=', user)
        .where('later.state', '=', 'pending')
        .where('later.due_row', 'is not', null),
    );
  return query.returning(['app', 'notification', 'channel', 'platform', 'state', 'reason']).execute();
}
