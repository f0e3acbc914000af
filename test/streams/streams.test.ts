import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { background } from '../../src/kit/background.ts';
import { MemoryStreamStore } from '../../src/streams/memory/memory-stream-store.ts';
import { MemoryPresence } from '../../src/streams/presence/memory-presence.ts';
import type { WakeUp } from '../../src/streams/router/stream-router.ts';
import type { EventDraft, StreamEvent } from '../../src/streams/stream-event.ts';
import type { StreamStore } from '../../src/streams/stream-store.ts';
import { Streams, StreamsClosedError, type StreamsOptions } from '../../src/streams/streams.ts';
import { eventually } from '../support/eventually.ts';
import { Collected, gaps } from './collected.ts';
import { linkedRouters } from './linked-routers.ts';

const draft = (text: string): EventDraft => ({
  type: 'test',
  payload: JSON.stringify(text),
  timestamp: '2026-05-08T10:00:00Z',
});
const turn = () => new Promise(setImmediate);
/** Never by itself. */
const RARELY_MS = 1_000_000;

const open: Streams[] = [];
afterEach(async () => {
  for (const streams of open.splice(0)) await streams.close();
});
function streamsOn(store: StreamStore, more: Partial<StreamsOptions> = {}): Streams {
  const streams = new Streams({ store, pollMs: RARELY_MS, ...more });
  open.push(streams);
  return streams;
}
async function reading(streams: Streams, user: string, after = '', sink = new Collected()) {
  const reader = await streams.subscribe(user, after, sink);
  reader.resume();
  return Object.assign(sink, { reader });
}

describe('a stream', () => {
  test('has what is pushed after it was opened, at every reader of the person and at no other', async () => {
    const streams = streamsOn(new MemoryStreamStore());
    await streams.push('ada', draft('before'));
    const [one, other, bob] = [
      await reading(streams, 'ada'),
      await reading(streams, 'ada'),
      await reading(streams, 'bob'),
    ];
    await streams.push('ada', draft('after'));
    expect([one.texts, other.texts, bob.texts]).toEqual([['after'], ['after'], []]);
  });

  test('has what was missed since an id, then what comes', async () => {
    const streams = streamsOn(new MemoryStreamStore());
    const first = await streams.push('ada', draft('1'));
    for (const text of ['2', '3']) await streams.push('ada', draft(text));
    const reader = await reading(streams, 'ada', first?.id);
    await streams.push('ada', draft('4'));
    await eventually(() => expect(reader.texts).toEqual(['2', '3', '4']));
  });

  test('is asked for among many others a part at a time, and what else waits has its turn in between', async () => {
    const streams = streamsOn(new MemoryStreamStore());
    for (let index = 0; index < 4000; index++) await reading(streams, `person ${index}`);
    let turns = 0;
    let isOver = false;
    const count = async (): Promise<void> => {
      for (; !isOver; turns++) await turn();
    };
    const counting = count();
    await streams.poll();
    isOver = true;
    await counting;
    expect(turns).toBeGreaterThanOrEqual(4);
  });

  test('has all that is kept when it begins at the earliest', async () => {
    const streams = streamsOn(new MemoryStreamStore({ maxEvents: 2 }));
    for (const text of ['1', '2', '3']) await streams.push('ada', draft(text));
    const reader = await reading(streams, 'ada', 'earliest');
    expect([reader.texts, reader.resets]).toEqual([['2', '3'], []]);
  });

  test('nothing comes before it is resumed, and its place is fixed from its opening on', async () => {
    const streams = streamsOn(new MemoryStreamStore());
    const sink = new Collected();
    const reader = await streams.subscribe('ada', '', sink);
    const { position } = reader;
    const saved = await streams.push('ada', draft('1'));
    expect([sink.events, position < (saved?.id as string)]).toEqual([[], true]);
    reader.resume();
    await eventually(() => expect(sink.texts).toEqual(['1']));
  });

  test('tells the reader of a reset before anything else, then has all that is kept', async () => {
    const streams = streamsOn(new MemoryStreamStore({ maxEvents: 2 }));
    const saved: (StreamEvent | undefined)[] = [];
    for (const text of ['1', '2', '3', '4']) saved.push(await streams.push('ada', draft(text)));
    const reader = await reading(streams, 'ada', saved[0]?.id);
    const [, second, third, fourth] = saved.map((each) => each?.id as string);
    expect(reader.resets).toEqual([{ reason: 'trimmed', oldest: third, latest: fourth }]);
    expect(reader.texts).toEqual(['3', '4']);
    const other = new Collected();
    expect((await streams.subscribe('ada', 'garbage', other)).position).toBe(second);
  });

  test('of a person who has nothing, an unknown id is a reset to nothing', async () => {
    const streams = streamsOn(new MemoryStreamStore());
    const reader = await reading(streams, 'ada', 'garbage');
    expect(reader.resets).toEqual([{ reason: 'malformed', oldest: null, latest: null }]);
    await streams.push('ada', draft('1'));
    expect(reader.texts).toEqual(['1']);
  });

  test('ends with its person, with its streams, and by its reader', async () => {
    const streams = streamsOn(new MemoryStreamStore());
    const [ada, bob, eve] = [
      await reading(streams, 'ada'),
      await reading(streams, 'bob'),
      await reading(streams, 'eve'),
    ];
    expect(streams.open).toBe(3);
    eve.reader.close();
    streams.end('ada');
    expect(streams.open).toBe(1);
    await streams.close();
    expect([ada.ends, bob.ends, eve.ends, streams.open]).toEqual([['gone'], ['closed'], [], 0]);
    await expect(streams.push('ada', draft('1'))).rejects.toThrow(StreamsClosedError);
    await expect(streams.subscribe('ada', '', new Collected())).rejects.toThrow(StreamsClosedError);
    await expect(streams.pushMulti(['ada'], draft('1'))).rejects.toThrow(StreamsClosedError);
  });
});

