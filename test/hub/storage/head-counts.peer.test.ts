import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { countHeads } from '../../../src/hub/storage/head-counts.ts';
import { needs } from '../../support/needs.ts';
import { change, directory, phone, START } from '../directory.ts';
import { type HubPlace, hubEngines } from '../hub-engines.ts';

describe.each(hubEngines)('people and devices in $name', ({ needs: lacks, start }) => {
  describe('are counted', needs(...lacks), () => {
    let place: HubPlace;
    beforeAll(async () => {
      place = await start();
    });
    afterAll(() => place?.end());

    test('by app, and devices by status', async () => {
      const hub = directory(await place.open(() => START));
      const shop = { ...change, app: 'shop' };
      await hub.devices.put(change, 'd1', phone(1, { user: 'ada' }));
      await hub.devices.put(change, 'd2', phone(2, { user: 'ada' }));
      const { device } = await hub.devices.put(change, 'd3', phone(3));
      const verdict = {
        app: 'default',
        tokenRev: device.token_rev,
        verdict: 'dead',
        reason: 'Unregistered',
        at: hub.clock.ms,
      } as const;
      await hub.devices.applyVerdicts([{ ...verdict, device: 'd3' }]);
      await hub.devices.put(shop, 'd1', phone(1, { user: 'ada' }));
      await hub.people.put({ ...shop, id: 'bob' }, {});
      expect(await countHeads(hub.store)).toEqual([
        { app: 'default', count: 1 },
        { app: 'shop', count: 2 },
        { app: 'default', status: 'active', count: 2 },
        { app: 'default', status: 'invalid', count: 1 },
        { app: 'shop', status: 'active', count: 1 },
      ]);
      await hub.store.close();
    });
  });
});
