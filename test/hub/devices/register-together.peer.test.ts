import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { StoreUnavailable } from '../../../src/hub/storage/store-unavailable.ts';
import { needs } from '../../support/needs.ts';
import { Clock, change, type Directory, directory, phone } from '../directory.ts';
import { type HubPlace, hubEngines } from '../hub-engines.ts';

describe.each(hubEngines)('devices that come at the same time, in $name', ({ needs: lacks, start }) => {
  describe('are registered together, by the rules of one:', needs(...lacks), () => {
    let place: HubPlace;
    let hub: Directory;
    const told: string[][] = [];
    let isClosed = false;

    beforeAll(async () => {
      place = await start();
    });
    beforeEach(async () => {
      const clock = new Clock();
      told.length = 0;
      isClosed = false;
      const changed = async (_tx: unknown, _app: string, users: readonly string[]): Promise<void> => {
        told.push([...users]);
      };
      hub = directory(await place.open(clock.now), clock, { changed });
    });
    afterEach(async () => {
      if (!isClosed) await hub.store.close();
    });
    afterAll(() => place?.end());

    const put = (id: string, body: object, more: object = {}) => hub.devices.put({ ...change, ...more }, id, body);
    const owners = async (): Promise<Record<string, readonly string[]>> => {
      const found: Record<string, readonly string[]> = {};
      for await (const some of hub.devices.all('default'))
        for (const { id } of some as { id: string }[]) found[id] = (await hub.devices.get('default', id))?.users ?? [];
      return found;
    };

    test('each is there once it is answered, with its person, topics and a line of the audit', async () => {
      const numbers = Array.from({ length: 200 }, (_, index) => index);
      const answers = await Promise.all(
        numbers.map((number) => put(`d${number}`, phone(number, { user: `u${number % 50}`, topics: ['news'] }))),
      );
      expect(answers.every(({ created, moved, rotated }) => created && !moved && !rotated)).toBe(true);
      expect(answers[7]).toMatchObject({ device: { id: 'd7', users: ['u7'], rev: 1 }, view: { user: 'u7' } });
      expect(answers[7]?.view).toEqual((await hub.devices.view('default', 'd7'))?.body);
      expect(Object.keys(await owners())).toHaveLength(200);
      const audit = await hub.store.db.selectFrom('audit').select('action').execute();
      expect(audit.filter(({ action }) => action === 'device.created')).toHaveLength(200);
      expect((await hub.people.list('default', { limit: 100 })).people).toHaveLength(50);
      const topics = await hub.store.db.selectFrom('device_topics').select('device').execute();
      expect(topics).toHaveLength(200);
      expect(new Set(told.flat()).size).toBe(50);
    });

    test('those that say nothing new were heard of, and that is all', async () => {
      const bodies = Array.from({ length: 100 }, (_, index) => phone(index, { user: `u${index}`, topics: ['b', 'a'] }));
      const all = (changes: object = {}) =>
        Promise.all(bodies.map((body, index) => put(`d${index}`, { ...body, ...changes })));
      await all();
      const before = await hub.devices.get('default', 'd1');
      const audited = (await hub.store.db.selectFrom('audit').select('id').execute()).length;
      hub.clock.pass(60_000);
      const again = await all();
      expect(again.some(({ created, moved, rotated }) => created || moved || rotated)).toBe(false);
      expect(again[1]?.view).toEqual((await hub.devices.view('default', 'd1'))?.body);
      expect(await hub.devices.get('default', 'd1')).toEqual({
        ...before,
        ...{ last_seen_at: hub.clock.ms, token_at: hub.clock.ms, token_rev: (before?.token_rev ?? 0) + 1 },
      });
      expect(await hub.store.db.selectFrom('audit').select('id').execute()).toHaveLength(audited);
      // Whatever is new is written.
      const changed = await all({ app_version: '2' });
      expect(changed.every(({ device }) => device.rev === 2 && device.app_version === '2')).toBe(true);
      const tokenRev = changed[1]?.device.token_rev ?? 0;
      await hub.removals.apply([
        { app: 'default', device: 'd1', tokenRev, verdict: 'dead', reason: 'Unregistered', at: hub.clock.ms },
      ]);
      hub.clock.pass(1);
      const revived = await all({ app_version: '2' });
      expect(revived[1]).toMatchObject({ device: { status: 'active', rev: 4 } });
      expect(revived[2]).toMatchObject({ device: { status: 'active', rev: 2 } });
    });

    test('a version that is not expected is refused, of those that say nothing new as well', async () => {
      const bodies = [1, 2, 3].map((number) => phone(number, { user: 'ada' }));
      await Promise.all(bodies.map((body, index) => put(`d${index}`, body)));
      const expected: (number | undefined)[] = [];
      const expectSecond = (rev: number | undefined): void => {
        expected.push(rev);
        if (rev !== 2) throw new Error('not this version');
      };
      const settled = await Promise.allSettled(
        bodies.map((body, index) => put(`d${index}`, body, index === 1 ? { expect: expectSecond } : {})),
      );
      expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      expect(expected).toEqual([1]);
    });

    test('one token, and one id, of many at once has one row and one owner', async () => {
      const users = Array.from({ length: 40 }, (_, index) => `u${index}`);
      const answers = await Promise.all([
        ...users.map((user) => put(`of-${user}`, phone(1, { user }))),
        ...users.map((user, index) => put('same', phone(100 + index, { user }))),
      ]);
      const all = await owners();
      expect(Object.keys(all)).toHaveLength(2);
      expect(Object.values(all).map((own) => own.length)).toEqual([1, 1]);
      expect(answers.filter(({ moved }) => moved)).toHaveLength(39);
      expect(answers.filter(({ rotated }) => rotated)).toHaveLength(39);
    });

    test('what is not wanted, or not allowed, keeps none of the others', async () => {
      const unwanted = new Error('not wanted');
      const expectNothing = (): never => {
        throw unwanted;
      };
      const settled = await Promise.allSettled([
        put('a', phone(1, { user: 'ada' })),
        put('b', phone(2, { user: 'bob' }), { expect: expectNothing }),
        put('c', phone(3, { user: 'cid' }), { person: 'ada' }),
        put('d', phone(4, { users: ['dora', 'eva'] })),
        put('e', phone(5), { person: 'eva' }),
        put('f', phone(6, { user: null })),
      ]);
      expect(settled.map(({ status }) => status)).toEqual([
        ...['fulfilled', 'rejected', 'rejected'],
        ...['fulfilled', 'fulfilled', 'fulfilled'],
      ]);
      expect(settled[1]).toMatchObject({ reason: unwanted });
      expect(await owners()).toEqual({ a: ['ada'], d: ['dora', 'eva'], e: ['eva'], f: [] });
    });

    test('a person never has more than a person may', async () => {
      const answers = await Promise.all(
        Array.from({ length: 130 }, (_, index) => put(`d${index}`, phone(index, { user: 'ada' }))),
      );
      expect(await hub.devices.list('default', 'ada', { limit: 200 })).toHaveLength(100);
      expect(answers.flatMap(({ removed }) => removed)).toHaveLength(30);
    });

    test('of apps each its own', async () => {
      await Promise.all([
        ...[1, 2, 3].map((number) => put(`d${number}`, phone(number, { user: 'ada' }))),
        ...[1, 2, 3].map((number) => put(`d${number}`, phone(number, { user: 'ada' }), { app: 'shop' })),
      ]);
      for (const app of ['default', 'shop']) expect(await hub.devices.list(app, 'ada', { limit: 10 })).toHaveLength(3);
      expect(await hub.devices.get('shop', 'd1')).toMatchObject({ token_hash: expect.any(String), users: ['ada'] });
    });

    test('none is answered where the store is away', async () => {
      await hub.store.close();
      isClosed = true;
      const settled = await Promise.allSettled([1, 2, 3].map((number) => put(`d${number}`, phone(number))));
      for (const each of settled)
        expect(each).toMatchObject({ status: 'rejected', reason: expect.any(StoreUnavailable) });
    });
  });
});
