import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { HELD_DUE, heldDue } from '../../../../src/hub/sends/person-due.ts';
import { mayBeDone, settleStatuses } from '../../../../src/hub/sends/settle-status.ts';
import type { HubDb, HubStore, NewRow } from '../../../../src/hub/storage/storage.ts';
import { type ClaimedDue, claimDue, finishDue, setDue } from '../../../../src/hub/timers/due-rows.ts';
import { needs } from '../../../support/needs.ts';
import { type HubPlace, hubEngines } from '../../hub-engines.ts';

const APP = 'default';
/** As a caller may name it: what JSON escapes is within. */
const ID = 'n "1\\';

const notification: NewRow<'notifications'> = {
  ...{ app: APP, id: ID, type: 't', doc: '', body_hash: '', status: 'pending', priority: 'medium', created_at: 1 },
  ...{ place: 1, send_at: null, expires_at: null, cancel_key: null, collapse_key: null, totals: '{}', done_at: null },
  ...{ about: null, ended: null, collapse_place: null },
};

const decision = (user: string): NewRow<'decisions'> => ({
  ...{ app: APP, notification: ID, user, hop: 1, device: '', channel: 'email', state: 'pending' },
  ...{ reason: null, detail: null, at: 1, until: null, attempts: 1, provider_id: null, category: null },
  ...{ due_row: null, batch: null, platform: null },
});

// On an SQLite file nothing comes between.
describe.each(hubEngines.filter(({ name }) => name === 'PostgreSQL'))('pages of held people, on $name', (engine) => {
  describe('and outcomes at the same moment', needs(...engine.needs), () => {
    let place: HubPlace;
    let store: HubStore;
    let other: HubStore;
    let pages: ClaimedDue[];

    beforeAll(async () => {
      place = await engine.start();
    });
    beforeEach(async () => {
      store = await place.open();
      other = (await place.again?.()) as HubStore;
      await store.write(async (tx) => {
        await tx.insertInto('notifications').values(notification).execute();
        await tx.insertInto('decisions').values(['a', 'b', 'c', 'd'].map(decision)).execute();
        await setDue(tx, [
          { ...heldDue(APP, ID, '1', ['b', 'b']), at: 1 },
          { ...heldDue(APP, ID, '2', ['c', 'c']), at: 2 },
        ]);
      });
      const claim = { kinds: [HELD_DUE], now: 2, leaseMs: 60_000, by: 'here', limit: 9 };
      pages = await store.write((tx) => claimDue(tx, 'postgres', claim));
      expect(pages).toHaveLength(2);
    });
    afterEach(async () => {
      await store.close();
      await other.close();
    });
    afterAll(() => place?.end());

    const statusOf = async () =>
      (await store.db.selectFrom('notifications').select('status').where('id', '=', ID).executeTakeFirst())?.status;
    const sent = (tx: HubDb, ...users: string[]) =>
      tx.updateTable('decisions').set({ state: 'sent' }).where('user', 'in', users).execute();
    /** What follows outcomes of people. */
    async function outcome(tx: HubDb, ...users: string[]): Promise<void> {
      await sent(tx, ...users);
      const people = users.map(() => ({ notification: ID }));
      await settleStatuses(tx, APP, await mayBeDone(tx, APP, people), 3);
    }
    /** A page is done, and its people have been sent to. */
    const page = (index: number, user: string, written?: () => Promise<unknown>) =>
      store.write(async (tx) => {
        await finishDue(tx, pages[index] as ClaimedDue);
        await sent(tx, user);
        await written?.();
      }, 'snapshot');
    /** Someone waits for a row or a transaction of someone else. */
    const waits = () =>
      expect
        .poll(async () => (await sql`SELECT 1 FROM pg_locks WHERE NOT granted`.execute(store.db)).rows.length)
        .toBe(1);

    test.each([[['a']], [['a', 'd']]])(
      'an outcome that leaves it open for pages ends before the last of them: %j',
      async (users) => {
        const ends: string[] = [];
        let last: Promise<unknown> | undefined;
        await other.write(async (tx) => {
          await outcome(tx, ...users);
          // The first page is in no one's way; the last one waits.
          await page(0, 'b');
          last = page(1, 'c').then(() => ends.push('page'));
          await waits();
          ends.push('outcome');
        });
        await last;
        expect(ends).toEqual(['outcome', 'page']);
      },
    );

    test.each([[['a']], [['a', 'd']]])(
      'an outcome that finds all pages under way waits, and sees what they have done: %j',
      async (users) => {
        await store.write((tx) => sent(tx, ...['a', 'd'].filter((user) => !users.includes(user))));
        await page(0, 'b');
        const begun = Promise.withResolvers<void>();
        const over = Promise.withResolvers<void>();
        const last = page(1, 'c', () => {
          begun.resolve();
          return over.promise;
        });
        await begun.promise;
        let tries = 0;
        const ended = other.write((tx) => {
          tries++;
          return outcome(tx, ...users);
        });
        await waits();
        over.resolve();
        await Promise.all([last, ended]);
        expect(tries).toBeGreaterThan(1);
        expect(await statusOf()).toBe('done');
      },
    );
  });
});
