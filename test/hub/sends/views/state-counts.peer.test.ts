import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { countByState } from '../../../../src/hub/sends/views/state-counts.ts';
import { bulkInsert } from '../../../../src/hub/storage/bulk-insert.ts';
import type { HubStore, NewRow } from '../../../../src/hub/storage/storage.ts';
import { needs } from '../../../support/needs.ts';
import { type HubPlace, hubEngines } from '../../hub-engines.ts';

const decision = (notification: string, index: number): NewRow<'decisions'> => ({
  ...{
    app: 'default',
    notification,
    user: `u${String(index >> 1).padStart(6, '0')}`,
    hop: (index & 1) + 1,
    device: '',
  },
  ...{ channel: 'email', state: index % 3 === 0 ? 'failed' : 'sent', reason: null, detail: null, at: 1, until: null },
  ...{ attempts: 1, provider_id: null, category: null, due_row: null, batch: null, platform: null },
});

describe.each(hubEngines)(
  'how many decisions of a notification are in each state, in $name',
  ({ needs: lacks, start }) => {
    describe('counted', needs(...lacks), () => {
      let place: HubPlace;
      let store: HubStore;
      beforeAll(async () => {
        place = await start();
        store = await place.open();
      });
      afterAll(async () => {
        await store.close();
        await place.end();
      });
      const make = (notification: string, count: number) =>
        store.write(async (tx) => {
          const rows = Array.from({ length: count }, (_, index) => decision(notification, index));
          for (let at = 0; at < count; at += 500)
            await bulkInsert(tx, store.engine, 'decisions', rows.slice(at, at + 500));
        });
      const change = (notification: string) =>
        store.write((tx) =>
          tx.updateTable('decisions').set({ state: 'read' }).where('notification', '=', notification).execute(),
        );

      test('of few the next one who asks sees what was changed meanwhile', async () => {
        await make('few', 9);
        expect(await countByState(store.db, 'default', 'few')).toEqual(
          new Map([
            ['failed', 3],
            ['sent', 6],
          ]),
        );
        await change('few');
        expect(await countByState(store.db, 'default', 'few')).toEqual(new Map([['read', 9]]));
        expect(await countByState(store.db, 'default', 'none')).toEqual(new Map());
      });

      test('of very many in pages, between which the event loop turns, and once for all who ask until that has paid', async () => {
        await make('many', 12_001);
        let clock = 0;
        const now = () => clock;
        const counting = countByState(store.db, 'default', 'many', now);
        let turns = 0;
        let isOver = false;
        const ticking = (async () => {
          for (; !isOver; turns++) await turn();
        })();
        await turn();
        clock = 10;
        const counts = await counting;
        isOver = true;
        await ticking;
        expect(turns).toBeGreaterThan(1);
        expect(Object.fromEntries(counts)).toEqual({ failed: 4001, sent: 8000 });
        await change('many');
        clock = 99;
        expect(await countByState(store.db, 'default', 'many', now)).toBe(counts);
        clock = 100;
        expect(Object.fromEntries(await countByState(store.db, 'default', 'many', now))).toEqual({ read: 12_001 });
      });
    });
  },
);