describe('a reader that takes no more', () => {
  test('costs nothing but its place, and has all of it once it takes more', async () => {
    const streams = streamsOn(new MemoryStreamStore());
    const sink = new Collected();
    sink.room = 3;
    const { reader } = await reading(streams, 'ada', '', sink);
    for (let index = 1; index <= 20; index++) await streams.push('ada', draft(`${index}`));
    expect([sink.texts, reader.isStalled]).toEqual([['1', '2', '3'], true]);
    while (sink.events.length < 20) {
      sink.room = 4;
      const before = sink.events.length;
      reader.resume();
      await eventually(() => expect(sink.events.length).toBeGreaterThan(before));
    }
    expect([gaps(sink.ids), reader.isStalled]).toEqual([[], false]);
  });

  test('is told when what it was to have is gone meanwhile', async () => {
    const streams = streamsOn(new MemoryStreamStore({ maxEvents: 5 }));
    const sink = new Collected();
    sink.room = 1;
    const { reader } = await reading(streams, 'ada', '', sink);
    for (let index = 1; index <= 20; index++) await streams.push('ada', draft(`${index}`));
    sink.room = 100;
    reader.resume();
    await eventually(() => expect(sink.texts).toEqual(['1', '16', '17', '18', '19', '20']));
    expect(sink.resets.map(({ reason, missed }) => [reason, missed])).toEqual([['trimmed', 14]]);
  });
});

describe('what is pushed', () => {
  test('to many is there once for each, with an id of each own stream', async () => {
    const streams = streamsOn(new MemoryStreamStore());
    const ada = await reading(streams, 'ada');
    const { saved, failed, dropped } = await streams.pushMulti(['ada', 'bob', 'ada'], draft('1'));
    expect([[...saved.keys()], failed.size, dropped]).toEqual([['ada', 'bob'], 0, []]);
    expect(ada.ids).toEqual([saved.get('ada')?.id]);
    expect(saved.get('ada')?.id).not.toBe(saved.get('bob')?.id);
  });

  test('to many is told person by person when it fails for some', async () => {
    const store = new MemoryStreamStore();
    const bad = Object.assign(Object.create(store) as StreamStore, {
      saveBatch: async (entries: Parameters<StreamStore['saveBatch']>[0]) =>
        Promise.all(
          entries.map(({ user, draft: each }) => (user === 'bad' ? new Error('no') : store.save(user, each))),
        ),
    });
    const streams = streamsOn(bad);
    const { saved, failed } = await streams.pushMulti(['ada', 'bad', 'bob'], draft('1'));
    expect([[...saved.keys()], [...failed.keys()]]).toEqual([['ada', 'bob'], ['bad']]);
    await expect(streams.push('bad', draft('1'))).rejects.toThrow('no');
  });

  test('is dropped for who is not there, or was never, where that is the rule', async () => {
    const [store, presence] = [new MemoryStreamStore(), new MemoryPresence()];
    const kept = async (user: string) => (await store.list(user, '')).events.length;
    const dropping = streamsOn(store, { presence, offline: 'drop' });
    expect(await dropping.push('ada', draft('1'))).toBeUndefined();
    const here = await presence.register('ada');
    await dropping.push('ada', draft('2'));
    await here.leave();
    expect((await dropping.pushMulti(['ada', 'bob'], draft('3'))).dropped).toEqual(['ada', 'bob']);
    expect(await kept('ada')).toBe(1);
    const seen = streamsOn(store, { presence, offline: 'seen' });
    expect((await seen.pushMulti(['ada', 'bob'], draft('4'))).dropped).toEqual(['bob']);
    expect(await kept('ada')).toBe(2);
    await streamsOn(store, { presence }).push('bob', draft('5'));
    expect(await kept('bob')).toBe(1);
  });

  test('is kept for all when presence cannot be asked', async () => {
    const [store, presence] = [new MemoryStreamStore(), new MemoryPresence()];
    await presence.close();
    expect(await streamsOn(store, { presence, offline: 'drop' }).push('ada', draft('1'))).toBeDefined();
  });

  test('ten readers of a person have each of fifty pushes at once, in the order of ids', async () => {
    const streams = streamsOn(new MemoryStreamStore());
    const readers = await Promise.all(Array.from({ length: 10 }, () => reading(streams, 'ada')));
    await Promise.all(Array.from({ length: 50 }, (_, index) => streams.push('ada', draft(`${index}`))));
    for (const { ids } of readers) expect([ids.length, gaps(ids)]).toEqual([50, []]);
  });
});

