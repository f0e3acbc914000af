import { expect } from 'vitest';
import { rollUpAll } from '../../../src/hub/analytics/roll-up.ts';
import type { HubDb, HubStore } from '../../../src/hub/storage/storage.ts';

const STATES = /^(pending|deferred|sent|delivered|seen|read|expired)$|^(failed|suppressed|cancelled) /;

/** How many decisions are in which state, by all that figures are kept by. */
async function decided(tx: HubDb): Promise<Record<string, number>> {
  const rows = await tx
    .selectFrom('decisions')
    .innerJoin('notifications', (join) =>
      join.onRef('notifications.app', '=', 'decisions.app').onRef('notifications.id', '=', 'decisions.notification'),
    )
    .select((eb) => [
      ...(['decisions.app', 'notifications.type', 'channel', 'platform', 'state', 'reason'] as const),
      eb.fn.countAll<number>().as('count'),
    ])
    .groupBy(['decisions.app', 'notifications.type', 'channel', 'platform', 'state', 'reason'])
    .execute();
  const sums: Record<string, number> = {};
  for (const { app, type, channel, platform, state, reason, count } of rows) {
    const name = ['failed', 'suppressed', 'cancelled'].includes(state) ? `${state} ${reason ?? ''}` : state;
    const key = [app, type, channel, platform ?? '', name].join('|');
    sums[key] = (sums[key] ?? 0) + Number(count);
  }
  return sums;
}

/** The same as it was added up. */
async function addedUp(tx: HubDb): Promise<Record<string, number>> {
  const sums: Record<string, number> = {};
  for (const { app, type, channel, platform, doc } of await tx.selectFrom('roll_ups').selectAll().execute())
    for (const [counter, count] of Object.entries(JSON.parse(doc) as Record<string, number>)) {
      if (!STATES.test(counter)) continue;
      const name = counter === 'cancelled reached' ? 'cancelled superseded' : counter;
      const key = [app, type, channel, platform, name].join('|');
      sums[key] = (sums[key] ?? 0) + count;
    }
  return Object.fromEntries(Object.entries(sums).filter(([, count]) => count !== 0));
}

/** Figures are what the decisions are, but for those of people who were erased. */
export async function expectToAddUp(store: HubStore): Promise<void> {
  const [expected, found] = await store.write(async (tx) => {
    await rollUpAll(tx);
    const sums = await addedUp(tx);
    const erased = await tx.selectFrom('erased').select('app').limit(1).execute();
    const isErased = erased.length > 0 || Object.keys(sums).some((key) => key.endsWith('|cancelled erased'));
    return isErased ? [{}, {}] : [await decided(tx), sums];
  });
  expect(found).toEqual(expected);
}
