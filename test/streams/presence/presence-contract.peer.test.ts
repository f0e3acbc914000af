import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Presence, PresenceClosedError } from '../../../src/streams/presence/presence.ts';
import { eventually } from '../../support/eventually.ts';
import { needs } from '../../support/needs.ts';
import { type PresencePlace, presences } from './presences.ts';

const LEASE_MS = 30_000;

describe.each(presences)('presence in $name', ({ needs: lacks, start }) => {
  describe('as its contract says', needs(...lacks), () => {
    let place: PresencePlace;
    const trackers: Presence[] = [];

    beforeAll(async () => {
      place = await start();
    });
    afterEach(async () => {
      for (const tracker of trackers.splice(0)) await tracker.close();
    });
    afterAll(() => place?.end());

    const kept = async (opening: Promise<Presence>): Promise<Presence> => {
      const tracker = await opening;
      trackers.push(tracker);
      return tracker;
    };
    const open = (now?: () => number) => kept(place.open(now));

    test('a person is online from the first connection to the end of the last', async () => {
      const tracker = await open();
      expect(await tracker.isOnline('ada')).toBe(false);
      const [one, other] = [await tracker.register('ada'), await tracker.register('ada')];
      expect(one.id).not.toBe(other.id);
      expect(await tracker.isOnline('ada')).toBe(true);
      await one.leave();
      expect(await tracker.isOnline('ada')).toBe(true);
      await other.leave();
      expect(await tracker.isOnline('ada')).toBe(false);
    });

    test('leaving twice is leaving once, and takes no other connection with it', async () => {
      const tracker = await open();
      const first = await tracker.register('ada');
      await first.leave();
      await tracker.register('ada');
      await first.leave();
      expect(await tracker.isOnline('ada')).toBe(true);
      expect((await tracker.locate('ada')).map(({ connections }) => connections)).toEqual([1]);
    });

    test('of many, those who are online are found, in their order', async () => {
      const tracker = await open();
      await tracker.register('c');
      await tracker.register('a');
      const gone = await tracker.register('b');
      await gone.leave();
      expect(await tracker.onlineUsers(['a', 'b', 'c', 'd'])).toEqual(['a', 'c']);
      expect(await tracker.onlineUsers([])).toEqual([]);
    });

    test('each instance at which a person is connected is found, with how it is reached, and goes with its connections', async () => {
      const tracker = await open();
      expect(await tracker.locate('ada')).toEqual([]);
      const a = await tracker.register('ada', { instance: 'a', metadata: { address: '10.0.0.1' } });
      await tracker.register('ada', { instance: 'b' });
      await tracker.register('ada', { instance: 'b' });
      expect((await tracker.locate('ada')).toSorted((x, y) => x.instance.localeCompare(y.instance))).toEqual([
        { instance: 'a', metadata: { address: '10.0.0.1' }, connections: 1 },
        { instance: 'b', connections: 2 },
      ]);
      await a.leave();
      expect(await tracker.locate('ada')).toEqual([{ instance: 'b', connections: 2 }]);
    });

    test('a place need not be named', async () => {
      const tracker = await open();
      await tracker.register('ada');
      expect(await tracker.locate('ada')).toEqual([{ instance: '', connections: 1 }]);
    });

    test('people of any name never meet', async () => {
      const tracker = await open();
      const names = ['a', 'A', 'a:b', '{a}', '*', ' a', 'ä', 'a\u0301', '🦉', 'x'.repeat(500)];
      for (const name of names) {
        expect(await tracker.isOnline(name)).toBe(false);
        await tracker.register(name);
      }
      expect(await tracker.onlineUsers(names)).toEqual(names);
    });

    test('a hundred connections that come and go at once leave no trace', async () => {
      const tracker = await open();
      const all = await Promise.all(Array.from({ length: 100 }, () => tracker.register('ada', { instance: 'a' })));
      expect(await tracker.locate('ada')).toEqual([{ instance: 'a', connections: 100 }]);
      await Promise.all(all.map((each) => each.leave()));
      expect(await tracker.isOnline('ada')).toBe(false);
      expect(await tracker.locate('ada')).toEqual([]);
    });

    test('a connection is active until its client says that it is idle; one that is active counts', async () => {
      const tracker = await open();
      const [one, other] = [await tracker.register('ada'), await tracker.register('ada')];
      const state = async () => (await tracker.look(['ada'])).get('ada')?.state;
      expect(await state()).toBe('active');
      one.state('idle');
      await eventually(async () => expect(await state()).toBe('active'));
      other.state('idle');
      await eventually(async () => expect(await state()).toBe('idle'));
      expect(await tracker.isOnline('ada')).toBe(true);
      one.state('active');
      await eventually(async () => expect(await state()).toBe('active'));
    });

    test('what a client says for all of its connections holds for its lease', async () => {
      let now = Date.now();
      const tracker = await open(() => now);
      await tracker.register('ada');
      await tracker.say('ada', 'idle', LEASE_MS);
      const view = async () => (await tracker.look(['ada'])).get('ada');
      expect(await view()).toMatchObject({ online: true, state: 'idle' });
      now += LEASE_MS - 1;
      expect((await view())?.state).toBe('idle');
      now += 1;
      expect((await view())?.state).toBe('active');
    });

    test('a client without a connection is online for as long as it says', async () => {
      let now = Date.now();
      const tracker = await open(() => now);
      await tracker.say('ada', 'active', LEASE_MS);
      expect(await tracker.isOnline('ada')).toBe(true);
      expect(await tracker.locate('ada')).toEqual([]);
      now += LEASE_MS;
      expect(await tracker.isOnline('ada')).toBe(false);
      await tracker.say('ada', 'active', LEASE_MS);
      await tracker.say('ada', 'offline', LEASE_MS);
      expect((await tracker.look(['ada'])).get('ada')).toMatchObject({ online: false, state: 'offline' });
    });

    test('when a person was last there is remembered, and of others nothing is', async () => {
      let now = Date.now();
      const tracker = await open(() => now);
      const connection = await tracker.register('ada');
      now += 5000;
      await connection.leave();
      const views = await tracker.look(['ada', 'nemo']);
      expect(views.get('ada')).toEqual({ online: false, state: 'offline', instances: [], lastActiveAt: now });
      expect(views.get('nemo')).toEqual({ online: false, state: 'offline', instances: [] });
    });

    test('a closed tracker says so, and leaving after that does no harm', async () => {
      const tracker = await open();
      const connection = await tracker.register('ada');
      await tracker.close();
      await tracker.close();
      await connection.leave();
      connection.state('idle');
      const asked = [
        tracker.register('ada'),
        tracker.say('ada', 'active', 1),
        tracker.isOnline('ada'),
        tracker.onlineUsers(['ada']),
        tracker.locate('ada'),
        tracker.look(['ada']),
      ];
      for (const answer of await Promise.allSettled(asked))
        expect((answer as PromiseRejectedResult).reason).toBeInstanceOf(PresenceClosedError);
    });

    test('instances see each other, and one that is closed takes its own connections with it', async () => {
      const first = await open();
      if (!place.again) return;
      const second = await kept(place.again());
      await first.register('ada', { instance: 'a' });
      await second.register('ada', { instance: 'b' });
      const instancesAt = async (tracker: Presence) =>
        (await tracker.locate('ada')).map(({ instance }) => instance).toSorted();
      await eventually(async () => expect(await instancesAt(first)).toEqual(['a', 'b']));
      await eventually(async () => expect(await instancesAt(second)).toEqual(['a', 'b']));
      await second.say('ada', 'idle', LEASE_MS);
      await eventually(async () => expect((await first.look(['ada'])).get('ada')?.state).toBe('idle'));
      await first.close();
      await eventually(async () => expect(await instancesAt(second)).toEqual(['b']));
    });
  });
});
