/** What users of the Go package `notify` rely on; each test has the number that the oracle gave it (N1 …). */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  createNotifier,
  EARLIEST,
  type Notifier,
  type NotifierOptions,
  type NotifyEvent,
  type NotifyStore,
  type NotifyStoreOptions,
  type NotifyStream,
  StoreClosedError,
  StreamClosedError,
  type Tracker,
} from '../../src/notify/create-notifier.ts';
import { eventually } from '../support/eventually.ts';
import { needs } from '../support/needs.ts';
import { type NotifyBackend, notifyBackends } from './notify-backends.ts';

const NANOSECONDS = '2026-05-08T10:00:00.123456789Z';
const soon = (): { signal: AbortSignal } => ({ signal: AbortSignal.timeout(50) });

describe.each(notifyBackends)('the library on $name', ({ needs: lacks, start }) => {
  describe('does as the oracle says', needs(...lacks), () => {
    let backend: NotifyBackend;
    const notifiers: Notifier[] = [];
    const closers: { close(): Promise<void> }[] = [];

    beforeAll(async () => {
      backend = await start();
    });
    afterEach(async () => {
      for (const notifier of notifiers.splice(0)) await notifier.close();
      for (const each of closers.splice(0)) await each.close();
    });
    afterAll(() => backend?.end());

    const kept = <T extends { close(): Promise<void> }>(each: T): T => {
      closers.push(each);
      return each;
    };
    const newStore = async (options?: NotifyStoreOptions): Promise<NotifyStore> => kept(await backend.store(options));
    const newTracker = async (): Promise<Tracker> => kept(await backend.tracker());
    const notifierOn = (options: NotifierOptions): Notifier => {
      const notifier = createNotifier(options);
      notifiers.push(notifier);
      return notifier;
    };
    const next = (stream: NotifyStream, count: number): Promise<NotifyEvent[]> =>
      Promise.all(Array.from({ length: count }, () => stream.next()));
    const saveMany = async (store: NotifyStore, userId: string, count: number): Promise<NotifyEvent[]> => {
      const saved: NotifyEvent[] = [];
      for (let at = 1; at <= count; at++) saved.push(await store.save({ userId, type: 't', payload: at }));
      return saved;
    };
    const payloads = (events: readonly NotifyEvent[]): unknown[] => events.map(({ payload }) => payload);

    test('N1 what is pushed reaches a stream that was opened before, for its person', async () => {
      const notifier = notifierOn({ store: await newStore() });
      const stream = await notifier.subscribe('ada', '');
      await notifier.push('ada', { type: 'mailbox.message.received', payload: { id: 1 } });
      expect(await stream.next()).toMatchObject({
        type: 'mailbox.message.received',
        userId: 'ada',
        payload: { id: 1 },
      });
    });

    test('N2, N3 with offline: drop nothing is kept for who is not there, and what is for who is', async () => {
      const [store, presence] = [await newStore(), await newTracker()];
      const notifier = notifierOn({ store, presence, offline: 'drop' });
      expect(await notifier.push('ada', { type: 't' })).toBeUndefined();
      expect(await store.list('ada')).toEqual([]);
      await presence.register('ada');
      expect(await notifier.push('ada', { type: 't' })).toMatchObject({ type: 't' });
      expect(await store.list('ada')).toHaveLength(1);
    });

    test('N4 a stream opened after the first of three has exactly the other two', async () => {
      const store = await newStore();
      const [first] = await saveMany(store, 'ada', 3);
      const stream = await notifierOn({ store }).subscribe('ada', first?.id);
      expect(payloads(await next(stream, 2))).toEqual([2, 3]);
      await expect(stream.next(soon())).rejects.toThrow(/timeout/i);
    });

    test('N5, N22 a closed stream says so', async () => {
      const stream = await notifierOn({ store: await newStore() }).subscribe('ada');
      await stream.close();
      await expect(stream.next()).rejects.toThrow(StreamClosedError);
      await expect(stream.next()).rejects.toThrow('notify: stream closed');
    });

    test('N6 a closed notifier ends its streams, and takes nothing', async () => {
      const notifier = notifierOn({ store: await newStore() });
      const stream = await notifier.subscribe('ada');
      const waiting = stream.next();
      waiting.catch(() => {});
      await notifier.close();
      await expect(waiting).rejects.toThrow('notify: stream closed');
      await expect(stream.next()).rejects.toThrow(StreamClosedError);
      await expect(notifier.push('ada', { type: 't' })).rejects.toThrow('notify: notifier closed');
      await expect(notifier.pushMulti(['ada'], { type: 't' })).rejects.toThrow('notify: notifier closed');
      await expect(notifier.subscribe('ada')).rejects.toThrow('notify: notifier closed');
    });

    test('N7 two streams of a person both have one push', async () => {
      const notifier = notifierOn({ store: await newStore() });
      const streams = [await notifier.subscribe('ada'), await notifier.subscribe('ada')];
      const event = await notifier.push('ada', { type: 't' });
      for (const stream of streams) expect(await stream.next()).toEqual(event);
    });

    test('N8 ten streams have each of fifty pushes at once, in order', async () => {
      const notifier = notifierOn({ store: await newStore(), bufferSize: 8 });
      const streams = await Promise.all(Array.from({ length: 10 }, () => notifier.subscribe('ada')));
      await Promise.all(Array.from({ length: 50 }, (_, payload) => notifier.push('ada', { type: 't', payload })));
      for (const stream of streams) {
        const events = await next(stream, 50);
        const ids = events.map(({ id }) => id);
        expect(ids).toEqual(ids.toSorted());
        expect(new Set(payloads(events)).size).toBe(50);
      }
    });

    test('N9, N23 who waits no longer than until a deadline has the reason of it', async () => {
      const stream = await notifierOn({ store: await newStore() }).subscribe('ada');
      await expect(stream.next(soon())).rejects.toMatchObject({ name: 'TimeoutError' });
      const abort = new AbortController();
      const waiting = stream.next({ signal: abort.signal });
      abort.abort(new Error('gone'));
      await expect(waiting).rejects.toThrow('gone');
    });

    test('N10, N16 what is saved has an id, and is listed', async () => {
      const store = await newStore();
      const [one, two, three] = await saveMany(store, 'ada', 3);
      for (const event of [one, two, three]) expect(event?.id).not.toBe('');
      expect(await store.list('ada')).toEqual([one, two, three]);
      expect(await store.list('ada', one?.id)).toEqual([two, three]);
      expect(await store.list('ada', '', 1)).toEqual([one]);
    });

    test('N11, N12, N13, N18 a list begins after an id, and has no more than is asked for', async () => {
      const store = await newStore();
      const saved = await saveMany(store, 'ada', 10);
      expect(payloads(await store.list('ada', saved[7]?.id))).toEqual([9, 10]);
      expect(payloads(await store.list('ada', '', 3))).toEqual([1, 2, 3]);
      expect(await store.list('nemo')).toEqual([]);
    });

    test('N14 cleaning up removes what is older, for all', async () => {
      let at = Date.now() - 7_200_000;
      const store = await newStore({ now: () => at });
      await saveMany(store, 'ada', 1);
      await saveMany(store, 'bob', 2);
      at += 7_200_000;
      await store.save({ userId: 'ada', type: 't', payload: 'new' });
      expect(await store.cleanup(new Date(at - 3_600_000))).toBe(3);
      expect(payloads(await store.list('ada'))).toEqual(['new']);
      expect(await store.list('bob')).toEqual([]);
    });

    test('N15, N24 a closed store says so', async () => {
      const store = await backend.store();
      const notifier = notifierOn({ store });
      await store.close();
      for (const asked of [
        store.save({ userId: 'ada', type: 't' }),
        store.list('ada'),
        store.cleanup(new Date()),
        notifier.subscribe('ada'),
        notifier.push('ada', { type: 't' }),
      ])
        await expect(asked).rejects.toThrow(StoreClosedError);
    });

    test('N17 type, person, payload and time come back as they were given', async () => {
      const store = await newStore();
      const payload = { text: 'ä🦉 \r\n\u2028', list: [1, null, { deep: true }], bytes: 'AAH/' };
      const given = { userId: 'a:{*} ü', type: 'a.b', payload, timestamp: NANOSECONDS };
      const saved = await store.save(given);
      expect(saved).toEqual({ ...given, id: saved.id });
      expect(await store.list('a:{*} ü')).toEqual([saved]);
      const stream = await notifierOn({ store }).subscribe('a:{*} ü', EARLIEST);
      expect(await stream.next()).toEqual(saved);
    });

    test('N19, N27 a stream that waits has what is pushed then', async () => {
      const notifier = notifierOn({ store: await newStore() });
      const stream = await notifier.subscribe('ada');
      const waiting = stream.next();
      const event = await notifier.push('ada', { type: 't' });
      expect(await waiting).toEqual(event);
    });

    test('N20, N21 what was missed comes in order, then what comes', async () => {
      const store = await newStore();
      const saved = await saveMany(store, 'ada', 4);
      const notifier = notifierOn({ store });
      const stream = await notifier.subscribe('ada', saved[0]?.id);
      const live = await notifier.push('ada', { type: 't', payload: 5 });
      expect(await next(stream, 4)).toEqual([...saved.slice(1), live]);
    });

    test('N25 a store that is closed ends no stream by a surprise: the notifier closes it', async () => {
      const store = await backend.store();
      const notifier = notifierOn({ store });
      const stream = await notifier.subscribe('ada');
      const waiting = stream.next();
      waiting.catch(() => {});
      await store.close();
      await notifier.close();
      await expect(waiting).rejects.toThrow('notify: stream closed');
    });

    test('N26, W8 five streams have each of ten saved at once: their place is fixed when they are open', async () => {
      const notifier = notifierOn({ store: await newStore() });
      const streams = await Promise.all(Array.from({ length: 5 }, () => notifier.subscribe('ada')));
      await Promise.all(Array.from({ length: 10 }, (_, payload) => notifier.push('ada', { type: 't', payload })));
      for (const stream of streams) expect(new Set(payloads(await next(stream, 10))).size).toBe(10);
    });

    test('W1, W2 missed and live together, by a small buffer: each id once, rising, none missing', async () => {
      const store = await newStore();
      await saveMany(store, 'ada', 20);
      const notifier = notifierOn({ store, bufferSize: 8, pollInterval: 20 });
      const stream = await notifier.subscribe('ada', EARLIEST);
      const read: NotifyEvent[] = [];
      for (let payload = 21; payload <= 60; payload++) {
        await notifier.push('ada', { type: 't', payload });
        if (payload % 3 === 0) read.push(...(await next(stream, 2)));
      }
      read.push(...(await next(stream, 60 - read.length)));
      expect(payloads(read)).toEqual(Array.from({ length: 60 }, (_, index) => index + 1));
      await expect(stream.next(soon())).rejects.toThrow();
    });

    test('W3 a stream without an id has nothing of what was before it', async () => {
      const store = await newStore();
      await saveMany(store, 'ada', 3);
      const stream = await notifierOn({ store, pollInterval: 5 }).subscribe('ada', '');
      await expect(stream.next(soon())).rejects.toThrow();
    });

    test('W4, W14 every event for several people has its id, and each person one', async () => {
      const store = await newStore();
      const notifier = notifierOn({ store });
      const stream = await notifier.subscribe('ada');
      const { events, failed, errors, dropped } = await notifier.pushMulti(['ada', 'bob', 'ada'], { type: 't' });
      expect([failed, errors.size, dropped]).toEqual([0, 0, []]);
      expect(await stream.next()).toEqual(events.get('ada'));
      expect(events.get('ada')?.id).not.toBe('');
      expect(await store.list('ada')).toHaveLength(1);
      expect(await store.list('bob')).toEqual([events.get('bob')]);
    });

    test('W5 who cannot go on from an id learns it first, whatever the id is, and then has all that is kept', async () => {
      const store = await newStore({ maxEvents: 5 });
      const saved = await saveMany(store, 'ada', 60);
      const bob = await store.save({ userId: 'bob', type: 't' });
      const notifier = notifierOn({ store });
      const future = `${saved[59]?.id.slice(0, -16)}0000000000000099`;
      for (const [id, reason] of [
        [saved[0]?.id, 'trimmed'],
        ['garbage', 'malformed'],
        [future, 'future'],
        ['0a.0000000000000001', 'unknown_epoch'],
        [bob.id, /foreign|unknown_epoch/],
      ] as const) {
        const stream = await notifier.subscribe('ada', id);
        const [reset, ...rest] = await next(stream, 6);
        expect(reset).toMatchObject({ id: '', type: 'reset', payload: { latest: saved[59]?.id } });
        expect(reset?.payload.reason).toMatch(reason);
        expect(payloads(rest)).toEqual([56, 57, 58, 59, 60]);
      }
    });

    test('W6, W18 a reader that is behind has all from the store as soon as it reads; nothing comes after close', async () => {
      const notifier = notifierOn({ store: await newStore(), bufferSize: 4, pollInterval: 1_000_000 });
      const [slow, closed] = [await notifier.subscribe('ada'), await notifier.subscribe('ada')];
      for (let payload = 0; payload < 100; payload++) await notifier.push('ada', { type: 't', payload });
      await closed.close();
      for (let round = 0; round < 20; round++) await expect(closed.next()).rejects.toThrow(StreamClosedError);
      expect(payloads(await next(slow, 100))).toEqual(Array.from({ length: 100 }, (_, index) => index));
      expect(slow.dropped).toBe(0);
    });

    test('W7 what is pushed while a page reloads is there when it is back', async () => {
      const [store, presence] = [await newStore(), await newTracker()];
      const notifier = notifierOn({ store, presence });
      const registration = await presence.register('ada');
      const before = await notifier.subscribe('ada');
      const first = await notifier.push('ada', { type: 't' });
      await before.next();
      await before.close();
      await registration.unregister();
      const missed = await notifier.push('ada', { type: 't' });
      const after = await notifier.subscribe('ada', before.lastEventId);
      expect([before.lastEventId, await after.next()]).toEqual([first?.id, missed]);
      const seen = notifierOn({ store, presence, offline: 'seen' });
      expect([await seen.push('ada', { type: 't' }), await seen.push('never', { type: 't' })]).toEqual([
        expect.objectContaining({ type: 't' }),
        undefined,
      ]);
    });

    test('W12, W17 the count of open streams is true at all times, and close ends every one', async () => {
      let open = 0;
      const meter = { createUpDownCounter: () => ({ add: (value: number) => (open += value) }) };
      const notifier = notifierOn({ store: await newStore(), meter: meter as never });
      const streams: NotifyStream[] = [];
      for (let round = 0; round < 30; round++) {
        const opening = notifier.subscribe('ada');
        await Promise.all([opening, streams.length > 2 ? streams.shift()?.close() : undefined]);
        streams.push(await opening);
        expect([notifier.active, open]).toEqual([streams.length, streams.length]);
      }
      const event = await notifier.push('ada', { type: 't' });
      for (const stream of streams) expect(await stream.next()).toEqual(event);
      await streams[0]?.close();
      await streams[0]?.close();
      await notifier.close();
      expect([notifier.active, open]).toEqual([0, 0]);
      for (const stream of streams) await expect(stream.next()).rejects.toThrow(StreamClosedError);
    });

    test('W13 what is pushed again under a key is saved for those alone who lack it', async () => {
      const store = await newStore();
      const notifier = notifierOn({ store });
      await notifier.push('ada', { type: 't', key: 'k' });
      const again = await notifier.pushMulti(['ada', 'bob'], { type: 't', key: 'k' });
      expect([again.failed, again.events.size]).toEqual([0, 2]);
      expect([(await store.list('ada')).length, (await store.list('bob')).length]).toEqual([1, 1]);
    });

    test('W16 eight writers at once: every reader has the order of the ids, and who comes back misses nothing', async () => {
      const notifier = notifierOn({ store: await newStore(), bufferSize: 4 });
      const seen: string[] = [];
      const reading = (async () => {
        let stream = await notifier.subscribe('ada', EARLIEST);
        while (seen.length < 200) {
          seen.push((await stream.next()).id);
          if (seen.length % 7 !== 0) continue;
          await stream.close();
          stream = await notifier.subscribe('ada', seen.at(-1));
        }
      })();
      const write = async (): Promise<void> => {
        for (let count = 0; count < 25; count++) await notifier.push('ada', { type: 't' });
      };
      await Promise.all([reading, ...Array.from({ length: 8 }, write)]);
      expect(seen.map((id) => Number(id.slice(-16)))).toEqual(Array.from({ length: 200 }, (_, index) => index + 1));
    });

    test('W30, W31 ids sort as text, what is kept is bounded, and no type or payload is without a limit', async () => {
      const store = await newStore({ maxEvents: 12 });
      const notifier = notifierOn({ store });
      const ids: string[] = [];
      for (let count = 0; count < 70; count++) ids.push((await notifier.push('ada', { type: 't' }))?.id as string);
      expect(ids).toEqual(ids.toSorted());
      expect((await store.list('ada', '', 1000)).length).toBe(12);
      for (const wrong of [
        { type: '' },
        { type: 'x'.repeat(129) },
        { type: 'reset' },
        { type: 't', payload: 'x'.repeat(300_000) },
        { type: 't', payload: () => {} },
      ])
        await expect(notifier.push('ada', wrong)).rejects.toMatchObject({ code: 'ERR_EVENT' });
    });

    test('options that are null, zero, negative or empty count as not given', async () => {
      const nothing = { bufferSize: 0, pollInterval: -1, instanceId: '', log: null, meter: null, router: null };
      const notifier = notifierOn({ ...nothing, store: await newStore(), presence: null });
      const stream = await notifier.subscribe('ada');
      for (let payload = 0; payload < 3; payload++) await notifier.push('ada', { type: 't', payload });
      expect(payloads(await next(stream, 3))).toEqual([0, 1, 2]);
    });

    test('N45–N51 who is there', async () => {
      const tracker = await backend.tracker();
      expect(await tracker.isOnline('ada')).toBe(false);
      const [one, two] = [await tracker.register('ada'), await tracker.register('ada')];
      expect(await tracker.isOnline('ada')).toBe(true);
      await one.unregister();
      await one.unregister();
      expect(await tracker.isOnline('ada')).toBe(true);
      await two.unregister();
      expect(await tracker.isOnline('ada')).toBe(false);

      const a = await tracker.register('a', { instanceId: 'web-1', metadata: { address: '10.0.0.1' } });
      const other = await tracker.register('a', { instanceId: 'web-2' });
      await tracker.register('b');
      expect(await tracker.onlineUsers(['a', 'b', 'c'])).toEqual(['a', 'b']);
      expect(await tracker.locate('nemo')).toEqual([]);
      const places = (await tracker.locate('a')).toSorted((x, y) =>
        String(x.instanceId) < String(y.instanceId) ? -1 : 1,
      );
      expect(places).toEqual([{ instanceId: 'web-1', metadata: { address: '10.0.0.1' } }, { instanceId: 'web-2' }]);
      expect(await tracker.locate('b')).toEqual([{ instanceId: '' }]);
      await Promise.all([a.unregister(), other.unregister()]);
      expect(await tracker.onlineUsers(['a', 'b', 'c'])).toEqual(['b']);

      await tracker.close();
      await expect(tracker.register('ada')).rejects.toThrow('closed');
      await expect(tracker.isOnline('ada')).rejects.toThrow('closed');
    });

    test('N52 a hundred come at once, and go', async () => {
      const tracker = await newTracker();
      const all = await Promise.all(Array.from({ length: 100 }, () => tracker.register('ada')));
      expect(await tracker.isOnline('ada')).toBe(true);
      await Promise.all(all.map((each) => each.unregister()));
      await eventually(async () => expect(await tracker.isOnline('ada')).toBe(false));
    });
  });
});
