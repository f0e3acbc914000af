import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import {
  type IdempotencyEntry,
  type IdempotencyLedger,
  idempotencyLedger,
  RUNNING_MS,
} from '../../../src/hub/storage/idempotency.ts';
import type { HubStore } from '../../../src/hub/storage/storage.ts';
import { needs } from '../../support/needs.ts';
import { type HubPlace, hubEngines } from '../hub-engines.ts';

const entry: IdempotencyEntry = {
  ...{ app: 'shop', caller: 'key', method: 'POST', path: '/v1/notifications', key: 'k1' },
  bodyHash: 'abc',
};
const ANSWER = { status: 202, headers: { ETag: '"1"' }, body: { id: 'n1' } };
const DAY = 86_400_000;

describe.each(hubEngines)('requests with an Idempotency-Key, in $name', ({ needs: lacks, start }) => {
  describe('are kept with their answers', needs(...lacks), () => {
    let place: HubPlace;
    let store: HubStore;
    let ledger: IdempotencyLedger;
    let now = 1_000_000;

    beforeAll(async () => {
      place = await start();
    });
    beforeEach(async () => {
      store = await place.open();
      await store.ready;
      ledger = idempotencyLedger(store, () => now);
      const closing = store;
      onTestFinished(() => closing.close());
    });
    afterAll(() => place?.end());

    const begun = async (): Promise<number> => {
      const answer = await ledger.begin(entry);
      return answer.state === 'new' ? answer.mark : Number.NaN;
    };

    test('one of many that begin at once is new, the others find it running', async () => {
      const states = (await Promise.all(Array.from({ length: 20 }, () => ledger.begin(entry)))).map(
        ({ state }) => state,
      );
      expect(states.filter((state) => state === 'new')).toHaveLength(1);
      expect(states.filter((state) => state === 'running')).toHaveLength(19);
    });

    test('an answer that is kept comes again, as it was', async () => {
      const mark = await begun();
      await store.write((tx) => ledger.keep(tx, entry, mark, ANSWER));
      expect(await ledger.begin(entry)).toEqual({ state: 'done', answer: ANSWER });
      expect(await ledger.begin({ ...entry, bodyHash: 'other' })).toEqual({ state: 'other' });
      for (const part of ['app', 'caller', 'method', 'path', 'key'] as const)
        expect((await ledger.begin({ ...entry, [part]: 'another' })).state, part).toBe('new');
    });

    test('what was done in part is given to the next one with the key, also after a process that died in the middle', async () => {
      const mark = await begun();
      await ledger.leave(entry, mark, ['a']);
      expect(await ledger.begin({ ...entry, bodyHash: 'other' })).toEqual({ state: 'other' });
      const second = await ledger.begin(entry);
      expect(second).toMatchObject({ state: 'new', partial: ['a'] });
      expect(await ledger.begin(entry)).toEqual({ state: 'running' });
      now += RUNNING_MS;
      const third = await ledger.begin(entry);
      if (third.state !== 'new') throw new Error(third.state);
      expect(third.partial).toEqual(['a']);
      await ledger.forget(entry, third.mark);
      const fourth = await ledger.begin(entry);
      if (fourth.state !== 'new') throw new Error(fourth.state);
      expect(fourth.partial).toEqual(['a']);
      await store.write((tx) => ledger.keep(tx, entry, fourth.mark, ANSWER));
      expect(await ledger.begin(entry)).toEqual({ state: 'done', answer: ANSWER });
      now += DAY;
      expect(await ledger.begin(entry)).toEqual({ state: 'new', mark: now });
    });

    test('an answer is kept with what it tells of, or neither is', async () => {
      const mark = await begun();
      const failing = store.write(async (tx) => {
        await ledger.keep(tx, entry, mark, ANSWER);
        throw new Error('no');
      });
      await expect(failing).rejects.toThrow('no');
      expect(await ledger.begin(entry)).toEqual({ state: 'running' });
      await ledger.forget(entry, mark);
      expect((await ledger.begin(entry)).state).toBe('new');
    });

    test('who was overtaken keeps nothing, and takes nothing from the one who overtook', async () => {
      const mark = await begun();
      now += 60_000;
      const later = await begun();
      expect(later).toBe(now);
      await expect(store.write((tx) => ledger.keep(tx, entry, mark, ANSWER))).rejects.toThrow('taken over');
      await ledger.forget(entry, mark);
      expect(await ledger.begin(entry)).toEqual({ state: 'running' });
    });

    test('a day later it is forgotten, by the next one or by the sweep', async () => {
      const mark = await begun();
      await store.write((tx) => ledger.keep(tx, entry, mark, ANSWER));
      now += DAY - 1;
      expect(await ledger.sweep()).toBe(0);
      now += 1;
      expect(await ledger.sweep()).toBe(1);
      expect((await ledger.begin(entry)).state).toBe('new');
    });
  });
});
