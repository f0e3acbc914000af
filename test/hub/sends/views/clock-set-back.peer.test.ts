import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { listNotifications } from '../../../../src/hub/sends/rows/notification-rows.ts';
import type { HubStore } from '../../../../src/hub/storage/storage.ts';
import { needs } from '../../../support/needs.ts';
import { Clock, change, phone } from '../../directory.ts';
import { type HubPlace, hubEngines } from '../../hub-engines.ts';
import { hubOfIncidents } from '../../incidents/hub-of-incidents.ts';

const HOUR = 3_600_000;
const ADA = { app: 'default', user: 'ada' };
const SEND = { to: { users: ['ada'] }, mode: 'push_only' };

describe.each(hubEngines.filter(({ name }) => name !== 'SQLite in memory'))('lists in $name', (engine) => {
  describe('have what is new first, also where the clock was set back:', needs(...engine.needs), () => {
    let place: HubPlace;
    let clock: Clock;
    let store: HubStore;
    let hub: ReturnType<typeof hubOfIncidents>;

    beforeAll(async () => {
      place = await engine.start();
    });
    beforeEach(async () => {
      clock = new Clock();
      clock.pass(12 * HOUR);
      store = await place.open(clock.now);
      hub = hubOfIncidents(store, clock);
      await hub.devices.put(change, 'd', phone(1, { user: 'ada' }));
    });
    afterEach(async () => {
      await hub.sends.close();
      await store.close();
    });
    afterAll(() => place?.end());

    /** The process ends, and another one begins with the clock of hours before. */
    const restart = async (): Promise<void> => {
      await hub.sends.close();
      await store.close();
      clock.pass(-6 * HOUR);
      store = await (place.again as NonNullable<HubPlace['again']>)(clock.now);
      hub = hubOfIncidents(store, clock);
    };

    test.each([
      ['in between', async () => clock.pass(-6 * HOUR)],
      ['over a restart', restart],
    ])('notifications and inboxes, %s', async (_, setBack) => {
      for (const id of ['a', 'b']) await hub.send({ ...SEND, id });
      const before = await hub.inbox.counts(ADA);
      await setBack();
      for (const id of ['c', 'd']) await hub.send({ ...SEND, id });
      const listed: string[] = [];
      let last: { place: number; id: string } | undefined;
      do {
        const [row] = await listNotifications(store.db, { app: 'default', before: last, limit: 1 });
        last = row;
        if (row) listed.push(row.id);
      } while (last);
      expect(listed).toEqual(['d', 'c', 'b', 'a']);
      const { rows, counts } = await hub.inbox.page(ADA, 10, undefined);
      expect(rows.map(({ item }) => item.id)).toEqual(['d', 'c', 'b', 'a']);
      expect(counts.offset).toBeGreaterThan(before.offset);
    });

    test('incidents', async () => {
      await hub.put('a', { title: 'a' });
      clock.pass(-6 * HOUR);
      await hub.put('b', { title: 'b' });
      // What is said of it later leaves it where it is.
      await hub.put('a', { title: 'another', at: '2026-12-01T00:00:00Z' });
      const [first] = (await hub.incidents.list({ app: 'default', limit: 1 })).found;
      expect(first?.id).toBe('b');
      const { found: behind } = await hub.incidents.list({ app: 'default', limit: 5, before: first });
      expect(behind.map(({ id }) => id)).toEqual(['a']);
    });
  });
});
