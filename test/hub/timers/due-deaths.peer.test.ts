import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { HubStore } from '../../../src/hub/storage/storage.ts';
import { claimDue, countUnclaimed, finishDue, nextDueAt, setDue } from '../../../src/hub/timers/due-rows.ts';
import { DueRunner } from '../../../src/hub/timers/due-runner.ts';
import { needs } from '../../support/needs.ts';
import { type HubPlace, hubEngines } from '../hub-engines.ts';

const LEASE = 30_000;
const ring = (ref: string, at: number) => ({ app: 'default', kind: 'ring', ref, at });

describe.each(hubEngines)('timers in $name that processes die over', ({ needs: lacks, start }) => {
  describe('hold up no others', needs(...lacks), () => {
    let place: HubPlace;
    let store: HubStore;
    let now = 1000;
    let runs = 0;
    const said: string[] = [];

    beforeAll(async () => {
      place = await start();
    });
    const begin = async (...refs: string[]): Promise<void> => {
      now = 1000;
      said.length = 0;
      store = await place.open(() => now);
      await store.write((tx) =>
        setDue(
          tx,
          refs.map((ref, index) => ring(ref, index)),
        ),
      );
    };
    afterEach(() => store.close());
    afterAll(() => place?.end());

    /** A process that claims what is due, and dies; then its lease ends. */
    async function die(): Promise<string[]> {
      const taken: string[] = [];
      const { promise: never } = Promise.withResolvers<void>();
      const claiming = Promise.withResolvers<void>();
      const dying = new DueRunner({
        ...{ store, instance: `run ${++runs}`, now: () => now, tell: (_, text) => said.push(text) },
        works: {
          ring: async (rows) => {
            taken.push(...rows.map(({ ref }) => ref));
            claiming.resolve();
            await never;
          },
        },
      });
      const done = dying.runDue();
      await Promise.race([claiming.promise, done]);
      now += LEASE;
      return taken;
    }

    /** A process that does its work, a page at a time. */
    async function live(pages: string[]): Promise<void> {
      await new DueRunner({
        ...{ store, instance: `run ${++runs}`, now: () => now, tell: (_, text) => said.push(text) },
        works: {
          ring: async (rows) => {
            await store.write(async (tx) => {
              for (const row of rows) await finishDue(tx, row);
            });
            pages.push(rows.map(({ ref }) => ref).join(' '));
          },
        },
      }).runDue();
    }

    test('what was in hand at one death is claimed as before, and at two it comes last and alone', async () => {
      await begin('a', 'b');
      expect(await die()).toEqual(['a', 'b']);
      expect(await die()).toEqual(['a', 'b']);
      await store.write((tx) => setDue(tx, [ring('c', now), ring('d', now)]));
      const pages: string[] = [];
      await live(pages);
      expect(pages).toEqual(['c d', 'a', 'b']);
    });

    test('what six processes died over is set aside, is said once, and keeps no process awake', async () => {
      await begin('poison');
      for (let death = 0; death < 6; death++) expect(await die(), `death ${death}`).toEqual(['poison']);
      await store.write((tx) => setDue(tx, [ring('other', now)]));
      const pages: string[] = [];
      await live(pages);
      await live(pages);
      expect(pages).toEqual(['other']);
      expect(said).toEqual(["the hub's timer ring is set aside: 6 processes ended while they had it in hand"]);
      expect(await nextDueAt(store.db, ['ring'], now)).toBeUndefined();
      expect(await countUnclaimed(store.db, now, 0)).toEqual(new Map([['ring', 1]]));
      await store.write((tx) => setDue(tx, [ring('poison', now)]));
      await live(pages);
      expect(pages, 'it was set again').toEqual(['other', 'poison']);
    });

    test('a failure is no death, nor is a lease of the same process that ended', async () => {
      await begin('a');
      const claim = { kinds: ['ring'], leaseMs: LEASE, by: 'one', limit: 10 };
      for (let turn = 0; turn < 8; turn++) {
        const [row] = await store.write((tx) => claimDue(tx, store.engine, { ...claim, now }));
        expect(row).toMatchObject({ ref: 'a', deaths: 0 });
        now += LEASE;
      }
      const failing = new DueRunner({
        ...{ store, instance: 'one', now: () => now, tell: (_, text) => said.push(text) },
        works: { ring: () => Promise.reject(new Error('a mistake')) },
      });
      for (let turn = 0; turn < 8; turn++) {
        await failing.runDue();
        now += 600_000;
      }
      expect(said).toHaveLength(8);
      expect(said.join()).not.toContain('set aside');
    });
  });
});
