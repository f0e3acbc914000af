import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { HubStore } from '../../../src/hub/storage/storage.ts';
import {
  type ClaimedDue,
  claimDue,
  clearDue,
  countDue,
  countUnclaimed,
  finishAllDue,
  finishDue,
  nextDueAt,
  setDue,
} from '../../../src/hub/timers/due-rows.ts';
import { DueRunner, type DueRunnerOptions } from '../../../src/hub/timers/due-runner.ts';
import { needs } from '../../support/needs.ts';
import { type HubPlace, hubEngines } from '../hub-engines.ts';

const at = (ref: string, time: number, data?: string) => ({
  app: 'default',
  kind: 'ring',
  ref,
  at: time,
  ...(data === undefined ? {} : { data }),
});

describe.each(hubEngines)('timers in $name', ({ needs: lacks, start }) => {
  describe('are rows', needs(...lacks), () => {
    let place: HubPlace;
    const stores: HubStore[] = [];
    let now = 1000;

    beforeAll(async () => {
      place = await start();
    });
    afterEach(async () => {
      for (const store of stores.splice(0)) await store.close();
      now = 1000;
    });
    afterAll(() => place?.end());

    const open = async (): Promise<HubStore> => {
      const store = await place.open();
      stores.push(store);
      await store.write((tx) => tx.deleteFrom('due').execute());
      return store;
    };

    const runner = (store: HubStore, ring: DueRunnerOptions['works'][string], more: Partial<DueRunnerOptions> = {}) =>
      new DueRunner({ store, instance: 'a', works: { ring }, tell: () => {}, now: () => now, ...more });

    /** Notes what rang, in the transaction that ends the row. */
    const ringing =
      (store: HubStore, rang: string[]) =>
      async (rows: readonly ClaimedDue[]): Promise<void> => {
        await store.write(async (tx) => {
          for (const row of rows) await finishDue(tx, row);
        });
        rang.push(...rows.map(({ ref }) => ref));
      };

    test('what is due rings once, the oldest first, and the rest waits', async () => {
      const store = await open();
      const rang: string[] = [];
      await store.write((tx) => setDue(tx, [at('late', 3000), at('b', 900), at('a', 800)]));
      const one = runner(store, ringing(store, rang));
      await one.runDue();
      await one.runDue();
      expect(rang).toEqual(['a', 'b']);
      expect(await countDue(store.db, 4000, 500)).toEqual({ waiting: 1, overdue: 1 });
      now = 3000;
      await one.runDue();
      expect(rang).toEqual(['a', 'b', 'late']);
    });

    test('while nothing is due nothing is written', async () => {
      const store = await open();
      await store.write((tx) => setDue(tx, [at('late', 9000)]));
      let reads = 0;
      let writes = 0;
      const watched: HubStore = {
        ...{ engine: store.engine, ready: store.ready, seal: store.seal },
        get db() {
          reads++;
          return store.db;
        },
        write(work) {
          writes++;
          return store.write(work);
        },
        scrub: () => store.scrub(),
        health: () => store.health(),
        close: async () => {},
      };
      const one = runner(watched, ringing(store, []));
      one.start();
      await expect.poll(() => reads).toBeGreaterThan(2);
      await one.close();
      expect(writes).toBe(0);
    });

    test('one that is set again is moved, with what it carries', async () => {
      const store = await open();
      const seen: string[] = [];
      await store.write((tx) => setDue(tx, [at('a', 800, 'first')]));
      await store.write((tx) => setDue(tx, [at('a', 5000, 'second')]));
      const one = runner(store, async (rows) => {
        await store.write(async (tx) => {
          for (const row of rows) await finishDue(tx, row);
        });
        seen.push(...rows.map(({ data }) => data));
      });
      await one.runDue();
      expect(seen).toEqual([]);
      now = 5000;
      await one.runDue();
      expect(seen).toEqual(['second']);
    });

    test('one that is cleared or moved while its work is under way leaves nothing of that work', async () => {
      const store = await open();
      for (const change of [
        (tx: Parameters<typeof clearDue>[0]) => clearDue(tx, [at('a', 0)]),
        (tx: Parameters<typeof clearDue>[0]) => setDue(tx, [at('a', 9000)]),
      ]) {
        await store.write((tx) => setDue(tx, [at('a', 800)]));
        const one = runner(store, async (rows) => {
          await store.write(change);
          await store.write(async (tx) => {
            await tx.insertInto('meta').values({ key: 'rang', value: '1' }).execute();
            for (const row of rows) await finishDue(tx, row);
          });
        });
        await one.runDue();
        expect(await store.db.selectFrom('meta').select('key').where('key', '=', 'rang').execute()).toEqual([]);
      }
    });

    test('of rows that end together, one that was moved meanwhile undoes the work of all', async () => {
      const store = await open();
      await store.write((tx) => setDue(tx, [at('a', 800), at('b', 800), at('c', 800)]));
      const claim = { kinds: ['ring'], now, leaseMs: 30_000, by: 'a', limit: 10 };
      const rows = await store.write((tx) => claimDue(tx, store.engine, claim));
      await store.write((tx) => setDue(tx, [at('b', 9000)]));
      await expect(store.write((tx) => finishAllDue(tx, rows))).rejects.toMatchObject({ code: 'ERR_FENCED' });
      expect(await countDue(store.db, now, 0)).toMatchObject({ waiting: 3 });
      const ours = rows.filter(({ ref }) => ref !== 'b');
      await store.write((tx) => finishAllDue(tx, ours));
      expect(await countDue(store.db, now, 0)).toMatchObject({ waiting: 1 });
      await expect(store.write((tx) => finishAllDue(tx, ours))).rejects.toMatchObject({ code: 'ERR_FENCED' });
    });

    test('two instances ring each of a thousand rows once', async () => {
      const first = await open();
      const second = (await place.again?.()) ?? first;
      if (second !== first) stores.push(second);
      const rows = Array.from({ length: 1000 }, (_, i) => at(`r${i}`, 1 + (i % 900)));
      await first.write((tx) => setDue(tx, rows));
      const rang: string[] = [];
      const runners = [first, second].map((store, i) =>
        runner(store, ringing(store, rang), { instance: `i${i}`, page: 50 }),
      );
      await Promise.all(runners.map((each) => each.runDue()));
      expect(rang.toSorted()).toEqual(rows.map(({ ref }) => ref).toSorted());
    });

    test('what a dead instance had claimed rings after its lease, and what comes back of that instance changes nothing', async () => {
      const store = await open();
      await store.write((tx) => setDue(tx, [at('a', 800)]));
      let stuck: ClaimedDue | undefined;
      const dead = runner(store, async ([row]) => {
        stuck = row;
      });
      await dead.runDue();
      const rang: string[] = [];
      const other = runner(store, ringing(store, rang), { instance: 'b' });
      await other.runDue();
      expect(rang).toEqual([]);
      now += 30_000;
      await other.runDue();
      expect(rang).toEqual(['a']);
      await expect(store.write((tx) => finishDue(tx, stuck as ClaimedDue))).rejects.toMatchObject({
        code: 'ERR_FENCED',
      });
    });

    test('those that are due and that no one holds are counted, by kind', async () => {
      const store = await open();
      await store.write((tx) =>
        setDue(tx, [at('a', 800), at('b', 900), { ...at('c', 900), kind: 'bell' }, at('d', 9000)]),
      );
      const counted = async (time: number) => Object.fromEntries(await countUnclaimed(store.db, time, 100));
      expect(await counted(950)).toEqual({ ring: 1 });
      expect(await counted(2000)).toEqual({ ring: 2, bell: 1 });
      await store.write((tx) =>
        claimDue(tx, store.engine, { kinds: ['ring'], now: 2000, leaseMs: 500, by: 'x', limit: 1 }),
      );
      expect(await counted(2000)).toEqual({ ring: 1, bell: 1 });
      expect(await counted(2500)).toEqual({ ring: 2, bell: 1 });
    });

    test('the next time is that of the oldest that is free, else the end of the first lease, else what is still to come', async () => {
      const store = await open();
      const next = (time: number, kinds = ['ring']) => nextDueAt(store.db, kinds, time);
      expect(await next(2000)).toBeUndefined();
      await store.write((tx) => setDue(tx, [at('late', 9000), at('b', 900), at('a', 800), at('c', 1000)]));
      expect(await next(500)).toBe(800);
      expect(await next(2000)).toBe(800);
      expect(await next(2000, ['bell'])).toBeUndefined();
      const claim = (leaseMs: number, limit: number) =>
        store.write((tx) => claimDue(tx, store.engine, { kinds: ['ring'], now: 2000, leaseMs, by: 'x', limit }));
      await claim(500, 1);
      expect(await next(2000)).toBe(900);
      await claim(300, 2);
      expect(await next(2000)).toBe(2300);
      expect(await next(2400)).toBe(900);
    });

    test('a row whose work fails is put off and holds up no other', async () => {
      const store = await open();
      const told: string[] = [];
      const rang: string[] = [];
      await store.write((tx) => setDue(tx, [at('bad', 800), at('good', 900)]));
      const ring = ringing(store, rang);
      const one = runner(
        store,
        async (rows) => {
          if (rows.some(({ ref }) => ref === 'bad')) throw new Error('no');
          await ring(rows);
        },
        { tell: (_level, message) => told.push(message) },
      );
      await one.runDue();
      expect(rang).toEqual(['good']);
      expect(told).toEqual(["the hub's timer ring failed and is tried again: no"]);
      expect((await countDue(store.db, now, 0)).overdue).toBe(0);
      const [left] = await store.db.selectFrom('due').selectAll().execute();
      expect(left).toMatchObject({ ref: 'bad', claimed_by: null });
    });

    describe('of which each is much work', () => {
      const large = { kinds: ['toll'], atOnce: 2 };
      const toll = (app: string, ref: string, time: number) => ({ app, kind: 'toll', ref, at: time });

      test('are done a few at once, side by side, each once', async () => {
        const store = await open();
        await store.write((tx) =>
          setDue(
            tx,
            Array.from({ length: 5 }, (_, index) => toll('a', `${index}`, 800 + index)),
          ),
        );
        const done: string[] = [];
        const held: number[] = [];
        let underWay = 0;
        const work = async ([row, ...more]: readonly ClaimedDue[]): Promise<void> => {
          expect(more).toEqual([]);
          underWay++;
          await store.write((tx) => finishDue(tx, row as ClaimedDue));
          const { waiting } = await countDue(store.db, now, 0);
          held.push(underWay);
          done.push((row as ClaimedDue).ref);
          underWay--;
          expect(waiting).toBeLessThan(5);
        };
        await runner(store, async () => {}, { works: { toll: work }, large }).runDue();
        expect(done.toSorted()).toEqual(['0', '1', '2', '3', '4']);
        expect(Math.max(...held)).toBe(2);
      });

      test('come by turns of their apps, behind what is due of other kinds', async () => {
        const store = await open();
        const many = Array.from({ length: 6 }, (_, index) => toll('a', `${index}`, 800));
        await store.write((tx) => setDue(tx, [...many, toll('b', 'other', 900), at('ring', 950)]));
        const done: string[] = [];
        const work = ringing(store, done);
        await runner(store, work, { works: { ring: work, toll: work }, large }).runDue();
        expect(done).toHaveLength(8);
        expect(done[0]).toBe('ring');
        expect(done.indexOf('other')).toBeLessThan(4);
      });

      test('wait no longer than a few full pages of others', async () => {
        const store = await open();
        const others = Array.from({ length: 40 }, (_, index) => at(`r${index}`, 700));
        await store.write((tx) => setDue(tx, [...others, toll('a', 'much', 800)]));
        const done: string[] = [];
        const work = ringing(store, done);
        await runner(store, work, { works: { ring: work, toll: work }, large, page: 2 }).runDue();
        expect(done).toHaveLength(41);
        expect(done.indexOf('much')).toBe(16);
      });

      test('and one that fails holds up none beside it', async () => {
        const store = await open();
        await store.write((tx) => setDue(tx, [toll('a', 'bad', 800), toll('a', 'good', 801)]));
        const done: string[] = [];
        const ring = ringing(store, done);
        const work = async (rows: readonly ClaimedDue[]): Promise<void> => {
          if (rows[0]?.ref === 'bad') throw new Error('no');
          await ring(rows);
        };
        await runner(store, work, { works: { toll: work }, large }).runDue();
        expect(done).toEqual(['good']);
        expect(await countDue(store.db, now, 0)).toEqual({ waiting: 1, overdue: 0 });
      });
    });

    test('a started runner rings by itself, also what is added later for an earlier time', async () => {
      const store = await open();
      const rang: string[] = [];
      const ring = Promise.withResolvers<void>();
      const one = new DueRunner({
        store,
        instance: 'a',
        tell: () => {},
        works: {
          ring: async (rows) => {
            await ringing(store, rang)(rows);
            ring.resolve();
          },
        },
      });
      one.start();
      const soon = Date.now() + 20;
      await store.write((tx) => setDue(tx, [at('soon', soon)]));
      one.nudge(soon);
      await ring.promise;
      await one.close();
      expect(rang).toEqual(['soon']);
    });
  });
});
