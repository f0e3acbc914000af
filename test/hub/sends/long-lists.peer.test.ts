import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { audienceOf } from '../../../src/hub/sends/audience/audience.ts';
import { audiencePage } from '../../../src/hub/sends/audience/audience-page.ts';
import { audienceSize } from '../../../src/hub/sends/audience/audience-size.ts';
import { needs } from '../../support/needs.ts';
import { change, type Directory, directory, phone } from '../directory.ts';
import { type HubPlace, hubEngines } from '../hub-engines.ts';

/** As many as a notification may name of each. */
const MOST_IDS = 20_000;
const MOST_GROUPS = 1000;
const many = (count: number, begin: string): string[] => Array.from({ length: count }, (_, i) => `${begin}${i}`);

const NAMED = {
  users: ['ada', 'bob', ...many(MOST_IDS - 2, 'u')],
  devices: ['d3', ...many(MOST_IDS - 1, 'x')],
  teams: ['red', ...many(MOST_GROUPS - 1, 't')],
  roles: ['lead', ...many(MOST_GROUPS - 1, 'r')],
  topics: ['news', ...many(MOST_GROUPS - 1, 'n')],
};

describe.each(hubEngines)('the longest lists of a notification, in $name', ({ needs: lacks, start }) => {
  describe('are read', needs(...lacks), () => {
    let place: HubPlace;
    let hub: Directory;

    beforeAll(async () => {
      place = await start();
      hub = directory(await place.open());
      await hub.people.put({ ...change, id: 'ada' }, { teams: ['red'], roles: ['lead'] });
      await hub.people.put({ ...change, id: 'bob' }, {});
      await hub.people.put({ ...change, id: 'dan' }, { teams: ['red'] });
      await hub.people.put({ ...change, id: 'eve' }, {});
      await hub.devices.put(change, 'd3', phone(3, { user: 'cyd' }));
      await hub.devices.put(change, 'd4', phone(4, { user: 'fay', topics: ['news'] }));
    });
    afterAll(async () => {
      await hub?.store.close();
      await place?.end();
    });

    const asked = async (to: object) => {
      const audience = audienceOf({ to } as never);
      const { people } = await audiencePage(hub.store.db, 'default', audience, '', 500);
      return { users: people.map(({ user }) => user), size: await audienceSize(hub.store.db, 'default', audience) };
    };

    test('all at once, each person once', async () => {
      expect(await asked({ ...NAMED, users: NAMED.users.slice(0, 400) })).toEqual({
        users: ['ada', 'bob', 'cyd', 'dan', 'fay'],
        size: 5,
      });
      const audience = audienceOf({ to: NAMED } as never);
      expect(await audienceSize(hub.store.db, 'default', audience)).toBe(5);
      const first = await audiencePage(hub.store.db, 'default', audience, '', 500);
      expect(first.people.map(({ user }) => user).slice(0, 2)).toEqual(['ada', 'bob']);
    });

    test('without as many who are excepted', async () => {
      const except = ['dan', 'bob', 'nobody', 'bob', ...many(MOST_IDS - 4, 'u')];
      expect(await asked({ ...NAMED, users: ['ada', 'bob'], except })).toEqual({
        users: ['ada', 'cyd', 'fay'],
        size: 3,
      });
      expect(await asked({ everyone: true, except })).toEqual({ users: ['ada', 'cyd', 'eve', 'fay'], size: 4 });
    });

    test.each(['users', 'devices', 'teams', 'roles', 'topics'] as const)('%s alone', async (name) => {
      const { size, users } = await asked({ [name]: NAMED[name].slice(0, name === 'users' ? 400 : undefined) });
      expect(size).toBe(users.length);
      expect(size).toBe({ users: 2, devices: 1, teams: 2, roles: 1, topics: 1 }[name]);
    });

    test('lists just above a power of two are below what SQLite takes', async () => {
      for (const length of [16_383, 16_384, 16_385, 20_000])
        expect((await asked({ devices: NAMED.devices.slice(0, length) })).users).toEqual(['cyd']);
    });
  });
});
