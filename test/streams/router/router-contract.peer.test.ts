import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { MemoryStreamStore } from '../../../src/streams/memory/memory-stream-store.ts';
import type { EventDraft } from '../../../src/streams/stream-event.ts';
import type { StreamReader } from '../../../src/streams/stream-reader.ts';
import { Streams } from '../../../src/streams/streams.ts';
import { eventually } from '../../support/eventually.ts';
import { needs } from '../../support/needs.ts';
import { Collected, gaps } from '../collected.ts';
import { type RouterPlace, routersUnderTest } from './routers.ts';

const INSTANCES = 3;
/** Never by itself. */
const RARELY_MS = 1_000_000;
const OFTEN_MS = 20;

const draft = (text: string): EventDraft => ({
  ...{ type: 'test', payload: JSON.stringify(text), timestamp: '2026-05-08T10:00:00Z' },
});
const texts = (count: number, from = 0): string[] => Array.from({ length: count }, (_, index) => `${from + index}`);

describe.each(routersUnderTest)('wake-ups between instances: $name', ({ needs: lacks, isAtOnce, start }) => {
  describe('as the contract says', needs(...lacks), () => {
    let place: RouterPlace;
    let store: MemoryStreamStore;
    let pollMs: number;
    const open: Streams[] = [];

    beforeAll(async () => {
      place = await start(INSTANCES);
    });
    beforeEach(() => {
      // One for all instances, as theirs is.
      store = new MemoryStreamStore({ maxEvents: 10_000 });
      pollMs = isAtOnce ? RARELY_MS : OFTEN_MS;
    });
    afterEach(async () => {
      for (const streams of open.splice(0)) await streams.close();
    });
    afterAll(async () => {
      for (const router of place?.routers ?? []) await router?.close();
      await place?.end();
    });

    const instances = (): Streams[] => {
      const all = place.routers.map((router) => new Streams({ store, router, pollMs }));
      open.push(...all);
      return all;
    };
    const reading = async (streams: Streams, user = 'ada'): Promise<Collected & { reader: StreamReader }> => {
      const sink = new Collected();
      const reader = await streams.subscribe(user, '', sink);
      reader.resume();
      return Object.assign(sink, { reader });
    };

    test('what is pushed at one instance reaches the readers at all, and no one else', async () => {
      const all = instances();
      const readers = await Promise.all(all.map((streams) => reading(streams)));
      const other = await reading(all[1] as Streams, 'bob');
      await all[0]?.push('ada', draft('1'));
      for (const reader of readers) await eventually(() => expect(reader.texts).toEqual(['1']));
      await all[2]?.push('ada', draft('2'));
      for (const reader of readers) await eventually(() => expect(reader.texts).toEqual(['1', '2']));
      expect(other.texts).toEqual([]);
    });

    test('what is large arrives as what is small does, and in its place', async () => {
      const all = instances();
      const reader = await reading(all[1] as Streams);
      const large = 'x'.repeat(200_000);
      for (const text of ['1', large, '3']) await all[0]?.push('ada', draft(text));
      await eventually(() => expect(reader.texts).toEqual(['1', large, '3']));
    });

    test('many at once arrive once each, in order, from all sides', async () => {
      const all = instances();
      const readers = await Promise.all(all.map((streams) => reading(streams)));
      const pushed = texts(900).map((text, index) => all[index % INSTANCES]?.push('ada', draft(text)));
      await Promise.all(pushed);
      for (const reader of readers) {
        await eventually(() => expect(reader.ids).toHaveLength(900));
        expect([gaps(reader.ids), reader.resets]).toEqual([[], []]);
      }
    });

    if (isAtOnce)
      test('the streams of a person who is gone end everywhere', async () => {
        const all = instances();
        const readers = await Promise.all(all.map((streams) => reading(streams)));
        all[0]?.end('ada');
        for (const reader of readers) await eventually(() => expect(reader.ends).toEqual(['gone']));
      });

    test('while the way is down pushes succeed, and what they saved comes later: none missing, none twice', async () => {
      pollMs = OFTEN_MS;
      const all = instances();
      const readers = await Promise.all(all.map((streams) => reading(streams)));
      await all[0]?.push('ada', draft('0'));
      await place.stop();
      for (const text of texts(50, 1)) await all[0]?.push('ada', draft(text));
      for (const reader of readers) await eventually(() => expect(reader.texts).toEqual(texts(51)));
      await place.start();
      for (const text of texts(50, 51)) await all[1]?.push('ada', draft(text));
      for (const reader of readers) {
        await eventually(() => expect(reader.texts).toEqual(texts(101)));
        expect([gaps(reader.ids), reader.resets]).toEqual([[], []]);
      }
    });

    if (isAtOnce)
      test('after it was down, news are told of again without being asked for', async () => {
        const all = instances();
        const reader = await reading(all[1] as Streams);
        await place.stop();
        for (let count = 0; count < 20; count++) await all[0]?.push('ada', draft('missed'));
        await place.start();
        // The first wake-up that arrives brings all that was missed.
        await eventually(async () => {
          await all[0]?.push('ada', draft('again'));
          expect(reader.ids.length).toBeGreaterThan(20);
        });
        expect([gaps(reader.ids), reader.resets]).toEqual([[], []]);
      });

    test('while it stands still no push waits for it; then all is there, each once', async () => {
      const all = instances();
      const readers = await Promise.all(all.map((streams) => reading(streams)));
      place.stall();
      for (const text of texts(2000)) await all[0]?.push('ada', draft(text));
      expect(readers[0]?.texts).toEqual(texts(2000));
      place.go();
      await all[0]?.push('ada', draft('last'));
      for (const streams of all) await streams.poll();
      for (const reader of readers) {
        await eventually(() => expect(reader.texts).toEqual([...texts(2000), 'last']));
        expect(gaps(reader.ids)).toEqual([]);
      }
    });

    test('readers that come and go, by a way that comes and goes, miss nothing', async () => {
      pollMs = OFTEN_MS;
      const all = instances();
      const sinks = all.map(() => new Collected());
      const readers = await Promise.all(
        all.map((streams, index) => streams.subscribe('ada', 'earliest', sinks[index] as Collected)),
      );
      for (const reader of readers) reader.resume();
      for (let round = 0; round < 6; round++) {
        if (round % 2 === 1) await place.stop();
        const pushed = texts(60).map((text, index) => all[index % INSTANCES]?.push('ada', draft(`${round} ${text}`)));
        await Promise.all(pushed);
        // One changes its instance in the midst of it, with the last id that it has.
        const mover = round % INSTANCES;
        readers[mover]?.close();
        const sink = sinks[mover] as Collected;
        const next = all[(mover + round) % INSTANCES] as Streams;
        readers[mover] = await next.subscribe('ada', sink.ids.at(-1) ?? 'earliest', sink);
        readers[mover]?.resume();
        if (round % 2 === 1) await place.start();
      }
      for (const sink of sinks) {
        await eventually(() => expect(sink.ids).toHaveLength(360));
        expect([gaps(sink.ids), sink.resets]).toEqual([[], []]);
      }
    });
  });
});
