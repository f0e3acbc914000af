import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { EventDraft, StreamEvent } from '../../src/streams/stream-event.ts';
import { StoreClosedError, type StreamStore } from '../../src/streams/stream-store.ts';
import { needs } from '../support/needs.ts';
import { type StreamPlace, type StreamStoreOptions, streamStores } from './stream-stores.ts';

const AT = '2026-05-08T10:00:00.123456789Z';
const draft = (text: string, more: Partial<EventDraft> = {}): EventDraft => ({
  ...{ type: 'test.event', payload: JSON.stringify(text), timestamp: AT },
  ...more,
});
const numbered = (count: number): EventDraft[] => Array.from({ length: count }, (_, index) => draft(`${index + 1}`));
const textsOf = (events: readonly StreamEvent[]): unknown[] => events.map(({ payload }) => JSON.parse(payload));
const idsOf = (events: readonly StreamEvent[]): string[] => events.map(({ id }) => id);
const DAY_MS = 86_400_000;

describe.each(streamStores)('a store of streams in $name', ({ needs: lacks, start }) => {
  describe('as its contract says', needs(...lacks), () => {
    let place: StreamPlace;
    const stores: StreamStore[] = [];

    beforeAll(async () => {
      place = await start();
    });
    afterEach(async () => {
      for (const store of stores.splice(0)) await store.close();
    });
    afterAll(() => place?.end());

    const kept = async (opening: Promise<StreamStore>): Promise<StreamStore> => {
      const store = await opening;
      stores.push(store);
      return store;
    };
    const open = (options?: StreamStoreOptions) => kept(place.open(options));
    const saveAll = async (store: StreamStore, user: string, drafts: readonly EventDraft[]): Promise<StreamEvent[]> => {
      const saved = await store.saveBatch(drafts.map((each) => ({ user, draft: each })));
      return saved as StreamEvent[];
    };

    test('what is saved has an id, and is listed as it was given, to the last decimal of its time', async () => {
      const store = await open();
      const payload = JSON.stringify({ text: 'ä🦉 \u0000\r\n\u2028', long: 'x'.repeat(65_536), n: [1, null] });
      const saved = await store.save('ada', { type: 'a.b', payload, timestamp: AT });
      expect(saved).toEqual({ id: saved.id, type: 'a.b', payload, timestamp: AT });
      expect(saved.id).toMatch(/^[0-9a-z]{1,20}\.[0-9]{16}$/);
      expect((await store.list('ada', '')).events).toEqual([saved]);
    });

    test('ids sort as text, and are one after another for each person', async () => {
      const store = await open();
      const saved = await saveAll(store, 'ada', numbered(12));
      expect(idsOf(saved)).toEqual(idsOf(saved).toSorted());
      expect(idsOf(saved).map((id) => Number(id.split('.')[1]))).toEqual(saved.map((_, index) => index + 1));
      expect(new Set(idsOf(saved).map((id) => id.split('.')[0])).size).toBe(1);
    });

    test('after an id comes what followed it, no more than is asked for', async () => {
      const store = await open();
      const saved = await saveAll(store, 'ada', numbered(5));
      const third = saved[2]?.id as string;
      expect(textsOf((await store.list('ada', third)).events)).toEqual(['4', '5']);
      const page = await store.list('ada', '', 3);
      expect(textsOf(page.events)).toEqual(['1', '2', '3']);
      expect(page.bounds.head).toBe(saved.at(-1)?.id);
      expect((await store.list('ada', saved.at(-1)?.id as string)).events).toEqual([]);
    });

    test('a page ends after 64 KiB, and has at least one event', async () => {
      const store = await open();
      const large = 'x'.repeat(40_000);
      await saveAll(store, 'ada', [draft(large), draft(large), draft(large), draft('y'.repeat(200_000))]);
      const sizes: number[] = [];
      for (let after = '', page = await store.list('ada', after); page.events.length > 0; ) {
        sizes.push(page.events.length);
        after = page.events.at(-1)?.id as string;
        page = await store.list('ada', after);
      }
      expect(sizes).toEqual([2, 2]);
    });

    test('a person who has nothing has an empty page, and a place from which to go on', async () => {
      const store = await open();
      const { events, bounds, reset } = await store.list('nemo', '');
      expect([events, reset]).toEqual([[], undefined]);
      expect(bounds.floor).toBe(bounds.head);
      expect((await store.bounds(['nemo'])).get('nemo')).toEqual(bounds);
      await store.save('nemo', draft('first'));
      const after = await store.list('nemo', bounds.head);
      expect([textsOf(after.events), after.reset]).toEqual([['first'], undefined]);
    });

    test('bounds are those of each person who is asked for', async () => {
      const store = await open();
      const [ada] = await saveAll(store, 'ada', [draft('1')]);
      const bounds = await store.bounds(['ada', 'nemo']);
      expect([...bounds.keys()]).toEqual(['ada', 'nemo']);
      expect(bounds.get('ada')?.head).toBe(ada?.id);
    });

    test('a batch for many is saved for each, in the order in which it was given', async () => {
      const store = await open();
      const entries = ['ada', 'bob', 'ada', 'ada'].map((user, index) => ({ user, draft: draft(`${index}`) }));
      const saved = (await store.saveBatch(entries)) as StreamEvent[];
      expect(textsOf(saved)).toEqual(['0', '1', '2', '3']);
      expect(textsOf((await store.list('ada', '')).events)).toEqual(['0', '2', '3']);
      expect(textsOf((await store.list('bob', '')).events)).toEqual(['1']);
      expect(await store.saveBatch([])).toEqual([]);
    });

    test('people of any name never meet', async () => {
      const store = await open();
      const names = ['a', 'A', 'a:b', 'a/b', '{a}', '*', ' a', 'a ', 'ä', 'a\u0301', '🦉', "'; --", 'x'.repeat(500)];
      for (const name of names) await store.save(name, draft(name));
      for (const name of names) expect(textsOf((await store.list(name, '')).events)).toEqual([name]);
      for (const name of names) expect((await store.bounds(names)).get(name)?.head).toContain('.0000000000000001');
    });

    test('what was saved under a key is not saved again for that person', async () => {
      const store = await open();
      const first = await store.save('ada', draft('1', { key: 'k' }));
      expect(await store.save('ada', draft('2', { key: 'k' }))).toEqual(first);
      const both = await store.saveBatch([
        { user: 'ada', draft: draft('3', { key: 'k' }) },
        { user: 'ada', draft: draft('4', { key: 'l' }) },
        { user: 'ada', draft: draft('5', { key: 'l' }) },
        { user: 'bob', draft: draft('6', { key: 'k' }) },
      ]);
      expect(textsOf(both as StreamEvent[])).toEqual(['1', '4', '4', '6']);
      expect(textsOf((await store.list('ada', '')).events)).toEqual(['1', '4']);
    });

    test('a key is free again once its event is kept no longer', async () => {
      const store = await open({ maxEvents: 2 });
      await saveAll(store, 'ada', [draft('1', { key: 'k' }), draft('2'), draft('3')]);
      expect(textsOf([await store.save('ada', draft('4', { key: 'k' }))])).toEqual(['4']);
    });

    describe('an id from which one cannot go on', () => {
      test('is one that is no id: all that is kept comes', async () => {
        const store = await open();
        await saveAll(store, 'ada', numbered(2));
        for (const id of ['garbage', '1', '0-1', '../etc', 'x'.repeat(5000), 'é.0000000000000001']) {
          const { reset, events } = await store.list('ada', id);
          expect([reset, textsOf(events)]).toEqual(['malformed', ['1', '2']]);
        }
      });

      test('is one of another person, of another store, or of the future', async () => {
        const store = await open();
        const [ada] = await saveAll(store, 'ada', numbered(1));
        const [bob] = await saveAll(store, 'bob', numbered(1));
        // Where epochs began at different moments, that of another person is known for unknown only.
        expect(['foreign', 'unknown_epoch']).toContain((await store.list('ada', bob?.id as string)).reset);
        const other = await open({ now: () => Date.now() + DAY_MS });
        const [elsewhere] = await saveAll(other, 'ada', numbered(1));
        expect((await store.list('ada', elsewhere?.id as string)).reset).toBe('unknown_epoch');
        const later = `${ada?.id.slice(0, -1)}9`;
        const { reset, events } = await store.list('ada', later);
        expect([reset, textsOf(events)]).toEqual(['future', ['1']]);
      });

      test('is one that is older than the oldest kept', async () => {
        const store = await open({ maxEvents: 3 });
        const saved = await saveAll(store, 'ada', numbered(8));
        const [first, , , , fifth] = idsOf(saved);
        const { reset, events, after } = await store.list('ada', first as string);
        expect([reset, after, textsOf(events)]).toEqual(['trimmed', fifth, ['6', '7', '8']]);
        expect((await store.list('ada', fifth as string)).reset).toBeUndefined();
      });
    });

    test('no more are kept than the most, one by one and in a batch', async () => {
      const store = await open({ maxEvents: 10 });
      for (const each of numbered(25)) await store.save('ada', each);
      expect(textsOf((await store.list('ada', '')).events)).toEqual(textsOf(await saved25()).slice(15));
      await saveAll(store, 'bob', numbered(25));
      expect(textsOf((await store.list('bob', '')).events)).toEqual(textsOf(await saved25()).slice(15));
      async function saved25(): Promise<StreamEvent[]> {
        return numbered(25).map((each) => ({ ...each, id: '' }));
      }
    });

    test('no more bytes are kept than the most, but the newest always', async () => {
      const store = await open({ maxBytes: 1000 });
      const some = Array.from({ length: 10 }, (_, index) => draft(`${index}`.padEnd(300, '.')));
      await saveAll(store, 'ada', some);
      const { events } = await store.list('ada', '');
      expect(events.length).toBeGreaterThan(0);
      expect(events.length).toBeLessThan(4);
      expect(textsOf(events)).toEqual(textsOf(some.map((each) => ({ ...each, id: '' }))).slice(-events.length));
      await store.save('ada', draft('z'.repeat(5000)));
      expect((await store.list('ada', '')).events).toHaveLength(1);
    });

    test('cleanup removes what is older, for each person, and who was there is told of the gap', async () => {
      let now = Date.now();
      const store = await open({ now: () => now });
      const old = await saveAll(store, 'ada', numbered(2));
      await saveAll(store, 'bob', numbered(1));
      now += DAY_MS;
      await store.save('ada', draft('3'));
      expect(await store.cleanup(now)).toBe(3);
      expect(textsOf((await store.list('ada', '')).events)).toEqual(['3']);
      expect((await store.list('ada', old[0]?.id as string)).reset).toBe('trimmed');
      expect((await store.list('ada', old[1]?.id as string)).reset).toBeUndefined();
      expect((await store.list('bob', '')).events).toEqual([]);
      expect(textsOf([await store.save('bob', draft('2'))])).toEqual(['2']);
      expect((await store.list('bob', '')).events[0]?.id).toContain('.0000000000000002');
      expect(await store.cleanup(now)).toBe(0);
    });

    test('a stream that was forgotten begins with a later epoch, and no other one does', async () => {
      const store = await open();
      const [before] = await saveAll(store, 'ada', numbered(3));
      await saveAll(store, 'bob', numbered(1));
      const idle = (await store.bounds(['nemo'])).get('nemo');
      expect(await store.forget('ada')).toBe(3);
      expect(await store.forget('ada')).toBe(0);
      expect((await store.list('ada', '')).events).toEqual([]);
      const after = await store.save('ada', draft('new'));
      expect(after.id > (before?.id as string)).toBe(true);
      const { reset, events } = await store.list('ada', before?.id as string);
      expect([reset, textsOf(events)]).toEqual(['unknown_epoch', ['new']]);
      expect(textsOf((await store.list('bob', '')).events)).toEqual(['1']);
      expect((await store.bounds(['nemo'])).get('nemo')).toEqual(idle);
    });

    test('a closed store says so, whatever it is asked', async () => {
      const store = await open();
      await store.close();
      await store.close();
      const asked = [
        store.save('ada', draft('1')),
        store.saveBatch([{ user: 'ada', draft: draft('1') }]),
        store.list('ada', ''),
        store.bounds(['ada']),
        store.forget('ada'),
        store.cleanup(1),
      ];
      for (const answer of await Promise.allSettled(asked))
        expect((answer as PromiseRejectedResult).reason).toBeInstanceOf(StoreClosedError);
    });

    test('who reads while others write sees all up to the last id that is seen', async () => {
      const first = await open();
      const others = place.again ? [await kept(place.again()), await kept(place.again())] : [first];
      const writers = [first, ...others];
      let isWriting = true;
      const writing = Promise.all(
        writers.map(async (store, writer) => {
          for (let index = 0; index < 60; index++) await store.save('ada', draft(`${writer}.${index}`));
        }),
      ).finally(() => {
        isWriting = false;
      });
      const read: StreamEvent[] = [];
      for (;;) {
        const isLast = !isWriting;
        const { events, reset } = await (others[0] as StreamStore).list('ada', read.at(-1)?.id ?? '');
        expect(reset).toBeUndefined();
        read.push(...events);
        if (isLast && events.length === 0) break;
        await new Promise(setImmediate);
      }
      await writing;
      expect(read.map(({ id }) => Number(id.split('.')[1]))).toEqual(read.map((_, index) => index + 1));
      expect(read).toHaveLength(writers.length * 60);
      // Each writer's in its own order.
      for (const [writer] of writers.entries()) {
        const own = textsOf(read).filter((text) => String(text).startsWith(`${writer}.`));
        expect(own).toEqual(own.toSorted((a, b) => Number(String(a).split('.')[1]) - Number(String(b).split('.')[1])));
      }
    });

    test('whatever is saved, forgotten and asked for, it answers as a plain list would', async () => {
      const caps = { maxEvents: 5 };
      const user = fc.constantFrom('ada', 'bob');
      const step = fc.oneof(
        fc.record({ do: fc.constant('save' as const), user, count: fc.integer({ min: 1, max: 7 }) }),
        fc.record({ do: fc.constant('list' as const), user, back: fc.integer({ min: 0, max: 9 }) }),
        fc.record({ do: fc.constant('forget' as const), user }),
      );
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
          const store = await place.open(caps);
          const model = new Map<string, StreamEvent[]>();
          for (const each of steps) {
            const own = model.get(each.user) ?? [];
            if (each.do === 'save')
              model.set(each.user, [...own, ...(await saveAll(store, each.user, numbered(each.count)))]);
            else if (each.do === 'forget') {
              expect(await store.forget(each.user)).toBe(Math.min(own.length, caps.maxEvents));
              model.delete(each.user);
            } else {
              const from = own.at(-1 - each.back);
              const page = await store.list(each.user, from?.id ?? '');
              const isGone = from !== undefined && each.back > caps.maxEvents;
              expect(page.reset).toBe(isGone ? 'trimmed' : undefined);
              const wanted = from && !isGone ? own.slice(own.length - each.back) : own.slice(-caps.maxEvents);
              expect(idsOf(page.events)).toEqual(idsOf(each.back === 0 && from ? [] : wanted));
            }
          }
          await store.close();
        }),
        { numRuns: place.again ? 10 : 100 },
      );
    });
  });
});