describe('several instances', () => {
  test('wake each other by the router, and end a person at each', async () => {
    const store = new MemoryStreamStore();
    const [a, b] = linkedRouters(2).map((router) => streamsOn(store, { router })) as [Streams, Streams];
    const reader = await reading(b, 'ada');
    await a.push('ada', draft('1'));
    await eventually(() => expect(reader.texts).toEqual(['1']));
    a.end('ada');
    await eventually(() => expect(reader.ends).toEqual(['gone']));
  });

  test('find by asking the store what no wake-up told', async () => {
    const store = new MemoryStreamStore();
    const [a, b] = [streamsOn(store), streamsOn(store, { pollMs: 5 })];
    const reader = await reading(b, 'ada');
    await a.push('ada', draft('1'));
    await eventually(() => expect(reader.texts).toEqual(['1']));
  });

  test('notice a stream that began again elsewhere', async () => {
    const store = new MemoryStreamStore();
    const streams = streamsOn(store, { pollMs: 5 });
    const reader = await reading(streams, 'ada');
    await streams.push('ada', draft('1'));
    await store.forget('ada');
    await store.save('ada', draft('2'));
    await eventually(() => expect(reader.texts).toEqual(['1', '2']));
    expect(reader.resets.map(({ reason }) => reason)).toEqual(['unknown_epoch']);
  });
});

describe('a store that fails', () => {
  test('is asked again, and nothing is lost', async () => {
    const store = new MemoryStreamStore();
    let isAway = false;
    const flaky = Object.assign(Object.create(store) as StreamStore, {
      list: async (...args: Parameters<StreamStore['list']>) => {
        if (isAway) throw new Error('away');
        return store.list(...args);
      },
      bounds: (users: readonly string[]) => store.bounds(users),
      saveBatch: (entries: Parameters<StreamStore['saveBatch']>[0]) => store.saveBatch(entries),
    });
    const told: string[] = [];
    const streams = streamsOn(flaky, { pollMs: 5, tell: (_, message) => told.push(message) });
    const reader = await reading(streams, 'ada');
    isAway = true;
    streams.saved([{ user: 'ada', event: await store.save('ada', draft('1')) }]);
    expect(reader.texts).toEqual(['1']);
    await store.save('ada', draft('2'));
    await eventually(() => expect(told.length).toBeGreaterThan(0));
    isAway = false;
    await eventually(() => expect(reader.texts).toEqual(['1', '2']));
  });
});

describe('whatever happens to wake-ups', () => {
  /** Loses, doubles and turns round. */
  const mangler = (random: () => number) => (wakeUps: readonly WakeUp[]) =>
    wakeUps
      .flatMap((each) => (random() < 0.3 ? [] : random() < 0.3 ? [each, each] : [each]))
      .map((each) => (random() < 0.3 ? { user: each.user } : each))
      .toSorted(() => random() - 0.5);

  test('readers that come, stall and go at two instances have each id once, in order, none missing', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })),
        async (stream) => {
          const random = (): number => stream.next().value as number;
          const store = new MemoryStreamStore();
          const routers = linkedRouters(2, { mangle: mangler(random) });
          const instances = routers.map((router) => new Streams({ store, router, pollMs: RARELY_MS, page: 3 }));
          const at = () => instances[Math.floor(random() * 2)] as Streams;
          const readers: { sink: Collected; reader: Awaited<ReturnType<Streams['subscribe']>> }[] = [];
          for (let index = 0; index < 60; index++) {
            const dice = random();
            const some = readers[Math.floor(random() * readers.length)];
            if (dice < 0.5) background(at().push('ada', draft(`${index}`)));
            else if (dice < 0.6) {
              const sink = new Collected();
              readers.push({ sink, reader: await at().subscribe('ada', 'earliest', sink) });
            } else if (some && dice < 0.7) some.sink.room = 1;
            else if (some && dice < 0.8) {
              some.sink.room = 5;
              some.reader.resume();
            } else if (some && dice < 0.9) {
              // Comes back with the last id that it has, to the one instance or the other.
              some.reader.close();
              some.reader = await at().subscribe('ada', some.sink.ids.at(-1) ?? 'earliest', some.sink);
            } else await turn();
          }
          const { bounds } = await store.list('ada', '');
          const count = Number(bounds.head.split('.')[1]);
          await eventually(async () => {
            for (const { sink, reader } of readers) {
              sink.room = Number.POSITIVE_INFINITY;
              reader.resume();
            }
            for (const instance of instances) await instance.poll();
            for (const { sink } of readers) expect(sink.events).toHaveLength(count);
          });
          for (const { sink } of readers) expect([gaps(sink.ids), sink.resets]).toEqual([[], []]);
          for (const instance of instances) await instance.close();
        },
      ),
      { numRuns: 200 },
    );
  });
});
