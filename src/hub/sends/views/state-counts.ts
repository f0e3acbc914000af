/**
 * How many decisions of a notification are in each state. Of one to very many that is a walk over all of them: it goes in pages between
 * which the event loop turns, those who ask meanwhile share it, and what it found is answered again for as
 * long as it takes for asking to cost no more than a tenth of the process.
 */

import { setImmediate as turn } from 'node:timers/promises';
import { background } from '../../../kit/background.ts';
import { prepared } from '../../storage/prepared.ts';
import type { HubDb } from '../../storage/storage.ts';
import { pageEnd } from '../rows/decision-rows.ts';

export type StateCounts = ReadonlyMap<string, number>;

/** A count is answered again for so many times as long as it took. */
const REST = 9;

interface From {
  readonly app: string;
  readonly notification: string;
  readonly after: string;
}

const upTo = prepared((db, { app, notification, after, end }: From & { readonly end: string }) =>
  db
    .selectFrom('decisions')
    .select((eb) => ['state', eb.fn.countAll<number>().as('count')])
    .where('app', '=', app)
    .where('notification', '=', notification)
    .where('user', '>', after)
    .where('user', '<=', end)
    .groupBy('state'),
);

const beyond = prepared((db, { app, notification, after }: From) =>
  db
    .selectFrom('decisions')
    .select((eb) => ['state', eb.fn.countAll<number>().as('count')])
    .where('app', '=', app)
    .where('notification', '=', notification)
    .where('user', '>', after)
    .groupBy('state'),
);

interface Counting {
  counts: Promise<StateCounts>;
  /** Until when it is answered again; undefined: it is under way. */
  until: number | undefined;
}

/** Of each store: those under way, and those that took more than a page. */
const known = new WeakMap<HubDb, Map<string, Counting>>();
const MOST_KNOWN = 100;

/** @param now milliseconds of a clock that does not jump */
export function countByState(
  db: HubDb,
  app: string,
  notification: string,
  now = (): number => performance.now(),
): Promise<StateCounts> {
  const all = known.get(db) ?? new Map<string, Counting>();
  known.set(db, all);
  const key = `${app}\n${notification}`;
  const before = all.get(key);
  if (before && (before.until === undefined || now() < before.until)) return before.counts;
  const begun = now();
  const counting: Counting = { counts: Promise.resolve(new Map()), until: undefined };
  // Of few the next one who asks may have changed something meanwhile.
  const paged = (): void => {
    if (all.size >= MOST_KNOWN) all.clear();
    all.set(key, counting);
  };
  counting.counts = count(db, app, notification, paged);
  background(
    counting.counts.then(() => {
      counting.until = now() + REST * (now() - begun);
    }),
    () => all.delete(key),
  );
  return counting.counts;
}

/** @param paged is called after each page but the last */
async function count(db: HubDb, app: string, notification: string, paged: () => void): Promise<StateCounts> {
  const counts = new Map<string, number>();
  const add = (rows: readonly { readonly state: string; readonly count: number }[]): void => {
    for (const row of rows) counts.set(row.state, (counts.get(row.state) ?? 0) + Number(row.count));
  };
  for (let after = ''; ; ) {
    const [end] = await pageEnd(db, { app, notification, after });
    if (!end) {
      add(await beyond(db, { app, notification, after }));
      return counts;
    }
    add(await upTo(db, { app, notification, after, end: end.user }));
    after = end.user;
    paged();
    await turn();
  }
}
