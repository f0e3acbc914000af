/**
 * How many decisions of a notification are in each state. Of one to very many that is a walk over all of them: it goes in pages between
 * which the event loop turns, those who ask meanwhile share it, and what it found is answered again for as
 * long as it takes for asking to cost no more than a tenth of the process.
 */

import { setImmediate as turn } from 'node:timers/promises';
import { background } from '../../../kit/background.ts';
import type { HubDb } from '../../storage/storage.ts';
import { askedOfPage, decisionPages } from '../rows/decision-pages.ts';

export type StateCounts = ReadonlyMap<string, number>;

/** A count is answered again for so many times as long as it took. */
const REST = 9;

const countsOf = askedOfPage((decisions) =>
  decisions.select((eb) => ['state', eb.fn.countAll<number>().as('count')]).groupBy('state'),
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
  for await (const page of decisionPages(db, { app, notification })) {
    for (const { state, count } of await countsOf(db, page))
      counts.set(state, (counts.get(state) ?? 0) + Number(count));
    if (page.end === undefined) continue;
    paged();
    await turn();
  }
  return counts;
}
