import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PAGE_DUE } from '../../../src/hub/sends/person-due.ts';
import { settleStatuses } from '../../../src/hub/sends/settle-status.ts';
import { bulkInsert } from '../../../src/hub/storage/bulk-insert.ts';
import type { HubStore, NewRow } from '../../../src/hub/storage/storage.ts';
import { clearDue, setDue } from '../../../src/hub/timers/due-rows.ts';
import { needs } from '../../support/needs.ts';
import { type HubPlace, hubEngines } from '../hub-engines.ts';

const APP = 'default';
const userOf = (index: number): string => `u${String(index).padStart(6, '0')}`;

const notification = (id: string): NewRow<'notifications'> => ({
  ...{
    app: APP,
    id,
    type: 't',
    doc: '',
    body_hash: '',
    status: 'pending',
    priority: 'medium',
    created_at: 1,
    place: 1,
  },
  ...{ send_at: null, expires_at: null, cancel_key: null, collapse_key: null, totals: '{}', done_at: null },
  ...{ about: null, ended: null, collapse_place: null },
});

const decision = (of: string, index: number): NewRow<'decisions'> => ({
  ...{ app: APP, notification: of, user: userOf(index), hop: 1, device: '', channel: 'email', state: 'sent' },
  ...{ reason: null, detail: null, at: 1, until: null, attempts: 1, provider_id: null, category: null },
  ...{ due_row: null, batch: null, platform: null },
});

describe.each(hubEngines)('when a notification is done, in $name', ({ needs: lacks, start }) => {
  describe.each([3, 12_001])('which has %i decisions', needs(...lacks), (count) => {
    const id = `n${count}`;
    const timer = { app: APP, kind: PAGE_DUE, ref: id };
    let place: HubPlace;
    let store: HubStore;
    beforeAll(async () => {
      place = await start();
      store = await place.open();
      await store.write(async (tx) => {
        await tx.insertInto('notifications').values(notification(id)).execute();
        const rows = Array.from({ length: count }, (_, index) => decision(id, index));
        for (let at = 0; at < count; at += 500)
          await bulkInsert(tx, store.engine, 'decisions', rows.slice(at, at + 500));
      });
    });
    afterAll(async () => {
      await store.close();
      await place.end();
    });
    const set = (index: number, state: string) =>
      store.write((tx) =>
        tx
          .updateTable('decisions')
          .set({ state })
          .where('notification', '=', id)
          .where('user', '=', userOf(index))
          .execute(),
      );
    const settled = async () => {
      await store.write((tx) => settleStatuses(tx, APP, [id, 'another'], 7));
      const row = await store.db.selectFrom('notifications').select(['status', 'done_at']).executeTakeFirst();
      return [row?.status, row?.done_at];
    };

    test('not while anything of it is open, be it the last, or a page is to come; then once', async () => {
      for (const index of [0, count >> 1, count - 1]) {
        await set(index, index === 0 ? 'deferred' : 'pending');
        expect(await settled()).toEqual(['pending', null]);
        await set(index, 'sent');
      }
      await store.write((tx) => setDue(tx, [{ ...timer, at: 1 }]));
      expect(await settled()).toEqual(['pending', null]);
      await store.write((tx) => clearDue(tx, [timer]));
      expect(await settled()).toEqual(['done', 7]);
    });

    test('it has expired where nothing else has become of it, of anyone', async () => {
      const again = async (state: string) => {
        await store.write(async (tx) => {
          await tx.updateTable('decisions').set({ state: 'expired' }).where('notification', '=', id).execute();
          await tx.updateTable('notifications').set({ status: 'pending', done_at: null }).execute();
        });
        await set(count - 1, state);
        return settled();
      };
      expect(await again('expired')).toEqual(['expired', 7]);
      expect(await again('suppressed')).toEqual(['done', 7]);
    });
  });
});
